//! Operators: on atoms at once, on s-ops element by element, on selectors cell by cell.

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::function::Expr;
use crate::graph::Op;
use crate::ops::{BinaryOp, UnaryOp};
use crate::value::Value;

use super::lift::Arguments;
use super::problem::Problem;
use super::value::{MAX_ITEMS, Meta};
use super::{Eval, Frame, MAX_BITS, MAX_STRING, Operand, Run};

impl Run<'_, '_> {
    /// `op operand`.
    #[inline(never)]
    pub(super) fn unary(&mut self, frame: &Frame, op: UnaryOp, operand: &Operand, span: Span) -> Eval<Meta> {
        match &operand.value {
            Meta::Selector(id) if op == UnaryOp::Not => {
                return self.node(frame, Op::Not(*id), span).map(Meta::Selector);
            }
            Meta::SOp(_) => {
                let mut args = Arguments::default();
                let leaf = self.leaf(frame, &mut args, op.symbol(), operand)?;
                return self.push_map(frame, args, Expr::Unary(op, Box::new(leaf)), span);
            }
            Meta::Atom(value) if op != UnaryOp::Indicator || self.session.dialect.generous => {
                if op == UnaryOp::Not {
                    return Ok(Meta::Atom(Value::Bool(!value.truthy())));
                }
                let result = op.apply(value).map_err(|error| {
                    self.raise(frame, Problem::Raised { error, operands: vec![value.clone()] }, span)
                })?;
                return Ok(Meta::Atom(result));
            }
            _ => {}
        }
        match operand.value.truthy() {
            Some(truthy) if op == UnaryOp::Not => Ok(Meta::Atom(Value::Bool(!truthy))),
            _ => {
                let problem = Problem::Operand { op: op.symbol(), got: operand.value.clone() };
                Err(self.raise(frame, problem, operand.span))
            }
        }
    }

    /// `left op right`.
    #[inline(never)]
    pub(super) fn binary(
        &mut self,
        frame: &Frame,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Eval<Meta> {
        let either = |test: fn(&Meta) -> bool| test(&left.value) || test(&right.value);
        let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
        if either(|m| matches!(m, Meta::Selector(_))) {
            return if logical {
                self.combine(frame, op, left, right, span)
            } else {
                self.no_selector(frame, op, left, right)
            };
        }
        if either(|m| matches!(m, Meta::SOp(_))) {
            return self.elementwise(frame, op, left, right, span);
        }
        if logical {
            // One of the operands is the result, as in Python; both have been evaluated.
            let first = left.value.truthy().expect("no node");
            let takes_left = first == (op == BinaryOp::Or);
            return Ok(if takes_left { left.value.clone() } else { right.value.clone() });
        }
        self.immediate(frame, op, left, right, span)
    }

    /// `and`, `or` of selectors.
    fn combine(&mut self, frame: &Frame, op: BinaryOp, left: &Operand, right: &Operand, span: Span) -> Eval<Meta> {
        let mut sides = Vec::new();
        for side in [left, right] {
            let Meta::Selector(id) = side.value else {
                let text = self.short_text(side.span);
                let problem = Problem::MixedSelector { op: op.symbol(), got: side.value.clone(), text };
                return Err(self.raise(frame, problem, side.span));
            };
            sides.push(id);
        }
        let op = if op == BinaryOp::And { Op::And(sides[0], sides[1]) } else { Op::Or(sides[0], sides[1]) };
        self.node(frame, op, span).map(Meta::Selector)
    }

    /// What stands at a place, where it can be repeated in a hint.
    fn short_text(&self, span: Span) -> Option<String> {
        let text = self.session.sources.get(span.source).text.get(span.start as usize..span.end as usize)?;
        let short = !text.is_empty() && text.chars().count() <= 40 && !text.contains(['\n', '\r', '#']);
        short.then(|| text.to_owned())
    }

    /// The problem that an operator met a selector.
    fn no_selector(&self, frame: &Frame, op: BinaryOp, left: &Operand, right: &Operand) -> Eval<Meta> {
        let side = if matches!(left.value, Meta::Selector(_)) { left } else { right };
        let problem = Problem::Operand { op: op.symbol(), got: side.value.clone() };
        Err(self.raise(frame, problem, side.span))
    }

    /// Element by element.
    #[inline(never)]
    fn elementwise(&mut self, frame: &Frame, op: BinaryOp, left: &Operand, right: &Operand, span: Span) -> Eval<Meta> {
        let text = op.symbol();
        for side in [left, right] {
            if side.value.as_atom().is_some_and(Value::is_none) {
                self.none_operand(frame, op, side, span)?;
            }
        }
        let mut args = Arguments::default();
        let a = self.leaf(frame, &mut args, text, left)?;
        let b = self.leaf(frame, &mut args, text, right)?;
        self.push_map(frame, args, Expr::Binary(op, Box::new(a), Box::new(b)), span)
    }

    /// A literal `none` beside an s-op: compared, it answers nothing, which deserves a warning; elsewhere it is wrong.
    fn none_operand(&mut self, frame: &Frame, op: BinaryOp, side: &Operand, span: Span) -> Eval<()> {
        match op {
            BinaryOp::And | BinaryOp::Or => Ok(()),
            BinaryOp::Eq | BinaryOp::Ne => {
                let message = "comparing with none gives none wherever the s-op is none";
                let d = Diagnostic::warning(codes::NONE_COMPARED, message).at(self.place(frame, span));
                self.session.report(d.hint(
                    "count it instead: `selector_width(select(x, none, ==) and select(indices, indices, ==))` is 1 there",
                ));
                Ok(())
            }
            _ => {
                let problem = Problem::Operand { op: op.symbol(), got: side.value.clone() };
                Err(self.raise(frame, problem, side.span))
            }
        }
    }

    /// At once: atoms and lists.
    #[inline(never)]
    fn immediate(&mut self, frame: &Frame, op: BinaryOp, left: &Operand, right: &Operand, span: Span) -> Eval<Meta> {
        match op {
            BinaryOp::Eq | BinaryOp::Ne => {
                self.step(frame, span, left.value.weight().min(right.value.weight()))?;
                let equal = left.value.equals(&right.value);
                return Ok(Meta::Atom(Value::Bool(equal == (op == BinaryOp::Eq))));
            }
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                if let (Meta::List(_), Meta::List(_)) = (&left.value, &right.value) {
                    return self.order_lists(frame, op, left, right, span);
                }
            }
            BinaryOp::Add => {
                if let (Meta::List(a), Meta::List(b)) = (&left.value, &right.value) {
                    let items = a.items().iter().chain(b.items()).cloned().collect();
                    return self.list(frame, items, span);
                }
            }
            BinaryOp::Mul => {
                if let Some((items, times)) = repeated(&left.value, &right.value) {
                    return self.repeat(frame, items, times, span);
                }
            }
            _ => {}
        }
        if let (Meta::Atom(a), Meta::Atom(b)) = (&left.value, &right.value) {
            return self.atoms(frame, op, a, b, span);
        }
        let side = if matches!(left.value, Meta::Atom(_)) { right } else { left };
        let problem = Problem::Operand { op: op.symbol(), got: side.value.clone() };
        Err(self.raise(frame, problem, side.span))
    }

    fn order_lists(&mut self, frame: &Frame, op: BinaryOp, left: &Operand, right: &Operand, span: Span) -> Eval<Meta> {
        self.step(frame, span, left.value.weight().min(right.value.weight()))?;
        let Some(order) = left.value.compare(&right.value) else {
            let problem = Problem::Operand { op: op.symbol(), got: left.value.clone() };
            return Err(self.raise(frame, problem, left.span));
        };
        Ok(Meta::Atom(Value::Bool(match op {
            BinaryOp::Lt => order.is_lt(),
            BinaryOp::Le => order.is_le(),
            BinaryOp::Gt => order.is_gt(),
            _ => order.is_ge(),
        })))
    }

    /// A list some times over.
    fn repeat(&mut self, frame: &Frame, items: &[Meta], times: &Value, span: Span) -> Eval<Meta> {
        let times = times.as_int().expect("an integer").to_i64();
        let length = times.map_or(usize::MAX, |t| (t.max(0) as usize).saturating_mul(items.len().max(1)));
        if length > MAX_ITEMS {
            return Err(self.raise(frame, Problem::TooLarge, span));
        }
        self.step(frame, span, length)?;
        let times = times.map_or(0, |t| t.max(0) as usize);
        self.list(frame, std::iter::repeat_n(items, times).flatten().cloned().collect(), span)
    }

    /// A list as a value.
    #[inline(never)]
    pub(super) fn list(&mut self, frame: &Frame, items: Vec<Meta>, span: Span) -> Eval<Meta> {
        self.step(frame, span, items.len())?;
        Meta::list(items).map_err(|_| self.raise(frame, Problem::TooLarge, span))
    }

    /// An operator on two atoms, kept from building anything huge.
    fn atoms(&mut self, frame: &Frame, op: BinaryOp, a: &Value, b: &Value, span: Span) -> Eval<Meta> {
        let too_large = || self.raise(frame, Problem::AtomTooLarge, span);
        if explodes(op, a, b) {
            return Err(too_large());
        }
        let value = op.apply(a, b).map_err(|error| {
            let problem = Problem::Raised { error, operands: vec![a.clone(), b.clone()] };
            self.raise(frame, problem, span)
        })?;
        let cost = match &value {
            Value::Int(i) => i.bits(),
            Value::Str(s) if s.len() > MAX_STRING => u64::MAX,
            Value::Str(s) => s.len() as u64 / 64,
            _ => 0,
        };
        if cost > MAX_BITS {
            return Err(too_large());
        }
        self.step(frame, span, cost as usize / 64)?;
        Ok(Meta::Atom(value))
    }
}

/// A list and an integer, in either order.
fn repeated<'m>(left: &'m Meta, right: &'m Meta) -> Option<(&'m [Meta], &'m Value)> {
    match (left, right) {
        (Meta::List(l), Meta::Atom(n)) | (Meta::Atom(n), Meta::List(l)) if n.as_int().is_some() => Some((l.items(), n)),
        _ => None,
    }
}

/// Whether the result would be too large to be tried: powers, long strings. Everything else at most doubles in length,
/// and is measured afterwards.
fn explodes(op: BinaryOp, a: &Value, b: &Value) -> bool {
    match (op, a, b) {
        (BinaryOp::Add, Value::Str(a), Value::Str(b)) => a.len() + b.len() > MAX_STRING,
        (BinaryOp::Mul, Value::Str(s), n) | (BinaryOp::Mul, n, Value::Str(s)) => n.as_int().is_some_and(|n| {
            let times = n.to_i64().unwrap_or(if n > 0.into() { i64::MAX } else { 0 }).max(0) as usize;
            times.saturating_mul(s.len()) > MAX_STRING
        }),
        (BinaryOp::Pow, ..) => match (a.as_int(), b.as_int()) {
            (Some(a), Some(b)) if b > 0.into() => {
                let bits = a.bits();
                let product = b.to_i64().map_or(u64::MAX, |b| bits.saturating_mul(b as u64));
                bits > 1 && product > MAX_BITS
            }
            _ => false,
        },
        _ => false,
    }
}
