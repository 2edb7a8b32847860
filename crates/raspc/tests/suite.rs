//! The suite: small programs with their expectations written beside them, checked on the interpreter and on the model
//! at both levels of optimisation, and each verified over its whole domain or a sample of it.
//!
//! An expectation is a comment `#? NAME(INPUT) = [VALUE, …]`.

use std::path::Path;

use raspc::compile::compile;
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::graph::Mask;
use raspc_lang::input::{InputMode, parse_input};
use raspc_lang::interpret::interpret;
use raspc_lang::program::{Program, parse_program};
use raspc_model::forward::Keep;

struct Expectation<'a> {
    name: &'a str,
    input: &'a str,
    values: Vec<&'a str>,
}

fn expectations(text: &str) -> Vec<Expectation<'_>> {
    let lines = text.lines().filter_map(|l| l.strip_prefix("#? "));
    lines
        .map(|line| {
            let (call, values) = line.split_once(") = [").unwrap_or_else(|| panic!("not an expectation: {line}"));
            let (name, input) = call.split_once('(').unwrap_or_else(|| panic!("not a call: {line}"));
            let values = values.trim_end().strip_suffix(']').expect("a closing bracket").split(", ").collect();
            Expectation { name, input, values }
        })
        .collect()
}

fn check(file: &str, program: &Program, expectation: &Expectation<'_>, opt: OptLevel) {
    let Expectation { name, input, values } = expectation;
    let what = format!("{file}: {name}({input}) at {opt:?}");
    let input = parse_input(input, InputMode::Auto).unwrap_or_else(|e| panic!("{what}: {e}"));
    let output = program.bindings[*name];
    let meant = interpret(&program.graph, &input);
    let meant = meant.values(output).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(meant.iter().map(ToString::to_string).collect::<Vec<_>>(), *values, "{what}: the interpreter");
    let mut options = Options::new(program.vocab.clone().expect("a vocabulary"), program.max_len.expect("a length"));
    options.opt = opt;
    let compiled = compile(&program.graph, output, &options).unwrap_or_else(|e| panic!("{what}: {e:#?}"));
    let ids =
        compiled.model.ids(&input.iter().map(raspc::convert::token).collect::<Vec<_>>()).expect("in the vocabulary");
    let run = compiled.model.run(&ids, Keep::default()).expect("runs");
    let decoded: Vec<_> = compiled.model.decode_output(&run).iter().map(raspc::convert::value).collect();
    for (got, meant) in decoded.iter().zip(meant) {
        let near = got.as_f64().zip(meant.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-5);
        assert!(got == meant || near, "{what}: the transformer says {got}, the interpreter {meant}");
    }
    let report = verify(&compiled, Plan { inputs: 60, seed: 11 }, &mut |_, _| {});
    assert_eq!(report.mismatches, 0, "{what}: {report:#?}");
}

#[test]
fn every_program_meets_its_expectations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the suite").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let mut checked = 0;
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "rasp")) {
        let file = path.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(path).expect("readable");
        let program = parse_program(&file, &text, Mask::Full, &mut |p| Err(format!("no file {p}")))
            .unwrap_or_else(|e| panic!("{file}: {e}"));
        for expectation in expectations(&text) {
            for opt in [OptLevel::O0, OptLevel::O1] {
                check(&file, &program, &expectation, opt);
                checked += 1;
            }
        }
    }
    assert!(checked >= 40, "only {checked} expectations found");
}
