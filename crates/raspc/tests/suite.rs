//! The suite: small programs with their expectations written beside them (`#? NAME(INPUT) = [VALUE, …]`), checked on the
//! interpreter and on the model at both levels of optimisation by what `raspc test` checks with, and each verified over
//! its whole domain or a sample of it.

use std::path::Path;

use raspc::expect::{Checker, Verdict};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::expect::expectations;
use raspc_lang::graph::Mask;
use raspc_lang::program::parse_program;

fn check(path: &Path, opt: OptLevel) -> usize {
    let file = path.file_name().expect("a name").to_string_lossy();
    let text = std::fs::read_to_string(path).expect("readable");
    let program = parse_program(&file, &text, Mask::Full, &mut |p| Err(format!("no file {p}")))
        .unwrap_or_else(|e| panic!("{file}: {e}"));
    let mut options = Options::new(program.vocab.clone().expect("a vocabulary"), program.max_len.expect("a length"));
    options.opt = opt;
    let mut checker = Checker::new(&program.graph, &options);
    let all = expectations(0, &text).unwrap_or_else(|e| panic!("{file}: {e:#?}"));
    for expectation in &all {
        let what = format!("{file} at {opt:?}: {}", expectation.text);
        let node = *program.bindings.get(&expectation.name).unwrap_or_else(|| panic!("{what}: no such s-op"));
        let verdict = checker.check(node, expectation);
        assert!(matches!(verdict, Verdict::Met), "{what}: {verdict:#?}");
    }
    for (node, compilation) in checker.compilations() {
        let report = verify(compilation, Plan { inputs: 60, seed: 11 }, &mut |_, _| {});
        assert_eq!(report.mismatches, 0, "{file} at {opt:?}: {}: {report:#?}", program.graph.describe(node));
    }
    all.len()
}

#[test]
fn every_program_meets_its_expectations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the suite").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let mut checked = 0;
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "rasp")) {
        checked += check(path, OptLevel::O0) + check(path, OptLevel::O1);
    }
    assert!(checked >= 40, "only {checked} expectations found");
}

/// The checker can say no: each kind of failure, by a program that has it.
#[test]
fn what_is_not_met_is_told() {
    let verdicts = |text: &str| {
        let program = parse_program("t.rasp", text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("fine");
        let options = Options::new(program.vocab.clone().expect("a vocabulary"), program.max_len.expect("a length"));
        let mut checker = Checker::new(&program.graph, &options);
        let all = expectations(0, text).expect("well-formed");
        all.iter().map(|e| checker.check(program.bindings[&e.name], e)).collect::<Vec<_>>()
    };
    let head = "# vocab: ab\n# max_len: 3\n";
    let told = verdicts(&format!(
        "{head}x = indices;\n#? x(\"aba\") = [0, 1, 3]\n#? x(\"abab\") = [0, 1, 2, 3]\n#? x(\"c\") = [0]\n#? x(\"a\") raises\n"
    ));
    assert!(matches!(&told[0], Verdict::Interpreter(got) if got == "[0, 1, 2]"), "{:?}", told[0]);
    assert!(matches!(&told[1], Verdict::Input(why) if why == "4 tokens, of at most 3"), "{:?}", told[1]);
    assert!(matches!(&told[2], Verdict::Input(why) if why == "`c` is not in the vocabulary"), "{:?}", told[2]);
    assert!(matches!(&told[3], Verdict::Interpreter(got) if got == "[0]"), "{:?}", told[3]);
    let told = verdicts(&format!(
        "{head}x = 1 / indices;\n#? x(\"a\") raises\ny = 1 / (indices - 1);\n#? y(\"a\") = [-1.0]\n"
    ));
    assert!(matches!(told[..], [Verdict::Met, Verdict::Refused(_)]), "{told:?}");
    let told = verdicts(&format!(
        "{head}s = select(indices, indices, <);\n#? s(\"ab\") = [[0, 0], [1, 0]]\n#? s(\"ab\") = [[0, 1], [0, 0]]\n"
    ));
    assert!(matches!(&told[..], [Verdict::Met, Verdict::Interpreter(got)] if got == "[[0, 0], [1, 0]]"), "{told:?}");
}
