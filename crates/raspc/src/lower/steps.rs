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
use crate::gadgets::widths;

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
        let ready = self.ready(id, scalar)?;
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

    fn ready(&self, id: NodeId, scalar: &Scalar) -> Result<Ready> {
        match scalar {
            Scalar::Reciprocal(w) => self.ready_reciprocal(id, *w),
            Scalar::Sum(sum) => self.ready_sum(id, sum),
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
    fn ready_sum(&self, id: NodeId, sum: &Sum) -> Result<Ready> {
        let scale = whole_multiple(&sum.terms.iter().map(|t| t.1).collect::<Vec<_>>()).unwrap_or(1.0);
        let whole = |f: f64| if scale == 1.0 { f } else { (f * scale).round() };
        let terms: Vec<(NodeId, f64)> = sum.terms.iter().map(|&(n, f)| (n, whole(f))).collect();
        let mut form = Form::sum(terms.iter().map(|t| (&self.number_of(t.0).value, t.1)));
        let whole_points = if scale == 1.0 { self.own_points(id, sum) } else { None };
        let mut nodes: Vec<NodeId> = terms.iter().map(|t| t.0).collect();
        if !nodes.contains(&id) {
            nodes.push(id);
        }
        let at = nodes.iter().position(|&n| n == id).expect("just added");
        let measured = measure(&self.circuit, &form);
        let error = terms.iter().map(|t| t.1.abs() * self.number_of(t.0).error).sum::<f64>().max(measured.error);
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
        let measured = measure(&self.circuit, &ready.form);
        let Some(grid) = measured.grid else {
            return Err(self.no_grid(id, &ready.name));
        };
        let found = steps(&points, grid, |c| measured.bound(measured.constant - c))
            .map_err(|f| self.no_steps(id, &ready.name, f))?;
        let first_class = points.first().map_or(0, |p| p.class);
        Ok((Classes { values, first_class }, found))
    }

    fn no_grid(&self, id: NodeId, scalar: &str) -> Box<Diagnostic> {
        let message = format!("`{}` tests {scalar}, whose factors are no simple fractions", self.label(id));
        Box::new(
            Diagnostic::error(codes::MARGIN, message)
                .hint("use whole factors, or factors that are fractions with a denominator up to 4096"),
        )
    }

    fn no_steps(&self, id: NodeId, scalar: &str, fault: Fault) -> Box<Diagnostic> {
        let name = self.label(id);
        Box::new(match fault {
            Fault::Margin { left, right, error } => {
                let message = format!(
                    "`{name}` must tell {scalar} = {left} from {right}: they differ by {:.3e}, and the model's error is up to {error:.3e}",
                    right - left
                );
                Diagnostic::error(codes::MARGIN, message)
                    .hint("shorten the maximum length, or compare counts instead of fractions")
            }
            Fault::Range { sum, grid } => {
                let message =
                    format!("`{name}` tests {scalar}, which reaches {sum:.3e}: more than 2^24 steps of {grid:e}");
                Diagnostic::error(codes::LATTICE, message).hint("scale the numbers down or shorten the maximum length")
            }
        })
    }

    /// The two units of each step, which together are the step, or its complement where it falls.
    fn step_units(form: &Form, found: &[Step], writes: impl Fn(&Step) -> Vec<(DirId, f64)>) -> Vec<Unit> {
        let unit = |s: &Step, lower: f64, sign: f64| {
            let writes = writes(s).into_iter().map(|(d, w)| (d, sign * w)).collect();
            let (slope, bias) = if s.falls { (-s.slope, s.slope * s.from + 1.0) } else { (s.slope, -s.slope * s.from) };
            Unit::new(&form.scaled(slope), bias - lower, writes)
        };
        found.iter().flat_map(|s| [unit(s, 0.0, 1.0), unit(s, 1.0, -1.0)]).collect()
    }

    /// Directions that steps fill: `levels[d][c]` is what direction d holds where the function has its value c. Gives the
    /// form and the error of each.
    fn step_into(
        &mut self,
        id: NodeId,
        ready: &Ready,
        first: usize,
        found: &[Step],
        dirs: &[(DirId, Vec<f64>)],
    ) -> Result<Vec<(Form, f64)>> {
        let grid = measure(&self.circuit, &ready.form).grid.expect("steps have a grid");
        let mut forms = Vec::new();
        for (to, levels) in dirs {
            let rise = |s: &Step| levels[s.right] - levels[s.left];
            let falling: f64 = found.iter().filter(|s| s.falls).map(rise).sum();
            let term = |s: &Step| Term { weight: rise(s), largest: s.largest, grid: (s.slope * grid).min(1.0) };
            let terms: Vec<Term> = found.iter().filter(|s| rise(s) != 0.0).flat_map(|s| [term(s), term(s)]).collect();
            let constant = levels[first] + falling;
            forms.push(settle(
                &mut self.circuit,
                &Written { to: *to, constant, values: levels, terms: &terms, error: 0.0, sign: 1.0 },
            )?);
        }
        let writes = |s: &Step| {
            let sign = if s.falls { -1.0 } else { 1.0 };
            let rises = dirs.iter().map(|(d, levels)| (*d, sign * (levels[s.right] - levels[s.left])));
            rises.filter(|w| w.1 != 0.0).collect()
        };
        let units = Self::step_units(&ready.form, found, writes);
        self.mlp(id, units, format!("{} steps on {}", found.len(), ready.name));
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
        let dirs: Vec<(DirId, Vec<f64>)> = shown
            .iter()
            .map(|&c| {
                let levels = (0..values.len()).map(|x| f64::from(u8::from(x == c))).collect();
                (self.class_direction(id, &values[c], 0.0), levels)
            })
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
        let levels = values.iter().map(|v| v.as_f64().unwrap_or(0.0)).collect();
        let mut dirs = vec![(self.direction(self.label(id), id, BIT), levels)];
        if values.iter().any(Value::is_none) {
            let flags = values.iter().map(|v| f64::from(u8::from(!v.is_none()))).collect();
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

    /// The width as a number: the sum over the conjunctions of what each 1/(1+w) says, rounded to a whole number where it
    /// is written. Where the sum of all would be too far off, two halves are rounded apart.
    pub(super) fn width(&mut self, id: NodeId) -> Result<NumberForm> {
        let Op::SelectorWidth(selector) = *self.graph.op(id) else { unreachable!("a width") };
        let complement = self.encoded.plan(id).complement;
        let widest = self.values.width_range(selector).1;
        let mut heads: Vec<Counted> = Vec::new();
        for (i, &from) in self.ratios[id.index()].iter().enumerate() {
            let longest = if complement { self.options.max_len } else { self.head_width(selector, i).min(widest) };
            // All keys less those of the others, or the sum.
            heads.push(Counted { from, longest, sign: if complement && i > 0 { -1.0 } else { 1.0 } });
        }
        heads.sort_by_key(|h| std::cmp::Reverse(h.longest));
        // Conjunctions are disjoint: what they count in all is at most the keys there are (twice, where some are taken away).
        let most = self.options.max_len as f64 * if complement { 2.0 } else { 1.0 };
        let whole = [Counts::of(&heads, most)];
        let halves = heads.split_at(heads.len().min(1));
        let halves = [halves.0, halves.1].map(|half| Counts::of(half, most));
        let worst = |sums: &[Counts]| sums.iter().map(|s| s.error).fold(0.0, f64::max);
        let sums: &[Counts] = if worst(&whole) < 0.5 || heads.len() < 2 { &whole } else { &halves };
        if worst(sums) >= 0.5 {
            return Err(self.too_wide(id, heads.len(), worst(sums)));
        }
        let values: Vec<f64> = (0..=widest).map(|w| w as f64).collect();
        let (mut units, mut value) = (Vec::new(), Form::zero());
        for (i, sum) in sums.iter().enumerate() {
            let part = if i > 0 { "[rest]" } else { "" };
            let to = self.direction(format!("{}{part}", self.label(id)), id, BIT);
            // Of two numbers that are added one stays positive and one negative, so that their sum stays exact.
            let sign = if i > 0 { -1.0 } else { 1.0 };
            let written = Written { to, constant: 0.0, values: &values, terms: &[], error: sum.error, sign };
            let (form, error) = settle(&mut self.circuit, &written)?;
            if error > 0.0 {
                return Err(self.not_sharp(id, error));
            }
            value = value.plus(&form, 1.0);
            let unit = |&(from, factor, weight): &(DirId, f64, f64)| {
                Unit::new(&Form::of(from).scaled(factor), 2.0, vec![(to, weight)])
            };
            units.extend(sum.units.iter().map(unit));
        }
        self.mlp(id, units, format!("width read from 1/(1+w) of {} pattern(s)", heads.len()));
        Ok(NumberForm { value, defined: None, error: 0.0 })
    }

    /// The most keys that one head of a width counts.
    fn head_width(&self, selector: NodeId, head: usize) -> usize {
        let family = self.encoded.forms.families.get(&selector);
        family.map_or(self.options.max_len, |f| f.heads[head].1)
    }

    fn too_wide(&self, id: NodeId, heads: usize, error: f64) -> Box<Diagnostic> {
        let message = format!(
            "`{}` counts up to {} keys through {heads} attention pattern(s), and 32-bit floats would be off by up to {error:.3}",
            self.label(id),
            self.options.max_len
        );
        Box::new(
            Diagnostic::error(codes::WIDTH, message)
                .hint("shorten the maximum length, or count with a simpler selector"),
        )
    }
}

/// A head that counts up to `longest` keys: the direction that holds its 1/(1+w).
struct Counted {
    from: DirId,
    longest: usize,
    sign: f64,
}

/// The units that add what several heads count, and how far their sum can be from it.
struct Counts {
    /// (direction, factor, weight)
    units: Vec<(DirId, f64, f64)>,
    error: f64,
}

/// Up to so many keys in all, each width is a knot: the sum is then far closer than it must be, and lies on a finer grid.
const FINE: usize = 512;

impl Counts {
    fn of(heads: &[Counted], most: f64) -> Self {
        let fine = heads.iter().map(|h| h.longest).sum::<usize>() <= FINE;
        // The slack that takes the fewest units: in proportion to the cube root.
        let root = |h: &Counted| libm::cbrt(h.longest as f64);
        let all: f64 = heads.iter().map(root).sum();
        let (mut units, mut error) = (Vec::new(), 0.0);
        for head in heads {
            let slack = if fine || head.longest <= 16 { 0.0 } else { 0.3 * root(head) / all };
            let (knots, off) = widths::units(head.longest, slack);
            error += off;
            units.extend(knots.into_iter().map(|k| (head.from, k.factor, head.sign * k.weight)));
        }
        let total = heads.iter().map(|h| h.longest as f64).sum::<f64>().min(most) + heads.len() as f64;
        error += widths::summing(units.len(), total);
        Self { units, error }
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
