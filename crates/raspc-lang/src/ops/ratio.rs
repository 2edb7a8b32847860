//! The float nearest to a ratio of integers: what `/` on integers and the mean of numbers need.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

/// Exponent of the last place of subnormal floats.
const LAST_PLACE: i64 = -1074;

/// The float nearest to `numerator / denominator`, ties to even; nothing when it is beyond the range of floats.
///
/// Exact by construction: the quotient is cut to 59 bits or more (to two bits below the last place of subnormals, when
/// those come first), the last bit of which stands for everything below it. One rounding to 53 bits follows, of a number that
/// compares with every tie as the exact ratio does.
///
/// # Panics
/// When the denominator is zero.
pub(crate) fn nearest_float(numerator: &BigInt, denominator: &BigInt) -> Option<f64> {
    assert!(!denominator.is_zero(), "a ratio has a denominator");
    let (n, d) = (numerator.magnitude(), denominator.magnitude());
    let size = nearest_magnitude(n, d)?;
    let negative = numerator.is_negative() != denominator.is_negative();
    Some(if negative && size != 0.0 { -size } else { size })
}

fn nearest_magnitude(n: &BigUint, d: &BigUint) -> Option<f64> {
    // 2^(order-1) < n/d < 2^(order+1)
    let order = n.bits() as i64 - d.bits() as i64;
    if n.is_zero() || order < LAST_PLACE - 2 {
        return Some(0.0);
    }
    if order > 1025 {
        return None;
    }
    // The quotient in units of 2^unit: below 2^61, at least 2^59 unless the last place of subnormals came first.
    let unit = (order - 60).max(LAST_PLACE - 2);
    let (quotient, rest) = if unit < 0 { (n << (-unit) as u64).div_rem(d) } else { n.div_rem(&(d << unit as u64)) };
    let quotient = quotient.to_u64().expect("below 2^61") | u64::from(!rest.is_zero());
    let x = if quotient < 1 << 54 {
        // Only where unit is LAST_PLACE - 2: subnormal (or the least normal), so the bits of the float are the count of last
        // places. Ties to even by hand.
        f64::from_bits((quotient + 1 + (quotient >> 2 & 1)) >> 2)
    } else {
        // Normal, so scaling by a power of two is exact, but for overflow.
        libm::scalbn(quotient as f64, unit as i32)
    };
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use num_traits::One;
    use proptest::prelude::*;

    use super::*;
    use crate::value::Int;

    proptest! {
        /// Against the standard library's parser: `m / 2^s` has the decimal digits of `m * 5^s`, `s` places in.
        #[test]
        fn dyadic_ratios_round_as_decimals_do(m in any::<u64>(), cut in 0u32..64, s in 0u32..1200, negative: bool) {
            let m = BigInt::from(m >> cut);
            let expected: f64 = format!("{}e-{s}", &m * BigInt::from(5).pow(s)).parse().unwrap();
            let m = if negative { -m } else { m };
            let expected = if negative && expected != 0.0 { -expected } else { expected };
            prop_assert_eq!(nearest_float(&m, &(BigInt::one() << s)).unwrap().to_bits(), expected.to_bits());
        }

        /// The same upwards, into overflow, where the conversion of integers must agree.
        #[test]
        fn large_ratios_round_as_decimals_do(m in any::<u64>(), s in prop_oneof![0u32..80, 900u32..1100]) {
            let n = BigInt::from(m) << s;
            let expected: f64 = n.to_string().parse().unwrap();
            prop_assert_eq!(nearest_float(&n, &BigInt::one()), expected.is_finite().then_some(expected));
            prop_assert_eq!(Int::from(n).to_f64(), expected);
        }
    }
}
