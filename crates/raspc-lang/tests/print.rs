//! Printed graphs and descriptions.

use raspc_lang::builder::GraphBuilder;
use raspc_lang::function::{Expr, Function};
use raspc_lang::graph::{Annotation, Comparison, Graph, Mask, Op, Predicate};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

#[test]
fn a_graph_prints_one_node_a_line() {
    let b = GraphBuilder::new(Mask::Causal);
    let smaller = b.select(b.tokens(), b.tokens(), Comparison::Lt).named("smaller");
    let target = b.selector_width(smaller).named("target_pos").annotated(Annotation::Categorical);
    let here = b.select(target, b.indices() + 1, Comparison::Eq);
    let out = b.aggregate(!here & smaller, b.tokens(), "-").named("sort").named("out, again");
    let _ = b.map("f", &[out, target], |_| Ok(Value::None)).is_in(["a\"b", "c\n"]);
    let _ = b.aggregate(b.full() | here, 0.5, Value::None);
    let text = "\
mask causal
n0 = tokens
n1 = select(keys=n0, queries=n0, <)  # smaller
n2 = selector_width(n1)  @categorical  # target_pos
n3 = indices
n4 = map(x0 + 1; n3)
n5 = select(keys=n2, queries=n4, ==)
n6 = not n5
n7 = n6 and n1
n8 = aggregate(n7, n0, default=\"-\")  # sort, out\\, again
n9 = map(f(x0, x1); n8, n2)
n10 = map(x0 in [\"a\\\"b\", \"c\\n\"]; n9)
n11 = const(1)
n12 = select(keys=n11, queries=n11, ==)
n13 = n12 or n5
n14 = const(0.5)
n15 = aggregate(n13, n14, default=none)
";
    assert_eq!(b.finish().to_string(), text);
}

#[test]
fn nodes_are_described_by_name_or_expression() {
    let b = GraphBuilder::new(Mask::Full);
    let (tokens, indices) = (b.tokens(), b.indices());
    let smaller = b.select(tokens, tokens, Comparison::Lt);
    let next = Predicate::Function(Function::binary(BinaryOp::Sub));
    let named = b.selector_width(smaller).named("width");
    let sop = [
        (tokens.equals("x"), "tokens == \"x\""),
        (1 - indices * 2, "1 - indices * 2"),
        (1 - (indices - 2), "1 - (indices - 2)"),
        ((indices - 2) % 3 * 2, "((indices - 2) % 3) * 2"),
        ((-indices).pow(2), "-indices ^ 2"),
        (-(indices.pow(2)), "-(indices ^ 2)"),
        (indices + -3, "indices + -3"),
        (!tokens.equals(indices), "not (tokens == indices)"),
        (b.choose(tokens.lt(indices), "a", named), "\"a\" if tokens < indices else width"),
        (tokens.is_in([true]).and(indices), "(tokens in [True]) and indices"),
        ((indices / 2).round(), "round(indices / 2)"),
        (named, "width"),
        (named + 1, "width + 1"),
        (b.selector_width(smaller), "selector_width(select(tokens, tokens, <…"),
        (b.aggregate(b.full(), 1, Value::None), "aggregate(select(1, 1, ==), 1)"),
        (b.map("f", &[tokens, indices], |_| Ok(Value::None)) + 1, "f(tokens, indices) + 1"),
    ]
    .map(|(x, text)| (x.id(), text));
    let selectors = [
        (smaller, "select(tokens, tokens, <)"),
        (b.select_by(tokens, 1, next), "select(tokens, 1, key - query)"),
        (!b.select(1, 2, Comparison::Ne), "not select(1, 2, !=)"),
    ]
    .map(|(s, text)| (s.id(), text));
    let graph = b.finish();
    for (id, text) in sop.into_iter().chain(selectors) {
        assert_eq!(graph.describe(id), text);
    }
}

/// Depth costs neither time nor stack: here a chain of 200,000, each of its operands twice.
#[test]
fn deep_graphs_are_described_shortly() {
    for op in [BinaryOp::Add, BinaryOp::Pow] {
        let mut g = Graph::new(Mask::Full);
        let mut x = g.push(Op::Tokens, None);
        for _ in 0..200_000 {
            x = g.push(Op::Map { function: Function::binary(op), args: vec![x, x] }, None);
        }
        assert!(g.describe(x).chars().count() <= 40);
    }
    let mut g = Graph::new(Mask::Full);
    let mut x = g.push(Op::Tokens, None);
    for _ in 0..200_000 {
        x = g.push(Op::Map { function: Function::expr(1, Expr::Arg(0)), args: vec![x] }, None);
    }
    assert_eq!(g.describe(x), "…");
    let e = (0..1000).fold(Expr::Arg(0), |e, _| Expr::Unary(UnaryOp::Neg, Box::new(e)));
    x = g.push(Op::Map { function: Function::expr(1, e), args: vec![x] }, None);
    assert!(g.describe(x).chars().count() <= 40);
    assert!(g.to_string().contains("---…"));
}
