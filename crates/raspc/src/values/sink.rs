//! Collections of rows of ids, sorted and without repetition.

use super::intern::{Id, RAISED};

/// So many rows more than the limit are kept before they are sorted.
const SLACK: u64 = 4096;

/// Collects rows, each once.
#[derive(Debug)]
pub(super) struct RowSink {
    arity: usize,
    data: Vec<Id>,
    /// Sort and drop duplicates at this many ids.
    mark: usize,
}

impl RowSink {
    pub(super) fn new(arity: usize) -> Self {
        Self { arity, data: Vec::new(), mark: 1 << 20 }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: impl Iterator<Item = Id>) {
        self.data.extend(row);
        if self.data.len() >= self.mark {
            self.data = sort_rows(std::mem::take(&mut self.data), self.arity);
            self.mark = (self.data.len() * 2).max(1 << 20);
        }
    }

    /// An error with the count when there are more rows than the limit.
    pub(super) fn check(&mut self, limit: u64) -> Result<(), u64> {
        // Typed rows: of a row of values there may be several.
        let rows = |s: &Self| (s.data.len() / s.arity) as u64;
        if rows(self) > limit.saturating_mul(8).saturating_add(SLACK) {
            self.data = sort_rows(std::mem::take(&mut self.data), self.arity);
            if rows(self) > limit.saturating_mul(4) {
                return Err(rows(self));
            }
        }
        Ok(())
    }

    /// The rows one after another, sorted by ids, each once.
    pub(super) fn finish(self) -> Vec<Id> {
        sort_rows(self.data, self.arity)
    }
}

/// Drops the rows without a value.
pub(super) fn without_raised(data: Vec<Id>, arity: usize) -> Vec<Id> {
    if data.contains(&RAISED) {
        data.chunks(arity).filter(|row| !row.contains(&RAISED)).flatten().copied().collect()
    } else {
        data
    }
}

/// Sorts rows by ids and drops duplicates.
pub(super) fn sort_rows(mut data: Vec<Id>, arity: usize) -> Vec<Id> {
    let mut pairs = data.chunks_exact(arity).zip(data.chunks_exact(arity).skip(1));
    if pairs.all(|(a, b)| a < b) {
        return data;
    }
    match arity {
        1 => {
            data.sort_unstable();
            data.dedup();
            data
        }
        2 => {
            let mut packed: Vec<u64> = data.chunks_exact(2).map(|r| u64::from(r[0]) << 32 | u64::from(r[1])).collect();
            packed.sort_unstable();
            packed.dedup();
            packed.into_iter().flat_map(|p| [(p >> 32) as Id, p as Id]).collect()
        }
        3 | 4 => {
            let pack = |row: &[Id]| row.iter().fold(0u128, |p, &id| p << 32 | u128::from(id));
            let mut packed: Vec<u128> = data.chunks_exact(arity).map(pack).collect();
            packed.sort_unstable();
            packed.dedup();
            packed.into_iter().flat_map(|p| (0..arity).rev().map(move |i| (p >> (32 * i)) as Id)).collect()
        }
        _ => {
            let mut rows: Vec<&[Id]> = data.chunks_exact(arity).collect();
            rows.sort_unstable();
            rows.dedup();
            rows.concat()
        }
    }
}
