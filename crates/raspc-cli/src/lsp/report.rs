//! Diagnostics as the protocol has them.

use lsp_types::{
    Diagnostic as Reported, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri,
};
use raspc_lang::diagnostic::{Diagnostic, Severity};

use super::document::Document;

/// What is wrong with a document.
pub(super) fn reported(uri: &Uri, document: &Document) -> Vec<Reported> {
    document.diagnostics.iter().map(|d| one(uri, document, d)).collect()
}

fn one(uri: &Uri, document: &Document, diagnostic: &Diagnostic) -> Reported {
    let mut message = diagnostic.message.clone();
    let mut related = Vec::new();
    let place = match diagnostic.span {
        Some(span) if span.source == 0 => document.text.range(span.range()),
        // A place in a file that is loaded: said where it is loaded, and to be gone to.
        Some(span) => {
            let source = document.sources.get(span.source);
            let loaded = document.loaded.iter().find(|l| l.name == source.name);
            if let Some((loaded, uri)) = loaded.and_then(|l| Some((l, l.uri()?))) {
                let location = Location::new(uri, loaded.text.range(span.range()));
                related.push(DiagnosticRelatedInformation { location, message: message.clone() });
            }
            message = format!("{}, line {}: {message}", source.name, source.location(span.start as usize).line);
            let by_name = document.loads.iter().find(|(path, _)| format!("{path}.rasp") == source.name);
            let at = by_name.or(document.loads.first());
            at.map_or_else(Range::default, |(_, at)| document.text.range(at.clone()))
        }
        None => Range::default(),
    };
    for (span, note) in &diagnostic.notes {
        match span {
            Some(span) if span.source == 0 => {
                let location = Location::new(uri.clone(), document.text.range(span.range()));
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
