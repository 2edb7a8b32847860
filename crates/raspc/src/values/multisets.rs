//! Means of multisets of any numbers, exactly as the interpreter computes them.

use raspc_lang::mean::ExactSum;

use super::engine::Engine;
use super::intern::{Id, Interner, RAISED};

/// Most multisets whose means are computed one by one.
const MAX_MULTISETS: u64 = 1 << 20;

/// How many multisets of at most `size` items of `kinds` kinds there are, with the empty one: C(size + kinds, kinds).
pub(super) fn count(size: u64, kinds: u64) -> u64 {
    let (small, large) = (size.min(kinds), u128::from(size.max(kinds)));
    let mut n: u128 = 1;
    for i in 1..=u128::from(small) {
        // C(large + i, i) = C(large + i − 1, i − 1) · (large + i) / i
        match n.checked_mul(large + i) {
            Some(product) if product / i <= u128::from(u64::MAX) => n = product / i,
            _ => return u64::MAX,
        }
    }
    n as u64
}

/// The same, where that many means are computed at all.
pub(super) fn affordable_count(size: u64, kinds: u64) -> u64 {
    let n = count(size, kinds);
    if n > MAX_MULTISETS { u64::MAX } else { n }
}

/// What several numbers have as their mean.
pub(super) type Emit<'a> = &'a mut dyn FnMut(&mut Engine, usize, &[Id]) -> Result<(), u64>;

impl Engine {
    /// Calls with the means of each multiset of `lo..=hi` tuples.
    pub(super) fn multisets(&mut self, tuples: &[Vec<Id>], lo: usize, hi: usize, emit: Emit<'_>) -> Result<(), u64> {
        let total = count(hi as u64, tuples.len() as u64);
        if total > MAX_MULTISETS.min(self.limit) {
            return Err(total);
        }
        let mut counts = vec![0u64; tuples.len()];
        let mut size = 0;
        // An odometer over all counts whose sum is at most hi.
        loop {
            let mut digit = 0;
            while digit < counts.len() && size == hi as u64 {
                size -= counts[digit];
                counts[digit] = 0;
                digit += 1;
            }
            if digit == counts.len() {
                return Ok(());
            }
            counts[digit] += 1;
            size += 1;
            if size >= lo as u64
                && let Some(means) = self.means_of(tuples, &counts)
            {
                emit(self, size as usize, &means)?;
            }
        }
    }

    /// The means of a multiset of tuples; none where one is beyond the floats.
    fn means_of(&mut self, tuples: &[Vec<Id>], counts: &[u64]) -> Option<Vec<Id>> {
        (0..tuples[0].len())
            .map(|axis| {
                let counted = tuples.iter().map(|t| t[axis]).zip(counts.iter().copied()).filter(|(_, c)| *c > 0);
                mean(&mut self.table, counted)
            })
            .collect()
    }
}

/// The values selected so far by one query.
#[derive(Debug, Default)]
pub(super) struct Running {
    count: usize,
    first: Id,
    /// The exact sum, while all are small integers.
    sum: Option<i64>,
    /// All of them.
    values: Vec<Id>,
    /// Whether one of them is no number.
    odd: bool,
}

impl Running {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// One value more.
    pub(super) fn add(&mut self, table: &Interner, value: Id) {
        let small = table.value(value).as_int().and_then(|i| i.to_i64()).filter(|i| i.unsigned_abs() < 1 << 53);
        if self.count == 0 {
            (self.first, self.sum) = (value, Some(0));
        }
        self.count += 1;
        self.odd |= !table.value(value).is_number();
        self.sum = self.sum.zip(small).and_then(|(a, b)| a.checked_add(b)).filter(|s| s.unsigned_abs() < 1 << 53);
        self.values.push(value);
    }

    /// The aggregate; `RAISED` where it has no value.
    pub(super) fn result(&self, table: &mut Interner, default: Id) -> Id {
        match self.count {
            0 => default,
            1 => self.first,
            _ if self.odd => RAISED,
            // Both are exact in f64, so that the quotient is rounded once.
            n if self.sum.is_some() => table.float(self.sum.expect("kept") as f64 / n as f64),
            _ => mean(table, self.values.iter().map(|&id| (id, 1))).unwrap_or(RAISED),
        }
    }
}

/// The mean of numbers that occur several times each; none where it is beyond the floats.
fn mean(table: &mut Interner, counted: impl Iterator<Item = (Id, u64)>) -> Option<Id> {
    let mut sum = ExactSum::default();
    for (id, times) in counted {
        sum.add(table.value(id), times).ok()?;
    }
    let mean = sum.mean().ok()?;
    Some(table.intern(&mean))
}
