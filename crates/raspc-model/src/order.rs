//! In which order sums are taken.
//!
//! Every sum of the forward pass goes through here. The default is the fast one: terms ascending, one accumulator.
//! The others exist for tests of exactness: a model whose sums stay on a lattice (numerics: R2) gives the same bits in all of them,
//! so a result that differs is a rounding that somebody had not counted on.

/// The order of the terms of every sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Ascending, one accumulator; biases last.
    #[default]
    Forward,
    /// Descending; biases first.
    Reverse,
    /// Halves summed apart, recursively.
    Pairwise,
    /// A permutation of its own for each sum, drawn from this seed.
    Shuffled(u64),
}

/// A term of a sum of rows: which row, and its coefficient.
pub(crate) type Term = (u32, f32);

impl Order {
    /// `out += Σ coefficient * row`, where `axpy(row, coefficient, out)` adds one term. `salt` tells sums apart.
    pub(crate) fn accumulate(
        self,
        terms: &mut [Term],
        salt: u64,
        out: &mut [f32],
        axpy: &impl Fn(u32, f32, &mut [f32]),
    ) {
        match self {
            Self::Forward => {}
            Self::Reverse => terms.reverse(),
            Self::Shuffled(seed) => shuffle(terms, mix(seed, salt)),
            Self::Pairwise => {
                if !terms.is_empty() {
                    add(out, &halves(terms, out.len(), axpy));
                }
                return;
            }
        }
        for &(row, coefficient) in &*terms {
            axpy(row, coefficient, out);
        }
    }

    /// The sum of numbers.
    pub(crate) fn sum(self, values: &[f32], salt: u64) -> f32 {
        match self {
            Self::Forward => values.iter().fold(0.0, |sum, v| sum + v),
            Self::Reverse => values.iter().rev().fold(0.0, |sum, v| sum + v),
            Self::Pairwise => match values {
                [] => 0.0,
                [v] => *v,
                _ => {
                    let (a, b) = values.split_at(values.len() / 2);
                    self.sum(a, salt) + self.sum(b, salt)
                }
            },
            Self::Shuffled(seed) => {
                let mut values = values.to_vec();
                shuffle(&mut values, mix(seed, salt));
                Self::Forward.sum(&values, salt)
            }
        }
    }

    /// Whether biases are added before the products.
    pub(crate) fn bias_first(self, salt: u64) -> bool {
        match self {
            Self::Forward | Self::Pairwise => false,
            Self::Reverse => true,
            Self::Shuffled(seed) => mix(seed ^ 1, salt) & 1 == 1,
        }
    }

    /// The order in which the heads of a layer are added.
    pub(crate) fn heads(self, n_heads: usize, salt: u64) -> Vec<usize> {
        let mut heads: Vec<usize> = (0..n_heads).collect();
        match self {
            Self::Forward | Self::Pairwise => {}
            Self::Reverse => heads.reverse(),
            Self::Shuffled(seed) => shuffle(&mut heads, mix(seed, salt)),
        }
        heads
    }
}

/// The sum of at least one term, halves apart. The depth is the logarithm of the number of terms.
fn halves(terms: &[Term], width: usize, axpy: &impl Fn(u32, f32, &mut [f32])) -> Vec<f32> {
    if let [(row, coefficient)] = terms {
        let mut out = vec![0.0; width];
        axpy(*row, *coefficient, &mut out);
        return out;
    }
    let (a, b) = terms.split_at(terms.len() / 2);
    let mut out = halves(a, width, axpy);
    add(&mut out, &halves(b, width, axpy));
    out
}

fn add(out: &mut [f32], other: &[f32]) {
    for (a, b) in out.iter_mut().zip(other) {
        *a += b;
    }
}

/// Two numbers hashed into one (the finaliser of splitmix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Fisher–Yates.
fn shuffle<T>(items: &mut [T], seed: u64) {
    for i in (1..items.len()).rev() {
        let j = (mix(seed, i as u64) % (i as u64 + 1)) as usize;
        items.swap(i, j);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [Order; 5] =
        [Order::Forward, Order::Reverse, Order::Pairwise, Order::Shuffled(1), Order::Shuffled(2)];

    #[test]
    fn every_order_takes_every_term_once() {
        for n in 0..40u32 {
            for order in ORDERS {
                let values: Vec<f32> = (0..n).map(|i| (1 << (i % 20)) as f32).collect();
                let expected: f32 = values.iter().sum();
                assert_eq!(order.sum(&values, 7), expected);
                let mut terms: Vec<Term> = values.iter().enumerate().map(|(i, &v)| (i as u32, v)).collect();
                let mut out = [1.0, 0.0];
                order.accumulate(&mut terms, 7, &mut out, &|row, c, out| {
                    out[0] += c;
                    out[1] += c * row as f32;
                });
                let weighted: f32 = values.iter().enumerate().map(|(i, v)| v * i as f32).sum();
                assert_eq!(out, [1.0 + expected, weighted]);
                let mut heads = order.heads(n as usize, 7);
                heads.sort_unstable();
                assert!(heads.into_iter().eq(0..n as usize));
            }
        }
    }

    /// Sums that round tell the orders apart, so a test over all of them can fail.
    #[test]
    fn orders_differ_where_sums_round() {
        let distinct = |mut sums: Vec<u32>| {
            sums.sort_unstable();
            sums.dedup();
            sums.len()
        };
        let values: Vec<f32> = (0..200).map(|i| 1.0 / (i as f32 + 3.0)).collect();
        assert!(distinct(ORDERS.iter().map(|order| order.sum(&values, 7).to_bits()).collect()) >= 3);
        // Added to 2^24 a 1 is lost, added to -2^24 it is not: forward loses both, pairwise one of them, reverse none.
        let big = 16_777_216.0;
        let accumulated = |order: Order, values: [f32; 4]| {
            let mut terms: Vec<Term> = (0..).zip(values).collect();
            let mut out = [0.0];
            order.accumulate(&mut terms, 7, &mut out, &|_, c, out| out[0] += c);
            out[0]
        };
        let terms = [big, 1.0, 1.0, -big];
        assert_eq!(ORDERS.map(|order| accumulated(order, terms))[..3], [0.0, 2.0, 1.0]);
        let shuffled = (0..50).map(|seed| accumulated(Order::Shuffled(seed), terms).to_bits()).collect();
        assert!(distinct(shuffled) >= 3);
    }
}
