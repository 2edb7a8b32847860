//! Any and/or/not of selects, in aggregates and in widths, none among keys and queries: nothing is refused, and every
//! level agrees with the interpreter. And which way each kind of formula goes.

#[path = "support/draw.rs"]
mod draw;

use draw::Draw;
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Mask, NodeId, Op};
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;

/// Selects over tokens, indices, a shifted s-op that can be none, and numbers; some exclude or imply one another.
const SELECTS: [&str; 10] = [
    "select(tokens, tokens, ==)",
    "select(indices, indices, <)",
    "select(indices, indices - 1, ==)",
    "select(indices, 0, ==)",
    "select(before, tokens, ==)",
    "select(tokens, before, ==)",
    "select(before, none, ==)",
    "select(before, before, !=)",
    "select(indices, places, >=)",
    "select(1, 1, ==)",
];

fn formula(draw: &mut Draw, depth: usize) -> String {
    let leaf = depth == 0 || draw.below(4) == 0;
    if leaf {
        return SELECTS[draw.below(SELECTS.len())].to_owned();
    }
    match draw.below(5) {
        0 => format!("(not {})", formula(draw, depth - 1)),
        1 | 2 => format!("({} or {})", formula(draw, depth - 1), formula(draw, depth - 1)),
        _ => format!("({} and {})", formula(draw, depth - 1), formula(draw, depth - 1)),
    }
}

fn compiled(text: &str, vocab: &str, len: usize, mask: Mask, opt: OptLevel) -> Compilation {
    tried(text, vocab, len, mask, opt).unwrap_or_else(|e| panic!("{text}: {e:#?}"))
}

fn tried(text: &str, vocab: &str, len: usize, mask: Mask, opt: OptLevel) -> Result<Compilation, Vec<Diagnostic>> {
    let program = parse_program("test", text, mask, &mut |p| Err(format!("no file {p}")))
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut options = Options::new(vocab.chars().map(|c| Value::str(c.to_string())).collect(), len);
    options.opt = opt;
    compile(&program.graph, program.bindings["result"], &options)
}

fn check(compiled: &Compilation, inputs: u64, text: &str) {
    let report = verify(compiled, Plan { inputs, seed: 3 }, &mut |_, _| {});
    assert_eq!(report.mismatches, 0, "{text}: {:#?}", report.first);
}

#[test]
fn random_formulas_agree_everywhere() {
    let cases = std::env::var("RASPC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut draw = Draw(5);
    let [mut sums, mut classes, mut refused] = [0; 3];
    for case in 0..cases {
        let (depth, kind) = (1 + draw.below(3), draw.below(3));
        let chosen = formula(&mut draw, depth);
        let out = match kind {
            0 => "selector_width(chosen)".to_owned(),
            1 => "aggregate(chosen, indicator(tokens == \"a\"), -1)".to_owned(),
            _ => "aggregate(chosen, indices * 2 + 1)".to_owned(),
        };
        let text = format!(
            "before = aggregate(select(indices, indices - 1, ==), tokens);\n\
             places = selector_width(select(tokens, tokens, ==));\nchosen = {chosen};\nresult = {out};\n"
        );
        let mask = if draw.below(3) == 0 { Mask::Causal } else { Mask::Full };
        let opt = if case % 4 == 0 { OptLevel::O0 } else { OptLevel::O1 };
        // Each has a construction; what the certificate cannot check is counted.
        let compiled = match tried(&text, "abc", 4, mask, opt) {
            Ok(compiled) => compiled,
            Err(errors) => {
                println!("{}: {}\n{text}", errors[0].code, errors[0].message);
                assert!(errors[0].code.0.starts_with("E082"), "{text}: {errors:#?}");
                refused += 1;
                continue;
            }
        };
        sums += usize::from(!compiled.encoded.forms.sums.is_empty());
        classes += usize::from(compiled.encoded.graph.len() > compiled.graph.len());
        check(&compiled, 60, &text);
    }
    assert!(refused * 20 <= cases, "at least 95 % compile and certify: {refused} of {cases} refused");
    assert!(
        sums * 5 > cases && classes * 20 > cases,
        "{sums} realised as sums, {classes} of them with s-ops of their own"
    );
}

/// The terms of the only form.
fn form(c: &Compilation) -> Vec<i64> {
    assert_eq!(c.encoded.forms.sums.len(), 1);
    c.encoded.forms.sums.values().flat_map(|f| f.terms.iter().map(|t| t.1)).collect()
}

#[test]
fn selects_that_exclude_or_imply_one_another_need_no_products() {
    // Never both: a sum. One implies the other: the larger alone.
    for (selector, coefficients) in [
        ("select(indices, indices - 1, ==) or select(indices, indices, ==)", vec![1, 1]),
        ("select(indices, 0, ==) or select(indices, 3, <)", vec![1]),
        ("select(tokens, tokens, ==) or not select(indices, indices, >) or select(1, 1, ==)", vec![]),
    ] {
        let text = format!("result = aggregate({selector}, indices, -1);\n");
        let c = compiled(&text, "ab", 4, Mask::Full, OptLevel::O1);
        assert_eq!(form(&c), coefficients, "{selector}");
        check(&c, 40, &text);
    }
    // Independent: no sum of the two, so one select over classes.
    let text = "result = aggregate(select(tokens, \"a\", ==) or select(indices, indices, <), indices, -1);\n";
    let c = compiled(text, "abc", 4, Mask::Full, OptLevel::O1);
    assert_eq!(form(&c), [1]);
    assert!(c.encoded.graph.len() > c.graph.len(), "classes are s-ops of their own");
    check(&c, 130, text);
}

#[test]
fn a_width_takes_one_head_where_a_sum_is_level_and_the_complement_where_that_is_cheaper() {
    let heads = |c: &Compilation| c.lowered.patterns.len();
    let one = "result = selector_width(select(indices, indices - 1, ==) or select(indices, indices, ==));\n";
    let c = compiled(one, "ab", 5, Mask::Full, OptLevel::O1);
    assert_eq!(heads(&c), 1);
    check(&c, 70, one);
    // Three disjoint conjunctions, or all keys less one.
    let less = "result = selector_width(not (select(tokens, \"a\", ==) and select(indices, indices, <) and select(before, tokens, ==)));\n";
    let text = format!("before = aggregate(select(indices, indices - 1, ==), tokens);\n{less}");
    let c = compiled(&text, "ab", 5, Mask::Full, OptLevel::O1);
    assert_eq!(heads(&c), 3, "one for `before`, two for the width");
    check(&c, 70, &text);
}

/// Where tuples are too many to list: a bit for each value of a shared side, or for each position.
#[test]
fn bits_where_classes_are_too_many() {
    let large: String = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let shared = "x = aggregate(select(indices, 1, ==), tokens);\ny = aggregate(select(indices, 2, ==), tokens);\n\
                  z = aggregate(select(indices, 3, ==), tokens, \"a\");\n\
                  result = aggregate(select(tokens, x, ==) or select(tokens, y, ==) or select(tokens, z, <), indices, -1);\n";
    let c = compiled(shared, &large, 5, Mask::Full, OptLevel::O1);
    assert!(form(&c).len() > 50, "one select for each token");
    check(&c, 60, shared);
    let both = "x = aggregate(select(indices, 1, ==), tokens);\ny = aggregate(select(indices, 2, ==), tokens, \"b\");\n\
                z = aggregate(select(indices, indices - 1, ==), tokens, \"a\");\n\
                result = aggregate(select(tokens, x, ==) or select(z, y, ==) or select(y, z, <), indices, -1);\n";
    // The certificate lists what keys and queries hold together too, and cannot.
    let program = parse_program("test", both, Mask::Causal, &mut |p| Err(format!("no file {p}"))).expect("parses");
    let mut options = Options::new(large.chars().map(|c| Value::str(c.to_string())).collect(), 5);
    options.uncertified = true;
    let c = compile(&program.graph, program.bindings["result"], &options).expect("compiles");
    assert!(form(&c).len() >= 5, "at least one select for each position");
    check(&c, 60, both);
}

#[test]
fn a_formula_that_selects_nothing_leaves_the_default() {
    let mut graph = Graph::new(Mask::Full);
    let tokens: NodeId = graph.push(Op::Tokens, None);
    let eq = raspc_lang::graph::Predicate::Compare(raspc_lang::graph::Comparison::Eq);
    let same = graph.push(Op::Select { keys: tokens, queries: tokens, predicate: eq.clone() }, None);
    let indices = graph.push(Op::Indices, None);
    let here = graph.push(Op::Select { keys: indices, queries: indices, predicate: eq }, None);
    let other = graph.push(Op::Not(same), None);
    let never = graph.push(Op::And(here, other), None);
    let both = graph.push(Op::And(never, same), None);
    let moved = graph.push(Op::Aggregate { selector: both, values: indices, default: Value::int(9) }, None);
    let width = graph.push(Op::SelectorWidth(both), None);
    for output in [moved, width] {
        let options = Options::new(vec![Value::int(0), Value::int(1)], 4);
        let compiled = compile(&graph, output, &options).expect("compiles");
        check(&compiled, 40, "nothing is selected");
    }
}
