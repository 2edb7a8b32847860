//! Statements and blocks: a line each, with what is said about them.

use super::Formatter;
use super::doc::{Doc, OutLine, WIDTH, bracket, group, lay_out, text};
use crate::diagnostic::Span;
use crate::syntax::ast::{ExprId, FunctionDef, Statement, StatementKind, Which};

impl Formatter<'_> {
    /// Statements, with the comments up to a place. Gives where the last of them ended in the source.
    pub(super) fn block(&mut self, statements: &[Statement], end: usize, level: usize) -> Option<usize> {
        let mut last = None;
        for statement in statements {
            self.remarks(&mut last, statement.span.start as usize, level);
            self.gap(&mut last, statement.span);
            self.statement(statement, level);
        }
        self.remarks(&mut last, end, level);
        last
    }

    /// An empty line, where there was one after what came last in the block.
    fn gap(&mut self, last: &mut Option<usize>, next: Span) {
        if let Some(end) = *last
            && self.text[end..next.start as usize].matches('\n').count() > 1
        {
            self.lines.push(OutLine::default());
        }
        *last = Some(next.end as usize);
    }

    /// Comments up to a place: at the end of the last line, or on lines of their own.
    fn remarks(&mut self, last: &mut Option<usize>, place: usize, level: usize) {
        while let Some((comment, own, span)) = self.comment_before(place) {
            let beside = self.lines.last_mut().filter(|l| !own && l.comment.is_none() && !l.code.is_empty());
            if let Some(line) = beside {
                line.comment = Some(comment);
                // Nothing comes between a block's head and what is in it.
                *last = last.map(|_| span.end as usize);
                continue;
            }
            self.gap(last, span);
            self.lines.push(OutLine { comment: Some(comment), indent: level, ..OutLine::default() });
        }
    }

    /// Lays out a statement's words.
    fn emit(&mut self, docs: Vec<Doc>, level: usize, width: usize) {
        self.lines.extend(lay_out(&group(docs), level, width));
    }

    fn statement(&mut self, statement: &Statement, level: usize) {
        let span = statement.span;
        let mut docs = Vec::new();
        let mut width = WIDTH;
        match &statement.kind {
            StatementKind::Def(def) => return self.def(def, span, level),
            StatementKind::For { targets, iterable, body } => {
                docs.extend([text("for "), self.idents(targets), text(" in "), self.expr(*iterable)]);
                return self.braces(docs, body, &[], span, level);
            }
            StatementKind::Expr(expr) => docs.push(self.expr(*expr)),
            StatementKind::Assign { targets, values } => {
                docs.extend([self.idents(targets), text(" = ")]);
                docs.push(self.several(values));
            }
            StatementKind::Draw { drawn, input } => {
                let args: Vec<ExprId> = std::iter::once(*drawn).chain(*input).collect();
                let (beside, mut inside) = self.comments_before(self.module.span(*drawn).start);
                inside.extend(self.items(&args));
                let close = self.token_before(self.token_before(span.end).span.start).span;
                inside.extend(self.flush(close.start));
                docs.extend([text("draw"), bracket("(", beside, inside, ")")]);
            }
            StatementKind::Load { path } => docs.push(text(format!("load \"{path}\""))),
            StatementKind::SetExample { which, value } => {
                // Its line's end ends it.
                width = usize::MAX;
                docs.extend([text(format!("set {}example ", which_word(*which))), self.expr(*value)]);
            }
            StatementKind::ShowExample(which) => docs.push(text(format!("show {}example", which_word(*which)))),
            StatementKind::Examples { which, on } => {
                docs.push(text(format!("{}examples {}", which_word(*which), switch(*on))));
            }
            StatementKind::FullDisplay { on } => docs.push(text(format!("full seq display {}", switch(*on)))),
            StatementKind::Exit => {
                let word = self.text[span.range()].trim_end_matches([';', ' ', '\t', '\r', '\n']);
                docs.push(text(word));
            }
            StatementKind::Error { .. } => docs.push(text(&self.text[span.range()])),
        }
        let closes = matches!(
            statement.kind,
            StatementKind::Expr(_)
                | StatementKind::Assign { .. }
                | StatementKind::Draw { .. }
                | StatementKind::Load { .. }
        );
        if closes {
            docs.push(text(";"));
        }
        docs.extend(self.rest(span.end));
        self.emit(docs, level, width);
    }

    /// Comments of a statement after its last word: they end its line.
    fn rest(&mut self, end: u32) -> Vec<Doc> {
        let mut docs = Vec::new();
        while let Some((comment, ..)) = self.comment_before(end as usize) {
            docs.push(Doc::Trail(comment));
        }
        docs
    }

    fn def(&mut self, def: &FunctionDef, span: Span, level: usize) {
        let mut docs = self.flush(def.name.span.start);
        docs.push(text(format!("def {}", def.name.name)));
        let (mut beside, mut params) = (Vec::new(), Vec::new());
        for (i, param) in def.params.iter().enumerate() {
            if i > 0 {
                params.push(text(","));
                let (trailing, own) = self.comments_before(param.span.start);
                params.extend(trailing);
                params.push(Doc::Line);
                params.extend(own);
            } else {
                let (trailing, own) = self.comments_before(param.span.start);
                beside = trailing;
                params.extend(own);
            }
            params.push(text(&*param.name));
        }
        docs.push(bracket("(", beside, params, ")"));
        self.braces(docs, &def.body, &def.returns, span, level);
    }

    /// `head { … }`: on one line where it stands so and is short, with a line for each statement elsewhere.
    fn braces(&mut self, mut head: Vec<Doc>, body: &[Statement], returns: &[ExprId], span: Span, level: usize) {
        if self.on_one_line(&head, body, returns, span, level) {
            return;
        }
        head.push(text(" {"));
        self.emit(head, level, WIDTH);
        self.inside(body, returns, span, level);
        self.lines.push(OutLine { code: format!("{}}}", "    ".repeat(level)), comment: None, indent: level });
    }

    /// Writes a block on one line, if it can stand there.
    fn on_one_line(&mut self, head: &[Doc], body: &[Statement], returns: &[ExprId], span: Span, level: usize) -> bool {
        if self.text[span.range()].contains(['\n', '\r']) || body.len() + usize::from(!returns.is_empty()) != 1 {
            return false;
        }
        let (lines, next) = (self.lines.len(), self.next);
        self.emit(head.to_vec(), level, WIDTH);
        let headed = self.lines.len();
        self.inside(body, returns, span, level);
        let code = match &self.lines[lines..] {
            [head, inner] if headed == lines + 1 => format!("{} {{ {} }}", head.code, inner.code.trim_start()),
            _ => String::new(),
        };
        self.lines.truncate(lines);
        if code.is_empty() || code.chars().count() > WIDTH {
            self.next = next;
            return false;
        }
        self.lines.push(OutLine { code, comment: None, indent: level });
        true
    }

    fn inside(&mut self, body: &[Statement], returns: &[ExprId], span: Span, level: usize) {
        let end = span.end as usize - 1;
        let Some(&first) = returns.first() else {
            self.block(body, end, level + 1);
            return;
        };
        let keyword = self.token_before(self.module.span(first).start).span;
        let mut last = self.block(body, keyword.start as usize, level + 1);
        self.gap(&mut last, keyword);
        let mut docs = vec![text("return "), self.several(returns), text(";")];
        let close = self.module.span(*returns.last().expect("one at least")).end;
        let semicolon = self.tokens[self.tokens.partition_point(|t| t.span.start < close)].span;
        docs.extend(self.rest(semicolon.end));
        self.emit(docs, level + 1, WIDTH);
        self.remarks(&mut Some(semicolon.end as usize), end, level + 1);
    }

    /// Values of an assignment or a `return`: what continues them on further lines is one level deeper.
    fn several(&mut self, values: &[ExprId]) -> Doc {
        let mut docs = self.items(values);
        if values.len() == 1 { docs.remove(0) } else { group(vec![Doc::Indent(docs)]) }
    }
}

fn which_word(which: Which) -> &'static str {
    match which {
        Which::Both => "",
        Which::SOp => "s-op ",
        Which::Selector => "selector ",
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
