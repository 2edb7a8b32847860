//! Element-wise nodes and widths: hidden units.

use std::collections::HashMap;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::repr::{NumberForm, OneHotForms, U, grid_of, measure, power_above};
use super::{BIT, Lowering, Result};
use crate::circuit::{Block, DirId, Form, Mlp, Range, Unit};
use crate::encode::affine::whole_multiple;
use crate::encode::codes;
use crate::encode::plan::{Plan, Scalar, Sum};
use crate::gadgets::lookup::{Entry, Table, lookup};
use crate::gadgets::steps::{Fault, Point, Step, steps};

/// More joint values than this are not gone through for the sake of unreachable entries.
const JOINT: usize = 1 << 18;

/// A scalar ready for steps: its form and its points, one for each combination of ideal values.
struct Ready {
    form: Form,
    /// (ideal value, error, value of the node)
    points: Vec<(f64, f64, Value)>,
    name: String,
}

impl Lowering<'_> {
    fn mlp(&mut self, id: NodeId, units: Vec<Unit>, gadget: String) {
        if !units.is_empty() {
            self.circuit.add_block(Block::Mlp(Mlp { units, origins: vec![id], gadget }));
        }
    }

    // ---- steps ----

    /// The node as steps on a scalar, as a one-hot or as a number.
    pub(super) fn steps(&mut self, id: NodeId, scalar: &Scalar, onehot: bool, plan: &Plan) -> Result<()> {
        let ready = self.ready(id, scalar)?;
        let (classes, found) = self.find_steps(id, &ready)?;
        let first = classes.first_class;
        if onehot {
            let forms = self.stepped_onehot(id, &ready, &classes.values, first, &found, plan.none_class);
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
            form: Form::of(self.reciprocals_of(w)[0]),
            points: points.collect(),
            name: format!("1/(1+{})", self.label(w)),
        })
    }

    /// A sum of numbers, scaled so that its factors are whole; a none anywhere lies beyond all values.
    fn ready_sum(&self, id: NodeId, sum: &Sum) -> Result<Ready> {
        let scale = whole_multiple(sum.terms.iter().map(|t| t.1)).unwrap_or(1.0);
        let whole = |f: f64| if scale == 1.0 { f } else { (f * scale).round() };
        let terms: Vec<(NodeId, f64)> = sum.terms.iter().map(|&(n, f)| (n, whole(f))).collect();
        let mut form = Form::sum(terms.iter().map(|t| (&self.number_of(t.0).value, t.1)));
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
        for tuple in self.joint(&nodes)? {
            let parts: Option<Vec<f64>> = tuple[..terms.len()].iter().map(Value::as_f64).collect();
            let ideal = parts.map(|p| p.iter().zip(&terms).map(|(x, t)| x * t.1).sum::<f64>());
            points.extend(ideal.map(|x| (x, error + x.abs() * slack, tuple[at].clone())));
        }
        let mut defined: Vec<&Form> = terms.iter().filter_map(|t| self.number_of(t.0).defined.as_ref()).collect();
        defined.dedup();
        if !defined.is_empty() {
            let (lo, hi) = (measured.lo, measured.hi);
            let beyond = power_above(2.0 * (hi - lo).max(hi.abs()).max(lo.abs()));
            for d in defined {
                form = form.plus(&d.complement(), beyond);
            }
            points.push((beyond + lo, 0.0, Value::None));
        }
        let names: Vec<String> = terms.iter().map(|t| self.label(t.0)).collect();
        Ok(Ready { form, points, name: names.join(" and ") })
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

    /// The two units of each step; `writes` says what a step adds.
    fn step_units(form: &Form, found: &[Step], writes: impl Fn(&Step) -> Vec<(DirId, f64)>) -> Vec<Unit> {
        let unit = |s: &Step, lower: f64, sign: f64| {
            let writes = writes(s).into_iter().map(|(d, w)| (d, sign * w)).collect();
            Unit::new(&form.scaled(s.slope), -s.slope * s.from - lower, writes)
        };
        found.iter().flat_map(|s| [unit(s, 0.0, 1.0), unit(s, 1.0, -1.0)]).collect()
    }

    fn stepped_onehot(
        &mut self,
        id: NodeId,
        ready: &Ready,
        values: &[Value],
        first: usize,
        found: &[Step],
        none_class: bool,
    ) -> OneHotForms {
        let nullable = self.values.can_be_none(id);
        let dirs: Vec<Option<DirId>> = values
            .iter()
            .enumerate()
            .map(|(c, v)| {
                (!v.is_none() || none_class).then(|| self.class_direction(id, v, f64::from(u8::from(c == first))))
            })
            .collect();
        let writes = |s: &Step| {
            let out = dirs[s.left].map(|d| (d, -1.0));
            out.into_iter().chain(dirs[s.right].map(|d| (d, 1.0))).collect()
        };
        let units = Self::step_units(&ready.form, found, writes);
        self.mlp(id, units, format!("{} steps on {}", found.len(), ready.name));
        let mut forms = OneHotForms { classes: Vec::new(), none: None };
        for (v, d) in values.iter().zip(&dirs) {
            match d {
                Some(d) if v.is_none() => forms.none = Some(Form::of(*d)),
                Some(d) => forms.classes.push((v.clone(), Form::of(*d))),
                None => {}
            }
        }
        if nullable && forms.none.is_none() {
            forms.none = Some(super::complement(&forms.classes));
        }
        forms
    }

    fn stepped_number(
        &mut self,
        id: NodeId,
        ready: &Ready,
        values: &[Value],
        first: usize,
        found: &[Step],
    ) -> Result<NumberForm> {
        let number = |c: usize| values[c].as_f64().unwrap_or(0.0);
        let range =
            self.sum_range(id, values, found.iter().map(|s| number(s.right) - number(s.left)).chain([number(first)]))?;
        let to = self.direction(self.label(id), id, range);
        self.circuit.directions[to.index()].embedding.constant = number(first);
        let nullable = values.iter().any(Value::is_none);
        let defined = nullable.then(|| self.direction(format!("{}:defined", self.label(id)), id, BIT));
        let is = |c: usize| f64::from(u8::from(!values[c].is_none()));
        if let Some(d) = defined {
            self.circuit.directions[d.index()].embedding.constant = is(first);
        }
        let writes = |s: &Step| {
            let value = (to, number(s.right) - number(s.left));
            let flag = defined.map(|d| (d, is(s.right) - is(s.left)));
            [value].into_iter().chain(flag).filter(|w| w.1 != 0.0).collect()
        };
        let units = Self::step_units(&ready.form, found, writes);
        self.mlp(id, units, format!("{} steps on {}", found.len(), ready.name));
        Ok(NumberForm { value: Form::of(to), defined: defined.map(Form::of), error: range.error })
    }

    /// The range of a direction that steps or units fill with these increments, all exact 0/1 multiples.
    fn sum_range(&self, id: NodeId, values: &[Value], increments: impl Iterator<Item = f64>) -> Result<Range> {
        let mut range = self.listed_range(id, values.iter().filter_map(Value::as_f64))?;
        let (mut total, mut grid, mut rounded, mut count) = (0.0, f64::MAX, 0.0, 0usize);
        for i in increments {
            total += i.abs();
            grid = grid.min(grid_of(i));
            rounded += (f64::from(i as f32) - i).abs();
            count += 1;
        }
        if rounded > 0.0 || total > grid / U {
            range.error += rounded + super::repr::gamma(count + 1) * total;
            range.grid = None;
        } else {
            range.grid = Some(grid);
        }
        range.lo = range.lo.min(-total);
        range.hi = range.hi.max(total);
        Ok(range)
    }

    // ---- widths ----

    /// The width as a number: every step on 1/(1+w) of every conjunction takes one off its longest.
    pub(super) fn width(&mut self, id: NodeId, plan: &Plan) -> Result<NumberForm> {
        let longest = self.options.max_len;
        let widths: Vec<usize> = match plan.cubes.len() {
            1 => self.classes(id)?.iter().filter_map(|v| v.as_f64().map(|x| x as usize)).collect(),
            _ => (0..=longest).collect(),
        };
        let largest = widths.iter().copied().max().unwrap_or(0) as f64;
        let total = largest * plan.cubes.len() as f64;
        let range = Range { lo: 0.0, hi: total, grid: Some(1.0), error: 0.0 };
        let to = self.direction(self.label(id), id, range);
        self.circuit.directions[to.index()].embedding.constant = total;
        let mut points: Vec<Point> = widths
            .iter()
            .map(|&w| {
                let (at, error) = reciprocal_point(w as f64);
                Point { at, error, class: w }
            })
            .collect();
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        let name = self.label(id);
        let found = steps(&points, 2.0 * U, |c| c.abs().max(2.0)).map_err(|f| self.no_steps(id, &name, f))?;
        let mut units = Vec::new();
        for &dir in self.reciprocals_of(id) {
            units.extend(Self::step_units(&Form::of(dir), &found, |s| vec![(to, s.right as f64 - s.left as f64)]));
        }
        self.mlp(id, units, format!("width of {} conjunction(s), read from 1/(1+w)", plan.cubes.len()));
        Ok(NumberForm { value: Form::of(to), defined: None, error: 0.0 })
    }

    // ---- sums ----

    /// A sum of numbers: a form, or (at `-O0`) a direction of its own.
    pub(super) fn affine(&mut self, id: NodeId, sum: &Sum, materialise: bool) -> Result<NumberForm> {
        let mut value = Form::sum(sum.terms.iter().map(|t| (&self.number_of(t.0).value, t.1)));
        value = value.plus(&Form::constant(1.0), sum.constant);
        let inherited: f64 = sum.terms.iter().map(|t| t.1.abs() * self.number_of(t.0).error).sum();
        let measured = measure(&self.circuit, &value);
        let grid_error = if measured.grid.is_some() { 0.0 } else { measured.sum * 4.0 * f64::EPSILON };
        let mut error = inherited.max(measured.error) + grid_error;
        if !f64::from(measured.sum as f32).is_finite() {
            return Err(self.too_large(id, measured.sum));
        }
        let mut flags: Vec<Form> = sum.terms.iter().filter_map(|t| self.number_of(t.0).defined.clone()).collect();
        flags.dedup();
        let defined = match flags.len() {
            0 => None,
            1 => flags.pop(),
            _ => Some(self.all_of(id, &flags)),
        };
        if materialise {
            let shift = power_above(measured.lo.abs().max(measured.hi.abs()));
            let exact =
                measured.grid.filter(|&g| measured.bound(measured.constant + shift) <= g / U && grid_of(shift) >= g);
            error += if exact.is_some() { 0.0 } else { 4.0 * U * shift };
            let range = Range { lo: measured.lo - error, hi: measured.hi + error, grid: exact, error };
            let to = self.direction(self.label(id), id, range);
            self.circuit.directions[to.index()].embedding.constant = -shift;
            let unit = Unit::new(&value, shift, vec![(to, 1.0)]);
            self.mlp(id, vec![unit], "sum".to_owned());
            value = Form::of(to);
        }
        Ok(NumberForm { value, defined, error })
    }

    /// A direction that is 1 where all flags are.
    fn all_of(&mut self, id: NodeId, flags: &[Form]) -> Form {
        let to = self.direction(format!("{}:defined", self.label(id)), id, BIT);
        let reads = Form::sum(flags.iter().map(|f| (f, 1.0)));
        let unit = Unit::new(&reads, 1.0 - flags.len() as f64, vec![(to, 1.0)]);
        self.mlp(id, vec![unit], "all defined".to_owned());
        Form::of(to)
    }

    // ---- tables ----

    /// The node as a lookup table of one-hots.
    pub(super) fn table(&mut self, id: NodeId, dims: &[NodeId], onehot: bool, plan: &Plan) -> Result<()> {
        let values = self.classes(id)?;
        let table = self.entries(id, dims, &values)?;
        let found = lookup(&table);
        if found.units.len() > self.options.limits.units {
            let message = format!("`{}` needs {} hidden units", self.label(id), found.units.len());
            let hint = "shorten the maximum length or the vocabulary, or map one operand to fewer values first";
            return Err(Box::new(Diagnostic::error(codes::BUDGET, message).hint(hint)));
        }
        if onehot {
            let mut writes: Vec<Vec<(DirId, f64)>> = Vec::new();
            let mut forms = OneHotForms { classes: Vec::new(), none: None };
            for (c, v) in values.iter().enumerate() {
                let dir = self.class_direction(id, v, found.constant[c]);
                writes.push(vec![(dir, 1.0)]);
                forms.classes.push((v.clone(), Form::of(dir)));
            }
            if self.values.can_be_none(id) {
                forms.none = Some(super::complement(&forms.classes));
                if plan.none_class {
                    // None is what no class is: 1 − Σ, term by term.
                    let dir = self.class_direction(id, &Value::None, 1.0 - found.constant.iter().sum::<f64>());
                    writes.iter_mut().for_each(|w| w.push((dir, -1.0)));
                    forms.none = Some(Form::of(dir));
                }
            }
            self.table_block(id, dims, &found, &writes);
            if plan.number.is_some() && self.numbers[id.index()].is_none() {
                self.numbers[id.index()] = Some(self.number_from(id, &forms));
            }
            self.onehots[id.index()] = Some(forms);
        } else {
            let number = |c: usize| values[c].as_f64().expect("a number");
            let constant: f64 = found.constant.iter().enumerate().map(|(c, k)| k * number(c)).sum();
            let increments = found.units.iter().flat_map(|u| u.writes.iter().map(|&(c, w)| w * number(c as usize)));
            let range = self.sum_range(id, &values, increments.chain([constant]).collect::<Vec<_>>().into_iter())?;
            let to = self.direction(self.label(id), id, range);
            self.circuit.directions[to.index()].embedding.constant = constant;
            let mut writes: Vec<Vec<(DirId, f64)>> = (0..values.len()).map(|c| vec![(to, number(c))]).collect();
            let defined = self.values.can_be_none(id).then(|| {
                let dir = self.direction(format!("{}:defined", self.label(id)), id, BIT);
                self.circuit.directions[dir.index()].embedding.constant = found.constant.iter().sum();
                writes.iter_mut().for_each(|w| w.push((dir, 1.0)));
                Form::of(dir)
            });
            self.table_block(id, dims, &found, &writes);
            self.numbers[id.index()] = Some(NumberForm { value: Form::of(to), defined, error: range.error });
        }
        Ok(())
    }

    fn entries(&self, id: NodeId, dims: &[NodeId], values: &[Value]) -> Result<Table> {
        let sides: Vec<&OneHotForms> = dims.iter().map(|&d| self.onehot_of(d)).collect();
        let sizes: Vec<usize> = sides.iter().map(|s| s.classes.len()).collect();
        let mut entries = vec![Entry::Any; sizes.iter().product()];
        let mut nodes = dims.to_vec();
        nodes.push(id);
        for tuple in self.values.joint(&nodes, JOINT).or_else(|_| self.combinations(id, dims))? {
            let (args, value) = tuple.split_at(dims.len());
            let place = args.iter().zip(&sides).zip(&sizes).try_fold(0, |at, ((v, side), &size)| {
                side.classes.binary_search_by(|c| c.0.cmp(v)).ok().map(|i| at * size + i)
            });
            let Some(place) = place else { continue };
            entries[place] = match values.binary_search(&value[0]) {
                Ok(c) => Entry::Class(c as u32),
                Err(_) => Entry::Nothing,
            };
        }
        let nullable = sides.iter().map(|s| s.none.is_some()).collect();
        Ok(Table { dims: sizes, nullable, classes: values.len(), entries })
    }

    /// All combinations of the values of `dims`, reachable or not, each with what the node makes of it: a superset of
    /// the joint values, for when those are too many to go through.
    fn combinations(&self, id: NodeId, dims: &[NodeId]) -> Result<Vec<Box<[Value]>>> {
        let sets: Vec<Vec<Value>> = dims.iter().map(|&d| self.listed(d)).collect::<Result<_>>()?;
        let cone = self.cone(id, dims);
        let mut at = vec![0usize; dims.len()];
        let mut all = Vec::new();
        loop {
            let mut known: HashMap<NodeId, Value> =
                dims.iter().zip(&sets).zip(&at).map(|((&d, s), &i)| (d, s[i].clone())).collect();
            if self.evaluate(&cone, &mut known) {
                all.push(dims.iter().chain([&id]).map(|n| known[n].clone()).collect());
            }
            let Some(next) = (0..at.len()).rev().find(|&i| at[i] + 1 < sets[i].len()) else { return Ok(all) };
            at[next] += 1;
            at[next + 1..].fill(0);
        }
    }

    /// The element-wise nodes and constants between `dims` and the node, operands first.
    fn cone(&self, id: NodeId, dims: &[NodeId]) -> Vec<NodeId> {
        let mut cone = vec![id];
        let mut next = 0;
        while next < cone.len() {
            for o in self.graph.op(cone[next]).operands() {
                if !dims.contains(&o) && !cone.contains(&o) {
                    cone.push(o);
                }
            }
            next += 1;
        }
        cone.sort_unstable();
        cone
    }

    /// Evaluates a cone; false where a function raises.
    fn evaluate(&self, cone: &[NodeId], known: &mut HashMap<NodeId, Value>) -> bool {
        cone.iter().all(|&n| {
            let value = match self.graph.op(n) {
                Op::Const(v) => Ok(v.clone()),
                Op::Map { function, args } => {
                    function.apply_strict(&args.iter().map(|a| known[a].clone()).collect::<Vec<_>>())
                }
                op => panic!("{op:?} is not element-wise"),
            };
            value.map(|v| known.insert(n, v)).is_ok()
        })
    }

    fn table_block(
        &mut self,
        id: NodeId,
        dims: &[NodeId],
        found: &crate::gadgets::lookup::Lookup,
        writes: &[Vec<(DirId, f64)>],
    ) {
        let units = found.units.iter().map(|u| {
            let reads =
                u.reads.iter().map(|&(arg, v, w)| (&self.onehot_of(dims[arg as usize]).classes[v as usize].1, w));
            let to = u.writes.iter().flat_map(|&(c, w)| writes[c as usize].iter().map(move |&(d, x)| (d, w * x)));
            let to = Form::from_terms(to.collect());
            Unit::new(&Form::sum(reads), u.bias, to.terms().collect())
        });
        let units = units.filter(|u| !u.writes.is_empty()).collect();
        let names: Vec<String> = dims.iter().map(|&d| self.label(d)).collect();
        self.mlp(id, units, format!("table of {} ({})", names.join(", "), found.method));
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
