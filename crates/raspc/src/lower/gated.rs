//! Gated sums: numbers that categories let through (see `encode::gated`).
//!
//! The group of the categories is an exact indicator g. Of each group's sum s, which lies in [lo, hi], one unit
//! relu(s − lo − R (1 − g)) with a power of two R > hi − lo is s − lo where g = 1, and exactly 0 where g = 0: there its
//! pre-activation is below 0 by more than any rounding. lo is rounded down to a coarse grid, and another unit adds lo · g,
//! which is exact. So only the one group that holds has an error: that of its sum, of the units' own additions, and of being
//! stored.

use std::collections::BTreeSet;

use raspc_lang::graph::NodeId;
use raspc_lang::value::Value;

use super::attention::SWAMPED;
use super::repr::{NumberForm, OneHotForms, U, measure, power_above};
use super::{BIT, Lowering, Result};
use crate::circuit::{Form, ONE, Range, Unit};
use crate::encode::plan::{Gated, Plan};
use crate::gadgets::lookup::{Entry, Table, lookup};

impl Lowering<'_> {
    /// The number of a gated sum.
    pub(super) fn gated(&mut self, id: NodeId, gated: &Gated, plan: &Plan) -> Result<NumberForm> {
        let gates: Vec<Form> = self.gates(id, gated)?.into_iter().map(|gate| self.bare(id, gate)).collect();
        let mut units: Vec<Unit> = Vec::new();
        let (mut least, mut most, mut error) = (0.0f64, 0.0f64, 0.0f64);
        let to = self.direction(self.label(id), id, BIT);
        for (group, gate) in gated.groups.iter().zip(&gates) {
            let sum = Form::sum(group.terms.iter().map(|t| (&self.number_of(t.0).value, t.1)));
            let sum = sum.plus(&Form::constant(1.0), group.constant);
            let measured = measure(&self.circuit, &sum);
            if !f64::from(measured.sum as f32).is_finite() {
                return Err(self.too_large(id, measured.sum));
            }
            let coarse = power_above((measured.hi - measured.lo).max(measured.lo.abs()).max(measured.hi.abs())) / 256.0;
            let lo = (measured.lo / coarse).floor() * coarse;
            let room = 2.0 * power_above(measured.hi - lo);
            let reads = sum.plus(&Form::constant(1.0), -lo).plus(&gate.complement(), -room);
            let inherited: f64 = group.terms.iter().map(|t| t.1.abs() * self.number_of(t.0).error).sum();
            let own = measure(&self.circuit, &reads).error + measured.sum * 4.0 * f64::EPSILON;
            let added = if lo == 0.0 { 0.0 } else { 2.0 * U * (measured.hi - lo + lo.abs()) };
            error = error.max(inherited.max(own) + added);
            (least, most) = (least.min(measured.lo), most.max(measured.hi));
            units.push(Unit::new(&reads, 0.0, vec![(to, 1.0)]));
            if lo != 0.0 {
                units.push(Unit::new(gate, 0.0, vec![(to, lo)]));
            }
        }
        let mut offset = 0.0;
        let mut range = Range { lo: least - error, hi: most + error, grid: None, error };
        if plan.lattice == 0 {
            error += U * range.max();
            range.error = error;
        } else {
            let binade = power_above(8.0 * range.max().max(plan.reach).max(1.0 / 1024.0));
            let constant = 1.5 * binade * f64::from(plan.lattice);
            let grid = 2.0 * U * binade;
            let coarse = error + grid / 2.0;
            let lattice = Range { lo: constant + range.lo, hi: constant + range.hi, grid: Some(grid), error: coarse };
            if plan.plain && binade > SWAMPED * power_above(range.max()) {
                // Steps read a number of their own.
                let own = self.direction(format!("[{} on a grid]", self.label(id)), id, lattice);
                self.circuit.directions[own.index()].embedding.constant = constant;
                for u in &mut units {
                    u.writes.push((own, u.writes[0].1));
                }
                self.coarse[id.index()] = Some((Form::of(own).plus(&Form::constant(1.0), -constant), coarse));
                error += U * range.max();
                range.error = error;
            } else {
                (offset, error, range) = (constant, coarse, lattice);
            }
        }
        let direction = &mut self.circuit.directions[to.index()];
        direction.range = range;
        direction.embedding.constant = offset;
        let names: Vec<String> = gated.categories.iter().map(|&c| self.label(c)).collect();
        self.mlp(id, units, format!("numbers that {} lets through", names.join(", ")));
        let value = Form::of(to).plus(&Form::constant(1.0), -offset);
        let mut flags: Vec<Form> = Vec::new();
        let nullable = |l: &Self, n: NodeId| l.onehot_of(n).none.is_some();
        if gated.nones || gated.categories.iter().any(|&c| nullable(self, c)) {
            flags.push(Form::sum(gates.iter().map(|g| (g, 1.0))));
        }
        let means = gated.groups.iter().flat_map(|g| g.terms.iter().map(|t| t.0));
        flags.extend(means.filter_map(|n| self.number_of(n).defined.clone()));
        // A mean that only other groups read makes the whole none too.
        let others = self.graph.op(id).operands();
        flags.extend(others.iter().filter_map(|n| self.numbers[n.index()].as_ref().and_then(|n| n.defined.clone())));
        flags.sort_by(|a, b| a.dirs().cmp(b.dirs()));
        flags.dedup();
        let defined = match flags.len() {
            0 => None,
            1 => flags.pop(),
            _ => Some(self.all_of(id, &flags)),
        };
        Ok(NumberForm { value, defined, error })
    }

    /// An indicator without a constant that is large beside it: the units that numbers pass read it times their room, and the
    /// constant times that would blur the numbers. Where it has one, a unit copies it, which is exact: relu(direction − C) is a
    /// sum of two terms, and 0 or 1.
    fn bare(&mut self, id: NodeId, gate: Form) -> Form {
        let measured = measure(&self.circuit, &gate);
        if measured.constant.abs() <= 2.0 || measured.error > 0.0 {
            return gate;
        }
        // The copy says of the category what the indicator says of it.
        let origins: BTreeSet<NodeId> =
            gate.dirs().filter(|&d| d != ONE).filter_map(|d| self.circuit.direction(d).origin).collect();
        let of = if origins.len() == 1 { origins.first().copied() } else { None };
        self.copied(of.unwrap_or(id), &gate, 0.0, 0.0, "copy without its constant").0
    }

    /// The indicator of each group: sums of classes of one category, a lookup table of several.
    fn gates(&mut self, id: NodeId, gated: &Gated) -> Result<Vec<Form>> {
        if let [category] = gated.categories[..] {
            let classes = &self.onehot_of(category).classes;
            let class = |v: &Value| &classes[classes.binary_search_by(|c| c.0.cmp(v)).expect("a class")].1;
            let gate = |tuples: &[Box<[Value]>]| Form::sum(tuples.iter().map(|t| (class(&t[0]), 1.0)));
            return Ok(gated.groups.iter().map(|g| gate(&g.tuples)).collect());
        }
        let sides: Vec<&OneHotForms> = gated.categories.iter().map(|&c| self.onehot_of(c)).collect();
        let dims: Vec<usize> = sides.iter().map(|s| s.classes.len()).collect();
        let rest = if gated.nones { Entry::Nothing } else { Entry::Any };
        let mut entries = vec![rest; dims.iter().product()];
        for (g, group) in gated.groups.iter().enumerate() {
            for tuple in &group.tuples {
                let place = tuple.iter().zip(&sides).fold(0, |at, (v, side)| {
                    at * side.classes.len() + side.classes.binary_search_by(|c| c.0.cmp(v)).expect("a class")
                });
                entries[place] = Entry::Class(g as u32);
            }
        }
        let nullable = sides.iter().map(|s| s.none.is_some()).collect();
        let found = lookup(&Table { dims, nullable, classes: gated.groups.len(), entries });
        self.gates_from(id, &gated.categories, &found, gated.groups.len())
    }
}
