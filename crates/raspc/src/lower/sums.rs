//! Sums of numbers: forms, or at `-O0` one hidden unit each.

use raspc_lang::graph::NodeId;

use super::repr::{NumberForm, U, grid_of, measure, power_above};
use super::{BIT, Lowering, Result};
use crate::circuit::{Form, Range, Unit};
use crate::encode::plan::Sum;

impl Lowering<'_> {
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
    pub(super) fn all_of(&mut self, id: NodeId, flags: &[Form]) -> Form {
        let to = self.direction(format!("{}:defined", self.label(id)), id, BIT);
        let reads = Form::sum(flags.iter().map(|f| (f, 1.0)));
        let unit = Unit::new(&reads, 1.0 - flags.len() as f64, vec![(to, 1.0)]);
        self.mlp(id, vec![unit], "all defined".to_owned());
        Form::of(to)
    }
}
