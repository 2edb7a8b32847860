//! What a page asks.

use serde::{Deserialize, Serialize};

/// A request. Which of its fields count depends on the verb; what is left out is chosen as the command line does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Request {
    /// What to do: `programs`, `check`, `compile`, `run`, `verify`, `explain`, `draw`, `explore`, `data`, `eval`, `folder`,
    /// `formats`, `export`, `codes`, `help`.
    pub verb: String,
    /// The program, and what it is compiled for.
    #[serde(flatten)]
    pub what: What,
    /// An input: characters, or JSON where it starts with `[` or `"`. Left out, the program's example.
    pub input: Option<String>,
    /// Several inputs (`explore`).
    pub inputs: Vec<String>,
    /// How inputs are read.
    pub mode: Mode,
    /// Whether a run is traced: every named s-op and selector, every head's pattern.
    pub trace: bool,
    /// The view of `draw`.
    pub view: String,
    /// The format of `export`.
    pub format: String,
    /// How many inputs `verify` checks.
    pub samples: Option<u64>,
    /// The seed of its samples.
    pub seed: u64,
    /// The code of `help`.
    pub code: String,
}

/// A program and what it is compiled for: equal ones have equal models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct What {
    /// The program's text; left out, the standard program called `name`.
    pub source: Option<String>,
    /// What messages call it.
    pub name: Option<String>,
    /// Whether the text is read as behind `raspc -e`: it knows the functions of the standard programs, and its last `;` may
    /// be missing.
    pub snippet: bool,
    /// The vocabulary, as `--vocab` takes it.
    pub vocab: Option<String>,
    /// The longest input.
    pub max_len: Option<usize>,
    /// Whether position q sees keys up to q only.
    pub causal: bool,
    /// The level of optimisation, 0 or 1.
    pub opt: Option<u8>,
    /// The s-op or selector that is asked for, by name; left out, the last one.
    pub sop: Option<String>,
}

/// How an input is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// JSON where it starts with `[` or `"`, else characters.
    #[default]
    Auto,
    /// Characters.
    Chars,
    /// Words between blanks, numbers as numbers.
    Words,
}
