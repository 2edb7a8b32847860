//! A formula as a sum of disjoint selects, one for each value of an s-op on one side, where the tuples of the other side
//! are too many to list: the bit vector (numerics section 3).
//!
//! *Shared side.* All atoms read one s-op x on this side. For each value v of x the other side computes one bit m_v, the
//! formula with x = v; each atom with x = v is a function of one s-op of the other side, so the bit is a boolean function of
//! as many bits as there are atoms, whatever the s-ops can hold. The formula is Σ_v [x = v] m_v.
//!
//! *Positions.* Whatever the formula reads: for each of its disjoint conjunctions and each position p, the mean of [index
//! = p] over what the conjunction selects is positive where it selects p; that is a bit m, and the formula is
//! Σ [index = p] m over conjunctions and positions.
//!
//! At most one summand is 1, so the sum is 1 or 0: coefficients 1, level 1.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{Comparison, Graph, NodeId, Op, Predicate};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use super::additive::Additive;
use super::truth;
use crate::simplify::selector::Cube;

/// A formula one of whose sides is one s-op.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// The s-op.
    pub(super) node: NodeId,
    /// Its values.
    pub(super) values: Vec<Value>,
    /// Whether it is the side of the keys.
    pub(super) keys: bool,
}

impl Shared {
    /// Adds the bits and the selects to a graph; `to` says where the nodes of the formula's graph are there.
    pub(super) fn build(
        &self,
        old: &Graph,
        formula: truth::Formula,
        atoms: &[NodeId],
        graph: &mut Graph,
        to: &[NodeId],
    ) -> Additive {
        let mut made: BTreeMap<(usize, usize), NodeId> = BTreeMap::new();
        let holds = formula.truth(old);
        let mut terms = Vec::new();
        for (number, value) in self.values.iter().enumerate() {
            let args: Vec<NodeId> = (0..atoms.len())
                .map(|i| *made.entry((i, number)).or_insert_with(|| self.atom_bit(old, atoms[i], value, graph, to)))
                .collect();
            let truth = (0..1u32 << atoms.len()).map(|bits| holds.holds(bits)).collect();
            let function = Function { arity: args.len(), body: Body::Host(Arc::new(Formula(truth))) };
            let bit = graph.push(Op::Map { function, args }, None);
            let shared = to[self.node.index()];
            let (keys, queries) = if self.keys { (shared, bit) } else { (bit, shared) };
            let chosen = Match { value: value.clone(), key: self.keys };
            terms.push((select(graph, keys, queries, Arc::new(chosen)), 1));
        }
        Additive { terms, top: 1 }
    }

    /// One atom with this side's value fixed: a function of the s-op on the other side.
    fn atom_bit(&self, old: &Graph, atom: NodeId, value: &Value, graph: &mut Graph, to: &[NodeId]) -> NodeId {
        let Op::Select { keys, queries, predicate } = old.op(atom).clone() else { unreachable!("an atom") };
        let other = to[if self.keys { queries } else { keys }.index()];
        let fixed = Fixed { predicate, value: value.clone(), key: self.keys };
        let function = Function { arity: 1, body: Body::Host(Arc::new(fixed)) };
        graph.push(Op::Map { function, args: vec![other] }, None)
    }
}

/// Adds the position bits of disjoint conjunctions and the selects to a graph. `to` says where the nodes of the formula's
/// graph are there.
pub(super) fn positions(cubes: &[Cube], longest: usize, graph: &mut Graph, to: &[NodeId]) -> Additive {
    let indices = graph.push(Op::Indices, None);
    let families: Vec<NodeId> = cubes.iter().map(|c| conjunction(c, graph, to)).collect();
    let mut terms = Vec::new();
    for p in 0..longest {
        let is_here = Expr::Binary(BinaryOp::Eq, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::int(p as i64))));
        let here = Expr::Unary(UnaryOp::Indicator, Box::new(is_here));
        let here = graph.push(Op::Map { function: Function::expr(1, here), args: vec![indices] }, None);
        for &family in &families {
            let mean = Op::Aggregate { selector: family, values: here, default: Value::int(0) };
            let mean = graph.push(mean, None);
            let positive = Expr::Binary(BinaryOp::Gt, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::int(0))));
            let bit = graph.push(Op::Map { function: Function::expr(1, positive), args: vec![mean] }, None);
            let chosen = Match { value: Value::int(p as i64), key: true };
            terms.push((select(graph, indices, bit, Arc::new(chosen)), 1));
        }
    }
    Additive { terms, top: 1 }
}

fn conjunction(cube: &Cube, graph: &mut Graph, to: &[NodeId]) -> NodeId {
    let mut all: Option<NodeId> = None;
    for literal in cube {
        let select = to[literal.select.index()];
        let this = if literal.negated { graph.push(Op::Not(select), None) } else { select };
        all = Some(match all {
            Some(before) => graph.push(Op::And(before, this), None),
            None => this,
        });
    }
    all.unwrap_or_else(|| {
        let one = graph.push(Op::Const(Value::int(1)), None);
        graph.push(Op::Select { keys: one, queries: one, predicate: Predicate::Compare(Comparison::Eq) }, None)
    })
}

fn select(graph: &mut Graph, keys: NodeId, queries: NodeId, chosen: Arc<dyn HostFunction>) -> NodeId {
    let function = Function { arity: 2, body: Body::Host(chosen) };
    graph.push(Op::Select { keys, queries, predicate: Predicate::Function(function) }, None)
}

fn bits() -> Vec<Value> {
    vec![Value::Bool(false), Value::Bool(true)]
}

/// A predicate with one argument fixed. Where it raises no input has an output, and the bit may be anything.
#[derive(Debug)]
struct Fixed {
    predicate: Predicate,
    value: Value,
    key: bool,
}

impl HostFunction for Fixed {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let (k, q) = if self.key { (&self.value, &args[0]) } else { (&args[0], &self.value) };
        Ok(Value::Bool(self.predicate.apply(k, q).unwrap_or(false)))
    }

    fn name(&self) -> String {
        format!("is selected with {}", self.value)
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        Some(bits())
    }
}

/// A boolean function, by its arguments as bits.
#[derive(Debug)]
struct Formula(Vec<bool>);

impl HostFunction for Formula {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let at = args.iter().enumerate().fold(0, |at, (i, v)| at | usize::from(v.truthy()) << i);
        Ok(Value::Bool(self.0[at]))
    }

    fn name(&self) -> String {
        "formula".to_owned()
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        Some(bits())
    }
}

/// Whether one side holds a value and the other its bit.
#[derive(Debug)]
struct Match {
    value: Value,
    key: bool,
}

impl HostFunction for Match {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let (shared, bit) = if self.key { (&args[0], &args[1]) } else { (&args[1], &args[0]) };
        Ok(Value::Bool(*shared == self.value && bit.truthy()))
    }

    fn name(&self) -> String {
        format!("is {}", self.value)
    }
}
