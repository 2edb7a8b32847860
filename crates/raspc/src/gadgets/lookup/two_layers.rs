//! Any table in two layers: first a number for the output (its code), then a one-hot of the code.
//!
//! **Exactness.** The first layer is a [`lookup_numeric`] of small integers, the second the ramps of `ramps.rs` on that integer;
//! both bounds are checked as in `unit.rs`.

use super::{
    Entry, Table, Unit, lookup_numeric,
    ramps::ramps,
    unit::{Bounds, Vector},
};

/// A table as two layers of units: `code = code_constant + Σ first`, then class c's component is
/// `constant[c] + Σ writes · relu(weight · code + bias)`.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoLayerLookup {
    /// The units of the first layer; they write class 0, which is the code.
    pub first: Vec<Unit>,
    /// What the code's direction holds before them.
    pub code_constant: f64,
    /// The units of the second layer.
    pub second: Vec<CodeUnit>,
    /// What each class's direction holds before the second layer.
    pub constant: Vec<f64>,
    /// How the code is computed, for `explain`.
    pub method: &'static str,
}

/// A hidden unit of the second layer: `relu(weight · code + bias)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeUnit {
    /// The weight, 1 or −1.
    pub weight: f64,
    /// The bias.
    pub bias: f64,
    /// (class, weight)
    pub writes: Vec<(u32, f64)>,
}

/// The cheapest construction found for a table in two layers; nothing where a code would leave the integers that f32 holds.
/// `numbers` as for [`super::lookup_hinted`].
pub fn lookup_two_layers(table: &Table, numbers: &[Vec<i64>]) -> Option<TwoLayerLookup> {
    let mut occurs = vec![false; table.classes];
    let mut nothing = table.nullable.contains(&true);
    for entry in &table.entries {
        match entry {
            Entry::Class(c) => occurs[*c as usize] = true,
            Entry::Nothing => nothing = true,
            Entry::Any => {}
        }
    }
    // No output has code 0; where there always is one, the first class has.
    let mut next = if nothing { 1.0 } else { 0.0 };
    let mut codes = vec![0.0; table.classes];
    let none = Vector::new();
    let vectors: Vec<Vector> = (0..table.classes as u32).map(|c| vec![(c, 1.0)]).collect();
    let mut points: Vec<(i64, &Vector)> = if nothing { vec![(0, &none)] } else { vec![] };
    for (class, _) in occurs.iter().enumerate().filter(|(_, occurs)| **occurs) {
        codes[class] = next;
        points.push((next as i64, &vectors[class]));
        next += 1.0;
    }
    if points.is_empty() {
        points.push((0, &none));
    }
    let code = lookup_numeric(table, &codes, numbers);
    let found = ramps(&points);
    let mut bounds = Bounds::new(table.classes, &found.constant);
    let falling = found.falling.iter().map(|(t, writes)| (-1.0, *t as f64, *t as f64, writes));
    let rising = found.rising.iter().map(|(t, writes)| (1.0, -*t as f64, next - 1.0 - *t as f64, writes));
    let mut second = Vec::new();
    for (weight, bias, most, writes) in falling.chain(rising) {
        bounds.add(most, writes);
        second.push(CodeUnit { weight, bias, writes: writes.clone() });
    }
    let mut constant = vec![0.0; table.classes];
    found.constant.iter().for_each(|&(class, value)| constant[class as usize] = value);
    let fits = code.exact && bounds.exact();
    fits.then_some(TwoLayerLookup {
        first: code.units,
        code_constant: code.constant,
        second,
        constant,
        method: code.method,
    })
}
