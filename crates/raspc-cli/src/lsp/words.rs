//! The words that every program knows: keywords, forms, the language's s-ops, the library; each with what it means.

use raspc_lang::library;
use raspc_lang::syntax::ast::StatementKind;
use raspc_lang::syntax::parser::{Grammar, parse};

use super::names::{What, definitions};

/// A word with what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word.
    pub(crate) name: String,
    /// How it is written: `count(seq, atom)`.
    pub(crate) form: String,
    /// What it means, in one or two sentences.
    pub(crate) meaning: String,
    /// Whether it is written with brackets.
    pub(crate) called: bool,
    /// Whether the library defines it.
    pub(crate) library: bool,
}

/// The forms and s-ops of the language.
const FORMS: &[(&str, &str)] = &[
    (
        "select(keys, queries, ==)",
        "A selector: for each query position, which key positions compare as asked. Also <, <=, >, >=, !=.",
    ),
    (
        "aggregate(selector, values, default)",
        "The value at the selected position; the mean of several numbers; the default where nothing is selected.",
    ),
    ("selector_width(selector)", "How many positions each query selects."),
    ("range(stop)", "A list of integers: range(stop), range(start, stop), range(start, stop, step)."),
    ("zip(a, b)", "A list of lists: the first items, the second items, and so on."),
    ("len(list)", "How many items a list, dictionary or string has."),
    ("round(x)", "The nearest integer; halves go to the even one."),
    ("indicator(x)", "1 where x is true, else 0."),
    ("tokens", "The input, as given."),
    ("tokens_str", "The input as strings."),
    ("tokens_int", "The input as integers."),
    ("tokens_float", "The input as floats."),
    ("tokens_bool", "The input as booleans."),
    ("indices", "The positions: 0, 1, 2, …"),
    ("none", "No value: what an aggregate gives where nothing is selected and no default is set."),
    ("True", "The boolean true."),
    ("False", "The boolean false."),
];

/// The keywords of program files.
pub(crate) const KEYWORDS: &[&str] =
    &["def", "return", "for", "in", "if", "else", "and", "or", "not", "load", "set", "example"];

/// All words but keywords.
pub(crate) fn words() -> Vec<Word> {
    let mut all: Vec<Word> = FORMS
        .iter()
        .map(|&(form, meaning)| {
            let (name, called) = form.split_once('(').map_or((form, false), |(name, _)| (name, true));
            Word { name: name.to_owned(), form: form.to_owned(), meaning: meaning.to_owned(), called, library: false }
        })
        .collect();
    all.extend(library_words());
    all
}

/// What the library defines; the comment above a definition says what it is.
fn library_words() -> Vec<Word> {
    let parsed = parse(0, library::SOURCE, Grammar::PROGRAM);
    let defined = definitions(&parsed.module, library::SOURCE.len());
    let own = parsed.module.statements.iter().flat_map(|s| match &s.kind {
        StatementKind::Def(def) => vec![def.name.span.range().start],
        StatementKind::Assign { targets, .. } => targets.iter().map(|t| t.span.range().start).collect(),
        _ => Vec::new(),
    });
    own.filter_map(|at| defined.iter().find(|d| d.at.start == at))
        .map(|d| {
            let called = d.what == What::Function;
            let form = if called { format!("{}({})", d.name, d.params.join(", ")) } else { d.name.clone() };
            Word {
                name: d.name.clone(),
                form,
                meaning: comment_above(library::SOURCE, d.whole.start),
                called,
                library: true,
            }
        })
        .collect()
}

/// The comment lines right above a place.
pub(super) fn comment_above(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let mut lines: Vec<&str> = Vec::new();
    for line in text[..start].lines().rev() {
        match line.trim().strip_prefix('#') {
            // What is said to the compiler and to `raspc test` is said to nobody else.
            Some(comment) if ["?", "vocab:", "max_len:"].iter().any(|w| comment.trim_start().starts_with(w)) => break,
            Some(comment) => lines.push(comment.trim()),
            None => break,
        }
    }
    lines.reverse();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_name_has_a_meaning() {
        let all = words();
        for word in &all {
            assert!(!word.meaning.is_empty(), "{}: no comment above it", word.name);
        }
        let count = all.iter().find(|w| w.name == "count").expect("the library has it");
        assert_eq!(count.form, "count(seq, atom)");
        assert!(count.meaning.starts_with("How often"));
    }
}
