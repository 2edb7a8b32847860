//! Widths as numbers: w from r = 1/(1+w), up to any length (numerics section 1, W-knots).
//!
//! w(r) = 1/r − 1 is convex. Through the knots 0 = w_0 < w_1 < … < w_k = L its interpolant is
//! w~ = Σ_j m_j relu(2 − 2 (w_j + 1) r), m_j = (w_{j+1} − w_{j−1})/2 with w_{−1} = −1: positive coefficients only, so
//! nothing cancels, and all weights are halves of whole numbers. (At a knot w_i the sum telescopes to
//! (w_i² + w_i)/(w_i + 1) = w_i.)
//!
//! **Error.** Between the knots a and b the chord lies above the curve by at most (√(b+1) − √(a+1))², and at whole widths
//! by nothing where b = a + 1: knots are set so that this is at most a *slack* below 1/2. So about √(L/slack) units do
//! where each width as a knot would take L. r is within 4u relative (one division, 2 ulp allowed); each unit rounds a
//! product and a difference of size at most 2 + 2; the sum of k units adds γ_k of at most L + 1. What the caller adds to
//! a constant whose neighbours lie a whole number apart (`lower::written`) is then rounded to w itself, as long as the
//! whole is below 1/2. (Half of the largest chord is taken off everywhere but at 0, so that it counts half.)

use crate::lower::repr::{U, gamma};

/// The widest selector whose width is read from 1 + 1/(1+w) by steps in one layer: beyond it neighbours lie closer
/// together than f32 can tell (numerics section 1, W-exact1).
pub const WIDEST_RECIPROCAL: usize = 1685;

/// One hidden unit: `weight · relu(bias + factor · r)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// 2, and for the first unit a little less.
    pub bias: f64,
    /// The factor of r.
    pub factor: f64,
    /// What the unit adds for each of its activation.
    pub weight: f64,
}

/// The units for widths up to `longest`, and how far their exact sum can be from w; see [`summing`]. With no slack each
/// width is a knot.
pub fn units(longest: usize, slack: f64) -> (Vec<Knot>, f64) {
    let knots = knots(longest, slack);
    let mut units = Vec::new();
    let mut before = -1.0;
    for pair in knots.windows(2) {
        units.push(Knot { bias: 2.0, factor: -2.0 * (pair[0] + 1.0), weight: (pair[1] - before) / 2.0 });
        before = pair[0];
    }
    let chord = knots.windows(2).filter(|p| p[1] - p[0] > 1.0).map(|p| chord(p[0], p[1])).fold(0.0, f64::max);
    // The chords lie above the curve: the sum is moved down by half of that. At w = 0 the first unit, which does it, is off.
    if let Some(first) = units.first_mut() {
        first.bias -= chord / 2.0 / first.weight;
    }
    // Moving r by 4u of itself moves an active unit by 8u (w_j + 1)/(w + 1), at most 8u; both roundings are of at most 4.
    let weights: f64 = units.iter().map(|k| k.weight).sum();
    (units, chord / 2.0 + 16.0 * U * weights)
}

/// The most by which whole numbers may be missed before they are rounded: below 1/2, with some room for what else adds.
pub const CLOSE: f64 = 0.45;

/// Up to so many keys in all, each width is a knot: the sum is then far closer than it must be, and lies on a finer grid.
const FINE: usize = 512;

/// What several heads count, added: the units of each head, which counts up to so many keys and each so often, and how far
/// the sum can be from the number, which is at most `most` keys.
pub fn sum(heads: &[(usize, f64)], most: f64) -> (Vec<Vec<Knot>>, f64) {
    let fine = heads.iter().map(|h| h.0).sum::<usize>() <= FINE;
    // The slack that takes the fewest units: in proportion to the cube root.
    let root = |longest: usize| libm::cbrt(longest as f64);
    let all: f64 = heads.iter().map(|h| root(h.0)).sum();
    let (mut knots, mut error) = (Vec::new(), 0.0);
    for &(longest, factor) in heads {
        let size = factor.abs();
        let slack = if fine || longest <= 16 { 0.0 } else { 0.3 * root(longest) / all / size };
        let (own, off) = units(longest, slack);
        error += size * off;
        knots.push(own.into_iter().map(|k| Knot { weight: factor * k.weight, ..k }).collect::<Vec<_>>());
    }
    let largest = heads.iter().map(|h| h.1.abs()).fold(0.0, f64::max);
    let total = heads.iter().map(|h| h.0 as f64).sum::<f64>().min(most) + heads.len() as f64;
    error += summing(knots.iter().map(Vec::len).sum(), total * largest);
    (knots, error)
}

/// What adding so many units in any order adds to the error, where they come to at most `total` in all.
pub fn summing(units: usize, total: f64) -> f64 {
    gamma(units + 1) * (total + 1.0)
}

/// How far the chord between two knots lies above the curve at most.
fn chord(a: f64, b: f64) -> f64 {
    let d = libm::sqrt(b + 1.0) - libm::sqrt(a + 1.0);
    d * d
}

/// The knots: each as far from the one before as the slack allows.
fn knots(longest: usize, slack: f64) -> Vec<f64> {
    let longest = longest as f64;
    let mut knots = vec![0.0];
    let mut last = 0.0;
    while last < longest {
        let root = libm::sqrt(last + 1.0) + libm::sqrt(slack);
        let mut next = libm::floor(root * root - 1.0).max(last + 1.0);
        while next > last + 1.0 && chord(last, next) > slack {
            next -= 1.0;
        }
        last = next.min(longest);
        knots.push(last);
    }
    knots
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum in f32, units added in the order given.
    fn sum(units: &[Knot], r: f32) -> f32 {
        units
            .iter()
            .fold(0.0, |s, k| (k.weight as f32).mul_add((k.factor as f32).mul_add(r, k.bias as f32).max(0.0), s))
    }

    #[test]
    fn the_sum_rounds_to_the_width() {
        for (longest, slack) in
            [(0, 0.3), (300, 0.0), (1, 0.3), (5, 0.3), (40, 0.3), (1024, 0.2), (4096, 0.3), (8192, 0.2)]
        {
            let (units, off) = units(longest, slack);
            let error = off + summing(units.len(), longest as f64 + 1.0);
            assert!(error < 0.5, "length {longest}: {error}");
            let backwards: Vec<Knot> = units.iter().rev().copied().collect();
            for w in 0..=longest {
                for ulps in [-2i32, -1, 0, 1, 2] {
                    let r = 1.0 / (1.0 + w as f32);
                    let r = f32::from_bits(r.to_bits().wrapping_add_signed(if w == 0 { 0 } else { ulps }));
                    for order in [&units, &backwards] {
                        let got = f64::from(sum(order, r)) - w as f64;
                        assert!((-error..=error).contains(&got), "length {longest}, width {w}: off by {got}");
                        let stored = 12_582_912.0f32 + sum(order, r);
                        assert_eq!(stored - 12_582_912.0, w as f32, "length {longest}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_units() {
        assert!(units(4096, 0.3).0.len() < 140, "{}", units(4096, 0.3).0.len());
        assert!(units(5, 0.3).0.len() <= 5);
    }
}
