//! Expectations written beside the code: comments that say what an s-op gives on an input.
//!
//! ```text
//! #? rev("abc") = [c, b, a]
//! #? same("aba") = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]     a selector: queries down, keys across
//! #? inverse([1, 0]) raises                              no output is defined there
//! ```
//!
//! The input is JSON, or characters. A value in double quotes is a string; a bare word is whatever is written so: a
//! number, `true`, `none`, a string. `2/3` is the number nearest to that fraction, as the mean of 1, 1 and 0 is.

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::input::{InputMode, parse_input};
use crate::interpret::Pattern;
use crate::syntax::lexer::lex;
use crate::syntax::token::TokenKind;
use crate::value::Value;

/// How an expectation begins.
const MARK: &str = "#?";

/// What an s-op or selector should give on an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Where it is written.
    pub span: Span,
    /// Its text, without the mark.
    pub text: String,
    /// The s-op or selector.
    pub name: String,
    /// The input.
    pub input: Vec<Value>,
    /// What it should give.
    pub wanted: Wanted,
}

/// What is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A value at each position.
    Values(Vec<Word>),
    /// Which keys each query selects: a row each.
    Rows(Vec<Vec<bool>>),
    /// No defined output.
    Raises,
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// In double quotes: this string.
    Quoted(String),
    /// Bare: any value that is written so.
    Bare(String),
}

impl Word {
    /// Whether this is how the value can be written.
    pub fn means(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Quoted(word), Value::Str(s)) => **s == **word,
            (Self::Quoted(_), _) => false,
            (Self::Bare(word), Value::Bool(b)) => word.eq_ignore_ascii_case(if *b { "true" } else { "false" }),
            (Self::Bare(word), Value::None) => word.eq_ignore_ascii_case("none"),
            (Self::Bare(word), Value::Float(x)) => {
                word.parse::<f64>().is_ok_and(|w| w == x.get()) || fraction(word).is_some_and(|w| w == x.get())
            }
            (Self::Bare(word), Value::Int(i)) => {
                *word == i.to_string()
                    || word.strip_suffix(".0").is_some_and(|w| w == i.to_string())
                    || fraction(word).is_some_and(|w| Value::float(w).is_ok_and(|w| w == *value))
            }
            (Self::Bare(word), _) => *word == value.to_string(),
        }
    }
}

/// The number nearest to a fraction of whole numbers.
fn fraction(word: &str) -> Option<f64> {
    let (over, under) = word.split_once('/')?;
    // Floats hold both, so that dividing them rounds once.
    let whole = |w: &str| w.trim().parse::<i64>().ok().filter(|n| n.unsigned_abs() <= 1 << 53);
    let (over, under) = (whole(over)?, whole(under)?);
    (under > 0).then(|| over as f64 / under as f64)
}

impl Wanted {
    /// Whether these are the values.
    pub fn are(&self, values: &[Value]) -> bool {
        match self {
            Self::Values(words) => words.len() == values.len() && words.iter().zip(values).all(|(w, v)| w.means(v)),
            _ => false,
        }
    }

    /// Whether this is the pattern on `n` positions.
    pub fn is_pattern(&self, pattern: &Pattern, n: usize) -> bool {
        match self {
            Self::Rows(rows) => {
                let row = |(q, row): (usize, &Vec<bool>)| {
                    row.len() == n && row.iter().enumerate().all(|(k, cell)| pattern.get(q, k) == *cell)
                };
                rows.len() == n && rows.iter().enumerate().all(row)
            }
            _ => false,
        }
    }
}

/// The expectations of a text, in order.
///
/// # Errors
/// Each comment that begins like one and is none.
pub fn expectations(source: u32, text: &str) -> Result<Vec<Expectation>, Vec<Diagnostic>> {
    let comments = lex(source, text).tokens.into_iter().filter(|t| t.kind == TokenKind::Comment);
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for token in comments {
        let comment = text[token.span.range()].trim_end();
        let Some(rest) = comment.strip_prefix(MARK) else { continue };
        match read(rest.trim()) {
            Ok((name, input, wanted)) => {
                let text = rest.trim().to_owned();
                found.push(Expectation { span: token.span, text, name, input, wanted });
            }
            Err(why) => wrong.push(
                Diagnostic::error(codes::EXPECTATION, why)
                    .at(token.span)
                    .hint("write `#? NAME(INPUT) = [VALUE, VALUE]` or `#? NAME(INPUT) raises`"),
            ),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

fn read(text: &str) -> Result<(String, Vec<Value>, Wanted), String> {
    let Some((name, rest)) = text.split_once('(') else {
        return Err("an expectation begins with a name and an input in brackets".to_owned());
    };
    let name = name.trim();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{name}` is no name of an s-op"));
    }
    let (input, rest) = input(rest)?;
    let input = parse_input(input.trim(), InputMode::Auto).map_err(|d| d.message)?;
    let rest = rest.trim();
    if rest == "raises" {
        return Ok((name.to_owned(), input, Wanted::Raises));
    }
    let Some(values) = rest.strip_prefix('=') else {
        return Err("after the input comes `= [VALUE, …]` or `raises`".to_owned());
    };
    Ok((name.to_owned(), input, wanted(values.trim())?))
}

/// The input and what follows its closing bracket.
fn input(text: &str) -> Result<(&str, &str), String> {
    let trimmed = text.trim_start();
    let end = if trimmed.starts_with(['[', '"']) {
        let mut json = serde_json::Deserializer::from_str(trimmed).into_iter::<&serde_json::value::RawValue>();
        match json.next() {
            Some(Ok(_)) => json.byte_offset(),
            _ => return Err("the input is malformed JSON".to_owned()),
        }
    } else {
        // Characters: up to the last bracket before what is expected.
        let before = trimmed.find(") =").or_else(|| trimmed.find(") raises"));
        before.ok_or("the input's closing bracket is missing")?
    };
    let rest = trimmed[end..].trim_start().strip_prefix(')').ok_or("the input's closing bracket is missing")?;
    Ok((&trimmed[..end], rest))
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let mut reader = Reader { rest: text };
    reader.open()?;
    if reader.rest.trim_start().starts_with('[') {
        let rows = reader.items(|r| {
            r.open()?;
            r.items(Reader::cell)
        })?;
        reader.end()?;
        return Ok(Wanted::Rows(rows));
    }
    let values = reader.items(Reader::word)?;
    reader.end()?;
    Ok(Wanted::Values(values))
}

/// Reads lists of words.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn open(&mut self) -> Result<(), String> {
        self.rest = self.rest.trim_start().strip_prefix('[').ok_or("the values stand in brackets: `[a, b]`")?;
        Ok(())
    }

    /// Items up to the closing bracket.
    fn items<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix(']') {
            self.rest = rest;
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(']') {
                self.rest = rest;
                return Ok(items);
            }
            self.rest = self.rest.strip_prefix(',').ok_or("between values stands `,`, after them `]`")?;
        }
    }

    fn word(&mut self) -> Result<Word, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            let mut json = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
            let Some(Ok(word)) = json.next() else { return Err("a string is malformed".to_owned()) };
            self.rest = &self.rest[json.byte_offset()..];
            return Ok(Word::Quoted(word));
        }
        let end = self.rest.find([',', ']']).ok_or("the closing `]` is missing")?;
        let word = self.rest[..end].trim();
        if word.is_empty() {
            return Err("a value is missing; `,`, `]` and blanks are written as strings: `\",\"`".to_owned());
        }
        self.rest = &self.rest[end..];
        Ok(Word::Bare(word.to_owned()))
    }

    fn cell(&mut self) -> Result<bool, String> {
        match self.word()? {
            Word::Bare(w) if w == "1" => Ok(true),
            Word::Bare(w) if w == "0" => Ok(false),
            Word::Bare(w) | Word::Quoted(w) => Err(format!("a selector's rows hold 0 and 1, not `{w}`")),
        }
    }

    fn end(&self) -> Result<(), String> {
        let rest = self.rest.trim();
        if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { Err(format!("`{rest}` follows the values")) }
    }
}
