//! Diagnostics as JSON, with places as editors count them.

use raspc_lang::diagnostic::{Code, Diagnostic, Severity, Span};
use raspc_lang::source::Sources;
use raspc_model::error::InputError;
use serde_json::{Value as Json, json};

use raspc::codes;

/// Why a verb ended early.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What the places are in.
    pub(crate) sources: Sources,
    /// At least one error.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Fault {
    /// One diagnostic without a place.
    pub(crate) fn one(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let diagnostics = vec![Diagnostic::error(code, message).hint(hint)];
        Self { sources: Sources::new(), diagnostics }
    }
}

/// All of them, as the field `diagnostics` has them.
pub(crate) fn diagnostics(all: &[Diagnostic], sources: &Sources) -> Json {
    all.iter().map(|d| diagnostic(d, sources)).collect()
}

fn diagnostic(d: &Diagnostic, sources: &Sources) -> Json {
    let notes = d.notes.iter().map(|(span, text)| json!({ "message": text, "place": place(*span, sources) }));
    json!({
        "severity": if d.severity == Severity::Error { "error" } else { "warning" },
        "code": d.code.0,
        "message": d.message,
        "hint": d.hint,
        "node": d.node,
        "place": place(d.span, sources),
        "notes": notes.collect::<Vec<_>>(),
    })
}

/// Where it is: the source's name, bytes, UTF-16 units (what JavaScript counts in), line and column.
fn place(span: Option<Span>, sources: &Sources) -> Json {
    let Some(span) = span else { return Json::Null };
    let source = sources.get(span.source);
    let end = (span.end as usize).min(source.text.len());
    let start = (span.start as usize).min(end);
    let units = |byte: usize| source.text[..byte].encode_utf16().count();
    let (first, last) = (source.location(start), source.location(end));
    json!({
        "source": source.name,
        "start": start,
        "end": end,
        "from": units(start),
        "to": units(end),
        "line": first.line,
        "column": first.column,
        "end_line": last.line,
        "end_column": last.column,
    })
}

/// An input that the model does not take.
pub(crate) fn input(error: &InputError, vocab: &str) -> Diagnostic {
    match error {
        InputError::Token { .. } | InputError::Id { .. } => {
            Diagnostic::error(codes::TOKEN, error.to_string()).hint(format!("the vocabulary is {vocab}"))
        }
        InputError::TooLong { .. } => {
            Diagnostic::error(codes::TOO_LONG, error.to_string()).hint("shorten it, or raise the maximum length")
        }
        _ => Diagnostic::error(codes::MODEL, format!("the transformer cannot run on this input: {error}")),
    }
}
