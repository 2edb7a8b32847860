//! The mean of several numbers: the float nearest to the exact rational mean, whatever the order of the numbers.
//!
//! **Invariant.** Nothing is rounded before the one division at the end: sums are exact, in 128 bits while they fit and
//! in big integers beyond.

use num_bigint::BigInt;
use num_traits::Zero;

use crate::error::EvalError;
use crate::ops::{integer_parts, kind_name, nearest_float};
use crate::value::Value;

/// The mean of several numbers (booleans count as 1 and 0): a float.
///
/// # Errors
/// A value that is no number, or a mean beyond the range of floats.
///
/// # Panics
/// Without any value.
pub fn mean<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<Value, EvalError> {
    let mut sum = ExactSum::default();
    for v in values {
        sum.add(v, 1)?;
    }
    sum.mean()
}

/// The mean of numbers that occur several times each.
///
/// # Errors
/// As [`mean`].
///
/// # Panics
/// When all counts are zero.
pub fn mean_counts(values: &[(Value, u64)]) -> Result<Value, EvalError> {
    let mut sum = ExactSum::default();
    for (v, count) in values.iter().filter(|(_, count)| *count > 0) {
        sum.add(v, *count)?;
    }
    sum.mean()
}

/// An exact sum of numbers, and how many they are: `small * 2^small_unit + big * 2^big_unit`.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    small: i128,
    small_unit: i64,
    big: BigInt,
    big_unit: i64,
    count: u128,
}

impl ExactSum {
    /// Adds a number `times` times.
    ///
    /// # Errors
    /// A value that is no number.
    pub fn add(&mut self, v: &Value, times: u64) -> Result<(), EvalError> {
        let (term, unit) = match v {
            Value::Bool(b) => (i64::from(*b), 0),
            Value::Float(x) => integer_parts(x.get()),
            Value::Int(i) => {
                if let Some(i) = i.to_i64() {
                    (i, 0)
                } else {
                    self.add_big(i.to_big() * times, 0);
                    (0, 0)
                }
            }
            Value::None | Value::Str(_) | Value::Host(_) => {
                return Err(EvalError::new(format!("a mean is of numbers, not of '{}'", kind_name(v))));
            }
        };
        self.count += u128::from(times);
        // Both factors are within 64 bits, so the product is exact in 128.
        self.add_small(i128::from(term) * i128::from(times), unit);
        Ok(())
    }

    fn add_small(&mut self, term: i128, unit: i64) {
        if term == 0 {
            return;
        }
        if self.small == 0 {
            (self.small, self.small_unit) = (term, unit);
            return;
        }
        let common = unit.min(self.small_unit);
        let sum = shift_left(self.small, self.small_unit - common)
            .zip(shift_left(term, unit - common))
            .and_then(|(a, b)| a.checked_add(b));
        if let Some(sum) = sum {
            (self.small, self.small_unit) = (sum, common);
        } else {
            self.add_big(BigInt::from(self.small), self.small_unit);
            (self.small, self.small_unit) = (term, unit);
        }
    }

    fn add_big(&mut self, term: BigInt, unit: i64) {
        let common = unit.min(self.big_unit);
        self.big = (&self.big << (self.big_unit - common) as u64) + (term << (unit - common) as u64);
        self.big_unit = common;
    }

    /// The mean of what was added: one rounding, ties to even.
    ///
    /// # Errors
    /// A mean beyond the range of floats.
    ///
    /// # Panics
    /// When nothing was added.
    pub fn mean(mut self) -> Result<Value, EvalError> {
        assert!(self.count > 0, "a mean is of something");
        if let Some(mean) = self.small_mean() {
            return Value::float(mean);
        }
        self.add_big(BigInt::from(self.small), self.small_unit);
        let (up, down) = (self.big_unit.max(0) as u64, (-self.big_unit).max(0) as u64);
        let (numerator, denominator) = (self.big << up, BigInt::from(self.count) << down);
        let mean = nearest_float(&numerator, &denominator);
        mean.map_or_else(|| Err(EvalError::new("the mean is too large for a float")), Value::float)
    }

    /// The mean in 128 bits, where all fits and the result is a normal float.
    fn small_mean(&self) -> Option<f64> {
        if !self.big.is_zero() || self.small_unit.abs() > 800 || self.count >= 1 << 63 {
            return None;
        }
        if self.small == 0 {
            return Some(0.0);
        }
        // The dividend has its top bit set and the divisor is below 2^63, so the quotient has 64 bits or more; with the last
        // standing for the rest of the division, its conversion to 53 bits rounds the exact mean. The scale is then exact.
        let size = self.small.unsigned_abs();
        let zeros = size.leading_zeros();
        let (dividend, divisor) = (size << zeros, self.count);
        let quotient = (dividend / divisor) | u128::from(dividend % divisor != 0);
        let mean = libm::scalbn(quotient as f64, self.small_unit as i32 - zeros as i32);
        Some(if self.small < 0 { -mean } else { mean })
    }
}

/// `x * 2^by`, if it fits.
fn shift_left(x: i128, by: i64) -> Option<i128> {
    let by = u32::try_from(by).ok().filter(|by| *by < 127)?;
    let shifted = x << by;
    (shifted >> by == x).then_some(shifted)
}
