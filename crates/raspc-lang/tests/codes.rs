//! The table of codes: every example shows its code, and only where it should.

use raspc_lang::codes::{self, CODES, CodeDoc};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::expect::expectations;
use raspc_lang::graph::Mask;
use raspc_lang::input::{InputMode, parse_input};
use raspc_lang::program::parse_program;

/// What is said about an example: a program, or an input where the code is about inputs.
fn diagnostics(doc: &CodeDoc, text: &str) -> Vec<Diagnostic> {
    if doc.code == codes::BAD_INPUT {
        return parse_input(text, InputMode::Auto).err().into_iter().collect();
    }
    if doc.code == codes::EXPECTATION {
        return expectations(0, text).err().unwrap_or_default();
    }
    let mut loader = |path: &str| match path {
        "cycle.rasp" => Ok("load \"cycle\";".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    match parse_program("example.rasp", text, Mask::Full, &mut loader) {
        Ok(program) => program.warnings,
        Err(failure) => failure.diagnostics,
    }
}

#[test]
fn each_wrong_example_shows_its_code_and_no_other() {
    for doc in CODES {
        let found: Vec<_> = diagnostics(doc, doc.wrong).iter().map(|d| d.code).collect();
        assert_eq!(found, [doc.code], "{}", doc.wrong);
    }
}

#[test]
fn each_right_example_is_without_fault() {
    for doc in CODES {
        assert_eq!(diagnostics(doc, doc.right), [], "{}: {}", doc.code, doc.right);
    }
}

#[test]
fn every_diagnostic_says_what_to_do() {
    for doc in CODES {
        for d in diagnostics(doc, doc.wrong) {
            assert!(d.hint.is_some(), "{}: {}", d.code, d.message);
            assert!(!d.message.ends_with('.') && !d.message.starts_with(char::is_uppercase), "{}", d.message);
            assert!(d.span.is_some() || d.code == codes::BAD_INPUT, "{}", d.message);
        }
    }
}

#[test]
fn codes_are_found_and_differ() {
    for (i, doc) in CODES.iter().enumerate() {
        assert_eq!(codes::lookup(&doc.code.0.to_lowercase()), Some(doc));
        assert!(CODES[..i].iter().all(|other| other.code != doc.code), "{} twice", doc.code);
    }
    assert_eq!(codes::lookup("E9999"), None);
}
