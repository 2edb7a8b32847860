//! One attention head: `softmax(mask((x W_Q)(x W_K + b_K)ᵀ)) (x W_V) W_O`.
//!
//! **Invariants.** A key that is masked has weight exactly 0 and takes part in no sum; what a query row gets depends on nothing
//! but the rows it sees. So a masked padded batch equals its single inputs bit by bit.

use crate::matrix::{Matrix, SparseMatrix};
use crate::model::{Head, Model};
use crate::order::{Order, Term, mix};
use crate::packed::Packed;
use crate::rows::for_rows;

/// Which keys the queries of a run see, and how its sums are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Positions from here on are masked as keys.
    pub(crate) length: usize,
    /// Whether position q sees keys ≤ q only.
    pub(crate) causal: bool,
    /// The order of every sum.
    pub(crate) order: Order,
}

impl Setting {
    /// How many keys position `q` sees: the first ones, at least BOS.
    fn visible(self, q: usize) -> usize {
        if self.causal { self.length.min(q + 1) } else { self.length }
    }
}

/// The attention pattern `[n, n]`: weights of the keys (columns) for each query (rows).
pub(crate) fn pattern(x: &Matrix, head: &Head, setting: Setting, salt: u64) -> Matrix {
    let mut pattern = scores(x, head, setting, salt, 0.0);
    for_rows(
        &mut pattern,
        || (),
        |(), q, row| softmax(&mut row[..setting.visible(q)], setting.order, mix(mix(salt, 3), q as u64)),
    );
    pattern
}

/// The scores `[n, n]` of the keys (columns) for each query (rows); masked keys hold `masked`.
fn scores(x: &Matrix, head: &Head, setting: Setting, salt: u64, masked: f32) -> Matrix {
    let order = setting.order;
    let queries = project(x, &head.w_q, &[], order, mix(salt, 1));
    let keys = Packed::columns(&project(x, &head.w_k, &head.b_k, order, mix(salt, 2)));
    let mut scores = Matrix::zeros(x.rows, x.rows);
    for_rows(&mut scores, Vec::new, |terms: &mut Vec<Term>, q, row| {
        let (seen, unseen) = row.split_at_mut(setting.visible(q));
        nonzeros(queries.row(q), terms);
        order.accumulate(terms, mix(mix(salt, 3), q as u64), seen, &|dim, c, out| keys.axpy(dim, c, out));
        unseen.fill(masked);
    });
    scores
}

impl Model {
    /// The scores `(x W_Q)(x W_K + b_K)ᵀ` of a layer's heads before softmax, each `[n, n]`; masked keys hold −∞.
    /// `x` `[n, d_model]` is the residual stream before the layer; all its positions are real.
    ///
    /// # Panics
    /// When there is no such layer.
    pub fn scores(&self, layer: usize, x: &Matrix) -> Vec<Matrix> {
        let setting = Setting { length: x.rows, causal: self.config.causal, order: Order::Forward };
        let salt = |h: usize| mix(mix(1, layer as u64), h as u64);
        let heads = self.layers[layer].heads.iter().enumerate();
        heads.map(|(h, head)| scores(x, head, setting, salt(h), f32::NEG_INFINITY)).collect()
    }
}

/// `exp(s - max) / Σ exp(s - max)` in place, with one division each.
#[expect(
    clippy::disallowed_methods,
    reason = "the model computes as its runtime does; no value or weight comes from here"
)]
fn softmax(scores: &mut [f32], order: Order, salt: u64) {
    let max = scores.iter().fold(f32::NEG_INFINITY, |max, &s| if s > max { s } else { max });
    for s in scores.iter_mut() {
        *s = (*s - max).exp();
    }
    let sum = order.sum(scores, salt);
    for s in scores {
        *s /= sum;
    }
}

/// Adds what a head writes, `pattern (x W_V) W_O`, to `out` `[n, d_model]`.
pub(crate) fn write(x: &Matrix, head: &Head, pattern: &Matrix, order: Order, salt: u64, out: &mut Matrix) {
    let values = Packed::rows(&project(x, &head.w_v, &[], order, mix(salt, 4)));
    let d_head = head.w_v.cols();
    for_rows(
        out,
        || (Vec::new(), vec![0.0; d_head]),
        |(terms, z): &mut (Vec<Term>, Vec<f32>), q, row| {
            z.fill(0.0);
            nonzeros(pattern.row(q), terms);
            order.accumulate(terms, mix(mix(salt, 5), q as u64), z, &|key, c, out| values.axpy(key, c, out));
            multiply(z, &head.w_o, order, mix(mix(salt, 6), q as u64), terms, row);
        },
    );
}

/// `x W + b` for every row; the bias is sparse, (index, value).
pub(crate) fn project(x: &Matrix, w: &SparseMatrix, bias: &[(u32, f32)], order: Order, salt: u64) -> Matrix {
    let mut out = Matrix::zeros(x.rows, w.cols());
    let add_bias = |row: &mut [f32]| {
        for &(i, b) in bias {
            row[i as usize] += b;
        }
    };
    if w.is_zero() && bias.is_empty() {
        return out;
    }
    for_rows(&mut out, Vec::new, |terms, r, row| {
        let salt = mix(salt, r as u64);
        let first = order.bias_first(salt);
        if first {
            add_bias(row);
        }
        multiply(x.row(r), w, order, salt, terms, row);
        if !first {
            add_bias(row);
        }
    });
    out
}

/// `out += x W` for one row; only rows of W that have entries and whose x is not zero are touched.
pub(crate) fn multiply(x: &[f32], w: &SparseMatrix, order: Order, salt: u64, terms: &mut Vec<Term>, out: &mut [f32]) {
    terms.clear();
    let present = w.stored_rows().iter().enumerate();
    terms.extend(present.map(|(i, &r)| (i as u32, x[r as usize])).filter(|&(_, c)| c != 0.0));
    order.accumulate(terms, salt, out, &|i, c, out| {
        let (columns, values) = w.stored_row(i as usize);
        for (&column, v) in columns.iter().zip(values) {
            out[column as usize] += c * v;
        }
    });
}

/// The entries of a row that are not zero.
fn nonzeros(row: &[f32], terms: &mut Vec<Term>) {
    terms.clear();
    terms.extend(row.iter().enumerate().filter(|&(_, &v)| v != 0.0).map(|(i, &v)| (i as u32, v)));
}
