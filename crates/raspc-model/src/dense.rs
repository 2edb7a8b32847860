//! The dense form of a model: f32 tensors in the layout of TransformerLens, one row at a time.
//!
//! **Invariant.** Nothing is allocated but a row, unless somebody asks for a whole tensor: exporters stream.
//! Biases the model does not have are given too, as zeros, because stock runtimes ask for them.

use crate::matrix::SparseMatrix;
use crate::model::{Layer, Model};

/// A dense tensor, not yet written out.
#[derive(Clone, Debug)]
pub struct DenseTensor<'a> {
    /// Its name: `blocks.0.attn.W_Q`.
    pub name: String,
    /// Its shape, the last axis contiguous: `[n_heads, d_model, d_head]`.
    pub shape: Vec<usize>,
    content: Content<'a>,
}

#[derive(Clone, Debug)]
enum Content<'a> {
    /// Matrices one after another.
    Matrices(Vec<&'a SparseMatrix>),
    /// A matrix made for the purpose.
    Owned(SparseMatrix),
    /// Sparse rows one after another.
    Sparse(Vec<&'a [(u32, f32)]>),
    /// One row.
    Row(&'a [f32]),
    /// Rows of zeros.
    Zeros,
}

impl DenseTensor<'_> {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |a, &b| a.saturating_mul(b))
    }

    /// Whether it has no number at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long a row is: the last axis.
    pub fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Calls `visit` with every row, in order. A row has [`DenseTensor::width`] numbers.
    ///
    /// # Errors
    /// The first that `visit` gives.
    pub fn for_each_row<E>(&self, mut visit: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let mut row = vec![0.0; self.width()];
        match &self.content {
            Content::Matrices(matrices) => matrices.iter().try_for_each(|m| matrix_rows(m, &mut row, &mut visit)),
            Content::Owned(matrix) => matrix_rows(matrix, &mut row, &mut visit),
            Content::Sparse(rows) => rows.iter().try_for_each(|entries| {
                row.fill(0.0);
                for &(i, v) in *entries {
                    row[i as usize] = v;
                }
                visit(&row)
            }),
            Content::Row(values) => visit(values),
            Content::Zeros => (0..self.shape.iter().rev().skip(1).product()).try_for_each(|_| visit(&row)),
        }
    }

    /// Its entries as one matrix: as many columns as the last axis, the others together as rows.
    pub fn to_matrix(&self) -> SparseMatrix {
        let (width, rows) = (self.width(), self.shape.iter().rev().skip(1).product());
        let mut entries = Vec::new();
        let mut put = |r: usize, c: u32, v: f32| entries.push((r as u32, c, v));
        match &self.content {
            Content::Matrices(matrices) => {
                let starts = matrices.iter().scan(0, |next, m| Some(std::mem::replace(next, *next + m.rows())));
                starts
                    .zip(matrices)
                    .for_each(|(start, m)| m.entries().for_each(|(r, c, v)| put(start + r as usize, c, v)));
            }
            Content::Owned(matrix) => return matrix.clone(),
            Content::Sparse(rows) => {
                rows.iter().enumerate().for_each(|(r, row)| row.iter().for_each(|&(c, v)| put(r, c, v)));
            }
            Content::Row(values) => (0..).zip(*values).for_each(|(c, &v)| put(0, c, v)),
            Content::Zeros => {}
        }
        SparseMatrix::from_entries(rows, width, entries)
    }

    /// All numbers.
    pub fn to_vec(&self) -> Vec<f32> {
        let mut all = Vec::with_capacity(self.len());
        let Ok(()) = self.for_each_row(|row| -> Result<(), std::convert::Infallible> {
            all.extend_from_slice(row);
            Ok(())
        });
        all
    }
}

fn matrix_rows<E>(
    matrix: &SparseMatrix,
    row: &mut [f32],
    visit: &mut impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), E> {
    for r in 0..matrix.rows() {
        row.fill(0.0);
        let (columns, values) = matrix.row(r);
        for (&c, &v) in columns.iter().zip(values) {
            row[c as usize] = v;
        }
        visit(row)?;
    }
    Ok(())
}

impl Model {
    /// Every tensor of a stock runtime, densely, in this order: `embed.W_E [d_vocab, d_model]`,
    /// `pos_embed.W_pos [max_len + 1, d_model]`, for each layer `blocks.{l}.` `attn.W_Q`, `W_K`, `W_V`
    /// `[n_heads, d_model, d_head]`, `attn.W_O [n_heads, d_head, d_model]`, `attn.b_Q`, `b_K`, `b_V [n_heads, d_head]`,
    /// `attn.b_O [d_model]`, `mlp.W_in [d_model, d_mlp]`, `mlp.b_in [d_mlp]`, `mlp.W_out [d_mlp, d_model]`,
    /// `mlp.b_out [d_model]`, and at the end `unembed.W_U [d_model, d_vocab_out]` and `unembed.b_U [d_vocab_out]`.
    ///
    /// The weights are for a runtime that does not divide scores by √d_head. How much it will be says [`Model::dense_bytes`].
    pub fn dense(&self) -> impl Iterator<Item = DenseTensor<'_>> {
        let d = self.config.d_model;
        let embed = [matrix("embed.W_E", &self.w_e), matrix("pos_embed.W_pos", &self.w_pos)];
        let unembed = self.unembed();
        let n_out = unembed.cols();
        let w_u = DenseTensor { name: "unembed.W_U".into(), shape: vec![d, n_out], content: Content::Owned(unembed) };
        let blocks = self.layers.iter().enumerate().flat_map(|(l, layer)| self.dense_layer(l, layer));
        embed.into_iter().chain(blocks).chain([w_u, zeros("unembed.b_U", vec![n_out])])
    }

    fn dense_layer<'a>(&self, l: usize, layer: &'a Layer) -> Vec<DenseTensor<'a>> {
        let c = &self.config;
        let (heads, d, k) = (c.n_heads, c.d_model, c.d_head);
        let attn = |name: &str, shape: &[usize], content| DenseTensor {
            name: format!("blocks.{l}.attn.{name}"),
            shape: shape.to_vec(),
            content,
        };
        let per_head = |pick: fn(&'a crate::model::Head) -> &'a SparseMatrix| {
            Content::Matrices(layer.heads.iter().map(pick).collect())
        };
        let keys = Content::Sparse(layer.heads.iter().map(|h| h.b_k.as_slice()).collect());
        let mlp = |name: &str| format!("blocks.{l}.mlp.{name}");
        vec![
            attn("W_Q", &[heads, d, k], per_head(|h| &h.w_q)),
            attn("W_K", &[heads, d, k], per_head(|h| &h.w_k)),
            attn("W_V", &[heads, d, k], per_head(|h| &h.w_v)),
            attn("W_O", &[heads, k, d], per_head(|h| &h.w_o)),
            attn("b_Q", &[heads, k], Content::Zeros),
            attn("b_K", &[heads, k], keys),
            attn("b_V", &[heads, k], Content::Zeros),
            attn("b_O", &[d], Content::Zeros),
            matrix(&mlp("W_in"), &layer.w_in),
            DenseTensor { name: mlp("b_in"), shape: vec![c.d_mlp], content: Content::Row(&layer.b_in) },
            matrix(&mlp("W_out"), &layer.w_out),
            zeros(&mlp("b_out"), vec![d]),
        ]
    }
}

fn matrix<'a>(name: &str, m: &'a SparseMatrix) -> DenseTensor<'a> {
    DenseTensor { name: name.into(), shape: vec![m.rows(), m.cols()], content: Content::Matrices(vec![m]) }
}

fn zeros(name: &str, shape: Vec<usize>) -> DenseTensor<'static> {
    DenseTensor { name: name.into(), shape, content: Content::Zeros }
}
