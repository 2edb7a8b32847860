//! One output direction that holds a number: constructions beyond those for indicators.
//!
//! - linear: V = Σ φ_i(x_i), one unit;
//! - bent: V = Σ φ_i(x_i) + F(a ± b), one unit and one for each kink of F (max, min, |a − b| and their like);
//! - row by row: rows that differ by a constant share a unit, which holds whatever function of the column it must.
//!
//! **Exactness.** All numbers are integers times one power of two. A linear form that is never negative passes a ReLU unchanged;
//! one that may be is shifted by its least value, which the constant takes back.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    Entry, Lookup, Table, Unit, best, check, choose, effort, extended,
    grid::{ANY, Axis, Grid, NOTHING},
    plan::{Plan, Solver, Target},
    solve, split,
    sums::{Numbering, reads, sums},
    unit::{Part, Vector},
    usable,
};

/// The units of a table whose classes are numbers: the direction holds `constant + Σ writes`.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericLookup {
    /// The hidden units; they write class 0, which is the direction.
    pub units: Vec<Unit>,
    /// What the direction holds before the units are added (placed by the embedding at every token).
    pub constant: f64,
    /// Which construction was chosen, for `explain`.
    pub method: &'static str,
    /// The constructions considered, with the units each would take.
    pub considered: Vec<(&'static str, usize)>,
    /// Whether the direction holds exactly the value. If not, some value is no f32, and the direction holds the f32 nearest to
    /// it: each tuple's value is then the write weight of a single unit that is 1.
    pub exact: bool,
}

/// The cheapest construction found for a direction that is to hold `values[c]` where the table says class c, and 0 where it
/// says nothing or an argument is none. `numbers` as for [`super::lookup_hinted`].
pub fn lookup_numeric(table: &Table, values: &[f64], numbers: &[Vec<i64>]) -> NumericLookup {
    check(table);
    assert_eq!(values.len(), table.classes, "one value for each class");
    assert!(values.iter().all(|v| v.is_finite()), "a value that is no number");
    let (values, class) = distinct(table, values);
    let exact = values.iter().all(|&v| f64::from(v as f32) == v);
    let (grid, gates) = extended(table, &usable(table, numbers), |c| class[c as usize]);
    let target = Rc::new(Target::new(values.into_iter().map(|v| vec![(0, v)]).collect()));
    let found = if exact && target.integers().is_some() {
        best(table, 1, &grid, &target, &gates)
    } else {
        let plans = solve::solve(&grid, &target, &Solver::new(effort(table), true));
        choose(table, 1, plans, &gates, true).expect("a conjunction of a few arguments is exact")
    };
    let Lookup { units, constant, method, considered } = found;
    NumericLookup { units, constant: constant[0], method, considered, exact }
}

/// The values that occur, without repetition and without 0, ascending, and for each class the place of its value
/// ([`NOTHING`] for 0).
fn distinct(table: &Table, values: &[f64]) -> (Vec<f64>, Vec<u32>) {
    let mut occurs = vec![false; values.len()];
    for entry in &table.entries {
        if let Entry::Class(c) = entry {
            occurs[*c as usize] = true;
        }
    }
    let mut kept: Vec<f64> =
        values.iter().zip(occurs).filter(|(v, occurs)| *occurs && **v != 0.0).map(|v| *v.0).collect();
    kept.sort_by(f64::total_cmp);
    kept.dedup();
    let place = |v: &f64| kept.binary_search_by(|k| k.total_cmp(v)).map_or(NOTHING, |i| i as u32);
    let class = values.iter().map(place).collect();
    (kept, class)
}

/// `constant + unit` for the form Σ φ_i(x_i) in units of `step`; no unit where it is constant.
pub(super) fn linear(axes: &[Rc<Axis>], forms: &[Vec<i64>], step: f64) -> (Vector, Option<Part>) {
    let (low, high) = ends(forms);
    let constant = |units: i64| if units == 0 { Vector::new() } else { vec![(0, units as f64 * step)] };
    if low == high {
        return (constant(low), None);
    }
    // Never negative, never positive, or shifted by the least value.
    let (sign, shift) = if low >= 0 {
        (1, 0)
    } else if high <= 0 {
        (-1, 0)
    } else {
        (1, low)
    };
    let mut reads = Vec::new();
    for (axis, form) in axes.iter().zip(forms) {
        form.iter().enumerate().for_each(|(v, &n)| axis.read(v, sign * n, &mut reads));
    }
    (constant(shift), Some(Part { reads, hinges: vec![(-shift, vec![(0, sign as f64 * step)])] }))
}

/// The least and the largest sum.
fn ends(forms: &[Vec<i64>]) -> (i64, i64) {
    let least = forms.iter().map(|form| form.iter().min().unwrap_or(&0)).sum();
    (least, forms.iter().map(|form| form.iter().max().unwrap_or(&0)).sum())
}

/// A function of one argument is one linear form.
pub(super) fn one_axis(grid: &Grid, target: &Target, solver: &Solver) -> Option<Plan> {
    let numbers = Numbers::new(grid, target).filter(|_| !solver.single_term)?;
    let form = numbers.values.iter().map(|v| v.unwrap_or(0)).collect();
    Some(numbers.plan("a linear form", &[form], Vec::new()))
}

/// The constructions of this file, where the outputs are numbers in one direction.
pub(super) fn plans(grid: &Rc<Grid>, target: &Target, solver: &Solver, plans: &mut Vec<Plan>) {
    let (present, gates) = grid.present();
    let Some(numbers) = Numbers::new(&present, target) else { return };
    let mut found = Vec::new();
    if let Some(form) = numbers.potentials(&numbers.values, solver) {
        found.push(numbers.plan("a linear form", &form, Vec::new()));
    }
    if grid.axes.len() == 2 {
        found.extend(numbers.bent(solver));
        found.push(numbers.row_by_row());
        let turned = present.transposed();
        found.extend(Numbers::new(&turned, target).map(|numbers| numbers.row_by_row()));
    }
    plans.extend(found.into_iter().map(|plan| split::gated_by_all(plan, &gates)));
}

/// A grid of integers times `step`; `None` where a cell is free.
struct Numbers<'a> {
    grid: &'a Grid,
    values: Vec<Option<i64>>,
    step: f64,
}

impl<'a> Numbers<'a> {
    fn new(grid: &'a Grid, target: &Target) -> Option<Self> {
        let (step, integers) = target.integers()?;
        let value = |&cell: &u32| match cell {
            ANY => None,
            NOTHING => Some(0),
            class => Some(integers[class as usize]),
        };
        Some(Self { grid, values: grid.cells.iter().map(value).collect(), step })
    }

    /// The linear form and the parts.
    fn plan(&self, method: &'static str, form: &[Vec<i64>], mut parts: Vec<Part>) -> Plan {
        let (constant, part) = linear(&self.grid.axes, form, self.step);
        parts.extend(part);
        let units = parts.iter().map(|part| part.hinges.len()).sum();
        Plan::new(method, units, constant, move || parts)
    }

    /// φ with `values` = Σ φ_i, if there is one.
    ///
    /// A cell with one φ unknown gives it. Where every cell left lacks two or more, all but one of a cell's are free (with two
    /// arguments; with more this is a guess): they are set to 0. The last pass has nothing to give, so it checks every cell.
    fn potentials(&self, values: &[Option<i64>], solver: &Solver) -> Option<Numbering> {
        let axes = &self.grid.axes;
        let mut known: Potentials = axes.iter().map(|axis| vec![None; axis.len()]).collect();
        while solver.spend(2 * values.len()) {
            match self.propagate(values, &mut known)? {
                Pass::Progress => {}
                Pass::Stuck(at) => {
                    let unknown: Vec<usize> = (0..axes.len()).filter(|&axis| known[axis][at[axis]].is_none()).collect();
                    for &axis in &unknown[1..] {
                        known[axis][at[axis]] = Some(0);
                    }
                }
                Pass::Done => {
                    let settled = |form: Vec<Option<i64>>| form.into_iter().map(|n| n.unwrap_or(0)).collect();
                    return Some(known.into_iter().map(settled).collect());
                }
            }
        }
        None
    }

    /// One pass over the cells; nothing where one contradicts what is known.
    fn propagate(&self, values: &[Option<i64>], known: &mut Potentials) -> Option<Pass> {
        let axes = &self.grid.axes;
        let (mut progress, mut stuck) = (false, None);
        let mut at = vec![0; axes.len()];
        for value in values {
            if let Some(value) = value {
                let unknown = (0..axes.len()).filter(|&axis| known[axis][at[axis]].is_none());
                let (count, last) = unknown.fold((0, 0), |(count, _), axis| (count + 1, axis));
                let total: i64 = (0..axes.len()).filter_map(|axis| known[axis][at[axis]]).sum();
                match count {
                    0 if *value != total => return None,
                    0 => {}
                    1 => (known[last][at[last]], progress) = (Some(value - total), true),
                    _ => stuck = stuck.or_else(|| Some(at.clone())),
                }
            }
            advance(&mut at, axes);
        }
        Some(match stuck {
            _ if progress => Pass::Progress,
            Some(at) => Pass::Stuck(at),
            None => Pass::Done,
        })
    }

    /// A linear form plus F(a − b) or F(a + b), a and b being the values' places, or a hinge at a = b of their numbers.
    fn bent(&self, solver: &Solver) -> Option<Plan> {
        let values: Option<Vec<i64>> = self.values.iter().copied().collect();
        let (values, axes) = (values?, &self.grid.axes);
        let places: [Vec<i64>; 2] = [0, 1].map(|axis| (0..axes[axis].len() as i64).collect());
        let numbers: [Vec<i64>; 2] = [0, 1].map(|axis| axes[axis].numbers.clone());
        let mut best: Option<Plan> = None;
        for (base, sign) in [(&numbers, -1), (&places, -1), (&places, 1)] {
            let numbering: Numbering = vec![base[0].clone(), base[1].iter().map(|n| sign * n).collect()];
            let kinks =
                if base == &places { self.kinks(&values, sign) } else { self.kink_at_zero(&values, &numbering) };
            let Some(kinks) = kinks else { continue };
            if best.as_ref().is_some_and(|best| best.units <= kinks.len()) {
                continue;
            }
            let mut rest: Vec<Option<i64>> = Vec::with_capacity(values.len());
            let Some(bend) = Bend::new(&numbering, &kinks, values.len()) else { continue };
            sums(&numbering, |index, s| {
                rest.push(Some(values[index] - bend.at(s)));
                true
            });
            let Some(form) = self.potentials(&rest, solver) else { continue };
            let hinges = kinks.iter().map(|&(t, k)| (-t, vec![(0, k as f64 * self.step)])).collect();
            let plan =
                self.plan("a linear form and bends", &form, vec![Part { reads: reads(self.grid, &numbering), hinges }]);
            if best.as_ref().is_none_or(|best| plan.units < best.units) {
                best = Some(plan);
            }
        }
        best
    }

    /// The kinks of F, from the mixed differences V(a+1,b+1) − V(a+1,b) − V(a,b+1) + V(a,b): for V = φ + ψ + F(a + b) this is
    /// the second difference of F at a + b + 1, for F(a − b) minus that at a − b.
    fn kinks(&self, values: &[i64], sign: i64) -> Option<Vec<(i64, i64)>> {
        let (height, width) = (self.grid.len(0), self.grid.len(1));
        let mut kinks: BTreeMap<i64, i64> = BTreeMap::new();
        for a in 0..height - 1 {
            for b in 0..width - 1 {
                let at = a * width + b;
                let mixed = values[at + width + 1] - values[at + width] - values[at + 1] + values[at];
                let s = if sign > 0 { (a + b) as i64 + 1 } else { a as i64 - b as i64 };
                if *kinks.entry(s).or_insert(sign * mixed) != sign * mixed {
                    return None;
                }
            }
        }
        kinks.retain(|_, k| *k != 0);
        Some(kinks.into_iter().collect())
    }

    /// The weight of `relu(s)`, from the first place where its mixed difference is not 0.
    fn kink_at_zero(&self, values: &[i64], numbering: &Numbering) -> Option<Vec<(i64, i64)>> {
        let width = self.grid.len(1);
        let hinge = |a: usize, b: usize| (numbering[0][a] + numbering[1][b]).max(0);
        for a in 0..self.grid.len(0) - 1 {
            for b in 0..width - 1 {
                let bend = hinge(a + 1, b + 1) - hinge(a + 1, b) - hinge(a, b + 1) + hinge(a, b);
                if bend != 0 {
                    let at = a * width + b;
                    let mixed = values[at + width + 1] - values[at + width] - values[at + 1] + values[at];
                    return (mixed % bend == 0 && mixed != 0).then(|| vec![(0, mixed / bend)]);
                }
            }
        }
        None
    }

    /// Rows grouped by what they are but for a constant. One group is in the linear form; each other has a unit that holds the
    /// difference from it, at least 0, in its rows: `relu(Σ_b d(b)·y_b + M·(x − 1))` with M = max d.
    fn row_by_row(&self) -> Plan {
        let width = self.grid.len(1);
        let mut groups: BTreeMap<Vec<i64>, Vec<usize>> = BTreeMap::new();
        let mut first = Vec::new();
        for (r, row) in self.values.chunks_exact(width).enumerate() {
            // A free cell is what the row's first number is: as good as any.
            let start = row.iter().find_map(|v| *v).unwrap_or(0);
            first.push(start);
            groups.entry(row.iter().map(|v| v.unwrap_or(start) - start).collect()).or_default().push(r);
        }
        let most = groups.iter().max_by_key(|(_, rows)| rows.len());
        let flat = vec![0; width];
        let candidates = [most.map_or(&flat, |group| group.0), &flat];
        let plans = candidates.into_iter().filter(|base| groups.contains_key(*base));
        let plans: Vec<Plan> = plans.map(|base| self.grouped_rows(&groups, &first, base)).collect();
        plans.into_iter().min_by_key(|plan| plan.units).expect("the most frequent group is one")
    }

    fn grouped_rows(&self, groups: &BTreeMap<Vec<i64>, Vec<usize>>, first: &[i64], base: &[i64]) -> Plan {
        let (mut parts, mut rows_form) = (Vec::new(), first.to_vec());
        let [row_axis, column_axis] = [&self.grid.axes[0], &self.grid.axes[1]];
        for (group, rows) in groups.iter().filter(|(group, _)| *group != base) {
            let least = group.iter().zip(base).map(|(g, b)| g - b).min().unwrap_or(0);
            let over: Vec<i64> = group.iter().zip(base).map(|(g, b)| g - b - least).collect();
            let most = over.iter().copied().max().unwrap_or(0);
            let mut reads = Vec::new();
            for &r in rows {
                rows_form[r] += least;
                row_axis.read(r, most, &mut reads);
            }
            over.iter().enumerate().for_each(|(c, &d)| column_axis.read(c, d, &mut reads));
            parts.push(Part { reads, hinges: vec![(-most, vec![(0, self.step)])] });
        }
        self.plan("row by row, a number each", &[rows_form, base.to_vec()], parts)
    }
}

/// φ_i(v) for each axis and value, as far as known.
type Potentials = Vec<Vec<Option<i64>>>;

/// What a pass over the cells has come to; `Stuck` at a cell that lacks two or more.
enum Pass {
    Progress,
    Stuck(Vec<usize>),
    Done,
}

/// `Σ k·relu(s − t)` for all s at once.
struct Bend {
    low: i64,
    values: Vec<i64>,
}

impl Bend {
    /// Nothing where there are far more sums than cells.
    fn new(numbering: &Numbering, kinks: &[(i64, i64)], cells: usize) -> Option<Self> {
        let (low, high) = ends(numbering);
        if high - low > 16 * cells as i64 + 4096 {
            return None;
        }
        let slopes: BTreeMap<i64, i64> = kinks.iter().copied().collect();
        let (mut slope, mut value) = (0, 0);
        let values = (low..=high).map(|s| {
            value += slope;
            slope += slopes.get(&s).unwrap_or(&0);
            value
        });
        Some(Self { low, values: values.collect() })
    }

    fn at(&self, s: i64) -> i64 {
        self.values[(s - self.low) as usize]
    }
}

/// The next cell's indices.
fn advance(at: &mut [usize], axes: &[Rc<Axis>]) {
    for (v, axis) in at.iter_mut().zip(axes).rev() {
        *v += 1;
        if *v < axis.len() {
            return;
        }
        *v = 0;
    }
}
