//! Texts in pictures: names and values are data, and stay text whatever they hold.
//!
//! **Invariants.** A label has no character that XML forbids, none that is invisible or turns the direction of writing
//! (they are shown as escapes), and at most the asked-for number of characters. Widths are estimates for a monospaced
//! font, so that a picture has the same bytes everywhere.

use raspc_lang::graph::{Graph, NodeId};
use raspc_lang::value::Value;
use unicode_width::UnicodeWidthChar as _;

use crate::show::visible;

/// Width of one column of text, in units of the font's size: that of the usual monospaced fonts.
const COLUMN: f64 = 0.602;

/// Labels at least this long are cut in their middle: what a formula does last, and what tells two of them apart, is at its end.
const MIDDLE: usize = 12;

/// The text on one line, made harmless, at most `most` characters long.
pub(super) fn label(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return harmless(text.chars());
    }
    let end = if most >= MIDDLE { most / 3 } else { 0 };
    let count = text.chars().count();
    let (begin, end) = (harmless(text.chars().take(most - 1 - end)), harmless(text.chars().skip(count - end)));
    format!("{}…{}", begin.trim_end_matches('…'), end.trim_start_matches('…'))
}

/// What a node is called: its name, else what it does.
pub(super) fn called(graph: &Graph, id: NodeId, most: usize) -> String {
    if graph.node(id).name().is_some() { label(&graph.describe(id), most) } else { does(graph, id, most) }
}

/// What a node does.
pub(super) fn does(graph: &Graph, id: NodeId, most: usize) -> String {
    /// Formulas are written out so far, and then cut in their middle.
    const WRITTEN: usize = 400;
    label(&graph.formula(id, WRITTEN.max(most)), most)
}

/// Names beside each other; the long ones are cut, so that they share what place the others leave.
pub(super) fn joined(names: &[String], most: usize) -> String {
    let all = names.join(", ");
    if all.chars().count() <= most {
        return label(&all, most);
    }
    let fair = (most / names.len()).saturating_sub(2);
    let (short, long): (Vec<usize>, Vec<usize>) = names.iter().map(|n| n.chars().count()).partition(|&n| n <= fair);
    let left = most.saturating_sub(short.iter().map(|n| n + 2).sum());
    let each = (left / long.len().max(1)).saturating_sub(2).max(MIDDLE);
    let cut: Vec<String> = names.iter().map(|n| label(n, each)).collect();
    label(&cut.join(", "), most)
}

fn harmless(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for c in text {
        if visible(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// Columns that a label takes on a line.
pub(super) fn columns(label: &str) -> usize {
    label.chars().map(|c| c.width().unwrap_or(1)).sum()
}

/// Width of a label in a font of the given size.
pub(super) fn width(label: &str, size: f64) -> f64 {
    columns(label) as f64 * COLUMN * size
}

/// A value as it stands in a cell: strings bare, quoted only where they would be read as something else.
pub(super) fn value(value: &Value, most: usize) -> String {
    match value {
        Value::Str(s) if misread(s) => label(&format!("\"{s}\""), most),
        Value::Bool(b) => if *b { "T" } else { "F" }.to_owned(),
        Value::None => "none".to_owned(),
        Value::Float(x) => number(x.get()),
        other => label(&other.to_string(), most),
    }
}

fn misread(s: &str) -> bool {
    s.parse::<f64>().is_ok() || matches!(s, "" | "none" | "T" | "F") || s.chars().any(char::is_whitespace)
}

/// A number with at most three decimals.
pub(super) fn number(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{x:.1e}");
    }
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A weight between 0 and 1 in little room: `1`, `.33`.
pub(super) fn fraction(x: f64) -> String {
    let text = format!("{x:.2}");
    match text.as_str() {
        "0.00" => String::new(),
        "1.00" => "1".to_owned(),
        _ => text.trim_start_matches('0').to_owned(),
    }
}

/// Text with the characters that mean something in XML escaped; whatever XML forbids was never let in.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_shown_as_escapes() {
        assert_eq!(label("a\u{202e}b\n\u{0}\u{ffff}", 40), "a\\u{202e}b\\u{a}\\u{0}\\u{ffff}");
        assert_eq!(label("<script>", 40), "<script>");
        assert_eq!(escaped("<a href=\"x\" o='y'>&"), "&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;");
    }

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(label("abcdef", 6), "abcdef");
        assert_eq!(label("abcdefg", 6), "abcde…");
        assert_eq!(label("aggregate(s, x) < 0", 16), "aggregate(…) < 0");
        assert_eq!(label("indicator(… == …) - 1", 17), "indicator(…) - 1");
        assert_eq!(columns("漢a"), 3);
    }

    #[test]
    fn of_several_names_each_keeps_a_part() {
        let names = ["balance", "aggregate(prevs, step) < 0"].map(str::to_owned);
        assert_eq!(joined(&names, 40), "balance, aggregate(prevs, step) < 0");
        assert_eq!(joined(&names, 32), "balance, aggregate(pre…ep) < 0");
    }

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> = [0.0, 1.0, 1.0 / 3.0, -2.5, 1e9, 1e-7].iter().map(|&x| number(x)).collect();
        assert_eq!(shown, ["0", "1", "0.333", "-2.5", "1.0e9", "1.0e-7"]);
        assert_eq!([fraction(1.0), fraction(1.0 / 3.0), fraction(0.0)], ["1", ".33", ""]);
    }
}
