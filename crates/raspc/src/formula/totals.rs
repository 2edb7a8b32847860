//! Functions of a sum of several numbers, as functions of one s-op that is the sum.
//!
//! Steps on a sum need no s-op for it. But where values of the function alternate (`1000 * m == n + 998`), what is known of
//! the sum by the function's value is nothing: below and above it is the same. An s-op that is the sum says where it lies, to
//! the certificate, and its direction carries it.
//!
//! **Exactness.** The function of the sum is a table, made of all that the terms hold together; where two of these have one
//! sum and different values of the function, there is no such table, and nothing is replaced.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::ops::BinaryOp;
use raspc_lang::value::Value;

use crate::encode::plan::{Encoded, Number, OneHot, Scalar, Sum};
use crate::simplify::Simplified;
use crate::values::Values;

/// Most combinations of what the terms hold.
const COMBINATIONS: usize = 1 << 20;

/// The program with `node` a function of one s-op that is the sum which its steps read; nothing where it is none.
pub fn by_total(simplified: &Simplified, values: &Values, encoded: &Encoded, node: NodeId) -> Option<Simplified> {
    let plan = encoded.plan(node);
    let ((Some(OneHot::Steps(scalar)), _) | (_, Some(Number::Steps(scalar)))) = (&plan.onehot, &plan.number) else {
        return None;
    };
    let Scalar::Sum(sum) = scalar else { return None };
    if sum.terms.len() < 2 || sum.terms.iter().any(|t| t.0 == node) {
        return None;
    }
    let total = expression(sum)?;
    let table = Table::of(values, sum, &total, node)?;
    let span = simplified.graph.node(node).span;
    Some(simplified.rewritten(|graph, _, to, id| {
        (id == node).then(|| {
            let args: Vec<NodeId> = sum.terms.iter().map(|t| to[t.0.index()]).collect();
            let added = graph.push(Op::Map { function: Function::expr(args.len(), total.clone()), args }, span);
            let function = Function { arity: 1, body: Body::Host(Arc::new(table.clone())) };
            graph.push(Op::Map { function, args: vec![added] }, span)
        })
    }))
}

/// Σ factor · argument.
fn expression(sum: &Sum) -> Option<Expr> {
    let term = |(i, &(_, factor)): (usize, &(NodeId, f64))| {
        if factor == 1.0 {
            return Some(Expr::Arg(i));
        }
        let whole = factor.fract() == 0.0 && factor.abs() < 1e15;
        let factor = if whole { Value::int(factor as i64) } else { Value::float(factor).ok()? };
        Some(Expr::Binary(BinaryOp::Mul, Box::new(Expr::Arg(i)), Box::new(Expr::Const(factor))))
    };
    let terms: Vec<Expr> = sum.terms.iter().enumerate().map(term).collect::<Option<_>>()?;
    terms.into_iter().reduce(|a, b| Expr::Binary(BinaryOp::Add, Box::new(a), Box::new(b)))
}

/// A function of a number, by its values.
#[derive(Clone, Debug)]
struct Table(BTreeMap<Value, Value>);

impl Table {
    fn of(values: &Values, sum: &Sum, total: &Expr, node: NodeId) -> Option<Self> {
        let mut nodes: Vec<NodeId> = sum.terms.iter().map(|t| t.0).collect();
        nodes.push(node);
        let mut table: BTreeMap<Value, Value> = BTreeMap::new();
        for tuple in values.joint(&nodes, COMBINATIONS).ok()? {
            let (value, terms) = tuple.split_last().expect("the node is there");
            if terms.iter().any(Value::is_none) {
                // None in, none out.
                if !value.is_none() {
                    return None;
                }
                continue;
            }
            let at = total.eval(terms).ok()?;
            if table.entry(at).or_insert_with(|| value.clone()) != value {
                return None;
            }
        }
        (!table.is_empty()).then_some(Self(table))
    }
}

impl HostFunction for Table {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        // (A sum that no combination has is reached by no input.)
        let found = self.0.get(&args[0]).or_else(|| self.0.values().next());
        Ok(found.expect("the table is not empty").clone())
    }

    fn name(&self) -> String {
        "a function of".to_owned()
    }
}
