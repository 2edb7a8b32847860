//! From parts of a construction to units: gating, none read as 1 − Σ, equal units merged, and the proof that every sum is
//! exact in f32.
//!
//! **Exactness.** Inputs are exactly 0 or 1, at most one 1 an argument. A unit's weights and bias are integers, so every term
//! of its sum is an integer, and if neither the positive nor the negative terms can add up to more than 2^24, every partial
//! sum in every order is an integer of at most 2^24: exact. The same holds for an output with the quantum of its write
//! weights in place of 1. [`finish`] computes both bounds for each unit and output and refuses what does not meet them.

use std::collections::BTreeMap;

use super::{Table, Unit};

/// (argument, original value, weight); value `dims[argument]` is none.
pub(super) type Read = (u32, u32, i64);
/// A sparse vector over output classes, sorted by class, without zeros.
pub(super) type Vector = Vec<(u32, f64)>;

/// The largest integer up to which all integers are f32 values.
pub(super) const LATTICE: f64 = 16_777_216.0;

/// Units `relu(Σ reads + offset)` that share their reads, with what each writes.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) reads: Vec<Read>,
    pub(super) hinges: Vec<(i64, Vector)>,
}

impl Part {
    /// One unit: 1 if each of `sets` (at most one an argument, each the reads of a set with weight 1) holds, else 0.
    ///
    /// With m sets the sum is at most m, and m only if all hold: `relu(Σ − (m − 1))` is exactly 1 or 0.
    pub(super) fn conjunction(sets: usize, reads: Vec<Read>, writes: Vector) -> Self {
        Self { reads, hinges: vec![(1 - sets as i64, writes)] }
    }

    /// The largest sum of the reads: at most one value an argument, a value that is not read counts 0.
    fn largest_sum(&self) -> i64 {
        extremes(&self.reads).1
    }

    /// The part that is what it was where one of `gate` holds, and 0 elsewhere.
    ///
    /// `relu(z)` becomes `relu(z + M·g − M)` with M ≥ max z: unchanged for g = 1, and `relu(z − M) = 0` for g = 0.
    pub(super) fn gated(mut self, gate: &[(u32, u32)]) -> Self {
        let offset = self.hinges.iter().map(|hinge| hinge.0).max().unwrap_or(0);
        let most = (self.largest_sum() + offset).max(1);
        self.reads.extend(gate.iter().map(|&(arg, value)| (arg, value, most)));
        self.hinges.iter_mut().for_each(|hinge| hinge.0 -= most);
        self
    }

    /// Each write, a scalar in class 0, becomes that multiple of `vector`.
    pub(super) fn scaled(mut self, vector: &Vector) -> Self {
        for (_, writes) in &mut self.hinges {
            let weight: f64 = writes.iter().map(|w| w.1).sum();
            *writes = sum(&Vec::new(), vector, weight);
        }
        self
    }
}

/// `a + k·b`.
pub(super) fn sum(a: &Vector, b: &Vector, k: f64) -> Vector {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (class, value) = match (a.get(i), b.get(j)) {
            (Some(&x), Some(&y)) if x.0 == y.0 => {
                (i, j) = (i + 1, j + 1);
                (x.0, x.1 + k * y.1)
            }
            (Some(&x), y) if y.is_none_or(|y| x.0 < y.0) => {
                i += 1;
                x
            }
            (_, y) => {
                let y = y.expect("one of the two is left");
                j += 1;
                (y.0, k * y.1)
            }
        };
        if value != 0.0 {
            out.push((class, value));
        }
    }
    out
}

/// The smallest and largest sum of reads, when each argument has one value or none of those read.
fn extremes(reads: &[Read]) -> (i64, i64) {
    let (mut low, mut high, mut at) = (0, 0, 0);
    let mut sorted;
    let reads = if reads.is_sorted_by_key(|r| r.0) {
        reads
    } else {
        sorted = reads.to_vec();
        sorted.sort_unstable();
        &sorted[..]
    };
    while at < reads.len() {
        let end = at + reads[at..].iter().take_while(|r| r.0 == reads[at].0).count();
        low += reads[at..end].iter().map(|r| r.2).min().unwrap_or(0).min(0);
        high += reads[at..end].iter().map(|r| r.2).max().unwrap_or(0).max(0);
        at = end;
    }
    (low, high)
}

/// The units and constants of a construction, or nothing where some sum might not be exact in f32. With `single_term` the
/// outputs are known to be sums of at most one term other than 0, which are exact whatever the term.
pub(super) fn finish(
    table: &Table,
    outputs: usize,
    constant: &Vector,
    parts: Vec<Part>,
    single_term: bool,
) -> Option<(Vec<Unit>, Vec<f64>)> {
    let parts = merged(table, parts);
    let mut bounds = Bounds::new(outputs, constant);
    let mut units = Vec::new();
    let mut constants = vec![0.0; outputs];
    for &(class, value) in constant {
        constants[class as usize] = value;
    }
    for part in &parts {
        let (low, high) = extremes(&part.reads);
        let weights: Vec<_> = part.reads.iter().map(|&(arg, value, w)| (arg, value, w as f64)).collect();
        for &(offset, ref writes) in &part.hinges {
            if writes.is_empty() || high + offset <= 0 {
                continue;
            }
            let (positive, negative) = (high + offset.max(0), -low - offset.min(0));
            if positive.max(negative) as f64 > LATTICE {
                return None;
            }
            bounds.add((high + offset) as f64, writes);
            units.push(Unit { reads: weights.clone(), bias: offset as f64, writes: writes.clone() });
        }
    }
    (single_term || bounds.exact()).then_some((units, constants))
}

/// More parts than this are boxes, and no two of them equal.
const MERGED: usize = 4096;

/// Parts in normal form, hinges with the same reads and offset made one.
fn merged(table: &Table, parts: Vec<Part>) -> Vec<Part> {
    let normal = |part: Part| {
        let (reads, shift) = normal(table, part.reads);
        Part { reads, hinges: part.hinges.into_iter().map(|(offset, writes)| (offset + shift, writes)).collect() }
    };
    let mut parts: Vec<Part> = parts.into_iter().map(normal).collect();
    if parts.len() > MERGED {
        return parts;
    }
    let mut known: BTreeMap<Vec<Read>, usize> = BTreeMap::new();
    let mut out: Vec<Part> = Vec::new();
    for part in &mut parts {
        if let Some(&at) = known.get(&part.reads) {
            out[at].hinges.append(&mut part.hinges);
        } else {
            known.insert(part.reads.clone(), out.len());
            out.push(Part { reads: std::mem::take(&mut part.reads), hinges: std::mem::take(&mut part.hinges) });
        }
    }
    for part in &mut out {
        let mut hinges: BTreeMap<i64, Vector> = BTreeMap::new();
        for (offset, writes) in &part.hinges {
            let old = hinges.entry(*offset).or_default();
            *old = sum(old, writes, 1.0);
        }
        part.hinges = hinges.into_iter().rev().collect();
    }
    out
}

/// Sorted reads without none and without zeros, and what to add to the offset: `w·none = w − Σ w·x` over the argument's
/// values. Where none cannot occur, the weight that most of an argument's values share goes to the offset likewise.
fn normal(table: &Table, mut reads: Vec<Read>) -> (Vec<Read>, i64) {
    reads.sort_unstable();
    let (mut out, mut shift) = (Vec::with_capacity(reads.len()), 0);
    for group in reads.chunk_by(|a, b| a.0 == b.0) {
        let (arg, dim) = (group[0].0, table.dims[group[0].0 as usize]);
        let common = if table.nullable[arg as usize] {
            group.iter().filter(|r| r.1 as usize == dim).map(|r| r.2).sum()
        } else {
            most_common(group, dim)
        };
        if common == 0 {
            out.extend(group.iter().filter(|r| r.2 != 0));
            continue;
        }
        shift += common;
        let mut weights = vec![-common; dim];
        group.iter().filter(|r| (r.1 as usize) < dim).for_each(|r| weights[r.1 as usize] += r.2);
        let kept = weights.iter().enumerate().filter(|(_, w)| **w != 0);
        out.extend(kept.map(|(v, &w)| (arg, v as u32, w)));
    }
    (out, shift)
}

/// The weight that more of the argument's values have than have 0, or 0.
fn most_common(group: &[Read], dim: usize) -> i64 {
    if group.len() * 2 <= dim {
        return 0;
    }
    let mut weights: Vec<i64> = group.iter().map(|r| r.2).collect();
    weights.sort_unstable();
    let runs = weights.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0]));
    let (count, weight) = runs.max_by_key(|&(n, w)| (n, -w)).unwrap_or((0, 0));
    let zeros = dim - group.len() + weights.iter().filter(|w| **w == 0).count();
    if count > zeros { weight } else { 0 }
}

/// Running bounds on each output's positive and negative terms, and the quantum of the terms.
pub(super) struct Bounds {
    positive: Vec<f64>,
    negative: Vec<f64>,
    quantum: Vec<f64>,
}

impl Bounds {
    pub(super) fn new(outputs: usize, constant: &Vector) -> Self {
        let mut bounds =
            Self { positive: vec![0.0; outputs], negative: vec![0.0; outputs], quantum: vec![f64::INFINITY; outputs] };
        bounds.add(1.0, constant);
        bounds
    }

    /// A unit between 0 and `most` (an integer) with its write weights.
    pub(super) fn add(&mut self, most: f64, writes: &Vector) {
        for &(class, weight) in writes {
            let c = class as usize;
            let side = if weight > 0.0 { &mut self.positive } else { &mut self.negative };
            side[c] += most * weight.abs();
            self.quantum[c] = self.quantum[c].min(quantum(weight));
        }
    }

    /// Whether every output is exact in any order of summation.
    pub(super) fn exact(&self) -> bool {
        let sides = self.positive.iter().zip(&self.negative);
        sides.zip(&self.quantum).all(|((p, n), q)| q.is_infinite() || (p.max(*n) <= LATTICE * q && *q >= MIN_QUANTUM))
    }
}

/// Below this a quantum's multiples might leave the normal range of f32.
const MIN_QUANTUM: f64 = 1.0 / (1u64 << 60) as f64;

/// The largest power of two of which a finite, nonzero `x` is a multiple.
pub(super) fn quantum(x: f64) -> f64 {
    let (mantissa, exponent) = (x.to_bits() & ((1 << 52) - 1), ((x.to_bits() >> 52) & 0x7ff) as i32);
    let (mantissa, exponent) = if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) };
    power_of_two(exponent + mantissa.trailing_zeros() as i32)
}

/// 2^e for e in −1074..=1023.
fn power_of_two(e: i32) -> f64 {
    if e >= -1022 { f64::from_bits(((e + 1023) as u64) << 52) } else { f64::from_bits(1 << (e + 1074)) }
}
