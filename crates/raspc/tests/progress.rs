//! Who waits for a compilation is told of each step, in the order in which they are done.

use std::sync::{Arc, Mutex};

use raspc::compile::compile;
use raspc::options::Options;
use raspc::progress::{Progress, Step};
use raspc_lang::graph::Mask;
use raspc_lang::program::evaluate_text;
use raspc_lang::value::Value;

/// The steps that a compilation tells of, each once where it is told several times in a row.
fn steps(text: &str, vocab: Vec<Value>, max_len: usize) -> Vec<Step> {
    let program = evaluate_text(text, Mask::Full, &mut |_| Err("no files".to_owned())).expect("a program");
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut options = Options::new(vocab, max_len);
    options.progress = Progress::to({
        let told = told.clone();
        move |step| told.lock().expect("nobody panics").push(step)
    });
    let untold = Options { progress: Progress::default(), ..options.clone() };
    let output = program.output.expect("an output");
    let compiled = compile(&program.graph, output, &options).map(|c| c.model.to_files());
    // Being told changes nothing.
    assert_eq!(compiled, compile(&program.graph, output, &untold).map(|c| c.model.to_files()));
    let mut told = told.lock().expect("nobody panics").clone();
    told.dedup();
    told
}

const ALL: [Step; 8] = [
    Step::Graph,
    Step::Values,
    Step::Encoding,
    Step::Blocks,
    Step::Layers,
    Step::Stream,
    Step::Weights,
    Step::Certificate,
];

#[test]
fn steps_are_told_in_order() {
    assert!(ALL.is_sorted());
    let letters = || ["a", "b"].map(Value::from).to_vec();
    assert_eq!(steps("selector_width(select(tokens, tokens, ==))", letters(), 4), ALL);
    // What cannot be compiled ends where that is found.
    assert_eq!(steps("1 / indices", letters(), 4), ALL[..2]);
    let mut texts = ALL.map(Step::text).to_vec();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), ALL.len());
}
