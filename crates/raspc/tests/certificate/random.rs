//! Random programs: how many are certified, and that what is measured never exceeds what is certified.
//!
//! `RASPC_CASES` sets how many programs are tried (default 600).

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raspc::certify::analyse;
use raspc::compile::compile;
use raspc::options::{OptLevel, Options};

use crate::generator::{Generated, program};
use crate::measured::check;

fn cases() -> u32 {
    std::env::var("RASPC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600)
}

/// What became of a program.
enum Outcome {
    NotCompiled,
    Refused(String),
    Certified,
}

fn outcome(program: &Generated, opt: OptLevel, case: u32) -> Result<Outcome, String> {
    let mut options = Options::new(program.vocab.clone(), program.max_len);
    (options.opt, options.uncertified) = (opt, true);
    let Ok(c) = compile(&program.graph, program.output, &options) else { return Ok(Outcome::NotCompiled) };
    let analysis = analyse(&c.parts());
    let mut state = u64::from(case);
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    // Domains hold for every model, certified or not.
    for turn in 0..8 {
        let n = if turn < 4 { program.max_len } else { 1 + draw(program.max_len) };
        let ids: Vec<u32> = (0..n).map(|_| draw(program.vocab.len()) as u32).collect();
        check(&c, &analysis, &ids)?;
    }
    Ok(match analysis.certificate {
        Ok(_) => Outcome::Certified,
        Err(errors) => {
            let notes: Vec<&str> = errors[0].notes.iter().map(|n| &*n.1).collect();
            Outcome::Refused(format!("{} {}; {}", errors[0].code, errors[0].message, notes.join("; ")))
        }
    })
}

#[test]
fn random_programs_stay_within_their_certificates() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut compiled, mut certified) = (0u32, 0u32);
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    for case in 0..cases() {
        let tree = program().new_tree(&mut runner).expect("the strategy makes values");
        let opt = if case % 3 == 0 { OptLevel::O0 } else { OptLevel::O1 };
        let program = tree.current();
        match outcome(&program, opt, case) {
            Ok(Outcome::NotCompiled) => continue,
            Ok(Outcome::Certified) => certified += 1,
            Ok(Outcome::Refused(why)) => {
                if std::env::var("RASPC_SHOW").is_ok() {
                    println!("case {case} {opt:?}: {why}\n{program:?}");
                }
                *refused.entry(why.chars().take(5).collect()).or_default() += 1;
            }
            Err(outside) => panic!("case {case} {opt:?}: {outside}\n{program:?}"),
        }
        compiled += 1;
    }
    println!("{certified} of {compiled} certified; refused: {refused:?}");
    assert!(certified * 100 >= compiled * 95, "{certified} of {compiled} certified: {refused:?}");
}
