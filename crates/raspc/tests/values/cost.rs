//! What inference may cost. The times are an order of magnitude above what is measured, so that they fail on another
//! complexity and not on a slow machine.

use std::time::{Duration, Instant};

use raspc::values::infer;
use raspc_lang::graph::Comparison as C;
use raspc_lang::ops::{BinaryOp as B, UnaryOp as U};
use raspc_lang::value::Value;

use crate::build::{Build, chars, numbers};
use crate::programs::{hist, pair_balance, reverse, shuffle_dyck2, sort, sort_unique};

/// Runs and says how long that took.
fn within<T>(limit: Duration, what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    let took = start.elapsed();
    println!("{what}: {took:?}");
    assert!(took < limit, "{what} took {took:?}");
    result
}

#[test]
fn large_domains() {
    let options = numbers(1024, 1024);
    let limit = Duration::from_secs(10);
    let mut b = Build::full();
    let out = hist(&mut b);
    let values = within(limit, "hist", || infer(&b.graph, out, &options).unwrap());
    assert_eq!(values.enumerate(out).unwrap().len(), 1024);
    let mut b = Build::full();
    let (opp, out) = reverse(&mut b);
    let values = within(limit, "reverse", || infer(&b.graph, out, &options).unwrap());
    assert!(values.is_injective(opp) && values.enumerate(out).unwrap().len() == 1024);
    let mut b = Build::full();
    let (target, out, put) = sort_unique(&mut b);
    let values = within(limit, "sort_unique", || infer(&b.graph, out, &options).unwrap());
    let t = raspc_lang::graph::NodeId(0);
    within(limit, "sort_unique facts", || assert!(values.determines(target, t) && values.selects_equal(put, t)));
    let mut b = Build::full();
    let (target, out, put) = sort(&mut b);
    let values = within(limit, "sort", || infer(&b.graph, out, &options).unwrap());
    within(limit, "sort facts", || assert!(values.is_injective(target) && values.width_range(put).1 == 1));
}

/// Sums of length and index have a value for each of 8 million positions, and are never listed by position.
#[test]
fn sums_of_length_and_index_need_no_positions() {
    for longest in [3000, 5000, 20_000] {
        let options = numbers(64, longest);
        let limit = Duration::from_secs(5);
        let mut b = Build::full();
        let (opp, out) = reverse(&mut b);
        let values = within(limit, "reverse", || infer(&b.graph, out, &options).unwrap());
        let set = within(limit, "opposite", || values.enumerate(opp).unwrap());
        assert!(set.iter().cloned().eq((0..longest as i64).map(Value::int)));
        assert!(values.is_injective(opp) && !values.can_be_none(out), "each position has an opposite");
    }
    // Where a function of several is asked for, the positions are looked at after all; a function of one never takes them.
    let options = numbers(4, 2500);
    let mut b = Build::full();
    let (opp, _) = reverse(&mut b);
    let indices = b.indices();
    let even = b.with(B::Mod, opp, 2);
    let centre = b.binary(B::Eq, opp, indices);
    let out = b.binary(B::Add, even, centre);
    let values = infer(&b.graph, out, &options).unwrap();
    assert_eq!(&values.enumerate(even).unwrap()[..], [Value::int(0), Value::int(1)]);
    assert_eq!(&values.enumerate(out).unwrap()[..], [Value::int(0), Value::int(1), Value::int(2)]);
}

#[test]
fn pair_balance_at_256_is_enumerated() {
    let mut b = Build::full();
    let out = pair_balance(&mut b, "(", ")");
    let options = chars("()x", 256);
    let limit = Duration::from_secs(30);
    let values = within(limit, "pair_balance infer", || infer(&b.graph, out, &options).unwrap());
    let set = within(limit, "pair_balance enumerate", || values.enumerate(out).unwrap());
    assert!(set.len() > 10_000);
    let mut b = Build::full();
    let out = shuffle_dyck2(&mut b);
    let options = chars("(){}", 256);
    let values = within(limit, "shuffle_dyck2 infer", || infer(&b.graph, out, &options).unwrap());
    assert!(values.assumptions().is_empty());
}

#[test]
fn long_chains_and_much_sharing() {
    let limit = Duration::from_secs(30);
    let mut b = Build::full();
    let mut x = b.tokens();
    for _ in 0..100_000 {
        x = b.unary(U::Not, x);
    }
    let options = numbers(3, 3);
    let values = within(limit, "chain", || infer(&b.graph, x, &options).unwrap());
    within(limit, "chain facts", || assert!(!values.is_injective(x)));
    let mut b = Build::full();
    let (mut x, i) = (b.tokens(), b.indices());
    for _ in 0..60 {
        let sum = b.binary(B::Add, x, x);
        let sum = b.binary(B::Add, sum, i);
        x = b.with(B::Mod, sum, 5);
    }
    let values = within(limit, "sharing", || infer(&b.graph, x, &options).unwrap());
    within(limit, "sharing joint", || values.joint(&[x, i], 1000).unwrap());
    let mut b = Build::full();
    let (t, i) = (b.tokens(), b.indices());
    let mut s = b.select(t, t, C::Eq);
    for _ in 0..20_000 {
        let next = b.select(i, t, C::Lt);
        s = b.or(s, next);
    }
    let w = b.width(s);
    within(limit, "selectors", || infer(&b.graph, w, &options).unwrap());
}

#[test]
fn a_mean_of_a_chain_is_enumerated_without_recursion() {
    let mut b = Build::full();
    let t = b.tokens();
    let all = b.everything();
    let mut x = b.aggregate(all, t);
    for _ in 0..4_000 {
        x = b.with(B::Mul, x, 1);
    }
    let values = infer(&b.graph, x, &numbers(3, 60)).unwrap();
    within(Duration::from_secs(60), "mean chain", || assert!(values.enumerate(x).unwrap().len() > 1000));
}
