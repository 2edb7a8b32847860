//! Widths beyond what one layer can tell apart: the standard programs that count, at lengths of thousands.
//!
//! `RASPC_WIDE` runs them at 1600 over as many numbers and at 4096 over 64, instead of just beyond 1685.

use raspc::compile::compile;
use raspc::options::Options;
use raspc_lang::graph::Mask;
use raspc_lang::interpret::interpret;
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;
use raspc_model::forward::Keep;

const PROGRAMS: [(&str, &str); 5] = [
    ("length", "y = length;"),
    ("hist", "y = selector_width(select(tokens, tokens, ==));"),
    ("reverse", "y = aggregate(select(indices, length - indices - 1, ==), tokens);"),
    (
        "sort",
        "smaller = select(tokens, tokens, <);\nequal = select(tokens, tokens, ==);\n\
         earlier = select(indices, indices, <);\nplace = selector_width(smaller or (equal and earlier));\n\
         y = aggregate(select(place, indices, ==), tokens);",
    ),
    (
        "sort_unique",
        "place = selector_width(select(tokens, tokens, <));\ny = aggregate(select(place, indices, ==), tokens);",
    ),
];

/// Compiles a program and compares its output on inputs of the full length and of one less.
fn check(name: &str, text: &str, vocab: usize, len: usize) {
    let program = parse_program(name, text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("parses");
    let options = Options::new((0..vocab as i64).map(Value::int).collect(), len);
    let start = std::time::Instant::now();
    let compiled = compile(&program.graph, program.bindings["y"], &options)
        .unwrap_or_else(|e| panic!("{name} over {vocab} at {len}: {e:#?}"));
    let stats = &compiled.model.config;
    println!(
        "{name} over {vocab} at {len}: {} layers, {} heads of {}, d_model {}, d_mlp {}, compiled in {:.1?}",
        stats.n_layers,
        stats.n_heads,
        stats.d_head,
        stats.d_model,
        stats.d_mlp,
        start.elapsed()
    );
    for (n, factor) in [(len, 7919), (len - 1, 31)] {
        // Distinct where there are as many numbers as positions, else in groups of very different sizes.
        let token = |i: usize| if vocab >= len { (i * factor + 5) % vocab } else { (i * i / 7 + factor) % vocab % 40 };
        let input: Vec<Value> = (0..n).map(|i| Value::int(token(i) as i64)).collect();
        let trace = interpret(&program.graph, &input);
        let meant = trace.values(program.bindings["y"]).expect("has values");
        let ids: Vec<u32> = (0..n).map(|i| token(i) as u32).collect();
        let run = compiled.model.run(&ids, Keep::default()).expect("runs");
        let got: Vec<Value> = compiled.model.decode_output(&run).iter().map(raspc::convert::value).collect();
        for (i, (got, meant)) in got.iter().zip(meant).enumerate() {
            assert_eq!(got, meant, "{name} over {vocab} at {len}, input of {n}, position {i}");
        }
    }
    println!("  and two inputs, in {:.1?}", start.elapsed());
}

#[test]
fn programs_that_count() {
    let sizes: &[(usize, usize)] =
        if std::env::var_os("RASPC_WIDE").is_some() { &[(1600, 1600), (64, 4096)] } else { &[(8, 1700)] };
    let only = std::env::var("RASPC_ONLY").ok();
    for &(vocab, len) in sizes {
        for (name, text) in PROGRAMS.iter().filter(|p| only.as_ref().is_none_or(|o| o == p.0)) {
            check(name, text, vocab, len);
        }
    }
}
