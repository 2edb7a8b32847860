//! Diagnostics as the protocol has them.

use lsp_types::{
    Diagnostic as Reported, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri,
};
use raspc_lang::diagnostic::{Diagnostic, Severity};

use super::document::Document;
use super::text::range;

/// What is wrong with a document.
pub(super) fn reported(uri: &Uri, document: &Document) -> Vec<Reported> {
    document.diagnostics.iter().map(|d| one(uri, document, d)).collect()
}

fn one(uri: &Uri, document: &Document, diagnostic: &Diagnostic) -> Reported {
    let mut message = diagnostic.message.clone();
    let place = match diagnostic.span {
        Some(span) if span.source == 0 => range(&document.text, span.range()),
        // A place in a file that is loaded, or none: said in words, at the beginning.
        Some(span) => {
            let source = document.sources.get(span.source);
            message = format!("{}, line {}: {message}", source.name, source.location(span.start as usize).line);
            Range::default()
        }
        None => Range::default(),
    };
    let mut related = Vec::new();
    for (span, note) in &diagnostic.notes {
        match span {
            Some(span) if span.source == 0 => {
                let location = Location::new(uri.clone(), range(&document.text, span.range()));
                related.push(DiagnosticRelatedInformation { location, message: note.clone() });
            }
            _ => message += &format!("\n{note}"),
        }
    }
    if let Some(hint) = &diagnostic.hint {
        message += &format!("\nhint: {hint}");
    }
    Reported {
        range: place,
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.code.to_string())),
        source: Some("raspc".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Reported::default()
    }
}
