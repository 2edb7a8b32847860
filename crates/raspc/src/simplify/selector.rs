//! Selector formulas, brought into the form that heads can realise.
//!
//! 1. A formula over selects that read the same keys and the same queries is one select with a merged predicate.
//! 2. An aggregate needs one head, and one additive head realises exactly the conjunctions of selects and their
//!    complements (numerics section 3). Any other formula becomes one select over the *tuple* of its keys and the tuple
//!    of its queries, two element-wise s-ops that are added to the graph (the product on both sides).
//! 3. A width may be any formula: it is the sum of the widths of disjoint conjunctions ([`cubes`]).

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Graph, NodeId, Op, Predicate};
use raspc_lang::value::{HostObject, HostValue, Value};

use super::Simplified;

/// A select or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// A node whose operation is a select.
    pub select: NodeId,
    /// Whether its complement is meant.
    pub negated: bool,
}

/// A conjunction of literals; empty means: everything.
pub type Cube = Vec<Literal>;

/// The formula as disjoint conjunctions: every pair of positions that it selects is in exactly one of them.
///
/// Or(A, B) is A and (B and not A); conjunctions of disjoint families are disjoint; complements go inwards by De Morgan.
pub fn cubes(graph: &Graph, selector: NodeId) -> Vec<Cube> {
    cubes_of(graph, selector, false)
}

fn cubes_of(graph: &Graph, selector: NodeId, negated: bool) -> Vec<Cube> {
    match (graph.op(selector), negated) {
        (Op::Select { .. }, _) => vec![vec![Literal { select: selector, negated }]],
        (Op::Not(a), _) => cubes_of(graph, *a, !negated),
        (Op::And(a, b), false) | (Op::Or(a, b), true) => {
            product(&cubes_of(graph, *a, negated), &cubes_of(graph, *b, negated))
        }
        (Op::Or(a, b), false) | (Op::And(a, b), true) => {
            let mut all = cubes_of(graph, *a, negated);
            all.extend(product(&cubes_of(graph, *b, negated), &cubes_of(graph, *a, !negated)));
            all
        }
        (op, _) => panic!("{op:?} is no selector"),
    }
}

/// The conjunctions of one family with another; contradictions drop out.
fn product(a: &[Cube], b: &[Cube]) -> Vec<Cube> {
    let mut all = Vec::new();
    for x in a {
        for y in b {
            let mut cube: Cube = x.iter().chain(y).copied().collect();
            cube.sort_unstable();
            cube.dedup();
            let contradiction = cube.windows(2).any(|w| w[0].select == w[1].select);
            if !contradiction {
                all.push(cube);
            }
        }
    }
    all
}

/// Rewrites the selectors of a graph as the head of the module says.
pub(super) fn normalise(simplified: Simplified) -> Simplified {
    let Simplified { graph, output, of } = simplified;
    let mut out = Graph::new(graph.mask);
    let mut to: Vec<NodeId> = Vec::with_capacity(graph.len());
    for (_, node) in graph.iter() {
        let op = node.op.with_operands(|o| to[o.index()]);
        let op = merge(&out, op);
        let op = match op {
            Op::Aggregate { selector, values, default } => {
                let selector = single_head(&mut out, selector);
                Op::Aggregate { selector, values, default }
            }
            op => op,
        };
        let id = out.push(op, node.span);
        node.names.iter().for_each(|n| out.name(id, n));
        out.node_mut(id).annotation = node.annotation;
        to.push(id);
    }
    let of = of.into_iter().map(|o| o.map(|o| to[o.index()])).collect();
    Simplified { output: to[output.index()], graph: out, of }
}

/// One select for a formula over selects with the same keys and queries.
fn merge(graph: &Graph, op: Op) -> Op {
    let select = |id: NodeId| match graph.op(id) {
        Op::Select { keys, queries, predicate } => Some((*keys, *queries, predicate.clone())),
        _ => None,
    };
    let merged = match &op {
        Op::Not(a) => select(*a).map(|(k, q, p)| (k, q, Formula::Not(Box::new(Formula::leaf(p))))),
        Op::And(a, b) | Op::Or(a, b) => match (select(*a), select(*b)) {
            (Some((k, q, x)), Some((k2, q2, y))) if (k, q) == (k2, q2) => {
                let pair = Box::new((Formula::leaf(x), Formula::leaf(y)));
                Some((k, q, if matches!(op, Op::And(..)) { Formula::And(pair) } else { Formula::Or(pair) }))
            }
            _ => None,
        },
        _ => None,
    };
    match merged {
        Some((keys, queries, formula)) => Op::Select { keys, queries, predicate: formula.into_predicate() },
        None => op,
    }
}

/// A selector that one head realises: itself when it is a conjunction, else a select over tuples.
fn single_head(graph: &mut Graph, selector: NodeId) -> NodeId {
    if cubes(graph, selector).len() <= 1 {
        return selector;
    }
    let (mut keys, mut queries) = (Vec::new(), Vec::new());
    let formula = formula_of(graph, selector, &mut keys, &mut queries);
    let span = graph.node(selector).span;
    let keys = tuple(graph, &keys);
    let queries = tuple(graph, &queries);
    let id = graph.push(Op::Select { keys, queries, predicate: formula.into_predicate() }, span);
    let names = graph.node(selector).names.clone();
    for n in &names {
        graph.name(id, n);
    }
    id
}

fn formula_of(graph: &Graph, selector: NodeId, keys: &mut Vec<NodeId>, queries: &mut Vec<NodeId>) -> Formula {
    let place = |list: &mut Vec<NodeId>, id: NodeId| {
        list.iter().position(|&x| x == id).unwrap_or_else(|| {
            list.push(id);
            list.len() - 1
        })
    };
    match graph.op(selector) {
        Op::Select { keys: k, queries: q, predicate } => {
            Formula::Leaf { key: Some(place(keys, *k)), query: Some(place(queries, *q)), predicate: predicate.clone() }
        }
        Op::Not(a) => Formula::Not(Box::new(formula_of(graph, *a, keys, queries))),
        Op::And(a, b) => {
            let left = formula_of(graph, *a, keys, queries);
            Formula::And(Box::new((left, formula_of(graph, *b, keys, queries))))
        }
        Op::Or(a, b) => {
            let left = formula_of(graph, *a, keys, queries);
            Formula::Or(Box::new((left, formula_of(graph, *b, keys, queries))))
        }
        op => panic!("{op:?} is no selector"),
    }
}

/// The s-op of tuples; wrapped even for one item, so that the formula finds a tuple.
fn tuple(graph: &mut Graph, items: &[NodeId]) -> NodeId {
    let function = Function { arity: items.len(), body: Body::Host(Arc::new(MakeTuple)) };
    graph.push(Op::Map { function, args: items.to_vec() }, None)
}

/// A formula over predicates on one pair, or on components of a pair of tuples.
#[derive(Clone, Debug)]
enum Formula {
    Leaf {
        /// Component of the key tuple; none: the key itself.
        key: Option<usize>,
        query: Option<usize>,
        predicate: Predicate,
    },
    Not(Box<Formula>),
    And(Box<(Formula, Formula)>),
    Or(Box<(Formula, Formula)>),
}

impl Formula {
    fn leaf(predicate: Predicate) -> Self {
        Self::Leaf { key: None, query: None, predicate }
    }

    fn into_predicate(self) -> Predicate {
        Predicate::Function(Function { arity: 2, body: Body::Host(Arc::new(self)) })
    }

    fn eval(&self, k: &Value, q: &Value) -> Result<bool, EvalError> {
        match self {
            Self::Leaf { key, query, predicate } => predicate.apply(component(k, *key), component(q, *query)),
            Self::Not(a) => Ok(!a.eval(k, q)?),
            // Both sides are evaluated, as the interpreter does: a predicate that raises raises either way.
            Self::And(pair) => {
                let (a, b) = (pair.0.eval(k, q)?, pair.1.eval(k, q)?);
                Ok(a && b)
            }
            Self::Or(pair) => {
                let (a, b) = (pair.0.eval(k, q)?, pair.1.eval(k, q)?);
                Ok(a || b)
            }
        }
    }
}

impl HostFunction for Formula {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        self.eval(&args[0], &args[1]).map(Value::Bool)
    }

    fn name(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf { predicate, .. } => match predicate {
                Predicate::Compare(c) => f.write_str(c.symbol()),
                Predicate::Function(function) => match &function.body {
                    Body::Host(h) => f.write_str(&h.name()),
                    _ => f.write_str("predicate"),
                },
            },
            Self::Not(a) => write!(f, "not {a}"),
            Self::And(pair) => write!(f, "({} and {})", pair.0, pair.1),
            Self::Or(pair) => write!(f, "({} or {})", pair.0, pair.1),
        }
    }
}

fn component(value: &Value, at: Option<usize>) -> &Value {
    match (at, value) {
        (None, v) => v,
        (Some(i), Value::Host(h)) => &h.0.as_any().downcast_ref::<Tuple>().expect("a tuple made by MakeTuple").0[i],
        (Some(_), Value::None) => &Value::None,
        (Some(_), v) => panic!("{v} is no tuple"),
    }
}

/// The function that makes a tuple of its arguments.
#[derive(Debug)]
struct MakeTuple;

impl HostFunction for MakeTuple {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        Ok(Value::Host(HostValue(Arc::new(Tuple(args.to_vec())))))
    }

    fn name(&self) -> String {
        "tuple".to_owned()
    }
}

/// A tuple of values, as one value.
#[derive(Debug)]
struct Tuple(Vec<Value>);

impl HostObject for Tuple {
    fn equals(&self, other: &dyn HostObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| o.0 == self.0)
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn order(&self, other: &dyn HostObject) -> Ordering {
        other.as_any().downcast_ref::<Self>().map_or(Ordering::Less, |o| self.0.cmp(&o.0))
    }

    fn display(&self) -> String {
        let items: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        format!("({})", items.join(", "))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
