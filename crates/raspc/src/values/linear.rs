//! Sums of the length and the index: a·length + b·index + c with whole factors, such as `length - indices - 1`.
//!
//! Such a class has a value for each position of each length, which are too many to list where inputs are long. Its values
//! are listed without them: at one length they step by b from a·length + c, and the lengths' runs are joined.
//!
//! **Invariant.** What is computed here is exactly what the class holds: no integer operation of the language rounds, and
//! functions that could return another type than an integer (divisions, conversions) are not followed.

use std::collections::BTreeMap;

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::graph::{Mask, Op};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED};
use super::plan::Budget;

/// Factors and constants are at most this large, so that no sum of them times a length overflows.
const LARGEST: i64 = 1 << 40;

/// a·length + b·index + c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Linear {
    /// The factor of the length.
    pub(super) length: i64,
    /// The factor of the index.
    pub(super) index: i64,
    /// The constant.
    pub(super) constant: i64,
}

impl Linear {
    fn constant(c: i64) -> Self {
        Self { length: 0, index: 0, constant: c }
    }

    fn plus(self, other: Self, factor: i64) -> Option<Self> {
        let add = |a: i64, b: i64| {
            b.checked_mul(factor).and_then(|b| a.checked_add(b)).filter(|x| (-LARGEST..=LARGEST).contains(x))
        };
        Some(Self {
            length: add(self.length, other.length)?,
            index: add(self.index, other.index)?,
            constant: add(self.constant, other.constant)?,
        })
    }

    fn times(self, factor: i64) -> Option<Self> {
        Self::constant(0).plus(self, factor)
    }

    fn as_constant(self) -> Option<i64> {
        (self.length == 0 && self.index == 0).then_some(self.constant)
    }

    /// Its least and greatest value in inputs of a length.
    fn bounds(self, length: i64) -> (i64, i64) {
        let first = self.length * length + self.constant;
        let last = first + self.index * (length - 1);
        (first.min(last), first.max(last))
    }

    /// All its values up to a length, ascending; nothing where they are more than `most`.
    fn values(self, longest: i64, most: u64) -> Option<Vec<i64>> {
        let step = self.index.abs().max(1);
        // Runs of quotients by the remainder that their values leave.
        let mut runs: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for length in 1..=longest {
            let (lo, hi) = self.bounds(length);
            runs.entry(lo.rem_euclid(step)).or_default().push((lo.div_euclid(step), hi.div_euclid(step)));
        }
        let mut total: u64 = 0;
        for runs in runs.values_mut() {
            runs.sort_unstable();
            let mut joined: Vec<(i64, i64)> = Vec::new();
            for &(lo, hi) in &*runs {
                match joined.last_mut() {
                    Some(last) if lo <= last.1 + 1 => last.1 = last.1.max(hi),
                    _ => joined.push((lo, hi)),
                }
            }
            total = joined.iter().fold(total, |n, r| n.saturating_add((r.1 - r.0 + 1) as u64));
            *runs = joined;
        }
        if total > most {
            return None;
        }
        let of = |(rest, runs): (i64, Vec<(i64, i64)>)| {
            runs.into_iter().flat_map(move |(lo, hi)| (lo..=hi).map(move |q| q * step + rest))
        };
        let mut values: Vec<i64> = runs.into_iter().flat_map(of).collect();
        values.sort_unstable();
        Some(values)
    }
}

impl Engine {
    /// The class as a sum of length and index, if it is one.
    pub(super) fn linear(&self, class: Class) -> Option<Linear> {
        self.linear[class.index()]
    }

    /// Finds whether a class is a sum of length and index; its operands have been looked at.
    pub(super) fn note_linear(&mut self, class: Class) {
        let found = match (&self.dep[class.index()], self.op(class)) {
            (Dep::Const | Dep::One(Var::Index | Var::Length), _) => self.progression(class),
            (Dep::One(Var::Point), Op::Map { args, function }) => {
                let args: Vec<Option<Linear>> = args.iter().map(|&a| self.linear(a)).collect();
                sum(function, &args)
            }
            _ => None,
        };
        self.linear[class.index()] = found;
    }

    /// A column of integers in equal steps as a sum.
    fn progression(&self, class: Class) -> Option<Linear> {
        let column = self.column(class)?;
        let int = |id: Id| match self.table.value(id) {
            Value::Int(i) if id != RAISED => i.to_i64().filter(|x| (-LARGEST..=LARGEST).contains(x)),
            _ => None,
        };
        if column.contains(&RAISED) {
            return None;
        }
        let first = int(*column.first()?)?;
        let step = column.get(1).map_or(Some(0), |&second| int(second)?.checked_sub(first))?;
        let mut expected = first;
        for &id in &column[..] {
            if int(id)? != expected {
                return None;
            }
            expected = expected.checked_add(step)?;
        }
        let found = match self.dep[class.index()] {
            Dep::Const => Linear::constant(first),
            Dep::One(Var::Length) => Linear { length: step, index: 0, constant: first.checked_sub(step)? },
            _ => Linear { length: 0, index: step, constant: first },
        };
        found.plus(Linear::constant(0), 1)
    }

    /// The set of a sum of length and index, without its column.
    pub(super) fn enumerate_linear(&mut self, class: Class, budget: Budget) {
        let Some(linear) = self.linear(class) else { return };
        let Some(values) = linear.values(self.max_len as i64, budget.cap) else { return };
        self.budget = self.budget.saturating_sub((values.len() + self.max_len) as u64);
        let ids = values.into_iter().map(|v| self.table.int(v)).collect();
        self.learn(class, ids);
    }

    /// Whether each query finds its value among the keys, once: these count through an interval in which it lies.
    pub(super) fn finds_one(&self, keys: Class, queries: Class) -> bool {
        let (Some(k), Some(q)) = (self.linear(keys), self.linear(queries)) else { return false };
        let within = |length: i64| {
            let (keys, queries) = (k.bounds(length), q.bounds(length));
            keys.0 <= queries.0 && queries.1 <= keys.1
        };
        self.dag.graph.mask == Mask::Full && k.index.abs() == 1 && (1..=self.max_len as i64).all(within)
    }
}

/// A function of sums that is a sum again, of integers.
fn sum(function: &Function, args: &[Option<Linear>]) -> Option<Linear> {
    let Body::Expr(expr) = &function.body else { return None };
    expression(expr, args)
}

fn expression(expr: &Expr, args: &[Option<Linear>]) -> Option<Linear> {
    match expr {
        Expr::Arg(i) => args[*i],
        Expr::Const(Value::Int(c)) => Linear::constant(0).plus(Linear::constant(c.to_i64()?), 1),
        Expr::Unary(UnaryOp::Pos, a) => expression(a, args),
        Expr::Unary(UnaryOp::Neg, a) => expression(a, args)?.times(-1),
        Expr::Binary(op, a, b) => {
            let (a, b) = (expression(a, args)?, expression(b, args)?);
            match op {
                BinaryOp::Add => a.plus(b, 1),
                BinaryOp::Sub => a.plus(b, -1),
                BinaryOp::Mul => match (a.as_constant(), b.as_constant()) {
                    (Some(c), _) => b.times(c),
                    (_, Some(c)) => a.times(c),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listed position by position.
    fn listed(l: Linear, longest: i64) -> Vec<i64> {
        let of = |n: i64| (0..n).map(move |i| l.length * n + l.index * i + l.constant);
        let mut all: Vec<i64> = (1..=longest).flat_map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn values_are_those_of_all_positions() {
        for length in -4..=4 {
            for index in -5..=5 {
                for constant in [-3, 0, 7] {
                    for longest in [1, 2, 5, 12] {
                        let l = Linear { length, index, constant };
                        let all = listed(l, longest);
                        assert_eq!(l.values(longest, 1 << 20).as_ref(), Some(&all), "{l:?} up to {longest}");
                        assert_eq!(l.values(longest, all.len() as u64 - 1), None, "one too many");
                    }
                }
            }
        }
    }

    #[test]
    fn integers_only() {
        let index = Some(Linear { length: 0, index: 1, constant: 0 });
        let apply = |e: Expr| sum(&Function::expr(1, e), &[index]);
        let two = || Box::new(Expr::Const(Value::int(2)));
        let arg = || Box::new(Expr::Arg(0));
        let doubled = Some(Linear { length: 0, index: 2, constant: 0 });
        assert_eq!(apply(Expr::Binary(BinaryOp::Mul, two(), arg())), doubled);
        assert_eq!(apply(Expr::Binary(BinaryOp::Div, arg(), two())), None, "a float");
        assert_eq!(apply(Expr::Binary(BinaryOp::Mul, arg(), arg())), None);
        let half = Box::new(Expr::Const(Value::float(0.5).unwrap()));
        assert_eq!(apply(Expr::Binary(BinaryOp::Add, arg(), half)), None);
        let huge = Box::new(Expr::Const(Value::int(i64::MAX)));
        assert_eq!(apply(Expr::Binary(BinaryOp::Mul, arg(), huge)), None, "beyond what is followed");
    }
}
