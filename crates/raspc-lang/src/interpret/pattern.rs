//! A selector's boolean matrix, as bits.

use super::intern::Distinct;
use crate::graph::Mask;

/// A selector's boolean matrix, queries down, keys across. Bits beyond the last key are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    n: usize,
    words_per_row: usize,
    bits: Vec<u64>,
}

impl Pattern {
    /// An all-false pattern over `n` positions.
    pub fn new(n: usize) -> Self {
        let words_per_row = n.div_ceil(64);
        Self { n, words_per_row, bits: vec![0; n * words_per_row] }
    }

    /// What the mask lets be selected at all.
    pub fn visible(n: usize, mask: Mask) -> Self {
        let mut all = Self::new(n);
        for q in 0..n {
            let keys = match mask {
                Mask::Full => n,
                Mask::Causal => q + 1,
            };
            let row = all.row_mut(q);
            row[..keys / 64].fill(u64::MAX);
            if keys % 64 != 0 {
                row[keys / 64] = (1 << (keys % 64)) - 1;
            }
        }
        all
    }

    /// How many positions.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no positions.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Whether query `q` selects key `k`.
    pub fn get(&self, q: usize, k: usize) -> bool {
        self.row(q)[k / 64] >> (k % 64) & 1 == 1
    }

    /// Sets the cell.
    pub fn set(&mut self, q: usize, k: usize, selected: bool) {
        let bit = 1 << (k % 64);
        let word = &mut self.row_mut(q)[k / 64];
        if selected { *word |= bit } else { *word &= !bit }
    }

    /// The row of query `q`: key `k` is bit `k % 64` of word `k / 64`.
    pub fn row(&self, q: usize) -> &[u64] {
        &self.bits[q * self.words_per_row..][..self.words_per_row]
    }

    pub(super) fn row_mut(&mut self, q: usize) -> &mut [u64] {
        &mut self.bits[q * self.words_per_row..][..self.words_per_row]
    }

    /// How many keys query `q` selects.
    pub fn width(&self, q: usize) -> usize {
        self.row(q).iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The keys that query `q` selects, ascending.
    pub fn selected(&self, q: usize) -> impl Iterator<Item = usize> {
        self.row(q).iter().enumerate().flat_map(|(i, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(i * 64 + bit)
            })
        })
    }

    /// Combines two patterns over the same positions, word by word.
    pub(super) fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let bits = self.bits.iter().zip(&other.bits).map(|(&a, &b)| f(a, b)).collect();
        Self { n: self.n, words_per_row: self.words_per_row, bits }
    }

    /// The distinct rows.
    pub(super) fn rows(&self) -> Distinct {
        Distinct::new(self.n, |q| self.row(q))
    }
}
