//! Sums of counts, numbers on grids, and values that rounding alone tells apart: programs that must compile, at every length, and
//! what their numbers may be off by.

use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::function::{Expr, Function};
use raspc_lang::graph::{Comparison, Graph, Mask, Op, Predicate};
use raspc_lang::ops::BinaryOp;
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;
use raspc_model::model::Decode;

const BOTH: [OptLevel; 2] = [OptLevel::O0, OptLevel::O1];

/// Compiles `y` of a program.
fn compiled(text: &str, vocab: &str, len: usize, opt: OptLevel, mask: Mask) -> Result<Compilation, Vec<Diagnostic>> {
    let text = format!("# vocab: {vocab}\n# max_len: {len}\n{text}\n");
    let program =
        parse_program("t.rasp", &text, mask, &mut |p| Err(format!("no file {p}"))).unwrap_or_else(|e| panic!("{e}"));
    let mut options = Options::new(program.vocab.clone().expect("a vocabulary"), len);
    options.opt = opt;
    compile(&program.graph, program.bindings["y"], &options)
}

/// Compiles, verifies, and gives what came of it.
fn holds(text: &str, vocab: &str, len: usize, opt: OptLevel, mask: Mask) -> Compilation {
    let what = format!("{text} at length {len}, {opt:?}");
    let c = compiled(text, vocab, len, opt, mask).unwrap_or_else(|e| panic!("{what}: {e:#?}"));
    // Long inputs take long, and hold as much as many short ones.
    let inputs = if len > 100 { 4 } else { 40 };
    let report = verify(&c, Plan { inputs, seed: 5 }, &mut |_, _| {});
    assert_eq!((report.mismatches, report.raised), (0, 0), "{what}: {report:#?}");
    c
}

/// What the read-out of a named number states, if it is one.
fn bound(c: &Compilation, name: &str) -> Option<f64> {
    let readout = c.model.readouts.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("{name} is read"));
    match readout.decode {
        Decode::Numerical { bound, .. } => Some(bound),
        Decode::Categorical { .. } => None,
    }
}

const COUNTS: &str = "a = count(tokens, \"a\"); b = count(tokens, \"b\"); c = count(tokens, \"c\");";

#[test]
fn sums_of_counts_are_exact_at_every_length() {
    let sums = [
        "a + b",
        "a + 2 * b",
        "a + b + indices",
        "a - b",
        "3 * a",
        "(a + b) > 2",
        "a + 2 * b + 3 * c",
        "2 * a - 5 * b",
    ];
    for sum in sums {
        for (len, opt) in [1, 5, 24, 200].into_iter().flat_map(|len| BOTH.map(|opt| (len, opt))) {
            holds(&format!("{COUNTS} y = {sum};"), "abc", len, opt, Mask::Full);
        }
    }
    for (sum, len) in [("a + 2 * b", 600), ("(a + b) > 2", 1024), ("a + b", 1024)] {
        holds(&format!("{COUNTS} y = {sum};"), "abc", len, OptLevel::O1, Mask::Full);
    }
}

#[test]
fn products_of_counts_are_added() {
    for opt in BOTH {
        holds(&format!("{COUNTS} y = a * a + b * b;"), "abc", 6, opt, Mask::Full);
        holds(&format!("{COUNTS} y = (a + b) * (a + c) + indices;"), "abc", 4, opt, Mask::Full);
    }
}

/// A width that is always 0 has no units, and no constant that matters.
#[test]
fn widths_of_nothing_are_added() {
    let text =
        "w = selector_width(select(tokens, tokens, ==)); n = selector_width(select(indices, indices, >)); y = w + n;";
    for (len, opt) in [1, 6, 40].into_iter().flat_map(|len| BOTH.map(|opt| (len, opt))) {
        holds(text, "ab", len, opt, Mask::Causal);
    }
}

/// Steps need the number on a grid that the default makes coarse; who reads the number gets a better one.
#[test]
fn a_large_default_leaves_the_number_fine() {
    for opt in BOTH {
        let text = "m = aggregate(select(indices, indices, <), tokens, 1000000); y = m + (m > 100);";
        let c = holds(text, "0..10", 6, opt, Mask::Full);
        for name in ["m", "y"] {
            let bound = bound(&c, name).expect("a number");
            assert!(bound < 0.2, "{name} at {opt:?}: {bound}");
        }
    }
}

/// Where something is always selected the default is not there at all.
#[test]
fn a_default_that_nothing_reaches_costs_nothing() {
    for opt in BOTH {
        let text = "v = aggregate(select(indices, indices, <=), tokens, 1048576); y = v + round(v - v);";
        let c = holds(text, "[0, -1]", 4, opt, Mask::Full);
        for name in ["v", "y"] {
            let bound = bound(&c, name).expect("a number");
            assert!(bound < 1e-4, "{name} at {opt:?}: {bound}");
        }
    }
}

/// A number whose bound is larger than the numbers themselves is refused.
#[test]
fn a_number_that_says_nothing_is_refused() {
    let text = "m = aggregate(select(indices, indices, <=), tokens); y = (m + 100000000) - 100000000;";
    match compiled(text, "0..10", 6, OptLevel::O0, Mask::Full) {
        Ok(c) => assert!(bound(&c, "y").is_none_or(|b| b < 0.3), "{:?}", bound(&c, "y")),
        Err(errors) => assert!(errors[0].message.contains("would say nothing"), "{errors:#?}"),
    }
}

/// Results of 64-bit arithmetic that only rounding tells apart: no select and no threshold tells them apart either.
#[test]
fn rounding_noise_is_not_told_apart_where_nobody_asks() {
    for opt in BOTH {
        let c = holds(
            "m = aggregate(select(indices, indices, <=), tokens); y = (indices + 1) * m;",
            "0..10",
            20,
            opt,
            Mask::Full,
        );
        assert!(bound(&c, "y").expect("a number") < 0.01, "{:?}", bound(&c, "y"));
        holds("y = selector_width(select(tokens, average(tokens), <));", "[0.1, 0.2, 0.3]", 4, opt, Mask::Full);
        let nearest =
            "nxt = aggregate(select_next_identical(tokens), indices, -1); y = nxt - indices if nxt >= 0 else 0;";
        holds(nearest, "ab", 3, opt, Mask::Full);
    }
}

/// A select that does tell them apart is refused, and the help says what they are.
#[test]
fn rounding_noise_that_a_select_tells_apart_is_refused() {
    let selected = ("m = average(tokens); y = selector_width(select(m, m, ==));", "[0.1, 0.2, 0.3]", Mask::Causal);
    // Next to 0, where the two sides of a comparison that would be equal differ in their last place.
    let sides =
        "m = aggregate(select(tokens, tokens, <), tokens, 0); n = aggregate(select(indices, indices, <=), tokens);";
    let compared = (&*format!("{sides} y = m * 700 == n * 350 + 175 * count(tokens, 1);"), "0..3", Mask::Full);
    for (text, vocab, mask) in [selected, compared] {
        let Err(errors) = compiled(text, vocab, 5, OptLevel::O1, mask) else {
            panic!("no 32-bit float holds which of the two it is");
        };
        let hints = format!("{:#?}", errors[0]);
        assert!(errors[0].code.0 == "E0806" && hints.contains("rounding of 64-bit arithmetic"), "{hints}");
    }
}

/// A large or odd factor of a mean leaves no grid that all terms share with the constants that keep them on it: the sum is
/// added up first.
#[test]
fn sums_that_share_no_grid_are_added_up_first() {
    let numbers = "m = aggregate(select(tokens, tokens, <), tokens, 0); n = count(tokens, 1);";
    let sums = [
        "(1000 * m) > (n + 500)",
        "(m * 0.37) > (n * 0.01)",
        "\"up\" if (333 * m) >= (n * n + 77) else \"down\"",
        "round(1001 * m + n) > 700",
        "1000 * m == n + 998",
        "\"at\" if 1000 * m - n in [998, 496, 1995] else \"off\"",
    ];
    for (sum, opt) in sums.into_iter().flat_map(|s| BOTH.map(|opt| (s, opt))) {
        for mask in [Mask::Full, Mask::Causal] {
            let c = holds(&format!("{numbers} y = {sum};"), "0..3", 6, opt, mask);
            let gathered = c.encoded.plans.iter().any(|p| p.gathered);
            assert!(
                gathered || sum.contains("0.37") || sum.contains("n * n"),
                "{sum} at {opt:?}: the construction is reached"
            );
        }
    }
    // Undefined where nothing is smaller.
    holds(
        "m = aggregate(select(tokens, tokens, <), tokens); y = 1000 * m > 500 + count(tokens, 1);",
        "0..3",
        6,
        OptLevel::O1,
        Mask::Full,
    );
}

/// Functions of means that are lines between few places: as steps they have a thousand values, whose rises f32 cannot add up.
#[test]
fn remainders_of_means_are_numbers_that_a_category_chooses() {
    let smaller = "m = aggregate(select(tokens, tokens, <), tokens); y = m % 3;";
    let turned = "m = average(tokens); y = (m % 3) * 2 + 1;";
    let bent = "m = average(tokens); y = 2 * m if m > 4 else 8 - m;";
    for (text, len, opt) in [
        (smaller, 28, OptLevel::O1),
        (smaller, 28, OptLevel::O0),
        (smaller, 48, OptLevel::O1),
        (turned, 26, OptLevel::O1),
        (bent, 26, OptLevel::O0),
    ] {
        let c = holds(text, "0..11", len, opt, Mask::Full);
        let bound = bound(&c, "y").expect("a number");
        assert!(bound < 1e-3, "{text} at {len}, {opt:?}: {bound}");
    }
}

/// A number beside which f32 holds no fractions, in one table with them, would blur them: gates let each pass alone.
#[test]
fn a_large_number_beside_means_leaves_them_fine() {
    for opt in BOTH {
        for mean in ["average(tokens)", "aggregate(select(tokens, tokens, <), tokens, 0)"] {
            let c = holds(&format!("m = {mean}; y = 1000000 if tokens == 1 else m;"), "0..3", 10, opt, Mask::Full);
            let bound = bound(&c, "y").expect("a number");
            assert!(bound < 1e-4, "{mean} at {opt:?}: {bound}");
        }
    }
}

/// What every key holds, or a default: two values, told apart though neither is listed as such.
#[test]
fn one_number_or_a_default_is_told_apart() {
    for opt in BOTH {
        for (number, default) in [("3", "1"), ("indices ^ 0", "3"), ("indices - indices", "0.5")] {
            let text = format!(
                "m = aggregate(select(indices, indices, <), {number}, {default}); y = selector_width(select(m, m, <=)) + m;"
            );
            holds(&text, "[1, 2]", 5, opt, Mask::Full);
            holds(&text, "[1, 2]", 5, opt, Mask::Causal);
        }
    }
}

/// Sums with a term that can be none have room for what moves it out of the way.
#[test]
fn sums_on_a_grid_with_terms_that_can_be_none() {
    let text = "m = aggregate(select(indices, indices, <), tokens, 2); t = [3, none, 0, 1][indices % 4]; y = m >= t;";
    for opt in BOTH {
        holds(text, "[17, -4, 101, 0]", 12, opt, Mask::Full);
    }
}

/// A select of an s-op with itself that asks of it only whether there is a value, where its values differ by rounding.
#[test]
fn rounding_noise_on_both_sides_of_a_select_is_merged() {
    let mut graph = Graph::new(Mask::Causal);
    let tokens = graph.push(Op::Tokens, None);
    let indices = graph.push(Op::Indices, None);
    let compared = |keys, queries, c| Op::Select { keys, queries, predicate: Predicate::Compare(c) };
    let reached = graph.push(compared(tokens, indices, Comparison::Ge), None);
    let mean = |selector, values, default| Op::Aggregate { selector, values, default };
    let first = graph.push(mean(reached, tokens, Value::int(3)), None);
    let always = graph.push(compared(indices, indices, Comparison::Le), None);
    let second = graph.push(mean(always, first, Value::None), None);
    let is_some = Expr::Binary(BinaryOp::Ne, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::None)));
    let predicate = Predicate::Function(Function::expr(2, is_some));
    let both = graph.push(Op::Select { keys: second, queries: second, predicate }, None);
    let output = graph.push(mean(both, indices, Value::int(-1)), None);
    let mut options = Options::new(vec![Value::int(2), Value::int(3)], 5);
    for opt in BOTH {
        options.opt = opt;
        let c = compile(&graph, output, &options).unwrap_or_else(|e| panic!("{opt:?}: {e:#?}"));
        let report = verify(&c, Plan { inputs: 40, seed: 5 }, &mut |_, _| {});
        assert_eq!((report.mismatches, report.raised), (0, 0), "{opt:?}: {report:#?}");
    }
}
