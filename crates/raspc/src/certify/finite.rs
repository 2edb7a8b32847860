//! That no product of a half-layer leaves the range of f32, also where nothing is made of it.
//!
//! A dimension that nothing is compared with, a value that no head writes, a unit without a target add nothing to what the
//! model says, and so nothing else looks at them; but infinity times zero is not a number, and a runtime that multiplies
//! dense matrices would add it. Sizes are all that counts here.

use raspc_model::matrix::SparseMatrix;
use raspc_model::model::{Head, Layer};

use super::facts::Facts;
use super::number::HUGE;
use super::stream::Stream;

/// By direction: the largest magnitude at tokens, BOS or PAD.
pub(super) fn sizes(stream: &Stream, facts: &Facts<'_>) -> Vec<f64> {
    let ends = stream.bos.iter().zip(&stream.pad).map(|(bos, pad)| bos.size().max(pad.size()));
    stream.doms.iter().zip(ends).map(|(dom, ends)| dom.hull(facts).size().max(ends)).collect()
}

/// Whether queries, keys, values and scores of all heads are finite.
pub(super) fn heads(layer: &Layer, sizes: &[f64]) -> bool {
    layer.heads.iter().all(|head| head_is_finite(head, sizes))
}

fn head_is_finite(head: &Head, sizes: &[f64]) -> bool {
    let (queries, mut keys, values) = (most(&head.w_q, sizes), most(&head.w_k, sizes), most(&head.w_v, sizes));
    for &(dim, bias) in &head.b_k {
        keys[dim as usize] += f64::from(bias).abs();
    }
    let scores: f64 = queries.iter().zip(&keys).map(|(q, k)| q * k).sum();
    queries.iter().chain(&keys).chain(&values).all(|x| *x < HUGE) && scores < HUGE
}

/// Whether the pre-activations of all units are finite.
pub(super) fn units(layer: &Layer, sizes: &[f64]) -> bool {
    most(&layer.w_in, sizes).iter().zip(&layer.b_in).all(|(read, bias)| read + f64::from(bias.abs()) < HUGE)
}

/// By column: the most that the magnitudes of its products can add up to.
fn most(matrix: &SparseMatrix, sizes: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; matrix.cols()];
    for (row, column, w) in matrix.entries() {
        sums[column as usize] += f64::from(w).abs() * sizes[row as usize];
    }
    sums
}
