//! Lookup tables: a function of several one-hots as one layer of ReLU units with as few units as we can find.
//!
//! | file | holds |
//! |---|---|
//! | `grid.rs` | the table with equal rows, columns, … merged, none being a value like any other |
//! | `plan.rs` | plans (counted, built on demand), the vectors to write, the effort |
//! | `solve.rs` | which constructions are tried for a grid |
//! | `boxes.rs` | conjunctions: grouped rows and columns, defaults |
//! | `classes.rs` | class by class: rows, columns, comparisons or equalities |
//! | `sums.rs`, `ramps.rs` | T = F(Σ φ): a unit for each kink of F |
//! | `binary.rs` | sets of pairs: numberings for sums, rectangles |
//! | `unions.rs` | class by class, and ordered levels |
//! | `split.rs` | three and more arguments: one picks a smaller table |
//! | `unit.rs` | gating, none as 1 − Σ, and the proof of exactness |
//!
//! **Invariant:** for one-hot inputs (exactly 0 and 1), every sum in a returned lookup is exact in f32 in any order of
//! summation; no lookup leaves this module without passing `unit::finish`.

mod binary;
mod boxes;
mod classes;
mod grid;
mod plan;
mod ramps;
mod solve;
mod split;
mod sums;
#[cfg(test)]
mod tests;
mod unions;
mod unit;

use std::rc::Rc;

use grid::Grid;
use plan::{Plan, Solver, Target};

/// A function of `dims.len()` one-hot arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How many values each argument has (none, if it can occur, is not among them: it is the all-zero vector).
    pub dims: Vec<usize>,
    /// Whether each argument can be none. Where an argument is none the output must be all-zero.
    pub nullable: Vec<bool>,
    /// How many output classes.
    pub classes: usize,
    /// Row-major over `dims`: the class, or no class (all-zero output), or anything (unreachable).
    pub entries: Vec<Entry>,
}

/// What the table says of one argument tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// This class.
    Class(u32),
    /// No class: the output is none.
    Nothing,
    /// No input reaches this tuple.
    Any,
}

/// A hidden unit: `relu(Σ weight · x[arg][value] + bias)`, added to the classes with these weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// (argument, value, weight)
    pub reads: Vec<(u32, u32, f64)>,
    /// The bias.
    pub bias: f64,
    /// (class, weight)
    pub writes: Vec<(u32, f64)>,
}

/// The units of a table: class c's component is `constant[c] + Σ writes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The hidden units.
    pub units: Vec<Unit>,
    /// What each class's direction holds before the units are added (placed by the embedding at every token).
    pub constant: Vec<f64>,
    /// Which construction was chosen, for `explain`.
    pub method: &'static str,
    /// The constructions considered, with the units each would take.
    pub considered: Vec<(&'static str, usize)>,
}

/// Cells looked at before only the constructions that are linear in the table are still tried: about 0.1 s.
const EFFORT: i64 = 30_000_000;

/// Numbers this large are no help in a sum that must stay below 2^24.
const LARGEST_NUMBER: i64 = 1 << 22;

/// The cheapest construction found for a table.
pub fn lookup(table: &Table) -> Lookup {
    lookup_hinted(table, &[])
}

/// As [`lookup`], given the number that each value of each argument stands for, where it stands for an integer
/// (`numbers[i]` is empty where argument i's values do not): sums and differences of values that are not consecutive are
/// found through them. They never change what is computed.
pub fn lookup_hinted(table: &Table, numbers: &[Vec<i64>]) -> Lookup {
    check(table);
    let numbers = usable(table, numbers);
    let target = Rc::new(Target::new((0..table.classes as u32).map(|c| vec![(c, 1.0)]).collect()));
    let (nullable, gates) = if extended(table) <= 4 * table.entries.len() + 65536 {
        (table.nullable.clone(), Vec::new())
    } else {
        (vec![false; table.dims.len()], presence(table))
    };
    let grid = Grid::new(&Table { nullable, ..table.clone() }, &numbers, |class| class);
    let solver = Solver::new(EFFORT, false);
    let plans = solve::solve(&grid, &target, &solver);
    choose(table, table.classes, plans, &gates).expect("boxes are exact: their sums have a few terms of size 1")
}

/// The table's own invariants.
fn check(table: &Table) {
    assert_eq!(table.dims.len(), table.nullable.len(), "one nullable flag an argument");
    let size = table.dims.iter().try_fold(1usize, |size, &dim| size.checked_mul(dim));
    assert_eq!(size, Some(table.entries.len()), "one entry for each combination of values");
    let classes = table.entries.iter().filter_map(|e| if let Entry::Class(c) = e { Some(*c as usize) } else { None });
    assert!(classes.max().is_none_or(|c| c < table.classes), "a class beyond the last");
}

fn usable(table: &Table, numbers: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let fits = |(numbers, &dim): (&Vec<i64>, &usize)| {
        let small = numbers.len() == dim && numbers.iter().all(|n| n.abs() <= LARGEST_NUMBER);
        if small { numbers.clone() } else { Vec::new() }
    };
    numbers.iter().zip(&table.dims).map(fits).collect()
}

/// The number of combinations with none as a value.
fn extended(table: &Table) -> usize {
    let dims = table.dims.iter().zip(&table.nullable).map(|(&dim, &nullable)| dim + usize::from(nullable));
    dims.fold(1, usize::saturating_mul)
}

/// For each argument that can be none, its values.
fn presence(table: &Table) -> Vec<Vec<(u32, u32)>> {
    let nullable = (0..table.dims.len()).filter(|&arg| table.nullable[arg]);
    nullable.map(|arg| (0..table.dims[arg] as u32).map(|v| (arg as u32, v)).collect()).collect()
}

/// Plans within this many units of the fewest are built too: equal units of their pieces may make them smaller still.
const BUILT: usize = 256;

/// Builds the most promising plans and takes the one with the fewest units whose sums are all exact.
fn choose(table: &Table, outputs: usize, mut plans: Vec<Plan>, gates: &[Vec<(u32, u32)>]) -> Option<Lookup> {
    let considered: Vec<_> = plans.iter().map(|plan| (plan.method, plan.units)).collect();
    plans.sort_by_key(|plan| plan.units);
    let fewest = plans.first().map_or(0, |plan| plan.units);
    let mut best: Option<Lookup> = None;
    for plan in plans {
        if best
            .as_ref()
            .is_some_and(|best| plan.units > 2 * best.units.len() || best.units.len() > BUILT || fewest <= 1)
        {
            break;
        }
        let (method, constant) = (plan.method, plan.constant);
        let mut parts = (plan.build)();
        let mut constant_left = constant.clone();
        if !gates.is_empty() {
            parts = split::gated_by_all(parts, &constant, gates);
            constant_left.clear();
        }
        let Some((units, constant)) = unit::finish(table, outputs, &constant_left, parts) else { continue };
        if best.as_ref().is_none_or(|best| units.len() < best.units.len()) {
            best = Some(Lookup { units, constant, method, considered: considered.clone() });
        }
    }
    best
}
