//! The model in the coordinates of a runtime: at least one of everything, heads of a power of 4, and, where the
//! runtime has layer norms, every coordinate beside its negation.
//!
//! **Scores.** Stock runtimes divide scores by √d_head. Heads are padded with zeros to a power of 4 and W_Q is multiplied by
//! its root, so both factors are powers of two, and scores are bit by bit the model's.
//!
//! **Layer norms.** With weight √E and bias 0, a layer norm gives `(x - mean) √E / √(var + E)`. E = 2^120 swallows every
//! variance below 2^96, so that its root is exactly 2^60; the multiplications by 2^-60 and 2^60 are exact for numbers above
//! 2^-66; the layer norm subtracts the mean and does nothing else. The mean is made to vanish: after every eight coordinates
//! come their negations. A runtime computes the mean with rounding, and takes a remainder m from every coordinate alike. So
//! whatever reads a coordinate reads half of it, and half of its negation with the opposite sign:
//! `((x - m) - (-x - m)) / 2 = x`. Where |m| is less than half an ulp of x, both summands are exact and not one bit is lost.
//! m is a remainder of the largest numbers beside x. So each coordinate is divided by a power of two, where the compiler has
//! proved how large its numbers become: then none exceeds 1, and m lies below half an ulp of the ones of one-hots (measured:
//! at most 1/4 of it).

use std::rc::Rc;

use serde_json::{Value, json};

use super::Refusal;
use super::bounds::Bounds;
use super::codes::RANGE;
use super::describe::describe;
use super::tensor::Tensor;
use crate::matrix::SparseMatrix;
use crate::model::{Head, Layer, Model};

/// The epsilon of layer norms: a power of 4.
pub(super) const EPSILON: f64 = 1_329_227_995_784_915_872_903_807_060_280_344_576.0;
/// The weight of layer norms: the epsilon's root.
pub(super) const NORM_WEIGHT: f32 = 1_152_921_504_606_846_976.0;
/// Numbers up to here have a variance below half an ulp of the epsilon.
const LARGEST: f64 = 281_474_976_710_656.0;

/// How many coordinates stand beside each other before their negations follow: as many as the lanes of a vector register, each of
/// which sums a coordinate and its negation one after the other.
const SIDE: u32 = 8;

/// Entries of a matrix under construction.
type Entries = Vec<(u32, u32, f32)>;

/// A layout, held by each tensor that is made from it.
pub(super) type Shared<'a> = Rc<Layout<'a>>;

/// A model, and the sizes and coordinates it gets.
pub(super) struct Layout<'a> {
    model: &'a Model,
    pub(super) n_layers: usize,
    pub(super) n_heads: usize,
    pub(super) d_model: usize,
    pub(super) d_head: usize,
    pub(super) d_mlp: usize,
    mirrored: bool,
    /// √d_head
    scale: f32,
    /// `[d_model + 1]`: a coordinate holds the model's number divided by this power of two.
    units: Vec<f32>,
}

/// What a head reads.
#[derive(Clone, Copy)]
pub(super) enum Projection {
    Query,
    Key,
    Value,
}

impl<'a> Layout<'a> {
    /// For a runtime without norms.
    pub(super) fn plain(model: &'a Model) -> Result<Shared<'a>, Refusal> {
        let c = &model.config;
        let (d_head, scale) = power_of_4(c.d_head);
        let units = vec![1.0; c.d_model + 1];
        Self::new(model, (c.n_heads.max(1), d_head, scale), c.d_model.max(1), units, false)
    }

    /// For a runtime with layer norms, in which the residual stream is as wide as all heads together. One coordinate
    /// beyond the model's own is free: [`Layout::constant`].
    pub(super) fn mirrored(model: &'a Model) -> Result<Shared<'a>, Refusal> {
        let c = &model.config;
        let width = 2 * (c.d_model + 1).next_multiple_of(SIDE as usize);
        let heads_of = |(d_head, scale): (usize, f32)| (width.div_ceil(d_head).max(c.n_heads).max(1), d_head, scale);
        let next = |&(d, s): &(usize, f32)| (d < width).then_some((4 * d, 2.0 * s));
        // Sixteen at least: where vectors are as wide as a register, sums over them are taken alike for all coordinates.
        let candidates = std::iter::successors(Some(power_of_4(c.d_head.max(16))), next).map(heads_of);
        let heads = candidates.min_by_key(|&(n, d, _)| (n * d, n)).expect("there is a first one");
        Self::new(model, heads, heads.0 * heads.1, units(&Bounds::of(model))?, true)
    }

    fn new(
        model: &'a Model,
        (n_heads, d_head, scale): (usize, usize, f32),
        d_model: usize,
        units: Vec<f32>,
        mirrored: bool,
    ) -> Result<Shared<'a>, Refusal> {
        let (n_layers, d_mlp) = (model.config.n_layers.max(1), model.config.d_mlp.max(1));
        let layout = Self { model, n_layers, n_heads, d_model, d_head, d_mlp, mirrored, scale, units };
        layout.check_weights()?;
        Ok(Rc::new(layout))
    }

    /// A tensor of this layout.
    pub(super) fn tensor(
        self: &Rc<Self>,
        name: impl Into<String>,
        shape: &[usize],
        make: impl Fn(&Self) -> SparseMatrix + 'a,
    ) -> Tensor<'a> {
        let layout = self.clone();
        Tensor::new(name, shape, move || make(&layout))
    }

    /// The description of the model, with where its residual stream is found in this layout.
    pub(super) fn describe(&self) -> Value {
        let mut description = describe(self.model);
        if self.mirrored {
            let units = &self.units[..self.model.config.d_model];
            let places: Vec<u32> = (0..self.constant()).map(|d| self.place(d)).collect();
            let negations: Vec<u32> = places.iter().map(|at| at + SIDE).collect();
            let rule = "direction = (hidden[place] - hidden[negation]) / 2 * unit";
            let residual = json!({
                "rule": rule, "place": places, "negation": negations, "unit": units, "label": self.model.labels,
            });
            description.insert("residual".to_owned(), residual);
        }
        description.into()
    }

    /// The coordinate, in the model's counting, that the model does not have.
    pub(super) fn constant(&self) -> u32 {
        self.model.config.d_model as u32
    }

    /// Whether every weight times its powers of two is still that number.
    fn check_weights(&self) -> Result<(), Refusal> {
        let half = if self.mirrored { 0.5 } else { 1.0 };
        let exact = |v: f32, factor: f32| (v * factor).is_finite() && v * factor / factor == v;
        let writes = |m: &SparseMatrix| m.entries().all(|(_, c, v)| exact(v, 1.0 / self.units[c as usize]));
        let reads = |m: &SparseMatrix, scale: f32| {
            m.entries().all(|(r, _, v)| exact(v, half * scale) && exact(v * scale * half, self.units[r as usize]))
        };
        let head = |h: &Head| reads(&h.w_q, self.scale) && reads(&h.w_k, 1.0) && reads(&h.w_v, 1.0) && writes(&h.w_o);
        let layer = |l: &Layer| l.heads.iter().all(head) && reads(&l.w_in, 1.0) && writes(&l.w_out);
        let tables = writes(&self.model.w_e) && writes(&self.model.w_pos) && reads(&self.model.unembed(), 1.0);
        if tables && self.model.layers.iter().all(layer) {
            return Ok(());
        }
        let message = "a weight times a power of two leaves the range of 32-bit floats";
        Err(Refusal::new(
            RANGE,
            message,
            "choose a format that keeps the weights as they are: onnx, torch, safetensors",
        ))
    }

    /// Where a coordinate lies.
    fn place(&self, d: u32) -> u32 {
        if self.mirrored { d / SIDE * 2 * SIDE + d % SIDE } else { d }
    }

    /// What a weight that writes a coordinate becomes.
    fn writes(&self, d: u32, v: f32) -> impl Iterator<Item = (u32, f32)> {
        let (at, v) = (self.place(d), v / self.units[d as usize]);
        std::iter::once((at, v)).chain(self.mirrored.then_some((at + SIDE, -v)))
    }

    /// What a weight that reads a coordinate becomes.
    fn reads(&self, d: u32, v: f32) -> impl Iterator<Item = (u32, f32)> {
        let v = v * if self.mirrored { 0.5 } else { 1.0 } * self.units[d as usize];
        let at = self.place(d);
        std::iter::once((at, v)).chain(self.mirrored.then_some((at + SIDE, -v)))
    }

    fn writers(&self, matrix: &SparseMatrix, rows: usize, constant: bool) -> SparseMatrix {
        let entries = matrix.entries().flat_map(|(r, c, v)| self.writes(c, v).map(move |(c, v)| (r, c, v)));
        let constants = (0..rows as u32).filter(|_| constant);
        let constants = constants.flat_map(|r| self.writes(self.constant(), 1.0).map(move |(c, v)| (r, c, v)));
        SparseMatrix::from_entries(rows, self.d_model, entries.chain(constants).collect())
    }

    /// `W_E` `[ids, d_model]`; ids beyond the model's embed as nothing. With `constant`, the free coordinate is 1 for every id.
    pub(super) fn embed(&self, ids: usize, constant: bool) -> SparseMatrix {
        self.writers(&self.model.w_e, ids, constant)
    }

    /// `W_pos` `[max_len + 1, d_model]`
    pub(super) fn positions(&self) -> SparseMatrix {
        self.writers(&self.model.w_pos, self.model.config.max_len + 1, false)
    }

    fn layer(&self, l: usize) -> Option<&'a Layer> {
        self.model.layers.get(l)
    }

    fn heads(&self, l: usize) -> impl Iterator<Item = (u32, &'a Head)> {
        (0..).zip(self.layer(l).map_or(&[][..], |layer| &layer.heads))
    }

    /// Calls `put(head, row, column, weight)` for W_Q, W_K or W_V.
    fn each_projected(&self, l: usize, which: Projection, mut put: impl FnMut(u32, u32, u32, f32)) {
        for (h, head) in self.heads(l) {
            let (matrix, factor) = match which {
                Projection::Query => (&head.w_q, self.scale),
                Projection::Key => (&head.w_k, 1.0),
                Projection::Value => (&head.w_v, 1.0),
            };
            for (d, k, v) in matrix.entries() {
                self.reads(d, v * factor).for_each(|(row, v)| put(h, row, k, v));
            }
        }
    }

    /// W_Q, W_K or W_V as `[d_model, n_heads * d_head]`.
    pub(super) fn project(&self, l: usize, which: Projection) -> SparseMatrix {
        let mut entries = Entries::new();
        self.each_projected(l, which, |h, r, k, v| entries.push((r, h * self.d_head as u32 + k, v)));
        SparseMatrix::from_entries(self.d_model, self.n_heads * self.d_head, entries)
    }

    /// W_Q, W_K and W_V beside each other, `[d_model, 3 * n_heads * d_head]`.
    pub(super) fn project_all(&self, l: usize) -> SparseMatrix {
        let width = self.n_heads * self.d_head;
        let mut entries = Entries::new();
        for (i, which) in (0..).zip([Projection::Query, Projection::Key, Projection::Value]) {
            let start = i * width as u32;
            self.each_projected(l, which, |h, r, k, v| entries.push((r, start + h * self.d_head as u32 + k, v)));
        }
        SparseMatrix::from_entries(self.d_model, 3 * width, entries)
    }

    /// W_Q, W_K or W_V as `[n_heads * d_model, d_head]`.
    pub(super) fn project_by_head(&self, l: usize, which: Projection) -> SparseMatrix {
        let mut entries = Entries::new();
        self.each_projected(l, which, |h, r, k, v| entries.push((h * self.d_model as u32 + r, k, v)));
        SparseMatrix::from_entries(self.n_heads * self.d_model, self.d_head, entries)
    }

    /// `b_K` of all heads as `[rows, cols]`, starting at entry `start` of the first row.
    pub(super) fn key_bias(&self, l: usize, start: usize, (rows, cols): (usize, usize)) -> SparseMatrix {
        let at = |h: u32, k: u32| start + h as usize * self.d_head + k as usize;
        let entries = self.heads(l).flat_map(|(h, head)| {
            head.b_k.iter().map(move |&(k, v)| ((at(h, k) / cols) as u32, (at(h, k) % cols) as u32, v))
        });
        SparseMatrix::from_entries(rows, cols, entries.collect())
    }

    /// `W_O` `[n_heads * d_head, d_model]`
    pub(super) fn attention_out(&self, l: usize) -> SparseMatrix {
        let mut entries = Entries::new();
        for (h, head) in self.heads(l) {
            for (k, d, v) in head.w_o.entries() {
                let row = h * self.d_head as u32 + k;
                entries.extend(self.writes(d, v).map(|(c, v)| (row, c, v)));
            }
        }
        SparseMatrix::from_entries(self.n_heads * self.d_head, self.d_model, entries)
    }

    fn readers(&self, matrix: &SparseMatrix, cols: usize) -> SparseMatrix {
        let entries = matrix.entries().flat_map(|(r, c, v)| self.reads(r, v).map(move |(r, v)| (r, c, v)));
        SparseMatrix::from_entries(self.d_model, cols, entries.collect())
    }

    /// `W_in` `[d_model, d_mlp]`
    pub(super) fn mlp_in(&self, l: usize) -> SparseMatrix {
        self.layer(l).map_or_else(|| empty(self.d_model, self.d_mlp), |layer| self.readers(&layer.w_in, self.d_mlp))
    }

    /// `b_in` `[1, d_mlp]`
    pub(super) fn mlp_bias(&self, l: usize) -> SparseMatrix {
        let bias = self.layer(l).map_or(&[][..], |layer| &layer.b_in);
        SparseMatrix::from_entries(1, self.d_mlp, (0..).zip(bias).map(|(c, &v)| (0, c, v)).collect())
    }

    /// `W_out` `[d_mlp, d_model]`
    pub(super) fn mlp_out(&self, l: usize) -> SparseMatrix {
        let write = |layer: &Layer| self.writers(&layer.w_out, self.d_mlp, false);
        self.layer(l).map_or_else(|| empty(self.d_mlp, self.d_model), write)
    }

    /// `W_U` `[d_model, d_vocab_out]`
    pub(super) fn unembed(&self) -> SparseMatrix {
        let w_u = self.model.unembed();
        self.readers(&w_u, w_u.cols())
    }

    /// A head for symbols of which only some are the output's, `[d_model, symbols]`: column `columns[c]` is the output's
    /// class c, all others read `weight` times the free coordinate.
    pub(super) fn unembed_into(&self, columns: &[u32], symbols: usize, weight: f32) -> SparseMatrix {
        let mut taken = vec![false; symbols];
        columns.iter().for_each(|&c| taken[c as usize] = true);
        let w_u = self.model.unembed();
        let classes = w_u.entries().map(|(d, c, v)| (d, columns[c as usize], v));
        let others = (0..symbols as u32).filter(|&s| !taken[s as usize]).map(|s| (self.constant(), s, weight));
        let all = classes.chain(others).flat_map(|(d, c, v)| self.reads(d, v).map(move |(r, v)| (r, c, v)));
        SparseMatrix::from_entries(self.d_model, symbols, all.collect())
    }
}

fn empty(rows: usize, cols: usize) -> SparseMatrix {
    SparseMatrix::from_entries(rows, cols, Vec::new())
}

/// For each coordinate, the free one too, a power of two such that what is stored does not exceed 1.
///
/// # Errors
/// Numbers that layer norms would change.
fn units(bounds: &Bounds) -> Result<Vec<f32>, Refusal> {
    let largest = bounds.largest.iter().fold(0.0, |a: f64, &b| a.max(b));
    let fits = |x: f64| x < LARGEST;
    if !bounds.largest.iter().all(|&x| fits(x)) {
        let message = format!("the residual stream can hold numbers up to {largest:e}, which layer norms would change");
        return Err(Refusal::new(
            RANGE,
            message,
            "scale the numbers down, or choose a format without layer norms: onnx",
        ));
    }
    let unit = |&x: &f64| {
        let mut unit = 1.0_f32;
        while bounds.proved && f64::from(unit) < x {
            unit *= 2.0;
        }
        unit
    };
    Ok(bounds.largest.iter().map(unit).chain([1.0]).collect())
}

/// The least power of 4 that is at least `n`, and its root.
fn power_of_4(n: usize) -> (usize, f32) {
    let mut power = (1, 1.0);
    while power.0 < n {
        power = (4 * power.0, 2.0 * power.1);
    }
    power
}
