//! The interpreter against an evaluator that follows the definitions word by word, and its own promises.

#[path = "../../raspc/tests/support/generator.rs"]
mod generator;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use generator::{Generated, program};
use proptest::prelude::*;
use raspc_lang::builder::GraphBuilder;
use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::interpret::{Column, interpret, interpret_patched};
use raspc_lang::mean::mean;
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

#[path = "support/clock.rs"]
mod clock;

use clock::Work;

/// One value of one s-op, by recursion, nothing remembered.
fn value(g: &Graph, input: &[Value], id: NodeId, q: usize) -> Result<Value, EvalError> {
    Ok(match g.op(id) {
        Op::Tokens => input[q].clone(),
        Op::Indices => Value::int(q as i64),
        Op::Const(v) => v.clone(),
        Op::Map { function, args } => {
            let args = args.iter().map(|&a| value(g, input, a, q)).collect::<Result<Vec<_>, _>>()?;
            if args.contains(&Value::None) { Value::None } else { function.apply(&args)? }
        }
        Op::Aggregate { selector, values, default } => {
            let values: Vec<Value> = keys(g, input, *selector, q)?
                .into_iter()
                .map(|k| value(g, input, *values, k))
                .collect::<Result<_, _>>()?;
            match &values[..] {
                [] => default.clone(),
                [one] => one.clone(),
                several => mean(several)?,
            }
        }
        Op::SelectorWidth(s) => Value::int(keys(g, input, *s, q)?.len() as i64),
        _ => panic!("a selector has no value"),
    })
}

fn keys(g: &Graph, input: &[Value], selector: NodeId, q: usize) -> Result<Vec<usize>, EvalError> {
    let visible = 0..if g.mask == Mask::Causal { q + 1 } else { input.len() };
    visible.filter_map(|k| selects(g, input, selector, q, k).map(|s| s.then_some(k)).transpose()).collect()
}

fn selects(g: &Graph, input: &[Value], id: NodeId, q: usize, k: usize) -> Result<bool, EvalError> {
    match g.op(id) {
        Op::Select { keys, queries, predicate } => {
            predicate.apply(&value(g, input, *keys, k)?, &value(g, input, *queries, q)?)
        }
        Op::And(a, b) => Ok(selects(g, input, *a, q, k)? & selects(g, input, *b, q, k)?),
        Op::Or(a, b) => Ok(selects(g, input, *a, q, k)? | selects(g, input, *b, q, k)?),
        Op::Not(a) => Ok(!selects(g, input, *a, q, k)?),
        _ => panic!("an s-op selects nothing"),
    }
}

/// How many steps the recursion would take: what keeps it to small programs.
fn work(g: &Graph, n: u64) -> u64 {
    let mut cost: Vec<u64> = Vec::new();
    for (_, node) in g.iter() {
        let below = node.op.operands().iter().fold(1u64, |sum, o| sum.saturating_add(cost[o.index()]));
        let times = if matches!(node.op, Op::Aggregate { .. } | Op::SelectorWidth(_)) { n } else { 1 };
        cost.push(below.saturating_mul(times));
    }
    cost.iter().fold(0, |sum, &c| sum.saturating_add(c.saturating_mul(n)))
}

fn program_and_input() -> impl Strategy<Value = (Generated, Vec<Value>)> {
    program().prop_flat_map(|p| {
        let input = prop::collection::vec(prop::sample::select(p.vocab.clone()), 0..=p.max_len.min(5));
        (Just(p), input)
    })
}

/// Equal, and of one kind.
fn same(a: &Value, b: &Value) -> bool {
    a == b && std::mem::discriminant(a) == std::mem::discriminant(b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn agrees_with_the_definitions((p, input) in program_and_input()) {
        prop_assume!(work(&p.graph, input.len() as u64) < 200_000);
        let trace = interpret(&p.graph, &input);
        for (id, _) in p.graph.iter() {
            match trace.column(id) {
                Column::Values(values) => {
                    prop_assert_eq!(values.len(), input.len());
                    for (q, v) in values.iter().enumerate() {
                        let expected = value(&p.graph, &input, id, q);
                        prop_assert!(expected.as_ref().is_ok_and(|e| same(e, v)), "{id}[{q}]: {v} for {expected:?}");
                    }
                }
                Column::Pattern(pattern) => {
                    for q in 0..input.len() {
                        let expected = keys(&p.graph, &input, id, q);
                        let selected: Vec<usize> = pattern.selected(q).collect();
                        prop_assert_eq!(pattern.width(q), selected.len());
                        prop_assert!((0..input.len()).all(|k| pattern.get(q, k) == selected.contains(&k)));
                        prop_assert_eq!(Ok(selected), expected, "{}[{}]", id, q);
                    }
                }
                // Somewhere it, or what it depends on, has no value.
                Column::Raised(_) => {
                    let origin = trace.origin(&p.graph, id).unwrap();
                    let raises = |q| match p.graph.op(origin) {
                        Op::Select { .. } => keys(&p.graph, &input, origin, q).is_err(),
                        _ => value(&p.graph, &input, origin, q).is_err(),
                    };
                    prop_assert!((0..input.len()).any(raises), "{origin} has a value");
                }
            }
        }
    }

    /// A patch with what is there changes nothing; with something else, only what depends on it.
    #[test]
    fn patches_reach_dependents_only((p, input) in program_and_input(), at in any::<prop::sample::Index>()) {
        let trace = interpret(&p.graph, &input);
        let sops: Vec<NodeId> =
            p.graph.iter().map(|(id, _)| id).filter(|&id| matches!(trace.column(id), Column::Values(_))).collect();
        let id = sops[at.index(sops.len())];
        let same_values = trace.values(id).unwrap().to_vec();
        let patched = interpret_patched(&p.graph, &input, &[(id, same_values)]);
        let show = |c: &Column| format!("{c:?}");
        for (other, _) in p.graph.iter() {
            prop_assert_eq!(show(patched.column(other)), show(trace.column(other)));
        }
        let patched = interpret_patched(&p.graph, &input, &[(id, vec![Value::int(77); input.len()])]);
        let mut depends = vec![false; p.graph.len()];
        depends[id.index()] = true;
        for (other, node) in p.graph.iter() {
            depends[other.index()] |= node.op.operands().iter().any(|o| depends[o.index()]);
            if !depends[other.index()] {
                prop_assert_eq!(show(patched.column(other)), show(trace.column(other)));
            }
        }
        prop_assert_eq!(patched.values(id).unwrap(), &vec![Value::int(77); input.len()][..]);
    }
}

fn ints(xs: &[i64]) -> Vec<Value> {
    xs.iter().copied().map(Value::int).collect()
}

fn float(x: f64) -> Value {
    Value::float(x).unwrap()
}

#[test]
fn sharing_costs_linear_time() {
    let mut g = Graph::new(Mask::Full);
    let mut x = g.push(Op::Tokens, None);
    for _ in 0..60 {
        x = g.push(Op::Map { function: Function::binary(BinaryOp::Add), args: vec![x, x] }, None);
    }
    assert_eq!(interpret(&g, &ints(&[1])).values(x).unwrap(), ints(&[1 << 60]));
    assert!(g.describe(x).chars().count() <= 40);
}

#[test]
fn a_causal_mask_is_in_every_pattern() {
    let b = GraphBuilder::new(Mask::Causal);
    let length = b.length().id();
    let never = b.select(b.indices(), b.indices(), Comparison::Ne) & b.select(b.indices(), b.indices(), Comparison::Eq);
    let all = !never;
    let (all, width) = (all.id(), b.selector_width(all).id());
    let later = b.aggregate(b.select(b.indices(), b.indices() + 1, Comparison::Eq), b.tokens(), "none yet").id();
    let average = b.aggregate(b.full(), b.tokens(), Value::None).id();
    let trace = interpret(&b.finish(), &ints(&[4, 0, 5]));
    assert_eq!(trace.values(length).unwrap(), ints(&[1, 2, 3]));
    assert_eq!(trace.values(width).unwrap(), ints(&[1, 2, 3]));
    let selected: Vec<Vec<usize>> = (0..3).map(|q| trace.pattern(all).unwrap().selected(q).collect()).collect();
    assert_eq!(selected, [vec![0], vec![0, 1], vec![0, 1, 2]]);
    assert!(trace.values(later).unwrap().iter().all(|v| *v == Value::str("none yet")));
    assert_eq!(trace.values(average).unwrap(), ints(&[4, 2, 3]));
}

#[test]
fn patterns_of_many_words() {
    for mask in [Mask::Full, Mask::Causal] {
        for n in [63, 64, 65, 130] {
            let b = GraphBuilder::new(mask);
            let odd = b.select((b.indices() % 2).equals(1), true, Comparison::Eq);
            let width = b.selector_width(!odd).id();
            let trace = interpret(&b.finish(), &vec![Value::int(0); n]);
            let visible = |q: usize| if mask == Mask::Causal { q + 1 } else { n };
            let expected: Vec<Value> = (0..n).map(|q| Value::int(visible(q).div_ceil(2) as i64)).collect();
            assert_eq!(trace.values(width).unwrap(), expected);
        }
    }
}

#[test]
fn aggregates_give_default_value_or_mean() {
    let run = |input: &[Value], comparison| {
        let b = GraphBuilder::new(Mask::Full);
        let out = b.aggregate(b.select(b.indices(), b.indices(), comparison), b.tokens(), "d").id();
        interpret(&b.finish(), input).values(out).map(<[Value]>::to_vec)
    };
    let mixed = [Value::Bool(true), Value::None, Value::str("a"), Value::int(3)];
    assert!(run(&mixed, Comparison::Eq).unwrap().iter().zip(&mixed).all(|(a, b)| same(a, b)));
    let means = run(&[Value::Bool(true), Value::int(4), Value::int(0)], Comparison::Ne).unwrap();
    assert!(means.iter().zip([2.0, 0.5, 2.5]).all(|(v, x)| same(v, &Value::float(x).unwrap())));
    let below = run(&ints(&[5, 6, 7]), Comparison::Lt).unwrap();
    assert!(same(&below[0], &Value::str("d")) && same(&below[1], &Value::int(5)) && same(&below[2], &float(5.5)));
    for bad in [Value::None, Value::str("a")] {
        let error = run(&[Value::int(1), bad, Value::int(2)], Comparison::Le).unwrap_err();
        assert!(error.message().starts_with("asked to average multiple values, but they are non-numbers: [1, "));
    }
    assert!(run(&[], Comparison::Le).unwrap().is_empty());
}

#[test]
fn none_in_none_out_and_predicates_see_none() {
    let b = GraphBuilder::new(Mask::Full);
    let none = b.aggregate(b.select(1, 2, Comparison::Eq), b.tokens(), Value::None);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let called = b.map("f", &[b.tokens(), none], move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Value::int(0))
    });
    let equal = b.selector_width(b.select(none, none, Comparison::Eq)).id();
    let unequal = b.selector_width(b.select(none, b.tokens(), Comparison::Ne)).id();
    let is_none = Expr::Binary(BinaryOp::Eq, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::None)));
    let seen = b.select_by(none, b.tokens(), Predicate::Function(Function::expr(2, is_none)));
    let (called, seen) = (called.id(), b.selector_width(seen).id());
    let order = b.select(none, b.tokens(), Comparison::Lt);
    let (ordered, order) = (b.selector_width(order).id(), order.id());
    let graph = b.finish();
    let trace = interpret(&graph, &ints(&[1, 2]));
    assert_eq!(trace.values(called).unwrap(), [Value::None, Value::None]);
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    for width in [equal, unequal, seen] {
        assert_eq!(trace.values(width).unwrap(), ints(&[2, 2]));
    }
    assert_eq!(trace.pattern(order).unwrap_err().message(), "'>' not supported between instances of 'int' and 'none'");
    assert_eq!(trace.origin(&graph, ordered), Some(order));
    assert_eq!(trace.origin(&graph, seen), None);
}

#[test]
fn an_error_stops_its_dependents_only() {
    let b = GraphBuilder::new(Mask::Full);
    let inverse = 1 / b.indices();
    let (after, beside) = ((inverse + 1).id(), (b.indices() + 1).id());
    let trace = interpret(&b.finish(), &ints(&[7, 7]));
    assert_eq!(trace.values(after).unwrap_err().message(), "division by zero");
    assert_eq!(trace.values(beside).unwrap(), ints(&[1, 2]));
}

/// A pair that the mask keeps apart is never asked about: here every key that is one above its query.
#[test]
fn masked_pairs_do_not_raise() {
    let raises = |mask, above: i64| {
        let gap = Expr::Binary(BinaryOp::Sub, Box::new(Expr::Arg(0)), Box::new(Expr::Arg(1)));
        let gap = Expr::Binary(BinaryOp::Sub, Box::new(gap), Box::new(Expr::Const(Value::int(above))));
        let e = Expr::Binary(BinaryOp::Div, Box::new(Expr::Const(Value::int(1))), Box::new(gap));
        let b = GraphBuilder::new(mask);
        let s = b.select_by(b.indices(), b.indices(), Predicate::Function(Function::expr(2, e))).id();
        interpret(&b.finish(), &ints(&[0, 0, 0])).pattern(s).is_err()
    };
    assert!(raises(Mask::Full, 1) && raises(Mask::Full, -1));
    assert!(!raises(Mask::Causal, 1) && raises(Mask::Causal, -1));
    // The same for an ordering of mixed kinds: text against numbers, met at the second position only.
    let order = |mask, input: [Value; 2]| {
        let b = GraphBuilder::new(mask);
        let s = b.select(b.tokens(), b.indices(), Comparison::Lt).id();
        interpret(&b.finish(), &input).pattern(s).is_err()
    };
    assert!(order(Mask::Causal, [1.into(), "a".into()]));
    assert!(!order(Mask::Causal, [1.into(), 2.into()]));
}

/// Counts the calls for each argument tuple.
#[derive(Debug, Default)]
struct Counted(Mutex<Vec<Vec<Value>>>);

impl HostFunction for Counted {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        self.0.lock().unwrap().push(args.to_vec());
        Ok(Value::Bool(args[0] == args[1]))
    }

    fn name(&self) -> String {
        "counted".to_owned()
    }
}

#[test]
fn functions_and_predicates_are_called_once_per_tuple() {
    let counted = || {
        let host = Arc::new(Counted::default());
        (host.clone(), Function { arity: 2, body: Body::Host(host) })
    };
    let ((map, map_function), (predicate, predicate_function)) = (counted(), counted());
    let b = GraphBuilder::new(Mask::Causal);
    let halves = b.apply(Function::unary(UnaryOp::Round), &[b.indices() / 8]);
    let mapped = b.apply(map_function, &[b.tokens(), halves]).id();
    let selected = b.select_by(b.tokens(), halves, Predicate::Function(predicate_function)).id();
    let trace = interpret(&b.finish(), &(0..40).map(|i| Value::int(i % 3)).collect::<Vec<_>>());
    assert!(trace.values(mapped).is_ok() && trace.pattern(selected).is_ok());
    for host in [map, predicate] {
        let mut calls = host.0.lock().unwrap().clone();
        let count = calls.len();
        calls.sort();
        calls.dedup();
        assert!(count > 10 && calls.len() == count);
    }
}

/// `1`, `1.0` and `true` are equal, but a function is given the one that is there.
#[test]
fn equal_values_of_other_kinds_are_other_arguments() {
    let b = GraphBuilder::new(Mask::Full);
    let text = b.tokens().unary(UnaryOp::ToStr).id();
    let same_width = b.selector_width(b.select(b.tokens(), b.tokens(), Comparison::Eq)).id();
    let trace = interpret(&b.finish(), &[Value::int(1), Value::Bool(true), float(1.0)]);
    assert_eq!(trace.values(text).unwrap(), ["1", "True", "1.0"].map(Value::str));
    assert_eq!(trace.values(same_width).unwrap(), ints(&[3, 3, 3]));
}

#[test]
fn a_thousand_positions_are_quick() {
    let b = GraphBuilder::new(Mask::Causal);
    let smaller = b.select(b.tokens(), b.tokens(), Comparison::Lt);
    let same = b.select(b.tokens(), b.tokens(), Comparison::Eq);
    let earlier = b.select(b.indices(), b.indices(), Comparison::Lt);
    let position = b.selector_width(smaller | (same & earlier));
    let average = b.aggregate(!smaller, position / 3, 0);
    let out = b.aggregate(b.select(position, b.indices(), Comparison::Eq), average, Value::None).id();
    let graph = b.finish();
    let input: Vec<Value> = (0..1024).map(|i| Value::int(i * 7919 % 1021)).collect();
    let work = Work::begin();
    assert_eq!(interpret(&graph, &input).values(out).unwrap().len(), 1024);
    // Far above what it takes (tens of milliseconds), far below what a quadratic number of slow steps takes.
    let took = work.took();
    assert!(took.as_secs_f64() < 5.0, "{took:?}");
}
