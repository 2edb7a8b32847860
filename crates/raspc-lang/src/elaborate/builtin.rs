//! The forms that look like calls: `select`, `aggregate`, `selector_width`, `range`, `zip`, `len`.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::graph::{Comparison, Op, Predicate};
use crate::syntax::ast::ExprId;
use crate::value::Value;

use super::problem::Problem;
use super::value::{Builtin, MAX_ITEMS, Meta};
use super::{Eval, Frame, Operand, Run};

impl Run<'_, '_> {
    /// `select(keys, queries, comparison)`.
    #[inline(never)]
    pub(super) fn select(
        &mut self,
        frame: &Frame,
        keys: &Operand,
        queries: &Operand,
        comparison: Comparison,
        span: Span,
    ) -> Eval<Meta> {
        let keys = self.sop(frame, keys, "the keys of a select")?;
        let queries = self.sop(frame, queries, "the queries of a select")?;
        let op = Op::Select { keys, queries, predicate: Predicate::Compare(comparison) };
        self.node(frame, op, span).map(Meta::Selector)
    }

    /// `aggregate(selector, values, default)`.
    #[inline(never)]
    pub(super) fn eval_aggregate(
        &mut self,
        frame: &Frame,
        selector: ExprId,
        values: ExprId,
        default: Option<ExprId>,
        span: Span,
    ) -> Eval<Meta> {
        let (selector, values) = (self.operand(frame, selector)?, self.operand(frame, values)?);
        let default = default.map(|d| self.operand(frame, d)).transpose()?;
        let default = match default {
            None => self.session.dialect.default.clone(),
            Some(Operand { value: Meta::Atom(value), .. }) => value,
            Some(other) => return Err(self.expected(frame, &other, "an atom", "the default of an aggregate")),
        };
        let selector = self.selector(frame, &selector, "the first argument of aggregate")?;
        let values = self.sop(frame, &values, "the values of an aggregate")?;
        self.node(frame, Op::Aggregate { selector, values, default }, span).map(Meta::SOp)
    }

    /// A function that the language has.
    #[inline(never)]
    pub(super) fn call_builtin(&mut self, frame: &Frame, builtin: Builtin, args: &[Operand], span: Span) -> Eval<Meta> {
        match builtin {
            Builtin::SelectorWidth => {
                let [selector] = args else {
                    let function = Arc::from(builtin.name());
                    let params = vec![Arc::from("sel")];
                    let problem = Problem::Arity { function, params, got: args.len(), defined: None };
                    return Err(self.raise(frame, problem, span));
                };
                let selector = self.selector(frame, selector, "the argument of selector_width")?;
                self.node(frame, Op::SelectorWidth(selector), span).map(Meta::SOp)
            }
        }
    }

    /// `range(end)`, `range(start, end)`, `range(start, end, step)`.
    #[inline(never)]
    pub(super) fn range(&mut self, frame: &Frame, args: &[ExprId], span: Span) -> Eval<Meta> {
        let mut bounds = Vec::new();
        for &arg in args {
            let operand = self.operand(frame, arg)?;
            let Some(i) = operand.value.as_atom().and_then(Value::as_int) else {
                return Err(self.expected(frame, &operand, "an integer", "an argument of range"));
            };
            bounds.push(i.to_i64().ok_or_else(|| self.raise(frame, Problem::TooLarge, operand.span))?);
        }
        let (start, end, step) = match bounds[..] {
            [end] => (0, end, 1),
            [start, end] => (start, end, 1),
            [start, end, step] => (start, end, step),
            _ => return Err(self.raise(frame, Problem::RangeArity(bounds.len()), span)),
        };
        if step == 0 {
            return Err(self.raise(frame, Problem::RangeStep, span));
        }
        // In i128 neither the distance nor an item can overflow.
        let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
        let length = ((end - start + step - step.signum()) / step).max(0);
        if length > MAX_ITEMS as i128 {
            return Err(self.raise(frame, Problem::TooLarge, span));
        }
        let items = (0..length).map(|k| Meta::Atom(Value::int((start + k * step) as i64))).collect();
        self.list(frame, items, span)
    }

    /// `zip(a, b, …)`.
    #[inline(never)]
    pub(super) fn zip(&mut self, frame: &Frame, args: &[ExprId], span: Span) -> Eval<Meta> {
        let mut lists = Vec::new();
        for (i, &arg) in args.iter().enumerate() {
            let operand = self.operand(frame, arg)?;
            let Meta::List(list) = operand.value else {
                return Err(self.expected(frame, &operand, "a list", "an argument of zip"));
            };
            let length = list.items().len();
            let first = lists.first().map_or(length, |l: &Arc<super::value::List>| l.items().len());
            if length != first {
                return Err(self.raise(frame, Problem::ZipLengths { first, which: i + 1, length }, operand.span));
            }
            lists.push(list);
        }
        let length = lists.first().map_or(0, |l| l.items().len());
        let mut rows = Vec::with_capacity(length);
        for i in 0..length {
            let row = lists.iter().map(|l| l.items()[i].clone()).collect();
            rows.push(self.list(frame, row, span)?);
        }
        self.list(frame, rows, span)
    }

    /// `len(x)`.
    #[inline(never)]
    pub(super) fn len(&mut self, frame: &Frame, of: ExprId) -> Eval<Meta> {
        let operand = self.operand(frame, of)?;
        let generous = self.session.dialect.generous;
        let length = match &operand.value {
            Meta::List(l) => l.items().len(),
            Meta::Dict(d) if generous => d.entries().len(),
            Meta::Atom(Value::Str(s)) if generous => {
                self.step(frame, operand.span, s.len() / 64)?;
                s.chars().count()
            }
            Meta::SOp(_) => {
                let hint = "the length of the input is the s-op `length`";
                let (expected, place) = ("a list, a string or a dictionary", "the argument of len");
                let problem = Problem::Expected { expected, place, got: operand.value.clone(), hint };
                return Err(self.raise(frame, problem, operand.span));
            }
            _ => {
                let expected = if generous { "a list, a string or a dictionary" } else { "a list" };
                return Err(self.expected(frame, &operand, expected, "the argument of len"));
            }
        };
        Ok(Meta::Atom(Value::int(length as i64)))
    }
}
