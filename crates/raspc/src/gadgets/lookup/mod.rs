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
//! | `numeric.rs` | one output direction that holds a number |
//! | `levels.rs` | levels of large tables |
//! | `split.rs` | three and more arguments: one picks a smaller table |
//! | `two_layers.rs` | a number for the output, then a one-hot of it |
//! | `unit.rs` | gating, none as 1 − Σ, and the proof of exactness |
//!
//! **Invariant:** for one-hot inputs (exactly 0 and 1), every sum in a returned lookup is exact in f32 in any order of
//! summation; no lookup leaves this module without passing `unit::finish`.

mod binary;
mod boxes;
mod classes;
mod grid;
mod levels;
mod numeric;
mod plan;
mod ramps;
mod solve;
mod split;
mod sums;
#[cfg(test)]
mod tests;
mod two_layers;
mod unions;
mod unit;

use std::rc::Rc;

use grid::Grid;
pub use numeric::{NumericLookup, lookup_numeric};
use plan::{Plan, Solver, Target};
pub use two_layers::{CodeUnit, TwoLayerLookup, lookup_two_layers};

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

/// Cells looked at before only the constructions that are linear in the table are still tried: well below a millisecond for
/// a small table, about 0.1 s for a large one.
fn effort(table: &Table) -> i64 {
    (100_000 + 2_000 * table.entries.len() as i64).min(30_000_000)
}

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
    let (grid, gates) = extended(table, &numbers, |class| class);
    best(table, table.classes, &grid, &target, &gates)
}

/// The best construction whose sums are exact; if none of those found is, disjoint boxes are.
fn best(table: &Table, outputs: usize, grid: &Grid, target: &Rc<Target>, gates: &[Vec<(u32, u32)>]) -> Lookup {
    let found = |single_term: bool| {
        let plans = solve::solve(grid, target, &Solver::new(effort(table), single_term));
        choose(table, outputs, plans, gates, single_term)
    };
    found(false).or_else(|| found(true)).expect("a conjunction of a few arguments is exact")
}

/// The table's grid with none as a value; where that would be far larger than the table, without, and the arguments whose
/// presence has to gate whatever is found.
fn extended(table: &Table, numbers: &[Vec<i64>], class: impl Fn(u32) -> u32) -> (Grid, Vec<Vec<(u32, u32)>>) {
    let dims = table.dims.iter().zip(&table.nullable).map(|(&dim, &nullable)| dim + usize::from(nullable));
    if dims.fold(1, usize::saturating_mul) <= 4 * table.entries.len() + 65536 {
        return (Grid::new(table, numbers, class), Vec::new());
    }
    let nullable = (0..table.dims.len()).filter(|&arg| table.nullable[arg]);
    let gates = nullable.map(|arg| (0..table.dims[arg] as u32).map(|v| (arg as u32, v)).collect()).collect();
    let bare = Table { nullable: vec![false; table.dims.len()], ..table.clone() };
    (Grid::new(&bare, numbers, class), gates)
}

/// The table's own invariants.
fn check(table: &Table) {
    assert_eq!(table.dims.len(), table.nullable.len(), "one nullable flag an argument");
    let size = table.dims.iter().try_fold(1usize, |size, &dim| size.checked_mul(dim));
    assert_eq!(size, Some(table.entries.len()), "one entry for each combination of values");
    assert!(table.classes < grid::NOTHING as usize, "too many classes");
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

/// Up to this many units the next best plans are built too: equal units of their pieces may make them smaller still.
const BUILT: usize = 256;

/// Builds the most promising plans and takes the one with the fewest units whose sums are all exact.
fn choose(
    table: &Table,
    outputs: usize,
    mut plans: Vec<Plan>,
    gates: &[Vec<(u32, u32)>],
    single_term: bool,
) -> Option<Lookup> {
    let considered: Vec<_> = plans.iter().map(|plan| (plan.method, plan.units)).collect();
    plans.sort_by_key(|plan| plan.units);
    let mut best: Option<Lookup> = None;
    for plan in plans {
        if best.as_ref().is_some_and(|best| hopeless(best.units.len(), plan.units)) {
            break;
        }
        let (method, plan) = (plan.method, split::gated_by_all(plan, gates));
        let (parts, constant) = ((plan.build)(), plan.constant);
        let Some((units, constant)) = unit::finish(table, outputs, &constant, parts, single_term) else { continue };
        if best.as_ref().is_none_or(|best| units.len() < best.units.len()) {
            best = Some(Lookup { units, constant, method, considered: considered.clone() });
        }
    }
    best
}

/// Whether building a plan with `units` units is not worth the chance that equal ones become fewer than `best`.
fn hopeless(best: usize, units: usize) -> bool {
    best <= 1 || best > BUILT || units > 2 * best
}
