//! Selector formulas: those over selects that read the same keys and the same queries are one select with a merged
//! predicate; any formula is a sum of disjoint conjunctions ([`cubes`]).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Graph, NodeId, Op, Predicate};
use raspc_lang::value::Value;

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

/// The formula, or its complement, as disjoint conjunctions.
pub fn cubes_of(graph: &Graph, selector: NodeId, negated: bool) -> Vec<Cube> {
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

/// At most how many conjunctions [`cubes_of`] gives, found without making them (they can be exponentially many).
pub fn cube_bound(graph: &Graph, selector: NodeId, negated: bool) -> usize {
    fn count(graph: &Graph, at: NodeId, negated: bool, known: &mut HashMap<(NodeId, bool), usize>) -> usize {
        if let Some(&n) = known.get(&(at, negated)) {
            return n;
        }
        let mut of = |node: &NodeId, negated| count(graph, *node, negated, known);
        let n = match (graph.op(at), negated) {
            (Op::Select { .. }, _) => 1,
            (Op::Not(a), _) => of(a, !negated),
            (Op::And(a, b), false) | (Op::Or(a, b), true) => of(a, negated).saturating_mul(of(b, negated)),
            (Op::Or(a, b), false) | (Op::And(a, b), true) => {
                of(a, negated).saturating_add(of(b, negated).saturating_mul(of(a, !negated)))
            }
            (op, _) => panic!("{op:?} is no selector"),
        };
        known.insert((at, negated), n);
        n
    }
    count(graph, selector, negated, &mut HashMap::new())
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
    let Simplified { graph, output, of, forms } = simplified;
    let mut out = Graph::new(graph.mask);
    let mut to: Vec<NodeId> = Vec::with_capacity(graph.len());
    for (_, node) in graph.iter() {
        let op = merge(&out, node.op.with_operands(|o| to[o.index()]));
        let id = out.push(op, node.span);
        node.names.iter().for_each(|n| out.name(id, n));
        out.node_mut(id).annotation = node.annotation;
        to.push(id);
    }
    let of = of.into_iter().map(|o| o.map(|o| to[o.index()])).collect();
    Simplified { output: to[output.index()], graph: out, of, forms }
}

/// One select for a formula over selects with the same keys and queries.
fn merge(graph: &Graph, op: Op) -> Op {
    let select = |id: NodeId| match graph.op(id) {
        Op::Select { keys, queries, predicate } => Some((*keys, *queries, predicate.clone())),
        _ => None,
    };
    let merged = match &op {
        Op::Not(a) => select(*a).map(|(k, q, p)| (k, q, Formula::Not(Box::new(Formula::Leaf(p))))),
        Op::And(a, b) | Op::Or(a, b) => match (select(*a), select(*b)) {
            (Some((k, q, x)), Some((k2, q2, y))) if (k, q) == (k2, q2) => {
                let pair = Box::new((Formula::Leaf(x), Formula::Leaf(y)));
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

/// A formula over predicates on one pair.
#[derive(Clone, Debug)]
enum Formula {
    Leaf(Predicate),
    Not(Box<Formula>),
    And(Box<(Formula, Formula)>),
    Or(Box<(Formula, Formula)>),
}

impl Formula {
    fn into_predicate(self) -> Predicate {
        Predicate::Function(Function { arity: 2, body: Body::Host(Arc::new(self)) })
    }

    fn eval(&self, k: &Value, q: &Value) -> Result<bool, EvalError> {
        match self {
            Self::Leaf(predicate) => predicate.apply(k, q),
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
            Self::Leaf(predicate) => match predicate {
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
