//! The reference interpreter: what a program means (DESIGN section 3). Straightforward, memoised, linear in the graph;
//! every node's values are kept.

use std::sync::Arc;

use crate::error::EvalError;
use crate::graph::{Graph, NodeId};
use crate::value::Value;

/// What every node holds on one input.
#[derive(Clone, Debug)]
pub struct Trace {
    columns: Vec<Column>,
}

/// What one node holds: the values of an s-op or the pattern of a selector, or the error that stopped it (its own or an
/// operand's).
#[derive(Clone, Debug)]
pub enum Column {
    /// One value a position.
    Values(Arc<[Value]>),
    /// The pattern.
    Pattern(Arc<Pattern>),
    /// No defined value on this input.
    Raised(EvalError),
}

/// A selector's boolean matrix, queries down, keys across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    n: usize,
    words_per_row: usize,
    bits: Vec<u64>,
}

impl Pattern {
    /// An all-false pattern over `n` positions.
    pub fn new(n: usize) -> Self {
        let words_per_row = n.div_ceil(64);
        Self { n, words_per_row, bits: vec![0; n * words_per_row] }
    }

    /// How many positions.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no positions.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Whether query `q` selects key `k`.
    pub fn get(&self, q: usize, k: usize) -> bool {
        self.bits[q * self.words_per_row + k / 64] >> (k % 64) & 1 == 1
    }

    /// Sets the cell.
    pub fn set(&mut self, q: usize, k: usize, selected: bool) {
        let bit = 1 << (k % 64);
        let word = &mut self.bits[q * self.words_per_row + k / 64];
        if selected { *word |= bit } else { *word &= !bit }
    }
}

impl Trace {
    /// The node's column.
    pub fn column(&self, id: NodeId) -> &Column {
        &self.columns[id.index()]
    }

    /// The node's values.
    ///
    /// # Errors
    /// The evaluation error that left it without values.
    pub fn values(&self, id: NodeId) -> Result<&[Value], EvalError> {
        match self.column(id) {
            Column::Values(v) => Ok(v),
            Column::Raised(e) => Err(e.clone()),
            Column::Pattern(_) => panic!("{id} is a selector"),
        }
    }
}

/// Evaluates every node of the graph on an input.
pub fn interpret(graph: &Graph, input: &[Value]) -> Trace {
    let _ = (graph, input);
    todo!()
}
