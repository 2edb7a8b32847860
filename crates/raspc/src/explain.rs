//! Explain: the six steps of a compilation in words and tables.

use crate::compile::Compilation;

/// Which stage to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// (1) the computational graph
    Graph,
    /// (2) value sets and encodings
    Encoded,
    /// (3) blocks
    Circuit,
    /// (4) layers
    Schedule,
    /// (5) and (6): residual stream and weights
    Model,
}

/// One stage as deterministic text.
pub fn emit(compilation: &Compilation, stage: Stage) -> String {
    let _ = (compilation, stage);
    todo!()
}

/// All six steps, told to a student.
pub fn explain(compilation: &Compilation) -> String {
    let _ = compilation;
    todo!()
}
