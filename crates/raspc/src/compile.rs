//! The six steps in order.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId};
use raspc_model::model::Model;

use crate::options::Options;
use crate::values::{Assumption, Values};

/// A compiled program: every stage, and the model.
#[derive(Debug)]
pub struct Compilation {
    /// The program's graph, as given.
    pub graph: Graph,
    /// The s-op that was compiled.
    pub output: NodeId,
    /// What was asked for.
    pub options: Options,
    /// Value sets and facts.
    pub values: Values,
    /// The model.
    pub model: Model,
    /// What the model rests on that was not proved.
    pub assumptions: Vec<Assumption>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles the s-op `output` of a graph.
///
/// # Errors
/// Diagnostics that name node, place and what to do.
pub fn compile(graph: &Graph, output: NodeId, options: &Options) -> Result<Compilation, Vec<Diagnostic>> {
    let _ = (graph, output, options);
    todo!()
}
