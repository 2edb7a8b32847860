//! Sizes of tables and of boxes, in the units of the picture.

use super::diagram::{Cell, Grid, Look, Node};
use super::label::{columns, width};

/// Size of titles of boxes.
pub(super) const TITLE: f64 = 12.0;
/// Size of all other text in boxes.
pub(super) const TEXT: f64 = 10.5;
/// Height of a line of it.
pub(super) const LEADING: f64 = 15.0;
/// Around the content of a box.
pub(super) const PAD: f64 = 8.0;
/// More squares than this are drawn small.
const MANY: usize = 1000;

/// Where the columns and rows of a table are, and the size of its text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    /// Left of each column, and the right end.
    pub(super) x: Vec<f64>,
    /// Top of each row, and the lower end.
    pub(super) y: Vec<f64>,
    /// Size of the text.
    pub(super) text: f64,
    /// Whether its squares are many and drawn small.
    pub(super) small: bool,
    /// Whether the names of columns are turned.
    pub(super) turned: bool,
}

/// Measures a table.
pub(super) fn measure(grid: &Grid) -> Measured {
    let cells = || grid.rows.iter().flatten();
    let squares = cells().filter(|c| c.look.is_square()).count();
    let small = squares > MANY;
    let (text, square, high) = if small { (6.5, 7.5, 7.5) } else { (TEXT, 17.0, 17.0) };
    let turned = cells().any(|c| c.look == Look::Column && columns(&c.text) > 3);
    let across = |c: &Cell| {
        let own =
            if c.text.is_empty() || (turned && c.look == Look::Column) { 0.0 } else { width(&c.text, text) + 7.0 };
        if c.look == Look::Blank && c.text.is_empty() { 0.0 } else { own.max(square) }
    };
    let count = grid.rows.first().map_or(0, Vec::len);
    let widths = (0..count).map(|i| grid.rows.iter().map(|r| across(&r[i])).fold(0.0, f64::max));
    let heights = grid.rows.iter().map(|row| {
        let name = |c: &Cell| if turned && c.look == Look::Column { width(&c.text, text) + 6.0 } else { 0.0 };
        row.iter().map(name).fold(high, f64::max)
    });
    Measured { x: edges(widths), y: edges(heights), text, small, turned }
}

fn edges(sizes: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut at = 0.0;
    std::iter::once(0.0)
        .chain(sizes.map(|s| {
            at += s;
            at
        }))
        .collect()
}

impl Measured {
    /// Width and height.
    pub(super) fn size(&self) -> (f64, f64) {
        (self.x.last().copied().unwrap_or(0.0), self.y.last().copied().unwrap_or(0.0))
    }
}

/// The size of a box.
pub(super) fn size(node: &Node) -> (f64, f64) {
    let mut w = width(&node.title, TITLE);
    let mut h = if node.title.is_empty() { 0.0 } else { LEADING };
    for line in &node.lines {
        w = w.max(width(line, TEXT));
        h += LEADING;
    }
    for grid in &node.grids {
        let (gw, gh) = measure(grid).size();
        w = w.max(gw).max(width(&grid.caption, TEXT));
        h += gh + above(grid);
    }
    (w + 2.0 * PAD, h + 2.0 * PAD - 3.0)
}

/// Room above a table, for its caption.
pub(super) fn above(grid: &Grid) -> f64 {
    if grid.caption.is_empty() { 5.0 } else { LEADING + 7.0 }
}
