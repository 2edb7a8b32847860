//! Which functions are sums with constant factors, read off built-in expressions.

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::ops::{BinaryOp, UnaryOp};

/// The factor of each argument, and the constant.
pub(super) type Affine = (Vec<f64>, f64);

/// The function of numbers as a sum, if it is one. `range` and `is_bit` speak of the arguments.
pub(super) fn affine(
    function: &Function,
    range: &dyn Fn(usize) -> (f64, f64),
    is_bit: &dyn Fn(usize) -> bool,
) -> Option<Affine> {
    let Body::Expr(expr) = &function.body else { return None };
    let found = walk(expr, function.arity, is_bit)?;
    let finite = found.0.iter().chain([&found.1]).all(|f| f.is_finite());
    // A sum of numbers out of range raises or loses digits.
    let bounded = (0..function.arity).all(|i| found.0[i] == 0.0 || (range(i).0 > -1e15 && range(i).1 < 1e15));
    (finite && bounded).then_some(found)
}

fn walk(expr: &Expr, arity: usize, is_bit: &dyn Fn(usize) -> bool) -> Option<Affine> {
    let constant = |c: f64| (vec![0.0; arity], c);
    match expr {
        Expr::Const(v) => v.as_f64().map(constant),
        Expr::Arg(i) => {
            let mut factors = vec![0.0; arity];
            factors[*i] = 1.0;
            Some((factors, 0.0))
        }
        Expr::Unary(UnaryOp::Pos | UnaryOp::ToFloat, a) => walk(a, arity, is_bit),
        Expr::Unary(UnaryOp::Neg, a) => Some(combine(&constant(0.0), &walk(a, arity, is_bit)?, -1.0)),
        Expr::Unary(op @ (UnaryOp::Not | UnaryOp::ToBool | UnaryOp::Indicator), a) => {
            let bit = matches!(**a, Expr::Arg(i) if is_bit(i));
            let inner = walk(a, arity, is_bit).filter(|_| bit)?;
            Some(if *op == UnaryOp::Not { combine(&constant(1.0), &inner, -1.0) } else { inner })
        }
        Expr::Binary(op, a, b) => binary(*op, &walk(a, arity, is_bit)?, &walk(b, arity, is_bit)?),
        _ => None,
    }
}

fn binary(op: BinaryOp, a: &Affine, b: &Affine) -> Option<Affine> {
    let fixed = |x: &Affine| x.0.iter().all(|&f| f == 0.0).then_some(x.1);
    let zero = (vec![0.0; a.0.len()], 0.0);
    match op {
        BinaryOp::Add => Some(combine(a, b, 1.0)),
        BinaryOp::Sub => Some(combine(a, b, -1.0)),
        BinaryOp::Mul => match (fixed(a), fixed(b)) {
            (Some(c), _) => Some(combine(&zero, b, c)),
            (_, Some(c)) => Some(combine(&zero, a, c)),
            _ => None,
        },
        BinaryOp::Div => fixed(b).filter(|&c| c != 0.0).map(|c| combine(&zero, a, 1.0 / c)),
        _ => None,
    }
}

fn combine(a: &Affine, b: &Affine, weight: f64) -> Affine {
    (a.0.iter().zip(&b.0).map(|(x, y)| x + weight * y).collect(), a.1 + weight * b.1)
}
