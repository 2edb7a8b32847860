//! Functions of one number that are lines between few places, as sums that categories choose: remainders, absolute values,
//! maxima.
//!
//! As steps, a function of a mean rises at each value that the mean can have: thousands of units, whose small rises f32 cannot
//! add up without losing them. Where its values lie on few lines s x + c, it is made of the number itself: an s-op says which
//! line x lies on, a function of x with few steps, and the value is the sum that this category chooses (`encode::gated`).
//!
//! **Exactness.** Each value is compared with what the interpreter makes of its line, and must be equal: the function that
//! is put in place has the same value for every value of x, to the last bit.

use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use super::maps_behind;
use crate::encode::plan::{Encoded, Number, Scalar};
use crate::simplify::Simplified;
use crate::values::Values;

/// Most lines.
const LINES: usize = 16;
/// Factors and constants are multiples of this.
const UNIT: f64 = 1.0 / 1_048_576.0;

/// The program with a function of a number replaced by one of the number and the line it lies on: `node`, or what it is an
/// element-wise function of; nothing where none of these is such a function.
pub fn by_pieces(simplified: &Simplified, values: &Values, encoded: &Encoded, node: NodeId) -> Option<Simplified> {
    maps_behind(&simplified.graph, node).into_iter().rev().find_map(|at| replaced(simplified, values, encoded, at))
}

fn replaced(simplified: &Simplified, values: &Values, encoded: &Encoded, node: NodeId) -> Option<Simplified> {
    let plan = encoded.plan(node);
    let (Some(Number::Steps(Scalar::Sum(sum))), None) = (&plan.number, &plan.onehot) else { return None };
    let [(number, _)] = sum.terms[..] else { return None };
    if number == node || simplified.forms.counts.contains_key(&node) {
        return None;
    }
    let pieces = Pieces::of(values, number, node)?;
    let span = simplified.graph.node(node).span;
    Some(simplified.rewritten(|graph, forms, to, id| {
        (id == node).then(|| {
            let (chosen, number) = (pieces.chosen(), to[number.index()]);
            let function = Function { arity: 1, body: Body::Host(Arc::new(pieces.clone())) };
            let line = graph.push(Op::Map { function, args: vec![number] }, span);
            let new = graph.push(Op::Map { function: Function::expr(2, chosen), args: vec![number, line] }, span);
            forms.pieces.insert(new);
            new
        })
    }))
}

/// s x + c.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    factor: f64,
    constant: f64,
}

/// Which line a number lies on.
#[derive(Clone, Debug, PartialEq)]
struct Pieces {
    /// In the order of the numbers.
    lines: Vec<Line>,
    /// The greatest number on each line but the last.
    ends: Vec<f64>,
}

impl Line {
    /// The line as an expression of argument 0.
    fn expr(self) -> Expr {
        let number = |x: f64| {
            let whole = x.fract() == 0.0 && x.abs() < 1e15;
            Box::new(Expr::Const(if whole { Value::int(x as i64) } else { Value::float(x).expect("a finite number") }))
        };
        let x = Box::new(Expr::Arg(0));
        let scaled = match self.factor {
            0.0 => return *number(self.constant),
            1.0 => x,
            -1.0 => Box::new(Expr::Unary(UnaryOp::Neg, x)),
            factor => Box::new(Expr::Binary(BinaryOp::Mul, x, number(factor))),
        };
        if self.constant == 0.0 { *scaled } else { Expr::Binary(BinaryOp::Add, scaled, number(self.constant)) }
    }

    /// How many of these points, from the first on, lie on it exactly.
    fn length(self, points: &[(Value, Value)]) -> usize {
        let expr = self.expr();
        points.iter().take_while(|(x, y)| expr.eval(std::slice::from_ref(x)).is_ok_and(|v| v == *y)).count()
    }

    /// The line with this factor through a point.
    fn through(x: f64, y: f64, factor: f64) -> Self {
        let snapped = |x: f64| (x / UNIT).round() * UNIT;
        let factor = snapped(factor);
        Self { factor, constant: snapped(y - factor * x) }
    }
}

impl Pieces {
    fn of(values: &Values, number: NodeId, node: NodeId) -> Option<Self> {
        let mut points: Vec<(Value, Value)> = Vec::new();
        for tuple in values.joint(&[number, node], 1 << 22).ok()? {
            match (&tuple[0], &tuple[1]) {
                (x, y) if x.is_none() && y.is_none() => {}
                (x, y) if x.is_number() && y.is_number() => points.push((x.clone(), y.clone())),
                _ => return None,
            }
        }
        points.sort();
        if points.windows(2).any(|p| p[0].0 == p[1].0) {
            return None;
        }
        let mut found = Self { lines: Vec::new(), ends: Vec::new() };
        let mut rest = &points[..];
        while let Some((x, y)) = rest.first().map(|(x, y)| (x.as_f64(), y.as_f64())) {
            let (x, y) = (x?, y?);
            let slope = rest.get(1).and_then(|(a, b)| Some((b.as_f64()? - y) / (a.as_f64()? - x)));
            let factors = [1.0, -1.0, 0.0].into_iter().chain(slope.filter(|s| s.is_finite()));
            let lines = factors.map(|factor| Line::through(x, y, factor)).map(|line| (line.length(rest), line));
            let (length, line) = lines.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
            if length == 0 || found.lines.len() == LINES {
                return None;
            }
            found.lines.push(line);
            rest = &rest[length..];
            if !rest.is_empty() {
                found.ends.push(points[points.len() - rest.len() - 1].0.as_f64()?);
            }
        }
        (found.lines.len() > 1).then_some(found)
    }

    /// The value, given the number and its line.
    fn chosen(&self) -> Expr {
        let (last, others) = self.lines.split_last().expect("there are several");
        others.iter().enumerate().rev().fold(last.expr(), |otherwise, (i, line)| {
            let is = Expr::Binary(BinaryOp::Eq, Box::new(Expr::Arg(1)), Box::new(Expr::Const(Value::int(i as i64))));
            Expr::If { cond: Box::new(is), then: Box::new(line.expr()), otherwise: Box::new(otherwise) }
        })
    }
}

impl HostFunction for Pieces {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let x = args[0].as_f64().unwrap_or(0.0);
        Ok(Value::int(self.ends.partition_point(|end| *end < x) as i64))
    }

    fn name(&self) -> String {
        "the line it lies on".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_its_points_to_the_last_bit() {
        let float = |x: f64| Value::float(x).expect("finite");
        let point = |x: f64, y: f64| (float(x), float(y));
        let line = Line::through(4.5, 1.5, 1.0);
        assert_eq!(line, Line { factor: 1.0, constant: -3.0 });
        assert_eq!(line.length(&[point(4.5, 1.5), point(5.1, 5.1 - 3.0), point(5.4, 2.4), point(5.5, 2.5)]), 2);
        assert_eq!(Line::through(2.0, 7.0, 0.0).expr(), Expr::Const(Value::int(7)));
    }
}
