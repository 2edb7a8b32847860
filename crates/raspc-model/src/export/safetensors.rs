//! The safetensors format, streamed; and the format `safetensors`: the dense weights in one file.
//!
//! Eight bytes of length, a JSON header padded with blanks to a multiple of eight, then the tensors one after another.

use serde_json::{Map, Value, json};

use super::describe::describe;
use super::file::{File, Part};
use super::tensor::Tensor;
use crate::dense::DenseTensor;
use crate::model::Model;

/// The files: `model.safetensors`, whose metadata hold the description of the model as JSON.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Vec<File<'a>> {
    let description = Value::Object(describe(model, program)).to_string();
    vec![file("model.safetensors", &[("raspc", &description)], dense(model))]
}

/// The tensors of [`Model::dense`].
pub(super) fn dense(model: &Model) -> Vec<Tensor<'_>> {
    model.dense().map(of_dense).collect()
}

fn of_dense(tensor: DenseTensor<'_>) -> Tensor<'_> {
    let shape = tensor.shape.clone();
    Tensor::new(tensor.name.clone(), &shape, move || tensor.to_matrix())
}

/// A file of tensors, in their order, with these metadata (beside `format: pt`, which some readers ask for).
pub(super) fn file<'a>(name: &str, metadata: &[(&str, &str)], tensors: Vec<Tensor<'a>>) -> File<'a> {
    let mut parts = vec![Part::Bytes(header(metadata, &tensors))];
    parts.extend(tensors.into_iter().map(Part::Tensor));
    File { name: name.to_owned(), parts }
}

fn header(metadata: &[(&str, &str)], tensors: &[Tensor<'_>]) -> Vec<u8> {
    let all = [("format", "pt")].into_iter().chain(metadata.iter().copied());
    let metadata: Map<String, Value> = all.map(|(k, v)| (k.to_owned(), v.into())).collect();
    let mut entries = Map::new();
    entries.insert("__metadata__".to_owned(), metadata.into());
    let mut offset: u64 = 0;
    for tensor in tensors {
        let end = offset.saturating_add(tensor.bytes());
        let entry = json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end] });
        let before = entries.insert(tensor.name.clone(), entry);
        assert!(before.is_none(), "{}: each tensor is there once", tensor.name);
        offset = end;
    }
    let mut text = Value::Object(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut text);
    bytes
}
