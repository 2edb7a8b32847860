//! Affine functions and scalars: which element-wise operations are sums with constant factors, and which test such a sum.
//!
//! An affine operation on numbers needs no hidden unit: readers take the combined linear form. A comparison of two
//! affine expressions is a step function of their difference. Both are read off built-in expressions; the caller makes
//! sure that the arguments are numbers.

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::ops::{BinaryOp, UnaryOp};

/// Σ factor · argument + constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// One factor for each argument.
    pub factors: Vec<f64>,
    /// The constant.
    pub constant: f64,
}

impl Affine {
    fn constant(arity: usize, constant: f64) -> Self {
        Self { factors: vec![0.0; arity], constant }
    }

    fn combine(&self, other: &Self, weight: f64) -> Self {
        let factors = self.factors.iter().zip(&other.factors).map(|(a, b)| a + weight * b).collect();
        Self { factors, constant: self.constant + weight * other.constant }
    }

    fn scaled(&self, factor: f64) -> Self {
        Self { factors: self.factors.iter().map(|f| f * factor).collect(), constant: self.constant * factor }
    }

    fn as_constant(&self) -> Option<f64> {
        self.factors.iter().all(|&f| f == 0.0).then_some(self.constant)
    }
}

/// The function as an affine one; `is_bit(i)` says that argument i is always 0 or 1.
pub fn affine(function: &Function, is_bit: &dyn Fn(usize) -> bool) -> Option<Affine> {
    let Body::Expr(expr) = &function.body else { return None };
    affine_expr(expr, function.arity, is_bit)
}

/// The function as a test of one affine scalar: `a < b` tests a − b. The result depends on that scalar alone.
pub fn tested_scalar(function: &Function, is_bit: &dyn Fn(usize) -> bool) -> Option<Affine> {
    let Body::Expr(expr) = &function.body else { return None };
    scalar_of(expr, function.arity, is_bit)
}

fn affine_expr(expr: &Expr, arity: usize, is_bit: &dyn Fn(usize) -> bool) -> Option<Affine> {
    let recurse = |e: &Expr| affine_expr(e, arity, is_bit);
    match expr {
        Expr::Arg(i) => {
            let mut a = Affine::constant(arity, 0.0);
            a.factors[*i] = 1.0;
            Some(a)
        }
        Expr::Const(v) => v.as_f64().map(|x| Affine::constant(arity, x)),
        Expr::Unary(UnaryOp::Neg, a) => Some(recurse(a)?.scaled(-1.0)),
        Expr::Unary(UnaryOp::Pos | UnaryOp::ToFloat, a) => recurse(a),
        Expr::Unary(UnaryOp::Indicator | UnaryOp::ToBool, a) => match **a {
            Expr::Arg(i) if is_bit(i) => recurse(a),
            _ => None,
        },
        Expr::Unary(UnaryOp::Not, a) => match **a {
            Expr::Arg(i) if is_bit(i) => Some(Affine::constant(arity, 1.0).combine(&recurse(a)?, -1.0)),
            _ => None,
        },
        Expr::Binary(BinaryOp::Add, a, b) => Some(recurse(a)?.combine(&recurse(b)?, 1.0)),
        Expr::Binary(BinaryOp::Sub, a, b) => Some(recurse(a)?.combine(&recurse(b)?, -1.0)),
        Expr::Binary(BinaryOp::Mul, a, b) => {
            let (a, b) = (recurse(a)?, recurse(b)?);
            match (a.as_constant(), b.as_constant()) {
                (Some(c), _) => Some(b.scaled(c)),
                (_, Some(c)) => Some(a.scaled(c)),
                _ => None,
            }
        }
        Expr::Binary(BinaryOp::Div, a, b) => {
            let (a, b) = (recurse(a)?, recurse(b)?);
            b.as_constant().filter(|&c| c != 0.0).map(|c| a.scaled(1.0 / c))
        }
        _ => None,
    }
}

fn scalar_of(expr: &Expr, arity: usize, is_bit: &dyn Fn(usize) -> bool) -> Option<Affine> {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    match expr {
        Expr::Binary(Eq | Ne | Lt | Le | Gt | Ge, a, b) => {
            let (a, b) = (affine_expr(a, arity, is_bit)?, affine_expr(b, arity, is_bit)?);
            Some(a.combine(&b, -1.0))
        }
        Expr::Unary(_, a) | Expr::In(a, _) | Expr::Item(_, a) | Expr::Entry(_, a) => {
            affine_expr(a, arity, is_bit).or_else(|| scalar_of(a, arity, is_bit))
        }
        Expr::If { cond, then, otherwise } if is_constant(then) && is_constant(otherwise) => {
            affine_expr(cond, arity, is_bit).or_else(|| scalar_of(cond, arity, is_bit))
        }
        _ => None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(_))
}

/// The smallest factor that makes every number a whole one (at most 4096), so that a scalar has exact steps.
pub fn whole_multiple(numbers: &[f64]) -> Option<f64> {
    (1..=4096).map(f64::from).find(|m| {
        numbers.iter().all(|x| {
            let scaled = x * m;
            (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1.0) && scaled.abs() < 16_777_216.0
        })
    })
}
