//! Statements and blocks.

use std::sync::Arc;

use super::{AFTER_OPERAND, Failed, Parse, Parser};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::ast::{ExprId, FunctionDef, Ident, Statement, StatementKind, Which};
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// All statements of the text.
    pub(super) fn program(&mut self) {
        loop {
            let mut statements = Vec::new();
            self.block(&mut statements, true);
            self.module.statements.append(&mut statements);
            match self.kind() {
                TokenKind::Eof => return,
                TokenKind::Return => self.stray_return(),
                _ => {
                    let span = self.bump().span;
                    let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, "this `}` closes nothing").at(span);
                    self.report(d.hint("remove it, or add the `{` that it closes"));
                }
            }
        }
    }

    fn stray_return(&mut self) {
        let from = self.at;
        let d = Diagnostic::error(codes::RETURN_PLACE, "`return` stands at the end of a function only");
        self.report(d.at(self.peek().span).hint("remove it, or write an assignment"));
        self.skip_statement(from);
    }

    /// Statements up to a `}`, a `return` or the end.
    fn block(&mut self, statements: &mut Vec<Statement>, top: bool) {
        while !matches!(self.kind(), TokenKind::Eof | TokenKind::CloseBrace | TokenKind::Return) {
            let from = self.at;
            let start = self.peek().span;
            let kind = self.statement(top).unwrap_or_else(|Failed| {
                self.one_line = false;
                StatementKind::Error { binds: self.skip_statement(from) }
            });
            if self.at == from {
                self.bump(); // whatever it is, the loop must go on
            }
            statements.push(Statement { kind, span: start.to(self.previous()) });
        }
    }

    fn statement(&mut self, top: bool) -> Parse<StatementKind> {
        match self.kind() {
            TokenKind::Def => self.nested(Self::def),
            TokenKind::For => self.nested(Self::for_loop),
            TokenKind::Load => self.load(),
            TokenKind::Draw => self.draw(),
            TokenKind::Ident if matches!(self.second(), TokenKind::Assign | TokenKind::Comma) => self.assign(),
            kind if console_word(kind) && self.second() == TokenKind::Assign => {
                Err(self.ident("a variable").err().unwrap_or(Failed))
            }
            kind if console_word(kind) && top => self.console_statement(),
            TokenKind::Semicolon => {
                let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, "there is no statement before this `;`");
                let d = d.at(self.peek().span).hint("remove it");
                Err(self.report(d))
            }
            TokenKind::In | TokenKind::Else | TokenKind::If | TokenKind::And | TokenKind::Or => {
                let keyword_assigned = self.second() == TokenKind::Assign;
                if keyword_assigned {
                    return Err(self.ident("a variable").err().unwrap_or(Failed));
                }
                Err(self.unexpected("a statement"))
            }
            _ => {
                let expr = self.expr()?;
                self.semicolon()?;
                Ok(StatementKind::Expr(expr))
            }
        }
    }

    /// The `;` of a statement. One that is forgotten at a line's end is reported, and the statement stands.
    fn semicolon(&mut self) -> Parse<()> {
        if self.eat(TokenKind::Semicolon) {
            return Ok(());
        }
        if self.kind() == TokenKind::Eof && self.grammar.last_semicolon_optional {
            return Ok(());
        }
        if self.at_new_line() || self.kind() == TokenKind::CloseBrace {
            if self.beside_bad() {
                return Ok(());
            }
            let end = self.previous();
            let d = Diagnostic::error(codes::MISSING_SEMICOLON, "expected `;` after this statement");
            self.report(d.at(Span { start: end.end, ..end }).hint("add `;`"));
            return Ok(());
        }
        Err(self.unexpected(AFTER_OPERAND))
    }

    fn assign(&mut self) -> Parse<StatementKind> {
        let targets = self.idents("a variable")?;
        self.expect(TokenKind::Assign)?;
        let values = self.exprs()?;
        self.semicolon()?;
        Ok(StatementKind::Assign { targets, values })
    }

    fn load(&mut self) -> Parse<StatementKind> {
        self.bump();
        let path = self.peek();
        if path.kind != TokenKind::Str {
            return Err(self.unexpected("the name of a file in double quotes"));
        }
        self.bump();
        let text = self.text_of(path.span);
        let path = Arc::from(&text[1..text.len() - 1]);
        self.semicolon()?;
        Ok(StatementKind::Load { path })
    }

    fn draw(&mut self) -> Parse<StatementKind> {
        self.bump();
        let open = self.expect(TokenKind::OpenParen)?.span;
        let drawn = self.expr()?;
        let input = if self.eat(TokenKind::Comma) { Some(self.expr()?) } else { None };
        self.close(open, TokenKind::CloseParen)?;
        self.semicolon()?;
        Ok(StatementKind::Draw { drawn, input })
    }

    fn for_loop(&mut self) -> Parse<StatementKind> {
        self.bump();
        let targets = self.idents("a loop variable")?;
        self.expect(TokenKind::In)?;
        let iterable = self.expr()?;
        let open = self.expect(TokenKind::OpenBrace)?.span;
        let mut body = Vec::new();
        self.block(&mut body, false);
        if self.kind() == TokenKind::Return {
            self.stray_return();
            self.block(&mut body, false);
        }
        self.close(open, TokenKind::CloseBrace)?;
        Ok(StatementKind::For { targets, iterable, body })
    }

    fn def(&mut self) -> Parse<StatementKind> {
        self.bump();
        let name = self.ident("the name of a function")?;
        let errors = self.diagnostics.len();
        let params = self.params();
        if params.is_err() {
            // The body may have more to say; skip to it.
            while !matches!(
                self.kind(),
                TokenKind::OpenBrace | TokenKind::CloseBrace | TokenKind::Semicolon | TokenKind::Eof
            ) {
                self.bump();
            }
            if self.kind() != TokenKind::OpenBrace {
                return Err(Failed);
            }
        }
        let open = self.expect(TokenKind::OpenBrace)?.span;
        let mut body = Vec::new();
        self.block(&mut body, false);
        let returns = self.returns(open, &name)?;
        let malformed = self.diagnostics.len() > errors;
        let params = params.unwrap_or_default();
        Ok(StatementKind::Def(Arc::new(FunctionDef { name, params, body, returns, malformed })))
    }

    fn params(&mut self) -> Parse<Vec<Ident>> {
        let open = self.expect(TokenKind::OpenParen)?.span;
        let mut params: Vec<Ident> = Vec::new();
        if self.kind() != TokenKind::CloseParen {
            params = self.idents("a parameter")?;
        }
        self.close(open, TokenKind::CloseParen)?;
        for (i, param) in params.iter().enumerate() {
            if let Some(first) = params[..i].iter().find(|p| p.name == param.name) {
                let message = format!("two parameters are called `{}`", param.name);
                let d = Diagnostic::error(codes::DUPLICATE_PARAMETER, message).at(param.span);
                let d = d.note(Some(first.span), "the first one").hint("rename one of them");
                return Err(self.report(d));
            }
        }
        Ok(params)
    }

    /// `return a, b; }`: the end of every function.
    fn returns(&mut self, open: Span, name: &Ident) -> Parse<Vec<ExprId>> {
        if self.kind() != TokenKind::Return {
            let at_end = self.kind() == TokenKind::CloseBrace;
            if !at_end {
                return Err(self.close(open, TokenKind::CloseBrace).err().unwrap_or(Failed));
            }
            let span = self.bump().span;
            let message = format!("the function `{}` does not end in `return`", name.name);
            let d = Diagnostic::error(codes::RETURN_PLACE, message).at(span).note(Some(name.span), "defined here");
            self.report(d.hint("add `return` and a value before this `}`"));
            return Ok(Vec::new());
        }
        let from = self.at;
        let keyword = self.bump().span;
        let returned = self.exprs().and_then(|values| self.semicolon().map(|()| values));
        let returned = returned.unwrap_or_else(|Failed| {
            self.skip_statement(from);
            Vec::new()
        });
        if self.kind() != TokenKind::CloseBrace && self.kind() != TokenKind::Eof {
            let d = Diagnostic::error(codes::RETURN_PLACE, "a function has one `return`, its last statement");
            self.report(
                d.at(keyword)
                    .note(Some(self.peek().span), "but this follows")
                    .hint("move `return` to the end; choose between values with `a if condition else b`"),
            );
            let mut rest = Vec::new();
            while !matches!(self.kind(), TokenKind::CloseBrace | TokenKind::Eof) {
                if self.kind() == TokenKind::Return {
                    let from = self.at;
                    self.skip_statement(from);
                }
                self.block(&mut rest, false);
            }
        }
        self.close(open, TokenKind::CloseBrace)?;
        Ok(returned)
    }

    /// `set example …`, `show example`, `examples on`, `full seq display on`, `exit`: the console's statements, with
    /// a `;` or not.
    fn console_statement(&mut self) -> Parse<StatementKind> {
        let kind = match self.bump().kind {
            TokenKind::Set => {
                let which = self.which();
                self.expect(TokenKind::Example)?;
                self.one_line = true;
                let value = self.expr();
                self.one_line = false;
                StatementKind::SetExample { which, value: value? }
            }
            TokenKind::Show => {
                let which = self.which();
                self.expect(TokenKind::Example)?;
                StatementKind::ShowExample(which)
            }
            TokenKind::FullDisplay => StatementKind::FullDisplay { on: self.switch()? },
            TokenKind::Examples => StatementKind::Examples { which: Which::Both, on: self.switch()? },
            TokenKind::SOp => self.examples(Which::SOp)?,
            TokenKind::Selector => self.examples(Which::Selector)?,
            _ => StatementKind::Exit,
        };
        self.eat(TokenKind::Semicolon);
        Ok(kind)
    }

    fn which(&mut self) -> Which {
        if self.eat(TokenKind::SOp) {
            Which::SOp
        } else if self.eat(TokenKind::Selector) {
            Which::Selector
        } else {
            Which::Both
        }
    }

    fn examples(&mut self, which: Which) -> Parse<StatementKind> {
        self.expect(TokenKind::Examples)?;
        Ok(StatementKind::Examples { which, on: self.switch()? })
    }

    fn switch(&mut self) -> Parse<bool> {
        let on = self.kind() == TokenKind::On;
        if !on && self.kind() != TokenKind::Off {
            return Err(self.unexpected("`on` or `off`"));
        }
        self.bump();
        Ok(on)
    }
}

/// Whether a statement of the console starts with this token.
fn console_word(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Set
            | TokenKind::Show
            | TokenKind::Examples
            | TokenKind::SOp
            | TokenKind::Selector
            | TokenKind::FullDisplay
            | TokenKind::Exit
            | TokenKind::ExitCall
            | TokenKind::Quit
            | TokenKind::QuitCall
    )
}
