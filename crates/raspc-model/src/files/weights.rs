//! `model.safetensors`: sparse weights by coordinates, biases dense.
//!
//! A sparse tensor NAME is two: `NAME.indices`, i32 `[axes, nonzeros]`, and `NAME.values`, f32 `[nonzeros]`, ascending by index. So
//! `dense[tuple(indices)] = values` in numpy and `torch.sparse_coo_tensor(indices, values, shape)` give it back. The dense
//! biases `attn.b_K [n_heads, d_head]` and `mlp.b_in [d_mlp]` vouch for the sizes that the config claims. W_U is not in the file: it is
//! the output's read-out.

use std::collections::BTreeSet;
use std::fmt;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::config::ConfigFile;
use super::{WEIGHTS, bad};
use crate::check::MAX_SIZE;
use crate::error::ModelError;
use crate::matrix::{EntryError, SparseMatrix};
use crate::model::{Config, Head, Layer, Model};

/// Tensors in the file for each layer: four sparse ones of the heads, `b_K`, two sparse ones of the MLP, `b_in`.
const PER_LAYER: usize = 2 * 4 + 1 + 2 * 2 + 1;
/// Tensors for the two embeddings.
const EMBEDDINGS: usize = 2 * 2;

type Weights = (SparseMatrix, SparseMatrix, Vec<Layer>);

type Pick = fn(&Head) -> &SparseMatrix;

/// The matrices of a head by their names.
const HEAD: [(&str, Pick); 4] = [("W_Q", |h| &h.w_q), ("W_K", |h| &h.w_k), ("W_V", |h| &h.w_v), ("W_O", |h| &h.w_o)];

/// The file's bytes.
pub(super) fn to_bytes(model: &Model) -> Vec<u8> {
    let mut tensors = Tensors::default();
    tensors.sparse("embed.W_E", 2, &[&model.w_e]);
    tensors.sparse("pos_embed.W_pos", 2, &[&model.w_pos]);
    let c = &model.config;
    for (l, layer) in model.layers.iter().enumerate() {
        for (name, pick) in HEAD {
            let matrices: Vec<&SparseMatrix> = layer.heads.iter().map(pick).collect();
            tensors.sparse(&format!("blocks.{l}.attn.{name}"), 3, &matrices);
        }
        let mut b_k = vec![0.0; c.n_heads * c.d_head];
        for (row, head) in b_k.chunks_exact_mut(c.d_head.max(1)).zip(&layer.heads) {
            head.b_k.iter().for_each(|&(i, b)| row[i as usize] = b);
        }
        tensors.dense(format!("blocks.{l}.attn.b_K"), vec![c.n_heads, c.d_head], &b_k);
        tensors.sparse(&format!("blocks.{l}.mlp.W_in"), 2, &[&layer.w_in]);
        tensors.dense(format!("blocks.{l}.mlp.b_in"), vec![c.d_mlp], &layer.b_in);
        tensors.sparse(&format!("blocks.{l}.mlp.W_out"), 2, &[&layer.w_out]);
    }
    let views = tensors.0.iter().map(|(name, dtype, shape, bytes)| {
        (name, TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape says"))
    });
    safetensors::serialize(views, None).expect("the header is far below the format's limit")
}

/// Names, types, shapes and bytes of tensors to be written.
#[derive(Default)]
struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    /// Matrices by coordinates; of three axes the first is the index of the matrix.
    fn sparse(&mut self, name: &str, axes: usize, matrices: &[&SparseMatrix]) {
        let nonzeros = matrices.iter().map(|m| m.nonzeros()).sum();
        let entries = || (0u32..).zip(matrices).flat_map(|(h, m)| m.entries().map(move |(r, c, v)| ([h, r, c], v)));
        let mut indices = Vec::with_capacity(4 * axes * nonzeros);
        for axis in 3 - axes..3 {
            indices.extend(entries().flat_map(|(index, _)| index[axis].to_le_bytes()));
        }
        let values: Vec<f32> = entries().map(|(_, v)| v).collect();
        self.0.push((format!("{name}.indices"), Dtype::I32, vec![axes, nonzeros], indices));
        self.dense(format!("{name}.values"), vec![nonzeros], &values);
    }

    fn dense(&mut self, name: String, shape: Vec<usize>, values: &[f32]) {
        self.0.push((name, Dtype::F32, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()));
    }
}

/// The weights in the file, which have the shapes that the config says. The config's own sizes are checked.
pub(super) fn from_bytes(bytes: &[u8], file: &ConfigFile) -> Result<Weights, ModelError> {
    let c = &file.config;
    refuse_duplicates(bytes)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| bad(WEIGHTS, e))?;
    // Before anything is made for the layers that the config claims.
    let expected = c.n_layers.saturating_mul(PER_LAYER).saturating_add(EMBEDDINGS);
    if tensors.len() != expected {
        return Err(ModelError::Count { what: format!("tensors in {WEIGHTS}"), found: tensors.len(), expected });
    }
    if file.labels.len() != c.d_model {
        return Err(ModelError::Count { what: "labels".into(), found: file.labels.len(), expected: c.d_model });
    }
    let source = Source(&tensors);
    let w_e = source.matrix("embed.W_E", file.vocab.len().saturating_add(2), c.d_model)?;
    let w_pos = source.matrix("pos_embed.W_pos", c.max_len + 1, c.d_model)?;
    let layers = (0..c.n_layers).map(|l| source.layer(l, c)).collect::<Result<_, _>>()?;
    Ok((w_e, w_pos, layers))
}

struct Source<'a>(&'a SafeTensors<'a>);

impl Source<'_> {
    fn layer(&self, l: usize, c: &Config) -> Result<Layer, ModelError> {
        let (d, k) = (c.d_model, c.d_head);
        // The biases come first: their bytes are there, so `n_heads` and `d_mlp` are no mere claims any more.
        let b_k = self.f32s(&format!("blocks.{l}.attn.b_K"), &[c.n_heads, k])?;
        let b_in = self.f32s(&format!("blocks.{l}.mlp.b_in"), &[c.d_mlp])?;
        let head = |name: &str, rows, cols| {
            let matrices = self.sparse(&format!("blocks.{l}.attn.{name}"), 3, c.n_heads, (rows, cols))?;
            Ok(matrices.into_iter())
        };
        let (mut q, mut key, mut v) = (head("W_Q", d, k)?, head("W_K", d, k)?, head("W_V", d, k)?);
        let mut o = head("W_O", k, d)?;
        let sparse = |row: &[f32]| (0..).zip(row.iter().copied()).filter(|b| b.1 != 0.0).collect();
        let mut heads = Vec::new();
        for row in b_k.chunks_exact(k.max(1)) {
            let next = |m: &mut std::vec::IntoIter<SparseMatrix>| m.next().expect("a matrix for each head");
            heads.push(Head {
                w_q: next(&mut q),
                w_k: next(&mut key),
                b_k: sparse(row),
                w_v: next(&mut v),
                w_o: next(&mut o),
            });
        }
        let w_in = self.matrix(&format!("blocks.{l}.mlp.W_in"), d, c.d_mlp)?;
        let w_out = self.matrix(&format!("blocks.{l}.mlp.W_out"), c.d_mlp, d)?;
        Ok(Layer { heads, w_in, b_in, w_out })
    }

    fn matrix(&self, name: &str, rows: usize, cols: usize) -> Result<SparseMatrix, ModelError> {
        let mut matrices = self.sparse(name, 2, 1, (rows, cols))?;
        Ok(matrices.pop().expect("one matrix was asked for"))
    }

    /// `count` matrices of one shape; of three axes the first is the index of the matrix.
    fn sparse(
        &self,
        name: &str,
        axes: usize,
        count: usize,
        (rows, cols): (usize, usize),
    ) -> Result<Vec<SparseMatrix>, ModelError> {
        let values = format!("{name}.values");
        let nonzeros = self.tensor(&values)?.shape().iter().copied().next().unwrap_or(0);
        let values = self.f32s(&values, &[nonzeros])?;
        let name = format!("{name}.indices");
        let indices = self.view(&name, Dtype::I32, &[axes, nonzeros])?;
        let index = |axis: usize, i: usize| {
            let at = 4 * (axis * nonzeros + i);
            let bytes = indices[at..at + 4].try_into().expect("four bytes");
            // A negative index becomes one beyond MAX_SIZE, outside of every matrix.
            u32::from_le_bytes(bytes)
        };
        let head = |i: usize| if axes == 3 { index(0, i) as usize } else { 0 };
        let mut start = 0;
        let mut matrices = Vec::new();
        for h in 0..count {
            let end = start + (start..nonzeros).take_while(|&i| head(i) == h).count();
            let entries = (start..end).map(|i| (index(axes - 2, i), index(axes - 1, i), values[i]));
            let matrix = SparseMatrix::from_sorted(rows, cols, entries).map_err(|(i, why)| ModelError::Entry {
                what: name.clone(),
                entry: start + i,
                why,
            })?;
            matrices.push(matrix);
            start = end;
        }
        if start == nonzeros {
            return Ok(matrices);
        }
        let why = if head(start) < count { EntryError::Order } else { EntryError::Outside };
        Err(ModelError::Entry { what: name, entry: start, why })
    }

    /// The numbers of a dense tensor of a given shape, all finite.
    fn f32s(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let bytes = self.view(name, Dtype::F32, shape)?;
        let values: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect();
        match values.iter().position(|v| !v.is_finite()) {
            Some(entry) => Err(ModelError::Entry { what: name.into(), entry, why: EntryError::Value }),
            None => Ok(values),
        }
    }

    /// The bytes of a tensor of a given type and shape: as many as these say, the file's header was checked.
    fn view(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8], ModelError> {
        let view = self.tensor(name)?;
        if view.shape() != shape {
            let (found, expected) = (view.shape().to_vec(), shape.to_vec());
            return Err(ModelError::Shape { what: name.into(), found, expected });
        }
        if view.dtype() != dtype {
            return Err(bad(WEIGHTS, format!("{name} has the type {:?}, not {dtype:?}", view.dtype())));
        }
        Ok(view.data())
    }

    fn tensor(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        self.0.tensor(name).map_err(|e| bad(WEIGHTS, e))
    }
}

/// Refuses a header that names a tensor twice, of which the reader would silently take one.
fn refuse_duplicates(bytes: &[u8]) -> Result<(), ModelError> {
    let header = bytes.split_at_checked(8).and_then(|(length, rest)| {
        let length = u64::from_le_bytes(length.try_into().ok()?);
        rest.get(..usize::try_from(length).ok()?)
    });
    let header = header.ok_or_else(|| bad(WEIGHTS, "shorter than its header"))?;
    let mut json = serde_json::Deserializer::from_slice(header);
    json.deserialize_map(UniqueNames).map_err(|e| bad(WEIGHTS, e))
}

struct UniqueNames;

impl<'de> Visitor<'de> for UniqueNames {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
            if names.contains(&name) {
                return Err(serde::de::Error::custom(format!("tensor {name} is there twice")));
            }
            names.insert(name);
        }
        Ok(())
    }
}

// Indices as i32 are read as u32: whatever a config may claim, a negative one lies outside.
const _: () = assert!(MAX_SIZE <= i32::MAX as usize);
