//! Every construction that is counted, not only the one that is chosen.

use std::rc::Rc;

use proptest::prelude::*;

use super::{
    random::tables,
    run::{inputs, table, verify, verify_against},
};
use crate::gadgets::lookup::{
    Entry, Lookup, Table,
    grid::{Grid, NOTHING},
    levels, lookup,
    plan::{Census, Plan, Solver, Target},
    solve,
    unit::{self, Part},
};

const EFFORT: i64 = 10_000_000;

fn one_hots(table: &Table) -> Rc<Target> {
    Rc::new(Target::new((0..table.classes as u32).map(|c| vec![(c, 1.0)]).collect()))
}

/// Builds the plan: it is the table, and takes no more units than it said.
fn verify_plan(table: &Table, plan: Plan, single_term: bool) {
    let (units, method, constant) = (plan.units, plan.method, plan.constant);
    let (found, constant) =
        unit::finish(table, table.classes, &constant, (plan.build)(), single_term).expect("small sums are exact");
    assert!(found.len() <= units, "{method}: {} units instead of {units} for {table:?}", found.len());
    verify(table, &Lookup { units: found, constant, method, considered: vec![] });
}

/// Free values for values(c), 8 classes at most.
fn numbers(table: &Table) -> Vec<f64> {
    (0..table.classes).map(|c| [3.0, -1.0, 0.5, 8.0, 2.0, -4.0, 0.0, 1.0][c % 8]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_is_its_table(table in tables(), single_term: bool) {
        let grid = Grid::new(&table, &[], |c| c);
        for plan in solve::solve(&grid, &one_hots(&table), &Solver::new(EFFORT, single_term)) {
            verify_plan(&table, plan, single_term);
        }
    }

    #[test]
    fn without_effort_too(table in tables(), single_term: bool) {
        let grid = Grid::new(&table, &[], |c| c);
        for plan in solve::solve(&grid, &one_hots(&table), &Solver::new(0, single_term)) {
            verify_plan(&table, plan, single_term);
        }
    }

    #[test]
    fn each_holds_its_numbers(table in tables()) {
        let values = numbers(&table);
        let target = Rc::new(Target::new(values.iter().map(|&v| if v == 0.0 { vec![] } else { vec![(0, v)] }).collect()));
        let grid = Grid::new(&table, &[], |c| c);
        for plan in solve::solve(&grid, &target, &Solver::new(EFFORT, false)) {
            let (constant, parts) = (plan.constant, (plan.build)());
            let (units, constant) = unit::finish(&table, 1, &constant, parts, false).expect("small sums are exact");
            verify_against(&table, &units, &constant, inputs(&table), |entry| match entry {
                Entry::Class(c) => Some(vec![values[c as usize] as f32]),
                Entry::Nothing => Some(vec![0.0]),
                Entry::Any => None,
            });
        }
    }

    #[test]
    fn levels_of_large_tables(table in tables(), nothing_first: bool) {
        let grid = Rc::new(Grid::new(&table, &[], |c| c).reduced());
        let mut kinds: Vec<u32> = Census::of(&grid).classes.iter().map(|c| c.0).collect();
        if nothing_first && kinds.last() == Some(&NOTHING) {
            kinds.rotate_right(1);
        }
        if grid.axes.len() == 2 && kinds.len() > 1 {
            let plan = levels::plan(&grid, &one_hots(&table), &kinds, usize::MAX, &Solver::new(EFFORT, false));
            verify_plan(&table, plan.expect("there is no limit"), false);
        }
    }
}

#[test]
fn degenerate_tables() {
    let empty = table(&[0, 3], &[false, true], 2, |_| Entry::Any);
    let nothing = table(&[2, 2], &[true; 2], 0, |_| Entry::Nothing);
    let free = table(&[3, 2], &[false; 2], 1, |_| Entry::Any);
    let constant = table(&[], &[], 2, |_| Entry::Class(1));
    let unless_none = table(&[1, 1], &[true, true], 1, |_| Entry::Class(0));
    for (table, units) in [(empty, 0), (nothing, 0), (free, 0), (constant, 0), (unless_none, 1)] {
        let found = lookup(&table);
        verify(&table, &found);
        assert_eq!(found.units.len(), units);
    }
}

/// Sums that f32 might round are refused.
#[test]
fn the_lattice_is_checked() {
    let table = table(&[2], &[false], 1, |_| Entry::Class(0));
    let finish = |weight: i64, offset: i64, write: f64, constant: f64| {
        let part = Part { reads: vec![(0, 1, weight)], hinges: vec![(offset, vec![(0, write)])] };
        unit::finish(&table, 1, &vec![(0, constant)], vec![part], false)
    };
    assert!(finish(1 << 24, 0, 1.0, -1.0).is_some());
    assert!(finish((1 << 24) + 1, 0, 1.0, -1.0).is_none(), "a weight above 2^24");
    assert!(finish(1 << 23, (1 << 23) + 1, 1.0, -1.0).is_none(), "a sum above 2^24");
    assert!(finish(-(1 << 24), -1, 1.0, -1.0).is_some(), "a unit that is never above 0 is left out");
    assert!(finish(1 << 24, 0, 1.0, 1.0).is_none(), "an output above 2^24");
    assert!(finish(1 << 12, 0, 1.0, 1.0 / 8192.0).is_none(), "an output above 2^24 of its quanta");
}
