//! Expressions: brackets as written, blanks around operators.

use super::Formatter;
use super::doc::{Doc, bracket, group, text};
use crate::diagnostic::Span;
use crate::ops::UnaryOp;
use crate::syntax::ast::{ExprId, ExprKind, Ident};

impl Formatter<'_> {
    /// An expression, with the comments before and in it.
    pub(super) fn expr(&mut self, id: ExprId) -> Doc {
        // What is said before it does not break it.
        let mut docs = self.flush(self.module.span(id).start);
        let doc = self.bare(id);
        if docs.is_empty() {
            return doc;
        }
        docs.push(doc);
        Doc::Group { broken: false, inner: docs }
    }

    fn bare(&mut self, id: ExprId) -> Doc {
        let span = self.module.span(id);
        match &self.module.expr(id).kind {
            ExprKind::Name(_) | ExprKind::Atom(_) | ExprKind::Error => text(&self.text[span.range()]),
            ExprKind::Paren(inner) => self.list("(", &[*inner], ")", span),
            ExprKind::List(items) => self.list("[", items, "]", span),
            ExprKind::Range(args) => self.list("range(", args, ")", span),
            ExprKind::Zip(args) => self.list("zip(", args, ")", span),
            ExprKind::Len(of) => self.list("len(", &[*of], ")", span),
            ExprKind::Dict(entries) => self.dict(entries, span),
            ExprKind::ListFor { item, targets, iterable } => self.in_brackets(("[", "]"), span, Some(*item), |f| {
                let item = f.expr(*item);
                f.comprehension(item, targets, *iterable)
            }),
            ExprKind::DictFor { key, value, targets, iterable } => {
                self.in_brackets(("{", "}"), span, Some(*key), |f| {
                    let entry = f.entry(*key, *value);
                    f.comprehension(entry, targets, *iterable)
                })
            }
            ExprKind::Select { keys, queries, comparison } => {
                self.in_brackets(("select(", ")"), span, Some(*keys), |f| {
                    let mut docs = f.items(&[*keys, *queries]);
                    f.comma(&mut docs, f.token_before(span.end - 1).span.start);
                    docs.push(text(comparison.symbol()));
                    docs
                })
            }
            ExprKind::Aggregate { selector, values, default } => {
                let args: Vec<ExprId> = [*selector, *values].into_iter().chain(*default).collect();
                self.list("aggregate(", &args, ")", span)
            }
            ExprKind::Unary(op, operand) => match op {
                UnaryOp::Round => self.list("round(", &[*operand], ")", span),
                UnaryOp::Indicator => self.list("indicator(", &[*operand], ")", span),
                UnaryOp::Not => self.prefixed("not ", *operand),
                _ => self.prefixed(op.symbol(), *operand),
            },
            ExprKind::Binary { .. } | ExprKind::In { .. } => self.chain(id),
            ExprKind::Ternary { then, cond, otherwise } => {
                let then = self.expr(*then);
                let mut rest = Vec::new();
                for (word, part) in [("if ", *cond), ("else ", *otherwise)] {
                    self.continued(&mut rest, word, part);
                }
                group(vec![then, Doc::Indent(rest)])
            }
            ExprKind::Index { object, index } => {
                let object = self.expr(*object);
                let index = self.list("[", &[*index], "]", span);
                Doc::Group { broken: false, inner: vec![object, index] }
            }
            ExprKind::Call { callee, args } => {
                let callee = self.expr(*callee);
                let args = self.list("(", args, ")", span);
                Doc::Group { broken: false, inner: vec![callee, args] }
            }
        }
    }

    fn prefixed(&mut self, sign: &str, operand: ExprId) -> Doc {
        Doc::Group { broken: false, inner: vec![text(sign), self.expr(operand)] }
    }

    /// Expressions between brackets; the closing one ends the span.
    fn list(&mut self, open: &str, items: &[ExprId], close: &str, span: Span) -> Doc {
        self.in_brackets((open, close), span, items.first().copied(), |f| f.items(items))
    }

    /// What stands between brackets: `first` is its first expression, the closing bracket ends `span`.
    fn in_brackets(
        &mut self,
        (open, close): (&str, &str),
        span: Span,
        first: Option<ExprId>,
        inner: impl FnOnce(&mut Self) -> Vec<Doc>,
    ) -> Doc {
        let end = span.end - 1;
        let (after_open, mut inside) = self.comments_before(first.map_or(end, |e| self.module.span(e).start));
        inside.extend(inner(self));
        let (trailing, own) = self.comments_before(end);
        inside.extend(trailing);
        if !own.is_empty() {
            inside.push(Doc::Soft);
            inside.extend(own);
        }
        bracket(open, after_open, inside, close)
    }

    /// `a, b`, a line end possible after each comma.
    pub(super) fn items(&mut self, items: &[ExprId]) -> Vec<Doc> {
        let mut docs = Vec::new();
        for (i, &item) in items.iter().enumerate() {
            if i > 0 {
                self.comma(&mut docs, self.module.span(item).start);
            }
            docs.push(self.expr(item));
        }
        docs
    }

    /// A comma before what starts at a place, with the comments between.
    fn comma(&mut self, docs: &mut Vec<Doc>, place: u32) {
        docs.push(text(","));
        let (trailing, own) = self.comments_before(place);
        docs.extend(trailing);
        docs.push(Doc::Line);
        docs.extend(own);
    }

    fn dict(&mut self, entries: &[(ExprId, ExprId)], span: Span) -> Doc {
        self.in_brackets(("{", "}"), span, entries.first().map(|e| e.0), |f| {
            let mut docs = Vec::new();
            for (i, &(key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    f.comma(&mut docs, f.module.span(key).start);
                }
                docs.push(f.entry(key, value));
            }
            docs
        })
    }

    fn entry(&mut self, key: ExprId, value: ExprId) -> Doc {
        let key = self.expr(key);
        let value = self.expr(value);
        Doc::Group { broken: false, inner: vec![key, text(": "), value] }
    }

    fn comprehension(&mut self, item: Doc, targets: &[Ident], iterable: ExprId) -> Vec<Doc> {
        let mut docs = vec![item];
        let (trailing, own) = self.comments_before(targets[0].span.start);
        docs.extend(trailing);
        docs.push(Doc::Line);
        docs.extend(own);
        docs.push(text("for "));
        docs.push(self.idents(targets));
        docs.push(text(" in "));
        docs.push(self.expr(iterable));
        docs
    }

    /// Names, separated by commas.
    pub(super) fn idents(&mut self, idents: &[Ident]) -> Doc {
        let mut docs = Vec::new();
        for (i, ident) in idents.iter().enumerate() {
            if i > 0 {
                docs.push(text(", "));
            }
            docs.extend(self.flush(ident.span.start));
            docs.push(text(&*ident.name));
        }
        Doc::Group { broken: false, inner: docs }
    }

    /// Binary operators: the left spine in a loop, for it may be as long as the text; a line end possible before each.
    fn chain(&mut self, id: ExprId) -> Doc {
        let mut spine = Vec::new();
        let mut at = id;
        while let ExprKind::Binary { left, .. } | ExprKind::In { item: left, .. } = &self.module.expr(at).kind {
            spine.push(at);
            at = *left;
        }
        let first = self.expr(at);
        let mut rest = Vec::new();
        for id in spine.into_iter().rev() {
            let (symbol, right) = match &self.module.expr(id).kind {
                ExprKind::Binary { op, right, .. } => (op.symbol(), *right),
                ExprKind::In { container, .. } => ("in", *container),
                _ => unreachable!("the spine holds binary forms only"),
            };
            self.continued(&mut rest, &format!("{symbol} "), right);
        }
        group(vec![first, Doc::Indent(rest)])
    }

    /// An operator on a line of its own, if need be, with its right operand.
    fn continued(&mut self, docs: &mut Vec<Doc>, operator: &str, right: ExprId) {
        let place = self.token_before(self.module.span(right).start).span.start;
        let (trailing, own) = self.comments_before(place);
        docs.extend(trailing);
        docs.push(Doc::Line);
        docs.extend(own);
        docs.push(text(operator));
        docs.push(self.expr(right));
    }
}
