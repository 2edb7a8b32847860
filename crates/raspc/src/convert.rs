//! Between the language's values and the model's tokens.

use num_bigint::BigInt;
use raspc_lang::value::{Int, Value};
use raspc_model::token::Token;

/// The token of a value.
pub fn token(value: &Value) -> Token {
    match value {
        Value::None => Token::None,
        Value::Bool(b) => Token::Bool(*b),
        Value::Int(i) => Token::Int(i.to_string()),
        Value::Float(x) => Token::Float(x.get()),
        Value::Str(s) => Token::Str(s.to_string()),
        Value::Host(_) => Token::Other(value.to_string()),
    }
}

/// The value of a token; text of another language's values stays text.
pub fn value(token: &Token) -> Value {
    match token {
        Token::None => Value::None,
        Token::Bool(b) => Value::Bool(*b),
        Token::Int(i) => i.parse::<BigInt>().map_or(Value::None, |b| Value::Int(Int::from(b))),
        Token::Float(x) => Value::float(*x).unwrap_or(Value::None),
        Token::Str(s) | Token::Other(s) => Value::str(s),
    }
}
