//! The program with equal operations merged: structurally equal nodes are one class.
//!
//! `indices` written twice, or two equal selects, hold the same values, and relations between values of one position are
//! found only when that is seen. Two operations are equal when they are the same operation on equal operands; constants
//! and built-in expressions are compared with their types (`1` is not `1.0` here, since a function may tell them apart),
//! tables and host functions by identity.
//!
//! The merged program is a [`Graph`] again, of only the nodes that the output depends on; its ids are called classes here.

use std::collections::HashMap;
use std::sync::Arc;

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::graph::{Graph, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::host::remembered;

/// An index into the merged graph.
pub(super) type Class = NodeId;

/// The merged program.
#[derive(Debug)]
pub(super) struct Dag {
    /// One node for each class, operands first.
    pub(super) graph: Graph,
    /// The class of each node of the program; none where the output does not depend on it.
    pub(super) class_of: Vec<Option<Class>>,
    /// The first node of the program in each class.
    pub(super) node_of: Vec<NodeId>,
    /// For each selector, whether an aggregate or a width reads it.
    pub(super) consumed: Vec<bool>,
    /// For each class with a function (a map, a select by a function): the function's number; equal functions share it.
    pub(super) function: Vec<Option<u32>>,
    /// The functions by number.
    pub(super) functions: Vec<Function>,
}

impl Dag {
    /// The operation of a class.
    pub(super) fn op(&self, class: Class) -> &Op {
        self.graph.op(class)
    }

    /// How many classes there are.
    pub(super) fn len(&self) -> usize {
        self.graph.len()
    }
}

/// Merges equal operations among those that are needed (with whatever these read).
pub(super) fn merge(graph: &Graph, needed: &[bool]) -> Dag {
    let mut dag = Dag {
        graph: Graph::new(graph.mask),
        class_of: vec![None; graph.len()],
        node_of: Vec::new(),
        consumed: Vec::new(),
        function: Vec::new(),
        functions: Vec::new(),
    };
    let mut classes: HashMap<Vec<u8>, Class> = HashMap::new();
    let mut functions: HashMap<Vec<u8>, u32> = HashMap::new();
    for (id, node) in graph.iter().filter(|(id, _)| needed[id.index()]) {
        let mut op = node.op.with_operands(|o| dag.class_of[o.index()].expect("operands come first"));
        order_operands(&mut op);
        let class = *classes.entry(key_of(&op)).or_insert_with(|| {
            let number = function_of(&mut op).map(|f| {
                let number = *functions.entry(function_key(f)).or_insert_with(|| {
                    dag.functions.push(remembered(f));
                    dag.functions.len() as u32 - 1
                });
                *f = dag.functions[number as usize].clone();
                number
            });
            dag.function.push(number);
            dag.node_of.push(id);
            dag.graph.push(op, node.span)
        });
        dag.class_of[id.index()] = Some(class);
    }
    dag.consumed = vec![false; dag.graph.len()];
    for (_, node) in dag.graph.iter() {
        if let Op::SelectorWidth(s) | Op::Aggregate { selector: s, .. } = node.op {
            dag.consumed[s.index()] = true;
        }
    }
    dag
}

/// And/or of selectors do not depend on the order of their operands.
fn order_operands(op: &mut Op) {
    if let Op::And(a, b) | Op::Or(a, b) = op
        && *a > *b
    {
        std::mem::swap(a, b);
    }
}

fn function_of(op: &mut Op) -> Option<&mut Function> {
    match op {
        Op::Map { function, .. } | Op::Select { predicate: Predicate::Function(function), .. } => Some(function),
        _ => None,
    }
}

/// Bytes that are equal exactly for equal operations on equal operands.
fn key_of(op: &Op) -> Vec<u8> {
    let mut key = Vec::new();
    let tag = match op {
        Op::Tokens => 0,
        Op::Indices => 1,
        Op::Const(_) => 2,
        Op::Map { .. } => 3,
        Op::Select { .. } => 4,
        Op::And(..) => 5,
        Op::Or(..) => 6,
        Op::Not(_) => 7,
        Op::Aggregate { .. } => 8,
        Op::SelectorWidth(_) => 9,
    };
    key.push(tag);
    for operand in op.operands() {
        key.extend(operand.0.to_le_bytes());
    }
    match op {
        Op::Const(value) | Op::Aggregate { default: value, .. } => value_key(value, &mut key),
        Op::Map { function, .. } => key.extend(function_key(function)),
        Op::Select { predicate: Predicate::Compare(c), .. } => key.extend([0, *c as u8]),
        Op::Select { predicate: Predicate::Function(f), .. } => {
            key.push(1);
            key.extend(function_key(f));
        }
        _ => {}
    }
    key
}

fn function_key(function: &Function) -> Vec<u8> {
    let mut key = function.arity.to_le_bytes().to_vec();
    match &function.body {
        Body::Expr(e) => {
            key.push(0);
            expr_key(e, &mut key);
        }
        Body::Table(t) => {
            key.push(1);
            key.extend((Arc::as_ptr(t).cast::<()>() as usize).to_le_bytes());
        }
        Body::Host(h) => {
            key.push(2);
            key.extend((Arc::as_ptr(h).cast::<()>() as usize).to_le_bytes());
        }
    }
    key
}

fn expr_key(expr: &Expr, key: &mut Vec<u8>) {
    match expr {
        Expr::Arg(i) => {
            key.push(0);
            key.extend(i.to_le_bytes());
        }
        Expr::Const(v) => {
            key.push(1);
            value_key(v, key);
        }
        Expr::Unary(op, a) => {
            key.extend([2, *op as u8]);
            expr_key(a, key);
        }
        Expr::Binary(op, a, b) => {
            key.extend([3, *op as u8]);
            expr_key(a, key);
            expr_key(b, key);
        }
        Expr::If { cond, then, otherwise } => {
            key.push(4);
            for e in [cond, then, otherwise] {
                expr_key(e, key);
            }
        }
        Expr::In(a, items) => {
            key.push(5);
            values_key(items.iter(), key);
            expr_key(a, key);
        }
        Expr::Item(items, a) => {
            key.push(6);
            values_key(items.iter(), key);
            expr_key(a, key);
        }
        Expr::Entry(entries, a) => {
            key.push(7);
            values_key(entries.iter().flat_map(|(k, v)| [k, v]), key);
            expr_key(a, key);
        }
    }
}

fn values_key<'a>(values: impl Iterator<Item = &'a Value>, key: &mut Vec<u8>) {
    let start = key.len();
    key.extend(0u64.to_le_bytes());
    let mut count = 0u64;
    for value in values {
        value_key(value, key);
        count += 1;
    }
    key[start..start + 8].copy_from_slice(&count.to_le_bytes());
}

/// Bytes that are equal exactly for equal values of one type (host values: for one object).
fn value_key(value: &Value, key: &mut Vec<u8>) {
    let mut text = |tag: u8, text: &str| {
        key.push(tag);
        key.extend(text.len().to_le_bytes());
        key.extend(text.as_bytes());
    };
    match value {
        Value::None => text(0, ""),
        Value::Bool(b) => text(1, if *b { "1" } else { "0" }),
        Value::Int(i) => text(2, &i.to_string()),
        Value::Str(s) => text(3, s),
        Value::Float(x) => {
            key.push(4);
            key.extend(x.get().to_bits().to_le_bytes());
        }
        Value::Host(h) => {
            key.push(5);
            key.extend((Arc::as_ptr(&h.0).cast::<()>() as usize).to_le_bytes());
        }
    }
}
