//! The model in the shape of a runtime: at least one of everything, heads of a power of 4, and, where the runtime has
//! layer norms, the places that `coordinates` gives.
//!
//! **Scores.** Stock runtimes divide scores by √d_head. Heads are padded with zeros to a power of 4 and W_Q is multiplied by
//! its root, so both factors are powers of two, and scores are bit by bit the model's.
//!
//! **Layer norms.** With weight √E and a bias, a layer norm gives `(x - mean) √E / √(var + E) + bias`. E = 2^120 swallows every
//! variance below 2^96, so that its root is exactly 2^60; the multiplications by 2^-60 and 2^60 are exact for numbers above
//! 2^-66; what is left is `x - mean + bias`. After every eight places come their negations, so the mean is 0; a runtime
//! computes it with rounding, and takes a remainder m from all places alike. m is a remainder of the largest numbers there,
//! which are at most 1 where the compiler has proved ranges (measured: at most 2^-26). `coordinates` makes m vanish.

use std::rc::Rc;

use serde_json::Value;

use super::Refusal;
use super::codes::RANGE;
use super::coordinates::{Column, Coordinates, key_bias, scaled};
use super::describe::describe;
use super::tensor::Tensor;
use crate::matrix::SparseMatrix;
use crate::model::{Head, Layer, Model};

/// The epsilon of layer norms: a power of 4.
pub(super) const EPSILON: f64 = 1_329_227_995_784_915_872_903_807_060_280_344_576.0;
/// The weight of layer norms: the epsilon's root.
pub(super) const NORM_WEIGHT: f32 = 1_152_921_504_606_846_976.0;

/// Entries of a matrix under construction.
type Entries = Vec<(u32, u32, f32)>;

/// A layout, held by each tensor that is made from it.
pub(super) type Shared<'a> = Rc<Layout<'a>>;

/// A model, and the sizes and places it gets.
pub(super) struct Layout<'a> {
    model: &'a Model,
    pub(super) n_layers: usize,
    pub(super) n_heads: usize,
    pub(super) d_model: usize,
    pub(super) d_head: usize,
    pub(super) d_mlp: usize,
    /// √d_head
    scale: f32,
    coordinates: Coordinates,
}

/// What a head reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Projection {
    Query,
    Key,
    Value,
}

impl Projection {
    pub(super) const ALL: [Self; 3] = [Self::Query, Self::Key, Self::Value];
}

impl<'a> Layout<'a> {
    /// For a runtime without norms.
    pub(super) fn plain(model: &'a Model) -> Result<Shared<'a>, Refusal> {
        let c = &model.config;
        let (d_head, scale) = power_of_4(c.d_head);
        Self::new(model, Coordinates::plain(model), (c.n_heads.max(1), d_head, scale), c.d_model.max(1))
    }

    /// For a runtime with layer norms, in which the residual stream is as wide as all heads together.
    pub(super) fn mirrored(model: &'a Model) -> Result<Shared<'a>, Refusal> {
        let c = &model.config;
        let coordinates = Coordinates::mirrored(model)?;
        let width = coordinates.width;
        let heads_of = |(d_head, scale): (usize, f32)| (width.div_ceil(d_head).max(c.n_heads).max(1), d_head, scale);
        let next = |&(d, s): &(usize, f32)| (d < width).then_some((4 * d, 2.0 * s));
        // Sixteen at least, so that a stream is as wide as whole vector registers.
        let candidates = std::iter::successors(Some(power_of_4(c.d_head.max(16))), next).map(heads_of);
        let heads = candidates.min_by_key(|&(n, d, _)| (n * d, n)).expect("there is a first one");
        Self::new(model, coordinates, heads, heads.0 * heads.1)
    }

    fn new(
        model: &'a Model,
        coordinates: Coordinates,
        (n_heads, d_head, scale): (usize, usize, f32),
        d_model: usize,
    ) -> Result<Shared<'a>, Refusal> {
        let (n_layers, d_mlp) = (model.config.n_layers.max(1), model.config.d_mlp.max(1));
        let layout = Self { model, n_layers, n_heads, d_model, d_head, d_mlp, scale, coordinates };
        if layout.is_exact() {
            return Ok(Rc::new(layout));
        }
        let message = "a weight times a power of two leaves the range of 32-bit floats";
        let hint = "choose a format that keeps the weights as they are: onnx, torch, safetensors";
        Err(Refusal::new(RANGE, message, hint))
    }

    /// Whether every weight times its powers of two is still that number.
    fn is_exact(&self) -> bool {
        let writes = |m: &SparseMatrix| m.entries().all(|(_, d, v)| self.coordinates.write(d, v).is_some());
        let reads = |m: &SparseMatrix, bias: &dyn Fn(u32) -> f32| {
            let columns = m.transposed();
            let mut all = columns.stored_rows().iter().map(|&c| (c, columns.row(c as usize)));
            all.all(|(c, (rows, weights))| self.coordinates.read(rows, weights, bias(c)).is_some())
        };
        let bare = |m: &SparseMatrix| m.entries().all(|(d, _, v)| self.coordinates.read_bare(d, v).is_some());
        let head = |h: &Head| {
            let [q, k, v] = Projection::ALL.map(|which| {
                let scale = self.factor(which);
                let columns = self.head_columns(h, which);
                columns
                    .is_some_and(|all| all.iter().all(|(_, c)| c.weights.iter().all(|w| scaled(w.1, scale).is_some())))
            });
            q && k && v && writes(&h.w_o)
        };
        let layer = |l: &Layer| l.heads.iter().all(head) && reads(&l.w_in, &|c| l.b_in[c as usize]) && writes(&l.w_out);
        let tables = writes(&self.model.w_e) && writes(&self.model.w_pos) && bare(&self.model.unembed());
        tables && self.model.layers.iter().all(layer)
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

    /// The description of the model, with where its residual stream is found at the end.
    pub(super) fn describe(&self, program: &str) -> Value {
        let mut description = describe(self.model, program);
        description.insert("residual".to_owned(), self.coordinates.describe(&self.model.labels));
        description.into()
    }

    /// What layer norms within the model add, times `sign`: `[1, d_model]`.
    pub(super) fn offsets(&self, sign: f32) -> SparseMatrix {
        self.coordinates.offsets(sign, self.d_model)
    }

    fn write(&self, d: u32, v: f32) -> Vec<(u32, f32)> {
        self.coordinates.write(d, v).expect("checked when the layout was made")
    }

    fn writers(&self, matrix: &SparseMatrix, rows: usize, constant: bool) -> SparseMatrix {
        let entries = matrix.entries().flat_map(|(r, d, v)| self.write(d, v).into_iter().map(move |(c, v)| (r, c, v)));
        let constants = (0..rows as u32).filter(|_| constant);
        let one = self.write(self.coordinates.constant(), 1.0);
        let constants = constants.flat_map(|r| one.iter().map(move |&(c, v)| (r, c, v)));
        let all = if constant { entries.chain(constants).collect() } else { entries.collect() };
        SparseMatrix::from_entries(rows, self.d_model, all)
    }

    /// `W_E` `[ids, d_model]`; ids beyond the model's embed as nothing. With `constant`, the free direction is 1 for every id.
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

    /// By how much the runtime wants W_Q larger.
    fn factor(&self, which: Projection) -> f32 {
        if which == Projection::Query { self.scale } else { 1.0 }
    }

    /// The columns of a head's W_Q, W_K or W_V, W_Q not yet scaled. None where they are not exact.
    fn head_columns(&self, head: &Head, which: Projection) -> Option<Vec<(u32, Column)>> {
        let matrix = match which {
            Projection::Query => &head.w_q,
            Projection::Key => &head.w_k,
            Projection::Value => &head.w_v,
        };
        let columns = matrix.transposed();
        let bias = |k: u32| if which == Projection::Key { key_bias(head, k) } else { 0.0 };
        let stored = columns.stored_rows().iter().map(|&k| (k, columns.row(k as usize)));
        // A bias of a dimension that reads nothing stays as it is.
        let alone = head.b_k.iter().filter(|b| which == Projection::Key && columns.row(b.0 as usize).0.is_empty());
        let alone = alone.map(|&(k, bias)| Some((k, Column { weights: Vec::new(), bias })));
        let read = stored.map(|(k, (rows, weights))| Some((k, self.coordinates.read(rows, weights, bias(k))?)));
        read.chain(alone).collect()
    }

    /// Calls `put(head, dimension, column)` for W_Q, W_K or W_V of a layer.
    fn each_projected(&self, l: usize, which: Projection, mut put: impl FnMut(u32, u32, &Column)) {
        for (h, head) in self.heads(l) {
            for (k, column) in self.head_columns(head, which).expect("checked when the layout was made") {
                put(h, k, &column);
            }
        }
    }

    /// W_Q, W_K and W_V, as many of them as asked for, beside each other: `[d_model, projections * n_heads * d_head]`.
    pub(super) fn project(&self, l: usize, projections: &[Projection]) -> SparseMatrix {
        let width = self.n_heads * self.d_head;
        let mut entries = Entries::new();
        for (i, &which) in projections.iter().enumerate() {
            self.each_projected(l, which, |h, k, column| {
                let c = (i * width + h as usize * self.d_head) as u32 + k;
                entries.extend(column.weights.iter().map(|&(r, v)| (r, c, v * self.factor(which))));
            });
        }
        SparseMatrix::from_entries(self.d_model, projections.len() * width, entries)
    }

    /// W_Q, W_K or W_V as `[n_heads * d_model, d_head]`.
    pub(super) fn project_by_head(&self, l: usize, which: Projection) -> SparseMatrix {
        let mut entries = Entries::new();
        self.each_projected(l, which, |h, k, column| {
            let start = h * self.d_model as u32;
            entries.extend(column.weights.iter().map(|&(r, v)| (start + r, k, v * self.factor(which))));
        });
        SparseMatrix::from_entries(self.n_heads * self.d_model, self.d_head, entries)
    }

    /// `b_Q`, `b_K` and `b_V`, as many of them as asked for, one after the other, in rows of `cols`.
    pub(super) fn project_bias(&self, l: usize, projections: &[Projection], cols: usize) -> SparseMatrix {
        let width = self.n_heads * self.d_head;
        let mut entries = Entries::new();
        for (i, &which) in projections.iter().enumerate() {
            self.each_projected(l, which, |h, k, column| {
                let at = i * width + h as usize * self.d_head + k as usize;
                entries.push(((at / cols) as u32, (at % cols) as u32, column.bias * self.factor(which)));
            });
        }
        SparseMatrix::from_entries(projections.len() * width / cols, cols, entries)
    }

    /// `W_O` `[n_heads * d_head, d_model]`
    pub(super) fn attention_out(&self, l: usize) -> SparseMatrix {
        let mut entries = Entries::new();
        for (h, head) in self.heads(l) {
            for (k, d, v) in head.w_o.entries() {
                let row = h * self.d_head as u32 + k;
                entries.extend(self.write(d, v).into_iter().map(|(c, v)| (row, c, v)));
            }
        }
        SparseMatrix::from_entries(self.n_heads * self.d_head, self.d_model, entries)
    }

    /// The columns of a matrix that reads the stream.
    fn columns(&self, matrix: &SparseMatrix, bias: impl Fn(u32) -> f32) -> Vec<(u32, Column)> {
        let columns = matrix.transposed();
        let read = |&c: &u32| {
            let (rows, weights) = columns.row(c as usize);
            let column = self.coordinates.read(rows, weights, bias(c));
            (c, column.expect("checked when the layout was made"))
        };
        columns.stored_rows().iter().map(read).collect()
    }

    fn mlp_columns(&self, l: usize) -> Vec<(u32, Column)> {
        self.layer(l).map_or_else(Vec::new, |layer| self.columns(&layer.w_in, |c| layer.b_in[c as usize]))
    }

    /// `W_in` `[d_model, d_mlp]`
    pub(super) fn mlp_in(&self, l: usize) -> SparseMatrix {
        let columns = self.mlp_columns(l);
        let entries = columns.iter().flat_map(|(c, column)| column.weights.iter().map(|&(r, v)| (r, *c, v)));
        SparseMatrix::from_entries(self.d_model, self.d_mlp, entries.collect())
    }

    /// `b_in` `[1, d_mlp]`
    pub(super) fn mlp_bias(&self, l: usize) -> SparseMatrix {
        let mut bias = self.layer(l).map_or_else(Vec::new, |layer| layer.b_in.clone());
        self.mlp_columns(l).iter().for_each(|(c, column)| bias[*c as usize] = column.bias);
        SparseMatrix::from_entries(1, self.d_mlp, (0..).zip(bias).map(|(c, v)| (0, c, v)).collect())
    }

    /// `W_out` `[d_mlp, d_model]`
    pub(super) fn mlp_out(&self, l: usize) -> SparseMatrix {
        let nothing = || SparseMatrix::from_entries(self.d_mlp, self.d_model, Vec::new());
        self.layer(l).map_or_else(nothing, |layer| self.writers(&layer.w_out, self.d_mlp, false))
    }

    /// `W_U` `[d_model, d_vocab_out]`, for a stream without offsets.
    pub(super) fn unembed(&self) -> SparseMatrix {
        let columns: Vec<u32> = (0..self.model.output_readout().decode.forms().len() as u32).collect();
        self.unembed_into(&columns, columns.len(), 0.0)
    }

    /// A head for symbols of which only some are the output's, `[d_model, symbols]`, for a stream without offsets: column
    /// `columns[c]` is the output's class c, all others read `weight` times the free direction.
    pub(super) fn unembed_into(&self, columns: &[u32], symbols: usize, weight: f32) -> SparseMatrix {
        let mut taken = vec![false; symbols];
        for &c in columns {
            taken[c as usize] = true;
        }
        let bare = |d: u32, v: f32| self.coordinates.read_bare(d, v).expect("checked when the layout was made");
        let mut entries = Entries::new();
        for (d, c, v) in self.model.unembed().entries() {
            entries.extend(bare(d, v).map(|(r, v)| (r, columns[c as usize], v)));
        }
        for s in (0..symbols as u32).filter(|&s| !taken[s as usize]) {
            entries.extend(bare(self.coordinates.constant(), weight).map(|(r, v)| (r, s, v)));
        }
        SparseMatrix::from_entries(self.d_model, symbols, entries)
    }
}

/// The least power of 4 that is at least `n`, and its root.
fn power_of_4(n: usize) -> (usize, f32) {
    let mut power = (1, 1.0);
    while power.0 < n {
        power = (4 * power.0, 2.0 * power.1);
    }
    power
}
