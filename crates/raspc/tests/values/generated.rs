//! Programs of the workspace's generator, longer inputs among them: those are sampled.

#[path = "../support/generator.rs"]
mod generator;

use generator::{Generated, program};
use proptest::prelude::*;
use raspc::options::Options;
use raspc::values::infer;
use raspc_lang::interpret::{Column, interpret};
use raspc_lang::value::Value;

use crate::build::inputs;
use crate::check::check_on;

/// All inputs where they are few, else some of each length.
fn some_inputs(options: &Options, picks: &[u8]) -> Vec<Vec<Value>> {
    let all: f64 = (1..=options.max_len).map(|n| libm::pow(options.vocab.len() as f64, n as f64)).sum();
    if all <= 130.0 {
        return inputs(options);
    }
    let input = |i: usize| {
        let token =
            |p: usize| options.vocab[usize::from(picks[(i * 31 + p * 7) % picks.len()]) % options.vocab.len()].clone();
        (0..=i % options.max_len).map(token).collect()
    };
    (0..60).map(input).collect()
}

fn check(p: &Generated, picks: &[u8], enumerate: usize) {
    let mut options = Options::new(p.vocab.clone(), p.max_len);
    options.limits.enumerate = options.limits.enumerate.min(enumerate);
    let inputs = some_inputs(&options, picks);
    match infer(&p.graph, p.output, &options) {
        // The witness may be none of the sampled inputs; it is checked where all are there.
        Err(errors) => assert!(!errors.is_empty()),
        Ok(values) => {
            let raises = |input: &Vec<Value>| matches!(interpret(&p.graph, input).column(p.output), Column::Raised(_));
            assert!(
                !values.assumptions().is_empty() || !inputs.iter().any(raises),
                "it raises, and that is not assumed away"
            );
            check_on(&p.graph, p.output, &options, &values, &inputs);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn observed_is_inferred(
        p in program(),
        picks in prop::collection::vec(any::<u8>(), 50..400),
        enumerate in prop_oneof![3 => Just(usize::MAX), 1 => Just(40usize), 1 => Just(1000usize)],
    ) {
        check(&p, &picks, enumerate);
    }
}
