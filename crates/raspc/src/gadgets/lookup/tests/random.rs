//! Random tables, structured and not.

use proptest::prelude::*;

use super::run::{table, verify};
use crate::gadgets::lookup::{Entry, Table, lookup, lookup_hinted};

/// The shapes of function that programs have.
fn structured(kind: usize, p: usize, at: &[usize]) -> usize {
    let first = at.first().copied().unwrap_or(0);
    let second = at.get(1).copied().unwrap_or(0);
    let total: usize = at.iter().sum();
    match kind {
        0 => total,
        1 => total % p,
        2 => usize::from(first < second),
        3 => usize::from(first == second),
        4 => at.iter().copied().min().unwrap_or(0),
        5 => at.iter().copied().max().unwrap_or(0),
        6 => first.abs_diff(second),
        7 => first ^ second,
        8 => usize::from(total >= p),
        9 => usize::from(at.iter().filter(|v| **v > 0).count() % 2 == 1),
        10 => first * second,
        11 => (first * 10 + second) / p,
        12 => 1 + usize::from(first > second) - usize::from(first < second),
        13 => total.min(p),
        _ => usize::from(first % p == second % p),
    }
}

pub(super) fn tables() -> impl Strategy<Value = Table> {
    let dims = prop_oneof![
        Just(vec![]),
        prop::collection::vec(1..9usize, 1),
        prop::collection::vec(1..7usize, 2),
        prop::collection::vec(1..5usize, 3),
        prop::collection::vec(1..4usize, 4),
    ];
    (dims, any::<[bool; 4]>(), 0..20usize, 1..6usize, 0..3u32, 0..3u32, any::<u64>()).prop_map(
        |(dims, nullable, kind, p, nothing, free, seed)| {
            let mut state = seed;
            let mut next = move |below: u32| {
                state = crate::gadgets::lookup::grid::mix(state);
                (state >> 33) as u32 % below
            };
            let nullable: Vec<bool> = (0..dims.len()).map(|i| nullable[i] && seed % 3 == 0).collect();
            let mut out = table(&dims, &nullable, 0, |at| Entry::Class(structured(kind.min(14), p, at) as u32));
            for entry in &mut out.entries {
                if kind > 14 {
                    *entry = Entry::Class(next(p as u32));
                }
                if nothing > 0 && next(4) < nothing {
                    *entry = Entry::Nothing;
                }
                if free > 0 && next(4) < free {
                    *entry = Entry::Any;
                }
            }
            let class = |e: &Entry| if let Entry::Class(c) = e { *c as usize + 1 } else { 0 };
            out.classes = out.entries.iter().map(class).max().unwrap_or(0) + (seed % 2) as usize;
            out
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_lookup_is_its_table(table in tables()) {
        verify(&table, &lookup(&table));
    }

    #[test]
    fn hints_change_no_output(table in tables(), numbers in prop::collection::vec(-50..50i64, 16)) {
        let numbers: Vec<Vec<i64>> = table.dims.iter().map(|&dim| numbers[..dim].to_vec()).collect();
        verify(&table, &lookup_hinted(&table, &numbers));
    }
}
