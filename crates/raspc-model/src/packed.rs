//! Activations packed for `out += c * row`: rows with few nonzeros as lists, the others dense.
//!
//! Skipped terms are `c * 0 = ±0`, and adding a zero to an accumulator that started at +0 changes no bit (numerics: R5),
//! so packing decides the speed and nothing else.

use crate::matrix::Matrix;

/// A row is kept as a list when at most one in this many of its entries is not zero.
const SPARSE: usize = 8;

/// A dense matrix of which each row is stored the faster way.
#[derive(Debug)]
pub(crate) struct Packed {
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    /// (column, value), ascending.
    List(Vec<(u32, f32)>),
    Dense(Vec<f32>),
}

impl Packed {
    /// Packs the rows of a matrix.
    pub(crate) fn rows(matrix: &Matrix) -> Self {
        Self { rows: (0..matrix.rows).map(|r| pack(matrix.row(r))).collect() }
    }

    /// Packs the columns of a matrix as rows.
    pub(crate) fn columns(matrix: &Matrix) -> Self {
        let mut lists = vec![Vec::new(); matrix.cols];
        for r in 0..matrix.rows {
            for (c, &v) in matrix.row(r).iter().enumerate() {
                if v != 0.0 {
                    lists[c].push((r as u32, v));
                }
            }
        }
        Self { rows: lists.into_iter().map(|list| unless_dense(list, matrix.rows)).collect() }
    }

    /// `out += c * row`, over the first `out.len()` columns.
    pub(crate) fn axpy(&self, row: u32, c: f32, out: &mut [f32]) {
        match &self.rows[row as usize] {
            Row::List(list) => {
                for &(column, v) in list {
                    let Some(place) = out.get_mut(column as usize) else { break };
                    *place += c * v;
                }
            }
            Row::Dense(values) => {
                for (place, v) in out.iter_mut().zip(values) {
                    *place += c * v;
                }
            }
        }
    }
}

fn pack(row: &[f32]) -> Row {
    let nonzeros = row.iter().filter(|&&v| v != 0.0).count();
    if nonzeros * SPARSE > row.len() {
        return Row::Dense(row.to_vec());
    }
    Row::List(row.iter().enumerate().filter(|&(_, &v)| v != 0.0).map(|(c, &v)| (c as u32, v)).collect())
}

fn unless_dense(list: Vec<(u32, f32)>, width: usize) -> Row {
    if list.len() * SPARSE <= width {
        return Row::List(list);
    }
    let mut dense = vec![0.0; width];
    for (c, v) in list {
        dense[c as usize] = v;
    }
    Row::Dense(dense)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn adds_what_a_dense_row_adds(
            (rows, cols) in (1usize..12, 1usize..24),
            density in 0u8..8,
            numbers in prop::collection::vec((-8i8..8, 0u8..8), 12 * 24),
            c in -3i8..4,
        ) {
            let data = numbers[..rows * cols].iter().map(|&(v, d)| if d < density { f32::from(v) } else { 0.0 }).collect();
            let matrix = Matrix { rows, cols, data };
            let (by_rows, by_columns) = (Packed::rows(&matrix), Packed::columns(&matrix));
            let c = f32::from(c);
            for r in 0..rows {
                for width in 0..=cols {
                    let mut out = vec![1.0; width];
                    by_rows.axpy(r as u32, c, &mut out);
                    prop_assert!(out.iter().zip(matrix.row(r)).all(|(o, v)| *o == 1.0 + c * v));
                }
            }
            for column in 0..cols {
                let mut out = vec![1.0; rows];
                by_columns.axpy(column as u32, c, &mut out);
                prop_assert!((0..rows).all(|r| out[r] == 1.0 + c * matrix.row(r)[column]));
            }
        }
    }
}
