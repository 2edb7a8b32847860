//! What is known of an f32 number, and of an f32 sum of products taken in any order, with or without fused multiply-add.
//!
//! **Soundness.** A [`Num`] holds every value that the f32 number can have. A `Sum` describes a set of products whose exact
//! sum lies in `lo..=hi`; `Sum::finish` gives every value that its f32 evaluation can have. Two rules make it exact
//! (numerics R2): if every product is exact and a multiple of a power of two g, then all partial sums, in every order, are
//! multiples of g of at most max(Σ positive, Σ |negative|), and those up to 2^24 g are f32 numbers. Of one or two products
//! there is no partial sum but the result. Everywhere else the error is at most `gamma(n)` times Σ |products|, where n
//! counts the products that are not zero: adding a zero never rounds (R5).

/// Half the distance from 1 to the next f32: the relative error of one rounding.
pub(super) const U: f64 = 1.0 / 16_777_216.0;
/// Multiples of g up to this many are f32 numbers.
const MULTIPLES: f64 = 16_777_216.0;
/// Sums here are taken in f64: its own rounding, for as many terms, is far below this part of an f32's.
const SLACK: f64 = 1.0 + 1.0 / 1_048_576.0;
/// The least positive f32.
const TINY: f64 = 1.401_298_464_324_817e-45;
/// Beyond this a sum might overflow.
pub(super) const HUGE: f64 = 1e38;

/// The values an f32 number can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Num {
    /// Least.
    pub lo: f64,
    /// Greatest.
    pub hi: f64,
    /// A power of two of which all are multiples; 0 where none is known; infinite for zero.
    pub grid: f64,
}

/// The values an f32 sum of products can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sum {
    /// Least exact sum.
    pub(super) lo: f64,
    /// Greatest exact sum.
    pub(super) hi: f64,
    /// Most that the positive products add up to.
    pub(super) pos: f64,
    /// Most that the negative ones add up to, as a positive number.
    pub(super) neg: f64,
    /// A power of two of which all products are multiples; 0 where none is known; infinite without products.
    pub(super) grid: f64,
    /// How many products may be other than zero.
    pub(super) count: u32,
    /// How many of them may be rounded.
    pub(super) rounded: u32,
    /// Significant bits of the longest factor: what a matrix unit must keep of its inputs.
    pub(super) bits: u8,
}

/// `n u / (1 − n u)`.
pub(super) fn gamma(n: u32) -> f64 {
    let nu = f64::from(n) * U;
    nu / (1.0 - nu)
}

/// The largest power of two of which `x` is a multiple; infinite for 0.
pub(super) fn grid_of(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY;
    }
    let bits = x.to_bits();
    let (exponent, mantissa) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (exponent, mantissa) = if exponent == 0 { (1, mantissa) } else { (exponent, mantissa | 1 << 52) };
    libm::ldexp(1.0, exponent - 1075 + mantissa.trailing_zeros() as i32)
}

/// The distance between f32 numbers of this magnitude.
pub(super) fn spacing(magnitude: f64) -> f64 {
    if magnitude < 1.175_494_350_822_287_5e-38 {
        return TINY;
    }
    let exponent = (magnitude.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    libm::ldexp(1.0, exponent - 23)
}

/// Whether a sum in f64 is exact.
fn is_exact(a: f64, b: f64, sum: f64) -> bool {
    let (large, small) = if a.abs() >= b.abs() { (a, b) } else { (b, a) };
    small - (sum - large) == 0.0
}

/// Significant bits of multiples of `grid` up to `size`, at most those of an f32.
fn bits_of(size: f64, grid: f64) -> u8 {
    if size == 0.0 {
        0
    } else if grid > 0.0 && size / grid < MULTIPLES {
        (64 - ((size / grid) as u64).leading_zeros()) as u8
    } else {
        24
    }
}

impl Num {
    /// Zero.
    pub const ZERO: Self = Self { lo: 0.0, hi: 0.0, grid: f64::INFINITY };

    /// One known value.
    pub fn point(x: f32) -> Self {
        let x = f64::from(x);
        Self { lo: x, hi: x, grid: grid_of(x) }
    }

    /// The values from `lo` to `hi`, multiples of `grid` where that is not 0. An f32 away from 0 lies on its binade's grid.
    pub(super) fn new(lo: f64, hi: f64, grid: f64) -> Self {
        let natural = if lo == hi {
            grid_of(lo)
        } else if lo > 0.0 || hi < 0.0 {
            spacing(lo.abs().min(hi.abs()))
        } else {
            0.0
        };
        Self::snapped(lo, hi, grid.max(natural))
    }

    /// The values from `lo` to `hi`, f32 or not, that are multiples of `grid` where that is not 0.
    pub(super) fn snapped(lo: f64, hi: f64, grid: f64) -> Self {
        // The ends, too, are multiples: without digits that f64 would have to round further on. An end that f64 has put
        // just beyond a multiple may stand for that multiple.
        let near = |steps: f64| 1e-6 + steps.abs() * 1e-12;
        let (first, last) = (lo / grid, hi / grid);
        let (inner_lo, inner_hi) = ((first - near(first)).ceil() * grid, (last + near(last)).floor() * grid);
        let snaps = lo < hi && grid > 0.0 && grid < f64::INFINITY && inner_lo <= inner_hi;
        if snaps { Self { lo: inner_lo, hi: inner_hi, grid } } else { Self { lo, hi, grid } }
    }

    /// Values around a number.
    pub(super) fn around(x: f64, error: f64) -> Self {
        Self::new(x - error, x + error, 0.0)
    }

    /// All values of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), grid: self.grid.min(other.grid) }
    }

    /// The largest magnitude.
    pub fn size(self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// Whether it is known to be zero.
    pub fn is_zero(self) -> bool {
        self.lo == 0.0 && self.hi == 0.0
    }

    /// Whether it is one known value.
    pub fn is_point(self) -> bool {
        self.lo == self.hi
    }

    /// Whether it is finite.
    pub fn is_finite(self) -> bool {
        self.size() < HUGE
    }

    /// How far it can be from `x`.
    pub fn distance(self, x: f64) -> f64 {
        (self.hi - x).max(x - self.lo).max(0.0)
    }

    /// The f32 sum of two numbers: one rounding, which keeps their order.
    pub(super) fn plus(self, other: Self) -> Self {
        let mut sum = Sum::term(1.0, self);
        sum.add(&Sum::term(1.0, other));
        if sum.rounding() == 0.0 {
            return sum.finish();
        }
        let outwards = |exact: bool, outer: f64, inner: f64| if exact { inner } else { outer };
        let lo = outwards(is_exact(self.lo, other.lo, sum.lo), sum.lo.next_down(), sum.lo);
        let hi = outwards(is_exact(self.hi, other.hi, sum.hi), sum.hi.next_up(), sum.hi);
        Self::rounded(lo, hi)
    }

    /// What rounding to f32 makes of numbers from `lo` to `hi`.
    fn rounded(lo: f64, hi: f64) -> Self {
        Self::new(f64::from(lo as f32), f64::from(hi as f32), 0.0)
    }

    pub(super) fn bits(self) -> u8 {
        bits_of(self.size(), self.grid)
    }
}

impl Sum {
    /// No products.
    pub(super) const EMPTY: Self =
        Self { lo: 0.0, hi: 0.0, pos: 0.0, neg: 0.0, grid: f64::INFINITY, count: 0, rounded: 0, bits: 0 };

    /// One product of an f32 weight and a number.
    pub(super) fn term(weight: f64, x: Num) -> Self {
        if x.is_zero() || weight == 0.0 {
            return Self::EMPTY;
        }
        let (a, b) = (weight * x.lo, weight * x.hi);
        let (lo, hi) = (a.min(b), a.max(b));
        let own = grid_of(weight);
        let grid = if own * x.grid >= TINY { own * x.grid } else { 0.0 };
        let exact = own == weight.abs() || (grid > 0.0 && weight.abs() * x.size() <= MULTIPLES * grid);
        Self {
            lo,
            hi,
            pos: hi.max(0.0),
            neg: (-lo).max(0.0),
            grid,
            count: 1,
            rounded: u32::from(!exact),
            bits: bits_of(weight.abs(), own).max(x.bits()),
        }
    }

    /// Adds the products of another sum.
    pub(super) fn add(&mut self, other: &Self) {
        self.lo += other.lo;
        self.hi += other.hi;
        self.pos += other.pos;
        self.neg += other.neg;
        self.grid = self.grid.min(other.grid);
        self.count += other.count;
        self.rounded += other.rounded;
        self.bits = self.bits.max(other.bits);
    }

    /// Takes products out again. The grid stays that of all, while f64 holds all sums of its multiples. Else f64 has rounded
    /// when these were added, by a part of sizes that are gone afterwards: the sum is that much less known, and one more
    /// product may round.
    pub(super) fn remove(&mut self, other: &Self) {
        let size = self.pos + self.neg;
        if self.grid == 0.0 || size > 4e15 * self.grid {
            self.grid = 0.0;
            let off = 4.0 * f64::EPSILON * size * f64::from(self.count + 1);
            (self.lo, self.hi) = (self.lo - off, self.hi + off);
            (self.pos, self.neg) = (self.pos + off, self.neg + off);
        }
        self.lo -= other.lo;
        self.hi -= other.hi;
        self.pos -= other.pos;
        self.neg -= other.neg;
        self.count = (self.count + u32::from(self.grid == 0.0)).saturating_sub(other.count);
        self.rounded = self.rounded.saturating_sub(other.rounded);
    }

    /// Every weight times a power of two, of either sign: nothing is rounded that was not.
    pub(super) fn scaled(&self, by: f64) -> Self {
        let (a, b) = (self.lo * by, self.hi * by);
        let (pos, neg) = if by > 0.0 { (self.pos, self.neg) } else { (self.neg, self.pos) };
        let size = by.abs();
        Self { lo: a.min(b), hi: a.max(b), pos: pos * size, neg: neg * size, grid: self.grid * size, ..*self }
    }

    /// All sums of both.
    #[must_use]
    pub(super) fn join(&self, other: &Self) -> Self {
        Self {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            pos: self.pos.max(other.pos),
            neg: self.neg.max(other.neg),
            grid: self.grid.min(other.grid),
            count: self.count.max(other.count),
            rounded: self.rounded.max(other.rounded),
            bits: self.bits.max(other.bits),
        }
    }

    fn size(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// How far the f32 result can be from the exact sum.
    pub(super) fn rounding(&self) -> f64 {
        let most = self.pos.max(self.neg);
        let on_grid = self.rounded == 0 && self.grid > 0.0;
        let few = self.count <= 2 && self.size() <= MULTIPLES * self.grid && most <= MULTIPLES * MULTIPLES * self.grid;
        let exact = on_grid && (most <= MULTIPLES * self.grid || few);
        if exact || self.count == 0 || (self.count == 1 && self.rounded == 0) {
            return 0.0;
        }
        if self.is_rounded_once() {
            return spacing(self.size()) / 2.0 * SLACK;
        }
        gamma(self.count) * (self.pos + self.neg) * SLACK
    }

    /// Whether every order rounds at most once: one product, or the sum of two that are exact.
    fn is_rounded_once(&self) -> bool {
        self.count == 1 || (self.count == 2 && self.rounded == 0)
    }

    /// The f32 result.
    pub(super) fn finish(&self) -> Num {
        let error = self.rounding();
        let total = self.pos + self.neg;
        if total.is_nan() || total >= HUGE {
            return Num { lo: f64::NEG_INFINITY, hi: f64::INFINITY, grid: 0.0 };
        }
        if error > 0.0 && self.is_rounded_once() {
            // Rounding keeps the order of the ends, which f64 may have moved inwards a little.
            let slack = 4.0 * f64::EPSILON * (self.pos + self.neg);
            return Num::rounded(self.lo - slack, self.hi + slack);
        }
        Num::new(self.lo - error, self.hi + error, if error == 0.0 { self.grid } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn add_up(terms: &[(f32, f32)], fused: bool) -> f32 {
        terms.iter().fold(0.0, |s, &(w, x)| if fused { w.mul_add(x, s) } else { s + w * x })
    }

    proptest! {
        /// Whatever the order, the result lies in what `finish` says.
        #[test]
        fn holds_every_order(
            terms in prop::collection::vec((-64i32..64, -3i32..3, -1000i32..1000, 0u32..3), 1..12),
            seed: u64,
        ) {
            let factor = |a: i32, e: i32| libm::ldexpf(a as f32, e);
            let mut products: Vec<(f32, f32)> = terms
                .iter()
                .map(|&(w, e, x, kind)| (factor(w, e), if kind == 0 { x as f32 / 7.0 } else { factor(x, e) }))
                .collect();
            let mut sum = Sum::EMPTY;
            for &(w, x) in &products {
                sum.add(&Sum::term(f64::from(w), Num::point(x)));
            }
            let num = sum.finish();
            let mut state = seed;
            for turn in 0..8 {
                let result = f64::from(add_up(&products, turn % 2 == 1));
                prop_assert!(num.lo <= result && result <= num.hi, "{result} outside {num:?}");
                prop_assert!(num.grid == 0.0 || num.grid == f64::INFINITY || (result / num.grid).fract() == 0.0);
                for i in (1..products.len()).rev() {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    products.swap(i, (state >> 33) as usize % (i + 1));
                }
            }
        }

        #[test]
        fn sums_on_a_grid_are_exact(terms in prop::collection::vec(-1000i32..1000, 1..40)) {
            let mut sum = Sum::EMPTY;
            for &t in &terms {
                sum.add(&Sum::term(0.25, Num::point(t as f32)));
            }
            let exact = f64::from(terms.iter().sum::<i32>()) / 4.0;
            prop_assert_eq!((sum.finish().lo, sum.finish().hi), (exact, exact));
        }
    }

    #[test]
    fn one_addition_rounds_to_what_is_near() {
        let large = Num::point(12_582_912.0);
        assert_eq!(large.plus(Num::around(3.0, 0.4)), Num::point(12_582_915.0));
        assert_eq!(large.plus(Num::around(3.0, 0.6)).hi, 12_582_916.0);
        assert!(!large.plus(Num::around(3.0, 0.6)).is_point());
    }

    #[test]
    fn leaving_the_grid_costs() {
        let mut sum = Sum::term(1.0, Num::point(16_777_216.0));
        sum.add(&Sum::term(1.0, Num::point(1.0)));
        assert!(!sum.finish().is_point());
        sum.add(&Sum::term(-1.0, Num::point(16_777_216.0)));
        assert!(sum.finish().distance(1.0) >= 1.0, "in this order the 1 is lost");
    }

    #[test]
    fn grids() {
        assert_eq!((grid_of(0.75), grid_of(6.0), grid_of(0.0)), (0.25, 2.0, f64::INFINITY));
        assert_eq!((spacing(1.0), spacing(1.9), spacing(2.0)), (2.0 * U, 2.0 * U, 4.0 * U));
        assert_eq!(Num::new(1.0, 1.5, 0.0).grid, 2.0 * U);
        assert_eq!(Num::point(3.0).bits(), 2);
    }
}
