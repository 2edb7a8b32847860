//! What is refused, assumed and warned of.

use raspc::values::{codes, infer};
use raspc_lang::diagnostic::Severity;
use raspc_lang::graph::{Comparison as C, NodeId};
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
    // The first token is 0 where the sum of means is; two means through different selectors are not related here.
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let all = b.everything();
    let up_to = b.select(i, i, C::Le);
    let (mean, so_far) = (b.aggregate(all, t), b.aggregate(up_to, t));
    let double = b.with(B::Mul, mean, 2);
    let least = b.binary(B::Sub, double, so_far);
    let apart = b.with(B::Add, least, 7);
    let gap = b.with(B::Sub, apart, 1.5_f64.to_string().as_str());
    let _ = gap;
    let odd = b.of(1, B::Div, apart);
    // 2·mean − so_far = −7 needs so_far = 7 and mean = 0, which excludes each other.
    let values = infer(&b.graph, odd, &Options8::options()).unwrap();
    assert_eq!(values.assumptions().len(), 1);
    assert_eq!(values.assumptions()[0].node, odd);
    assert_eq!(values.warnings()[0].code, codes::MAY_RAISE);
}

/// The vocabulary {0, 7}.
struct Options8;

impl Options8 {
    fn options() -> raspc::options::Options {
        raspc::options::Options::new(vec![Value::int(0), Value::int(7)], 3)
    }
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
