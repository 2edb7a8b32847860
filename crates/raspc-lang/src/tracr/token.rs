//! Python's tokens, as far as programs for tracr need them.

use std::ops::Range;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) at: Range<usize>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    Name(&'t str),
    Number(&'t str),
    /// Its content.
    String(&'t str),
    Mark(&'t str),
    /// The end of a line outside brackets, with the blanks that the next line starts with.
    Line(usize),
}

/// Marks, longer ones first.
const MARKS: &[&str] = &["**", "//", "==", "!=", "<=", ">=", "->"];

/// Names of the module `rasp` that tell a program for tracr.
const TELLING: &[&str] = &[
    "Select",
    "Aggregate",
    "SelectorWidth",
    "Map",
    "SequenceMap",
    "LinearSequenceMap",
    "SelectorAnd",
    "SelectorOr",
    "SelectorNot",
    "ConstantSelector",
    "Comparison",
    "Full",
    "tokens",
    "indices",
    "numerical",
    "categorical",
];

/// Splits a text; what is no token of Python is left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        let kind = match c {
            '\n' => {
                at += 1;
                let blanks = prefix(&text[at..], |c| c == ' ' || c == '\t');
                if depth == 0 { Some(Kind::Line(blanks)) } else { None }
            }
            '#' => {
                at += prefix(rest, |c| c != '\n');
                None
            }
            '\'' | '"' => {
                let (content, length) = string(rest, c);
                at += length;
                Some(Kind::String(content))
            }
            c if c.is_ascii_digit() => {
                at += prefix(rest, |c| c.is_ascii_alphanumeric() || c == '.');
                Some(Kind::Number(&text[start..at]))
            }
            c if c.is_alphabetic() || c == '_' => {
                at += prefix(rest, |c| c.is_alphanumeric() || c == '_');
                Some(Kind::Name(&text[start..at]))
            }
            c if c.is_whitespace() || c == '\\' => {
                at += c.len_utf8();
                None
            }
            c => {
                at += MARKS.iter().find(|m| rest.starts_with(**m)).map_or(c.len_utf8(), |m| m.len());
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                Some(Kind::Mark(&text[start..at]))
            }
        };
        all.extend(kind.map(|kind| Token { kind, at: start..at }));
    }
    all
}

/// How many bytes at the start of `text` satisfy `test`.
fn prefix(text: &str, test: impl Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

/// The content of a string, and its length with its quotes.
fn string(text: &str, quote: char) -> (&str, usize) {
    let three: String = [quote; 3].iter().collect();
    if text.starts_with(&three) {
        let end = text[3..].find(&three).map_or(text.len(), |i| i + 3);
        return (&text[3.min(end)..end], (end + 3).min(text.len()));
    }
    let end = text[1..].find([quote, '\n']).map_or(text.len(), |i| i + 1);
    (&text[1.min(end)..end], if text[end..].starts_with(quote) { end + 1 } else { end })
}

/// The first place that only a program for tracr has.
pub(super) fn telling(tokens: &[Token<'_>]) -> Option<Range<usize>> {
    let name = |i: usize| if let Some(Token { kind: Kind::Name(n), .. }) = tokens.get(i) { Some(*n) } else { None };
    let dot = |i: usize| tokens.get(i).is_some_and(|t| t.kind == Kind::Mark("."));
    let begins = |i: usize| i == 0 || matches!(tokens[i - 1].kind, Kind::Line(_));
    (0..tokens.len()).find_map(|i| {
        let import = begins(i) && matches!(name(i), Some("import" | "from")) && matches!(name(i + 1), Some("tracr"));
        let part = name(i) == Some("rasp") && dot(i + 1) && name(i + 2).is_some_and(|n| TELLING.contains(&n));
        let last = if import { i + 1 } else { i + 2 };
        (import || part).then(|| tokens[i].at.start..tokens[last].at.end)
    })
}
