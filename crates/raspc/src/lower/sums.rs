//! Sums of numbers: forms, or at `-O0` one hidden unit each.
//!
//! A number that is rounded to a grid where it is written carries a large constant ([`super::written`]). A form that adds few of
//! them is exact still; where their constants together outgrow f32, each is first copied into a direction that holds nothing
//! but the number: relu(direction − C) is a sum of two terms, exact, and takes a layer.

use raspc_lang::graph::NodeId;

use super::repr::{NumberForm, U, gamma, grid_of, measure, power_above};
use super::{BIT, Lowering, Result};
use crate::circuit::{Form, Range, Unit};
use crate::encode::plan::Sum;

/// A sum that rounds is made without constants where it is off by more than this many times what it need be.
const MUCH: f64 = 64.0;

impl Lowering<'_> {
    /// A sum of numbers: a form, or (at `-O0`) a direction of its own.
    pub(super) fn affine(&mut self, id: NodeId, sum: &Sum, materialise: bool, stepped: bool) -> Result<NumberForm> {
        if stepped && sum.terms.iter().any(|t| self.coarse[t.0.index()].is_some()) {
            self.coarse[id.index()] = Some(self.sum_form(id, sum, materialise, true)?);
        }
        let (value, error) = self.sum_form(id, sum, materialise, false)?;
        let defined = self.defined_with(id, sum);
        Ok(NumberForm { value, defined, error })
    }

    /// The form that is 1 where all terms are numbers, if some can be none.
    pub(super) fn defined_with(&mut self, id: NodeId, sum: &Sum) -> Option<Form> {
        let mut flags: Vec<Form> = sum.terms.iter().filter_map(|t| self.number_of(t.0).defined.clone()).collect();
        flags.dedup();
        match flags.len() {
            0 => None,
            1 => flags.pop(),
            _ => Some(self.all_of(id, &flags)),
        }
    }

    /// The form of a sum, as steps read it or as it is, and its error.
    fn sum_form(&mut self, id: NodeId, sum: &Sum, materialise: bool, stepped: bool) -> Result<(Form, f64)> {
        let value = self.total(&sum.terms, sum.constant, stepped);
        let own = |n: NodeId| if stepped { self.gridded(n).1 } else { self.number_of(n).error };
        let inherited: f64 = sum.terms.iter().map(|t| t.1.abs() * own(t.0)).sum();
        let measured = measure(&self.circuit, &value);
        let grid_error = if measured.grid.is_some() { 0.0 } else { measured.sum * 4.0 * f64::EPSILON };
        let error = inherited.max(measured.error) + grid_error;
        if !f64::from(measured.sum as f32).is_finite() {
            return Err(self.too_large(id, measured.sum));
        }
        if !materialise {
            return Ok((value, error));
        }
        // Only what is below zero must be moved above it: a larger shift would round the value.
        let below = error - measured.lo;
        let shift = if below > 0.0 { power_above(2.0 * below) } else { 0.0 };
        Ok(self.copied(id, &value, error, shift, "sum"))
    }

    /// A direction that holds nothing but this form of a node, and its error. The form plus `shift` is never negative.
    pub(super) fn copied(&mut self, id: NodeId, value: &Form, mut error: f64, shift: f64, gadget: &str) -> (Form, f64) {
        let measured = measure(&self.circuit, value);
        let exact =
            measured.grid.filter(|&g| measured.bound(measured.constant + shift) <= g / U && grid_of(shift) >= g);
        error += if exact.is_some() { 0.0 } else { 2.0 * U * (shift + measured.lo.abs().max(measured.hi.abs())) };
        let range = Range { lo: measured.lo - error, hi: measured.hi + error, grid: exact, error };
        let to = self.direction(self.label(id), id, range);
        self.circuit.directions[to.index()].embedding.constant = -shift;
        let unit = Unit::new(value, shift, vec![(to, 1.0)]);
        self.mlp(id, vec![unit], gadget.to_owned());
        (Form::of(to), error)
    }

    /// Σ factor · number + constant, with copies of the numbers whose constants would make the sum round.
    /// Steps read numbers on their grids (`stepped`).
    pub(super) fn total(&mut self, terms: &[(NodeId, f64)], constant: f64, stepped: bool) -> Form {
        let value = |l: &Self, n: NodeId| if stepped { l.gridded(n).0.clone() } else { l.number_of(n).value.clone() };
        let read: Vec<(Form, f64)> = terms.iter().map(|t| (value(self, t.0), t.1)).collect();
        let form = Form::sum(read.iter().map(|t| (&t.0, t.1))).plus(&Form::constant(1.0), constant);
        if self.is_exact(&form) {
            return form;
        }
        let swollen: Vec<NodeId> = terms.iter().map(|t| t.0).filter(|&n| self.is_swollen(n)).collect();
        let with = measure(&self.circuit, &form);
        if swollen.is_empty() || (with.grid.is_none() && with.error <= MUCH * self.least_error(terms)) {
            return form;
        }
        let mut sum = Form::zero();
        for &(node, factor) in terms {
            let value = if swollen.contains(&node) { self.unswollen(node) } else { value(self, node) };
            sum = sum.plus(&value, factor);
        }
        sum.plus(&Form::constant(1.0), constant)
    }

    /// Σ factor · number in a direction of its own, on a grid made for it: the form and its error.
    ///
    /// The terms of a sum that steps read lie on a common grid where their factors are small: with a factor of 125, and a
    /// constant as large as the number that keeps it on its grid, the sum outgrows 2^24 steps of it. Here the terms lie on no
    /// grid. A unit adds them up, with whatever rounding that takes (γ_n Σ|terms|, in any order), and the residual addition
    /// C + unit puts the result on the grid of C's binade, whatever happened before (numerics R3): half a step more. C − shift is a
    /// multiple of that grid in that binade, so that f32 holds it; and the unit is never off, since shift outgrows what is negative.
    /// Where terms can be none, steps also add what moves that out of the way, for each and each direction that says so: there is room for it in the binade.
    pub(super) fn gathered_sum(&mut self, id: NodeId, terms: &[(NodeId, f64)]) -> Result<(Form, f64)> {
        let sum = self.total(terms, 0.0, false);
        let measured = measure(&self.circuit, &sum);
        let inherited: f64 = terms.iter().map(|t| t.1.abs() * self.number_of(t.0).error).sum();
        // (Ideal values are added in f64, in whatever order.)
        let own = inherited.max(measured.error) + measured.sum * 4.0 * f64::EPSILON;
        if !f64::from(measured.sum as f32).is_finite() {
            return Err(self.too_large(id, measured.sum));
        }
        let size = measured.lo.abs().max(measured.hi.abs()) + own;
        let nones: usize =
            terms.iter().filter_map(|t| self.number_of(t.0).defined.as_ref()).map(|d| d.terms().len()).sum();
        let binade = power_above(16.0 * (1 + 3 * nones) as f64 * size.max(1.0 / 1024.0));
        let grid = 2.0 * U * binade;
        let shift = if measured.lo < own { power_above(own - measured.lo).max(grid) } else { 0.0 };
        let rounding = gamma(terms.len() + 2) * (measured.sum + shift);
        let (constant, error) = (1.5 * binade, own + rounding + grid / 2.0);
        let range = Range { lo: constant - size - rounding, hi: constant + size + rounding, grid: Some(grid), error };
        // The direction says something of the number that it holds, where one node is that number.
        let of = if let [(number, 1.0)] = terms { *number } else { id };
        let to = self.direction(format!("[sum for {}]", self.label(id)), of, range);
        self.circuit.directions[to.index()].embedding.constant = constant - shift;
        let unit = Unit::new(&sum, shift, vec![(to, 1.0)]);
        self.mlp(id, vec![unit], "sum on a grid".to_owned());
        Ok((Form::of(to).plus(&Form::constant(1.0), -constant), error))
    }

    /// The error of a sum whose terms bring no constants with them.
    fn least_error(&self, terms: &[(NodeId, f64)]) -> f64 {
        let of = |&(node, factor): &(NodeId, f64)| {
            let number = self.number_of(node);
            let m = measure(&self.circuit, &number.value);
            factor.abs() * (number.error + gamma(terms.len()) * m.lo.abs().max(m.hi.abs()))
        };
        terms.iter().map(of).sum()
    }

    /// Whether no partial sum of a form rounds, nor of the form less one of its values.
    fn is_exact(&self, form: &Form) -> bool {
        let m = measure(&self.circuit, form);
        m.error == 0.0 && m.grid.is_some_and(|g| m.bound(m.constant) + (m.hi - m.lo) <= g / U)
    }

    /// Whether a number is exact, and read by taking away a constant that is much larger.
    fn is_swollen(&self, id: NodeId) -> bool {
        let number = self.number_of(id);
        let m = measure(&self.circuit, &number.value);
        number.error == 0.0 && self.is_exact(&number.value) && m.constant.abs() > 4.0 * m.lo.abs().max(m.hi.abs())
    }

    /// The number in a direction without the constant.
    fn unswollen(&mut self, id: NodeId) -> Form {
        if let Some(form) = self.unswollen.get(&id) {
            return form.clone();
        }
        let value = self.number_of(id).value.clone();
        let lo = measure(&self.circuit, &value).lo;
        let shift = if lo < 0.0 { power_above(-lo) } else { 0.0 };
        let (form, error) = self.copied(id, &value, 0.0, shift, "copy without its constant");
        debug_assert!(error == 0.0, "an exact number is copied exactly");
        self.unswollen.insert(id, form.clone());
        form
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
