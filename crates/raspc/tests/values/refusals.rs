//! What is refused, assumed and warned of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use raspc::options::Options;
use raspc::values::{ValueSet, codes, infer};
use raspc_lang::diagnostic::Severity;
use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Comparison as C, NodeId, Op, Predicate};
use raspc_lang::ops::{BinaryOp as B, UnaryOp as U};
use raspc_lang::value::Value;

use crate::build::{Build, chars, numbers, texts};
use crate::check::check;
use crate::programs::{frac_prevs, shift};

#[test]
fn a_reached_division_by_zero_is_refused_with_an_input() {
    for max_len in [3, 500] {
        let mut b = Build::full();
        let i = b.indices();
        let out = b.of(1, B::Div, i);
        b.graph.name(out, "inverse");
        let errors = infer(&b.graph, out, &chars("ab", max_len)).unwrap_err();
        assert_eq!((errors.len(), errors[0].code, errors[0].severity), (1, codes::RAISES, Severity::Error));
        assert_eq!(errors[0].node.as_deref(), Some("inverse"));
        let notes: Vec<&str> = errors[0].notes.iter().map(|n| n.1.as_str()).collect();
        assert_eq!(notes, ["it raises on (0)", "for instance on the input [\"a\"]"]);
    }
}

#[test]
fn only_the_node_that_raises_is_named() {
    let mut b = Build::full();
    let t = b.tokens();
    let number = b.unary(U::ToInt, t);
    let out = b.with(B::Add, number, 1);
    let errors = infer(&b.graph, out, &chars("1x", 3)).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].node, Some(b.graph.describe(number)));
    assert!(infer(&b.graph, out, &chars("12", 3)).is_ok());
}

#[test]
fn an_ordering_with_none_is_refused_and_equality_is_not() {
    let mut b = Build::full();
    let t = b.tokens();
    let before = shift(&mut b, t, 1);
    let less = b.select(before, t, C::Lt);
    let out = b.width(less);
    let errors = infer(&b.graph, out, &numbers(2, 3)).unwrap_err();
    assert_eq!((errors.len(), errors[0].code), (1, codes::RAISES));
    let mut b = Build::full();
    let t = b.tokens();
    let before = shift(&mut b, t, 1);
    let same = b.select(before, t, C::Eq);
    let out = b.width(same);
    check(&b.graph, out, &numbers(2, 3));
}

#[test]
fn what_no_input_reaches_is_assumed_and_warned_of() {
    // Means through different selectors are not related here: 2·mean − so_far = −7 would need so_far = 7 and mean = 0, of
    // tokens 0 and 7, which exclude each other.
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let (all, up_to) = (b.everything(), b.select(i, i, C::Le));
    let (mean, so_far) = (b.aggregate(all, t), b.aggregate(up_to, t));
    let double = b.with(B::Mul, mean, 2);
    let least = b.binary(B::Sub, double, so_far);
    let apart = b.with(B::Add, least, 7);
    let odd = b.of(1, B::Div, apart);
    let values = check(&b.graph, odd, &Options::new(vec![Value::int(0), Value::int(7)], 3));
    assert_eq!(values.assumptions().len(), 1);
    assert_eq!(values.assumptions()[0].node, odd);
    assert_eq!(values.warnings()[0].code, codes::MAY_RAISE);
}

#[test]
fn averages_of_strings_are_assumed_away() {
    let mut b = Build::full();
    let t = b.tokens();
    let all = b.everything();
    let out = b.aggregate(all, t);
    let values = check(&b.graph, out, &chars("ab", 3));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["a", "b"]);
    assert_eq!(values.assumptions().len(), 1);
    assert_eq!(values.warnings()[0].code, codes::MAY_AVERAGE);
}

#[test]
fn telling_equal_values_apart_is_warned_of_and_covered() {
    let mut b = Build::full();
    let share = frac_prevs(&mut b, "x");
    let out = b.unary(U::ToStr, share);
    let values = check(&b.graph, out, &chars("ax", 3));
    assert!(values.warnings().iter().any(|w| w.code == codes::TELLS_EQUAL_APART), "{:?}", values.warnings());
    let mut b = Build::full();
    let share = frac_prevs(&mut b, "x");
    let float = b.unary(U::ToFloat, share);
    let out = b.unary(U::ToStr, float);
    let values = check(&b.graph, out, &chars("ax", 3));
    assert!(values.warnings().is_empty(), "{:?}", values.warnings());
}

#[test]
fn too_many_values_are_an_explosion() {
    // The tokens so far as one string.
    let mut b = Build::full();
    let t = b.tokens();
    let mut all = t;
    for by in 1..12 {
        let before = shift(&mut b, t, by);
        all = b.binary(B::Add, all, before);
    }
    let mut options = chars("abcdefgh", 12);
    options.limits.enumerate = 10_000;
    let values = infer(&b.graph, all, &options).unwrap();
    assert!(values.enumerate(all).unwrap_err().count > 10_000);
    assert!(values.can_be_none(all));
}

#[test]
fn nodes_that_do_not_matter_are_not_looked_at() {
    let mut b = Build::full();
    let i = b.indices();
    let _unused = b.of(1, B::Div, i);
    let out = b.with(B::Add, i, 1);
    assert!(infer(&b.graph, out, &chars("a", 3)).is_ok());
    assert_eq!(NodeId(0), i);
}

/// Counts its calls by argument.
#[derive(Debug, Default)]
struct Counting(Mutex<HashMap<String, u32>>);

impl HostFunction for Counting {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let shown = format!("{args:?}");
        *self.0.lock().unwrap().entry(shown).or_default() += 1;
        match args {
            [Value::Int(i), ..] if i.is_zero() => Err(EvalError::new("zero")),
            [a, ..] => Ok(Value::str(a.to_string())),
            [] => unreachable!("a function has arguments"),
        }
    }

    fn name(&self) -> String {
        "counting".to_owned()
    }
}

#[test]
fn host_functions_are_called_once_for_each_argument() {
    let counting = Arc::new(Counting::default());
    let function = |arity| Function { arity, body: Body::Host(counting.clone()) };
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let sum = b.binary(B::Add, t, i);
    let (x, y) = (b.map(function(1), &[t]), b.map(function(1), &[sum]));
    let select = b.push(Op::Select { keys: sum, queries: t, predicate: Predicate::Function(function(2)) });
    let width = b.width(select);
    let z = b.map(function(1), &[width]);
    let joined = b.binary(B::Add, x, y);
    let out = b.binary(B::Add, joined, z);
    // Zero is a sum that is reached, so the interpreter is asked for witnesses too.
    let errors = infer(&b.graph, out, &numbers(4, 4)).unwrap_err();
    assert!(errors.iter().all(|e| e.code == codes::RAISES), "{errors:?}");
    let options = Options::new((1..4).map(Value::int).collect(), 4);
    let counts = |c: &Counting| c.0.lock().unwrap().values().copied().max();
    assert_eq!(counts(&counting), Some(1));
    counting.0.lock().unwrap().clear();
    let values = infer(&b.graph, out, &options).unwrap();
    values.enumerate(out).unwrap();
    values.joint(&[x, y, z, out], 1 << 20).unwrap();
    assert!(values.determines(x, t));
    assert_eq!(counts(&counting), Some(1));
}

#[test]
fn lengths_beyond_the_limit_are_refused() {
    let mut b = Build::full();
    let i = b.indices();
    let errors = infer(&b.graph, i, &chars("a", 1 << 40)).unwrap_err();
    assert_eq!(errors[0].code, codes::TOO_LARGE);
    let n = b.length();
    let (sum, product) = (b.binary(B::Sub, n, i), b.binary(B::Mul, n, i));
    let values = infer(&b.graph, product, &chars("a", 60_000)).unwrap();
    // Too many pairs of index and length: described.
    assert!(matches!(values.set(product), ValueSet::Numbers { .. }), "{:?}", values.set(product));
    assert!(values.enumerate(product).is_err() && values.is_uniform(n));
    // A sum of both is a run of whole numbers, however many pairs there are.
    let values = infer(&b.graph, sum, &chars("a", 60_000)).unwrap();
    let ends = values.enumerate(sum).map(|v| (v.len(), v[0].clone(), v[v.len() - 1].clone()));
    assert_eq!(ends, Ok((60_000, Value::int(1), Value::int(60_000))));
}

#[test]
fn values_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let mut b = Build::full();
    let i = b.indices();
    shared(&infer(&b.graph, i, &chars("a", 3)).unwrap());
}
