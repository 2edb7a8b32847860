//! Tokens: what goes into a model and what comes out. A small type of its own: this crate knows nothing about RASP.

use serde::{Deserialize, Serialize};

/// A token or a decoded value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Token {
    /// Undefined.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer, in decimal (of any size).
    Int(String),
    /// A finite float.
    Float(f64),
    /// A string.
    Str(String),
    /// Anything else, as text.
    Other(String),
}
