//! The standard programs: right at every position, and no larger than stated.

use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::graph::{Mask, NodeId};
use raspc_lang::input::parse_vocab;
use raspc_lang::program::{Program, evaluate_text, parse_program};
use raspc_lang::programs::{standard_program, standard_programs};
use raspc_model::forward::Keep;

fn no_files(path: &str) -> Result<String, String> {
    Err(format!("no file {path}"))
}

fn standard(name: &str) -> Program {
    let program = standard_program(name).expect("a standard program");
    parse_program(name, program.source, Mask::Full, &mut no_files)
        .unwrap_or_else(|e| panic!("{name}: {:?}", e.diagnostics))
}

fn compiled(name: &str, vocab: &str, max_len: usize, opt: OptLevel) -> Compilation {
    let program = standard(name);
    let mut options = Options::new(parse_vocab(vocab).expect("a vocabulary"), max_len);
    options.opt = opt;
    let output: NodeId = program.output.expect("an output");
    compile(&program.graph, output, &options).unwrap_or_else(|e| panic!("{name} at {max_len}: {e:#?}"))
}

fn check(name: &str, vocab: &str, max_len: usize, inputs: u64) {
    for opt in [OptLevel::O0, OptLevel::O1] {
        let c = compiled(name, vocab, max_len, opt);
        let report = verify(&c, Plan { inputs, seed: 3 }, &mut |_, _| {});
        assert_eq!(report.mismatches, 0, "{name} {opt:?} at {max_len}: {report:#?}");
        assert!(report.raised < report.checked, "{name}: never defined");
    }
}

/// Each program's small vocabulary.
fn vocab(name: &str) -> &'static str {
    match name {
        "frac_prevs" => "abx",
        "pair_balance" => "()x",
        "sort_unique" | "sort" => "0..5",
        "shuffle_dyck1" => "()",
        "shuffle_dyck2" => "(){}",
        "shuffle_dyck3" => "(){}[]",
        _ => "abc",
    }
}

#[test]
fn exhaustively_when_small() {
    for program in standard_programs() {
        check(program.name, vocab(program.name), 4, 2500);
    }
}

#[test]
fn sampled_when_long() {
    for program in standard_programs() {
        for (len, inputs) in [(10, 60), (20, 30), (40, 12)] {
            check(program.name, vocab(program.name), len, inputs);
        }
    }
}

#[test]
fn sampled_when_very_long() {
    for program in standard_programs() {
        let c = compiled(program.name, vocab(program.name), 256, OptLevel::O1);
        let report = verify(&c, Plan { inputs: 3, seed: 5 }, &mut |_, _| {});
        assert_eq!(report.mismatches, 0, "{}: {report:#?}", program.name);
    }
}

#[test]
fn arguments_choose_the_parameters() {
    for text in [r#"detect_pattern(tokens, "ab")"#, "shift_by(tokens, 2)", "shift_by(tokens, -1)"] {
        let program = evaluate_text(text, Mask::Full, &mut no_files).unwrap_or_else(|e| panic!("{:?}", e.diagnostics));
        let options = Options::new(parse_vocab("abc").expect("a vocabulary"), 4);
        let c = compile(&program.graph, program.output.expect("an output"), &options).expect("compiles");
        assert_eq!(verify(&c, Plan { inputs: 200, seed: 1 }, &mut |_, _| {}).mismatches, 0, "{text}");
    }
}

/// Program, vocabulary, tracr's layers, its parameters at lengths 5 and 10, and ours.
type Size = (&'static str, &'static str, usize, [usize; 2], [usize; 2]);

const SIZES: [Size; 13] = [
    ("hist", "abc", 1, [1053, 2333], [468, 1083]),
    ("length", "abc", 1, [1053, 2333], [310, 830]),
    ("count", "abc", 1, [1053, 2333], [426, 1016]),
    ("shift_by", "abc", 1, [624, 1329], [418, 737]),
    ("frac_prevs", "abx", 2, [1019, 2234], [351, 901]),
    ("pair_balance", "()x", 2, [2222, 4692], [425, 1025]),
    ("sort_unique", "0..5", 2, [3091, 7326], [2380, 4900]),
    ("detect_pattern", "abc", 3, [5669, 10614], [799, 1520]),
    ("sort", "0..5", 3, [24968, 81198], [8810, 21090]),
    ("reverse", "abc", 4, [18755, 89880], [2433, 5989]),
    ("sort_freq", "abc", 5, [66114, 568_054], [12452, 34552]),
    ("shuffle_dyck1", "()", 6, [64688, 293_055], [3262, 6957]),
    ("shuffle_dyck2", "(){}", 8, [246_884, 1_026_950], [5292, 9927]),
];

#[test]
fn sizes_stay_below_the_table() {
    for (name, vocab, layers, table, reached) in SIZES {
        for ((len, most), reached) in [5, 10].into_iter().zip(table).zip(reached) {
            let c = compiled(name, vocab, len, OptLevel::O1);
            let parameters = c.model.parameters();
            assert!(c.schedule.layers <= layers, "{name} at {len}: {} layers, tracr has {layers}", c.schedule.layers);
            assert!(parameters <= most, "{name} at {len}: {parameters} parameters, tracr has {most}");
            assert!(parameters <= reached, "{name} at {len}: {parameters} parameters, {reached} were reached before");
        }
    }
}

#[test]
fn shuffle_dyck2_at_length_40_is_a_tenth_of_tracrs() {
    let c = compiled("shuffle_dyck2", "(){}", 40, OptLevel::O1);
    assert!(c.model.parameters() < 3_250_000, "{}", c.model.parameters());
}

#[test]
fn two_compilations_are_byte_identical() {
    for program in standard_programs() {
        let files = || compiled(program.name, vocab(program.name), 7, OptLevel::O1).model.to_files();
        assert_eq!(files(), files(), "{}", program.name);
    }
}

#[test]
fn padded_batches_equal_single_inputs_masked_or_not() {
    for program in standard_programs() {
        let c = compiled(program.name, vocab(program.name), 6, OptLevel::O1);
        let ids: Vec<Vec<u32>> = vec![vec![0, 1, 0], vec![1], vec![0, 1, 1, 0, 1, 0], vec![1, 0, 1, 1]];
        let (padded, lengths) = c.model.pad(&ids);
        let masked = c.model.run_padded(&padded, Some(&lengths), Keep::default()).expect("runs");
        let unmasked = c.model.run_padded(&padded, None, Keep::default()).expect("runs");
        for (i, ids) in ids.iter().enumerate() {
            let single = c.model.run(ids, Keep::default()).expect("runs");
            for row in 0..=ids.len() {
                assert_eq!(single.last.row(row), masked[i].last.row(row), "{} masked", program.name);
                assert_eq!(single.last.row(row), unmasked[i].last.row(row), "{} without a mask", program.name);
            }
        }
    }
}
