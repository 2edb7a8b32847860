//! Tables for people: rows of cells, one column a position, wrapped to the width of the terminal.
//!
//! Widths are counted as a terminal counts them: wide characters as two.

use unicode_width::UnicodeWidthStr;

use crate::console::Paint;

/// How a row is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// What matters.
    Bold,
    /// What does not.
    Dim,
    /// ✓ green, ≈ as it is, everything else red.
    Marks,
}

/// A row: what it is, and one cell a position.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What it is.
    pub(crate) label: String,
    /// One a position.
    pub(crate) cells: Vec<String>,
    /// How it is painted.
    pub(crate) tone: Tone,
}

impl Row {
    /// A row.
    pub(crate) fn new(label: impl Into<String>, cells: Vec<String>, tone: Tone) -> Self {
        Self { label: label.into(), cells, tone }
    }
}

/// The rows one under the other, columns aligned to the right. When they do not fit, several bands of columns, each with
/// the positions above it.
pub(crate) fn rows(rows: &[Row], width: usize, paint: Paint) -> String {
    let labels = rows.iter().map(|r| columns(&r.label)).max().unwrap_or(0);
    let count = rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    let plain = column_widths(rows, count);
    if band_end(&plain, 0, width.saturating_sub(labels + 1)) >= count {
        return band(rows, &plain, 0..count, labels, paint);
    }
    let positions = Row::new("position", (0..count).map(|i| i.to_string()).collect(), Tone::Dim);
    let all: Vec<Row> = std::iter::once(positions).chain(rows.iter().cloned()).collect();
    let labels = labels.max(columns("position"));
    let widths = column_widths(&all, count);
    let mut text = String::new();
    let mut at = 0;
    while at < count {
        let end = band_end(&widths, at, width.saturating_sub(labels + 1)).max(at + 1);
        if at > 0 {
            text.push('\n');
        }
        text += &band(&all, &widths, at..end, labels, paint);
        at = end;
    }
    text
}

/// How many columns of a terminal the text takes.
pub(crate) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text with blanks in front, `width` columns in all.
pub(crate) fn right(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(columns(text))) + text
}

/// The text with blanks behind, `width` columns in all.
pub(crate) fn left(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(columns(text)))
}

/// Two blocks of lines beside each other, or one below the other when they do not fit.
pub(crate) fn beside(a: &str, b: &str, width: usize) -> String {
    const GAP: &str = "    ";
    let widest = |text: &str| text.lines().map(visible).max().unwrap_or(0);
    let (wa, wb) = (widest(a), widest(b));
    if wa + GAP.len() + wb > width {
        return format!("{a}\n{b}");
    }
    let (mut la, mut lb) = (a.lines(), b.lines());
    let mut text = String::new();
    loop {
        let (x, y) = (la.next(), lb.next());
        if x.is_none() && y.is_none() {
            return text;
        }
        let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
        let line = format!("{x}{}{GAP}{y}", " ".repeat(wa - visible(x)));
        text += line.trim_end();
        text.push('\n');
    }
}

/// The columns that a painted line takes.
fn visible(line: &str) -> usize {
    let mut parts = line.split("\x1b[");
    let first = columns(parts.next().unwrap_or_default());
    first + parts.map(|p| columns(p.split_once('m').map_or("", |x| x.1))).sum::<usize>()
}

fn column_widths(rows: &[Row], count: usize) -> Vec<usize> {
    let cell = |r: &Row, i: usize| r.cells.get(i).map_or(0, |c| columns(c));
    (0..count).map(|i| rows.iter().map(|r| cell(r, i)).max().unwrap_or(0)).collect()
}

/// One past the last column of the band that begins at `at`.
fn band_end(widths: &[usize], at: usize, room: usize) -> usize {
    let mut used = 0;
    for (i, w) in widths.iter().enumerate().skip(at) {
        used += w + 1;
        if used > room {
            return i;
        }
    }
    widths.len()
}

fn band(rows: &[Row], widths: &[usize], range: std::ops::Range<usize>, labels: usize, paint: Paint) -> String {
    let mut text = String::new();
    for row in rows {
        let cells = range.clone().map(|i| {
            let cell = row.cells.get(i).map_or("", String::as_str);
            let padded = " ".repeat((widths[i] + 1).saturating_sub(columns(cell)));
            padded + &tone(row.tone, cell, paint)
        });
        let line = format!("{}{}", left(&row.label, labels + 1), cells.collect::<String>());
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn tone(tone: Tone, cell: &str, paint: Paint) -> String {
    match tone {
        Tone::Plain => cell.to_owned(),
        Tone::Bold => paint.bold(cell),
        Tone::Dim => paint.dim(cell),
        Tone::Marks if cell == "✓" => paint.good(cell),
        Tone::Marks if cell == "≈" => cell.to_owned(),
        Tone::Marks => paint.bad(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { on: false };

    fn row(label: &str, cells: &[&str]) -> Row {
        Row::new(label, cells.iter().map(|c| (*c).to_owned()).collect(), Tone::Plain)
    }

    #[test]
    fn columns_are_aligned() {
        let text = rows(&[row("input", &["3", "10"]), row("out", &["none", "漢"])], 80, PLAIN);
        assert_eq!(text, "input     3 10\nout    none 漢\n");
    }

    #[test]
    fn long_rows_are_wrapped_with_positions() {
        let cells: Vec<String> = (0..6).map(|i| (i * 11).to_string()).collect();
        let text = rows(&[Row::new("x", cells, Tone::Plain)], 18, PLAIN);
        let wanted = "position  0  1  2\nx         0 11 22\n\nposition   3  4  5\nx         33 44 55\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_column_wider_than_the_line_still_ends() {
        let text = rows(&[row("x", &["a long token", "another long token"])], 10, PLAIN);
        assert_eq!(text.lines().filter(|l| l.contains("long")).count(), 2);
    }

    #[test]
    fn blocks_stand_beside_each_other_where_they_fit() {
        assert_eq!(beside("a\nbb\n", "c\n", 20), "a     c\nbb\n");
        assert_eq!(beside("a\n", "c\n", 4), "a\n\nc\n");
        let painted = beside("\x1b[1ma\x1b[0m\n", "c\n", 20);
        assert_eq!(painted, "\x1b[1ma\x1b[0m    c\n", "colours take no room");
    }
}
