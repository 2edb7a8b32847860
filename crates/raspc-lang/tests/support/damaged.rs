//! Texts that are nearly programs: pieces in any order, and standard programs with pieces removed, doubled or swapped.

use proptest::prelude::*;

use raspc_lang::programs::standard_programs;
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::token::TokenKind;

/// Pieces that programs are made of, and some that they are not.
pub(crate) const PIECES: &[&str] = &[
    "select(",
    "aggregate(",
    "tokens",
    "indices",
    "length",
    "full_s",
    "selector_width(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "and",
    "or",
    "not",
    "if",
    "else",
    "in",
    "for",
    "def",
    "return",
    "load",
    "draw",
    "set",
    "example",
    "s-op",
    "show",
    "exit",
    "x",
    "y",
    "f",
    "f(",
    "range(",
    "zip(",
    "len(",
    "round(",
    "indicator",
    "none",
    "True",
    "0",
    "1",
    "2.5",
    "\"a\"",
    "\"",
    "'",
    "#",
    "\n",
    "# vocab: ",
    "0..5",
    "é",
    "\u{0}",
    "\r\n",
    "9999999999999999999",
    "x = ",
    "def f(x) { return ",
    "for i in [1] { ",
    ":",
];

/// A standard program with pieces removed, doubled, swapped or put in.
pub(crate) fn damaged() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, prop::sample::select(PIECES)), 1..6);
    (prop::sample::select(standard_programs()), edits).prop_map(|(program, edits)| {
        let tokens = lex(0, program.source).tokens;
        let mut words: Vec<&str> =
            tokens.iter().filter(|t| t.kind != TokenKind::Eof).map(|t| &program.source[t.span.range()]).collect();
        for (at, edit, piece) in edits {
            let at = at.index(words.len().max(1));
            match edit {
                0 if at < words.len() => drop(words.remove(at)),
                1 if at < words.len() => words.insert(at, words[at]),
                2 if at + 1 < words.len() => words.swap(at, at + 1),
                _ => words.insert(at.min(words.len()), piece),
            }
        }
        // Comments end with their lines.
        words.iter().map(|w| if w.starts_with('#') { format!("{w}\n") } else { format!("{w} ") }).collect()
    })
}
