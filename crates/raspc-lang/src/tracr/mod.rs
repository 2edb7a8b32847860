//! Programs for the Python package tracr, recognised where RASP was expected, and the same in RASP.
//!
//! `rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)` is what the field writes where RASP has
//! `select(tokens, tokens, ==)`. Only the calls that build s-ops, the operators between them, assignments and functions are
//! read; of the rest of Python it is said that there is no such thing here.
//!
//! **Invariants.** Any text is read in time linear in it, with bounded stack, and its translation is bounded. Nothing here
//! has a say in what RASP means: a translation is a hint.

mod parse;
mod rename;
mod token;
mod write;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};

/// A program in RASP, of one in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The bytes where the text is first seen to be Python.
    pub seen: std::ops::Range<usize>,
    /// The program. Lines that have no RASP form are comments that say so.
    pub text: String,
    /// How many such lines there are.
    pub left: usize,
}

/// The translation of a text that is a program for tracr; nothing where it is not.
pub fn translate(text: &str) -> Option<Translation> {
    let tokens = token::tokens(text);
    let seen = token::telling(&tokens)?;
    let renamed = rename::renamed(text, &tokens);
    let tokens = renamed.as_deref().map_or(tokens, token::tokens);
    let statements = parse::statements(&tokens);
    let (text, left) = write::program(&statements);
    Some(Translation { seen, text, left })
}

/// What is said to such a program.
pub(crate) fn diagnostic(source: u32, text: &str) -> Option<Diagnostic> {
    let Translation { seen, text, left } = translate(text)?;
    let span = Span { source, start: seen.start as u32, end: seen.end as u32 };
    let hint = match left {
        0 => format!("the same in RASP:\n{text}"),
        _ => format!("in RASP, but for the lines that are marked:\n{text}"),
    };
    Some(Diagnostic::error(codes::TRACR, "this is Python for tracr, not RASP").at(span).hint(hint.trim_end()))
}

#[cfg(test)]
mod tests;
