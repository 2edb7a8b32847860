//! Steps on scalars, and widths: hidden units that read one number.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::repr::{NumberForm, OneHotForms, U, measure, power_above};
use super::written::{Term, Written, settle};
use super::{BIT, Lowering, Result};
use crate::circuit::{DirId, Form, Unit};
use crate::encode::affine::{self, whole_multiple};
use crate::encode::codes;
use crate::encode::plan::{Plan, Scalar, Sum};
use crate::gadgets::steps::{Fault, Point, Step, steps};
use crate::json::counted;

/// A scalar ready for steps: its form and its points, one for each combination of ideal values.
struct Ready {
    form: Form,
    /// (ideal value, error, value of the node)
    points: Vec<(f64, f64, Value)>,
    name: String,
}

impl Lowering<'_> {
    /// The node as steps on a scalar, as a one-hot or as a number.
    pub(super) fn steps(&mut self, id: NodeId, scalar: &Scalar, onehot: bool, plan: &Plan) -> Result<()> {
        let ready = self.ready(id, scalar, plan.gathered)?;
        let (classes, found) = self.find_steps(id, &ready)?;
        let first = classes.first_class;
        if onehot {
            let forms = self.stepped_onehot(id, &ready, &classes.values, first, &found, plan.none_class)?;
            self.onehots[id.index()] = Some(forms);
        } else {
            let number = self.stepped_number(id, &ready, &classes.values, first, &found)?;
            self.numbers[id.index()] = Some(number);
        }
        Ok(())
    }

    fn ready(&mut self, id: NodeId, scalar: &Scalar, gathered: bool) -> Result<Ready> {
        match scalar {
            Scalar::Reciprocal(w) => self.ready_reciprocal(id, *w),
            Scalar::Sum(sum) => self.ready_sum(id, sum, gathered),
        }
    }

    fn ready_reciprocal(&self, id: NodeId, w: NodeId) -> Result<Ready> {
        let nodes = if w == id { vec![w] } else { vec![w, id] };
        let joint = self.joint(&nodes)?;
        let points = joint.iter().map(|t| {
            let (at, error) = reciprocal_point(t[0].as_f64().expect("a width"));
            (at, error, t[nodes.len() - 1].clone())
        });
        Ok(Ready {
            form: Form::of(self.reciprocal_of(w)),
            points: points.collect(),
            name: format!("1/(1+{})", self.label(w)),
        })
    }

    /// A sum of numbers, scaled so that its factors are whole; a none anywhere lies beyond all values.
    fn ready_sum(&mut self, id: NodeId, sum: &Sum, gathered: bool) -> Result<Ready> {
        let factors: Vec<f64> = sum.terms.iter().map(|t| t.1).collect();
        let scale = whole_multiple(&factors).filter(|_| !gathered).unwrap_or(1.0);
        let whole = |f: f64| if scale == 1.0 { f } else { (f * scale).round() };
        let terms: Vec<(NodeId, f64)> = sum.terms.iter().map(|&(n, f)| (n, whole(f))).collect();
        let (mut form, error) = if gathered {
            self.gathered_sum(id, &terms)?
        } else {
            let inherited = terms.iter().map(|t| t.1.abs() * self.gridded(t.0).1).sum::<f64>();
            (self.total(&terms, 0.0, true), inherited)
        };
        let whole_points = if scale == 1.0 { self.own_points(id, sum) } else { None };
        let mut nodes: Vec<NodeId> = terms.iter().map(|t| t.0).collect();
        if !nodes.contains(&id) {
            nodes.push(id);
        }
        let at = nodes.iter().position(|&n| n == id).expect("just added");
        let measured = measure(&self.circuit, &form);
        let error = error.max(measured.error);
        // Whole multiples of the grid add up exactly in f64 too; other ideal values are themselves a little off.
        let slack = if error == 0.0 && measured.grid.is_some() { 0.0 } else { 4.0 * f64::EPSILON };
        let mut points = Vec::new();
        if let Some(own) = whole_points {
            points.extend(own.into_iter().map(|(x, v)| (x, error + x.abs() * slack, v)));
        } else {
            for tuple in self.joint(&nodes)? {
                let stands = |(v, t): (&Value, &(NodeId, f64))| self.stand_in(t.0, v).or_else(|| v.as_f64());
                let parts: Option<Vec<f64>> = tuple[..terms.len()].iter().zip(&terms).map(stands).collect();
                let ideal = parts.map(|p| p.iter().zip(&terms).map(|(x, t)| x * t.1).sum::<f64>());
                points.extend(ideal.map(|x| (x, error + x.abs() * slack, tuple[at].clone())));
            }
        }
        let mut defined: Vec<&Form> = terms.iter().filter_map(|t| self.number_of(t.0).defined.as_ref()).collect();
        defined.dedup();
        if !defined.is_empty() {
            let (lo, hi) = (measured.lo, measured.hi);
            let beyond = power_above(2.0 * (hi - lo).max(hi.abs()).max(lo.abs()));
            let beyond = beyond.max(measured.grid.map_or(0.0, |g| 8.0 * g));
            for d in defined {
                form = form.plus(&d.complement(), beyond);
            }
            points.push((beyond + lo, 0.0, Value::None));
        }
        let names: Vec<String> = terms.iter().map(|t| self.label(t.0)).collect();
        Ok(Ready { form, points, name: names.join(" and ") })
    }

    /// The points of a node that is the scalar itself plus a constant, all of whose values are whole: its own values, without
    /// going through what its terms hold together.
    fn own_points(&self, id: NodeId, sum: &Sum) -> Option<Vec<(f64, Value)>> {
        let Op::Map { function, args } = self.graph.op(id) else { return None };
        let same = affine::affine(function, &|_| false)?;
        let terms: Vec<(NodeId, f64)> = args.iter().copied().zip(same.factors.iter().copied()).collect();
        if terms != sum.terms || same.constant != sum.constant || self.values.can_be_none(id) {
            return None;
        }
        let whole = |x: &f64| x.fract() == 0.0 && x.abs() <= 16_777_216.0;
        let values = self.values.enumerate(id).ok()?;
        values.iter().map(|v| v.as_f64().filter(whole).map(|x| (x - sum.constant, v.clone()))).collect()
    }

    /// The number that stands for the default of a mean that is no number.
    fn stand_in(&self, id: NodeId, value: &Value) -> Option<f64> {
        let Op::Aggregate { default, .. } = self.graph.op(id) else { return None };
        self.encoded.plan(id).stand_in.filter(|_| value == default)
    }

    /// Sorted points with class indices, and the steps between them.
    fn find_steps(&self, id: NodeId, ready: &Ready) -> Result<(Classes, Vec<Step>)> {
        let mut values: Vec<Value> = ready.points.iter().map(|p| p.2.clone()).collect();
        values.sort();
        values.dedup();
        let mut points: Vec<Point> = ready
            .points
            .iter()
            .map(|(at, error, v)| Point { at: *at, error: *error, class: values.binary_search(v).expect("listed") })
            .collect();
        points.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.class.cmp(&b.class)));
        points.dedup_by(|b, a| (b.at, b.class) == (a.at, a.class));
        let first_class = points.first().map_or(0, |p| p.class);
        if points.iter().all(|p| p.class == first_class) {
            // One value takes no steps, whatever the scalar is.
            return Ok((Classes { values, first_class }, Vec::new()));
        }
        let measured = measure(&self.circuit, &ready.form);
        let Some(grid) = measured.grid else {
            return Err(self.no_grid(id, &ready.name));
        };
        let found = steps(&points, grid, |c| measured.bound(measured.constant - c))
            .map_err(|f| self.no_steps(id, &ready.name, f, points.iter().map(|p| p.at.abs()).fold(0.0, f64::max)))?;
        Ok((Classes { values, first_class }, found))
    }

    fn no_grid(&self, id: NodeId, scalar: &str) -> Box<Diagnostic> {
        let message = format!("`{}` tests {scalar}, whose factors are no simple fractions", self.label(id));
        Box::new(
            Diagnostic::error(codes::MARGIN, message)
                .hint("use whole factors, or factors that are fractions with a denominator up to 4096"),
        )
    }

    /// Why there are no steps on a scalar, which is at most `size`.
    fn no_steps(&self, id: NodeId, scalar: &str, fault: Fault, size: f64) -> Box<Diagnostic> {
        let name = self.label(id);
        Box::new(match fault {
            Fault::Margin { left, right, error } => {
                let message = format!(
                    "`{name}` must tell {scalar} = {left} from {right}: they differ by {:.3e}, and the model's error is up to {error:.3e}",
                    right - left
                );
                // Two results of 64-bit arithmetic that would be one number but for its rounding. (A difference of large
                // numbers is off by as much as these.)
                let noise = right - left <= 64.0 * f64::EPSILON * size;
                let hint = if noise {
                    "the two are one number but for the rounding of 64-bit arithmetic, which the interpreter tells apart and no 32-bit float does: round it first, as in `round(1000 * x)`, or compare it with a threshold between its values"
                } else {
                    "shorten the maximum length, or compare counts instead of fractions"
                };
                Diagnostic::error(codes::MARGIN, message).hint(hint)
            }
            Fault::Range { sum, grid } => {
                let message =
                    format!("`{name}` tests {scalar}, which reaches {sum:.3e}: more than 2^24 steps of {grid:e}");
                Diagnostic::error(codes::LATTICE, message).hint("scale the numbers down or shorten the maximum length")
            }
        })
    }

    /// The two units of each step, which together are the step, or its complement where it falls, and what it writes.
    fn step_units(form: &Form, found: &[Step], writes: &[Vec<(DirId, f64)>]) -> Vec<Unit> {
        let unit = |s: &Step, writes: &[(DirId, f64)], lower: f64, sign: f64| {
            let writes = writes.iter().map(|&(d, w)| (d, sign * w)).collect();
            let (slope, bias) = if s.falls { (-s.slope, s.slope * s.from + 1.0) } else { (s.slope, -s.slope * s.from) };
            Unit::new(&form.scaled(slope), bias - lower, writes)
        };
        found.iter().zip(writes).flat_map(|(s, w)| [unit(s, w, 0.0, 1.0), unit(s, w, 1.0, -1.0)]).collect()
    }

    /// Directions that steps fill, each with what it holds where the function has its value c. Gives the form and the
    /// error of each.
    fn step_into(
        &mut self,
        id: NodeId,
        ready: &Ready,
        first: usize,
        found: &[Step],
        dirs: &[(DirId, Levels)],
    ) -> Result<Vec<(Form, f64)>> {
        let grid =
            if found.is_empty() { 1.0 } else { measure(&self.circuit, &ready.form).grid.expect("steps have a grid") };
        let rises = Rises::of(dirs);
        let mut constants: Vec<f64> = dirs.iter().map(|(_, levels)| levels.at(first)).collect();
        let mut terms: Vec<Vec<Term>> = vec![Vec::new(); dirs.len()];
        let mut writes: Vec<Vec<(DirId, f64)>> = Vec::with_capacity(found.len());
        for s in found {
            let rises = rises.at(s);
            let sign = if s.falls { -1.0 } else { 1.0 };
            for &(dir, weight) in &rises {
                constants[dir] += if s.falls { weight } else { 0.0 };
                let term = Term { weight, largest: s.largest, grid: (s.slope * grid).min(1.0) };
                terms[dir].extend([term, term]);
            }
            writes.push(rises.into_iter().map(|(dir, weight)| (dirs[dir].0, sign * weight)).collect());
        }
        let mut forms = Vec::new();
        for (((to, levels), constant), terms) in dirs.iter().zip(constants).zip(&terms) {
            let values = levels.held();
            forms.push(settle(&mut self.circuit, &Written { to: *to, constant, values, terms, error: 0.0 })?);
        }
        let units = Self::step_units(&ready.form, found, &writes);
        self.mlp(id, units, format!("{} on {}", counted(found.len(), "step"), ready.name));
        Ok(forms)
    }

    fn stepped_onehot(
        &mut self,
        id: NodeId,
        ready: &Ready,
        values: &[Value],
        first: usize,
        found: &[Step],
        none_class: bool,
    ) -> Result<OneHotForms> {
        let nullable = self.values.can_be_none(id);
        let shown: Vec<usize> = (0..values.len()).filter(|&c| !values[c].is_none() || none_class).collect();
        let only = values.len() == 1;
        let dirs: Vec<(DirId, Levels)> = shown
            .iter()
            .map(|&class| (self.class_direction(id, &values[class], 0.0), Levels::Class { class, only }))
            .collect();
        let read = self.step_into(id, ready, first, found, &dirs)?;
        let mut forms = OneHotForms { classes: Vec::new(), none: None };
        for (&c, (form, error)) in shown.iter().zip(read) {
            if error > 0.0 {
                return Err(self.not_sharp(id, error));
            }
            if values[c].is_none() {
                forms.none = Some(form);
            } else {
                forms.classes.push((values[c].clone(), form));
            }
        }
        if nullable && forms.none.is_none() {
            forms.none = Some(super::complement(&forms.classes));
        }
        Ok(forms)
    }

    pub(super) fn not_sharp(&self, id: NodeId, error: f64) -> Box<Diagnostic> {
        let message =
            format!("the one-hot of `{}` would be off by up to {error:.3e}, and must be exact", self.label(id));
        Box::new(Diagnostic::error(codes::MARGIN, message).hint("shorten the maximum length"))
    }

    fn stepped_number(
        &mut self,
        id: NodeId,
        ready: &Ready,
        values: &[Value],
        first: usize,
        found: &[Step],
    ) -> Result<NumberForm> {
        let levels = Levels::Listed(values.iter().map(|v| v.as_f64().unwrap_or(0.0)).collect());
        let mut dirs = vec![(self.direction(self.label(id), id, BIT), levels)];
        if values.iter().any(Value::is_none) {
            let flags = Levels::Listed(values.iter().map(|v| f64::from(u8::from(!v.is_none()))).collect());
            dirs.push((self.direction(format!("{}:defined", self.label(id)), id, BIT), flags));
        }
        let mut read = self.step_into(id, ready, first, found, &dirs)?.into_iter();
        let (value, error) = read.next().expect("the number");
        let defined = match read.next() {
            Some((_, e)) if e > 0.0 => return Err(self.not_sharp(id, e)),
            other => other.map(|r| r.0),
        };
        Ok(NumberForm { value, defined, error })
    }
}

/// What a direction holds for each value of a function.
enum Levels {
    /// 1 where the function has its value `class`, else 0. A one-hot has as many of these as there are values: none of
    /// them is listed. `only` where that is the only value.
    Class { class: usize, only: bool },
    /// A number for each value.
    Listed(Vec<f64>),
}

impl Levels {
    /// What the direction holds where the function has its value c.
    fn at(&self, c: usize) -> f64 {
        match self {
            Self::Class { class, .. } => f64::from(u8::from(*class == c)),
            Self::Listed(levels) => levels[c],
        }
    }

    /// Everything the direction can hold.
    fn held(&self) -> &[f64] {
        match self {
            Self::Class { only: true, .. } => &[1.0],
            Self::Class { only: false, .. } => &[0.0, 1.0],
            Self::Listed(levels) => levels,
        }
    }
}

/// By how much each direction rises at a step: a table by class, since each step changes two directions of a one-hot.
struct Rises<'a> {
    /// The direction of each class, in the order of the classes.
    of_class: Vec<(usize, usize)>,
    /// Directions that hold numbers.
    listed: Vec<(usize, &'a [f64])>,
}

impl<'a> Rises<'a> {
    fn of(dirs: &'a [(DirId, Levels)]) -> Self {
        let mut all = Self { of_class: Vec::new(), listed: Vec::new() };
        for (dir, (_, levels)) in dirs.iter().enumerate() {
            match levels {
                Levels::Class { class, .. } => all.of_class.push((*class, dir)),
                Levels::Listed(levels) => all.listed.push((dir, levels)),
            }
        }
        all.of_class.sort_unstable();
        all
    }

    /// Directions (by their place) and how much they rise, where they do.
    fn at(&self, step: &Step) -> Vec<(usize, f64)> {
        let class = |c: usize| self.of_class.binary_search_by_key(&c, |d| d.0).ok().map(|i| self.of_class[i].1);
        let mut rises: Vec<(usize, f64)> =
            self.listed.iter().map(|(d, l)| (*d, l[step.right] - l[step.left])).collect();
        if step.left != step.right {
            rises.extend(class(step.left).map(|d| (d, -1.0)));
            rises.extend(class(step.right).map(|d| (d, 1.0)));
        }
        rises.retain(|r| r.1 != 0.0);
        rises.sort_unstable_by_key(|r| r.0);
        rises
    }
}

struct Classes {
    values: Vec<Value>,
    first_class: usize,
}

/// Where 1 + 1/(1+w) lies and how far f32 can miss it: one division (2 ulp allowed) and the rounding to the grid.
fn reciprocal_point(w: f64) -> (f64, f64) {
    let r = 1.0 / (1.0 + w);
    (1.0 + r, if w == 0.0 { 0.0 } else { U + 4.0 * U * r })
}
