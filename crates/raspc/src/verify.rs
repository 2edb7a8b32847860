//! Verify: the interpreter, the circuit and the model compared at every named node and position.

use raspc_lang::graph::NodeId;
use raspc_lang::value::Value;

use crate::compile::Compilation;

/// How inputs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All inputs are checked when there are at most this many; else this many are sampled.
    pub inputs: u64,
    /// Seed of the samples.
    pub seed: u64,
}

/// What verify found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many inputs were checked.
    pub checked: u64,
    /// Whether these were all inputs of the domain.
    pub exhaustive: bool,
    /// On how many inputs something disagreed.
    pub mismatches: u64,
    /// On how many inputs the program has no defined output.
    pub raised: u64,
    /// The first disagreement.
    pub first: Option<Mismatch>,
}

/// A disagreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The input.
    pub input: Vec<Value>,
    /// The level: `circuit` or `model`.
    pub level: &'static str,
    /// The node.
    pub node: NodeId,
    /// The position.
    pub position: usize,
    /// What the interpreter says.
    pub expected: Value,
    /// What the level says.
    pub got: Value,
}

/// Checks a compilation.
pub fn verify(compilation: &Compilation, plan: Plan, progress: &mut dyn FnMut(u64, u64)) -> Report {
    let _ = (compilation, plan, progress);
    todo!()
}
