//! Unit counts of well-known tables.

use super::run::{square, table, verify, verify_at};
use crate::gadgets::lookup::{Entry, Table, lookup};

/// Exact, and at most `units` units.
fn at_most(name: &str, table: &Table, units: usize) {
    let found = lookup(table);
    verify(table, &found);
    assert!(found.units.len() <= units, "{name}: {} units by {:?}", found.units.len(), found.considered);
}

#[test]
fn tables_of_64_by_64() {
    let n = 64;
    at_most("==", &square(n, n, |a, b| (a == b).into()), 3);
    at_most("!=", &square(n, n, |a, b| (a != b).into()), 3);
    at_most("<", &square(n, n, |a, b| (a < b).into()), 2);
    at_most("+", &square(n, n, |a, b| a + b), 126);
    at_most("-", &square(n, n, |a, b| a - b + 63), 126);
    at_most("(a+b)%64", &square(n, n, |a, b| (a + b) % 64), 126);
    at_most("(a+b)%3", &square(n, n, |a, b| (a + b) % 3), 4);
    at_most("min", &square(n, n, i64::min), 63);
    at_most("max", &square(n, n, i64::max), 63);
    at_most("|a-b|", &square(n, n, |a, b| (a - b).abs()), 126);
}

#[test]
fn flags() {
    at_most("and", &square(2, 2, |a, b| a & b), 1);
    at_most("or", &square(2, 2, |a, b| a | b), 1);
    at_most("xor", &square(2, 2, |a, b| a ^ b), 2);
    at_most("not", &table(&[2], &[false], 2, |at| Entry::Class(1 - at[0] as u32)), 1);
    let majority = table(&[2; 3], &[false; 3], 2, |at| Entry::Class((at.iter().sum::<usize>() > 1).into()));
    at_most("majority", &majority, 2);
    let parity = table(&[2; 4], &[false; 4], 2, |at| Entry::Class((at.iter().sum::<usize>() % 2) as u32));
    at_most("parity of four", &parity, 4);
}

#[test]
fn small_tables_of_programs() {
    let opens = [0, 2, 4];
    at_most("dyck-3 pairs", &square(6, 6, |a, b| (opens.contains(&a) && b == a + 1).into()), 3);
    at_most("depth and token", &square(4, 65, |a, b| (a == 0 && b % 7 == 3).into()), 1);
    let choice = table(&[2, 3, 3], &[false; 3], 3, |at| Entry::Class(at[1 + at[0]] as u32));
    at_most("choice", &choice, 5);
}

#[test]
fn several_arguments() {
    let flag = |name: &str, dims: &[usize], units: usize, f: fn(&[usize]) -> bool| {
        at_most(name, &table(dims, &vec![false; dims.len()], 2, |at| Entry::Class(f(at).into())), units);
    };
    flag("a < b and c", &[9, 9, 2], 2, |x| x[0] < x[1] && x[2] == 1);
    flag("a < b or c", &[9, 9, 2], 2, |x| x[0] < x[1] || x[2] == 1);
    flag("a = b = c", &[9, 9, 9], 3, |x| x[0] == x[1] && x[1] == x[2]);
    flag("a = b and c = d", &[4, 4, 4, 4], 3, |x| x[0] == x[1] && x[2] == x[3]);
    flag("a b or c d", &[2; 4], 3, |x| x[0] * x[1] + x[2] * x[3] > 0);
    let most =
        |nullable| table(&[9; 3], &[nullable; 3], 9, |x| Entry::Class(x.iter().copied().fold(0, usize::max) as u32));
    at_most("max of three", &most(false), 8);
    at_most("max of three that can be none", &most(true), 9);
}

#[test]
fn arguments_that_can_be_none() {
    let pair = |f: fn(usize, usize) -> bool| table(&[16; 2], &[true; 2], 2, |x| Entry::Class(f(x[0], x[1]).into()));
    at_most("<", &pair(|a, b| a < b), 3);
    at_most("==", &pair(|a, b| a == b), 4);
    let sum = table(&[16; 2], &[true; 2], 31, |x| Entry::Class((x[0] + x[1]) as u32));
    at_most("+", &sum, 31);
}

#[test]
fn unreachable_pairs_are_free() {
    let opposite = table(&[32, 33], &[false; 2], 32, |at| match at[1].checked_sub(at[0] + 1) {
        Some(c) => Entry::Class(c as u32),
        None => Entry::Any,
    });
    at_most("length - index - 1", &opposite, 31);
    let last = table(&[32, 33], &[false; 2], 2, |at| {
        if at[0] < at[1] { Entry::Class((at[0] + 1 == at[1]).into()) } else { Entry::Any }
    });
    at_most("index = length - 1", &last, 1);
}

/// With none as a value of each flag the table would be 3^12 cells; without, 2^12.
#[test]
fn many_flags_that_can_be_none() {
    let all = table(&[2; 12], &[true; 12], 2, |at| Entry::Class(at.iter().product::<usize>() as u32));
    let found = lookup(&all);
    assert!(found.units.len() <= 2, "{:?}", found.considered);
    let one_differs =
        |v: Option<usize>| (0..12).map(move |i| (0..12).map(|j| if i == j { v } else { Some(1) }).collect());
    verify_at(&all, &found, one_differs(None).chain(one_differs(Some(0))).chain([vec![Some(1); 12], vec![None; 12]]));
}
