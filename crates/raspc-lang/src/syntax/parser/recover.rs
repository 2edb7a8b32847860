//! Going on after an error: where the next statement starts, and advice on frequent slips.

use std::sync::Arc;

use indexmap::IndexSet;

use super::Parser;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// Skips the rest of a malformed statement, over blocks it opens, up to and with its `;`. Stops before a `}` that
    /// closes the block around it and before a keyword that starts a statement on a line of its own. Returns the names
    /// that the skipped text seems to bind.
    pub(super) fn skip_statement(&mut self, from: usize) -> Vec<Arc<str>> {
        // Only blocks hold semicolons: elsewhere the first one ends the statement, whatever is open.
        let block = matches!(self.tokens[from].kind, TokenKind::Def | TokenKind::For);
        let so_far = &self.tokens[from..self.at];
        let count = |kind| so_far.iter().filter(|t| t.kind == kind).count();
        let mut open_braces = count(TokenKind::OpenBrace).saturating_sub(count(TokenKind::CloseBrace));
        loop {
            match self.kind() {
                TokenKind::Eof => {
                    self.end_reported = true;
                    break;
                }
                TokenKind::Semicolon if open_braces == 0 || !block => {
                    self.bump();
                    break;
                }
                TokenKind::OpenBrace => open_braces += 1,
                TokenKind::CloseBrace if open_braces == 0 => break,
                TokenKind::CloseBrace => {
                    open_braces -= 1;
                    if open_braces == 0 && block {
                        self.bump();
                        break;
                    }
                }
                kind if open_braces == 0 && self.at > from && self.at_new_line() && starts_line(kind) => break,
                _ => {}
            }
            self.bump();
        }
        self.bound_names(from)
    }

    /// Names before `=`, after `def` and after `for` among the (first) tokens since `from`.
    fn bound_names(&self, from: usize) -> Vec<Arc<str>> {
        // Blocks within blocks that all fail ask again and again about the same tokens.
        const ENOUGH: usize = 10_000;
        let tokens = &self.tokens[from..self.at.min(from + ENOUGH)];
        let mut names: IndexSet<&str> = IndexSet::new();
        for (i, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Ident {
                continue;
            }
            let before = i.checked_sub(1).map(|j| tokens[j].kind);
            let after = tokens.get(i + 1).map(|t| t.kind);
            let bound = matches!(after, Some(TokenKind::Assign))
                || matches!(before, Some(TokenKind::Def | TokenKind::For))
                || (matches!(after, Some(TokenKind::Comma)) && i == 0);
            if bound {
                names.insert(self.text_of(token.span));
            }
        }
        names.into_iter().map(Arc::from).collect()
    }

    /// Whether the token behind the next one is one of these.
    fn is_followed_by(&self, kinds: &[TokenKind]) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|t| kinds.contains(&t.kind))
    }

    /// What to do about the next token, where it is a frequent slip.
    pub(super) fn advice(&self) -> Option<String> {
        let before = if self.at == 0 { TokenKind::Eof } else { self.tokens[self.at - 1].kind };
        let word = if before == TokenKind::Ident { self.text_of(self.tokens[self.at - 1].span) } else { "" };
        let hint = match (before, self.kind()) {
            _ if word == "lambda" => "functions are written `def f(x) { return x + 1; }` and passed by name",
            (_, TokenKind::Ident) if matches!(word, "let" | "var" | "const") => "assign without it: `x = 1;`",
            (_, TokenKind::Ident) if word == "while" => "loops go over lists: `for i in range(10) { ... }`",
            (TokenKind::Slash, TokenKind::Slash) => "there is no `//`; divide with `/` and round with `round(...)`",
            (TokenKind::Star, TokenKind::Star) => "powers are written `a ^ b`",
            (_, TokenKind::Slash) if self.is_followed_by(&[TokenKind::Slash, TokenKind::Star]) => {
                "comments begin with `#`, and end with the line"
            }
            (TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash, TokenKind::Assign) => {
                "write the operation out: `a = a + 1`"
            }
            (TokenKind::Assign, TokenKind::Assign) => "write `==` without a blank",
            (_, TokenKind::Assign) => "`=` assigns, one name at a time; `==` compares",
            (TokenKind::Comma, TokenKind::CloseBracket | TokenKind::CloseParen | TokenKind::CloseBrace) => {
                "remove the last comma"
            }
            (_, TokenKind::Ne) => "values are compared with `not (a == b)`",
            (_, TokenKind::SOp) => "`s-op` is one keyword; write `s - op` to subtract",
            (_, TokenKind::Draw) => "`draw` is a statement of its own",
            (_, TokenKind::Def) => "functions are defined in statements of their own, and then passed by name",
            (_, TokenKind::If) => "a choice is written `a if condition else b`; comprehensions take no condition",
            (_, TokenKind::Comma) => "is there a bracket too many before it?",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Whether a statement surely starts with this token, when it is the first of its line.
fn starts_line(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Def
            | TokenKind::For
            | TokenKind::Return
            | TokenKind::Load
            | TokenKind::Draw
            | TokenKind::Set
            | TokenKind::Show
    )
}
