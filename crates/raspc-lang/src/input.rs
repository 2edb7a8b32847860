//! Vocabularies and inputs as text.
//!
//! JSON is read so that every integer keeps its digits and every float is the nearest one; nothing here allocates more
//! than [`MAX_TOKENS`] values, whatever the text says.

#![expect(clippy::result_large_err, reason = "an error ends the reading of the one text; its size costs nothing")]

use indexmap::IndexMap;
use num_bigint::BigInt;
use serde_json::value::RawValue;

use crate::codes;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

/// Most tokens of a vocabulary or an input.
pub const MAX_TOKENS: usize = 1_000_000;

/// How the text of an input is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputMode {
    /// JSON where it starts with `[` or `"`, else characters.
    #[default]
    Auto,
    /// One token each character.
    Chars,
    /// Separated by blanks, numbers as numbers.
    Words,
}

/// Reads an input.
///
/// # Errors
/// Malformed JSON, or an array that holds more than strings, numbers and booleans.
pub fn parse_input(text: &str, mode: InputMode) -> Result<Vec<Value>, Diagnostic> {
    match mode {
        InputMode::Auto if is_json(text) => json(text, codes::BAD_INPUT)
            .map_err(|d| if d.hint.is_some() { d } else { d.hint("to mean the characters themselves give `--chars`") }),
        InputMode::Auto | InputMode::Chars => Ok(characters(text)),
        InputMode::Words => Ok(text.split_whitespace().map(word).collect()),
    }
}

/// Reads a vocabulary: a JSON array or string, a range `0..5` or `0..=5`, a list of two or more items separated by
/// commas, or else its characters.
///
/// # Errors
/// Malformed JSON, an empty vocabulary, a range that is too long, an empty item, a token that occurs twice.
pub fn parse_vocab(text: &str) -> Result<Vec<Value>, Diagnostic> {
    let trimmed = text.trim();
    let values = if is_json(trimmed) {
        let hint = "write a JSON array such as `[\"a\", 1]`, or a list without brackets: `a, b, 1`";
        json(trimmed, codes::BAD_VOCABULARY).map_err(|d| if d.hint.is_some() { d } else { d.hint(hint) })?
    } else if let Some(bounds) = range_bounds(trimmed) {
        range(bounds)?
    } else if trimmed.contains(',') {
        items(trimmed)?
    } else {
        characters(text)
    };
    if values.is_empty() {
        let d = error(codes::BAD_VOCABULARY, "the vocabulary is empty");
        return Err(d.hint("give at least one token: `abc`, `0..5`, `[\"yes\", \"no\"]`"));
    }
    distinct(values)
}

fn error(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, message)
}

fn is_json(text: &str) -> bool {
    text.starts_with('[') || text.starts_with('"')
}

fn characters(text: &str) -> Vec<Value> {
    text.chars().map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect()
}

/// A JSON number as a number, anything else as a string.
fn word(text: &str) -> Value {
    number(text).unwrap_or_else(|| Value::str(text))
}

/// The number that a JSON number stands for: an integer when it has neither a fraction nor an exponent.
fn number(text: &str) -> Option<Value> {
    const MAX_DIGITS: usize = 10_000;
    let starts_well = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if !starts_well || text.len() > MAX_DIGITS || serde_json::from_str::<&RawValue>(text).is_err() {
        return None;
    }
    if text.contains(['.', 'e', 'E']) {
        return Value::float(text.parse().ok()?).ok();
    }
    BigInt::parse_bytes(text.as_bytes(), 10).map(Value::from)
}

/// A JSON array of strings, numbers and booleans, or the characters of a JSON string.
fn json(text: &str, code: Code) -> Result<Vec<Value>, Diagnostic> {
    let malformed = |e: serde_json::Error| error(code, format!("malformed JSON: {}", describe_json(&e)));
    if text.starts_with('"') {
        return serde_json::from_str::<String>(text).map(|s| characters(&s)).map_err(malformed);
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(malformed)?;
    if items.len() > MAX_TOKENS {
        return Err(too_many(code));
    }
    items.into_iter().map(|item| json_item(item.get(), code)).collect()
}

/// What is wrong, in one line: the library's words without its line number, since the text is one line.
fn describe_json(e: &serde_json::Error) -> String {
    let text = e.to_string();
    let cause = text.split(" at line ").next().unwrap_or(&text);
    format!("{} at character {}", cause.to_lowercase(), e.column())
}

fn json_item(text: &str, code: Code) -> Result<Value, Diagnostic> {
    let value = match text.chars().next() {
        Some('"') => serde_json::from_str::<String>(text).ok().map(Value::str),
        Some('t') => Some(Value::Bool(true)),
        Some('f') => Some(Value::Bool(false)),
        Some('-' | '0'..='9') => number(text),
        _ => None,
    };
    value.ok_or_else(|| {
        let shown: String = text.chars().take(30).collect();
        let message = format!("a token is a string, a number in range or a boolean, not `{shown}`");
        error(code, message).hint("write an array such as `[\"a\", 1, true]`")
    })
}

/// The bounds of `a..b` (the end excluded) or `a..=b` (included).
fn range_bounds(text: &str) -> Option<(BigInt, BigInt, bool)> {
    let (start, end) = text.split_once("..")?;
    let (end, inclusive) = end.strip_prefix('=').map_or((end, false), |end| (end, true));
    let bound = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = !digits.is_empty() && digits.len() <= 100 && digits.bytes().all(|b| b.is_ascii_digit());
        if whole { BigInt::parse_bytes(text.as_bytes(), 10) } else { None }
    };
    Some((bound(start)?, bound(end)?, inclusive))
}

fn range((start, end, inclusive): (BigInt, BigInt, bool)) -> Result<Vec<Value>, Diagnostic> {
    let end = if inclusive { end + 1 } else { end };
    let length = &end - &start;
    if length <= BigInt::ZERO {
        let d = error(codes::BAD_VOCABULARY, "this range is empty");
        return Err(d.hint("the end of `a..b` is excluded; `a..=b` includes it"));
    }
    let length = usize::try_from(length).ok().filter(|&n| n <= MAX_TOKENS);
    let length = length.ok_or_else(|| too_many(codes::BAD_VOCABULARY))?;
    Ok((0..length).map(|i| Value::from(&start + i)).collect())
}

fn too_many(code: Code) -> Diagnostic {
    error(code, format!("these are more than {MAX_TOKENS} tokens"))
        .hint("the compiler writes one row of weights for each")
}

/// Items separated by commas.
fn items(text: &str) -> Result<Vec<Value>, Diagnostic> {
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    if items.iter().any(|item| item.is_empty()) {
        let d = error(codes::BAD_VOCABULARY, "there is an empty item between the commas");
        return Err(d.hint("for a comma as a token write JSON: `[\",\", \"a\"]`"));
    }
    if items.len() > MAX_TOKENS {
        return Err(too_many(codes::BAD_VOCABULARY));
    }
    Ok(items.into_iter().map(word).collect())
}

/// The values, none of which may equal another.
fn distinct(values: Vec<Value>) -> Result<Vec<Value>, Diagnostic> {
    let mut seen: IndexMap<&Value, usize> = IndexMap::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        if let Some(first) = seen.insert(value, i) {
            let other = &values[first];
            let same = if other.to_string() == value.to_string() {
                format!("`{value}` occurs twice")
            } else {
                format!("`{other}` and `{value}` are equal, so they are one token")
            };
            let d = error(codes::BAD_VOCABULARY, format!("{same} in the vocabulary"));
            return Err(d.hint("name each token once"));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[Value]) -> String {
        values
            .iter()
            .map(|v| if let Value::Str(s) = v { format!("{s:?}") } else { v.to_string() })
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn vocab(text: &str) -> String {
        match parse_vocab(text) {
            Ok(values) => shown(&values),
            Err(d) => d.message,
        }
    }

    fn input(text: &str, mode: InputMode) -> String {
        match parse_input(text, mode) {
            Ok(values) => shown(&values),
            Err(d) => d.message,
        }
    }

    #[test]
    fn vocabularies() {
        assert_eq!(vocab("abc"), r#""a" "b" "c""#);
        assert_eq!(vocab("(){}"), r#""(" ")" "{" "}""#);
        assert_eq!(vocab("0..3"), "0 1 2");
        assert_eq!(vocab("-1..=1"), "-1 0 1");
        assert_eq!(vocab("a, b ,10,1.5,true"), r#""a" "b" 10 1.5 "true""#);
        assert_eq!(vocab(r#"["yes", 1, 2.0, false]"#), r#""yes" 1 2.0 false"#);
        assert_eq!(vocab(r#""a,b""#), r#""a" "," "b""#);
        assert_eq!(vocab("5"), r#""5""#);
        assert_eq!(vocab("..."), "`.` occurs twice in the vocabulary");
        assert_eq!(vocab("[12345678901234567890123]"), "12345678901234567890123");
    }

    #[test]
    fn malformed_vocabularies_say_why() {
        assert_eq!(vocab(""), "the vocabulary is empty");
        assert_eq!(vocab("[]"), "the vocabulary is empty");
        assert_eq!(vocab("5..5"), "this range is empty");
        assert_eq!(vocab("0..1000000000000"), "these are more than 1000000 tokens");
        assert_eq!(vocab(&format!("0..{}", "9".repeat(100))), "these are more than 1000000 tokens");
        assert_eq!(vocab("a,,b"), "there is an empty item between the commas");
        assert_eq!(vocab("[1, 1.0]"), "`1` and `1.0` are equal, so they are one token in the vocabulary");
        assert_eq!(vocab("[1, true]"), "`1` and `true` are equal, so they are one token in the vocabulary");
        assert_eq!(vocab("[null]"), "a token is a string, a number in range or a boolean, not `null`");
        assert_eq!(vocab("[1e400]"), "a token is a string, a number in range or a boolean, not `1e400`");
        assert_eq!(vocab("[[1]]"), "a token is a string, a number in range or a boolean, not `[1]`");
        assert!(vocab("[1").starts_with("malformed JSON: "), "{}", vocab("[1"));
    }

    #[test]
    fn inputs() {
        assert_eq!(input("ab c", InputMode::Auto), r#""a" "b" " " "c""#);
        assert_eq!(input("", InputMode::Auto), "");
        assert_eq!(input("[1, \"b\", true]", InputMode::Auto), r#"1 "b" true"#);
        assert_eq!(input("\"[\\u00e9\"", InputMode::Auto), r#""[" "é""#);
        assert_eq!(input("[1", InputMode::Chars), r#""[" "1""#);
        assert_eq!(input(" one 2 3.5  -4 05 1e2", InputMode::Words), r#""one" 2 3.5 -4 "05" 100.0"#);
        assert_eq!(input("[-0.0]", InputMode::Auto), "0.0");
        assert_eq!(input("[1,]", InputMode::Auto), "malformed JSON: trailing comma at character 4");
        assert!(input("[", InputMode::Auto).starts_with("malformed JSON: eof while parsing"));
        assert!(input("\"a\" b", InputMode::Auto).starts_with("malformed JSON: trailing characters"));
    }

    #[test]
    fn json_that_nests_or_is_long_is_no_hazard() {
        let deep = "[".repeat(100_000);
        assert!(parse_input(&deep, InputMode::Auto).is_err());
        let long = format!("[{}1]", "1,".repeat(MAX_TOKENS));
        assert!(parse_input(&long, InputMode::Auto).is_err());
    }
}
