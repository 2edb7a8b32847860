//! Diagnostics as people read them: code, message, the place with its line, and what to do.
//!
//! Drawn by ariadne; a diagnostic without a place, or in a line too long to be drawn, is told in the same form without
//! the drawing.

use std::fmt::{Debug, Display};
use std::ops::Range;

use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use raspc_lang::diagnostic::{Diagnostic, Severity, Span};
use raspc_lang::source::Sources;

use crate::console::{Console, Paint};

/// More errors than this are counted, not shown.
const MOST: usize = 20;

/// Longer lines are not drawn.
const LONGEST_LINE: usize = 400;

/// Says all of them on standard error, errors before warnings.
pub(crate) fn diagnostics(console: &mut Console, sources: &Sources, all: &[Diagnostic]) {
    let errors = all.iter().filter(|d| d.severity == Severity::Error);
    let warnings = all.iter().filter(|d| d.severity == Severity::Warning);
    for diagnostic in errors.chain(warnings).take(MOST) {
        let text = one(sources, diagnostic, console.err_paint);
        console.say(format_args!("{text}"));
    }
    if all.len() > MOST {
        console.say(format_args!("… and {} more\n", all.len() - MOST));
    }
}

/// A diagnostic as text, ending in a newline.
fn one(sources: &Sources, diagnostic: &Diagnostic, paint: Paint) -> String {
    match diagnostic.span {
        Some(span) if drawable(sources, span) => drawn(sources, diagnostic, span, paint),
        _ => told(sources, diagnostic, paint),
    }
}

/// Whether the lines of the place can be drawn.
fn drawable(sources: &Sources, span: Span) -> bool {
    let text = &sources.get(span.source).text;
    let start = text[..span.start as usize].rfind('\n').map_or(0, |i| i + 1);
    let end = text[span.end as usize..].find('\n').map_or(text.len(), |i| span.end as usize + i);
    text[start..end].lines().take(12).all(|line| line.len() <= LONGEST_LINE)
}

type Place = (u32, Range<usize>);

fn place(all: &Sources, span: Span) -> Place {
    let source = all.get(span.source);
    // A place at the very end of the text (something is missing there) is drawn on the last character.
    let end = (span.end as usize).min(source.text.len());
    (span.source, (span.start as usize).min(end)..end)
}

fn drawn(all: &Sources, diagnostic: &Diagnostic, span: Span, paint: Paint) -> String {
    let (kind, color) = severity(diagnostic);
    let at = place(all, span);
    let primary = Label::new(at.clone()).with_color(color);
    let primary = match diagnostic.notes.iter().find(|(s, _)| *s == Some(span)) {
        Some((_, note)) => primary.with_message(note),
        None => primary.with_message("here"),
    };
    let mut report = Report::build(kind, at)
        .with_config(Config::default().with_color(paint.on).with_index_type(IndexType::Byte))
        .with_code(diagnostic.code)
        .with_message(&diagnostic.message)
        .with_label(primary);
    for (note_span, note) in &diagnostic.notes {
        match note_span {
            Some(s) if *s == span => {}
            Some(s) if drawable(all, *s) => {
                report.add_label(Label::new(place(all, *s)).with_message(note).with_color(Color::Blue));
            }
            _ => report.add_note(note),
        }
    }
    report.add_help(help(diagnostic));
    let texts = all.iter().map(|s| Source::from(s.text.as_str())).collect();
    let mut bytes = Vec::new();
    match report.finish().write(Texts { all, texts }, &mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).lines().map(|line| format!("{}\n", line.trim_end())).collect(),
        Err(_) => told(all, diagnostic, paint),
    }
}

/// The sources as ariadne asks for them: by index, since two may have one name.
struct Texts<'a> {
    all: &'a Sources,
    texts: Vec<Source<&'a str>>,
}

impl<'a> Cache<u32> for Texts<'a> {
    type Storage = &'a str;

    fn fetch(&mut self, id: &u32) -> Result<&Source<&'a str>, impl Debug> {
        self.texts.get(*id as usize).ok_or("a source that is not there")
    }

    fn display<'b>(&self, id: &'b u32) -> Option<impl Display + 'b> {
        Some(self.all.get(*id).name.clone())
    }
}

fn told(all: &Sources, diagnostic: &Diagnostic, paint: Paint) -> String {
    let (kind, _) = severity(diagnostic);
    let head = format!("[{}] {kind}:", diagnostic.code);
    let head = if diagnostic.severity == Severity::Error { paint.bad(&head) } else { paint.bold(&head) };
    let mut text = format!("{head} {}\n", diagnostic.message);
    let where_is = |span: Span| {
        let at = all.location(span);
        format!("{}:{}:{}", all.get(span.source).name, at.line, at.column)
    };
    if let Some(span) = diagnostic.span {
        text += &format!("  at {}\n", where_is(span));
    }
    for (span, note) in &diagnostic.notes {
        match span {
            Some(span) => text += &format!("  Note: {note} ({})\n", where_is(*span)),
            None => text += &format!("  Note: {note}\n"),
        }
    }
    text + &format!("  Help: {}\n", help(diagnostic))
}

/// What to do; at the least, where to read on.
fn help(diagnostic: &Diagnostic) -> String {
    let code = diagnostic.code;
    diagnostic.hint.clone().unwrap_or_else(|| format!("`raspc help {code}` says more"))
}

fn severity(diagnostic: &Diagnostic) -> (ReportKind<'static>, Color) {
    match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    }
}

#[cfg(test)]
mod tests {
    use raspc_lang::diagnostic::Code;

    use super::*;

    const PLAIN: Paint = Paint { on: false };

    fn span(start: u32, end: u32) -> Span {
        Span { source: 0, start, end }
    }

    fn example(text: &str, start: u32, end: u32) -> String {
        let mut all = Sources::new();
        all.add("a.rasp", text);
        let d = Diagnostic::error(Code("E0201"), "unknown name `lenght`")
            .at(span(start, end))
            .hint("did you mean `length`?");
        one(&all, &d, PLAIN)
    }

    #[test]
    fn a_place_is_drawn() {
        let text = example("x = 1;\ny = \"é\" + lenght;\n", 18, 24);
        insta::assert_snapshot!(text, @r#"
        [E0201] Error: unknown name `lenght`
           ╭─[ a.rasp:2:11 ]
           │
         2 │ y = "é" + lenght;
           │           ───┬──
           │              ╰──── here
           │
           │ Help: did you mean `length`?
        ───╯
        "#);
    }

    #[test]
    fn any_place_of_any_text_can_be_drawn() {
        for text in ["", "x", "x\n", "ä\r\n\n", "\n\n"] {
            for start in 0..=text.len() {
                for end in start..=text.len() {
                    if text.is_char_boundary(start) && text.is_char_boundary(end) {
                        let shown = example(text, start as u32, end as u32);
                        assert!(shown.contains("E0201") && shown.contains("did you mean"), "{text:?} {start}..{end}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_very_long_line_is_told() {
        let text = example(&"x".repeat(100_000), 50_000, 50_003);
        assert_eq!(text, "[E0201] Error: unknown name `lenght`\n  at a.rasp:1:50001\n  Help: did you mean `length`?\n");
    }
}
