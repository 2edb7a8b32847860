//! The operators of the language on single values (sections 5 and 6 of the paper's language, Python's number rules).

use crate::error::EvalError;
use crate::value::Value;

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

impl UnaryOp {
    /// Applies the operator.
    ///
    /// # Errors
    /// An evaluation error where it has no result.
    pub fn apply(self, a: &Value) -> Result<Value, EvalError> {
        let _ = a;
        todo!()
    }
}

impl BinaryOp {
    /// Applies the operator.
    ///
    /// # Errors
    /// An evaluation error where it has no result.
    pub fn apply(self, a: &Value, b: &Value) -> Result<Value, EvalError> {
        let _ = (a, b);
        todo!()
    }
}
