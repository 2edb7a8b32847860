//! Steps: a function of one scalar as pairs of hidden units (numerics R2 to R4 and section 1, W-exact1).
//!
//! The ideal values p_1 < … < p_N of the scalar are known, each with a bound e on how far the model's value can lie from
//! it. Between neighbours where the function changes, one step `relu(k(x − a)) − relu(k(x − a) − 1)` is 0 at p_j and 1
//! at p_{j+1}.
//!
//! **Exactness.** Let every value of x, and every partial sum of it, be a multiple of a power of two g, with
//! Σ|terms| ≤ 2^24 g (numerics R2: such sums are exact in any order). a is a multiple of g with a ≥ p_j + e_j and k is a
//! power of two with a + 1/k ≤ p_{j+1} − e_{j+1} and k g ≤ 1. Then k(x − a) and k(x − a) − 1 are exact multiples of k g:
//! left of a both units are 0; right of a + 1/k both are linear and their difference is exactly 1. So the step is
//! exactly 0 or 1.
//!
//! A step may also fall: `1 − (relu(k(b − x)) − relu(k(b − x) − 1))` with b = a + 1/k is the same function. Its units are
//! large left of it instead of right of it; the side on which they stay smaller is chosen, for what many steps add to one
//! direction must not outgrow f32 (see `lower::written`).

/// One ideal value of the scalar and what the function does there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The ideal value.
    pub at: f64,
    /// How far the model's value can lie from it.
    pub error: f64,
    /// Index of the function's value.
    pub class: usize,
}

/// A step: 0 up to `from`, 1 from `from + 1/slope` on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Where it begins: a multiple of the grid.
    pub from: f64,
    /// A power of two.
    pub slope: f64,
    /// The class to the left.
    pub left: usize,
    /// The class to the right.
    pub right: usize,
    /// Whether its units grow to the left: they make the complement of the step.
    pub falls: bool,
    /// The largest value of its units.
    pub largest: f64,
}

/// Why no exact steps exist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Two neighbours with different classes are too close for their errors and the grid.
    Margin {
        /// The left value.
        left: f64,
        /// The right value.
        right: f64,
        /// The sum of their errors.
        error: f64,
    },
    /// The scalar grows beyond 2^24 grid steps.
    Range {
        /// The bound of its partial sums.
        sum: f64,
        /// The grid.
        grid: f64,
    },
}

/// The steps of a function. `points` ascend strictly; `bound(c)` bounds the partial sums of the scalar when a constant
/// −c is added to it.
///
/// # Errors
/// See [`Fault`].
pub fn steps(points: &[Point], grid: f64, bound: impl Fn(f64) -> f64) -> Result<Vec<Step>, Fault> {
    let mut all = Vec::new();
    let bottom = points.first().map_or(0.0, |p| p.at - p.error);
    let top = points.last().map_or(0.0, |p| p.at + p.error);
    for pair in points.windows(2).filter(|p| p[0].class != p[1].class) {
        let (left, right) = (pair[0], pair[1]);
        let margin = Fault::Margin { left: left.at, right: right.at, error: left.error + right.error };
        let from = ((left.at + left.error) / grid).ceil() * grid;
        let room = right.at - right.error - from;
        if room <= 0.0 {
            return Err(margin);
        }
        let slope = smallest_slope(room);
        if slope * grid > 1.0 {
            return Err(margin);
        }
        let largest = bound(from).max(bound(from + 1.0 / slope));
        if largest > grid * 16_777_216.0 {
            return Err(Fault::Range { sum: largest, grid });
        }
        let (rising, falling) = (slope * (top - from), slope * (from + 1.0 / slope - bottom));
        let falls = falling < rising;
        let largest = if falls { falling } else { rising };
        all.push(Step { from, slope, left: left.class, right: right.class, falls, largest: largest.max(1.0) });
    }
    Ok(all)
}

/// The smallest power of two k (at most 2^100, at least 2^-20) with 1/k ≤ room.
fn smallest_slope(room: f64) -> f64 {
    let mut slope = 1.0 / 1_048_576.0;
    while 1.0 / slope > room && slope < 1e30 {
        slope *= 2.0;
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(steps: &[Step], x: f32) -> Vec<f32> {
        let rising = |s: &Step| (s.slope as f32).mul_add(x, -(s.slope * s.from) as f32);
        let falling = |s: &Step| (-s.slope as f32).mul_add(x, (s.slope * s.from + 1.0) as f32);
        let pair = |z: f32| z.max(0.0) - (z - 1.0).max(0.0);
        steps.iter().map(|s| if s.falls { 1.0 - pair(falling(s)) } else { pair(rising(s)) }).collect()
    }

    #[test]
    fn widths_are_read_exactly_up_to_1650() {
        for len in [1usize, 5, 16, 100, 257, 1024, 1650] {
            let u = f64::from(f32::EPSILON) / 2.0;
            let point = |w: usize| {
                let r = 1.0 / (1.0 + w as f64);
                let error = if w == 0 { 0.0 } else { u + 4.0 * u * r };
                Point { at: 1.0 + r, error, class: w }
            };
            let points: Vec<Point> = (0..=len).rev().map(point).collect();
            let steps = steps(&points, 2.0 * u, |c| c.abs().max(2.0)).expect("fits");
            for w in 0..=len {
                for ulps in [-2i32, -1, 0, 1, 2] {
                    let r = 1.0 / (1.0 + w as f32);
                    let r = f32::from_bits(r.to_bits().wrapping_add_signed(if w == 0 { 0 } else { ulps }));
                    let on = value(&steps, 1.0 + r);
                    assert!(on.iter().all(|&s| s == 0.0 || s == 1.0), "length {len}, width {w}");
                    assert_eq!(on.iter().filter(|&&s| s == 0.0).count(), w, "length {len}");
                }
            }
        }
    }

    #[test]
    fn too_close_is_a_fault() {
        let point = |at: f64, class| Point { at, error: 1e-3, class };
        assert!(matches!(steps(&[point(1.0, 0), point(1.001, 1)], 1e-6, |_| 2.0), Err(Fault::Margin { .. })));
        assert!(matches!(
            steps(&[point(1.0, 0), point(2.0, 1)], 1e-9, |_| 2.0),
            Err(Fault::Margin { .. } | Fault::Range { .. })
        ));
    }
}
