//! Value sets: what each s-op can hold, for every input of the declared vocabulary up to the declared length. Step (2),
//! first half.
//!
//! Sets are supersets. They are enumerated only when a reader asks.

use std::sync::Arc;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId};
use raspc_lang::value::Value;

use crate::options::Options;

/// What one s-op can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSet {
    /// Enumerated, in canonical order, without duplicates (none first, where it can occur).
    Finite(Arc<[Value]>),
    /// Numbers that are described and not enumerated yet.
    Numbers {
        /// Least number.
        lo: f64,
        /// Greatest number.
        hi: f64,
        /// Whether none can occur too.
        none: bool,
        /// In words, for `explain`: `mean of {0, 1} over at most 5 positions`.
        description: String,
    },
}

/// More tuples than the limit allows: how many there would be, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explosion {
    /// A lower bound of the count (saturating).
    pub count: u64,
}

/// Something the compiler relies on without having proved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The node.
    pub node: NodeId,
    /// What is assumed, as a sentence.
    pub text: String,
}

/// The value sets of a graph and the facts that follow from them.
#[derive(Debug)]
pub struct Values;

/// Infers the value sets of every node that `output` depends on.
///
/// # Errors
/// A function that raises on arguments which some input is proved to reach.
pub fn infer(graph: &Graph, output: NodeId, options: &Options) -> Result<Values, Vec<Diagnostic>> {
    let _ = (graph, output, options);
    todo!()
}

impl Values {
    /// What the s-op can hold.
    pub fn set(&self, node: NodeId) -> &ValueSet {
        let _ = node;
        todo!()
    }

    /// The s-op's values, enumerated (canonical order, none first where it can occur); memoised.
    ///
    /// # Errors
    /// More values than the limit.
    pub fn enumerate(&self, node: NodeId) -> Result<Arc<[Value]>, Explosion> {
        let _ = node;
        todo!()
    }

    /// A superset of the tuples of values that these s-ops hold together at one position, without duplicates, in
    /// lexicographic canonical order. Tuples on which a function raises are left out (see [`Values::assumptions`]).
    ///
    /// # Errors
    /// More tuples than `limit`.
    pub fn joint(&self, nodes: &[NodeId], limit: usize) -> Result<Vec<Box<[Value]>>, Explosion> {
        let _ = (nodes, limit);
        todo!()
    }

    /// Whether none can occur.
    pub fn can_be_none(&self, node: NodeId) -> bool {
        let _ = node;
        todo!()
    }

    /// Whether the s-op holds the same value at every position of one input.
    pub fn is_uniform(&self, node: NodeId) -> bool {
        let _ = node;
        todo!()
    }

    /// Whether equal values of `a` at two positions of one input imply equal values of `b` there.
    pub fn determines(&self, a: NodeId, b: NodeId) -> bool {
        let _ = (a, b);
        todo!()
    }

    /// Whether no two positions of one input hold the same value of `a`.
    pub fn is_injective(&self, a: NodeId) -> bool {
        let _ = a;
        todo!()
    }

    /// Least and greatest number of keys that a selector can select.
    pub fn width_range(&self, selector: NodeId) -> (usize, usize) {
        let _ = selector;
        todo!()
    }

    /// Whether all keys that one query selects through `selector` hold equal values of `values`.
    pub fn selects_equal(&self, selector: NodeId, values: NodeId) -> bool {
        let _ = (selector, values);
        todo!()
    }

    /// What was assumed and not proved, in the order of the nodes.
    pub fn assumptions(&self) -> &[Assumption] {
        todo!()
    }

    /// Warnings found on the way (a function that tells equal values apart).
    pub fn warnings(&self) -> &[Diagnostic] {
        todo!()
    }
}
