//! The computational graph of a program: step (1) of the six.
//!
//! **Invariants** ([`Graph::check`]). Nodes are in one vector, operands before users; ids are indices into it. A
//! selector operand is a selector, an s-op operand an s-op; arities match. The graph keeps operations as written:
//! identity is the id, sharing is by reference. Masking is part of it, since it changes what a program means.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::error::EvalError;
use crate::function::Function;
use crate::ops::order;
use crate::value::Value;

/// Index of a node; printed as `n7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// Which keys a position can see at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// Every position sees every position.
    Full,
    /// Position q sees keys ≤ q only.
    Causal,
}

/// A comparison of a key with a query: `key op query`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// `==`; none is a value equal only to itself.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}

/// What a select asks of key and query.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// `key op query`.
    Compare(Comparison),
    /// Any function of (key, query), on truthiness; called with none like any value.
    Function(Function),
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The input.
    Tokens,
    /// 0, 1, 2, …
    Indices,
    /// The same value everywhere.
    Const(Value),
    /// A function of one or more s-ops, element by element; none in, none out.
    Map {
        /// The function.
        function: Function,
        /// Its arguments.
        args: Vec<NodeId>,
    },
    /// The selector `predicate(keys[k], queries[q])`.
    Select {
        /// The s-op of the keys.
        keys: NodeId,
        /// The s-op of the queries.
        queries: NodeId,
        /// The predicate.
        predicate: Predicate,
    },
    /// Both select.
    And(NodeId, NodeId),
    /// One or both select.
    Or(NodeId, NodeId),
    /// Does not select.
    Not(NodeId),
    /// The value at the selected key; the mean of several numbers; the default where nothing is selected.
    Aggregate {
        /// The selector.
        selector: NodeId,
        /// The s-op whose values are moved.
        values: NodeId,
        /// The value where nothing is selected.
        default: Value,
    },
    /// How many keys are selected.
    SelectorWidth(NodeId),
}

/// Whether a node holds values or a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value at each position.
    SOp,
    /// A boolean for each query and key.
    Selector,
}

/// A node: an operation with the names and the place the program gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// Names in the program, first given first; empty for an inner expression.
    pub names: Vec<Arc<str>>,
    /// Where it was written.
    pub span: Option<Span>,
    /// The user's wish for its encoding, if any.
    pub annotation: Option<Annotation>,
}

/// A wish for a node's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Annotation {
    /// A one-hot over the value set.
    Categorical,
    /// One direction that holds the value.
    Numerical,
    /// A one-hot over the values it is proved to take, none assumed away; a direction of its own for each.
    OneHot,
}

/// A computational graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Which keys a position can see.
    pub mask: Mask,
}

impl Comparison {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    /// As written in a program.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// `key op query`.
    ///
    /// # Errors
    /// An ordering with none, between strings and numbers, or of host values, is an evaluation error.
    pub fn apply(self, key: &Value, query: &Value) -> Result<bool, EvalError> {
        match self {
            Self::Eq => Ok(key == query),
            Self::Ne => Ok(key != query),
            // Worded as the reference does: the query first, the comparison turned round.
            Self::Lt => Ok(order(">", query, key)?.is_gt()),
            Self::Le => Ok(order(">=", query, key)?.is_ge()),
            Self::Gt => Ok(order("<", query, key)?.is_lt()),
            Self::Ge => Ok(order("<=", query, key)?.is_le()),
        }
    }
}

impl Predicate {
    /// Whether the key is selected by the query.
    ///
    /// # Errors
    /// An evaluation error of the comparison or the function.
    pub fn apply(&self, key: &Value, query: &Value) -> Result<bool, EvalError> {
        match self {
            Self::Compare(c) => c.apply(key, query),
            Self::Function(f) => f.apply(&[key.clone(), query.clone()]).map(|v| v.truthy()),
        }
    }
}

impl Op {
    /// The nodes it reads, in order.
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Self::Tokens | Self::Indices | Self::Const(_) => Vec::new(),
            Self::Map { args, .. } => args.clone(),
            Self::Select { keys, queries, .. } => vec![*keys, *queries],
            Self::And(a, b) | Self::Or(a, b) => vec![*a, *b],
            Self::Not(a) | Self::SelectorWidth(a) => vec![*a],
            Self::Aggregate { selector, values, .. } => vec![*selector, *values],
        }
    }

    /// The same operation with each operand replaced.
    #[must_use]
    pub fn with_operands(&self, mut f: impl FnMut(NodeId) -> NodeId) -> Self {
        match self {
            Self::Tokens | Self::Indices | Self::Const(_) => self.clone(),
            Self::Map { function, args } => {
                Self::Map { function: function.clone(), args: args.iter().map(|&a| f(a)).collect() }
            }
            Self::Select { keys, queries, predicate } => {
                let (keys, queries) = (f(*keys), f(*queries));
                Self::Select { keys, queries, predicate: predicate.clone() }
            }
            Self::And(a, b) => Self::And(f(*a), f(*b)),
            Self::Or(a, b) => Self::Or(f(*a), f(*b)),
            Self::Not(a) => Self::Not(f(*a)),
            Self::SelectorWidth(a) => Self::SelectorWidth(f(*a)),
            Self::Aggregate { selector, values, default } => {
                let (selector, values) = (f(*selector), f(*values));
                Self::Aggregate { selector, values, default: default.clone() }
            }
        }
    }

    /// Whether it makes an s-op or a selector.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Select { .. } | Self::And(..) | Self::Or(..) | Self::Not(_) => Kind::Selector,
            _ => Kind::SOp,
        }
    }
}

impl Node {
    /// The node's first name.
    pub fn name(&self) -> Option<&str> {
        self.names.first().map(AsRef::as_ref)
    }
}

impl Graph {
    /// An empty graph.
    pub fn new(mask: Mask) -> Self {
        Self { nodes: Vec::new(), mask }
    }

    /// Adds a node; its operands must be there already.
    pub fn push(&mut self, op: Op, span: Option<Span>) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes"));
        debug_assert!(op.operands().iter().all(|o| o.0 < id.0), "operands come before users");
        self.nodes.push(Node { op, names: Vec::new(), span, annotation: None });
        id
    }

    /// Gives a node a further name.
    pub fn name(&mut self, id: NodeId, name: &str) {
        let names = &mut self.nodes[id.index()].names;
        if !names.iter().any(|n| **n == *name) {
            names.push(Arc::from(name));
        }
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node, to annotate it.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// The node's operation.
    pub fn op(&self, id: NodeId) -> &Op {
        &self.nodes[id.index()].op
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, operands before users.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, n)| (NodeId(i as u32), n))
    }

    /// What a user calls the node: its name, else the expression it stands for, shortened.
    pub fn describe(&self, id: NodeId) -> String {
        crate::print::describe(self, id)
    }

    /// What the node does: its operation over the names of what it reads, its own name left aside, shortened to about
    /// `most` characters.
    pub fn formula(&self, id: NodeId, most: usize) -> String {
        crate::print::formula(self, id, most)
    }

    /// Asserts every invariant of the module's head.
    ///
    /// # Panics
    /// When one does not hold: a bug of whoever built the graph.
    pub fn check(&self) {
        for (id, node) in self.iter() {
            for operand in node.op.operands() {
                assert!(operand < id, "{id} reads {operand}, which comes after it");
            }
            let want = |o: NodeId, kind: Kind| {
                assert_eq!(self.op(o).kind(), kind, "{id} reads {o}, which is no {kind:?}");
            };
            match &node.op {
                Op::Tokens | Op::Indices | Op::Const(_) => {}
                Op::Map { function, args } => {
                    assert!(!args.is_empty() && args.len() == function.arity, "{id}: arity");
                    assert!(function.is_well_formed(), "{id}: the function reads an argument it does not take");
                    for &a in args {
                        want(a, Kind::SOp);
                    }
                }
                Op::Select { keys, queries, predicate } => {
                    want(*keys, Kind::SOp);
                    want(*queries, Kind::SOp);
                    if let Predicate::Function(f) = predicate {
                        assert!(f.arity == 2 && f.is_well_formed(), "{id}: a predicate is of key and query");
                    }
                }
                Op::And(a, b) | Op::Or(a, b) => {
                    want(*a, Kind::Selector);
                    want(*b, Kind::Selector);
                }
                Op::Not(a) | Op::SelectorWidth(a) => want(*a, Kind::Selector),
                Op::Aggregate { selector, values, .. } => {
                    want(*selector, Kind::Selector);
                    want(*values, Kind::SOp);
                }
            }
        }
    }
}
