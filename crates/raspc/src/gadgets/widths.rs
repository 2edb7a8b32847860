//! Widths as numbers: w from r = 1/(1+w) (numerics section 1, W-num).
//!
//! w = Σ_{j=1..L} relu(2 − 2 j r): the function 1/r − 1 is convex, so its interpolant through the points r_w has positive
//! coefficients only, and nothing cancels.
//!
//! **Error.** r is within 4u relative (one division, 2 ulp allowed), which moves the interpolant by at most
//! 4u (L+1)(L+2)/(L+1). Each unit rounds a product and a sum of size at most 2 + 2: 6u. The sum of L units of total w ≤ L adds
//! γ_{L+1} L. The whole is far below 1/2 up to L = 2800, and the caller rounds it away by adding it to a constant whose
//! neighbours lie a whole number apart (`lower::written`).

use crate::lower::repr::{U, gamma};

/// The factors of r in the units, whose bias is 2 and whose weight is 1.
pub fn factors(longest: usize) -> impl Iterator<Item = f64> {
    (1..=longest).map(|j| -2.0 * j as f64)
}

/// How far Σ relu(2 − 2 j r) can be from w.
pub fn error(longest: usize) -> f64 {
    let l = longest as f64;
    4.0 * U * (l + 2.0) + 6.0 * U * l + gamma(longest + 1) * l
}
