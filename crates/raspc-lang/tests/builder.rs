//! The builder: what its operators build, and what it refuses.

use raspc_lang::builder::{GraphBuilder, SOp};
use raspc_lang::error::EvalError;
use raspc_lang::graph::{Comparison, Mask, Op};
use raspc_lang::interpret::interpret;
use raspc_lang::value::Value;

/// What an s-op built by `f` holds on the input.
fn run(input: &[i64], f: impl for<'b> Fn(&'b GraphBuilder) -> SOp<'b>) -> Vec<Value> {
    let b = GraphBuilder::new(Mask::Full);
    let id = f(&b).id();
    let graph = b.finish();
    graph.check();
    let input: Vec<Value> = input.iter().copied().map(Value::int).collect();
    interpret(&graph, &input).values(id).unwrap().to_vec()
}

#[test]
fn operators_are_those_of_the_language() {
    let ints = |xs: [i64; 3]| xs.map(Value::int).to_vec();
    assert_eq!(run(&[1, 2, 3], |b| b.tokens() + b.indices() * 2 - 1), ints([0, 3, 6]));
    assert_eq!(run(&[1, 2, 3], |b| 6 / b.tokens()), ints([6, 3, 2]));
    assert_eq!(run(&[1, 2, 3], |b| 7 % b.tokens()), ints([0, 1, 1]));
    assert_eq!(run(&[1, 2, 3], |b| -b.tokens() % 3), ints([2, 1, 0]));
    assert_eq!(run(&[1, 2, 3], |b| "a" * b.tokens()), ["a", "aa", "aaa"].map(Value::str));
    assert_eq!(run(&[1, 2, 3], |b| 0.5 * b.tokens().pow(2)), [0.5, 2.0, 4.5].map(|x| Value::float(x).unwrap()));
    assert_eq!(run(&[1, 2, 3], |b| b.tokens().ge(2).and(b.tokens().differs(3))), [false, true, false].map(Value::Bool));
    assert_eq!(run(&[1, 2, 3], |b| b.tokens().le(1).or(b.tokens().gt(2))), [true, false, true].map(Value::Bool));
    assert_eq!(run(&[1, 2, 3], |b| (!b.tokens().equals(2)).indicator()), ints([1, 0, 1]));
    assert_eq!(run(&[1, 2, 3], |b| (b.tokens() / 2).round()), ints([0, 1, 2]));
    assert_eq!(run(&[1, 2, 3], |b| b.choose(b.tokens().is_in([1, 3]), b.tokens(), 9)), ints([1, 9, 3]));
    assert_eq!(run(&[1, 2, 3], GraphBuilder::length), ints([3, 3, 3]));
    let narrow = |b: &GraphBuilder| {
        let (lower, same) =
            (b.select(b.indices(), b.indices(), Comparison::Lt), b.select(b.indices(), 0, Comparison::Eq));
        b.selector_width((lower & !same) | same).id()
    };
    let b = GraphBuilder::new(Mask::Full);
    let id = narrow(&b);
    let trace = interpret(&b.finish(), &ints([0, 0, 0]));
    assert_eq!(trace.values(id).unwrap(), ints([1, 1, 2]));
}

#[test]
fn closures_are_functions() {
    let double = |args: &[Value]| args[0].as_int().and_then(|i| i.to_i64()).map(|i| Value::int(2 * i));
    let out = run(&[1, 2], move |b| {
        b.map("double", &[b.tokens()], move |args| double(args).ok_or_else(|| EvalError::new("no number")))
    });
    assert_eq!(out, [2, 4].map(Value::int));
}

#[test]
fn sources_are_shared_and_constants_are_folded() {
    let b = GraphBuilder::new(Mask::Full);
    let _ = (b.tokens() + 1, b.tokens() + 2, b.indices(), b.indices(), b.full(), b.full());
    let graph = b.finish();
    let count = |f: fn(&Op) -> bool| graph.iter().filter(|(_, n)| f(&n.op)).count();
    assert_eq!(count(|op| matches!(op, Op::Tokens)), 1);
    assert_eq!(count(|op| matches!(op, Op::Indices)), 1);
    assert_eq!(count(|op| matches!(op, Op::Select { .. })), 1);
    assert_eq!(count(|op| matches!(op, Op::Const(_))), 1);
}

/// None as an operand is an s-op of none: none in, none out, where a function of none would raise.
#[test]
fn none_is_not_folded() {
    assert_eq!(run(&[1, 2], |b| b.tokens() + Value::None), [Value::None, Value::None]);
    assert_eq!(run(&[1, 2], |b| b.choose(b.tokens().equals(1), b.tokens(), Value::None)), [1.into(), Value::None]);
}

#[test]
#[should_panic(expected = "the builder that made it")]
fn handles_of_another_builder_are_refused() {
    let (a, b) = (GraphBuilder::new(Mask::Full), GraphBuilder::new(Mask::Full));
    let _ = a.tokens() + b.tokens();
}
