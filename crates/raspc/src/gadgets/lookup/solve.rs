//! The search: which constructions are counted for a grid, and in which order.
//!
//! Every construction is an upper bound, the fewest units win, and a construction that meets the lower bound ends the search.
//! Boxes are always counted and take time linear in the cells (but for sorting); everything else is bounded by the solver's
//! effort.

use std::rc::Rc;

use super::{
    binary, boxes,
    boxes::Rows,
    classes,
    grid::{ANY, Grid, NOTHING},
    numeric,
    plan::{Census, Plan, Solver, Target, cheapest},
    split, sums, unions,
    unit::sum,
};

/// All constructions counted for the grid; at least one.
pub(super) fn solve(grid: &Grid, target: &Rc<Target>, solver: &Solver) -> Vec<Plan> {
    solver.spent(4 * grid.cells.len() + 256);
    let grid = Rc::new(grid.reduced());
    let census = Census::of(&grid);
    if let Some(plan) = simple(&grid, target, &census, solver) {
        return vec![plan];
    }
    if census.classes.len() == 2 && !solver.single_term {
        return two_kinds(&grid, target, &census, solver);
    }
    let enough = census.lower_bound(target);
    let mut plans = Vec::new();
    for grid in variants(grid, &census, solver) {
        match simple(&grid, target, &census, solver) {
            Some(plan) => plans.push(plan),
            None => many_kinds(&grid, target, &census, solver, &mut plans),
        }
        if reached(&plans, enough) {
            break;
        }
    }
    plans
}

/// The cheapest construction for the grid.
pub(super) fn best(grid: &Grid, target: &Rc<Target>, solver: &Solver) -> Plan {
    cheapest(solve(grid, target, solver)).expect("there is always a construction of boxes")
}

/// Grids with one output throughout, or one axis.
fn simple(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver) -> Option<Plan> {
    if census.classes.len() <= 1 {
        let class = census.classes.first().map_or(NOTHING, |c| c.0);
        return Some(Plan::new("a constant", 0, target.of(class).clone(), Vec::new));
    }
    let one = grid.axes.len() == 1;
    one.then(|| numeric::one_axis(grid, target, solver).unwrap_or_else(|| boxes::groups(grid, target, census, solver)))
}

/// The grid, and where some cells are free, the grid with slices merged that agree where they are not.
fn variants(grid: Rc<Grid>, census: &Census, solver: &Solver) -> Vec<Rc<Grid>> {
    if !census.any {
        return vec![grid];
    }
    let budget = 8 * grid.cells.len() as i64 + 4096;
    let merged = Rc::new(grid.merged(budget.max(solver.left() / 8)));
    if merged.cells.len() == grid.cells.len() { vec![grid] } else { vec![grid, merged] }
}

fn reached(plans: &[Plan], enough: usize) -> bool {
    plans.iter().any(|plan| plan.units <= enough)
}

fn fewest(plans: &[Plan]) -> usize {
    plans.iter().map(|plan| plan.units).min().unwrap_or(usize::MAX)
}

fn many_kinds(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver, plans: &mut Vec<Plan>) {
    let enough = census.lower_bound(target);
    if !solver.single_term {
        numeric::plans(grid, target, solver, plans);
        // A sum that is worth its units does not take many times the values of the arguments.
        let limit = 64 + 3 * grid.axes.iter().map(|axis| axis.len()).sum::<usize>();
        plans.extend(sums::plan(grid, target, enough, limit, solver, Vec::new()));
        if reached(plans, enough) {
            return;
        }
    }
    if grid.axes.len() == 2 {
        let (rows, columns) = both_ways(grid);
        plans.push(boxes::by_rows(&rows, target, "row by row", solver));
        plans.push(boxes::by_rows(&columns, target, "column by column", solver));
        plans.push(classes::plan(&rows, &columns, target, solver));
    } else {
        plans.extend(split::plan(grid, target, solver));
    }
    if !solver.single_term && !reached(plans, enough) {
        unions::plans(grid, target, census, solver, plans);
    }
}

fn both_ways(grid: &Rc<Grid>) -> (Rc<Rows>, Rc<Rows>) {
    (Rc::new(Rows::new(grid.clone())), Rc::new(Rows::new(Rc::new(grid.transposed()))))
}

/// Two kinds of output: the indicator of one of them, times the difference, plus the other.
fn two_kinds(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver) -> Vec<Plan> {
    let (one, other) = (census.classes[0].0, census.classes[1].0);
    let indicator = grid.map(|&cell| {
        if cell == one {
            0
        } else if cell == ANY {
            ANY
        } else {
            NOTHING
        }
    });
    let difference = Rc::new(sum(target.of(one), target.of(other), -1.0));
    let scaled = |plan: Plan| {
        let constant = sum(target.of(other), &difference, plan.scalar());
        let (build, difference) = (plan.build, difference.clone());
        let parts = move || build().into_iter().map(|part| part.scaled(&difference)).collect();
        Plan::new(plan.method, plan.units, constant, parts)
    };
    indicators(&Rc::new(indicator), solver).into_iter().map(scaled).collect()
}

/// All constructions counted for the indicator of a set: class 0, the rest being [`NOTHING`] or [`ANY`].
fn indicators(grid: &Rc<Grid>, solver: &Solver) -> Vec<Plan> {
    let target = Rc::new(Target::indicator());
    let census = Census::of(grid);
    let mut plans = Vec::new();
    for grid in variants(grid.clone(), &census, solver) {
        if let Some(plan) = simple(&grid, &target, &census, solver) {
            plans.push(plan);
        } else {
            indicator(&grid, &target, &census, solver, &mut plans);
        }
        if reached(&plans, 1) {
            break;
        }
    }
    plans
}

fn indicator(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver, plans: &mut Vec<Plan>) {
    if grid.axes.len() == 2 {
        let (rows, columns) = both_ways(grid);
        plans.push(classes::plan(&rows, &columns, target, solver));
        // One unit that is not a rectangle of the given cells can only be one thanks to free cells.
        if reached(plans, if census.any { 1 } else { 2 }) {
            return;
        }
        plans.extend(sums::plan(grid, target, 2, fewest(plans), solver, binary::numberings(grid)));
        let few = fewest(plans);
        plans.extend(binary::rectangles(grid, few, solver));
        plans.extend(binary::rectangles(&complement(grid), few, solver).map(Plan::complement));
        return;
    }
    plans.extend(sums::plan(grid, target, 1, usize::MAX, solver, Vec::new()));
    if reached(plans, 1) {
        return;
    }
    plans.extend(split::plan(grid, target, solver));
    // A set and its complement at every level would be exponential in the number of arguments.
    if !reached(plans, 1) && solver.spend(64 * grid.cells.len()) {
        plans.extend(split::plan(&complement(grid), target, solver).map(Plan::complement));
    }
}

/// The indicator of a set's complement.
fn complement(grid: &Grid) -> Rc<Grid> {
    Rc::new(grid.map(|&cell| match cell {
        NOTHING => 0,
        ANY => ANY,
        _ => NOTHING,
    }))
}
