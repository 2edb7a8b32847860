//! Means against exact rational arithmetic, rounded by the standard library's parser of decimals.

use num_bigint::BigInt;
use num_traits::Signed;
use proptest::prelude::*;
use raspc_lang::mean::{mean, mean_counts};
use raspc_lang::value::Value;

/// Numbers of every size and kind; floats of all exponents, and of few bits, which make ties.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (-20i64..20).prop_map(Value::int),
        1 => any::<i64>().prop_map(Value::int),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => (any::<i64>(), 0u32..1200).prop_map(|(i, s)| Value::from(BigInt::from(i) << s)),
        2 => (-64i32..64).prop_map(|i| Value::float(f64::from(i) / 8.0).unwrap()),
        2 => (-9i32..9, 1i32..9).prop_map(|(a, b)| Value::float(f64::from(a) / f64::from(b)).unwrap()),
        2 => any::<u64>().prop_filter_map("finite", |b| Value::float(f64::from_bits(b)).ok()),
        1 => (0u64..1 << 53).prop_map(|b| Value::float(f64::from_bits(b)).unwrap()),
    ]
}

/// The number times 2^1074: an integer, by repeated doubling.
fn scaled(v: &Value) -> BigInt {
    match v {
        Value::Float(x) => {
            let (mut x, mut left) = (x.get(), 1074);
            while x.fract() != 0.0 {
                x *= 2.0;
                left -= 1;
            }
            <BigInt as num_traits::FromPrimitive>::from_f64(x).unwrap() << left
        }
        _ => v.as_int().unwrap().to_big() << 1074,
    }
}

/// The nearest float of a ratio: neighbours compared by exact distance.
fn reference(values: &[Value]) -> Option<f64> {
    let numerator: BigInt = values.iter().map(scaled).sum();
    let denominator = BigInt::from(values.len()) << 1074;
    // 1100 decimal places of the ratio, and a last digit for what is left, which cannot change the rounding: no tie has
    // more than 1075 places.
    let places = 1100u32;
    let size = numerator.abs() * BigInt::from(10).pow(places);
    let digits = &size / &denominator;
    let sticky = u8::from(&digits * &denominator != size);
    let sign = if numerator.is_negative() { "-" } else { "" };
    let x: f64 = format!("{sign}{digits}{sticky}e-{}", places + 1).parse().unwrap();
    x.is_finite().then_some(x)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_nearest_float_of_the_exact_mean(values in prop::collection::vec(number(), 1..12)) {
        match (mean(&values), reference(&values)) {
            (Ok(Value::Float(x)), Some(r)) => prop_assert_eq!(x.get(), r),
            (Err(_), None) => {}
            (got, r) => prop_assert!(false, "{:?} against {:?}", got, r),
        }
    }

    #[test]
    fn the_order_does_not_matter((values, shuffled) in prop::collection::vec(number(), 1..12)
        .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())))
    {
        prop_assert_eq!(mean(&values), mean(&shuffled));
    }

    #[test]
    fn counts_stand_for_repetitions(values in prop::collection::vec((number(), 0u64..5), 1..8)) {
        let repeated: Vec<Value> =
            values.iter().flat_map(|(v, c)| std::iter::repeat_n(v.clone(), *c as usize)).collect();
        if !repeated.is_empty() {
            prop_assert_eq!(mean_counts(&values), mean(&repeated));
        }
    }
}

#[test]
fn sums_beyond_floats_have_means_within() {
    let big = Value::float(1.7e308).unwrap();
    assert_eq!(mean(&[big.clone(), big.clone(), big.clone()]).unwrap(), big);
    let small = Value::float(5e-324).unwrap();
    // (1 + 2 + 0) / 3 and (1 + 0) / 2, in units of the last place: the second is a tie, to even.
    let double = Value::float(1e-323).unwrap();
    assert_eq!(mean(&[small.clone(), double, Value::int(0)]).unwrap(), small);
    assert_eq!(mean(&[small, Value::int(0)]).unwrap(), Value::int(0));
    let huge = Value::from(BigInt::from(2).pow(2000));
    assert!(mean(&[huge.clone(), Value::int(1)]).unwrap_err().message().contains("too large"));
    assert_eq!(mean(&[huge, Value::from(-BigInt::from(2).pow(2000)), Value::int(3)]).unwrap(), Value::int(1));
    let cancel = [1e300, 1.0, -1e300].map(|x| Value::float(x).unwrap());
    assert_eq!(mean(&cancel).unwrap(), Value::float(1.0 / 3.0).unwrap());
}

#[test]
fn large_counts() {
    let counts = [(Value::int(i64::MIN), u64::MAX), (Value::int(i64::MAX), u64::MAX)];
    assert_eq!(mean_counts(&counts).unwrap(), Value::float(-0.5).unwrap());
}

#[test]
fn a_mean_is_a_float_of_numbers() {
    assert!(matches!(mean(&[Value::int(2), Value::int(4)]), Ok(Value::Float(_))));
    assert_eq!(mean(&[Value::Bool(true), Value::int(0)]).unwrap(), Value::float(0.5).unwrap());
    for v in [Value::None, Value::str("a")] {
        assert!(mean(&[Value::int(1), v]).is_err());
    }
}
