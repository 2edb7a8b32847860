//! Texts that try to break the reader: each ends in a program or in diagnostics, soon, on a small stack.

use std::time::Duration;

use raspc_lang::graph::Mask;
use raspc_lang::program::{Failure, Program, parse_program};

#[path = "support/clock.rs"]
mod clock;

use clock::Work;

/// As much stack as a browser gives; the reader must do with it.
const STACK: usize = 1 << 20;

/// Reads the text on a small stack and holds it against the clock.
fn read(text: String) -> Result<Program, Failure> {
    let read = move || {
        let work = Work::begin();
        let result = parse_program("main.rasp", &text, Mask::Full, &mut |_| Err("no files here".to_owned()));
        (result, work.took())
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(read).unwrap();
    let (result, elapsed) = thread.join().expect("no panic");
    assert!(elapsed < Duration::from_secs(20), "took {elapsed:?}");
    result
}

/// The codes that the text is refused with.
fn codes(text: impl Into<String>) -> Vec<&'static str> {
    match read(text.into()) {
        Ok(_) => Vec::new(),
        Err(failure) => failure.diagnostics.iter().map(|d| d.code.0).collect(),
    }
}

const MANY: usize = 100_000;

#[test]
fn deep_nesting_is_one_diagnostic() {
    for open in [
        "(",
        "[",
        "-",
        "not ",
        "f(",
        "{1:",
        "x[",
        "select(",
        "round(",
        "1+(",
        "1 if (",
        "1 in [1 and [2 * [",
        "a if b if ",
    ] {
        let codes = codes(format!("x = {};", open.repeat(MANY)));
        assert_eq!(codes, ["E0504"], "{open}");
    }
    for open in ["def f() {", "for x in [1] {"] {
        let codes = codes(open.repeat(MANY));
        assert_eq!(codes, ["E0504"], "{open}");
    }
    assert!(!codes("}".repeat(MANY)).is_empty());
    assert!(!codes(")".repeat(MANY)).is_empty());
    assert!(!codes("x = ;".repeat(MANY)).is_empty());
}

#[test]
fn long_chains_are_read_in_a_loop() {
    assert_eq!(codes(format!("x = 1{};", " + 1".repeat(MANY))), [""; 0]);
    assert_eq!(codes(format!("x = tokens{};", " + \"\"".repeat(MANY))), [""; 0]);
    assert_eq!(codes(format!("x = 0{};", " == 0 and 1".repeat(MANY))), [""; 0]);
    assert_eq!(codes(format!("x = [{}];", "1,".repeat(MANY) + "1")), [""; 0]);
    assert_eq!(codes("x = 1;".repeat(MANY)), [""; 0]);
    for link in ["(1)", "[0]", " if 1 else 2"] {
        assert_eq!(codes(format!("x = 1{};", link.repeat(MANY))), ["E0504"], "{link}");
    }
}

#[test]
fn recursion_is_bounded_however_deep_each_call_nests() {
    let nested = |open: &str, close: &str, n: usize| {
        format!("def f(n) {{ return {}f(n + 1){}; }} x = f(0);", open.repeat(n), close.repeat(n))
    };
    for text in [
        nested("", "", 0),
        nested("(", ")", 100),
        nested("[", "]", 100),
        nested("1 + (", ")", 50),
        nested("round(", ")", 100),
        nested("0 if 0 else (0 if 0 else ", ")", 30),
        nested("{1: ", "}", 100),
        nested("[i for i in [", "]]", 40),
        nested("f(", ")", 90),
        "def f(n) { for i in [1] { for j in [2] { y = f(i); } } return y; } x = f(0);".to_owned(),
        "def f(g) { return g(g); } x = f(f);".to_owned(),
    ] {
        assert_eq!(codes(text.clone()), ["E0501"], "{text}");
    }
}

#[test]
fn reasonable_recursion_works() {
    assert_eq!(codes("def f(n) { return 1 if n <= 1 else n * f(n - 1); } x = f(190);"), [""; 0]);
}

#[test]
fn what_would_take_for_ever_is_refused() {
    let loops = "for i in range(1000) { for j in range(1000) { for k in range(1000) { x = k; } } }";
    assert_eq!(codes(loops), ["E0502"]);
    let nodes = "x = indices; for i in range(1000000) { x = x + 1; }";
    assert_eq!(codes(nodes), ["E0502"]);
    let calls = "def f(n) { return 0 if n == 0 else f(n - 1) + f(n - 1); } x = f(60);";
    assert_eq!(codes(calls), ["E0502"]);
    let comprehensions = "x = [[[k for k in range(1000)] for j in range(1000)] for i in range(1000)];";
    assert!(matches!(codes(comprehensions)[..], ["E0502" | "E0503"]));
}

#[test]
fn what_would_not_fit_is_refused() {
    for text in [
        "x = 10 ^ (10 ^ 10);",
        "x = \"ab\" * 10 ^ 12;",
        "x = 10 ^ 12 * \"ab\";",
        "x = [1] * 10 ^ 12;",
        "x = [[]] * 10 ^ 12;",
        "x = range(10 ^ 12);",
        "x = range(0 - 9 * 10 ^ 18, 9 * 10 ^ 18);",
        "x = range(10 ^ 30);",
        "x = 2; for i in range(100) { x = x * x; }",
        "x = \"ab\"; for i in range(100) { x = x + x; }",
        "x = [1]; for i in range(100) { x = x + x; }",
        "x = [1]; for i in range(100) { x = [x, x]; }",
        "x = {1: 1}; for i in range(100) { x = {1: x, 2: x}; }",
        "x = []; for i in range(100000) { x = [x]; }",
    ] {
        assert_eq!(codes(text), ["E0503"], "{text}");
    }
    assert_eq!(codes("x = [] * 10 ^ 12;"), ["E0503"]);
    assert_eq!(codes(format!("x = {};", "9".repeat(MANY))), ["E0103"]);
    assert_eq!(codes(format!("x = {}.0;", "9".repeat(400))), ["E0103"]);
    assert_eq!(codes(" ".repeat(5 << 20)), ["E0503"]);
}

#[test]
fn files_that_load_each_other_over_and_over_come_to_an_end() {
    // Each file loads the next one twice: 2^15 runs of the last one, were it not for the steps.
    let mut loader = |path: &str| {
        let i: u32 = path.trim_end_matches(".rasp").parse().unwrap();
        Ok(format!("# {}\nload \"{n}\"; load \"{n}\";", "-".repeat(10_000), n = i + 1))
    };
    let failure = parse_program("main.rasp", "load \"1\";", Mask::Full, &mut loader).unwrap_err();
    assert!(failure.diagnostics.iter().all(|d| d.code.0 == "E0502"), "{failure}");
    assert!(failure.diagnostics.len() <= 101);
}
