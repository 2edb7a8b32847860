//! The certificate: what it proves, and what it refuses.

mod crafted;
#[path = "../support/draw.rs"]
mod draw;
#[path = "../support/generator.rs"]
mod generator;
mod lengths;
mod measured;
mod mutations;
mod pipeline;
mod programs;
mod random;
mod weights;
mod wider;

use raspc::certify::{self, Certificate, certify};
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::Mask;
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;

use programs::{Made, balance, hist, ints, length, letters, reverse, shifts, sort};

fn compiled(made: &Made, vocab: Vec<Value>, max_len: usize, opt: OptLevel) -> Compilation {
    let mut options = Options::new(vocab, max_len);
    options.opt = opt;
    options.uncertified = true;
    compile(&made.0, made.1, &options).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn certified(made: &Made, vocab: Vec<Value>, max_len: usize, opt: OptLevel) -> Certificate {
    let c = compiled(made, vocab, max_len, opt);
    certify(&c.parts()).unwrap_or_else(|e| panic!("{opt:?}, length {max_len}: {e:#?}\n{}", raspc::explain::explain(&c)))
}

#[test]
fn integer_programs_have_no_error() {
    let all: [(&str, Made); 6] = [
        ("length", length()),
        ("hist", hist(Mask::Full)),
        ("causal hist", hist(Mask::Causal)),
        ("reverse", reverse()),
        ("sort", sort(true)),
        ("sort_unique", sort(false)),
    ];
    for (name, made) in &all {
        for (vocab, n) in [(3, 4), (10, 16)] {
            for opt in [OptLevel::O0, OptLevel::O1] {
                let c = certified(made, ints(vocab), n, opt);
                // Equal tokens have one rank: several keys are selected, whose weights add up to nearly 1.
                let most = if *name == "sort_unique" { 1e-4 } else { 0.0 };
                assert!(c.max_error <= most, "{name} {opt:?} {n}: {c}");
            }
        }
    }
}

#[test]
fn defaults_and_means() {
    for mask in [Mask::Full, Mask::Causal] {
        for opt in [OptLevel::O0, OptLevel::O1] {
            for default in [Value::None, Value::str("a"), Value::str("z")] {
                let c = certified(&shifts(mask, default), letters(3), 5, opt);
                assert_eq!(c.max_error, 0.0, "{c}");
            }
            let c = certified(&balance(mask), letters(3), 8, opt);
            assert!(c.max_error < 1e-4, "{c}");
        }
    }
}

/// An s-op that is none although the sum its units read is defined: the certificate once took `x` for defined wherever
/// `indices` is, and called `y:None` zero.
#[test]
fn a_sum_is_no_longer_a_line_where_one_of_its_parts_is_none() {
    let text = "x = aggregate(select(indices, indices, >), tokens); y = indices if tokens else x;";
    let program = parse_program("p", text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("a program");
    let made = (program.graph, program.bindings["y"]);
    let vocab: Vec<Value> = [2, 3].into_iter().map(Value::int).collect();
    for opt in [OptLevel::O0, OptLevel::O1] {
        let c = compiled(&made, vocab.clone(), 3, opt);
        let analysis = certify::analyse(&c.parts());
        for ids in [&[0, 0, 0][..], &[1, 0, 0], &[0, 1], &[1]] {
            measured::check(&c, &analysis, ids).unwrap_or_else(|e| panic!("{opt:?}: {e}"));
        }
        assert_eq!(analysis.certificate.expect("certified").max_error, 0.0);
    }
}
