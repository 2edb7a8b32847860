//! The encoded graph: how each s-op lives in the residual stream. Step (2), second half.

use raspc_lang::graph::{Graph, NodeId};
use raspc_lang::value::Value;

use crate::formula::{Additive, Forms};
use crate::simplify::selector::Cube;

/// A graph with an encoding for each node that needs one.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The simplified graph.
    pub graph: Graph,
    /// The output.
    pub output: NodeId,
    /// For each node of the program's graph: its node here, where the output depends on it, and no other form took its place.
    pub of: Vec<Option<NodeId>>,
    /// By node.
    pub plans: Vec<Plan>,
    /// The selectors that one head realises as a sum of selects.
    pub forms: Forms,
}

/// How one node is held. A selector, or a node that only views of others need, has neither encoding.
#[expect(clippy::struct_excessive_bools, reason = "each is one reader's wish or one fact, independent of the others")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// As a one-hot over its values.
    pub onehot: Option<OneHot>,
    /// As a number in one direction.
    pub number: Option<Number>,
    /// The number is read by steps: it must lie on a grid. The sign is that of the constant which keeps it there (of
    /// two numbers that are added, one stays positive and one negative, so that their sum stays exact); 0: not read so.
    pub lattice: i8,
    /// The number is read as it is too: by people, or by numbers made of it. Where the grid is much coarser than the number
    /// need be, steps then get a number of their own.
    pub plain: bool,
    /// None is a class of its own (the output).
    pub none_class: bool,
    /// 1/(1+w) of a width is read by steps.
    pub reciprocal: bool,
    /// 1/(1+w) of a width is read by the number of others.
    pub ratio: bool,
    /// For aggregates: the number that stands for a default that is no number, beyond all means.
    pub stand_in: Option<f64>,
    /// Readers add the number to others of at most this size, in its own units.
    pub reach: f64,
    /// Steps read the sum of their scalar in a direction of its own, on a grid made for that sum.
    pub gathered: bool,
    /// For aggregates and widths: the conjunctions of the selector, one head each; nothing where `additive` is one head
    /// for the whole.
    pub cubes: Vec<Cube>,
    /// For widths: all keys (the first conjunction, which is empty) less those of the others.
    pub complement: bool,
    /// For aggregates and widths: one head for a formula that is no conjunction.
    pub additive: Option<Additive>,
}

impl Plan {
    /// How many heads the selector takes.
    pub fn heads(&self) -> usize {
        if self.additive.is_some() { 1 } else { self.cubes.len() }
    }
}

/// How a one-hot comes to be.
#[derive(Clone, Debug, PartialEq)]
pub enum OneHot {
    /// The same value everywhere.
    Constant,
    /// A subspace that the embedding fills, by token or by position: `source` is `tokens` or `indices`.
    Embedded {
        /// `tokens` or `indices`.
        source: NodeId,
    },
    /// No subspace of its own: each class is a sum of classes of `base`.
    View {
        /// The node it is a function of.
        base: NodeId,
    },
    /// The number is 0 or 1, and so the one-hot.
    Bit,
    /// Thresholds on a scalar.
    Steps(Scalar),
    /// A lookup table of other one-hots.
    Table {
        /// The nodes it is a function of.
        dims: Vec<NodeId>,
    },
    /// Moved by a head: one selected key, or several that agree.
    Copy,
}

/// How a number comes to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// The same value everywhere.
    Constant,
    /// A direction that the embedding fills.
    Embedded {
        /// `tokens` or `indices`.
        source: NodeId,
    },
    /// Σ value · class of the one-hot of `base` (which may be the node itself).
    View {
        /// The node it is a function of.
        base: NodeId,
    },
    /// A sum of other numbers.
    Affine {
        /// The sum.
        sum: Sum,
        /// Whether hidden units copy it into a direction of its own (`-O0`).
        materialise: bool,
    },
    /// Thresholds on a scalar.
    Steps(Scalar),
    /// Chords of a function of a sum of numbers: near it, where steps on all its values would be too many to add up.
    Chords(Sum),
    /// A lookup table of one-hots.
    Table {
        /// The nodes it is a function of.
        dims: Vec<NodeId>,
    },
    /// A sum of numbers that categories choose.
    Gated(Gated),
    /// Moved and averaged by a head.
    Mean,
    /// Widths times whole factors, added: read from the reciprocals of their conjunctions.
    Counts(Vec<(NodeId, i64)>),
    /// Widths times whole factors, added: each is a number already.
    Added(Vec<(NodeId, i64)>),
    /// A width: read from the reciprocal of each conjunction, and added.
    Width,
}

/// A sum of numbers with constant factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// (node, factor)
    pub terms: Vec<(NodeId, f64)>,
    /// The constant.
    pub constant: f64,
}

/// A sum of numbers with factors that categories choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated {
    /// The categories.
    pub categories: Vec<NodeId>,
    /// The sums, with the combinations that choose them.
    pub groups: Vec<Group>,
    /// Whether some combinations make it none.
    pub nones: bool,
}

/// Combinations of categories that choose one sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// (node, factor)
    pub terms: Vec<(NodeId, f64)>,
    /// The constant.
    pub constant: f64,
    /// Values of the categories.
    pub tuples: Vec<Box<[Value]>>,
}

/// What steps are taken on.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// 1/(1+w) of a width with one conjunction.
    Reciprocal(NodeId),
    /// A sum of numbers.
    Sum(Sum),
}

impl Encoded {
    /// The node's plan.
    pub fn plan(&self, id: NodeId) -> &Plan {
        &self.plans[id.index()]
    }
}
