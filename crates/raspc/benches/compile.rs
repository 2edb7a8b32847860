//! How long compiling and running take: `cargo bench -p raspc`.

use divan::{Bencher, black_box};
use raspc::certify::certify;
use raspc::compile::{Compilation, compile};
use raspc::options::Options;
use raspc_lang::graph::Mask;
use raspc_lang::input::parse_vocab;
use raspc_lang::program::{Program, parse_program};
use raspc_lang::programs::standard_program;
use raspc_model::forward::Keep;

fn main() {
    divan::main();
}

/// (program, vocabulary, length): what the certificate's cost is measured on.
const CERTIFIED: [(&str, &str, usize); 5] = [
    ("length", "0..1024", 1024),
    ("hist", "0..1024", 1024),
    ("reverse", "0..1024", 1024),
    ("sort", "0..1024", 1024),
    ("sort_unique", "0..1024", 1024),
];
/// (program, vocabulary, length)
const SMALL: [(&str, &str, usize); 5] = [
    ("hist", "abc", 10),
    ("reverse", "abc", 10),
    ("sort_unique", "0..5", 10),
    ("sort", "0..5", 10),
    ("shuffle_dyck2", "(){}", 10),
];
const LARGE: [(&str, &str, usize); 5] = [
    ("shuffle_dyck2", "(){}", 40),
    ("reverse", "0..40", 40),
    ("hist", "0..1024", 1024),
    ("reverse", "0..1024", 1024),
    ("sort_unique", "0..1024", 1024),
];

fn program(name: &str) -> Program {
    let source = standard_program(name).expect("a standard program").source;
    parse_program(name, source, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("parses")
}

fn build(program: &Program, vocab: &str, len: usize) -> Compilation {
    let options = Options::new(parse_vocab(vocab).expect("a vocabulary"), len);
    compile(&program.graph, program.output.expect("an output"), &options).expect("compiles")
}

#[divan::bench(args = SMALL)]
fn compile_small(bencher: Bencher, (name, vocab, len): (&str, &str, usize)) {
    let program = program(name);
    bencher.bench(|| build(black_box(&program), vocab, len).model.parameters());
}

#[divan::bench(args = LARGE, sample_count = 10)]
fn compile_large(bencher: Bencher, (name, vocab, len): (&str, &str, usize)) {
    let program = program(name);
    bencher.bench(|| build(black_box(&program), vocab, len).model.parameters());
}

#[divan::bench(args = LARGE, sample_count = 5)]
fn run_large(bencher: Bencher, (name, vocab, len): (&str, &str, usize)) {
    let compiled = build(&program(name), vocab, len);
    let tokens = compiled.options.vocab.len();
    let ids: Vec<u32> = (0..len).map(|i| (i * 7919 % tokens) as u32).collect();
    bencher.bench(|| compiled.model.run(black_box(&ids), Keep::default()).expect("runs").n);
}

/// The certificate alone; compiling takes it in, so its cost is that much less without it.
#[divan::bench(args = CERTIFIED, sample_count = 5)]
fn certificate(bencher: Bencher, (name, vocab, len): (&str, &str, usize)) {
    let compiled = build(&program(name), vocab, len);
    bencher.bench(|| certify(black_box(&compiled.parts())).expect("certified").max_error);
}

/// Compiling, the certificate included, and one forward pass.
#[divan::bench(args = CERTIFIED, sample_count = 5)]
fn compile_and_run(bencher: Bencher, (name, vocab, len): (&str, &str, usize)) {
    let program = program(name);
    let ids: Vec<u32> = (0..len).map(|i| (i * 7919 % len) as u32).collect();
    bencher.bench(|| build(black_box(&program), vocab, len).model.run(&ids, Keep::default()).expect("runs").n);
}
