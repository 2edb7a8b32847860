//! Matrices: sparse ones for weights, dense ones for activations.
//!
//! **Invariants of [`SparseMatrix`].** Only rows with an entry are stored, ascending; columns of a row strictly ascending
//! and below `cols`; every stored value is finite and not zero. So equal matrices are equal field by field, and the
//! memory is a multiple of the entries whatever the shape claims.

use std::fmt;

/// A sparse matrix `[rows, cols]` in compressed rows, of which empty ones take no room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseMatrix {
    rows: usize,
    cols: usize,
    /// The rows that have entries, ascending.
    stored: Vec<u32>,
    /// Where each of them ends in `columns`/`values`; it starts where the one before ends.
    ends: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

/// Why entries are no matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// Its row or column is not in the matrix.
    Outside,
    /// Its value is an infinity, not a number, or zero.
    Value,
    /// It does not come after the entry before it: out of order, or the same place twice.
    Order,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "lies outside the matrix",
            Self::Value => "is zero or not finite",
            Self::Order => "is out of order or set twice",
        })
    }
}

impl SparseMatrix {
    /// Builds the matrix from `(row, column, value)` entries in any order; zeros are dropped.
    ///
    /// # Panics
    /// When an entry lies outside the matrix, is not finite, or a place is named twice: a bug of the builder.
    pub fn from_entries(rows: usize, cols: usize, mut entries: Vec<(u32, u32, f32)>) -> Self {
        entries.retain(|e| e.2 != 0.0);
        entries.sort_unstable_by_key(|e| (e.0, e.1));
        match Self::from_sorted(rows, cols, entries.iter().copied()) {
            Ok(matrix) => matrix,
            Err((i, why)) => panic!("entry {:?} of a {rows} x {cols} matrix {why}", entries[i]),
        }
    }

    /// Builds the matrix from entries that ascend by (row, column), none of them zero.
    ///
    /// # Errors
    /// The index of the first entry that breaks an invariant, and which.
    pub fn from_sorted(
        rows: usize,
        cols: usize,
        entries: impl Iterator<Item = (u32, u32, f32)>,
    ) -> Result<Self, (usize, EntryError)> {
        let mut matrix = Self { rows, cols, ..Self::default() };
        let mut last = None;
        for (i, (r, c, v)) in entries.enumerate() {
            if r as usize >= rows || c as usize >= cols {
                return Err((i, EntryError::Outside));
            }
            if !v.is_finite() || v == 0.0 {
                return Err((i, EntryError::Value));
            }
            if last.is_some_and(|last| last >= (r, c)) {
                return Err((i, EntryError::Order));
            }
            last = Some((r, c));
            matrix.push(r, c, v);
        }
        Ok(matrix)
    }

    fn push(&mut self, r: u32, c: u32, v: f32) {
        if self.stored.last() != Some(&r) {
            self.stored.push(r);
            self.ends.push(self.columns.len());
        }
        self.columns.push(c);
        self.values.push(v);
        *self.ends.last_mut().expect("a row was just stored") += 1;
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

    /// Whether every entry is zero.
    pub fn is_zero(&self) -> bool {
        self.values.is_empty()
    }

    /// The entries of a row: columns (ascending) and values.
    pub fn row(&self, r: usize) -> (&[u32], &[f32]) {
        debug_assert!(r < self.rows);
        match self.stored.binary_search_by(|&s| (s as usize).cmp(&r)) {
            Ok(i) => self.stored_row(i),
            Err(_) => (&[], &[]),
        }
    }

    /// The indices of the rows that have entries, ascending.
    pub fn stored_rows(&self) -> &[u32] {
        &self.stored
    }

    /// The entries of the i-th row that has any: columns (ascending) and values.
    pub fn stored_row(&self, i: usize) -> (&[u32], &[f32]) {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        let range = start..self.ends[i];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// The entry at a place.
    pub fn get(&self, r: usize, c: usize) -> f32 {
        let (columns, values) = self.row(r);
        columns.binary_search_by(|&s| (s as usize).cmp(&c)).map_or(0.0, |i| values[i])
    }

    /// All entries, row by row.
    pub fn entries(&self) -> impl Iterator<Item = (u32, u32, f32)> + '_ {
        self.stored.iter().enumerate().flat_map(|(i, &r)| {
            let (columns, values) = self.stored_row(i);
            columns.iter().zip(values).map(move |(&c, &v)| (r, c, v))
        })
    }

    /// The transposed matrix, `[cols, rows]`.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::from_entries(self.cols, self.rows, self.entries().map(|(r, c, v)| (c, r, v)).collect())
    }

    /// All entries, zeros too.
    pub fn to_dense(&self) -> Matrix {
        let mut dense = Matrix::zeros(self.rows, self.cols);
        for (r, c, v) in self.entries() {
            dense.row_mut(r as usize)[c as usize] = v;
        }
        dense
    }
}

/// A dense matrix, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// `rows * cols` entries: row 0, row 1, …
    pub data: Vec<f32>,
}

impl Matrix {
    /// All zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, data: vec![0.0; rows * cols] }
    }

    /// A row.
    pub fn row(&self, r: usize) -> &[f32] {
        &self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// A row, to be written.
    pub fn row_mut(&mut self, r: usize) -> &mut [f32] {
        &mut self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// Whether every entry is a finite number.
    pub fn is_finite(&self) -> bool {
        // Without an early exit the loop vectorises; it runs after every half-layer.
        self.data.iter().fold(true, |finite, v| finite & v.is_finite())
    }

    /// Adds another matrix of the same shape, entry by entry.
    pub(crate) fn add(&mut self, other: &Matrix) {
        debug_assert_eq!((self.rows, self.cols), (other.rows, other.cols));
        for (a, b) in self.data.iter_mut().zip(&other.data) {
            *a += b;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Entries = Vec<(u32, u32, f32)>;

    /// A shape, and entries at distinct places in an arbitrary order, zeros among them.
    fn entries() -> impl Strategy<Value = (usize, usize, Entries)> {
        (1usize..12, 1usize..12).prop_flat_map(|(rows, cols)| {
            let places = prop::collection::btree_map((0..rows as u32, 0..cols as u32), -3i8..4, 0..30);
            let entries = places
                .prop_map(|map| map.into_iter().map(|((r, c), v)| (r, c, f32::from(v) / 2.0)).collect::<Vec<_>>());
            (Just(rows), Just(cols), entries.prop_shuffle())
        })
    }

    proptest! {
        #[test]
        fn holds_exactly_the_entries((rows, cols, entries) in entries()) {
            let m = SparseMatrix::from_entries(rows, cols, entries.clone());
            let places: BTreeMap<_, _> = entries.iter().map(|&(r, c, v)| ((r as usize, c as usize), v)).collect();
            for r in 0..rows {
                for c in 0..cols {
                    let v = places.get(&(r, c)).copied().unwrap_or(0.0);
                    prop_assert_eq!(m.get(r, c), v);
                    prop_assert_eq!(m.to_dense().row(r)[c], v);
                }
            }
            prop_assert_eq!(m.nonzeros(), places.values().filter(|&&v| v != 0.0).count());
        }

        #[test]
        fn entries_ascend_and_rebuild_the_matrix((rows, cols, entries) in entries()) {
            let m = SparseMatrix::from_entries(rows, cols, entries);
            let list: Vec<_> = m.entries().collect();
            prop_assert!(list.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
            prop_assert_eq!(SparseMatrix::from_sorted(rows, cols, list.into_iter()), Ok(m.clone()));
            prop_assert_eq!(m.transposed().transposed(), m);
        }

        #[test]
        fn refuses_what_breaks_an_invariant((rows, cols, entries) in entries(), i in any::<prop::sample::Index>()) {
            let m = SparseMatrix::from_entries(rows, cols, entries);
            prop_assume!(!m.is_zero());
            let list: Vec<_> = m.entries().collect();
            let i = i.index(list.len());
            let refused = |change: &dyn Fn(&mut Entries), at: usize, why| {
                let mut list = list.clone();
                change(&mut list);
                assert_eq!(SparseMatrix::from_sorted(rows, cols, list.into_iter()), Err((at, why)));
            };
            refused(&|l| l[i].2 = f32::NAN, i, EntryError::Value);
            refused(&|l| l[i].2 = 0.0, i, EntryError::Value);
            refused(&|l| l[i].0 = rows as u32, i, EntryError::Outside);
            refused(&|l| l[i].1 = u32::MAX, i, EntryError::Outside);
            refused(&|l| l.insert(i, l[i]), i + 1, EntryError::Order);
        }
    }

    #[test]
    fn an_empty_matrix_takes_no_room_for_its_shape() {
        let m = SparseMatrix::from_entries(usize::MAX, usize::MAX, Vec::new());
        assert_eq!((m.nonzeros(), m.row(1 << 40)), (0, (&[][..], &[][..])));
    }

    #[test]
    #[should_panic(expected = "set twice")]
    fn a_place_set_twice_is_a_bug() {
        let _ = SparseMatrix::from_entries(2, 2, vec![(0, 1, 1.0), (0, 1, 2.0)]);
    }
}
