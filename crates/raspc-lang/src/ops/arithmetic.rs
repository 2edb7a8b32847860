//! Arithmetic: `-a`, and `+ - * / % ^` of numbers and strings.
//!
//! Two integers (booleans count) give an exact integer but for `/`; an integer beside a float becomes the nearest float.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};

use super::{MAX_BITS, MAX_BYTES, kind_name, nearest_float};
use crate::error::EvalError;
use crate::value::{Int, Value};

/// Two numbers, as the rules of arithmetic see them.
enum Numbers {
    Ints(Int, Int),
    Floats(f64, f64),
}

fn numbers(symbol: &str, a: &Value, b: &Value) -> Result<Numbers, EvalError> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int()) {
        return Ok(Numbers::Ints(a, b));
    }
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if x.is_finite() && y.is_finite() => Ok(Numbers::Floats(x, y)),
        (Some(_), Some(_)) => Err(EvalError::new("int too large to convert to float")),
        _ => Err(unsupported(symbol, a, b)),
    }
}

fn unsupported(symbol: &str, a: &Value, b: &Value) -> EvalError {
    let (a, b) = (kind_name(a), kind_name(b));
    EvalError::new(format!("unsupported operand type(s) for {symbol}: '{a}' and '{b}'"))
}

/// An integer result, within bounds.
fn bounded(i: BigInt) -> Result<Value, EvalError> {
    if i.bits() > MAX_BITS { Err(too_large()) } else { Ok(Value::from(i)) }
}

fn too_large() -> EvalError {
    EvalError::new(format!("the integer result is too large (more than {MAX_BITS} bits)"))
}

fn too_long() -> EvalError {
    EvalError::new(format!("the string result is too long (more than {MAX_BYTES} bytes)"))
}

/// An operation on integers: in 64 bits where the result fits.
fn on_ints(
    a: &Int,
    b: &Int,
    small: fn(i64, i64) -> Option<i64>,
    big: fn(BigInt, BigInt) -> BigInt,
) -> Result<Value, EvalError> {
    let fast = a.to_i64().zip(b.to_i64()).and_then(|(a, b)| small(a, b));
    fast.map_or_else(|| bounded(big(a.to_big(), b.to_big())), |i| Ok(Value::int(i)))
}

pub(super) fn negate(a: &Value) -> Result<Value, EvalError> {
    match (a, a.as_int()) {
        (Value::Float(x), _) => Value::float(-x.get()),
        (_, Some(i)) => Ok(Value::from(-i.to_big())),
        _ => Err(EvalError::new(format!("bad operand type for unary -: '{}'", kind_name(a)))),
    }
}

pub(super) fn add(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) if a.len() + b.len() > MAX_BYTES => Err(too_long()),
        (Value::Str(a), Value::Str(b)) => Ok(Value::str(format!("{a}{b}"))),
        (Value::Str(_), _) => {
            Err(EvalError::new(format!("can only concatenate str (not \"{}\") to str", kind_name(b))))
        }
        _ => match numbers("+", a, b)? {
            Numbers::Ints(a, b) => on_ints(&a, &b, i64::checked_add, |a, b| a + b),
            Numbers::Floats(x, y) => Value::float(x + y),
        },
    }
}

pub(super) fn subtract(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match numbers("-", a, b)? {
        Numbers::Ints(a, b) => on_ints(&a, &b, i64::checked_sub, |a, b| a - b),
        Numbers::Floats(x, y) => Value::float(x - y),
    }
}

pub(super) fn multiply(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match (a, b) {
        (Value::Str(s), times) | (times, Value::Str(s)) => repeat(s, times),
        _ => match numbers("*", a, b)? {
            // The product of two integers has the bits of both or one less: no product is made to be thrown away.
            Numbers::Ints(a, b) if a.bits() + b.bits() > MAX_BITS + 1 => Err(too_large()),
            Numbers::Ints(a, b) => on_ints(&a, &b, i64::checked_mul, |a, b| a * b),
            Numbers::Floats(x, y) => Value::float(x * y),
        },
    }
}

/// A string repeated; a negative count gives the empty string.
fn repeat(s: &str, times: &Value) -> Result<Value, EvalError> {
    let Some(times) = times.as_int() else {
        let kind = kind_name(times);
        return Err(EvalError::new(format!("can't multiply sequence by non-int of type '{kind}'")));
    };
    if s.is_empty() || times <= Int::from(0) {
        return Ok(Value::str(""));
    }
    let times = times.to_i64().and_then(|t| usize::try_from(t).ok()).filter(|t| *t <= MAX_BYTES / s.len());
    times.map(|t| Value::str(s.repeat(t))).ok_or_else(too_long)
}

pub(super) fn divide(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match numbers("/", a, b)? {
        Numbers::Ints(_, b) if b.is_zero() => Err(EvalError::new("division by zero")),
        Numbers::Floats(_, 0.0) => Err(EvalError::new("float division by zero")),
        Numbers::Ints(a, b) => int_ratio(&a, &b),
        Numbers::Floats(x, y) => Value::float(x / y),
    }
}

/// The nearest float of a ratio of integers of any size.
fn int_ratio(a: &Int, b: &Int) -> Result<Value, EvalError> {
    const EXACT: std::ops::RangeInclusive<i64> = -(1 << 53)..=1 << 53;
    match (a.to_i64(), b.to_i64()) {
        // Both are floats exactly, so the division of floats rounds the exact ratio.
        (Some(a), Some(b)) if EXACT.contains(&a) && EXACT.contains(&b) => Value::float(a as f64 / b as f64),
        _ => {
            let ratio = nearest_float(&a.to_big(), &b.to_big());
            ratio.map_or_else(|| Err(EvalError::new("integer division result too large for a float")), Value::float)
        }
    }
}

pub(super) fn modulo(a: &Value, b: &Value) -> Result<Value, EvalError> {
    if matches!(a, Value::Str(_)) {
        // Python formats here. RASP has no such thing; the message is the one that Python users know.
        return Err(EvalError::new("not all arguments converted during string formatting"));
    }
    match numbers("%", a, b)? {
        Numbers::Ints(_, b) if b.is_zero() => Err(EvalError::new("integer modulo by zero")),
        Numbers::Floats(_, 0.0) => Err(EvalError::new("float modulo")),
        // i64::MIN % -1 overflows as an instruction; the big path has its answer, 0.
        Numbers::Ints(a, b) => on_ints(&a, &b, |a, b| (b != -1).then(|| a.mod_floor(&b)), |a, b| a.mod_floor(&b)),
        Numbers::Floats(x, y) => {
            // fmod is exact; adding the divisor rounds once, as Python does.
            let rest = libm::fmod(x, y);
            Value::float(if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest })
        }
    }
}

pub(super) fn power(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match numbers("** or pow()", a, b)? {
        Numbers::Ints(a, b) if b < Int::from(0) => match (a.to_f64(), b.to_f64()) {
            (x, y) if x.is_finite() && y.is_finite() => float_power(x, y),
            _ => Err(EvalError::new("int too large to convert to float")),
        },
        Numbers::Ints(a, b) => int_power(&a, &b),
        Numbers::Floats(x, y) => float_power(x, y),
    }
}

/// An integer to a non-negative integer: exact.
fn int_power(base: &Int, exponent: &Int) -> Result<Value, EvalError> {
    let big = base.to_big();
    if exponent.is_zero() || big.is_one() {
        return Ok(Value::int(1));
    }
    if big.is_zero() {
        return Ok(Value::int(0));
    }
    if (-&big).is_one() {
        return Ok(Value::int(if exponent.to_big().is_even() { 1 } else { -1 }));
    }
    // |base| >= 2, so |base|^e has more than (bits - 1) * e bits: refused before it is computed.
    let exponent = exponent.to_i64().and_then(|e| u32::try_from(e).ok()).ok_or_else(too_large)?;
    if (big.bits() - 1).saturating_mul(u64::from(exponent)) > MAX_BITS {
        return Err(too_large());
    }
    bounded(big.pow(exponent))
}

/// A float to a float. Small integral exponents are computed exactly and rounded once, so that `x^2` is `x*x` and
/// `10^-3` is `0.001`; others go through `libm`, the same on every machine.
fn float_power(x: f64, y: f64) -> Result<Value, EvalError> {
    if x == 0.0 && y < 0.0 {
        return Err(EvalError::new("0.0 cannot be raised to a negative power"));
    }
    if x < 0.0 && y.fract() != 0.0 {
        return Err(EvalError::new("a negative number to a fractional power is a complex number"));
    }
    if y.fract() == 0.0 && y.abs() <= 64.0 && x != 0.0 {
        let power = exact_power(x, y as i32);
        return power.map_or_else(|| Value::float(f64::INFINITY), Value::float);
    }
    Value::float(libm::pow(x, y))
}

/// The float nearest to `x^e` for a nonzero `x`.
fn exact_power(x: f64, e: i32) -> Option<f64> {
    let (mantissa, exponent) = integer_parts(x);
    let shift = exponent * i64::from(e);
    let power = BigInt::from(mantissa).pow(e.unsigned_abs());
    let scale = BigInt::one() << shift.unsigned_abs();
    match (e >= 0, shift >= 0) {
        (true, true) => nearest_float(&(power * scale), &BigInt::one()),
        (true, false) => nearest_float(&power, &scale),
        (false, true) => nearest_float(&scale, &power),
        (false, false) => nearest_float(&BigInt::one(), &(power * scale)),
    }
}

/// A finite float as `m * 2^e` with an odd `m`; zero as `0 * 2^0`.
pub(crate) fn integer_parts(x: f64) -> (i64, i64) {
    if x == 0.0 {
        return (0, 0);
    }
    let bits = x.abs().to_bits();
    let (field, fraction) = ((bits >> 52) as i64, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
    let zeros = mantissa.trailing_zeros();
    let mantissa = (mantissa >> zeros) as i64;
    (if x < 0.0 { -mantissa } else { mantissa }, exponent + i64::from(zeros))
}
