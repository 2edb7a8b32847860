//! How large the numbers in the residual stream can become, and how fine they are, direction by direction.

use serde_json::Value;

use crate::matrix::SparseMatrix;
use crate::model::Model;

/// What is known of the numbers in a direction, at BOS and at tokens.
pub(super) struct Range {
    /// No absolute value is larger.
    pub(super) largest: f64,
    /// Whether the compiler proved that; else it follows from the weights alone and can be far too large.
    pub(super) proved: bool,
    /// All are multiples of this power of two, where the compiler proved that.
    pub(super) grid: Option<f64>,
}

/// The range of each direction: what the compiler wrote beside the circuit, else what follows from the weights.
pub(super) fn ranges(model: &Model) -> Vec<Range> {
    let unproved = |largest| Range { largest, proved: false, grid: None };
    proved(model).unwrap_or_else(|| from_weights(model).into_iter().map(unproved).collect())
}

/// The ranges in the compiler's record, where it has one for each direction.
fn proved(model: &Model) -> Option<Vec<Range>> {
    let directions = model.circuit.get("directions")?.as_array()?;
    if directions.len() != model.config.d_model {
        return None;
    }
    directions.iter().map(range).collect()
}

fn range(direction: &Value) -> Option<Range> {
    let number = |key: &str| direction.get(key)?.as_f64().filter(|x| x.is_finite());
    let (lo, hi, bos) = (number("lo")?, number("hi")?, number("bos")?);
    let power_of_two = |g: &f64| g.to_bits() & ((1 << 52) - 1) == 0 && g.is_normal() && *g > 0.0;
    let grid = number("grid").filter(power_of_two).filter(|g| bos % g == 0.0);
    Some(Range { largest: lo.abs().max(hi.abs()).max(bos.abs()), proved: true, grid })
}

/// Interval arithmetic: each half-layer adds at most the sum of what its weights can make of the bounds before it.
fn from_weights(model: &Model) -> Vec<f64> {
    let d = model.config.d_model;
    let mut bounds = vec![0.0; d];
    for table in [&model.w_e, &model.w_pos] {
        let mut largest = vec![0.0_f64; d];
        table.entries().for_each(|(_, c, v)| largest[c as usize] = largest[c as usize].max(f64::from(v.abs())));
        bounds.iter_mut().zip(&largest).for_each(|(b, m)| *b += m);
    }
    for layer in &model.layers {
        let mut moved = vec![0.0; d];
        for head in &layer.heads {
            // A mean of values is no larger than the largest of them.
            let values = through(&head.w_v, &bounds);
            moved.iter_mut().zip(through(&head.w_o, &values)).for_each(|(m, x)| *m += x);
        }
        bounds.iter_mut().zip(&moved).for_each(|(b, m)| *b += m);
        let mut hidden = through(&layer.w_in, &bounds);
        hidden.iter_mut().zip(&layer.b_in).for_each(|(h, b)| *h += f64::from(b.abs()));
        let written = through(&layer.w_out, &hidden);
        bounds.iter_mut().zip(&written).for_each(|(b, m)| *b += m);
    }
    bounds
}

/// `bounds |W|`
fn through(matrix: &SparseMatrix, bounds: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; matrix.cols()];
    matrix.entries().for_each(|(r, c, v)| out[c as usize] += bounds[r as usize] * f64::from(v.abs()));
    out
}
