//! What every node of a graph holds on an input.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyList;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::error::EvalError;
use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::interpret::{Column, Trace as Evaluated};
use raspc_lang::source::Sources;

use crate::errors::{self, RAISED};
use crate::registry::{self, Registry};

/// What every node holds on one input.
#[pyclass(frozen, module = "raspc._native")]
pub(crate) struct Trace {
    graph: Arc<Graph>,
    evaluated: Evaluated,
    registry: Arc<Registry>,
    sources: Arc<Sources>,
}

impl Trace {
    pub(crate) fn new(graph: Arc<Graph>, evaluated: Evaluated, registry: Arc<Registry>, sources: Arc<Sources>) -> Self {
        Self { graph, evaluated, registry, sources }
    }

    fn node(&self, py: Python<'_>, id: u32, kind: Kind) -> PyResult<NodeId> {
        let node = NodeId(id);
        if node.index() >= self.graph.len() || self.graph.op(node).kind() != kind {
            let wanted = if kind == Kind::SOp { "s-op" } else { "selector" };
            return Err(errors::usage(py, format!("node {id} is no {wanted} of the graph"), "see `Graph.is_selector`"));
        }
        Ok(node)
    }

    fn failure(&self, py: Python<'_>, id: NodeId, error: &EvalError) -> PyErr {
        let at = self.evaluated.origin(&self.graph, id).unwrap_or(id);
        let name = self.graph.describe(at);
        let message = format!("on this input `{name}` has no defined value: {error}");
        let d = Diagnostic::error(RAISED, message).at(self.graph.node(at).span).node(name);
        let d = d.hint("keep such inputs away, or change the program");
        errors::failure(py, &[d], &self.sources, Some(&self.registry))
    }
}

#[pymethods]
impl Trace {
    /// The values of an s-op, one a position; raises where it has none on this input.
    #[pyo3(signature = (id) -> "list[Any]")]
    fn values<'py>(&self, py: Python<'py>, id: u32) -> PyResult<Bound<'py, PyList>> {
        let id = self.node(py, id, Kind::SOp)?;
        match self.evaluated.values(id) {
            Ok(values) => registry::list(py, values),
            Err(e) => Err(self.failure(py, id, &e)),
        }
    }

    /// The pattern of a selector, `[query, key]`; raises where it has none on this input.
    fn pattern<'py>(&self, py: Python<'py>, id: u32) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let id = self.node(py, id, Kind::Selector)?;
        match self.evaluated.pattern(id) {
            Ok(pattern) => {
                let n = pattern.len();
                let cells = (0..n).flat_map(|q| (0..n).map(move |k| pattern.get(q, k))).collect();
                PyArray1::from_vec(py, cells).reshape([n, n])
            }
            Err(e) => Err(self.failure(py, id, &e)),
        }
    }

    /// The error that left a node without a value on this input, or None.
    fn error(&self, id: u32) -> Option<String> {
        let id = NodeId(id);
        match (id.index() < self.graph.len()).then(|| self.evaluated.column(id))? {
            Column::Raised(e) => Some(e.to_string()),
            _ => None,
        }
    }
}
