//! Values to and from text, as Python writes and reads them.

use num_bigint::BigInt;

use super::kind_name;
use crate::error::EvalError;
use crate::value::{Int, Value, whole};

/// Most decimal digits that an integer has when it is converted to or from a string (Python's own bound: the
/// conversion is quadratic).
const MAX_DIGITS: usize = 4300;

/// A float as Python's `repr` writes it: the shortest digits that round-trip, `1.0`, `1e-05`, `1e+16`.
pub fn python_float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let shortest = format!("{:e}", x.abs());
    let (digits, exponent) = shortest.split_once('e').expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if (-4..16).contains(&exponent) {
        return format!("{sign}{}", positional(&digits.replace('.', ""), exponent));
    }
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{digits}e{exponent_sign}{:02}", exponent.abs())
}

/// Digits `d1 d2 d3 …` of the number `d1.d2d3… * 10^exponent`, with a decimal point and a digit on either side.
fn positional(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    match digits.split_at_checked(whole) {
        Some((whole, "")) => format!("{whole}.0"),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}.0", "0".repeat(whole - digits.len())),
    }
}

/// A string as Python's `repr` writes it: single quotes unless it holds one and no double quote.
pub fn python_str_repr(s: &str) -> String {
    let quote = if s.contains('\'') && !s.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in s.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if c == quote => out.extend(['\\', c]),
            _ if is_printable(c) => out.push(c),
            _ => out.push_str(&numeric_escape(c)),
        }
    }
    out.push(quote);
    out
}

/// A value as Python's `repr` writes it; none is `none`, a host value as it is displayed.
pub fn python_repr(v: &Value) -> String {
    match v {
        Value::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Value::Str(s) => python_str_repr(s),
        _ => v.to_string(),
    }
}

fn numeric_escape(c: char) -> String {
    match u32::from(c) {
        code @ ..0x100 => format!("\\x{code:02x}"),
        code @ ..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Whether the standard library's escapes show the character as it is. Behind another character, so that combining marks
/// count as printable.
fn is_printable(c: char) -> bool {
    matches!(c, '\'' | '"') || ['a', c].iter().collect::<String>().escape_debug().count() == 2
}

pub(super) fn to_str(a: &Value) -> Result<Value, EvalError> {
    match a {
        Value::Bool(b) => Ok(Value::str(if *b { "True" } else { "False" })),
        Value::Float(x) => Ok(Value::str(python_float_repr(x.get()))),
        Value::Int(i) => {
            // Ten bits hold three digits, so what passes here is within 4 % of the bound and cheap to write out.
            let digits = if i.bits() > 15_000 { None } else { Some(i.to_string()) };
            digits.filter(|d| d.trim_start_matches('-').len() <= MAX_DIGITS).map(Value::str).ok_or_else(too_many_digits)
        }
        Value::Str(_) => Ok(a.clone()),
        Value::None | Value::Host(_) => Ok(Value::str(a.to_string())),
    }
}

fn too_many_digits() -> EvalError {
    EvalError::new(format!("exceeds the limit ({MAX_DIGITS} digits) for integer string conversion"))
}

pub(super) fn to_int(a: &Value) -> Result<Value, EvalError> {
    match a {
        Value::Bool(_) | Value::Int(_) => Ok(Value::Int(a.as_int().expect("a boolean or an integer"))),
        Value::Float(x) => Ok(Value::Int(whole(x.get().trunc()))),
        Value::Str(s) => parse_int(s),
        Value::None | Value::Host(_) => Err(EvalError::new(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            kind_name(a)
        ))),
    }
}

pub(super) fn to_float(a: &Value) -> Result<Value, EvalError> {
    match a {
        Value::Float(_) => Ok(a.clone()),
        Value::Bool(_) | Value::Int(_) => {
            let x = a.as_f64().filter(|x| x.is_finite());
            x.map_or_else(|| Err(EvalError::new("int too large to convert to float")), Value::float)
        }
        Value::Str(s) => parse_float(s),
        Value::None | Value::Host(_) => {
            Err(EvalError::new(format!("float() argument must be a string or a real number, not '{}'", kind_name(a))))
        }
    }
}

/// `int("…")`: blanks around, a sign, decimal digits, single underscores between digits.
fn parse_int(s: &str) -> Result<Value, EvalError> {
    let fail = || EvalError::new(format!("invalid literal for int() with base 10: {}", python_str_repr(s)));
    let plain = without_underscores(s.trim()).ok_or_else(fail)?;
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(fail());
    }
    if digits.len() > MAX_DIGITS {
        return Err(too_many_digits());
    }
    let size: BigInt = digits.parse().expect("digits");
    Ok(Value::Int(Int::from(if plain.starts_with('-') { -size } else { size })))
}

/// `float("…")`, but for infinity and NaN, which are no values.
fn parse_float(s: &str) -> Result<Value, EvalError> {
    let plain = without_underscores(s.trim());
    let parsed = plain.and_then(|p| p.parse::<f64>().ok());
    parsed.map_or_else(
        || Err(EvalError::new(format!("could not convert string to float: {}", python_str_repr(s)))),
        Value::float,
    )
}

/// The text without its underscores, each of which must be between two digits.
fn without_underscores(s: &str) -> Option<String> {
    let bytes = s.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let placed = (0..bytes.len()).filter(|&i| bytes[i] == b'_').all(|i| i > 0 && digit(i - 1) && digit(i + 1));
    placed.then(|| s.replace('_', ""))
}
