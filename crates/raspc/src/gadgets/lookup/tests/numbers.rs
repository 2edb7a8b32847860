//! Tables whose output is a number in one direction.

use proptest::prelude::*;

use super::{
    random::tables,
    run::{inputs, square, table, verify_against},
};
use crate::gadgets::lookup::{Entry, NumericLookup, Table, lookup_numeric};

/// The direction holds the f32 nearest to the value, in every order of summation, and says whether that is the value.
fn verify_numbers(table: &Table, values: &[f64], found: &NumericLookup) {
    let used = |c: &u32| table.entries.contains(&Entry::Class(*c));
    let exact =
        (0..table.classes as u32).filter(used).all(|c| f64::from(values[c as usize] as f32) == values[c as usize]);
    assert_eq!(found.exact, exact);
    verify_against(table, &found.units, &[found.constant], inputs(table), |entry| match entry {
        Entry::Class(c) => Some(vec![values[c as usize] as f32 + 0.0]),
        Entry::Nothing => Some(vec![0.0]),
        Entry::Any => None,
    });
}

fn at_most(name: &str, table: &Table, values: impl Fn(usize) -> f64, units: usize) {
    let values: Vec<f64> = (0..table.classes).map(values).collect();
    let found = lookup_numeric(table, &values, &[]);
    verify_numbers(table, &values, &found);
    assert!(found.units.len() <= units, "{name}: {} units by {:?}", found.units.len(), found.considered);
}

#[test]
fn few_units() {
    let n = 24;
    let same = |c: usize| c as f64;
    at_most("a + b", &square(n, n, |a, b| a + b), same, 1);
    at_most("a - b", &square(n, n, |a, b| a - b + 23), |c| c as f64 - 23.0, 1);
    at_most("2a - b/4", &square(n, n, |a, b| 8 * a - b + 23), |c| (c as f64 - 23.0) / 4.0, 1);
    at_most("a < b", &square(n, n, |a, b| (a < b).into()), same, 2);
    at_most("a == b", &square(n, n, |a, b| (a == b).into()), same, 3);
    at_most("sign", &square(n, n, |a, b| (a - b).signum() + 1), |c| c as f64 - 1.0, 2);
    at_most("min", &square(n, n, i64::min), same, 2);
    at_most("max", &square(n, n, i64::max), same, 2);
    at_most("|a - b|", &square(n, n, |a, b| (a - b).abs()), same, 2);
    at_most("min(a + b, 9)", &square(n, n, |a, b| (a + b).min(9)), same, 1);
    at_most("max(a, b) + 3 b", &square(n, n, |a, b| a.max(b) + 3 * b), same, 2);
    at_most("a * b", &square(n, n, |a, b| a * b), same, 23);
    at_most("square", &square(n, 1, |a, _| a * a), same, 1);
    let choice = table(&[2, 9, 9], &[false; 3], 9, |at| Entry::Class(at[1 + at[0]] as u32));
    at_most("choice", &choice, same, 2);
    let sum = table(&[9, 9, 9], &[true; 3], 25, |at| Entry::Class(at.iter().sum::<usize>() as u32));
    at_most("sum of three", &sum, same, 1);
    let unsorted = table(&[5, 5], &[false; 2], 10, |at| Entry::Class([0, 1, 4, 5, 9][at[0].max(at[1])]));
    at_most("max of numbers far apart", &unsorted, same, 5);
}

#[test]
fn hints_find_bends() {
    let (a, b) = ([0, 2, 7, 20], [1, 2, 3, 4, 11]);
    let max = table(&[4, 5], &[false; 2], 21, |at| Entry::Class(a[at[0]].max(b[at[1]])));
    let numbers = [a.map(i64::from).to_vec(), b.map(i64::from).to_vec()];
    let values: Vec<f64> = (0..21).map(f64::from).collect();
    let found = lookup_numeric(&max, &values, &numbers);
    verify_numbers(&max, &values, &found);
    assert_eq!(found.units.len(), 2, "{:?}", found.considered);
}

/// Values that f32 has, and values that it has not, alone and together.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-20..20i32).prop_map(f64::from),
        4 => (-64..64i32).prop_map(|n| f64::from(n) / 8.0),
        1 => Just(0.1),
        1 => Just(-1.0 / 3.0),
        1 => Just(1e-30),
        1 => Just(16_777_217.0),
        1 => Just(12_345_678.0),
        1 => Just(-0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_number_is_held(table in tables(), values in prop::collection::vec(value(), 64), plain in 0..4u8) {
        let integer = |c: usize| c as f64 - 2.0;
        let values: Vec<f64> = (0..table.classes).map(|c| if plain > 1 { integer(c) } else { values[c % 64] }).collect();
        verify_numbers(&table, &values, &lookup_numeric(&table, &values, &[]));
    }
}
