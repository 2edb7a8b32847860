//! Sparse matrices: compressed rows of f32.
//!
//! **Invariants.** Columns of a row strictly ascending and below `cols`; every stored value is finite and not zero.

/// A sparse matrix `[rows, cols]` in compressed rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseMatrix {
    rows: usize,
    cols: usize,
    /// Where each row starts in `columns`/`values`; `rows + 1` entries.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// Builds the matrix from `(row, column, value)` entries in any order; zeros are dropped.
    ///
    /// # Panics
    /// When an entry lies outside the matrix, is not finite, or a place is named twice: a bug of the builder.
    pub fn from_entries(rows: usize, cols: usize, mut entries: Vec<(u32, u32, f32)>) -> Self {
        entries.retain(|e| e.2 != 0.0);
        entries.sort_unstable_by_key(|e| (e.0, e.1));
        let mut starts = vec![0; rows + 1];
        for (i, &(r, c, v)) in entries.iter().enumerate() {
            assert!(
                (r as usize) < rows && (c as usize) < cols && v.is_finite(),
                "entry ({r}, {c}, {v}) of {rows}x{cols}"
            );
            assert!(i == 0 || (entries[i - 1].0, entries[i - 1].1) != (r, c), "({r}, {c}) is set twice");
            starts[r as usize + 1] += 1;
        }
        for r in 0..rows {
            starts[r + 1] += starts[r];
        }
        let columns = entries.iter().map(|e| e.1).collect();
        let values = entries.iter().map(|e| e.2).collect();
        Self { rows, cols, starts, columns, values }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// How many stored (nonzero) entries.
    pub fn nonzeros(&self) -> usize {
        self.values.len()
    }

    /// The entries of a row: columns (ascending) and values.
    pub fn row(&self, r: usize) -> (&[u32], &[f32]) {
        let range = self.starts[r]..self.starts[r + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// All entries, row by row.
    pub fn entries(&self) -> impl Iterator<Item = (u32, u32, f32)> + '_ {
        (0..self.rows).flat_map(|r| {
            let (columns, values) = self.row(r);
            columns.iter().zip(values).map(move |(&c, &v)| (r as u32, c, v))
        })
    }
}
