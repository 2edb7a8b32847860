//! The operators of the language on single values, by Python 3's number rules.
//!
//! **Invariants.** Results are finite and bounded: an integer beyond [`MAX_BITS`] bits or a string beyond [`MAX_BYTES`]
//! bytes is an evaluation error, so no program can make a value that does not fit in memory. The messages are Python's
//! own, where Python has one, since the recorded sessions of the reference show them. Nothing here uses a float
//! function of the platform whose result could differ between machines.

mod arithmetic;
mod ratio;
mod text;

use std::cmp::Ordering;

use crate::error::EvalError;
use crate::value::{Value, whole};

pub(crate) use arithmetic::integer_parts;
pub(crate) use ratio::nearest_float;
pub use text::{python_float_repr, python_repr, python_str_repr};

/// Most bits of an integer result.
pub const MAX_BITS: u64 = 1 << 20;

/// Most bytes of a string result.
pub const MAX_BYTES: usize = 1 << 20;

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOp {
    /// `not x`: truthiness negated.
    Not,
    /// `-x`.
    Neg,
    /// `+x`.
    Pos,
    /// `round(x)`: to an integer, ties to even.
    Round,
    /// `indicator(x)`: 1 where truthy, else 0.
    Indicator,
    /// Text of the value.
    ToStr,
    /// `int(x)`: truncates floats, parses strings.
    ToInt,
    /// `float(x)`.
    ToFloat,
    /// Truthiness.
    ToBool,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    /// `a + b`: numbers, or two strings.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`: numbers, or a string repeated.
    Mul,
    /// `a / b`: always a float.
    Div,
    /// `a % b`: the sign of the divisor.
    Mod,
    /// `a ^ b`.
    Pow,
    /// `a == b`.
    Eq,
    /// `a != b`.
    Ne,
    /// `a < b`.
    Lt,
    /// `a <= b`.
    Le,
    /// `a > b`.
    Gt,
    /// `a >= b`.
    Ge,
    /// Both truthy: a boolean.
    And,
    /// One or both truthy: a boolean.
    Or,
}

/// What messages call the kind of a value: Python's type names, and `none`.
pub fn kind_name(v: &Value) -> &'static str {
    match v {
        Value::None => "none",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "str",
        Value::Host(_) => "object",
    }
}

/// The order of two numbers or two strings.
///
/// # Errors
/// Of anything else, none included: the error names the kinds; `symbol` is the comparison as written.
pub fn order(symbol: &str, a: &Value, b: &Value) -> Result<Ordering, EvalError> {
    let comparable = (a.is_number() && b.is_number()) || matches!((a, b), (Value::Str(_), Value::Str(_)));
    if comparable {
        Ok(a.cmp(b))
    } else {
        let (a, b) = (kind_name(a), kind_name(b));
        Err(EvalError::new(format!("'{symbol}' not supported between instances of '{a}' and '{b}'")))
    }
}

impl UnaryOp {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Not,
        Self::Neg,
        Self::Pos,
        Self::Round,
        Self::Indicator,
        Self::ToStr,
        Self::ToInt,
        Self::ToFloat,
        Self::ToBool,
    ];

    /// As written in a program: `-`, `not`, or the name of a function.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Not => "not",
            Self::Neg => "-",
            Self::Pos => "+",
            Self::Round => "round",
            Self::Indicator => "indicator",
            Self::ToStr => "str",
            Self::ToInt => "int",
            Self::ToFloat => "float",
            Self::ToBool => "bool",
        }
    }

    /// Applies the operator.
    ///
    /// # Errors
    /// An evaluation error where it has no result.
    pub fn apply(self, a: &Value) -> Result<Value, EvalError> {
        match self {
            Self::Not => Ok(Value::Bool(!a.truthy())),
            Self::Neg => arithmetic::negate(a),
            Self::Pos => positive(a),
            Self::Round => round(a),
            Self::Indicator => Ok(Value::int(i64::from(a.truthy()))),
            Self::ToStr => text::to_str(a),
            Self::ToInt => text::to_int(a),
            Self::ToFloat => text::to_float(a),
            Self::ToBool => Ok(Value::Bool(a.truthy())),
        }
    }
}

impl BinaryOp {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Mod,
        Self::Pow,
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::And,
        Self::Or,
    ];

    /// As written in a program.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// Applies the operator.
    ///
    /// # Errors
    /// An evaluation error where it has no result.
    pub fn apply(self, a: &Value, b: &Value) -> Result<Value, EvalError> {
        let order = || order(self.symbol(), a, b);
        match self {
            Self::Add => arithmetic::add(a, b),
            Self::Sub => arithmetic::subtract(a, b),
            Self::Mul => arithmetic::multiply(a, b),
            Self::Div => arithmetic::divide(a, b),
            Self::Mod => arithmetic::modulo(a, b),
            Self::Pow => arithmetic::power(a, b),
            Self::Eq => Ok(Value::Bool(a == b)),
            Self::Ne => Ok(Value::Bool(a != b)),
            Self::Lt => Ok(Value::Bool(order()?.is_lt())),
            Self::Le => Ok(Value::Bool(order()?.is_le())),
            Self::Gt => Ok(Value::Bool(order()?.is_gt())),
            Self::Ge => Ok(Value::Bool(order()?.is_ge())),
            Self::And => Ok(Value::Bool(a.truthy() && b.truthy())),
            Self::Or => Ok(Value::Bool(a.truthy() || b.truthy())),
        }
    }
}

/// `+a`: the number itself, a boolean as the integer it is.
fn positive(a: &Value) -> Result<Value, EvalError> {
    match (a, a.as_int()) {
        (Value::Float(_), _) => Ok(a.clone()),
        (_, Some(i)) => Ok(Value::Int(i)),
        _ => Err(EvalError::new(format!("bad operand type for unary +: '{}'", kind_name(a)))),
    }
}

/// `round(a)`: the nearest integer, ties to even.
fn round(a: &Value) -> Result<Value, EvalError> {
    match (a, a.as_int()) {
        (Value::Float(x), _) => Ok(Value::Int(whole(libm::rint(x.get())))),
        (_, Some(i)) => Ok(Value::Int(i)),
        _ => Err(EvalError::new(format!("type {} doesn't define __round__ method", kind_name(a)))),
    }
}
