//! PyTorch: a state dict and a short module to read and copy.
//!
//! The weights are the model's own, unpadded and unscaled: the module does not divide scores.

use serde_json::{Value, json};

use super::Refusal;
use super::describe::{check, describe};
use super::file::File;
use super::safetensors;
use crate::model::Model;

/// The module's source. It knows nothing of the model it comes with.
pub(super) const MODULE: &str = include_str!("torch/transformer.py");

/// The folder: `config.json`, `model.safetensors`, `transformer.py`.
///
/// # Errors
/// Tokens that its `config.json` could not tell apart.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    check(model)?;
    let c = &model.config;
    let mut config = describe(model, program);
    let sizes = [
        ("n_layers", c.n_layers),
        ("n_heads", c.n_heads),
        ("d_model", c.d_model),
        ("d_head", c.d_head),
        ("d_mlp", c.d_mlp),
        ("d_vocab", model.vocab.len() + 2),
        ("d_vocab_out", model.output_readout().decode.forms().len()),
    ];
    config.extend(sizes.map(|(name, size)| (name.to_owned(), json!(size))));
    Ok(vec![
        File::of_json("config.json", &Value::Object(config)),
        safetensors::file("model.safetensors", &[], safetensors::dense(model)),
        File::of_bytes("transformer.py", MODULE),
    ])
}
