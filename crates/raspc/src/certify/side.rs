//! One side of a score: what a head's queries, or its keys, hold for each row of values of their variables.

use super::dom::Part;
use super::facts::{Facts, Rows, Var};
use super::form::Form;
use super::number::{Num, Sum};

/// The dimensions of a head on one side, over rows of values.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// By dimension.
    pub(super) dims: Vec<Dim>,
}

/// One dimension: a value near `center` in each row, off by at most `radius`.
#[derive(Debug)]
pub(super) struct Dim {
    /// (row, center), where that is not 0.
    pub(super) entries: Vec<(u32, f64)>,
    /// The largest deviation in any row.
    pub(super) radius: f64,
    /// The largest magnitude.
    pub(super) size: f64,
    /// A power of two of which all are multiples; 0 where none is known.
    pub(super) grid: f64,
}

impl Dim {
    fn new() -> Self {
        Self { entries: Vec::new(), radius: 0.0, size: 0.0, grid: f64::INFINITY }
    }

    /// A number that stands in these rows.
    fn put(&mut self, n: Num, rows: impl Iterator<Item = u32>) {
        let center = if n.lo <= 0.0 && n.hi >= 0.0 { 0.0 } else { f64::midpoint(n.lo, n.hi) };
        self.radius = self.radius.max(n.distance(center));
        self.size = self.size.max(n.size());
        self.grid = self.grid.min(n.grid);
        if center != 0.0 {
            self.entries.extend(rows.map(|r| (r, center)));
        }
    }
}

/// The side of some dimensions, whose forms read these variables.
pub(super) fn side(forms: &[&Form], vars: &[Var], rows: &Rows, facts: &Facts<'_>) -> Side {
    Side { dims: forms.iter().map(|form| dim(form, vars, rows, facts)).collect() }
}

fn dim(form: &Form, vars: &[Var], rows: &Rows, facts: &Facts<'_>) -> Dim {
    let mut dim = Dim::new();
    match (&form.parts[..], vars) {
        ([], _) => dim.put(form.constant.finish(), 0..rows.len() as u32),
        // The rows are the classes themselves.
        ([(_, Part::Table { default, exceptions })], [_]) => {
            let with = |sum: &Sum| {
                let mut all = form.constant;
                all.add(sum);
                all.finish()
            };
            if exceptions.len() < rows.len() {
                let mut listed = exceptions.iter().map(|e| e.0).peekable();
                let rest = (0..rows.len() as u32).filter(move |r| listed.next_if_eq(r).is_none());
                dim.put(with(default), rest);
            }
            // Classes in a row often hold the same.
            for alike in exceptions.chunk_by(|a, b| a.1 == b.1) {
                dim.put(with(&alike[0].1), alike.iter().map(|e| e.0));
            }
        }
        _ => {
            let over = form.over(vars, facts);
            for (r, row) in rows.iter().enumerate() {
                dim.put(over.at(row).finish(), std::iter::once(r as u32));
            }
        }
    }
    dim.entries.sort_by_key(|e| e.0);
    dim
}

impl Side {
    /// The entries by row: (dimension, center).
    pub(super) fn by_row(&self, rows: usize) -> Vec<Vec<(u32, f64)>> {
        let mut by_row = vec![Vec::new(); rows];
        for (i, dim) in self.dims.iter().enumerate() {
            for &(r, c) in &dim.entries {
                by_row[r as usize].push((i as u32, c));
            }
        }
        by_row
    }

    /// For each row: Σ |center| · what the other side's dimension can be off.
    pub(super) fn spread(&self, other: &Self, rows: usize) -> Vec<f64> {
        let mut spread = vec![0.0; rows];
        for (dim, radius) in self.dims.iter().zip(other.dims.iter().map(|d| d.radius)) {
            if radius > 0.0 {
                for &(r, c) in &dim.entries {
                    spread[r as usize] += c.abs() * radius;
                }
            }
        }
        spread
    }
}
