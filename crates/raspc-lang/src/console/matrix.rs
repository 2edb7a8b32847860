//! A selector's selection on one input, as bits.

/// A selection: rows are queries, columns keys.
#[derive(Debug)]
pub(super) struct Matrix {
    n: usize,
    cells: Vec<u64>,
}

impl Matrix {
    pub(super) fn new(n: usize) -> Self {
        Self { n, cells: vec![0; n * n.div_ceil(64)] }
    }

    fn width(&self) -> usize {
        self.n.div_ceil(64)
    }

    pub(super) fn set(&mut self, q: usize, k: usize) {
        let width = self.width();
        self.cells[q * width + k / 64] |= 1 << (k % 64);
    }

    /// Whether the query selects the key.
    pub(super) fn get(&self, q: usize, k: usize) -> bool {
        self.cells[q * self.width() + k / 64] >> (k % 64) & 1 == 1
    }

    pub(super) fn combine(&self, other: &Self, op: fn(u64, u64) -> u64) -> Self {
        let cells = self.cells.iter().zip(&other.cells).map(|(a, b)| op(*a, *b)).collect();
        Self { n: self.n, cells }
    }

    pub(super) fn not(&self) -> Self {
        let mut all = Self::new(self.n);
        for q in 0..self.n {
            (0..self.n).filter(|&k| !self.get(q, k)).for_each(|k| all.set(q, k));
        }
        all
    }

    /// What keeping it takes.
    pub(super) fn bytes(&self) -> usize {
        self.cells.len() * 8
    }
}
