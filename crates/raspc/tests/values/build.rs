//! A few lines to write graphs with.

use std::sync::Arc;

use raspc::options::Options;
use raspc_lang::function::{Expr, Function};
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

/// A graph being written.
pub(crate) struct Build {
    pub(crate) graph: Graph,
}

impl Build {
    pub(crate) fn new(mask: Mask) -> Self {
        Self { graph: Graph::new(mask) }
    }

    pub(crate) fn full() -> Self {
        Self::new(Mask::Full)
    }

    pub(crate) fn causal() -> Self {
        Self::new(Mask::Causal)
    }

    pub(crate) fn push(&mut self, op: Op) -> NodeId {
        self.graph.push(op, None)
    }

    pub(crate) fn tokens(&mut self) -> NodeId {
        self.push(Op::Tokens)
    }

    pub(crate) fn indices(&mut self) -> NodeId {
        self.push(Op::Indices)
    }

    pub(crate) fn constant(&mut self, value: impl Into<Value>) -> NodeId {
        self.push(Op::Const(value.into()))
    }

    pub(crate) fn map(&mut self, function: Function, args: &[NodeId]) -> NodeId {
        self.push(Op::Map { function, args: args.to_vec() })
    }

    pub(crate) fn unary(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        self.map(Function::unary(op), &[a])
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        self.map(Function::binary(op), &[a, b])
    }

    /// `a op value`.
    pub(crate) fn with(&mut self, op: BinaryOp, a: NodeId, value: impl Into<Value>) -> NodeId {
        let expr = Expr::Binary(op, Box::new(Expr::Arg(0)), Box::new(Expr::Const(value.into())));
        self.map(Function::expr(1, expr), &[a])
    }

    /// `value op a`.
    pub(crate) fn of(&mut self, value: impl Into<Value>, op: BinaryOp, a: NodeId) -> NodeId {
        let expr = Expr::Binary(op, Box::new(Expr::Const(value.into())), Box::new(Expr::Arg(0)));
        self.map(Function::expr(1, expr), &[a])
    }

    pub(crate) fn select(&mut self, keys: NodeId, queries: NodeId, c: Comparison) -> NodeId {
        self.push(Op::Select { keys, queries, predicate: Predicate::Compare(c) })
    }

    pub(crate) fn everything(&mut self) -> NodeId {
        let one = self.constant(1);
        self.select(one, one, Comparison::Eq)
    }

    pub(crate) fn and(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.push(Op::And(a, b))
    }

    pub(crate) fn or(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.push(Op::Or(a, b))
    }

    pub(crate) fn aggregate(&mut self, selector: NodeId, values: NodeId) -> NodeId {
        self.aggregate_or(selector, values, Value::None)
    }

    pub(crate) fn aggregate_or(&mut self, selector: NodeId, values: NodeId, default: Value) -> NodeId {
        self.push(Op::Aggregate { selector, values, default })
    }

    pub(crate) fn width(&mut self, selector: NodeId) -> NodeId {
        self.push(Op::SelectorWidth(selector))
    }

    pub(crate) fn length(&mut self) -> NodeId {
        let all = self.everything();
        self.width(all)
    }
}

/// Options for a vocabulary of integers `0..n`.
pub(crate) fn numbers(n: i64, max_len: usize) -> Options {
    Options::new((0..n).map(Value::int).collect(), max_len)
}

/// Options for a vocabulary of characters.
pub(crate) fn chars(text: &str, max_len: usize) -> Options {
    Options::new(text.chars().map(|c| Value::str(c.to_string())).collect(), max_len)
}

/// All inputs of length 1 to the greatest.
pub(crate) fn inputs(options: &Options) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    let mut last: Vec<Vec<Value>> = vec![Vec::new()];
    for _ in 0..options.max_len {
        let longer = |input: &Vec<Value>| {
            let input = input.clone();
            options.vocab.iter().map(move |t| input.iter().cloned().chain([t.clone()]).collect::<Vec<Value>>())
        };
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Values of a set as texts.
pub(crate) fn texts(values: &Arc<[Value]>) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
