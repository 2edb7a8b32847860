//! Tokens to a [`Module`] (grammar and precedence: the RASP reference's, `%` looser than `*`, `and`/`or` one level).
//!
//! Total: every text gives a module and diagnostics. A malformed statement is reported once, becomes an error statement
//! ([`ast::StatementKind::Error`](crate::syntax::ast::StatementKind::Error)) with the names it would have bound, and the
//! parser goes on after its `;` or at the next statement. Recursion is bounded by [`MAX_DEPTH`].

mod expression;
mod recover;
mod statement;

use std::sync::Arc;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::MAX_ERRORS;
use crate::syntax::ast::{Ident, MAX_DEPTH, Module};
use crate::syntax::lexer::lex;
use crate::syntax::token::{Token, TokenKind};

/// Where programs may be written more freely than the reference's console allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// `select (` with a blank is the form, too; else only `select(` is.
    pub blank_before_bracket: bool,
    /// `!=` compares values, not only inside `select(`.
    pub not_equal: bool,
    /// The last statement needs no `;`.
    pub last_semicolon_optional: bool,
}

impl Grammar {
    /// Of program files.
    pub const PROGRAM: Self = Self { blank_before_bracket: true, not_equal: true, last_semicolon_optional: false };
    /// Of a text on the command line.
    pub const SNIPPET: Self = Self { last_semicolon_optional: true, ..Self::PROGRAM };
    /// Of the console: what the reference takes.
    pub const CONSOLE: Self = Self { blank_before_bracket: false, not_equal: false, last_semicolon_optional: false };
}

/// A parsed text with its comments and what was wrong with it.
#[derive(Debug)]
pub struct Parsed {
    /// The tree.
    pub module: Module,
    /// Where the comments are, in order.
    pub comments: Vec<Span>,
    /// Errors, lexical ones among them, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a text.
pub fn parse(source: u32, text: &str, grammar: Grammar) -> Parsed {
    let lexed = lex(source, text);
    let (comments, tokens): (Vec<Token>, Vec<Token>) =
        lexed.tokens.into_iter().partition(|t| t.kind == TokenKind::Comment);
    let mut parser = Parser {
        text,
        grammar,
        tokens,
        at: 0,
        depth: 0,
        one_line: false,
        end_reported: false,
        module: Module::default(),
        diagnostics: lexed.diagnostics,
    };
    parser.program();
    let Parser { module, mut diagnostics, .. } = parser;
    diagnostics.sort_by_key(|d| d.span.map(|s| s.start));
    Parsed { module, comments: comments.iter().map(|t| t.span).collect(), diagnostics }
}

/// A diagnostic has been written; the statement cannot be used.
struct Failed;

/// What is expected after a complete expression.
const AFTER_OPERAND: &str = "an operator or `;`";

type Parse<T> = Result<T, Failed>;

struct Parser<'t> {
    text: &'t str,
    grammar: Grammar,
    /// Without comments; the last one is `Eof`.
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    /// Whether a line end, outside brackets, ends the expression: that of a `set example`.
    one_line: bool,
    /// Whether an error has swallowed the rest of the text: brackets that stay open are not reported one by one.
    end_reported: bool,
    module: Module,
    diagnostics: Vec<Diagnostic>,
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        self.tokens[self.at]
    }

    fn kind(&self) -> TokenKind {
        self.peek().kind
    }

    /// The kind of the token after the next.
    fn second(&self) -> TokenKind {
        self.tokens.get(self.at + 1).map_or(TokenKind::Eof, |t| t.kind)
    }

    /// Where the last token that was read ends.
    fn previous(&self) -> Span {
        let span = self.tokens[self.at.saturating_sub(1)].span;
        if self.at == 0 { Span { end: span.start, ..span } } else { span }
    }

    /// Reads one token; never goes beyond `Eof`.
    fn bump(&mut self) -> Token {
        let token = self.peek();
        if token.kind != TokenKind::Eof {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    fn text_of(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// The next token as a message shows it.
    fn found(&self) -> String {
        let token = self.peek();
        let text = self.text_of(token.span);
        match token.kind {
            TokenKind::Eof => "the end of the text".to_owned(),
            TokenKind::Ident => format!("the name `{text}`"),
            _ if token.kind.is_keyword() => format!("the keyword `{text}`"),
            TokenKind::Str if text.chars().count() > 30 => "a string".to_owned(),
            _ if text.chars().count() > 30 => "a number".to_owned(),
            _ => format!("`{text}`"),
        }
    }

    /// Whether there is a line end between the last token and the next.
    fn at_new_line(&self) -> bool {
        let gap = self.previous().end as usize..self.peek().span.start as usize;
        self.text[gap].contains('\n') || self.kind() == TokenKind::Eof
    }

    /// Whether something malformed stands here or just before: the lexer has reported it, and what it swallowed (a
    /// bracket, a `;`) is not missed a second time.
    fn beside_bad(&self) -> bool {
        self.kind() == TokenKind::Bad || (self.at > 0 && self.tokens[self.at - 1].kind == TokenKind::Bad)
    }

    fn report(&mut self, d: Diagnostic) -> Failed {
        self.diagnostics.push(d);
        if self.diagnostics.len() >= MAX_ERRORS {
            self.at = self.tokens.len() - 1; // at `Eof`, where everything ends
        }
        Failed
    }

    /// `expected WHAT, found …` at the next token.
    fn unexpected(&mut self, what: &str) -> Failed {
        if self.beside_bad() {
            return Failed;
        }
        let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, format!("expected {what}, found {}", self.found()));
        let hint = self.advice().unwrap_or_else(|| match what {
            "an expression" => {
                "write a value: a number, a string, a name, a bracket or a form such as `len(x)`".to_owned()
            }
            AFTER_OPERAND => "is an operator, a `,` or a `;` missing before it?".to_owned(),
            _ => format!("write {what} before it, or remove it"),
        });
        let d = d.at(self.peek().span).hint(hint);
        self.report(d)
    }

    fn expect(&mut self, kind: TokenKind) -> Parse<Token> {
        if self.kind() == kind { Ok(self.bump()) } else { Err(self.unexpected(&kind.to_string())) }
    }

    /// The closing bracket of `open`.
    fn close(&mut self, open: Span, kind: TokenKind) -> Parse<Token> {
        if self.kind() == kind {
            return Ok(self.bump());
        }
        if self.beside_bad() || (self.end_reported && self.kind() == TokenKind::Eof) {
            return Err(Failed);
        }
        let message = format!("expected {kind}, found {}", self.found());
        let mut d = Diagnostic::error(codes::UNCLOSED_BRACKET, message).at(self.peek().span);
        d = d.note(Some(open), "to close this bracket");
        self.end_reported |= self.kind() == TokenKind::Eof;
        let list = kind != TokenKind::CloseBrace && self.kind() != TokenKind::Eof;
        let more = if list { ", or `,` and what comes next" } else { "" };
        let hint = self.advice().unwrap_or_else(|| format!("add {kind}{more}"));
        Err(self.report(d.hint(hint)))
    }

    /// A name that may be bound.
    fn ident(&mut self, what: &str) -> Parse<Ident> {
        let token = self.peek();
        if token.kind == TokenKind::Ident {
            self.bump();
            return Ok(Ident { name: Arc::from(self.text_of(token.span)), span: token.span });
        }
        if token.kind.is_keyword() {
            let word = self.text_of(token.span).to_owned();
            let d = Diagnostic::error(codes::KEYWORD_AS_NAME, format!("`{word}` is a keyword and cannot be {what}"));
            return Err(self.report(d.at(token.span).hint(format!("choose another name, `{word}_` for instance"))));
        }
        Err(self.unexpected(what))
    }

    /// One or more names, separated by commas.
    fn idents(&mut self, what: &str) -> Parse<Vec<Ident>> {
        let mut names = vec![self.ident(what)?];
        while self.eat(TokenKind::Comma) {
            names.push(self.ident(what)?);
        }
        Ok(names)
    }

    /// Runs `parse` one level deeper, or reports that the text nests too deeply.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            let span = self.peek().span;
            return Err(self.too_deep(span));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn too_deep(&mut self, span: Span) -> Failed {
        let d = Diagnostic::error(codes::NESTING, format!("this nests more than {MAX_DEPTH} levels deep")).at(span);
        self.report(d.hint("give the inner parts names of their own"))
    }
}
