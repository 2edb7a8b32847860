//! Lookup tables of one-hots.

use std::collections::HashMap;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::repr::{NumberForm, OneHotForms, grid_of};
use super::written::{Term, Written, settle};
use super::{BIT, Lowering, Result};
use crate::circuit::{DirId, Form, Unit};
use crate::encode::codes;
use crate::encode::plan::Plan;
use crate::gadgets::lookup::{self, Entry, Lookup, Table, lookup_hinted};

/// More joint values than this are not gone through for the sake of unreachable entries.
const JOINT: usize = 1 << 18;

/// A direction that a table fills.
struct Target {
    to: DirId,
    /// What it holds for each class.
    levels: Vec<f64>,
    /// What it holds where the table says nothing: no class, or an argument that is none.
    nothing: f64,
}

impl Lowering<'_> {
    /// The node as a lookup table of one-hots.
    pub(super) fn table(&mut self, id: NodeId, dims: &[NodeId], onehot: bool, plan: &Plan) -> Result<()> {
        let values = self.classes(id)?;
        let table = self.entries(id, dims, &values)?;
        let numbers = dims.iter().zip(&table.dims).map(|(&d, &size)| {
            let all = self.integers(d);
            if all.len() == size { all } else { Vec::new() }
        });
        let numbers: Vec<Vec<i64>> = numbers.collect();
        let found = lookup_hinted(&table, &numbers);
        if found.units.len() > self.options.limits.units {
            let message = format!("`{}` needs {} hidden units", self.label(id), found.units.len());
            let hint = "shorten the maximum length or the vocabulary, or map one operand to fewer values first";
            return Err(Box::new(Diagnostic::error(codes::BUDGET, message).hint(hint)));
        }
        if onehot {
            self.table_onehot(id, dims, &values, &found, plan)
        } else {
            self.table_number(id, dims, &values, &found)
        }
    }

    fn table_onehot(
        &mut self,
        id: NodeId,
        dims: &[NodeId],
        values: &[Value],
        found: &Lookup,
        plan: &Plan,
    ) -> Result<()> {
        let class = |c: usize| (0..values.len()).map(|x| f64::from(u8::from(x == c))).collect();
        let mut targets: Vec<Target> = values
            .iter()
            .enumerate()
            .map(|(c, v)| Target { to: self.class_direction(id, v, 0.0), levels: class(c), nothing: 0.0 })
            .collect();
        let nullable = self.values.can_be_none(id);
        if nullable && plan.none_class {
            let to = self.class_direction(id, &Value::None, 0.0);
            targets.push(Target { to, levels: vec![0.0; values.len()], nothing: 1.0 });
        }
        let mut read = Vec::new();
        for (form, error) in self.table_into(id, dims, found, &targets)? {
            if error > 0.0 {
                return Err(self.not_sharp(id, error));
            }
            read.push(form);
        }
        let none = read.get(values.len()).cloned();
        let classes: Vec<(Value, Form)> = values.iter().cloned().zip(read).collect();
        let none = none.or_else(|| nullable.then(|| super::complement(&classes)));
        let forms = OneHotForms { classes, none };
        if plan.number.is_some() && self.numbers[id.index()].is_none() {
            self.numbers[id.index()] = Some(self.number_from(id, &forms));
        }
        self.onehots[id.index()] = Some(forms);
        Ok(())
    }

    fn table_number(&mut self, id: NodeId, dims: &[NodeId], values: &[Value], found: &Lookup) -> Result<()> {
        let levels = values.iter().map(|v| v.as_f64().expect("a number")).collect();
        let mut targets = vec![Target { to: self.direction(self.label(id), id, BIT), levels, nothing: 0.0 }];
        if self.values.can_be_none(id) {
            let to = self.direction(format!("{}:defined", self.label(id)), id, BIT);
            targets.push(Target { to, levels: vec![1.0; values.len()], nothing: 0.0 });
        }
        let mut read = self.table_into(id, dims, found, &targets)?.into_iter();
        let (value, error) = read.next().expect("the number");
        let defined = match read.next() {
            Some((_, e)) if e > 0.0 => return Err(self.not_sharp(id, e)),
            other => other.map(|r| r.0),
        };
        self.numbers[id.index()] = Some(NumberForm { value, defined, error });
        Ok(())
    }

    /// The indicator of each class of a table, in directions of their own.
    pub(super) fn gates_from(
        &mut self,
        id: NodeId,
        dims: &[NodeId],
        found: &Lookup,
        classes: usize,
    ) -> Result<Vec<Form>> {
        let level = |c: usize| (0..classes).map(|x| f64::from(u8::from(x == c))).collect();
        let mut targets = Vec::new();
        for c in 0..classes {
            let to = self.direction(format!("[{} case {c}]", self.label(id)), id, BIT);
            targets.push(Target { to, levels: level(c), nothing: 0.0 });
        }
        let mut gates = Vec::new();
        for (form, error) in self.table_into(id, dims, found, &targets)? {
            if error > 0.0 {
                return Err(self.not_sharp(id, error));
            }
            gates.push(form);
        }
        Ok(gates)
    }

    /// Adds the units of a table; gives form and error of each target. What a target holds is `nothing` plus, for each
    /// class, the difference times the class's component: a linear function of what the units make.
    fn table_into(
        &mut self,
        id: NodeId,
        dims: &[NodeId],
        found: &Lookup,
        targets: &[Target],
    ) -> Result<Vec<(Form, f64)>> {
        let mut forms = Vec::new();
        let mut writes: Vec<Vec<(DirId, f64)>> = vec![Vec::new(); found.units.len()];
        for t in targets {
            let rise = |c: usize| t.levels[c] - t.nothing;
            let constant = t.nothing + found.constant.iter().enumerate().map(|(c, k)| k * rise(c)).sum::<f64>();
            let mut terms = Vec::new();
            for (unit, to) in found.units.iter().zip(&mut writes) {
                let weight: f64 = unit.writes.iter().map(|&(c, w)| w * rise(c as usize)).sum();
                if weight != 0.0 {
                    to.push((t.to, weight));
                    terms.push(term(unit, weight, dims.len()));
                }
            }
            let values: Vec<f64> = t.levels.iter().copied().chain([t.nothing]).collect();
            forms.push(settle(
                &mut self.circuit,
                &Written { to: t.to, constant, values: &values, terms: &terms, error: 0.0 },
            )?);
        }
        let units = found.units.iter().zip(writes).filter(|(_, w)| !w.is_empty()).map(|(u, w)| {
            let read = |arg: u32, class: u32| {
                let side = self.onehot_of(dims[arg as usize]);
                side.classes.get(class as usize).map_or_else(|| side.none.as_ref().expect("none has a value"), |c| &c.1)
            };
            let reads = u.reads.iter().map(|&(arg, v, w)| (read(arg, v), w));
            Unit::new(&Form::sum(reads), u.bias, w)
        });
        let units = units.collect();
        let names: Vec<String> = dims.iter().map(|&d| self.label(d)).collect();
        self.mlp(id, units, format!("table of {} ({})", names.join(", "), found.method));
        Ok(forms)
    }

    /// The integers that a node's classes are, if all of them are.
    fn integers(&self, id: NodeId) -> Vec<i64> {
        let integer = |v: &Value| v.as_int().and_then(|i| i.to_i64());
        self.onehot_of(id).classes.iter().map(|c| integer(&c.0)).collect::<Option<_>>().unwrap_or_default()
    }

    /// The table, by the classes of `dims`. Where none has a value (a class of the keys of a formula), it is the last class.
    fn entries(&self, id: NodeId, dims: &[NodeId], values: &[Value]) -> Result<Table> {
        let sides: Vec<&OneHotForms> = dims.iter().map(|&d| self.onehot_of(d)).collect();
        let mut nodes = dims.to_vec();
        nodes.push(id);
        let tuples = self.values.joint(&nodes, JOINT).or_else(|_| self.combinations(id, dims))?;
        let valued = |i: usize| tuples.iter().any(|t| t[i].is_none() && !t[dims.len()].is_none());
        let valued: Vec<bool> = (0..dims.len()).map(|i| sides[i].none.is_some() && valued(i)).collect();
        let sizes: Vec<usize> = sides.iter().zip(&valued).map(|(s, v)| s.classes.len() + usize::from(*v)).collect();
        let mut entries = vec![Entry::Any; sizes.iter().product()];
        for tuple in tuples {
            let (args, value) = tuple.split_at(dims.len());
            let place = args.iter().enumerate().try_fold(0, |at, (i, v)| {
                let class = match sides[i].classes.binary_search_by(|c| c.0.cmp(v)) {
                    Ok(class) => class,
                    Err(_) if valued[i] && v.is_none() => sides[i].classes.len(),
                    Err(_) => return None,
                };
                Some(at * sizes[i] + class)
            });
            let Some(place) = place else { continue };
            entries[place] = match values.binary_search(&value[0]) {
                Ok(c) => Entry::Class(c as u32),
                Err(_) => Entry::Nothing,
            };
        }
        let nullable = sides.iter().zip(&valued).map(|(s, v)| s.none.is_some() && !v).collect();
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
}

/// What a table's unit adds: at most the best value of each argument plus the bias.
fn term(unit: &lookup::Unit, weight: f64, args: usize) -> Term {
    let best = |arg: u32| unit.reads.iter().filter(|r| r.0 == arg).map(|r| r.2).fold(0.0, f64::max);
    let largest = (0..args as u32).map(best).sum::<f64>() + unit.bias;
    let grid = unit.reads.iter().map(|r| grid_of(r.2)).fold(grid_of(unit.bias), f64::min);
    Term { weight, largest: largest.max(0.0), grid }
}
