//! What hidden units add up to in a direction, and how it is kept exact.
//!
//! Units are exact multiples of powers of two, but their weighted sum need not be: a sum of large terms that cancel
//! rounds. Let e bound that rounding in any order (γ_n times the largest Σ|terms|; zero where numerics R2 holds). If all
//! ideal values are multiples of a power of two Q with e < Q/2, the embedding puts C = 1.5 · 2^23 · Q into the direction:
//! the residual addition C + Σ then rounds to the nearest multiple of Q (numerics R3), which is the ideal value itself.
//! Readers take `direction − C`, so the node is exact again whatever the order of the sum. What the direction then holds is C
//! plus an ideal value: a multiple of whatever both are multiples of, which is far coarser than Q where the values are whole.
//! Readers that add several such numbers have that grid to stay exact on.

use raspc_lang::diagnostic::Diagnostic;

use super::repr::{U, gamma, grid_of};
use crate::circuit::{Circuit, DirId, Form, Range};
use crate::encode::codes;

/// What one unit adds to a direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// Its weight.
    pub(super) weight: f64,
    /// Its largest activation.
    pub(super) largest: f64,
    /// A power of two of which its activation is a multiple.
    pub(super) grid: f64,
}

/// The values a direction must hold once the units are added to `constant`.
pub(super) struct Written<'a> {
    /// Where the units write.
    pub(super) to: DirId,
    /// What the embedding puts there before the units add to it.
    pub(super) constant: f64,
    /// All ideal values.
    pub(super) values: &'a [f64],
    /// What is added.
    pub(super) terms: &'a [Term],
    /// Errors of the activations themselves, weighted.
    pub(super) error: f64,
}

/// Fixes range and embedding of a written direction, and gives the form by which it is read and its error.
pub(super) fn settle(circuit: &mut Circuit, written: &Written<'_>) -> Result<(Form, f64), Box<Diagnostic>> {
    let Written { to, constant, values, terms, .. } = *written;
    let mut error = written.error + rounding(terms);
    let stored = |x: f64| f64::from(x as f32);
    let worst = values.iter().map(|&x| (stored(x) - x).abs()).fold((stored(constant) - constant).abs(), f64::max);
    let lo = values.iter().copied().fold(constant, f64::min);
    let hi = values.iter().copied().fold(constant, f64::max);
    let largest = hi.abs().max(lo.abs());
    if !stored(largest).is_finite() {
        let message = format!("a value of {largest:e} is more than 32-bit floats hold");
        return Err(Box::new(Diagnostic::error(codes::RANGE, message).hint("scale the numbers down, or use strings")));
    }
    let grid = values.iter().chain([&constant]).map(|&x| grid_of(x)).fold(f64::MAX, f64::min);
    let exact = error == 0.0 && worst == 0.0 && largest <= grid / U;
    let mut offset = 0.0;
    let mut range = Range { lo, hi, grid: exact.then_some(grid), error: 0.0 };
    if !exact {
        let step = libm::exp2(libm::floor(libm::log2(2.0 * error.max(1e-30))) + 1.0);
        // C + value must stay within C's binade.
        let step = step.max(super::repr::power_above(largest) * 8.0 * U);
        if worst == 0.0 && step <= grid && error < step / 2.0 {
            offset = 1.5 * step / (2.0 * U);
            let held = grid.min(grid_of(offset));
            range = Range { lo: lo + offset, hi: hi + offset, grid: Some(held), error: 0.0 };
            error = 0.0;
        } else {
            error += worst + U * largest + gamma(2) * largest;
            range = Range { lo: lo - error, hi: hi + error, grid: None, error };
        }
    }
    let direction = &mut circuit.directions[to.index()];
    direction.embedding.constant = constant + offset;
    direction.range = range;
    Ok((Form::of(to).plus(&Form::constant(1.0), -offset), error))
}

/// How far the sum can be from exact, in any order: zero where every term and every partial sum is a multiple of one power of
/// two below 2^24 times it.
fn rounding(terms: &[Term]) -> f64 {
    let total: f64 = terms.iter().map(|t| t.weight.abs() * t.largest).sum();
    let grid = terms.iter().map(|t| grid_of(t.weight) * t.grid).fold(f64::MAX, f64::min);
    let weights_fit = terms.iter().all(|t| f64::from(t.weight as f32) == t.weight);
    if weights_fit && total <= grid / U {
        return 0.0;
    }
    let stored: f64 = terms.iter().map(|t| (f64::from(t.weight as f32) - t.weight).abs() * t.largest).sum();
    stored + gamma(terms.len() + 1) * total
}
