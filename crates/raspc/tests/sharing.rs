//! Programs whose graphs share much: each of these is small as a graph and exponentially large when written out, so a phase
//! that walks it as a tree never ends. And chains so long that a quadratic phase or a recursive one would show.

use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::graph::Mask;
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;

const LEVELS: [OptLevel; 2] = [OptLevel::O0, OptLevel::O1];

fn letters(text: &str) -> Vec<Value> {
    text.chars().map(|c| Value::str(c.to_string())).collect()
}

fn numbers(n: i64) -> Vec<Value> {
    (0..n).map(Value::int).collect()
}

/// Compiles at a level and compares all inputs with the interpreter.
fn checked(text: &str, vocab: &[Value], len: usize, opt: OptLevel) -> Compilation {
    let program = parse_program("test", text, Mask::Full, &mut |p| Err(format!("no file {p}")))
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut options = Options::new(vocab.to_vec(), len);
    options.opt = opt;
    let compiled = compile(&program.graph, program.bindings["result"], &options)
        .unwrap_or_else(|e| panic!("{opt:?}: {text}: {e:#?}"));
    let report = verify(&compiled, Plan { inputs: 40, seed: 1 }, &mut |_, _| {});
    assert_eq!((report.mismatches, report.raised), (0, 0), "{opt:?}: {text}: {:#?}", report.first);
    compiled
}

fn heads(c: &Compilation) -> usize {
    c.placement.heads.iter().map(Vec::len).sum()
}

#[test]
fn sums_that_double() {
    for opt in LEVELS {
        let text = format!("x = indices; {} result = x;", "x = x + x; ".repeat(18));
        checked(&text, &letters("ab"), 3, opt);
        // Written out, these have 2^40 terms.
        let text = format!(
            "x = tokens; y = 1 - tokens; {} result = x % 2;",
            "x = x - y; y = x + y; x = 2 * y - x; ".repeat(6)
        );
        checked(&text, &numbers(2), 3, opt);
        let text = format!("x = indices; {} result = x;", "x = (x + x) / 2; ".repeat(40));
        checked(&text, &letters("ab"), 3, opt);
    }
    let text = format!("x = aggregate(full_s, tokens); {} result = x;", "x = (x + x) / 2; ".repeat(40));
    checked(&text, &numbers(2), 3, OptLevel::O1);
    let text =
        format!("x = aggregate(full_s, tokens); y = x; {} result = x;", "z = x / 3 + y / 3; y = x; x = z; ".repeat(40));
    checked(&text, &numbers(2), 3, OptLevel::O1);
}

#[test]
fn means_of_means_that_share() {
    let text = format!("x = tokens; {} result = x;", "x = (aggregate(full_s, x) + x) / 2; ".repeat(14));
    checked(&text, &numbers(2), 3, OptLevel::O1);
}

#[test]
fn formulas_that_share() {
    for opt in LEVELS {
        // One select, whatever its predicate is combined with.
        let text = format!(
            "x = select(tokens, tokens, ==); {} result = selector_width(x);",
            "x = x or (x and not x); ".repeat(40)
        );
        assert_eq!(heads(&checked(&text, &letters("ab"), 3, opt)), 1);
        // Two selects in each other: a formula of two truths.
        let step = "z = x; x = y or not x; y = z and not y; ";
        for (times, most) in [(12, 3), (41, 3)] {
            let text = format!(
                "x = select(tokens, tokens, ==); y = select(indices, indices, <); {} result = selector_width(x);",
                step.repeat(times)
            );
            assert!(heads(&checked(&text, &letters("ab"), 3, opt)) <= most, "{times} times");
        }
        // The same select written many times, and absorbed.
        let step = "x = x and (x or select(indices, 1, ==)); ";
        let text = format!("x = select(tokens, tokens, ==); {} result = selector_width(x);", step.repeat(40));
        assert_eq!(heads(&checked(&text, &letters("ab"), 3, opt)), 1);
        let text = format!("x = select(tokens, tokens, ==); {} result = aggregate(x, indices);", step.repeat(40));
        assert_eq!(heads(&checked(&text, &letters("ab"), 3, opt)), 1);
        // Equal operands, doubled: nothing but the one conjunction.
        let text = format!(
            "x = select(tokens, tokens, ==) and select(indices, indices, <); {} result = selector_width(x);",
            "x = x and x; x = x or x; ".repeat(40)
        );
        assert_eq!(heads(&checked(&text, &letters("ab"), 3, opt)), 1);
    }
}

/// With the stack of the command line: what is deep may be walked by recursion, but in linear time.
#[test]
fn long_chains() {
    let run = || {
        let text = format!("x = indices; {} result = x;", "x = x + 1; ".repeat(6_000));
        checked(&text, &letters("ab"), 2, OptLevel::O1);
        let alternating = "x = x and select(indices, 1, >=); x = x or select(indices, 0, ==); ".repeat(300);
        let text = format!("x = select(tokens, tokens, ==); {alternating} result = selector_width(x);");
        checked(&text, &letters("ab"), 3, OptLevel::O1);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).expect("starts");
    thread.join().expect("all agree");
}

/// Found before a single pair of values is looked at (there are 10^12).
#[test]
fn comparisons_of_too_many_values_are_refused() {
    let program = parse_program("test", "result = selector_width(select(tokens, tokens, ==));", Mask::Full, &mut |p| {
        Err(format!("no file {p}"))
    })
    .unwrap();
    let options = Options::new(numbers(1_000_000), 5);
    let errors = compile(&program.graph, program.bindings["result"], &options).expect_err("refused");
    assert_eq!(errors[0].code.0, "E0808");
    assert!(errors[0].message.contains("30 TiB"), "{}", errors[0].message);
}
