//! The programs that certificates are tested on.

use raspc_lang::function::Function;
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::ops::BinaryOp;
use raspc_lang::value::Value;

/// A graph under construction.
pub(crate) struct Program(pub(crate) Graph);

impl Program {
    pub(crate) fn new(mask: Mask) -> Self {
        Self(Graph::new(mask))
    }

    pub(crate) fn op(&mut self, op: Op) -> NodeId {
        self.0.push(op, None)
    }

    pub(crate) fn constant(&mut self, v: impl Into<Value>) -> NodeId {
        self.op(Op::Const(v.into()))
    }

    pub(crate) fn select(&mut self, keys: NodeId, queries: NodeId, c: Comparison) -> NodeId {
        self.op(Op::Select { keys, queries, predicate: Predicate::Compare(c) })
    }

    pub(crate) fn aggregate(&mut self, selector: NodeId, values: NodeId, default: Value) -> NodeId {
        self.op(Op::Aggregate { selector, values, default })
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        self.op(Op::Map { function: Function::binary(op), args: vec![a, b] })
    }

    pub(crate) fn named(&mut self, id: NodeId, name: &str) -> NodeId {
        self.0.name(id, name);
        id
    }
}

/// A program and its output.
pub(crate) type Made = (Graph, NodeId);

pub(crate) fn letters(n: usize) -> Vec<Value> {
    (0..n).map(|i| Value::str(char::from(b'a' + i as u8).to_string())).collect()
}

pub(crate) fn ints(n: i64) -> Vec<Value> {
    (0..n).map(Value::int).collect()
}

pub(crate) fn length() -> Made {
    let mut p = Program::new(Mask::Full);
    let one = p.constant(1);
    let full = p.select(one, one, Comparison::Eq);
    let length = p.op(Op::SelectorWidth(full));
    p.named(length, "length");
    (p.0, length)
}

pub(crate) fn hist(mask: Mask) -> Made {
    let mut p = Program::new(mask);
    let t = p.op(Op::Tokens);
    let same = p.select(t, t, Comparison::Eq);
    let hist = p.op(Op::SelectorWidth(same));
    p.named(hist, "hist");
    (p.0, hist)
}

pub(crate) fn reverse() -> Made {
    let mut p = Program::new(Mask::Full);
    let (t, i, one) = (p.op(Op::Tokens), p.op(Op::Indices), p.constant(1));
    let full = p.select(one, one, Comparison::Eq);
    let length = p.op(Op::SelectorWidth(full));
    p.named(length, "length");
    let rest = p.binary(BinaryOp::Sub, length, i);
    let opposite = p.binary(BinaryOp::Sub, rest, one);
    p.named(opposite, "opposite");
    let flip = p.select(i, opposite, Comparison::Eq);
    let out = p.aggregate(flip, t, Value::None);
    p.named(out, "reverse");
    (p.0, out)
}

/// Tokens by rank; equal ones in their order if `stable`, else they must differ.
pub(crate) fn sort(stable: bool) -> Made {
    let mut p = Program::new(Mask::Full);
    let (t, i) = (p.op(Op::Tokens), p.op(Op::Indices));
    let mut before = p.select(t, t, Comparison::Lt);
    if stable {
        let same = p.select(t, t, Comparison::Eq);
        let earlier = p.select(i, i, Comparison::Lt);
        let tie = p.op(Op::And(same, earlier));
        before = p.op(Op::Or(before, tie));
    }
    let rank = p.op(Op::SelectorWidth(before));
    p.named(rank, "target_pos");
    let at = p.select(rank, i, Comparison::Eq);
    let out = p.aggregate(at, t, Value::None);
    p.named(out, "sort");
    (p.0, out)
}

/// Values moved twice, with a default other than none: BOS holds it.
pub(crate) fn shifts(mask: Mask, default: Value) -> Made {
    let mut p = Program::new(mask);
    let (t, i, one) = (p.op(Op::Tokens), p.op(Op::Indices), p.constant(1));
    let before = p.binary(BinaryOp::Sub, i, one);
    let previous = p.select(i, before, Comparison::Eq);
    let shifted = p.aggregate(previous, t, default);
    p.named(shifted, "shifted");
    let same = p.select(shifted, t, Comparison::Eq);
    let count = p.op(Op::SelectorWidth(same));
    p.named(count, "count");
    let again = p.aggregate(previous, count, Value::int(3));
    p.named(again, "again");
    (p.0, again)
}

/// The share of one token minus that of another among the tokens so far, and whether it is negative.
pub(crate) fn balance(mask: Mask) -> Made {
    let mut p = Program::new(mask);
    let (t, i) = (p.op(Op::Tokens), p.op(Op::Indices));
    let (open, close, zero) = (p.constant("a"), p.constant("b"), p.constant(0));
    let is_open = p.binary(BinaryOp::Eq, t, open);
    let is_close = p.binary(BinaryOp::Eq, t, close);
    let prefix = p.select(i, i, Comparison::Le);
    let (opened, closed) = (p.aggregate(prefix, is_open, Value::None), p.aggregate(prefix, is_close, Value::None));
    let balance = p.binary(BinaryOp::Sub, opened, closed);
    p.named(balance, "balance");
    let negative = p.binary(BinaryOp::Lt, balance, zero);
    p.named(negative, "negative");
    (p.0, negative)
}

/// For each token the mean of those equal to it, which is the token again: a soft copy.
fn copied(p: &mut Program) -> (NodeId, NodeId) {
    let t = p.op(Op::Tokens);
    let same = p.select(t, t, Comparison::Eq);
    let copy = p.aggregate(same, t, Value::None);
    p.named(copy, "copy");
    (t, copy)
}

/// How many tokens equal a soft copy.
pub(crate) fn copies() -> Made {
    let mut p = Program::new(Mask::Full);
    let (t, copy) = copied(&mut p);
    let equal = p.select(t, copy, Comparison::Eq);
    let count = p.op(Op::SelectorWidth(equal));
    p.named(count, "count");
    (p.0, count)
}

/// How many soft copies are less than a token.
pub(crate) fn ranks_of_copies() -> Made {
    let mut p = Program::new(Mask::Causal);
    let (t, copy) = copied(&mut p);
    let less = p.select(copy, t, Comparison::Lt);
    let rank = p.op(Op::SelectorWidth(less));
    p.named(rank, "rank");
    (p.0, rank)
}

/// A soft copy of a soft copy, counted.
pub(crate) fn twice() -> Made {
    let mut p = Program::new(Mask::Full);
    let (t, copy) = copied(&mut p);
    let alike = p.select(copy, copy, Comparison::Eq);
    let again = p.aggregate(alike, copy, Value::None);
    p.named(again, "again");
    let equal = p.select(again, t, Comparison::Eq);
    let count = p.op(Op::SelectorWidth(equal));
    p.named(count, "count");
    (p.0, count)
}

/// The token at the position that a soft copy says.
pub(crate) fn selected_by_copies() -> Made {
    let mut p = Program::new(Mask::Full);
    let (t, copy) = copied(&mut p);
    let i = p.op(Op::Indices);
    let at = p.select(i, copy, Comparison::Eq);
    let found = p.aggregate(at, t, Value::None);
    p.named(found, "found");
    (p.0, found)
}
