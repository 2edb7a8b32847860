//! Diagnostics as plain text: the message, each place with its line underlined, the hint.
//!
//! ```text
//! error[E0201]: unknown name `lenght`
//!   --> sort.rasp:3:9
//!   3 | last = lenght - 1;
//!     |        ^^^^^^
//!   hint: did you mean `length`?
//! ```

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Span};
use crate::source::Sources;

/// Longest source line that is shown in full; a longer one is cut to a window around the place.
const WINDOW: usize = 120;

/// The diagnostic as plain text, ending in a newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut text = format!("{diagnostic}\n");
    if let Some(span) = diagnostic.span {
        snippet(&mut text, span, sources);
    }
    for (span, note) in &diagnostic.notes {
        let _ = writeln!(text, "  note: {note}");
        if let Some(span) = span {
            snippet(&mut text, *span, sources);
        }
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(text, "  hint: {hint}");
    }
    text
}

/// All diagnostics, one after the other, with an empty line between.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|d| render(d, sources)).collect::<Vec<_>>().join("\n")
}

/// The place and its first line, underlined.
fn snippet(text: &mut String, span: Span, sources: &Sources) {
    let source = sources.get(span.source);
    let at = sources.location(span);
    let line: Vec<char> = source.line(at.line).chars().collect();
    let shown = source.text[span.range()].lines().next().unwrap_or("").trim_end_matches('\r').chars().count().max(1);
    let first = (at.column - 1).min(line.len());
    // A window that starts a little before the place, when the line is too long to be read.
    let from = if line.len() > WINDOW { first.saturating_sub(WINDOW / 3) } else { 0 };
    let to = (from + WINDOW).min(line.len());
    let underlined = shown.min(to.saturating_sub(first).max(1));
    let visible: String = line[from..to].iter().map(|&c| if c == '\t' { ' ' } else { c }).collect();
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    let _ = writeln!(text, "  --> {}:{}:{}", source.name, at.line, at.column);
    let _ = writeln!(text, "  {number} | {visible}");
    let _ = writeln!(text, "  {margin} | {}{}", " ".repeat(first - from), "^".repeat(underlined));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn span(start: u32, end: u32) -> Span {
        Span { source: 0, start, end }
    }

    #[test]
    fn a_place_is_underlined_and_a_hint_follows() {
        let mut sources = Sources::new();
        sources.add("a.rasp", "x = 1;\ny = lenght;\n");
        let d =
            Diagnostic::error(Code("E0201"), "unknown name `lenght`").at(span(11, 17)).hint("did you mean `length`?");
        let expected = "error[E0201]: unknown name `lenght`\n  --> a.rasp:2:5\n  2 | y = lenght;\n    |     ^^^^^^\n  \
                        hint: did you mean `length`?\n";
        assert_eq!(render(&d, &sources), expected);
    }

    #[test]
    fn a_place_at_the_end_of_the_text_has_one_mark() {
        let mut sources = Sources::new();
        sources.add("a.rasp", "x = 1");
        let d = Diagnostic::error(Code("E0105"), "expected `;`").at(span(5, 5));
        assert_eq!(render(&d, &sources), "error[E0105]: expected `;`\n  --> a.rasp:1:6\n  1 | x = 1\n    |      ^\n");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let mut sources = Sources::new();
        sources.add("a.rasp", format!("{}bad{}", "x".repeat(100_000), "y".repeat(100_000)));
        let text = render(&Diagnostic::error(Code("E0101"), "m").at(span(100_000, 100_003)), &sources);
        assert!(text.len() < 1000 && text.contains("bad") && text.contains("^^^\n"), "{text}");
    }
}
