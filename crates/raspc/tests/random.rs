//! Random programs: whatever compiles is certified and agrees with the interpreter at every readable node, at the level of
//! the circuit and of the model; what does not compile, or cannot be certified, is counted by reason. (That what is measured
//! never exceeds what is certified is `certificate/random.rs`.)
//!
//! `RASPC_CASES` sets how many programs are tried (default 2000); `RASPC_REASONS` prints each refused one and why.

#[path = "support/generator.rs"]
mod generator;

use std::collections::BTreeMap;

use generator::{Generated, program};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raspc::compile::compile;
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};

fn cases() -> u32 {
    std::env::var("RASPC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000)
}

fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

/// Compiles and verifies; `Ok(Some(code))` is a refusal. A panic is a failure like any other, so that it shrinks.
fn outcome(program: &Generated, opt: OptLevel) -> Result<Option<String>, String> {
    let run = std::panic::AssertUnwindSafe(|| attempt(program, opt));
    std::panic::catch_unwind(run).unwrap_or_else(|p| {
        let text = p.downcast_ref::<String>().cloned().or_else(|| p.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!(
            "{opt:?}, vocabulary {:?}, length {}: panicked: {text:?}\n{}",
            program.vocab, program.max_len, program.graph
        ))
    })
}

fn attempt(program: &Generated, opt: OptLevel) -> Result<Option<String>, String> {
    let mut options = Options::new(program.vocab.clone(), program.max_len);
    options.opt = opt;
    let compiled = match compile(&program.graph, program.output, &options) {
        Ok(c) => c,
        Err(errors) => return Ok(Some(format!("{} {}", errors[0].code, errors[0].message))),
    };
    assert!(compiled.certificate.is_ok(), "what is not certified is refused");
    compiled.model.check().map_err(|e| e.to_string())?;
    let report = verify(&compiled, Plan { inputs: 24, seed: 1 }, &mut |_, _| {});
    match report.first {
        None => Ok(None),
        Some(m) => Err(format!(
            "{opt:?}, vocabulary {:?}, length {}: {} of {} at {} position {}: expected {:?}, got {:?} on {:?}\n{}",
            program.vocab,
            program.max_len,
            m.level,
            m.node,
            program.graph.describe(m.node),
            m.position,
            m.expected,
            m.got,
            m.input,
            program.graph
        )),
    }
}

#[test]
fn random_programs_agree_everywhere() {
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    let mut runner = runner(1);
    let total = cases();
    for case in 0..total {
        let tree = program().new_tree(&mut runner).expect("the strategy makes values");
        let opt = if case % 3 == 0 { OptLevel::O0 } else { OptLevel::O1 };
        let program = tree.current();
        match outcome(&program, opt) {
            Ok(None) => {}
            Ok(Some(reason)) => {
                if std::env::var_os("RASPC_REASONS").is_some() {
                    println!("case {case} {opt:?}: {reason}\n{program:?}");
                }
                *refused.entry(reason.chars().take(5).collect()).or_default() += 1;
            }
            Err(failure) => panic!("case {case}: {}", shrink(&mut *Box::new(tree), opt, failure)),
        }
    }
    let count: u32 = refused.values().sum();
    println!("{count} of {total} programs refused, by code: {refused:?}");
    assert!(count * 20 <= total, "at least 95 % compile and certify: {count} of {total} refused: {refused:?}");
}

/// The smallest program that still fails, and how.
fn shrink<T: ValueTree<Value = Generated>>(tree: &mut T, opt: OptLevel, mut failure: String) -> String {
    let mut steps = 0;
    let mut simpler = tree.simplify();
    while simpler && steps < 2000 {
        steps += 1;
        match outcome(&tree.current(), opt) {
            Err(smaller) => {
                failure = smaller;
                simpler = tree.simplify();
            }
            Ok(_) => simpler = tree.complicate(),
        }
    }
    failure
}
