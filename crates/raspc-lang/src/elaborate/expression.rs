//! Expressions to values.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostic::Span;
use crate::function::Expr;
use crate::syntax::ast::{ExprId, ExprKind, Ident};

use super::lift::Arguments;
use super::problem::Problem;
use super::value::Meta;
use super::{Eval, Frame, Operand, Run, Stop};
use crate::value::Value;

impl Run<'_, '_> {
    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, frame: &Frame, id: ExprId) -> Eval<Meta> {
        let span = frame.module.span(id);
        self.step(frame, span, 1)?;
        self.deeper(frame, span, |run| run.eval_kind(frame, id, span))
    }

    /// Evaluates an expression and keeps its place.
    pub(super) fn operand(&mut self, frame: &Frame, id: ExprId) -> Eval<Operand> {
        Ok(Operand::new(self.eval(frame, id)?, frame.module.span(id)))
    }

    /// Evaluates several expressions, first to last.
    #[inline(never)]
    pub(super) fn evals(&mut self, frame: &Frame, ids: &[ExprId]) -> Eval<Vec<Meta>> {
        let mut values = Vec::with_capacity(ids.len());
        for &id in ids {
            values.push(self.eval(frame, id)?);
        }
        Ok(values)
    }

    /// Evaluates several expressions, first to last, and keeps their places.
    #[inline(never)]
    pub(super) fn operands(&mut self, frame: &Frame, ids: &[ExprId]) -> Eval<Vec<Operand>> {
        let mut operands = Vec::with_capacity(ids.len());
        for &id in ids {
            operands.push(self.operand(frame, id)?);
        }
        Ok(operands)
    }

    fn eval_kind(&mut self, frame: &Frame, id: ExprId, span: Span) -> Eval<Meta> {
        match &frame.module.expr(id).kind {
            ExprKind::Name(name) => self.lookup(frame, name, span),
            ExprKind::Atom(value) => Ok(Meta::Atom(value.clone())),
            ExprKind::Paren(inner) => self.eval(frame, *inner),
            ExprKind::List(items) => self.eval_list(frame, items, span),
            ExprKind::Dict(entries) => self.eval_dict(frame, entries, span),
            ExprKind::ListFor { item, targets, iterable } => self.list_for(frame, *item, targets, *iterable, span),
            ExprKind::DictFor { key, value, targets, iterable } => {
                self.dict_for(frame, (*key, *value), targets, *iterable, span)
            }
            ExprKind::Select { keys, queries, comparison } => {
                let (keys, queries) = (self.operand(frame, *keys)?, self.operand(frame, *queries)?);
                self.select(frame, &keys, &queries, *comparison, span)
            }
            ExprKind::Aggregate { selector, values, default } => {
                self.eval_aggregate(frame, *selector, *values, *default, span)
            }
            ExprKind::Range(args) => self.range(frame, args, span),
            ExprKind::Zip(args) => self.zip(frame, args, span),
            ExprKind::Len(of) => self.len(frame, *of),
            ExprKind::Unary(op, operand) => {
                let operand = self.operand(frame, *operand)?;
                self.unary(frame, *op, &operand, span)
            }
            ExprKind::Binary { .. } | ExprKind::In { .. } => self.chain(frame, id),
            ExprKind::Ternary { then, cond, otherwise } => self.ternary(frame, (*then, *cond, *otherwise), span),
            ExprKind::Index { object, index } => {
                let (object, index) = (self.operand(frame, *object)?, self.operand(frame, *index)?);
                self.index(frame, &object, &index, span)
            }
            ExprKind::Call { callee, args } => self.eval_call(frame, *callee, args, span),
            ExprKind::Error => Err(Stop::Poisoned),
        }
    }

    /// Binary operators: the left spine is walked in a loop, for it may be as long as the text.
    #[inline(never)]
    fn chain(&mut self, frame: &Frame, id: ExprId) -> Eval<Meta> {
        let mut spine = Vec::new();
        let mut at = id;
        while let ExprKind::Binary { left, .. } | ExprKind::In { item: left, .. } = &frame.module.expr(at).kind {
            spine.push(at);
            at = *left;
        }
        self.step(frame, frame.module.span(id), spine.len())?;
        let mut left = self.operand(frame, at)?;
        while let Some(id) = spine.pop() {
            let span = frame.module.span(id);
            let value = match &frame.module.expr(id).kind {
                ExprKind::Binary { op, right, .. } => {
                    let right = self.operand(frame, *right)?;
                    self.binary(frame, *op, &left, &right, span)?
                }
                ExprKind::In { container, .. } => {
                    let container = self.operand(frame, *container)?;
                    self.member(frame, &left, &container, span)?
                }
                _ => unreachable!("the spine holds binary forms only"),
            };
            left = Operand::new(value, span);
        }
        Ok(left.value)
    }

    /// `then if cond else otherwise`: only the chosen branch is evaluated when the condition is known.
    #[inline(never)]
    fn ternary(&mut self, frame: &Frame, parts: (ExprId, ExprId, ExprId), span: Span) -> Eval<Meta> {
        let (then, cond, otherwise) = parts;
        let cond = self.operand(frame, cond)?;
        match cond.value.truthy() {
            Some(true) => return self.eval(frame, then),
            Some(false) => return self.eval(frame, otherwise),
            None => {}
        }
        if matches!(cond.value, Meta::Selector(_)) {
            return Err(self.expected(frame, &cond, "an s-op or an atom", "the condition of a choice"));
        }
        let (then, otherwise) = (self.operand(frame, then)?, self.operand(frame, otherwise)?);
        let place = "a branch of an element-wise choice";
        let mut args = Arguments::default();
        // The order of evaluation of the node's arguments is that of the text.
        let [then_leaf, cond_leaf, otherwise_leaf] = [&then, &cond, &otherwise].map(|o| args.leaf(o));
        let cond_leaf = cond_leaf.expect("an s-op");
        let then_leaf = then_leaf.ok_or_else(|| self.expected(frame, &then, "an s-op or an atom", place))?;
        let otherwise_leaf =
            otherwise_leaf.ok_or_else(|| self.expected(frame, &otherwise, "an s-op or an atom", place))?;
        let expr =
            Expr::If { cond: Box::new(cond_leaf), then: Box::new(then_leaf), otherwise: Box::new(otherwise_leaf) };
        self.push_map(frame, args, expr, span)
    }

    #[inline(never)]
    fn eval_list(&mut self, frame: &Frame, items: &[ExprId], span: Span) -> Eval<Meta> {
        let items = self.evals(frame, items)?;
        self.list(frame, items, span)
    }

    #[inline(never)]
    fn eval_dict(&mut self, frame: &Frame, entries: &[(ExprId, ExprId)], span: Span) -> Eval<Meta> {
        let mut dict = IndexMap::new();
        for &entry in entries {
            self.entry(frame, entry, &mut dict)?;
        }
        self.dict(frame, dict, span)
    }

    /// Adds an entry; of equal keys the first is kept, with the last value.
    #[inline(never)]
    fn entry(&mut self, frame: &Frame, entry: (ExprId, ExprId), dict: &mut IndexMap<Value, Meta>) -> Eval<()> {
        let key = self.operand(frame, entry.0)?;
        let value = self.eval(frame, entry.1)?;
        let Meta::Atom(key) = key.value else {
            return Err(self.expected(frame, &key, "an atom", "the key of a dictionary"));
        };
        dict.insert(key, value);
        Ok(())
    }

    #[inline(never)]
    fn dict(&mut self, frame: &Frame, dict: IndexMap<Value, Meta>, span: Span) -> Eval<Meta> {
        self.step(frame, span, dict.len())?;
        Meta::dict(dict).map_err(|_| self.raise(frame, Problem::TooLarge, span))
    }

    #[inline(never)]
    fn list_for(&mut self, frame: &Frame, item: ExprId, targets: &[Ident], over: ExprId, span: Span) -> Eval<Meta> {
        let elements = self.iterate(frame, over)?;
        let inner = self.inner(frame);
        let mut items = Vec::new();
        for element in elements.iter() {
            self.bind_targets(&inner, targets, element, span)?;
            items.push(self.eval(&inner, item)?);
        }
        self.list(frame, items, span)
    }

    #[inline(never)]
    fn dict_for(
        &mut self,
        frame: &Frame,
        entry: (ExprId, ExprId),
        targets: &[Ident],
        over: ExprId,
        span: Span,
    ) -> Eval<Meta> {
        let elements = self.iterate(frame, over)?;
        let inner = self.inner(frame);
        let mut dict = IndexMap::new();
        for element in elements.iter() {
            self.bind_targets(&inner, targets, element, span)?;
            self.entry(&inner, entry, &mut dict)?;
        }
        self.dict(frame, dict, span)
    }

    /// A frame whose names do not leak.
    fn inner(&mut self, frame: &Frame) -> Frame {
        let scope = self.session.scopes.add(Some(frame.scope), None);
        Frame { scope, top: false, ..frame.clone() }
    }

    /// What a loop goes over: the items of a list, the keys of a dictionary, the characters of a string.
    #[inline(never)]
    pub(super) fn iterate(&mut self, frame: &Frame, over: ExprId) -> Eval<Arc<[Meta]>> {
        let over = self.operand(frame, over)?;
        let string = matches!(over.value, Meta::Atom(_)) && !self.session.dialect.generous;
        match parts(&over.value).filter(|_| !string) {
            Some(parts) => {
                self.step(frame, over.span, parts.len())?;
                Ok(parts.into())
            }
            None => Err(self.expected(frame, &over, "a list, a string or a dictionary", "what a loop goes over")),
        }
    }

    /// Binds a name to a value, or several names to its parts.
    #[inline(never)]
    pub(super) fn bind_targets(&mut self, frame: &Frame, targets: &[Ident], value: &Meta, span: Span) -> Eval<()> {
        if let [target] = targets {
            return self.bind(frame, target, value.clone());
        }
        let parts = self.unpack(frame, targets.len(), value, span)?;
        for (target, part) in targets.iter().zip(parts) {
            self.bind(frame, target, part)?;
        }
        Ok(())
    }

    /// The parts of a value, one for each name.
    #[inline(never)]
    pub(super) fn unpack(&mut self, frame: &Frame, names: usize, value: &Meta, span: Span) -> Eval<Vec<Meta>> {
        let parts = parts(value);
        match parts {
            Some(parts) if parts.len() == names => Ok(parts),
            parts => {
                let parts = parts.map(|p| p.len());
                Err(self.raise(frame, Problem::Unpack { names, parts, got: value.clone() }, span))
            }
        }
    }
}

/// The items of a list, the keys of a dictionary, the characters of a string.
pub(super) fn parts(value: &Meta) -> Option<Vec<Meta>> {
    match value {
        Meta::List(l) => Some(l.items().to_vec()),
        Meta::Dict(d) => Some(d.entries().keys().cloned().map(Meta::Atom).collect()),
        Meta::Atom(Value::Str(s)) => Some(characters(s).into_iter().map(Meta::Atom).collect()),
        _ => None,
    }
}

/// The characters of a string, each a string.
pub(super) fn characters(s: &str) -> Vec<Value> {
    s.chars().map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect()
}
