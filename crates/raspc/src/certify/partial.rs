//! Functions of which some arguments are known, as sums of the others: what `x if flag else y` is where flag is known.

use raspc_lang::function::Expr;
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

/// A function whose known arguments have been put in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Partial {
    /// The same whatever the others are.
    Known(Value),
    /// A sum of the others.
    Open(Open),
    /// No value: no input that has an output gets here.
    Raises,
}

/// Σ factor · argument + constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    /// By argument.
    pub(super) factors: Vec<f64>,
    pub(super) constant: f64,
    /// No number that the interpreter meets on the way, sums of magnitudes taken apart, is larger.
    size: f64,
    /// How far the interpreter's f64 arithmetic can be from the exact sum.
    pub(super) off: f64,
}

/// Beyond this whole numbers are no longer all f64 numbers, and magnitudes not worth following.
const LARGEST: f64 = 1e15;

impl Open {
    /// One more operation: its result and the factors made here are each rounded.
    fn rounded(self) -> Option<Self> {
        let finite = self.factors.iter().chain([&self.constant]).all(|f| f.is_finite()) && self.size < LARGEST;
        finite.then_some(Self { off: self.off + 8.0 * f64::EPSILON * (self.size + self.off), ..self })
    }

    fn of(value: &Value, arity: usize) -> Option<Self> {
        let x = value.as_f64()?;
        Self { factors: vec![0.0; arity], constant: x, size: x.abs(), off: 0.0 }.rounded()
    }

    fn is_constant(&self) -> bool {
        self.factors.iter().all(|f| *f == 0.0)
    }

    fn plus(&self, other: &Self, sign: f64) -> Option<Self> {
        let factors = self.factors.iter().zip(&other.factors).map(|(a, b)| a + sign * b).collect();
        let constant = self.constant + sign * other.constant;
        Self { factors, constant, size: self.size + other.size, off: self.off + other.off }.rounded()
    }

    fn times(&self, other: &Self) -> Option<Self> {
        let by = other.constant;
        let factors = self.factors.iter().map(|f| f * by).collect();
        let off = self.off * (by.abs() + other.off) + self.size * other.off;
        Self { factors, constant: self.constant * by, size: self.size * by.abs(), off }.rounded()
    }
}

/// The expression with these arguments known; of the others `sizes` says how large they can be. Nothing where what remains is
/// no sum of them.
pub(super) fn partial(expr: &Expr, known: &[Option<Value>], sizes: &[f64]) -> Option<Partial> {
    let recurse = |e: &Expr| partial(e, known, sizes);
    let apply = |result: Result<Value, _>| result.map_or(Partial::Raises, Partial::Known);
    Some(match expr {
        Expr::Arg(i) => {
            if let Some(value) = &known[*i] {
                Partial::Known(value.clone())
            } else {
                let factors = (0..known.len()).map(|j| f64::from(u8::from(j == *i))).collect();
                Partial::Open(Open { factors, constant: 0.0, size: sizes[*i], off: 0.0 }.rounded()?)
            }
        }
        Expr::Const(value) => Partial::Known(value.clone()),
        Expr::Unary(op, a) => match (op, recurse(a)?) {
            (_, Partial::Raises) => Partial::Raises,
            // Equal numbers are one category, and have several texts.
            (UnaryOp::ToStr, Partial::Known(value)) if value.is_number() => return None,
            (_, Partial::Known(value)) => apply(op.apply(&value)),
            (UnaryOp::Neg, Partial::Open(open)) => {
                let minus = Open::of(&Value::int(-1), known.len())?;
                Partial::Open(open.times(&minus)?)
            }
            (UnaryOp::Pos | UnaryOp::ToFloat, open) => open,
            _ => return None,
        },
        Expr::Binary(op, a, b) => match (recurse(a)?, recurse(b)?) {
            (Partial::Raises, _) | (_, Partial::Raises) => Partial::Raises,
            (Partial::Known(a), Partial::Known(b)) => apply(op.apply(&a, &b)),
            (a, b) => Partial::Open(binary(*op, &a.open(known.len())?, &b.open(known.len())?)?),
        },
        Expr::If { cond, then, otherwise } => match recurse(cond)? {
            Partial::Known(c) => recurse(if c.truthy() { then } else { otherwise })?,
            Partial::Raises => Partial::Raises,
            Partial::Open(_) => return None,
        },
        _ => return None,
    })
}

impl Partial {
    /// As a sum, where it is a number.
    pub(super) fn open(self, arity: usize) -> Option<Open> {
        match self {
            Self::Open(open) => Some(open),
            Self::Known(value) => Open::of(&value, arity),
            Self::Raises => None,
        }
    }
}

fn binary(op: BinaryOp, a: &Open, b: &Open) -> Option<Open> {
    match op {
        BinaryOp::Add => a.plus(b, 1.0),
        BinaryOp::Sub => a.plus(b, -1.0),
        BinaryOp::Mul if b.is_constant() => a.times(b),
        BinaryOp::Mul if a.is_constant() => b.times(a),
        BinaryOp::Div if b.is_constant() && b.constant.abs() > 1e-6 => {
            let by = 1.0 / b.constant;
            // (b is a number as it stands: no arithmetic has made it.)
            let inverse = Open { constant: by, size: by.abs(), off: f64::EPSILON * by.abs(), ..b.clone() };
            (b.off <= 16.0 * f64::EPSILON * b.size).then(|| a.times(&inverse)).flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(op: BinaryOp, a: Expr, b: Expr) -> Expr {
        Expr::Binary(op, Box::new(a), Box::new(b))
    }

    #[test]
    fn what_is_known_chooses() {
        let less = binary(BinaryOp::Sub, Expr::Arg(2), Expr::Const(Value::int(3)));
        let (cond, then) = (Box::new(Expr::Arg(0)), Box::new(Expr::Arg(1)));
        let choice = Expr::If { cond, then, otherwise: Box::new(less) };
        let at = |flag: i64| partial(&choice, &[Some(Value::int(flag)), None, None], &[0.0, 5.0, 7.0]);
        let Some(Partial::Open(then)) = at(1) else { panic!("{:?}", at(1)) };
        assert_eq!((then.factors, then.constant), (vec![0.0, 1.0, 0.0], 0.0));
        let Some(Partial::Open(otherwise)) = at(0) else { panic!("{:?}", at(0)) };
        assert_eq!((otherwise.factors, otherwise.constant), (vec![0.0, 0.0, 1.0], -3.0));
        assert!(otherwise.off > 0.0 && otherwise.off < 1e-13);
        assert_eq!(partial(&choice, &[None, None, Some(Value::int(1))], &[1.0, 1.0, 0.0]), None, "nobody knows which");
    }

    #[test]
    fn products_of_what_is_open_are_no_sums() {
        let product = binary(BinaryOp::Mul, Expr::Arg(0), Expr::Arg(1));
        assert_eq!(partial(&product, &[None, None], &[1.0, 1.0]), None);
        let times = |x: i64| partial(&product, &[None, Some(Value::int(x))], &[4.0, 0.0]);
        assert!(matches!(times(3), Some(Partial::Open(open)) if open.factors == [3.0, 0.0]));
        let quotient = binary(BinaryOp::Div, Expr::Arg(0), Expr::Arg(1));
        let over = |x: i64| partial(&quotient, &[None, Some(Value::int(x))], &[4.0, 0.0]);
        assert!(matches!(over(4), Some(Partial::Open(open)) if open.factors == [0.25, 0.0]));
        assert_eq!(over(0), None);
    }

    #[test]
    fn texts_of_numbers_are_not_those_of_their_equals() {
        let text = Expr::Unary(UnaryOp::ToStr, Box::new(Expr::Arg(0)));
        let is = binary(BinaryOp::Eq, text, Expr::Const(Value::str("1")));
        let choice = Expr::If {
            cond: Box::new(is),
            then: Box::new(Expr::Arg(1)),
            otherwise: Box::new(Expr::Const(Value::int(0))),
        };
        let at = |value: Value| partial(&choice, &[Some(value), None], &[0.0, 5.0]);
        assert_eq!(at(Value::int(1)), None, "1 is in one class with 1.0, whose text is another");
        assert!(matches!(at(Value::str("1")), Some(Partial::Open(_))));
    }

    #[test]
    fn large_numbers_on_the_way_cost_digits() {
        let large = || Expr::Const(Value::int(1 << 40));
        let there = binary(BinaryOp::Add, Expr::Arg(0), large());
        let back = binary(BinaryOp::Sub, there, large());
        let Some(Partial::Open(open)) = partial(&back, &[None], &[1.0]) else { panic!("a sum") };
        assert_eq!((open.factors[0], open.constant), (1.0, 0.0));
        // The interpreter's own result for a third.
        let x = 1.0 / 3.0;
        let found = (x + (1u64 << 40) as f64) - (1u64 << 40) as f64;
        assert!((found - x).abs() > 1e-6 && (found - x).abs() <= open.off);
    }
}
