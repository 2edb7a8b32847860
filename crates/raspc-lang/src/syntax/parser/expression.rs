//! Expressions: precedence climbing. All binary forms are left-associative; unary operators bind tighter than all of
//! them, `in` loosest.

use std::sync::Arc;

use num_bigint::BigInt;

use super::{Failed, Parse, Parser};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::graph::Comparison;
use crate::ops::{BinaryOp, UnaryOp};
use crate::syntax::ast::{ExprId, ExprKind, MAX_DEPTH};
use crate::syntax::token::TokenKind;
use crate::value::Value;

/// Most digits of an integer literal.
const MAX_DIGITS: usize = 10_000;

/// A binary form.
#[derive(Clone, Copy)]
enum Infix {
    Op(BinaryOp),
    If,
    In,
}

/// The level of comparisons.
const COMPARISON: u8 = 4;

/// The binary forms by level, loosest first.
const INFIX: &[(TokenKind, u8, Infix)] = &[
    (TokenKind::In, 1, Infix::In),
    (TokenKind::If, 2, Infix::If),
    (TokenKind::And, 3, Infix::Op(BinaryOp::And)),
    (TokenKind::Or, 3, Infix::Op(BinaryOp::Or)),
    (TokenKind::EqEq, COMPARISON, Infix::Op(BinaryOp::Eq)),
    (TokenKind::Ne, COMPARISON, Infix::Op(BinaryOp::Ne)),
    (TokenKind::Lt, COMPARISON, Infix::Op(BinaryOp::Lt)),
    (TokenKind::Le, COMPARISON, Infix::Op(BinaryOp::Le)),
    (TokenKind::Gt, COMPARISON, Infix::Op(BinaryOp::Gt)),
    (TokenKind::Ge, COMPARISON, Infix::Op(BinaryOp::Ge)),
    (TokenKind::Plus, 5, Infix::Op(BinaryOp::Add)),
    (TokenKind::Minus, 5, Infix::Op(BinaryOp::Sub)),
    (TokenKind::Percent, 6, Infix::Op(BinaryOp::Mod)),
    (TokenKind::Star, 7, Infix::Op(BinaryOp::Mul)),
    (TokenKind::Slash, 7, Infix::Op(BinaryOp::Div)),
    (TokenKind::Caret, 8, Infix::Op(BinaryOp::Pow)),
];

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Parse<ExprId> {
        self.nested(|p| p.climb(1))
    }

    /// One or more expressions, separated by commas.
    pub(super) fn exprs(&mut self) -> Parse<Vec<ExprId>> {
        let mut exprs = vec![self.expr()?];
        while self.eat(TokenKind::Comma) {
            exprs.push(self.expr()?);
        }
        Ok(exprs)
    }

    fn climb(&mut self, level: u8) -> Parse<ExprId> {
        let mut left = self.unary()?;
        while let Some((at, infix)) = self.infix() {
            if at < level {
                break;
            }
            self.bump();
            let kind = match infix {
                Infix::Op(op) => ExprKind::Binary { op, left, right: self.climb(at + 1)? },
                Infix::In => ExprKind::In { item: left, container: self.climb(at + 1)? },
                Infix::If => {
                    let cond = self.expr()?;
                    self.else_of_choice()?;
                    ExprKind::Ternary { then: left, cond, otherwise: self.climb(at + 1)? }
                }
            };
            left = self.push(kind, self.module.span(left))?;
        }
        Ok(left)
    }

    fn else_of_choice(&mut self) -> Parse<()> {
        if self.eat(TokenKind::Else) {
            return Ok(());
        }
        if self.beside_bad() {
            return Err(Failed);
        }
        let message = format!("expected `else`, found {}", self.found());
        let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, message).at(self.peek().span);
        Err(self.report(d.hint("a choice is written `a if condition else b`; comprehensions take no condition")))
    }

    /// The binary form that comes next.
    fn infix(&self) -> Option<(u8, Infix)> {
        let kind = self.kind();
        let (_, level, infix) = INFIX.iter().find(|(k, ..)| *k == kind)?;
        let refused = (kind == TokenKind::Ne && !self.grammar.not_equal) || self.ends_with_line();
        (!refused).then_some((*level, *infix))
    }

    /// Whether the expression of a `set example` ends here, at its line's end.
    fn ends_with_line(&self) -> bool {
        self.one_line && self.at_new_line()
    }

    /// Adds an expression that starts where `start` does and ends with the last token.
    fn push(&mut self, kind: ExprKind, start: Span) -> Parse<ExprId> {
        let id = self.module.push(kind, start.to(self.previous()));
        if self.module.depth(id) > MAX_DEPTH {
            return Err(self.too_deep(self.module.span(id)));
        }
        Ok(id)
    }

    fn unary(&mut self) -> Parse<ExprId> {
        let op = match self.kind() {
            TokenKind::Not => UnaryOp::Not,
            TokenKind::Minus => UnaryOp::Neg,
            TokenKind::Plus => UnaryOp::Pos,
            _ => return self.postfix(),
        };
        let start = self.bump().span;
        let operand = self.nested(Self::unary)?;
        self.push(ExprKind::Unary(op, operand), start)
    }

    fn postfix(&mut self) -> Parse<ExprId> {
        let mut object = self.primary()?;
        while matches!(self.kind(), TokenKind::OpenBracket | TokenKind::OpenParen) && !self.ends_with_line() {
            let open = self.bump();
            let start = self.module.span(object);
            let kind = if open.kind == TokenKind::OpenBracket {
                let index = self.bracketed(open.span, TokenKind::CloseBracket, Self::expr)?;
                ExprKind::Index { object, index }
            } else {
                let args = self.arguments(open.span)?;
                ExprKind::Call { callee: object, args }
            };
            object = self.push(kind, start)?;
        }
        Ok(object)
    }

    /// What stands between brackets, and the closing one; line ends mean nothing inside.
    fn bracketed<T>(&mut self, open: Span, close: TokenKind, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let one_line = std::mem::take(&mut self.one_line);
        let result = parse(self).and_then(|inner| self.close(open, close).map(|_| inner));
        self.one_line = one_line;
        result
    }

    /// Arguments, none or more, up to the closing bracket.
    fn arguments(&mut self, open: Span) -> Parse<Vec<ExprId>> {
        self.bracketed(open, TokenKind::CloseParen, |p| {
            if p.kind() == TokenKind::CloseParen { Ok(Vec::new()) } else { p.exprs() }
        })
    }

    fn primary(&mut self) -> Parse<ExprId> {
        let token = self.peek();
        match token.kind {
            TokenKind::Int | TokenKind::Float | TokenKind::Str => self.literal(),
            TokenKind::Bad => {
                self.bump();
                self.push(ExprKind::Error, token.span)
            }
            TokenKind::Ident => self.name(),
            TokenKind::OpenParen => {
                self.bump();
                let inner = self.bracketed(token.span, TokenKind::CloseParen, Self::expr)?;
                self.push(ExprKind::Paren(inner), token.span)
            }
            TokenKind::OpenBracket => self.list(),
            TokenKind::OpenBrace => self.dict(),
            TokenKind::Round => self.operator_form(UnaryOp::Round),
            TokenKind::Indicator => self.operator_form(UnaryOp::Indicator),
            _ => Err(self.unexpected("an expression")),
        }
    }

    /// `round(e)`, `indicator(e)`.
    fn operator_form(&mut self, op: UnaryOp) -> Parse<ExprId> {
        let start = self.bump().span;
        let open = self.expect(TokenKind::OpenParen)?.span;
        let operand = self.bracketed(open, TokenKind::CloseParen, Self::expr)?;
        self.push(ExprKind::Unary(op, operand), start)
    }

    fn literal(&mut self) -> Parse<ExprId> {
        let token = self.bump();
        let text = self.text_of(token.span);
        let value = match token.kind {
            TokenKind::Str => Some(Value::str(&text[1..text.len() - 1])),
            TokenKind::Float => text.parse().ok().and_then(|x| Value::float(x).ok()),
            _ if text.len() > MAX_DIGITS => None,
            _ => BigInt::parse_bytes(text.as_bytes(), 10).map(Value::from),
        };
        let Some(value) = value else {
            let d = Diagnostic::error(codes::MALFORMED_NUMBER, "this number is too large").at(token.span);
            let hint = format!("integers have at most {MAX_DIGITS} digits, floats stay below 1.8 * 10 ^ 308");
            return Err(self.report(d.hint(hint)));
        };
        self.push(ExprKind::Atom(value), token.span)
    }

    /// A name, or one of the forms that look like calls.
    fn name(&mut self) -> Parse<ExprId> {
        let token = self.bump();
        let name = self.text_of(token.span).to_owned();
        let bracket = self.peek();
        let glued = bracket.span.start == token.span.end;
        if bracket.kind == TokenKind::OpenParen
            && (glued || (self.grammar.blank_before_bracket && !self.ends_with_line()))
        {
            let form: Option<fn(&mut Self, Span) -> Parse<ExprKind>> = match name.as_str() {
                "select" => Some(Self::select),
                "aggregate" => Some(Self::aggregate),
                "range" => Some(Self::range),
                "zip" => Some(Self::zip),
                "len" => Some(Self::len),
                _ => None,
            };
            if let Some(form) = form {
                self.bump();
                let kind = form(self, bracket.span)?;
                return self.push(kind, token.span);
            }
        }
        self.push(ExprKind::Name(Arc::from(name)), token.span)
    }

    fn range(&mut self, open: Span) -> Parse<ExprKind> {
        self.bracketed(open, TokenKind::CloseParen, Self::exprs).map(ExprKind::Range)
    }

    fn zip(&mut self, open: Span) -> Parse<ExprKind> {
        self.bracketed(open, TokenKind::CloseParen, Self::exprs).map(ExprKind::Zip)
    }

    fn len(&mut self, open: Span) -> Parse<ExprKind> {
        self.bracketed(open, TokenKind::CloseParen, Self::expr).map(ExprKind::Len)
    }

    fn select(&mut self, open: Span) -> Parse<ExprKind> {
        self.bracketed(open, TokenKind::CloseParen, |p| {
            let keys = p.expr()?;
            p.select_comma(open)?;
            if matches!(p.second(), TokenKind::CloseParen) && p.is_comparison() {
                return Err(p.incomplete_select(open));
            }
            let queries = p.expr()?;
            p.select_comma(open)?;
            let comparison = p.comparison()?;
            Ok(ExprKind::Select { keys, queries, comparison })
        })
    }

    fn select_comma(&mut self, open: Span) -> Parse<()> {
        if self.eat(TokenKind::Comma) {
            return Ok(());
        }
        if self.kind() != TokenKind::CloseParen {
            return Err(self.unexpected("`,`"));
        }
        Err(self.incomplete_select(open))
    }

    fn incomplete_select(&mut self, open: Span) -> Failed {
        let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, "`select` takes keys, queries and a comparison");
        let d = d.at(open.to(self.peek().span)).hint("write `select(keys, queries, ==)`");
        self.report(d)
    }

    fn is_comparison(&self) -> bool {
        let kind = self.kind();
        INFIX.iter().any(|(k, level, _)| *k == kind && *level == COMPARISON)
    }

    fn comparison(&mut self) -> Parse<Comparison> {
        let comparison = match self.kind() {
            TokenKind::EqEq => Comparison::Eq,
            TokenKind::Ne => Comparison::Ne,
            TokenKind::Lt => Comparison::Lt,
            TokenKind::Le => Comparison::Le,
            TokenKind::Gt => Comparison::Gt,
            TokenKind::Ge => Comparison::Ge,
            TokenKind::Assign => {
                let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, "`=` is not a comparison").at(self.peek().span);
                return Err(self.report(d.hint("write `==`")));
            }
            _ => return Err(self.unexpected("a comparison (`==`, `!=`, `<`, `<=`, `>` or `>=`)")),
        };
        self.bump();
        Ok(comparison)
    }

    fn aggregate(&mut self, open: Span) -> Parse<ExprKind> {
        self.bracketed(open, TokenKind::CloseParen, |p| {
            let selector = p.expr()?;
            if !p.eat(TokenKind::Comma) {
                return Err(p.unexpected("`,` and the values to aggregate"));
            }
            let values = p.expr()?;
            let default = if p.eat(TokenKind::Comma) { Some(p.expr()?) } else { None };
            Ok(ExprKind::Aggregate { selector, values, default })
        })
    }

    /// `[a, b]` or `[item for x in xs]`.
    fn list(&mut self) -> Parse<ExprId> {
        let open = self.bump().span;
        let kind = self.bracketed(open, TokenKind::CloseBracket, |p| {
            if p.kind() == TokenKind::CloseBracket {
                return Ok(ExprKind::List(Vec::new()));
            }
            let first = p.expr()?;
            if p.kind() == TokenKind::For {
                let (targets, iterable) = p.comprehension()?;
                return Ok(ExprKind::ListFor { item: first, targets, iterable });
            }
            let mut items = vec![first];
            while p.eat(TokenKind::Comma) {
                items.push(p.expr()?);
            }
            Ok(ExprKind::List(items))
        })?;
        self.push(kind, open)
    }

    /// `{k: v}` or `{k: v for x in xs}`.
    fn dict(&mut self) -> Parse<ExprId> {
        let open = self.bump().span;
        let kind = self.bracketed(open, TokenKind::CloseBrace, |p| {
            if p.kind() == TokenKind::CloseBrace {
                return Ok(ExprKind::Dict(Vec::new()));
            }
            let (key, value) = p.entry()?;
            if p.kind() == TokenKind::For {
                let (targets, iterable) = p.comprehension()?;
                return Ok(ExprKind::DictFor { key, value, targets, iterable });
            }
            let mut entries = vec![(key, value)];
            while p.eat(TokenKind::Comma) {
                entries.push(p.entry()?);
            }
            Ok(ExprKind::Dict(entries))
        })?;
        self.push(kind, open)
    }

    fn entry(&mut self) -> Parse<(ExprId, ExprId)> {
        let key = self.expr()?;
        if matches!(self.kind(), TokenKind::Comma | TokenKind::CloseBrace) {
            let message = format!("expected `:` and a value, found {}", self.found());
            let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, message).at(self.peek().span);
            return Err(self.report(d.hint("dictionaries are written `{key: value}`, lists `[a, b]`")));
        }
        self.expect(TokenKind::Colon)?;
        Ok((key, self.expr()?))
    }

    /// `for x, y in xs`, and nothing after it.
    fn comprehension(&mut self) -> Parse<(Vec<crate::syntax::ast::Ident>, ExprId)> {
        self.bump();
        let targets = self.idents("a loop variable")?;
        self.expect(TokenKind::In)?;
        let iterable = self.expr()?;
        if self.kind() == TokenKind::For {
            return Err(self.second_for());
        }
        Ok((targets, iterable))
    }

    fn second_for(&mut self) -> Failed {
        let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, "a comprehension has one `for` only").at(self.peek().span);
        self.report(d.hint("nest the comprehensions, or write a `for` loop"))
    }
}
