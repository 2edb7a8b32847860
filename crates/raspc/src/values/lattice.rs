//! Sums of tuples of numbers that lie on a lattice.
//!
//! Numbers n·2^e with small integers n are added as integers; the mean of q of them is the quotient of two integers below
//! 2^53, which f64 division rounds correctly, times a power of two, which is exact (no underflow: e ≥ −900). That is the
//! f64 nearest to the exact mean, as the interpreter has it.
//!
//! The sums that q tuples can have are one set of bits: those of q − 1 tuples, shifted by each tuple.

use super::engine::Engine;
use super::intern::{Id, Interner};

/// Most bits of a set of sums.
const MAX_BITS: u64 = 1 << 26;

/// Most words moved in all.
const MAX_WORK: u64 = 1 << 28;

/// Most ids in a table of means.
const MAX_TABLE: usize = 1 << 24;

/// One coordinate: its values are (least + step · k) · 2^exponent.
#[derive(Debug)]
struct Axis {
    exponent: i32,
    least: i64,
    step: i64,
    /// The greatest k.
    range: u64,
}

/// Tuples as steps on the axes.
#[derive(Debug)]
pub(super) struct Lattice {
    axes: Vec<Axis>,
    /// By tuple and axis.
    steps: Vec<Vec<u64>>,
}

impl Engine {
    /// The tuples on a lattice on which sums of `hi` of them can be enumerated, if there is one.
    pub(super) fn lattice(&self, tuples: &[Vec<Id>], hi: usize) -> Option<Lattice> {
        let mut axes = Vec::new();
        let mut steps = vec![Vec::new(); tuples.len()];
        for axis in 0..tuples[0].len() {
            let values: Option<Vec<(i64, i32)>> = tuples.iter().map(|t| dyadic(&self.table, t[axis])).collect();
            let (axis, column) = axis_of(&values?, hi)?;
            axes.push(axis);
            steps.iter_mut().zip(column).for_each(|(s, k)| s.push(k));
        }
        let bits = axes.iter().try_fold(1u64, |n, a| n.checked_mul(a.range.checked_mul(hi as u64)?.checked_add(1)?))?;
        affordable(bits, hi, tuples.len() as u64).then_some(Lattice { axes, steps })
    }
}

/// Whether sums of `hi` tuples that take so many bits can be enumerated.
pub(super) fn affordable(bits: u64, hi: usize, tuples: u64) -> bool {
    let work = (bits / 64 + 1).saturating_mul(hi as u64).saturating_mul(tuples);
    bits <= MAX_BITS && work <= MAX_WORK
}

/// How many sums of `hi` of these numbers there are at most (of what is no number there are none); very many where they do
/// not lie on a lattice.
pub(super) fn span(table: &Interner, set: &[Id], hi: usize) -> u64 {
    let numbers = set.iter().filter(|&&id| table.value(id).is_number());
    let values: Option<Vec<(i64, i32)>> = numbers.map(|&id| dyadic(table, id)).collect();
    match values {
        Some(values) if values.is_empty() => 1,
        Some(values) => {
            axis_of(&values, hi).map_or(u64::MAX, |(axis, _)| axis.range.saturating_mul(hi as u64).saturating_add(1))
        }
        None => u64::MAX,
    }
}

/// A number as an odd integer (or zero) times a power of two.
fn dyadic(table: &Interner, id: Id) -> Option<(i64, i32)> {
    let value = table.value(id);
    let x = value.as_f64().filter(|x| x.is_finite())?;
    if let Some(i) = value.as_int() {
        i.to_i64().filter(|i| i.unsigned_abs() < 1 << 53)?;
    }
    if x == 0.0 {
        return Some((0, 0));
    }
    let bits = x.abs().to_bits();
    let biased = (bits >> 52) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let zeros = mantissa.trailing_zeros();
    let odd = mantissa >> zeros;
    Some((if x < 0.0 { -odd } else { odd }, exponent + zeros as i32))
}

/// The axis that holds the numbers, and how many steps each is.
fn axis_of(values: &[(i64, i32)], hi: usize) -> Option<(Axis, Vec<u64>)> {
    let nonzero = || values.iter().filter(|(n, _)| *n != 0);
    let exponent = nonzero().map(|(_, e)| *e).min().unwrap_or(0);
    if exponent < -900 {
        return None;
    }
    let whole: Option<Vec<i64>> =
        values.iter().map(|&(n, e)| if n == 0 { Some(0) } else { shifted(n, e - exponent) }).collect();
    let whole = whole?;
    let largest = whole.iter().map(|n| n.unsigned_abs()).max()?;
    largest.checked_mul(hi as u64).filter(|&sum| sum < 1 << 53)?;
    let least = *whole.iter().min()?;
    let step = whole.iter().fold(0, |g, n| gcd(g, n - least)).max(1);
    let steps: Vec<u64> = whole.iter().map(|n| ((n - least) / step) as u64).collect();
    let range = *steps.iter().max()?;
    Some((Axis { exponent, least, step, range }, steps))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// n·2^by, where that is small.
fn shifted(n: i64, by: i32) -> Option<i64> {
    (by < 53).then(|| n.checked_mul(1 << by)).flatten().filter(|m| m.unsigned_abs() < 1 << 53)
}

/// The sums of a number of tuples.
#[derive(Debug)]
pub(super) struct Sums {
    bits: Vec<u64>,
    /// Words that can hold a bit.
    used: usize,
    /// By tuple: how far it shifts the bits.
    shifts: Vec<usize>,
    /// By axis: how many coordinates it has.
    sizes: Vec<usize>,
    reach: usize,
}

impl Sums {
    /// The sums of one tuple, with room for sums of `hi`.
    pub(super) fn new(lattice: &Lattice, hi: usize) -> Self {
        let sizes: Vec<usize> = lattice.axes.iter().map(|a| a.sums(hi)).collect();
        let offset = |steps: &Vec<u64>| steps.iter().zip(&sizes).rev().fold(0, |o, (k, size)| o * size + *k as usize);
        let shifts: Vec<usize> = lattice.steps.iter().map(offset).collect();
        let reach = *shifts.iter().max().expect("there are tuples");
        let mut bits = vec![0; sizes.iter().product::<usize>() / 64 + 2];
        for s in &shifts {
            bits[s / 64] |= 1 << (s % 64);
        }
        Self { bits, used: reach / 64 + 1, shifts, sizes, reach }
    }

    /// One tuple more. Coordinates stay within their sizes, so shifts do not run into one another.
    pub(super) fn add(&mut self) {
        let old = self.bits[..self.used].to_vec();
        self.bits[..self.used].fill(0);
        for &shift in &self.shifts {
            let (words, rest) = (shift / 64, shift % 64);
            for (i, &word) in old.iter().enumerate().filter(|(_, w)| **w != 0) {
                self.bits[i + words] |= word << rest;
                if rest > 0 && word >> (64 - rest) != 0 {
                    self.bits[i + words + 1] |= word >> (64 - rest);
                }
            }
        }
        self.used = (self.used + self.reach / 64 + 2).min(self.bits.len());
    }

    /// Calls with each sum's coordinates.
    pub(super) fn each(&self, mut see: impl FnMut(&[usize]) -> Result<(), u64>) -> Result<(), u64> {
        let mut sum = vec![0; self.sizes.len()];
        for (i, &word) in self.bits[..self.used].iter().enumerate() {
            let mut word = word;
            while word != 0 {
                let mut at = i * 64 + word.trailing_zeros() as usize;
                word &= word - 1;
                for (s, size) in sum.iter_mut().zip(&self.sizes) {
                    (*s, at) = (at % size, at / size);
                }
                see(&sum)?;
            }
        }
        Ok(())
    }
}

/// The means' ids, each computed once.
#[derive(Debug)]
pub(super) struct Means<'a> {
    lattice: &'a Lattice,
    hi: usize,
    /// By axis: by count and coordinate; empty where that would be too large.
    known: Vec<Vec<Id>>,
    ids: Vec<Id>,
}

impl<'a> Means<'a> {
    pub(super) fn new(lattice: &'a Lattice, hi: usize) -> Self {
        let cells = |a: &Axis| a.sums(hi).saturating_mul(hi + 1);
        let table = |a: &Axis| if cells(a) <= MAX_TABLE { vec![Id::MAX; cells(a)] } else { Vec::new() };
        Self { known: lattice.axes.iter().map(table).collect(), lattice, hi, ids: Vec::new() }
    }

    /// The means of a sum of q tuples.
    pub(super) fn ids(&mut self, table: &mut Interner, sum: &[usize], q: usize) -> &[Id] {
        self.ids.clear();
        for (axis, &k) in self.lattice.axes.iter().zip(sum) {
            let known = &mut self.known[self.ids.len()];
            let cell = q * axis.sums(self.hi) + k;
            self.ids.push(match known.get(cell) {
                Some(&id) if id != Id::MAX => id,
                _ => {
                    let id = table.float(axis.mean(k, q));
                    if let Some(slot) = known.get_mut(cell) {
                        *slot = id;
                    }
                    id
                }
            });
        }
        &self.ids
    }
}

impl Axis {
    /// How many sums of `hi` numbers there are at most; few enough for a lattice that is affordable.
    fn sums(&self, hi: usize) -> usize {
        self.range as usize * hi + 1
    }

    /// The mean of q numbers that are k steps in all: see the head of the file.
    fn mean(&self, k: usize, q: usize) -> f64 {
        let sum = self.least * q as i64 + self.step * k as i64;
        sum as f64 / q as f64 * power_of_two(self.exponent)
    }
}

/// 2^e, exactly, for −900 ≤ e ≤ 1023.
fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}
