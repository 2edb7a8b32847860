//! Graphs through JSON text and back: the same graph, the same meaning; hostile input is an error.

#[path = "../../raspc/tests/support/generator.rs"]
mod generator;

use std::sync::Arc;

use generator::{Generated, program};
use num_bigint::BigInt;
use proptest::prelude::*;
use raspc_lang::builder::GraphBuilder;
use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::graph::{Annotation, Comparison, Graph, Mask, Op, Predicate};
use raspc_lang::interpret::interpret;
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::serial::{TextObject, graph_from_json, graph_to_json};
use raspc_lang::value::{HostObject, HostValue, Value};
use serde_json::{Value as Json, json};

/// Through text, as a file would hold it.
fn round_trip(graph: &Graph) -> Graph {
    let text = graph_to_json(graph, &mut |_| None).to_string();
    graph_from_json(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn program_and_input() -> impl Strategy<Value = (Generated, Vec<Value>)> {
    program().prop_flat_map(|p| {
        let input = prop::collection::vec(prop::sample::select(p.vocab.clone()), 0..=p.max_len);
        (Just(p), input)
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::int),
        (any::<i64>(), 0u32..200).prop_map(|(i, s)| Value::from(BigInt::from(i) << s)),
        any::<u64>().prop_filter_map("finite", |b| Value::float(f64::from_bits(b)).ok()),
        any::<String>().prop_map(Value::str),
        any::<String>().prop_map(|s| Value::Host(HostValue(Arc::new(TextObject(s.into()))))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn programs_come_back_the_same((p, input) in program_and_input()) {
        let back = round_trip(&p.graph);
        back.check();
        prop_assert_eq!(back.to_string(), p.graph.to_string());
        prop_assert_eq!(&back, &p.graph);
        let (before, after) = (interpret(&p.graph, &input), interpret(&back, &input));
        for (id, _) in p.graph.iter() {
            prop_assert_eq!(format!("{:?}", before.column(id)), format!("{:?}", after.column(id)));
        }
    }

    #[test]
    fn values_come_back_the_same(v in any_value()) {
        let mut graph = Graph::new(Mask::Full);
        let id = graph.push(Op::Const(v.clone()), None);
        let back = round_trip(&graph);
        let Op::Const(w) = back.op(id) else { panic!() };
        prop_assert_eq!(w, &v);
        prop_assert_eq!(std::mem::discriminant(w), std::mem::discriminant(&v));
    }

    /// Whatever single part of the JSON is replaced or removed, reading gives an error or a graph that holds.
    #[test]
    fn damaged_graphs_never_panic(p in program(), at in any::<prop::sample::Index>(), damage in 0usize..10) {
        let mut json = graph_to_json(&p.graph, &mut |_| None);
        let mut paths = Vec::new();
        pointers(&json, String::new(), &mut paths);
        let path = at.get(&paths);
        let replacement = [
            json!(null), json!(-1), json!(3), json!(1e300), json!("tokens"), json!([]), json!({}), json!([[1], 2]),
            json!({ "int": "9".repeat(50) }), json!(u64::MAX),
        ];
        *json.pointer_mut(path).unwrap() = replacement[damage].clone();
        if let Ok(graph) = graph_from_json(&json) {
            graph.check();
            interpret(&graph, &p.vocab);
        }
    }
}

/// The places of all parts.
fn pointers(json: &Json, at: String, out: &mut Vec<String>) {
    match json {
        Json::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                pointers(item, format!("{at}/{i}"), out);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields {
                pointers(field, format!("{at}/{name}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}

#[test]
fn every_operation_comes_back() {
    let b = GraphBuilder::new(Mask::Causal);
    let everything = Expr::Entry(
        Arc::new([(Value::int(1), Value::str("é\n")), (Value::Bool(false), Value::None)]),
        Box::new(Expr::Item(
            Arc::new([Value::int(1), 0.1f64.to_string().as_str().into()]),
            Box::new(Expr::If {
                cond: Box::new(Expr::In(Box::new(Expr::Arg(1)), Arc::new([Value::int(2)]))),
                then: Box::new(Expr::Const(Value::int(0))),
                otherwise: Box::new(Expr::Binary(BinaryOp::Sub, Box::new(Expr::Arg(0)), Box::new(Expr::Arg(1)))),
            }),
        )),
    );
    let mapped = b.apply(Function::expr(2, everything), &[b.tokens(), b.indices()]).named("m").named("same");
    for op in UnaryOp::ALL {
        let _ = mapped.unary(op);
    }
    for op in BinaryOp::ALL {
        let _ = b.apply(Function::binary(op), &[mapped, b.tokens()]);
    }
    for comparison in Comparison::ALL {
        let s = b.select(mapped, 1, comparison).named("s, t");
        let _ = b.aggregate(!s | (s & b.full()), 0.1, "none").annotated(Annotation::Numerical);
        let _ = b.selector_width(s).annotated(Annotation::Categorical);
        let _ = b.indices().annotated(Annotation::OneHot);
    }
    let graph = b.finish();
    graph.check();
    assert_eq!(round_trip(&graph), graph);
    assert_eq!(round_trip(&graph).to_string(), graph.to_string());
}

#[test]
fn host_functions_become_tables() {
    let b = GraphBuilder::new(Mask::Full);
    let half = b.map("half", &[b.tokens()], |args| match args[0].as_int().and_then(|i| i.to_i64()) {
        Some(i) if i % 2 == 0 => Ok(Value::int(i / 2)),
        _ => Err(EvalError::new("odd")),
    });
    let (half, unknown) = (half.id(), b.map("unknown", &[b.tokens()], |_| Ok(Value::int(1))).id());
    let graph = b.finish();
    let mut asked = Vec::new();
    let json = graph_to_json(&graph, &mut |id| {
        asked.push(id);
        (id == half).then(|| [0, 1, 2, 2].map(|i| vec![Value::int(i)]).into_iter().chain([vec![Value::None]]).collect())
    });
    assert_eq!(asked, [half, unknown]);
    let back = graph_from_json(&json).unwrap();
    let Op::Map { function: Function { body: Body::Table(table), .. }, .. } = back.op(half) else { panic!() };
    assert_eq!(table.len(), 3);
    let run = |i| interpret(&back, &[Value::int(i)]).values(half).map(<[Value]>::to_vec);
    assert_eq!(run(2).unwrap(), [Value::int(1)]);
    assert_eq!(run(1).unwrap_err().message(), "odd");
    assert!(run(4).unwrap_err().message().contains("no entry"));
    let trace = interpret(&back, &[Value::int(2)]);
    assert!(trace.values(unknown).unwrap_err().message().contains("saved by name only"));
}

#[test]
fn predicates_are_tabulated_with_none() {
    let b = GraphBuilder::new(Mask::Full);
    let call = b.map("not used", &[b.tokens(), b.tokens()], |args| Ok(Value::Bool(args[0] == args[1])));
    let call = call.id();
    let graph = b.finish();
    let Op::Map { function, .. } = graph.op(call) else { panic!() };
    let b = GraphBuilder::new(Mask::Full);
    let s = b.select_by(b.tokens(), Value::None, Predicate::Function(function.clone())).id();
    let graph = b.finish();
    let pairs = [Value::None, Value::int(1)].map(|key| vec![key, Value::None]).to_vec();
    let back = graph_from_json(&graph_to_json(&graph, &mut |_| Some(pairs.clone()))).unwrap();
    let trace = interpret(&back, &[Value::None, Value::int(1)]);
    assert_eq!(trace.pattern(s).unwrap().selected(0).collect::<Vec<_>>(), [0]);
    assert_eq!(back.to_string(), graph.with_tables(&mut |_| Some(pairs.clone())).to_string());
}

#[test]
fn host_values_come_back_as_their_text() {
    let text = |s: &str| TextObject(s.into());
    assert!(text("a").equals(&text("a")) && !text("a").equals(&text("b")));
    assert!(text("a").order(&text("b")).is_lt() && text("a").hash() == text("a").hash());
    let v = Value::Host(HostValue(Arc::new(text("frozenset({1})"))));
    assert_eq!(v.to_string(), "frozenset({1})");
}

#[test]
fn hostile_graphs_are_refused() {
    let map = |function: Json| json!({ "op": "map", "args": [0], "function": function });
    let deep: Vec<Json> =
        std::iter::once(json!({ "arg": 0 })).chain((0..100_000).map(|_| json!({ "unary": "neg" }))).collect();
    let cases = [
        (json!({ "op": "sort" }), "there is no operation"),
        (json!({ "op": "not", "args": [0] }), "no Selector"),
        (json!({ "op": "not", "args": [1] }), "no earlier node"),
        (json!({ "op": "not", "args": [4_294_967_296_u64] }), "no earlier node"),
        (json!({ "op": "not", "args": [] }), "takes 1 selectors"),
        (json!({ "op": "map", "args": [], "function": { "expr": [] } }), "has an argument"),
        (map(json!({ "expr": [] })), "leaves one value"),
        (map(json!({ "expr": [{ "arg": 0 }, { "arg": 0 }] })), "leaves one value"),
        (map(json!({ "expr": [{ "arg": 1 }] })), "no argument"),
        (map(json!({ "expr": [{ "binary": "add" }] })), "lacks an operand"),
        (map(json!({ "expr": [{ "arg": 0 }, { "unary": "explode" }] })), "unknown variant"),
        (map(json!({ "expr": deep })), "nested more than"),
        (map(json!({ "expr": [{ "const": 0.5 }] })), "is written as"),
        (map(json!({ "expr": [{ "const": { "float": "nan" } }] })), "not a finite float"),
        (map(json!({ "expr": [{ "const": { "int": "1e9" } }] })), "not an integer"),
        (map(json!({ "expr": [{ "const": { "int": "9".repeat(1 << 20) } }] })), "not an integer"),
        (map(json!({ "table": [[[1, 2], 3]] })), "2 arguments"),
        (map(json!({ "table": [[[1], 3], [[{ "float": "1.0" }], 4]] })), "two results"),
        (json!({ "op": "select", "keys": 0, "queries": 0, "predicate": { "compare": "like" } }), "unknown variant"),
        (json!({ "op": "tokens", "names": [1] }), "a name is a string"),
        (json!({ "op": "tokens", "annotation": "fancy" }), "unknown variant"),
    ];
    for (node, message) in cases {
        let graph = json!({ "format": 1, "mask": "full", "nodes": [{ "op": "tokens" }, node] });
        let error = graph_from_json(&graph).unwrap_err();
        assert!(error.starts_with("node 1: ") && error.contains(message), "{message}: {error}");
    }
    for graph in [json!(null), json!({}), json!({ "format": 2, "mask": "full", "nodes": [] }), json!({ "format": 1 })] {
        assert!(graph_from_json(&graph).is_err());
    }
}
