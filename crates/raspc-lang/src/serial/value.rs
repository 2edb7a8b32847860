//! Values to and from JSON, exactly: integers beyond 2^53 and floats as text, host values by what they display.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::BigInt;
use serde_json::{Value as Json, json};

use crate::ops::{MAX_BITS, python_float_repr};
use crate::value::{HostObject, HostValue, Value};

/// Integers up to here are JSON numbers: every reader of JSON has them exactly.
const LARGEST_NUMBER: i64 = 1 << 53;

/// Most digits of an integer in text: those of an integer of [`MAX_BITS`] bits.
const MAX_DIGITS: usize = (MAX_BITS as usize * 3).div_ceil(9) + 1;

/// A host value of which only the text is left. Equal where the texts are equal; ordered by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextObject(pub Arc<str>);

impl HostObject for TextObject {
    fn equals(&self, other: &dyn HostObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self == other)
    }

    /// FNV-1a: the same in every run and on every machine.
    fn hash(&self) -> u64 {
        self.0.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    }

    fn order(&self, other: &dyn HostObject) -> Ordering {
        (*self.0).cmp(&other.display())
    }

    fn display(&self) -> String {
        self.0.to_string()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A value as JSON.
pub fn value_to_json(v: &Value) -> Json {
    match v {
        Value::None => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(i) => match i.to_i64() {
            Some(i) if (-LARGEST_NUMBER..=LARGEST_NUMBER).contains(&i) => json!(i),
            _ => json!({ "int": i.to_string() }),
        },
        // As text, since few readers of JSON keep every bit of a number.
        Value::Float(x) => json!({ "float": python_float_repr(x.get()) }),
        Value::Str(s) => json!(**s),
        Value::Host(h) => json!({ "other": h.0.display() }),
    }
}

pub(super) fn value_from_json(json: &Json) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::None),
        Json::Bool(b) => Ok(Value::Bool(*b)),
        Json::Number(n) => {
            n.as_i64().map(Value::int).ok_or_else(|| format!("{n} is written as {{\"float\": …}} or {{\"int\": …}}"))
        }
        Json::String(s) => Ok(Value::str(s)),
        Json::Object(tagged) => match tagged.iter().next() {
            Some((tag, Json::String(text))) if tagged.len() == 1 => tagged_value(tag, text),
            _ => Err("a value has one tag and a text".to_owned()),
        },
        Json::Array(_) => Err("a list is no value".to_owned()),
    }
}

fn tagged_value(tag: &str, text: &str) -> Result<Value, String> {
    match tag {
        "int" => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let number = Some(text).filter(|_| decimal && digits.len() <= MAX_DIGITS);
            number.and_then(|t| t.parse::<BigInt>().ok()).map(Value::from).ok_or_else(|| not_a("an integer", text))
        }
        "float" => text.parse().ok().and_then(|x| Value::float(x).ok()).ok_or_else(|| not_a("a finite float", text)),
        "other" => Ok(Value::Host(HostValue(Arc::new(TextObject(Arc::from(text)))))),
        _ => Err(format!("there is no kind of value {tag:?}")),
    }
}

fn not_a(what: &str, text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("{shown:?} is not {what}")
}
