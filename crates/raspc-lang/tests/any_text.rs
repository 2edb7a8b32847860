//! Any text: neither arbitrary characters nor damaged programs make the front end panic, hang or lose its place.

use proptest::prelude::*;

use raspc_lang::diagnostic::{Diagnostic, Span};
use raspc_lang::graph::Mask;
use raspc_lang::input::{InputMode, parse_input, parse_vocab};
use raspc_lang::program::{Failure, evaluate_text, parse_program};
use raspc_lang::render::render_all;
use raspc_lang::source::Sources;
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::token::TokenKind;

#[path = "support/damaged.rs"]
mod damaged;

use damaged::{PIECES, damaged};

/// A loader that sometimes answers, with a text that may itself be broken.
fn load(path: &str) -> Result<String, String> {
    if path.len().is_multiple_of(2) { Ok("z = tokens; y = ;".to_owned()) } else { Err("no such file".to_owned()) }
}

/// Every place must lie within its text, on boundaries of characters.
fn check_places(diagnostics: &[Diagnostic], sources: &Sources) {
    let places = |d: &Diagnostic| d.notes.iter().filter_map(|(s, _)| *s).chain(d.span).collect::<Vec<Span>>();
    for span in diagnostics.iter().flat_map(places) {
        let _ = sources.text(span);
    }
    let _ = render_all(diagnostics, sources);
}

fn read(text: &str) {
    let _ = raspc_lang::format::format(0, text);
    for result in
        [parse_program("main.rasp", text, Mask::Full, &mut load), evaluate_text(text, Mask::Causal, &mut load)]
    {
        match result {
            Ok(program) => {
                program.graph.check();
                check_places(&program.warnings, &program.sources);
            }
            Err(Failure { sources, diagnostics }) => {
                assert!(!diagnostics.is_empty());
                check_places(&diagnostics, &sources);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_characters(text in "\\PC{0,60}") {
        read(&text);
        let _ = parse_vocab(&text);
        for mode in [InputMode::Auto, InputMode::Chars, InputMode::Words] {
            let _ = parse_input(&text, mode);
        }
    }

    #[test]
    fn arbitrary_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        read(&pieces.join(" "));
        read(&pieces.concat());
    }

    #[test]
    fn damaged_programs(text in damaged()) {
        read(&text);
    }

    #[test]
    fn tokens_cover_the_text(text in "\\PC{0,60}") {
        let tokens = lex(0, &text).tokens;
        let mut end = 0;
        for token in &tokens {
            prop_assert!(token.span.start as usize >= end);
            let gap = &text[end..token.span.start as usize];
            prop_assert!(gap.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')), "{gap:?} is lost");
            end = token.span.end as usize;
        }
        prop_assert_eq!(end, text.len());
        prop_assert_eq!(tokens.last().map(|t| t.kind), Some(TokenKind::Eof));
    }

    #[test]
    fn vocabularies_have_no_equal_tokens(text in "(\\PC{0,12}|-?[0-9]{1,3}\\.\\.=?-?[0-9]{1,3}|[a-c0-2., ]{1,8})") {
        if let Ok(vocab) = parse_vocab(&text) {
            prop_assert!(!vocab.is_empty());
            for (i, v) in vocab.iter().enumerate() {
                prop_assert!(!vocab[..i].contains(v) && !v.is_none());
            }
        }
    }
}
