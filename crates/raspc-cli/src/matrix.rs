//! Patterns as matrices: queries down, keys across, both labelled by their tokens.

use crate::console::Paint;
use crate::table::{columns, left, right};

/// Larger patterns are not drawn for people; JSON holds them whole.
pub(crate) const MOST_POSITIONS: usize = 64;

/// A matrix with its title.
pub(crate) struct Drawing<'a> {
    /// What it is.
    pub(crate) title: String,
    /// Labels of the queries.
    pub(crate) queries: &'a [String],
    /// Labels of the keys.
    pub(crate) keys: &'a [String],
    /// The text of a cell, query and key given.
    pub(crate) cell: &'a dyn Fn(usize, usize) -> String,
}

impl Drawing<'_> {
    /// The lines of the matrix.
    pub(crate) fn lines(&self, paint: Paint) -> String {
        let cells: Vec<Vec<String>> =
            (0..self.queries.len()).map(|q| (0..self.keys.len()).map(|k| (self.cell)(q, k)).collect()).collect();
        let widths: Vec<usize> = (0..self.keys.len())
            .map(|k| cells.iter().map(|row| columns(&row[k])).chain([columns(&self.keys[k])]).max().unwrap_or(1))
            .collect();
        let side = self.queries.iter().map(|q| columns(q)).chain(["query".len()]).max().unwrap_or(0);
        let mut text = format!("{}\n", paint.bold(&self.title));
        let head: String = self.keys.iter().zip(&widths).map(|(k, &w)| format!(" {}", right(k, w))).collect();
        text += &paint.dim(&format!("{}{head}", left("query", side)));
        text.push('\n');
        for (query, row) in self.queries.iter().zip(&cells) {
            let line: String = row.iter().zip(&widths).map(|(c, &w)| format!(" {}", shade(c, w, paint))).collect();
            text += format!("{}{line}", paint.dim(&right(query, side))).trim_end();
            text.push('\n');
        }
        text
    }
}

fn shade(cell: &str, width: usize, paint: Paint) -> String {
    let padded = right(cell, width);
    if cell == NOTHING { paint.dim(&padded) } else { padded }
}

const NOTHING: &str = "·";

/// A cell of a selector.
pub(crate) fn selected(yes: bool) -> String {
    if yes { "■" } else { NOTHING }.to_owned()
}

/// A cell of an attention pattern: two decimals, a weight of exactly 0 or 1 bare.
pub(crate) fn weight(w: f32) -> String {
    if w == 0.0 {
        NOTHING.to_owned()
    } else if w == 1.0 {
        "1".to_owned()
    } else {
        let text = format!("{w:.2}");
        text.strip_prefix('0').map_or_else(|| text.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_labelled_and_aligned() {
        let queries = ["a".to_owned(), "10".to_owned()];
        let keys = ["BOS".to_owned(), "a".to_owned(), "10".to_owned()];
        let weights = [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]];
        let drawing =
            Drawing { title: "head".to_owned(), queries: &queries, keys: &keys, cell: &|q, k| weight(weights[q][k]) };
        let text = drawing.lines(Paint { on: false });
        assert_eq!(text, "head\nquery BOS   a 10\n    a .50 .50  ·\n   10   1   ·  ·\n");
    }

    #[test]
    fn weights_that_are_not_exact_do_not_look_so() {
        assert_eq!(weight(0.999_999), "1.00");
        assert_eq!(weight(1e-9), ".00");
    }
}
