//! Programs that were refused although there is an exact construction, or a close one: each compiles, is certified, agrees with the
//! interpreter, and holds in every direction and order of sums what its certificate says.

use raspc::certify::analyse;
use raspc::compile::{Compilation, compile};
use raspc::encode::plan::Number;
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::Mask;
use raspc_lang::input::parse_vocab;
use raspc_lang::program::parse_program;

use crate::draw::Draw;
use crate::measured::check;

fn tried(text: &str, vocab: &str, len: usize, opt: OptLevel) -> Result<Compilation, Vec<Diagnostic>> {
    let program = parse_program("wider", text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("parses");
    let mut options = Options::new(parse_vocab(vocab).expect("a vocabulary"), len);
    options.opt = opt;
    compile(&program.graph, program.output.expect("an output"), &options)
}

fn compiled(text: &str, vocab: &str, len: usize, opt: OptLevel) -> Compilation {
    tried(text, vocab, len, opt).unwrap_or_else(|e| panic!("{text}, {vocab} up to {len}, {opt:?}: {e:#?}"))
}

/// Compiled at both levels and held to the interpreter and to its certificate, on all inputs where these are few. Gives the
/// largest error that is certified.
fn holds(text: &str, vocab: &str, len: usize) -> f64 {
    holds_at(text, vocab, len, OptLevel::O0).max(holds_at(text, vocab, len, OptLevel::O1))
}

fn holds_at(text: &str, vocab: &str, len: usize, opt: OptLevel) -> f64 {
    let c = compiled(text, vocab, len, opt);
    let report = verify(&c, Plan { inputs: 200, seed: 7 }, &mut |_, _| {});
    assert!(report.mismatches == 0 && report.checked > report.raised, "{text} {opt:?} {len}: {:#?}", report.first);
    let analysis = analyse(&c.parts());
    let mut draw = Draw(len as u64);
    for turn in 0..12 {
        let n = if turn < 6 { len } else { 1 + draw.below(len) };
        let ids: Vec<u32> = (0..n).map(|_| draw.below(c.options.vocab.len()) as u32).collect();
        check(&c, &analysis, &ids).unwrap_or_else(|e| panic!("{text} {opt:?} up to {len}: {e}"));
    }
    c.certificate.expect("certified").max_error
}

fn has(c: &Compilation, wanted: impl Fn(&Number) -> bool) -> bool {
    c.encoded.plans.iter().filter_map(|p| p.number.as_ref()).any(wanted)
}

/// A number is no mean of strings: where several are selected the program has no value.
#[test]
fn strings_have_no_mean_that_is_the_default() {
    for len in [1, 3, 6] {
        for text in [
            "x = aggregate(select(tokens, \"a\", !=), tokens, 0);",
            "x = aggregate(select(tokens, \"a\", !=), tokens, 0); y = x == 0;",
            "x = aggregate(select(tokens, \"a\", ==), tokens, 0.5);",
        ] {
            assert_eq!(holds(text, "a,b,c", len), 0.0, "{text} up to {len}");
        }
        // Of the numbers among the tokens there is one.
        assert!(holds("x = aggregate(select(indices, indices, <), tokens, 2);", "[1,\"a\"]", len) < 1e-5);
    }
}

/// A default that is no number, beside means that are too many to be listed unasked.
#[test]
fn strings_beside_many_means() {
    for len in [4, 20, 60] {
        let text = "x = aggregate(select(tokens, \"a\", !=), indices, \"q\") == \"q\";";
        assert!(holds_at(text, "a,b,c", len, OptLevel::O1) < 1e-2, "the mean is held as steps need it");
        if len < 60 {
            assert!(holds_at(text, "a,b,c", len, OptLevel::O0) < 1e-2, "the mean is held as steps need it");
        }
    }
}

/// A sum is a mean times a length: for each length a multiple of the mean.
#[test]
fn means_times_counts() {
    for len in [3, 12, 40] {
        let error = holds("x = average(tokens) * length;", "0..4", len);
        assert!(error <= 2e-4 * len as f64, "{error} up to {len}");
        let error =
            holds("m = average(tokens); n = count(tokens, 1); x = m / (n + 1) - n if n > 0 else m;", "0..4", len);
        assert!(error <= 2e-4 * len as f64, "{error} up to {len}");
    }
    let long = compiled("x = average(tokens) * length;", "0..11", 40, OptLevel::O1);
    assert!(has(&long, |n| matches!(n, Number::Gated(_))) && long.model.config.d_mlp < 400, "{:?}", long.model.config);
    // The one-hot of a product is made by a table, and exact.
    assert!(holds("x = aggregate(select(average(tokens) * length, indices, ==), indices, 0);", "0,1", 6) < 1e-5);
}

/// Numbers that a category chooses, whose values cannot be listed.
#[test]
fn chosen_means_of_means() {
    for len in [2, 9, 13] {
        let means =
            "m = aggregate(select(tokens, indices, <=), tokens, -1); n = aggregate(select(tokens, 1, !=), m, 1);";
        for last in
            ["x = n * indices;", "x = n if indices else tokens - 2 * n;", "x = n / (indices + 1) - 0.3 * tokens;"]
        {
            let error = holds(&format!("{means} {last}"), "-1,0,1,2", len);
            assert!(error <= 1e-3, "{last} up to {len}: {error}");
        }
    }
}

/// A value that a function takes out of few: what is left is all that has to be read.
#[test]
fn values_that_are_replaced_need_not_be_read() {
    let means =
        "m = aggregate(select(tokens, indices, <=), indices, 0); n = aggregate(select(tokens, indices, <=), m, 0);";
    for len in [3, 4] {
        let error = holds(&format!("{means} r = round(n); x = none if r == 1 else r;"), "-1,0,1", len);
        assert!(error < 1e-4, "{error} up to {len}");
    }
}

/// A function of thousands of means that is no line anywhere.
#[test]
fn smooth_functions_of_means() {
    for (len, most) in [(5, 1e-2), (24, 1e-2)] {
        for (text, size) in [
            ("m = average(tokens); x = m * m / 2;", 200.0),
            ("m = average(tokens); x = 1 / (m + 1);", 1.0),
            ("m = aggregate(select(tokens, 3, >), tokens); d = m - 10; x = d * d;", 100.0),
        ] {
            let error = holds(text, "0..21", len);
            assert!(error <= most * size, "{text} up to {len}: {error}");
        }
    }
    let smooth = compiled("m = average(tokens); x = m * m / 2;", "0..21", 30, OptLevel::O1);
    assert!(has(&smooth, |n| matches!(n, Number::Chords(_))) && smooth.model.config.d_mlp <= 1024);
}

/// A whole number that is off by a half or more is another one: such a program is exact, or refused, whichever construction its
/// size leads to. (Chords through a rounded number, and counts times large factors, were certified to 0.5 and to 7.)
#[test]
fn whole_numbers_are_exact_or_refused() {
    let rounded = |f: &str| format!("m = aggregate(select(indices, indices, <=), tokens); x = round({f});");
    let mut exact = 0;
    for (text, len) in [
        (rounded("1000 * m"), 60),
        (rounded("50 * m * m"), 60),
        (rounded("7 * m"), 60),
        (rounded("m * (indices + 1)"), 12),
        (rounded("m * (indices + 1)"), 40),
        ("x = indices * length + 3 * count(tokens, 1);".to_owned(), 20),
        ("x = indices * length + 3 * count(tokens, 1);".to_owned(), 200),
        ("x = length * count(tokens, 1);".to_owned(), 60),
    ] {
        match tried(&text, "0..4", len, OptLevel::O1) {
            Ok(c) => {
                let certificate = c.certificate.as_ref().expect("certified");
                let x = certificate.nodes.iter().find(|n| n.name == "x").expect("it is read");
                assert!(x.bound < 0.5, "{text} up to {len}: {}", x.bound);
                let report = verify(&c, Plan { inputs: 50, seed: 3 }, &mut |_, _| {});
                assert!(report.mismatches == 0 && report.checked > 0, "{text} up to {len}");
                exact += 1;
            }
            Err(why) => {
                let codes: Vec<&str> = why.iter().map(|d| d.code.0).collect();
                assert!(codes.iter().all(|c| ["E0806", "E0825", "E0828"].contains(c)), "{text} up to {len}: {codes:?}");
            }
        }
    }
    assert!(exact >= 4, "{exact} of them compile");
}

/// What a mean times a count is rounded to is read off the product, whose values 64-bit arithmetic rounds one by one.
#[test]
fn rounded_sums_from_means() {
    for len in [5, 11, 12] {
        let error =
            holds("m = aggregate(select(indices, indices, <=), tokens); x = round(m * (indices + 1));", "0..4", len);
        assert!(error < 1e-3, "{error} up to {len}");
    }
}
