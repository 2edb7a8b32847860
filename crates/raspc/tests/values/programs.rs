//! The standard programs, with the facts that their compilation rests on.

use raspc::options::Options;
use raspc::values::{ValueSet, infer};
use raspc_lang::function::{Expr, Function};
use raspc_lang::graph::{Comparison as C, Mask, NodeId, Op, Predicate};
use raspc_lang::ops::{BinaryOp as B, UnaryOp as U};
use raspc_lang::value::Value;

use crate::build::{Build, chars, numbers, texts};
use crate::check::check;

pub(crate) fn hist(b: &mut Build) -> NodeId {
    let t = b.tokens();
    let same = b.select(t, t, C::Eq);
    b.width(same)
}

/// (opp_index, reversed tokens)
pub(crate) fn reverse(b: &mut Build) -> (NodeId, NodeId) {
    let (t, i, n) = (b.tokens(), b.indices(), b.length());
    let left = b.binary(B::Sub, n, i);
    let opp = b.with(B::Sub, left, 1);
    let flip = b.select(i, opp, C::Eq);
    (opp, b.aggregate(flip, t))
}

/// (target position, sorted tokens, the selector)
pub(crate) fn sort_unique(b: &mut Build) -> (NodeId, NodeId, NodeId) {
    let (t, i) = (b.tokens(), b.indices());
    let smaller = b.select(t, t, C::Lt);
    let target = b.width(smaller);
    let put = b.select(target, i, C::Eq);
    (target, b.aggregate(put, t), put)
}

/// (target position, sorted tokens, the selector)
pub(crate) fn sort(b: &mut Build) -> (NodeId, NodeId, NodeId) {
    let (t, i) = (b.tokens(), b.indices());
    let (smaller, same, before) = (b.select(t, t, C::Lt), b.select(t, t, C::Eq), b.select(i, i, C::Lt));
    let tie = b.and(same, before);
    let earlier = b.or(smaller, tie);
    let target = b.width(earlier);
    let put = b.select(target, i, C::Eq);
    (target, b.aggregate(put, t), put)
}

pub(crate) fn frac_prevs(b: &mut Build, value: &str) -> NodeId {
    let (t, i) = (b.tokens(), b.indices());
    let prevs = b.select(i, i, C::Le);
    let is = b.with(B::Eq, t, value);
    b.aggregate(prevs, is)
}

pub(crate) fn pair_balance(b: &mut Build, open: &str, close: &str) -> NodeId {
    let (open, close) = (frac_prevs(b, open), frac_prevs(b, close));
    b.binary(B::Sub, open, close)
}

/// Whether brackets are balanced, each kind by itself.
pub(crate) fn shuffle_dyck2(b: &mut Build) -> NodeId {
    let (i, n) = (b.indices(), b.length());
    let balances = [pair_balance(b, "(", ")"), pair_balance(b, "{", "}")];
    let negative = balances.map(|x| b.with(B::Lt, x, 0));
    let any = b.binary(B::Or, negative[0], negative[1]);
    let all = b.everything();
    let has_negative = b.aggregate(all, any);
    let zero = balances.map(|x| b.with(B::Eq, x, 0));
    let both = b.binary(B::And, zero[0], zero[1]);
    let last = b.with(B::Sub, n, 1);
    let at_last = b.select(i, last, C::Eq);
    let last_zero = b.aggregate(at_last, both);
    let never = b.with(B::Eq, has_negative, 0);
    b.binary(B::And, last_zero, never)
}

pub(crate) fn shift(b: &mut Build, values: NodeId, by: i64) -> NodeId {
    let i = b.indices();
    let from = b.with(B::Sub, i, by);
    let select = b.select(i, from, C::Eq);
    b.aggregate(select, values)
}

/// Whether the tokens so far end in the pattern.
pub(crate) fn detect_pattern(b: &mut Build, pattern: &[&str]) -> NodeId {
    let t = b.tokens();
    let mut found: Option<NodeId> = None;
    for (by, symbol) in pattern.iter().rev().enumerate() {
        let here = b.with(B::Eq, t, *symbol);
        let here = shift(b, here, by as i64);
        found = Some(found.map_or(here, |f| b.binary(B::And, f, here)));
    }
    found.expect("a pattern")
}

#[test]
fn hist_counts_at_least_itself() {
    let mut b = Build::full();
    let width = hist(&mut b);
    let inverse = b.of(1, B::Div, width);
    let values = check(&b.graph, inverse, &chars("ab", 4));
    assert_eq!(texts(&values.enumerate(width).unwrap()), ["1", "2", "3", "4"]);
    assert!(values.assumptions().is_empty(), "{:?}", values.assumptions());
}

#[test]
fn reverse_is_a_permutation() {
    for max_len in [1, 4, 40] {
        let mut b = Build::full();
        let (opp, out) = reverse(&mut b);
        let options = chars("ab", max_len);
        let values =
            if max_len <= 4 { check(&b.graph, out, &options) } else { infer(&b.graph, out, &options).unwrap() };
        assert!(values.is_injective(opp));
        assert_eq!(texts(&values.enumerate(out).unwrap()), ["a", "b"], "something is always selected");
        assert_eq!(values.enumerate(opp).unwrap().len(), max_len);
        assert!(values.assumptions().is_empty());
    }
}

#[test]
fn reverse_under_a_causal_mask_can_find_nothing() {
    let mut b = Build::causal();
    let (opp, out) = reverse(&mut b);
    let values = check(&b.graph, out, &chars("ab", 4));
    assert_eq!(texts(&values.enumerate(opp).unwrap()), ["0"]);
    assert!(values.is_uniform(opp));
}

#[test]
fn sort_unique_targets_tell_tokens() {
    let mut b = Build::full();
    let (target, out, put) = sort_unique(&mut b);
    let values = check(&b.graph, out, &numbers(4, 4));
    let t = NodeId(0);
    assert!(values.determines(target, t) && !values.is_injective(target));
    assert!(values.selects_equal(put, t));
    assert_eq!(texts(&values.enumerate(target).unwrap()), ["0", "1", "2", "3"]);
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["none", "0", "1", "2", "3"]);
}

#[test]
fn sort_targets_are_distinct() {
    let mut b = Build::full();
    let (target, out, put) = sort(&mut b);
    let values = check(&b.graph, out, &numbers(3, 4));
    assert!(values.is_injective(target));
    assert!(values.selects_equal(put, NodeId(0)) && values.width_range(put).1 == 1);
}

#[test]
fn ranks_say_nothing_under_a_causal_mask() {
    let mut b = Build::causal();
    let (target, out, put) = sort(&mut b);
    let values = check(&b.graph, out, &numbers(3, 4));
    assert!(!values.is_injective(target) && values.width_range(put).1 > 1);
    let mut b = Build::causal();
    let (target, out, put) = sort_unique(&mut b);
    let values = check(&b.graph, out, &numbers(3, 4));
    assert!(!values.determines(target, NodeId(0)) && !values.selects_equal(put, NodeId(0)));
}

#[test]
fn a_sum_of_ranks_stays_below_the_length() {
    // sort's target as the sum of two widths: smaller keys, and equal keys to the left.
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let (smaller, same, before) = (b.select(t, t, C::Lt), b.select(t, t, C::Eq), b.select(i, i, C::Lt));
    let tie = b.and(same, before);
    let (w, v) = (b.width(smaller), b.width(tie));
    let target = b.binary(B::Add, w, v);
    let values = check(&b.graph, target, &numbers(3, 4));
    assert_eq!(texts(&values.enumerate(target).unwrap()), ["0", "1", "2", "3"]);
}

#[test]
fn frac_prevs_has_all_fractions() {
    for mask in [Mask::Full, Mask::Causal] {
        let mut b = Build::new(mask);
        let out = frac_prevs(&mut b, "x");
        let values = check(&b.graph, out, &chars("abx", 3));
        assert!(matches!(values.set(out), ValueSet::Numbers { lo: 0.0, hi: 1.0, none: false, .. }));
        let set = values.enumerate(out).unwrap();
        assert!(set.contains(&Value::float(2.0 / 3.0).unwrap()));
        assert_eq!(set.len(), 5, "{set:?}");
    }
}

#[test]
fn pair_balance_and_dyck_on_all_inputs() {
    let mut b = Build::full();
    let out = pair_balance(&mut b, "(", ")");
    check(&b.graph, out, &chars("()x", 5));
    for mask in [Mask::Full, Mask::Causal] {
        let mut b = Build::new(mask);
        let out = shuffle_dyck2(&mut b);
        let values = check(&b.graph, out, &chars("(){}", 4));
        assert!(values.assumptions().is_empty(), "{:?}", values.assumptions());
    }
}

#[test]
fn shifts_are_copies_with_none_where_they_run_out() {
    let mut b = Build::full();
    let t = b.tokens();
    let out = shift(&mut b, t, 1);
    let values = check(&b.graph, out, &chars("ab", 4));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["none", "a", "b"]);
    assert!(values.assumptions().is_empty());
    let mut b = Build::full();
    let out = detect_pattern(&mut b, &["a", "b", "c"]);
    let values = check(&b.graph, out, &chars("abc", 4));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["none", "false", "true"]);
    assert!(values.assumptions().is_empty());
}

#[test]
fn indices_and_length_go_together() {
    for max_len in [4, 60] {
        let mut b = Build::full();
        let (i, n) = (b.indices(), b.length());
        let ahead = b.binary(B::Sub, n, i);
        let inverse = b.of(1, B::Div, ahead);
        let values = infer(&b.graph, inverse, &chars("a", max_len)).unwrap();
        assert!(values.assumptions().is_empty());
        let rows = values.joint(&[i, n], 1 << 20).unwrap();
        assert_eq!(rows.len(), max_len * (max_len + 1) / 2);
        assert!(rows.iter().all(|r| r[0] < r[1]));
        assert_eq!(values.enumerate(ahead).unwrap().len(), max_len);
    }
}

#[test]
fn widths_stay_below_the_length() {
    let mut b = Build::full();
    let (w, n) = (hist(&mut b), b.length());
    let rest = b.binary(B::Sub, n, w);
    let out = b.unary(U::ToBool, rest);
    let values = check(&b.graph, out, &chars("ab", 4));
    assert_eq!(texts(&values.enumerate(rest).unwrap()), ["0", "1", "2", "3"]);
}

#[test]
fn written_twice_is_one() {
    // indices − indices, each written by itself, and the same select twice.
    let mut b = Build::full();
    let (i, j, t, u) = (b.indices(), b.indices(), b.tokens(), b.tokens());
    let zero = b.binary(B::Sub, i, j);
    let (s, r) = (b.select(t, t, C::Eq), b.select(u, u, C::Eq));
    let (w, v) = (b.width(s), b.width(r));
    let none_left = b.binary(B::Sub, w, v);
    let out = b.binary(B::Add, zero, none_left);
    let values = check(&b.graph, out, &chars("ab", 4));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["0"]);
}

#[test]
fn a_library_width_from_means_is_found() {
    // How a library without a counter does it: 1/mean of "is the first key", over all keys.
    let mut b = Build::full();
    let i = b.indices();
    let (all, first) = (b.everything(), b.with(B::Eq, i, 0));
    let share = b.aggregate(all, first);
    let inverse = b.of(1, B::Div, share);
    let length = b.unary(U::Round, inverse);
    let values = check(&b.graph, length, &chars("ab", 5));
    assert_eq!(texts(&values.enumerate(length).unwrap()), ["1", "2", "3", "4", "5"]);
    assert!(values.is_uniform(length));
}

#[test]
fn none_is_neither_called_nor_compared() {
    let mut b = Build::full();
    let t = b.tokens();
    let before = shift(&mut b, t, 1);
    let text = Expr::If {
        cond: Box::new(Expr::Binary(B::Eq, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::None)))),
        then: Box::new(Expr::Const(Value::str("never"))),
        otherwise: Box::new(Expr::Arg(0)),
    };
    let out = b.map(Function::expr(1, text), &[before]);
    let values = check(&b.graph, out, &chars("ab", 3));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["none", "a", "b"]);
}

#[test]
fn an_order_by_parity_tells_parities() {
    // key % 2 < query % 2: a weak order in which values of one parity are equal.
    let mut b = Build::full();
    let t = b.tokens();
    let parity = |i| Box::new(Expr::Binary(B::Mod, Box::new(Expr::Arg(i)), Box::new(Expr::Const(Value::int(2)))));
    let before = |b: &mut Build, op| {
        let f = Function::expr(2, Expr::Binary(op, parity(0), parity(1)));
        b.push(Op::Select { keys: t, queries: t, predicate: Predicate::Function(f) })
    };
    let (less, same) = (before(&mut b, B::Lt), before(&mut b, B::Eq));
    let i = b.indices();
    let left = b.select(i, i, C::Lt);
    let tie = b.and(same, left);
    let stable = b.or(less, tie);
    let (coarse, fine) = (b.width(less), b.width(stable));
    let out = b.binary(B::Add, coarse, fine);
    let values = check(&b.graph, out, &numbers(4, 4));
    assert!(!values.determines(coarse, t) && values.is_injective(fine));
    // On values that differ in parity it is an order of the values.
    let values = check(&b.graph, out, &numbers(2, 4));
    assert!(values.determines(coarse, t));
}

#[test]
fn two_neighbours_are_two_keys() {
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let (left, right) = (b.with(B::Sub, i, 1), b.with(B::Add, i, 1));
    let (to_left, to_right) = (b.select(i, left, C::Eq), b.select(i, right, C::Eq));
    let both = b.or(to_left, to_right);
    let like = b.select(t, t, C::Eq);
    let alike = b.and(both, like);
    let out = b.width(alike);
    let values = check(&b.graph, out, &numbers(2, 4));
    assert_eq!(values.width_range(alike), (0, 2));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["0", "1", "2"]);
}

#[test]
fn dyadic_values_have_exact_means() {
    let mut b = Build::full();
    let (t, all) = (b.tokens(), b.everything());
    let mean = b.aggregate(all, t);
    let half = b.with(B::Mul, mean, 2);
    let float = |x: f64| Value::float(x).unwrap();
    let values = check(&b.graph, half, &Options::new(vec![float(0.25), float(-1.5), Value::int(3)], 4));
    assert!(values.enumerate(mean).unwrap().contains(&float(-0.625)));
    // Beyond what is enumerated multiset by multiset, the lattice still serves.
    let values = infer(&b.graph, half, &Options::new(vec![float(0.25), float(-1.5), Value::int(3)], 300)).unwrap();
    assert!(values.enumerate(mean).is_ok());
}

#[test]
fn no_inputs_at_all() {
    for options in [Options::new(Vec::new(), 3), numbers(2, 0), numbers(2, 1)] {
        let mut b = Build::full();
        let out = sort(&mut b).1;
        check(&b.graph, out, &options);
        let mut b = Build::causal();
        let out = reverse(&mut b).1;
        check(&b.graph, out, &options);
    }
}

#[test]
fn counts_that_cannot_be_zero_can_divide() {
    // The share of keys before this one that hold the same token, by counts: same / seen.
    for mask in [Mask::Full, Mask::Causal] {
        let mut b = Build::new(mask);
        let (t, i) = (b.tokens(), b.indices());
        let (prev, same) = (b.select(i, i, C::Le), b.select(t, t, C::Eq));
        let both = b.and(prev, same);
        let (seen, alike) = (b.width(prev), b.width(both));
        let share = b.binary(B::Div, alike, seen);
        let rest = b.binary(B::Sub, seen, alike);
        let out = b.binary(B::Mul, share, rest);
        let values = check(&b.graph, out, &chars("ab", 4));
        assert!(values.assumptions().is_empty());
        assert_eq!(texts(&values.enumerate(rest).unwrap()), ["0", "1", "2", "3"], "alike is never more than seen");
        assert_eq!(values.enumerate(share).unwrap().last().unwrap(), &Value::int(1));
    }
}

#[test]
fn negations_of_comparisons_are_comparisons() {
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let other = b.select(t, t, C::Ne);
    let same = b.push(Op::Not(other));
    let behind = b.select(i, i, C::Gt);
    let upto = b.push(Op::Not(behind));
    let copied = b.aggregate(same, t);
    let width = b.width(upto);
    let out = b.binary(B::Eq, copied, width);
    let values = check(&b.graph, out, &numbers(3, 3));
    assert!(values.selects_equal(same, t) && values.width_range(same) == (1, 3));
    assert!(values.is_injective(width));
}

#[test]
fn sums_of_wide_steps_are_all_found() {
    let mut b = Build::full();
    let (t, all) = (b.tokens(), b.everything());
    let (mean, big) = (b.aggregate(all, t), b.with(B::Ge, t, 100));
    let share = b.aggregate(all, big);
    let out = b.binary(B::Sub, mean, share);
    check(&b.graph, out, &Options::new([0, 1, 500].map(Value::int).to_vec(), 4));
}

#[test]
fn strings_of_the_position_have_no_mean() {
    let mut b = Build::full();
    let (i, all) = (b.indices(), b.everything());
    let text = b.unary(U::ToStr, i);
    let out = b.aggregate(all, text);
    let values = check(&b.graph, out, &chars("a", 3));
    assert_eq!(texts(&values.enumerate(out).unwrap()), ["0"]);
    assert_eq!(values.assumptions().len(), 1);
}

#[test]
fn ties_broken_by_the_index_make_keys_distinct() {
    // key + index / (length + 1): distinct at all positions, so that the number of smaller ones is a rank.
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let small = b.with(B::Mul, i, Value::float(0.125).unwrap());
    let keys = b.binary(B::Add, t, small);
    let before = b.select(keys, keys, C::Lt);
    let target = b.width(before);
    let put = b.select(target, i, C::Eq);
    let out = b.aggregate(put, t);
    let values = check(&b.graph, out, &numbers(3, 4));
    assert!(values.is_injective(keys) && values.is_injective(target) && values.determines(target, t));
    assert_eq!(values.width_range(put).1, 1);
}
