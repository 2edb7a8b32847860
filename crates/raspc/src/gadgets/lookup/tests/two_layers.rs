//! Tables in two layers.

use proptest::prelude::*;

use super::{
    random::tables,
    run::{inputs, square, verify_against},
};
use crate::gadgets::lookup::{Entry, Table, lookup_two_layers};

/// The code of every combination is exact in any order; the second layer turns it into the one-hot, in any order because
/// its terms for one code are checked in the order given and reversed.
fn verify(table: &Table) -> (usize, usize) {
    let found = lookup_two_layers(table, &[]).expect("small codes");
    let of = |code: f32| -> Vec<f32> {
        let term = |unit: &crate::gadgets::lookup::CodeUnit| (unit.weight as f32 * code + unit.bias as f32).max(0.0);
        let sum = |c: usize, reversed: bool| {
            let mut terms = vec![found.constant[c] as f32];
            for unit in &found.second {
                let writes = unit.writes.iter().filter(|w| w.0 as usize == c);
                terms.extend(writes.map(|w| w.1 as f32 * term(unit)));
            }
            if reversed {
                terms.reverse();
            }
            terms.iter().sum::<f32>()
        };
        let forwards: Vec<f32> = (0..table.classes).map(|c| sum(c, false)).collect();
        let backwards: Vec<f32> = (0..table.classes).map(|c| sum(c, true)).collect();
        assert_eq!(forwards, backwards);
        forwards
    };
    let one_hot = |class: Option<u32>| -> Vec<f32> {
        (0..table.classes).map(|c| if class == Some(c as u32) { 1.0 } else { 0.0 }).collect()
    };
    // Each class's code is the one whose second layer gives that class.
    let codes: Vec<Vec<f32>> = (0..=table.classes).map(|code| of(code as f32)).collect();
    let code = |class: Option<u32>| codes.iter().position(|code| *code == one_hot(class)).map(|code| vec![code as f32]);
    let by_class: Vec<_> = (0..table.classes as u32).map(|c| code(Some(c))).collect();
    let nothing = code(None);
    verify_against(table, &found.first, &[found.code_constant], inputs(table), |entry| match entry {
        Entry::Class(c) => Some(by_class[c as usize].clone().expect("every class has a code")),
        Entry::Nothing => Some(nothing.clone().expect("none has a code")),
        Entry::Any => None,
    });
    (found.first.len(), found.second.len())
}

#[test]
fn products() {
    let (first, second) = verify(&square(16, 16, |a, b| a * b));
    let classes = (0..256).map(|i| (i / 16) * (i % 16)).collect::<std::collections::BTreeSet<_>>().len();
    assert!(first <= 15 && second < classes, "{first} + {second}");
    // A bend and a linear form, then a step for each class but one.
    assert_eq!(verify(&square(16, 16, i64::max)), (2, 15));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_table_has_two_layers(table in tables()) {
        verify(&table);
    }
}
