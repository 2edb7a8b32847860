//! The generator of random programs makes what it promises: well-formed programs that rarely raise, in a telling mix.

#[path = "support/generator.rs"]
mod generator;

use generator::{Generated, program};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raspc_lang::graph::{Graph, Mask, NodeId, Op};
use raspc_lang::interpret::{Column, interpret};
use raspc_lang::value::Value;

/// The strategy's trees, the same in every run.
fn samples(count: usize) -> impl Iterator<Item = impl ValueTree<Value = Generated>> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    (0..count).map(move |_| program().new_tree(&mut runner).unwrap())
}

/// The nodes that the output depends on.
fn live(p: &Generated) -> Vec<NodeId> {
    let mut live = vec![false; p.graph.len()];
    live[p.output.index()] = true;
    let ids: Vec<NodeId> = p.graph.iter().map(|(id, _)| id).collect();
    for &id in ids.iter().rev() {
        if live[id.index()] {
            for operand in p.graph.op(id).operands() {
                live[operand.index()] = true;
            }
        }
    }
    ids.into_iter().filter(|id| live[id.index()]).collect()
}

/// How many selects follow one upon another on the way to each node.
fn select_depths(graph: &Graph) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::new();
    for (_, node) in graph.iter() {
        let below = node.op.operands().iter().map(|o| depths[o.index()]).max().unwrap_or(0);
        depths.push(below + usize::from(matches!(node.op, Op::Select { .. })));
    }
    depths
}

/// Inputs of several lengths, the longest among them.
fn inputs(p: &Generated, seed: usize) -> Vec<Vec<Value>> {
    let mut state = seed as u64 + 1;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let lengths = [p.max_len, 1 + next(p.max_len), p.max_len];
    lengths.iter().map(|&n| (0..n).map(|_| p.vocab[next(p.vocab.len())].clone()).collect()).collect()
}

#[test]
fn the_mix() {
    const SAMPLES: usize = 2000;
    let [mut sequences, mut nones, mut means, mut causal, mut raised, mut runs, mut named] = [0usize; 7];
    for (i, tree) in samples(SAMPLES).enumerate() {
        let p = tree.current();
        p.graph.check();
        let live = live(&p);
        sequences += usize::from(select_depths(&p.graph)[p.output.index()] >= 2);
        causal += usize::from(p.graph.mask == Mask::Causal);
        named += usize::from(live.iter().filter(|id| p.graph.node(**id).name().is_some()).count() > 1);
        let [mut none, mut mean] = [false; 2];
        for input in inputs(&p, i) {
            let trace = interpret(&p.graph, &input);
            runs += 1;
            raised += usize::from(trace.values(p.output).is_err());
            for &id in &live {
                if let Column::Values(values) = trace.column(id) {
                    none |= values.iter().any(Value::is_none);
                    mean |= match p.graph.op(id) {
                        Op::SelectorWidth(_) => values.iter().any(|v| *v > Value::int(10)),
                        Op::Aggregate { selector, .. } => {
                            let pattern = trace.pattern(*selector).unwrap();
                            (0..input.len()).any(|q| pattern.width(q) > 1)
                        }
                        _ => false,
                    };
                }
            }
        }
        nones += usize::from(none);
        means += usize::from(mean);
    }
    let share = |count: usize| count * 100 / SAMPLES;
    let mix = format!(
        "selects in sequence {}, none {}, mean or wide {}, causal {}, several names {}, raised {} of {runs}",
        share(sequences),
        share(nones),
        share(means),
        share(causal),
        share(named),
        raised
    );
    println!("{mix}");
    assert!(share(sequences) >= 30, "{mix}");
    assert!(share(nones) >= 20, "{mix}");
    assert!(share(means) >= 20, "{mix}");
    assert!((10..=60).contains(&share(causal)), "{mix}");
    assert!(share(named) >= 30, "{mix}");
    assert!(raised * 4 < runs, "{mix}");
}

/// Whatever shrinking removes, what is left is a program, and next to nothing is left of one of which all can go.
///
/// A recipe never gains a step. (Its graph may gain a node: an earlier alternative for a step can need one more, as `a or
/// a` does in place of a function of tokens.)
#[test]
fn shrinking_keeps_programs_well_formed() {
    for mut tree in samples(50) {
        let mut steps = tree.current().steps;
        while tree.simplify() {
            let p = tree.current();
            p.graph.check();
            assert!(p.steps <= steps, "{p:?}");
            steps = p.steps;
        }
        let p = tree.current();
        assert_eq!(steps, 2, "{p:?}");
        assert!(p.graph.len() <= 6, "{p:?}");
        assert_eq!(p.graph.node(p.output).name(), Some("out"));
    }
}

/// A property that fails has a small counterexample: here the tokens, an aggregate, its selector and its output.
#[test]
fn shrinking_finds_small_programs() {
    let has_none = |p: &Generated| {
        inputs(p, 0).iter().any(|input| {
            let trace = interpret(&p.graph, input);
            trace.values(p.output).is_ok_and(|v| v.iter().any(Value::is_none))
        })
    };
    let mut found = 0;
    for mut tree in samples(100) {
        if !has_none(&tree.current()) {
            continue;
        }
        found += 1;
        let mut smallest = tree.current();
        let mut left = 2000;
        let mut moved = tree.simplify();
        while moved && left > 0 {
            left -= 1;
            let p = tree.current();
            if has_none(&p) {
                smallest = p;
                moved = tree.simplify();
            } else {
                moved = tree.complicate();
            }
        }
        assert!(live(&smallest).len() <= 10, "{smallest:?}");
    }
    assert!(found > 10);
}
