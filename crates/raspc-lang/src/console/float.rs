//! Floats as Python has them: −0.0, and the infinities and "not a number" that sums and products run into.
//!
//! **Invariants.** −0.0 is a float that equals 0.0 and shows its sign. What is not finite is a [`Special`], which no finite
//! number equals; it can be calculated with and shown, and no graph holds it.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::EvalError;
use crate::ops::{BinaryOp, UnaryOp, python_float_repr};
use crate::value::{Float, HostObject, HostValue, Value};

/// A float that is not finite.
#[derive(Debug)]
struct Special(f64);

impl HostObject for Special {
    fn equals(&self, other: &dyn HostObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| o.0 == self.0)
    }

    fn hash(&self) -> u64 {
        self.0.to_bits()
    }

    fn order(&self, other: &dyn HostObject) -> Ordering {
        other.as_any().downcast_ref::<Self>().map_or(Ordering::Less, |o| self.0.total_cmp(&o.0))
    }

    fn display(&self) -> String {
        if self.0.is_nan() { "nan".to_owned() } else { python_float_repr(self.0) }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The number, if the value is a float that is not finite.
pub(super) fn special(value: &Value) -> Option<f64> {
    match value {
        Value::Host(h) => h.0.as_any().downcast_ref::<Special>().map(|s| s.0),
        _ => None,
    }
}

/// The same value for a graph, where zero has no sign.
pub(super) fn unsigned(value: &Value) -> Value {
    match value {
        Value::Float(x) => Value::float(x.get()).expect("finite"),
        _ => value.clone(),
    }
}

fn float(x: f64) -> Value {
    if x == 0.0 && x.is_sign_negative() {
        return Value::Float(Float::negative_zero());
    }
    Value::float(x).unwrap_or_else(|_| Value::Host(HostValue(Arc::new(Special(x)))))
}

fn number(value: &Value) -> Option<f64> {
    special(value).or_else(|| value.as_f64())
}

fn is_float(value: &Value) -> bool {
    matches!(value, Value::Float(_)) || special(value).is_some()
}

/// An operator on one value, as Python has it.
pub(super) fn unary(op: UnaryOp, value: &Value) -> Result<Value, EvalError> {
    if let (UnaryOp::Neg | UnaryOp::Pos | UnaryOp::ToFloat, true) = (op, is_float(value)) {
        let x = number(value).expect("a float");
        return Ok(float(if op == UnaryOp::Neg { -x } else { x }));
    }
    if let (UnaryOp::ToFloat, Value::Str(text)) = (op, value)
        && text.trim_start().starts_with('-')
    {
        return op.apply(value).map(|v| if v.truthy() { v } else { float(-0.0) });
    }
    let Some(x) = special(value) else { return op.apply(value) };
    let what = if x.is_nan() { "NaN" } else { "infinity" };
    match op {
        UnaryOp::Round | UnaryOp::ToInt => Err(EvalError::new(format!("cannot convert float {what} to integer"))),
        UnaryOp::Not => Ok(Value::Bool(false)),
        UnaryOp::ToBool => Ok(Value::Bool(true)),
        UnaryOp::Indicator => Ok(Value::int(1)),
        UnaryOp::ToStr => Ok(Value::str(value.to_string())),
        _ => op.apply(value),
    }
}

/// An operator on two values, as Python has it.
pub(super) fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, EvalError> {
    let (Some(x), Some(y)) = (number(a), number(b)) else { return op.apply(a, b) };
    if special(a).is_some() || special(b).is_some() {
        return not_finite(op, x, y).unwrap_or_else(|| op.apply(a, b));
    }
    let sum = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul) && (is_float(a) || is_float(b));
    let ieee = match op {
        BinaryOp::Add if sum => x + y,
        BinaryOp::Sub if sum => x - y,
        BinaryOp::Mul if sum => x * y,
        BinaryOp::Div if y != 0.0 => x / y,
        // The remainder has the sign of the divisor, zero included.
        BinaryOp::Mod if is_float(a) || is_float(b) => f64::copysign(0.0, y),
        // Of a power that is too large Python says what the C library says.
        BinaryOp::Pow if x != 0.0 && (is_float(a) || is_float(b)) && libm::pow(x, y).is_infinite() => {
            return Err(EvalError::new("(34, 'Numerical result out of range')"));
        }
        BinaryOp::Pow if is_float(a) && x == 0.0 && x.is_sign_negative() && y > 0.0 && y % 2.0 == 1.0 => x,
        _ => return op.apply(a, b),
    };
    match op.apply(a, b) {
        Ok(Value::Float(zero)) if zero.get() == 0.0 && ieee == 0.0 => Ok(float(ieee)),
        Err(_) if !ieee.is_finite() && x.is_finite() && y.is_finite() && (is_float(a) || is_float(b)) => {
            Ok(float(ieee))
        }
        result => result,
    }
}

/// Where an operand is not finite.
fn not_finite(op: BinaryOp, x: f64, y: f64) -> Option<Result<Value, EvalError>> {
    let divided = |what: &str| Some(Err(EvalError::new(what)));
    Some(Ok(match op {
        BinaryOp::Add => float(x + y),
        BinaryOp::Sub => float(x - y),
        BinaryOp::Mul => float(x * y),
        BinaryOp::Div if y == 0.0 => return divided("float division by zero"),
        BinaryOp::Div => float(x / y),
        BinaryOp::Mod if y == 0.0 => return divided("float modulo"),
        BinaryOp::Mod if x.is_finite() && y.is_infinite() => {
            float(if x == 0.0 || (x < 0.0) == (y < 0.0) { x } else { y })
        }
        BinaryOp::Mod => float(f64::NAN),
        BinaryOp::Pow => float(libm::pow(x, y)),
        BinaryOp::Eq => Value::Bool(x == y),
        BinaryOp::Ne => Value::Bool(x != y),
        BinaryOp::Lt => Value::Bool(x < y),
        BinaryOp::Le => Value::Bool(x <= y),
        BinaryOp::Gt => Value::Bool(x > y),
        BinaryOp::Ge => Value::Bool(x >= y),
        BinaryOp::And | BinaryOp::Or => return None,
    }))
}
