//! Hand-built programs: interpreter, circuit and model agree everywhere.

use raspc::compile::compile;
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::function::Function;
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::ops::BinaryOp;
use raspc_lang::value::Value;

struct B(Graph);

impl B {
    fn new(mask: Mask) -> Self {
        Self(Graph::new(mask))
    }
    fn op(&mut self, op: Op) -> NodeId {
        self.0.push(op, None)
    }
    fn c(&mut self, v: impl Into<Value>) -> NodeId {
        self.op(Op::Const(v.into()))
    }
    fn select(&mut self, keys: NodeId, queries: NodeId, c: Comparison) -> NodeId {
        self.op(Op::Select { keys, queries, predicate: Predicate::Compare(c) })
    }
    fn agg(&mut self, selector: NodeId, values: NodeId, default: Value) -> NodeId {
        self.op(Op::Aggregate { selector, values, default })
    }
    fn bin(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        self.op(Op::Map { function: Function::binary(op), args: vec![a, b] })
    }
    fn named(&mut self, id: NodeId, name: &str) -> NodeId {
        self.0.name(id, name);
        id
    }
}

fn check(b: &B, output: NodeId, vocab: &[Value], max_len: usize, inputs: u64) {
    for opt in [OptLevel::O0, OptLevel::O1] {
        let mut options = Options::new(vocab.to_vec(), max_len);
        options.opt = opt;
        let c = compile(&b.0, output, &options).unwrap_or_else(|e| panic!("{opt:?}: {e:#?}"));
        let report = verify(&c, Plan { inputs, seed: 7 }, &mut |_, _| {});
        assert_eq!(report.mismatches, 0, "{opt:?}: {report:#?}\n{}", raspc::explain::explain(&c));
        assert!(report.raised < report.checked.max(2) / 2 + 1, "{report:?}");
        println!("{opt:?} {:?} params {}", c.model.config, c.model.parameters());
    }
}

fn letters(s: &str) -> Vec<Value> {
    s.chars().map(|c| Value::str(c.to_string())).collect()
}

fn ints(n: i64) -> Vec<Value> {
    (0..n).map(Value::int).collect()
}

#[test]
fn hist() {
    for mask in [Mask::Full, Mask::Causal] {
        let mut b = B::new(mask);
        let t = b.op(Op::Tokens);
        let same = b.select(t, t, Comparison::Eq);
        let h = b.op(Op::SelectorWidth(same));
        b.named(h, "hist");
        check(&b, h, &letters("abc"), 5, 2000);
        check(&b, h, &letters("abc"), 12, 200);
    }
}

#[test]
fn reverse() {
    let mut b = B::new(Mask::Full);
    let (t, i) = (b.op(Op::Tokens), b.op(Op::Indices));
    let one = b.c(1);
    let full = b.select(one, one, Comparison::Eq);
    let len = b.op(Op::SelectorWidth(full));
    let x = b.bin(BinaryOp::Sub, len, i);
    let opp = b.bin(BinaryOp::Sub, x, one);
    b.named(opp, "opp");
    let flip = b.select(i, opp, Comparison::Eq);
    let out = b.agg(flip, t, Value::None);
    b.named(out, "reverse");
    check(&b, out, &letters("abc"), 5, 2000);
    check(&b, out, &ints(20), 20, 200);
}

#[test]
fn sort_unique() {
    let mut b = B::new(Mask::Full);
    let (t, i) = (b.op(Op::Tokens), b.op(Op::Indices));
    let smaller = b.select(t, t, Comparison::Lt);
    let target = b.op(Op::SelectorWidth(smaller));
    b.named(target, "target_pos");
    let sel = b.select(target, i, Comparison::Eq);
    let out = b.agg(sel, t, Value::None);
    b.named(out, "sort");
    check(&b, out, &ints(5), 5, 4000);
    check(&b, out, &ints(30), 20, 200);
}

#[test]
fn shift_and_defaults() {
    for default in [Value::None, Value::str("a"), Value::str("z")] {
        for mask in [Mask::Full, Mask::Causal] {
            let mut b = B::new(mask);
            let (t, i, one) = (b.op(Op::Tokens), b.op(Op::Indices), b.c(1));
            let prev = b.bin(BinaryOp::Sub, i, one);
            let sel = b.select(i, prev, Comparison::Eq);
            let s = b.agg(sel, t, default.clone());
            b.named(s, "s");
            let same = b.select(s, t, Comparison::Eq);
            let w = b.op(Op::SelectorWidth(same));
            b.named(w, "w");
            let again = b.agg(sel, w, Value::int(3));
            b.named(again, "again");
            check(&b, s, &letters("abc"), 4, 2000);
            check(&b, again, &letters("abc"), 4, 2000);
        }
    }
}

#[test]
fn fractions() {
    for mask in [Mask::Full, Mask::Causal] {
        let mut b = B::new(mask);
        let (t, i) = (b.op(Op::Tokens), b.op(Op::Indices));
        let (open, close) = (b.c("("), b.c(")"));
        let is_open = b.bin(BinaryOp::Eq, t, open);
        let is_close = b.bin(BinaryOp::Eq, t, close);
        let prevs = b.select(i, i, Comparison::Le);
        let (fo, fc) = (b.agg(prevs, is_open, Value::None), b.agg(prevs, is_close, Value::None));
        let bal = b.bin(BinaryOp::Sub, fo, fc);
        b.named(bal, "balance");
        check(&b, bal, &letters("()x"), 6, 2000);
        let zero = b.c(0);
        let neg = b.bin(BinaryOp::Lt, bal, zero);
        b.named(neg, "neg");
        check(&b, neg, &letters("()x"), 6, 2000);
        let t2 = b.c(true);
        let sel = b.select(neg, t2, Comparison::Eq);
        let w = b.op(Op::SelectorWidth(sel));
        let any = b.bin(BinaryOp::Gt, w, zero);
        b.named(any, "any");
        check(&b, any, &letters("()x"), 6, 2000);
    }
}
