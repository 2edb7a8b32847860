//! A dense tensor that is made only when it is written, and then row by row.

use std::io;

use super::Sink;
use crate::matrix::SparseMatrix;

/// Rows are gathered to about this many bytes before they are handed to the sink.
const CHUNK: usize = 1 << 16;

/// An f32 tensor of an exported file, little endian, the last axis contiguous.
pub(super) struct Tensor<'a> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Its entries as a matrix: as many columns as the last axis, the others together as rows.
    make: Box<dyn Fn() -> SparseMatrix + 'a>,
}

impl<'a> Tensor<'a> {
    /// A tensor whose entries `make` gives when it is written.
    pub(super) fn new(name: impl Into<String>, shape: &[usize], make: impl Fn() -> SparseMatrix + 'a) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), make: Box::new(make) }
    }

    /// A tensor of zeros.
    pub(super) fn zeros(name: impl Into<String>, shape: &[usize]) -> Self {
        let (rows, cols) = flat(shape);
        Self::new(name, shape, move || SparseMatrix::from_entries(rows, cols, Vec::new()))
    }

    /// A vector of one number.
    pub(super) fn filled(name: impl Into<String>, n: usize, value: f32) -> Self {
        Self::new(name, &[n], move || SparseMatrix::from_entries(1, n, (0..n as u32).map(|c| (0, c, value)).collect()))
    }

    /// How many bytes it has in a file (saturating).
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().fold(4, |bytes: u64, &n| bytes.saturating_mul(n as u64))
    }

    /// Writes it.
    pub(super) fn write(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let matrix = (self.make)();
        assert_eq!((matrix.rows(), matrix.cols()), flat(&self.shape), "{}: its entries have its shape", self.name);
        let row_bytes = 4 * matrix.cols();
        if row_bytes == 0 {
            return Ok(());
        }
        let per_chunk = (CHUNK / row_bytes).clamp(1, matrix.rows().max(1));
        let mut chunk = vec![0; per_chunk * row_bytes];
        for first in (0..matrix.rows()).step_by(per_chunk) {
            let rows = per_chunk.min(matrix.rows() - first);
            let used = &mut chunk[..rows * row_bytes];
            used.fill(0);
            for (r, row) in used.chunks_exact_mut(row_bytes).enumerate() {
                let (columns, values) = matrix.row(first + r);
                for (&c, v) in columns.iter().zip(values) {
                    row[4 * c as usize..][..4].copy_from_slice(&v.to_le_bytes());
                }
            }
            sink.write(used)?;
        }
        Ok(())
    }
}

/// Rows and columns of a tensor as a matrix.
fn flat(shape: &[usize]) -> (usize, usize) {
    let (cols, rows) = shape.split_last().expect("tensors have an axis");
    (rows.iter().product(), *cols)
}
