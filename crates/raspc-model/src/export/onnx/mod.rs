//! ONNX: one file, a graph of plain operators, opset 17.
//!
//! `input_ids` and an optional `attention_mask` (1 = keep) in; `logits`, `output_ids` or `values`, `last_hidden_state` out;
//! batch and sequence of any length. The weights are the model's own. They stream: everything else of the file is small
//! and is encoded first, and a message of the format may be given in pieces.

mod graph;
mod proto;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::Refusal;
use super::codes::SIZE;
use super::describe::{describe, tokens};
use super::file::{File, Part};
use crate::model::Model;
use graph::Graph;
use proto::{Element, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorProto};

/// Opset 17 came with version 8 of the format.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;

/// Field numbers of `ModelProto.graph`, `GraphProto.initializer` and `TensorProto.raw_data`.
const GRAPH: u32 = 7;
const INITIALIZER: u32 = 5;
const RAW_DATA: u32 = 9;

/// A message of the format is smaller than this.
const MOST_BYTES: u64 = i32::MAX as u64;

/// The file `model.onnx`.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    let Graph { proto, weights } = graph::graph(model);
    let mut inside = vec![Part::Bytes(proto.encode_to_vec())];
    for tensor in weights {
        let head = TensorProto::head(&tensor.name, Element::Float, &tensor.shape).encode_to_vec();
        let mut bytes = Vec::new();
        let raw = prefix(RAW_DATA, tensor.bytes());
        begin(&mut bytes, INITIALIZER, (head.len() as u64 + raw.len() as u64).saturating_add(tensor.bytes()));
        bytes.extend(head);
        bytes.extend(raw);
        inside.push(Part::Bytes(bytes));
        inside.push(Part::Tensor(tensor));
    }
    let file = File { name: "model.onnx".to_owned(), parts: inside };
    let size = file.bytes();
    let mut bytes = frame(model, program).encode_to_vec();
    begin(&mut bytes, GRAPH, size);
    if size.saturating_add(bytes.len() as u64) > MOST_BYTES {
        let message = "the dense weights take more than 2 GB, which an ONNX file cannot hold";
        return Err(Refusal::new(SIZE, message, "compile for fewer tokens or a shorter length, or export as torch"));
    }
    let parts = std::iter::once(Part::Bytes(bytes)).chain(file.parts).collect();
    Ok(vec![File { parts, ..file }])
}

/// The model without its graph.
fn frame(model: &Model, program: &str) -> ModelProto {
    ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("raspc".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: None,
        opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) }],
        metadata_props: metadata(model, program),
    }
}

/// The description in pieces: `input_vocab` is a list by id, BOS and PAD included, `output_vocab` one by output id.
fn metadata(model: &Model, program: &str) -> Vec<StringStringEntryProto> {
    let mut input = tokens(&model.vocab);
    let ids = input.as_array_mut().expect("a list");
    ids.extend([&model.config.bos, &model.config.pad].map(|text| text.clone().into()));
    let output = tokens(&model.output_tokens());
    let own = [
        ("input_vocab", input.to_string()),
        ("output_vocab", output.to_string()),
        ("bos", model.config.bos.clone()),
        ("bos_id", model.bos_id().to_string()),
        ("pad", model.config.pad.clone()),
        ("pad_id", model.pad_id().to_string()),
        ("max_seq_len", (model.config.max_len + 1).to_string()),
        ("raspc", serde_json::Value::Object(describe(model, program)).to_string()),
    ];
    own.into_iter()
        .map(|(key, value)| StringStringEntryProto { key: Some(key.to_owned()), value: Some(value) })
        .collect()
}

/// The key and length of a field whose content follows.
fn begin(bytes: &mut Vec<u8>, field: u32, length: u64) {
    encode_key(field, WireType::LengthDelimited, bytes);
    encode_varint(length, bytes);
}

fn prefix(field: u32, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin(&mut bytes, field, length);
    bytes
}

/// Reads a file, for tests.
#[cfg(test)]
pub(super) fn decode(bytes: &[u8]) -> ModelProto {
    ModelProto::decode(bytes).expect("a message")
}
