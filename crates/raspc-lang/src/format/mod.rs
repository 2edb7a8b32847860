//! `format`: a program's text in one layout. Comments are kept, brackets too, and what the program means is untouched.
//!
//! One statement a line; blocks indented by four blanks; at most one empty line between statements, where there was one;
//! lines of at most 100 characters where breaking at brackets and operators can help. A function or loop that stands on
//! one line in the source stays there. **Invariants.** The tokens of the result are the source's (the console's statements
//! apart, which lose a `;` they do not need); formatting a second time changes nothing.

mod doc;
mod expression;
mod statement;

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::syntax::ast::Module;
use crate::syntax::lexer::lex;
use crate::syntax::parser::{Grammar, parse};
use crate::syntax::token::{Token, TokenKind};

use self::doc::{Doc, OutLine, join};

/// The text in its one layout.
///
/// # Errors
/// What is wrong with a text that is no program.
pub fn format(source: u32, text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(source, text, Grammar::PROGRAM);
    if parsed.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return Err(parsed.diagnostics);
    }
    let tokens = lex(source, text).tokens.into_iter().filter(|t| t.kind != TokenKind::Comment).collect();
    let mut formatter =
        Formatter { text, module: &parsed.module, comments: &parsed.comments, next: 0, tokens, lines: Vec::new() };
    formatter.block(&parsed.module.statements, text.len(), 0);
    Ok(join(&formatter.lines))
}

struct Formatter<'t> {
    text: &'t str,
    module: &'t Module,
    comments: &'t [Span],
    /// The first comment that is not written yet.
    next: usize,
    /// Without comments.
    tokens: Vec<Token>,
    lines: Vec<OutLine>,
}

impl Formatter<'_> {
    /// The next comment, if it starts before a place: its text, whether it has its line to itself, and its place.
    fn comment_before(&mut self, place: usize) -> Option<(String, bool, Span)> {
        let span = *self.comments.get(self.next).filter(|c| (c.start as usize) < place)?;
        self.next += 1;
        let line = self.text[..span.start as usize].rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let own = self.text[line..span.start as usize].trim().is_empty();
        Some((self.text[span.range()].trim_end().to_owned(), own, span))
    }

    /// Comments before a place, inside a statement: those that end a line, and those with lines of their own.
    fn comments_before(&mut self, place: u32) -> (Vec<Doc>, Vec<Doc>) {
        let (mut trailing, mut own) = (Vec::new(), Vec::new());
        while let Some((text, alone, _)) = self.comment_before(place as usize) {
            if alone || !own.is_empty() {
                own.push(Doc::Own(text));
            } else {
                trailing.push(Doc::Trail(text));
            }
        }
        (trailing, own)
    }

    /// Comments before a place, where what follows stands on the same line.
    fn flush(&mut self, place: u32) -> Vec<Doc> {
        let (mut docs, own) = self.comments_before(place);
        docs.extend(own);
        docs
    }

    /// The last token before a place.
    fn token_before(&self, place: u32) -> Token {
        self.tokens[self.tokens.partition_point(|t| t.span.start < place) - 1]
    }
}
