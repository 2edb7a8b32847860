//! How large the numbers in the residual stream can become, direction by direction.

use serde_json::Value;

use crate::matrix::SparseMatrix;
use crate::model::Model;

/// Bounds of every direction.
pub(super) struct Bounds {
    /// `[d_model]`: no absolute value at BOS or a token is larger.
    pub(super) largest: Vec<f64>,
    /// Whether the compiler proved them; else they follow from the weights alone and can be far too large.
    pub(super) proved: bool,
}

impl Bounds {
    /// What the compiler wrote beside the circuit, else what follows from the weights.
    pub(super) fn of(model: &Model) -> Self {
        match proved(model) {
            Some(largest) => Self { largest, proved: true },
            None => Self { largest: from_weights(model), proved: false },
        }
    }
}

/// The ranges in the compiler's record, where it has one for each direction.
fn proved(model: &Model) -> Option<Vec<f64>> {
    let directions = model.circuit.get("directions")?.as_array()?;
    if directions.len() != model.config.d_model {
        return None;
    }
    let number = |d: &Value, key: &str| d.get(key)?.as_f64().filter(|x| x.is_finite());
    let bound = |d: &Value| Some(number(d, "lo")?.abs().max(number(d, "hi")?.abs()).max(number(d, "bos")?.abs()));
    directions.iter().map(bound).collect()
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
