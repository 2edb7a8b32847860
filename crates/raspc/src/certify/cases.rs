//! Cases: which scalars the groups of units of one target meet together, and at which class of the target.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use raspc_lang::graph::Kind;

use super::dom::{Part, slack, total};
use super::facts::{Facts, Root, Rows, Var};
use super::form::Form;
use super::number::{Num, Sum, grid_of};
use super::units::Group;
use crate::simplify::reachable;

/// What looks at a case: the class, and the scalar of each group that is not at its default. Whether to go on.
pub(super) type See<'s> = dyn FnMut(u32, &[(usize, Sum)]) -> bool + 's;

/// Products of value counts up to this are listed before a sum is looked for.
const FEW: usize = 1 << 14;
/// Targets of at most this many groups are looked at once for each distinct combination of scalars.
const DENSE: usize = 2;
/// A group that more pairs of classes wake is looked at wherever one of the two is met.
const MOST_PAIRS: usize = 64;

/// The cases of a target.
pub(super) struct Cases {
    vars: Vec<Var>,
    rows: Rc<Rows>,
    how: How,
    /// The scalar of each group where no class of its variables is an exception; absent where that says nothing.
    pub(super) defaults: BTreeMap<usize, Sum>,
}

enum How {
    /// The rows hold all variables that the groups read, the target first.
    Rows,
    /// The rows hold the target and then (unless it is the target itself) an s-op of which each group's scalar is a
    /// multiple: (scale, offset, error).
    Multiple(Vec<(f64, f64, f64)>),
}

impl Cases {
    /// The cases of a target, if they can be listed.
    pub(super) fn of(target: Var, groups: &[&Group], facts: &Facts<'_>) -> Option<Self> {
        let mut read: BTreeSet<Var> = groups.iter().flat_map(|g| g.form.vars()).collect();
        read.remove(&target);
        let vars: Vec<Var> = std::iter::once(target).chain(read).collect();
        let size = |v: &Var| facts.is_listed(*v).then(|| facts.classes(*v).map_or(usize::MAX, |c| c.len()));
        let few = vars.iter().map(size).try_fold(1usize, |n, s| n.checked_mul(s?)).is_some_and(|n| n <= FEW);
        let found = if few || vars.len() == 1 { Self::listed(&vars, groups, facts) } else { None };
        let found = found.or_else(|| Self::multiple(target, groups, facts));
        found.or_else(|| if few { None } else { Self::listed(&vars, groups, facts) })
    }

    fn listed(vars: &[Var], groups: &[&Group], facts: &Facts<'_>) -> Option<Self> {
        let rows = facts.rows(vars)?;
        let sparse = |g: &&Group| g.form.parts.iter().all(|(_, p)| matches!(p, Part::Table { .. }));
        let default = |form: &Form| {
            let of = |part: &Part| match part {
                Part::Table { default, .. } => *default,
                Part::Affine(_) => unreachable!("filtered"),
            };
            total(form.parts.iter().map(|(_, p)| of(p)).chain([form.constant]))
        };
        let defaults = if groups.len() <= DENSE {
            BTreeMap::new()
        } else {
            groups.iter().enumerate().filter(|(_, g)| sparse(g)).map(|(i, g)| (i, default(&g.form))).collect()
        };
        Some(Self { vars: vars.to_vec(), rows, how: How::Rows, defaults })
    }

    /// An s-op of which every scalar is a multiple, the target first.
    fn multiple(target: Var, groups: &[&Group], facts: &Facts<'_>) -> Option<Self> {
        let all = |var: Var| groups.iter().map(|g| g.form.multiple_of(var, facts)).collect::<Option<Vec<_>>>();
        if let Some(found) = all(target) {
            let rows = facts.rows(&[target])?;
            return Some(Self { vars: vec![target], rows, how: How::Multiple(found), defaults: BTreeMap::new() });
        }
        let needed = reachable(facts.graph, target.node());
        let sums = facts.graph.iter().filter(|(id, n)| needed[id.index()] && n.op.kind() == Kind::SOp);
        for (id, _) in sums {
            let var = Var::Node(id);
            let Some(found) = all(var) else { continue };
            let Some(rows) = facts.rows(&[target, var]) else { continue };
            return Some(Self { vars: vec![target, var], rows, how: How::Multiple(found), defaults: BTreeMap::new() });
        }
        None
    }

    /// Visits the cases, classes of the target ascending: the class, and the scalar of each group that is not at its
    /// default. Ends when `see` says so.
    pub(super) fn visit(&self, facts: &Facts<'_>, groups: &[&Group], see: &mut See<'_>) {
        match &self.how {
            How::Rows if groups.len() <= DENSE => self.visit_dense(facts, groups, see),
            How::Rows => self.visit_sparse(facts, groups, see),
            How::Multiple(of) => self.visit_multiples(of, facts, groups, see),
        }
    }

    fn visit_dense(&self, facts: &Facts<'_>, groups: &[&Group], see: &mut See<'_>) {
        let mut met: HashSet<(u32, Vec<u64>)> = HashSet::new();
        let over: Vec<_> = groups.iter().map(|g| g.form.over(&self.vars, facts)).collect();
        for row in self.rows.iter() {
            let scalars: Vec<(usize, Sum)> = over.iter().enumerate().map(|(g, form)| (g, form.at(row))).collect();
            let key = scalars.iter().flat_map(|(_, s)| {
                [s.lo, s.hi, s.pos, s.neg, s.grid, f64::from(s.count), f64::from(s.bits)].map(f64::to_bits)
            });
            if met.insert((row[0], key.collect())) && !see(row[0], &scalars) {
                return;
            }
        }
    }

    fn visit_sparse(&self, facts: &Facts<'_>, groups: &[&Group], see: &mut See<'_>) {
        let pairs = Pairs::of(self, groups);
        let touch = self.exceptions(facts, groups, &pairs);
        let always: Vec<usize> = (0..groups.len()).filter(|g| !self.defaults.contains_key(g)).collect();
        let mut stamp = vec![u32::MAX; groups.len()];
        let mut scalars: Vec<(usize, Sum)> = Vec::new();
        let over: Vec<_> = groups.iter().map(|g| g.form.over(&self.vars, facts)).collect();
        for (turn, row) in self.rows.iter().enumerate() {
            scalars.clear();
            let touched = row.iter().zip(&touch).flat_map(|(&class, by_class)| &by_class[class as usize]);
            for &g in touched.chain(pairs.at(row)).chain(&always) {
                if stamp[g] != turn as u32 {
                    stamp[g] = turn as u32;
                    scalars.push((g, over[g].at(row)));
                }
            }
            if !see(row[0], &scalars) {
                return;
            }
        }
    }

    /// By variable and class: the groups for which the class is an exception; but for those that only pairs wake.
    fn exceptions(&self, facts: &Facts<'_>, groups: &[&Group], pairs: &Pairs) -> Vec<Vec<Vec<usize>>> {
        let mut touch: Vec<Vec<Vec<usize>>> =
            self.vars.iter().map(|&v| vec![Vec::new(); facts.listed(v).len()]).collect();
        let rest = groups.iter().enumerate().filter(|(g, _)| !pairs.groups.contains(g));
        for (g, group) in rest {
            for (var, part) in &group.form.parts {
                let at = self.vars.iter().position(|v| v == var).expect("the rows have every variable");
                if let Part::Table { exceptions, .. } = part {
                    for e in exceptions {
                        touch[at][e.0 as usize].push(g);
                    }
                }
            }
        }
        touch
    }

    fn visit_multiples(&self, of: &[(f64, f64, f64)], facts: &Facts<'_>, groups: &[&Group], see: &mut See<'_>) {
        let sum = *self.vars.last().expect("the target is there");
        let classes = facts.listed(sum);
        let hulls: Vec<Sum> = groups
            .iter()
            .map(|g| total(g.form.parts.iter().map(|(v, p)| p.hull(*v, facts)).chain([g.form.constant])))
            .collect();
        let undefined = undefined(groups, sum, facts);
        for row in self.rows.iter() {
            let class = *row.last().expect("the target is there");
            let value = classes.numbers[class as usize];
            if value.is_nan() {
                if !undefined.iter().all(|scalars| see(row[0], scalars)) {
                    return;
                }
                continue;
            }
            let scalars: Vec<(usize, Sum)> = hulls
                .iter()
                .zip(of)
                .enumerate()
                .map(|(g, (hull, &(scale, offset, error)))| {
                    let at = scale * value + offset;
                    let off = error + slack(scale * value, offset, grid_of(scale) * grid_of(value));
                    // The exact sum, which need be no f32 number.
                    let near = Num::snapped(at - off, at + off, if hull.grid.is_finite() { hull.grid } else { 0.0 });
                    (g, Sum { lo: near.lo, hi: near.hi, ..*hull })
                })
                .collect();
            if !see(row[0], &scalars) {
                return;
            }
        }
    }
}

/// A class of one variable and a class of another: the places of the variables in rows, and the classes.
type Pair = ([usize; 2], [u32; 2]);

/// Groups that add nothing unless two variables are both at an exception, as the units of a table over two s-ops: they are
/// looked at only there, and not at each row that has one of the two.
#[derive(Default)]
struct Pairs {
    groups: HashSet<usize>,
    /// The places of variables that are paired.
    places: BTreeSet<[usize; 2]>,
    by_pair: HashMap<Pair, Vec<usize>>,
}

impl Pairs {
    fn of(cases: &Cases, groups: &[&Group]) -> Self {
        let mut pairs = Self::default();
        for (&g, default) in &cases.defaults {
            let group = groups[g];
            let [
                (a, Part::Table { default: of_a, exceptions: at_a }),
                (b, Part::Table { default: of_b, exceptions: at_b }),
            ] = &group.form.parts[..]
            else {
                continue;
            };
            let scalar = |a: &Sum, b: &Sum| total([group.form.constant, *a, *b].into_iter());
            let asleep = group.is_silent(default)
                && at_a.iter().all(|e| group.is_silent(&scalar(&e.1, of_b)))
                && at_b.iter().all(|e| group.is_silent(&scalar(of_a, &e.1)));
            if !asleep || at_a.len() * at_b.len() > MOST_PAIRS {
                continue;
            }
            let place = |var| cases.vars.iter().position(|v| v == var).expect("the rows have every variable");
            let places = [place(a), place(b)];
            pairs.groups.insert(g);
            pairs.places.insert(places);
            for (x, y) in at_a.iter().flat_map(|x| at_b.iter().map(move |y| (x.0, y.0))) {
                pairs.by_pair.entry((places, [x, y])).or_default().push(g);
            }
        }
        pairs
    }

    /// The groups that a row wakes.
    fn at<'p>(&'p self, row: &'p [u32]) -> impl Iterator<Item = &'p usize> {
        let woken = |&[a, b]: &[usize; 2]| self.by_pair.get(&([a, b], [row[a], row[b]]));
        self.places.iter().filter_map(woken).flatten()
    }
}

/// The scalars where `sum` is none, for each way in which some of what the groups read can be.
fn undefined(groups: &[&Group], sum: Var, facts: &Facts<'_>) -> Vec<Vec<(usize, Sum)>> {
    let roots_of = |var: Var| match var {
        Var::Node(n) => facts.roots(n),
        Var::Cube(..) => Rc::default(),
    };
    let all: BTreeSet<Root> = groups
        .iter()
        .flat_map(|g| g.form.vars())
        .flat_map(|v| roots_of(v).iter().copied().collect::<Vec<_>>())
        .collect();
    let all: Vec<Root> = all.into_iter().collect();
    // With many sources of none, each variable may be none or not.
    let ways = if all.len() <= 6 { 1u32 << all.len() } else { 2 };
    let scalar = |form: &Form, way: u32| {
        let parts = form.parts.iter().map(|(var, part)| {
            let roots = roots_of(*var);
            let none = roots.iter().any(|r| all.iter().position(|a| a == r).is_some_and(|i| way >> i & 1 == 1));
            match (roots.is_empty(), all.len() > 6) {
                (true, _) => part.hull(*var, facts),
                (_, true) => part.hull(*var, facts).join(&part.none()),
                _ if none => part.none(),
                _ => part.hull(*var, facts),
            }
        });
        total(parts.chain([form.constant]))
    };
    // The sum can be none for a reason of its own (`a + b - b`): then all that is read can be defined.
    let first = u32::from(roots_of(sum).iter().all(|r| all.contains(r)));
    (first..ways)
        .map(|way| groups.iter().enumerate().map(|(g, group)| (g, scalar(&group.form, way))).collect())
        .collect()
}
