//! What a model is, as plain JSON for the users of a runtime: its vocabulary, its output, what it requires and rests on.
//!
//! Tokens are plain here: numbers are numbers, none is `null`. (Integers beyond 64 bits and a host's values are text.)

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Refusal;
use super::codes::SYMBOLS;
use crate::model::{Decode, Model};
use crate::token::Token;

/// The description. Every export carries it, as a file or in its metadata.
pub(super) fn describe(model: &Model, program: &str) -> Map<String, Value> {
    let c = &model.config;
    let output = model.output_readout();
    let entries = [
        ("compiler", json!("raspc")),
        ("program", json!(output.name)),
        ("listing", json!(program)),
        ("causal", json!(c.causal)),
        ("max_len", json!(c.max_len)),
        ("max_seq_len", json!(c.max_len + 1)),
        ("vocab", tokens(&model.vocab)),
        ("bos", json!(c.bos)),
        ("bos_id", json!(model.bos_id())),
        ("pad", json!(c.pad)),
        ("pad_id", json!(model.pad_id())),
        ("output", decode(&output.decode)),
        ("dtype", json!("float32")),
        ("requires", json!("float32 matrix products (TF32 off)")),
        ("assumptions", json!(model.assumptions)),
        ("certificate", certificate(model)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Whether the description tells all tokens, and all values of the output, apart: a host's values and integers beyond 64 bits
/// are text in it, and strings are text too.
///
/// # Errors
/// Two that look alike.
pub(super) fn check(model: &Model) -> Result<(), Refusal> {
    let values = match &model.output_readout().decode {
        Decode::Categorical { classes } => classes.iter().map(|(token, _)| token.clone()).collect(),
        Decode::Numerical { .. } => Vec::new(),
    };
    for (what, tokens) in [("tokens", &model.vocab), ("values of the output", &values)] {
        let mut seen = BTreeSet::new();
        if let Some(twice) = tokens.iter().map(|t| plain(t).to_string()).find(|t| !seen.insert(t.clone())) {
            let message = format!("two {what} are {twice} in JSON, where tuples and other objects are text");
            return Err(Refusal::new(
                SYMBOLS,
                message,
                "choose other tokens, or a format whose inputs are ids: onnx, transformer-lens",
            ));
        }
    }
    Ok(())
}

/// What was proved, without what concerns single nodes.
fn certificate(model: &Model) -> Value {
    let mut certificate = model.certificate.clone();
    if let Some(fields) = certificate.as_object_mut() {
        fields.shift_remove("nodes");
    }
    certificate
}

/// How the logits are read.
fn decode(decode: &Decode) -> Value {
    match decode {
        Decode::Categorical { classes } => {
            let values: Vec<Value> = classes.iter().map(|(token, _)| plain(token)).collect();
            json!({ "kind": "categorical", "values": values })
        }
        Decode::Numerical { defined, bound, values, .. } => json!({
            "kind": "numerical",
            "columns": number_columns(defined.is_some()),
            "bound": bound,
            "values": values.as_deref().map(tokens),
        }),
    }
}

/// What the columns of a number's logits are.
pub(super) fn number_columns(can_be_none: bool) -> &'static [&'static str] {
    if can_be_none { &["value", "defined"] } else { &["value"] }
}

/// Tokens as a JSON array.
pub(super) fn tokens(tokens: &[Token]) -> Value {
    tokens.iter().map(plain).collect()
}

/// A token as plain JSON.
pub(super) fn plain(token: &Token) -> Value {
    match token {
        Token::None => Value::Null,
        Token::Bool(b) => json!(b),
        Token::Int(text) => text.parse::<i64>().map_or_else(|_| json!(text), |i| json!(i)),
        Token::Float(x) => json!(x),
        Token::Str(text) | Token::Other(text) => json!(text),
    }
}
