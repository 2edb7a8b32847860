//! Outputs as combinations of indicators of sets of classes: class by class, or level by level.
//!
//! **Exactness.** Each indicator is exactly 0 or 1 (or free). Class by class, out = v_rest + Σ (v_c − v_rest)·[T = c]. Level by
//! level, with the kinds of output in an order k_0, k_1, …, out = v(k_0) + Σ_t (v(k_t) − v(k_{t−1}))·[T at or after k_t].

use std::rc::Rc;

use super::{
    grid::{ANY, Grid, NOTHING},
    levels,
    plan::{Census, Plan, Solver, Target},
    solve,
    unit::{Part, Vector, sum},
};

/// Cells looked at, at most about, for each cell of one indicator.
const COST: usize = 24;

/// Both, and levels with none before and after all classes, as far as the effort allows.
pub(super) fn plans(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver, plans: &mut Vec<Plan>) {
    let kinds: Vec<u32> = census.classes.iter().map(|c| c.0).collect();
    let few = |plans: &[Plan]| plans.iter().map(|plan| plan.units).min().unwrap_or(usize::MAX);
    let cost = kinds.len() * (COST * grid.cells.len() + 512);
    let large = solver.left() < cost as i64;
    if large && grid.axes.len() == 2 {
        plans.extend(levels::plan(grid, target, &kinds, few(plans), solver));
    } else if !large {
        plans.extend(levels(grid, target, &kinds, few(plans), solver));
    }
    if census.nothing() {
        let mut kinds = kinds.clone();
        kinds.rotate_right(1);
        if large && grid.axes.len() == 2 {
            plans.extend(levels::plan(grid, target, &kinds, few(plans), solver));
        } else if solver.left() >= cost as i64 {
            plans.extend(levels(grid, target, &kinds, few(plans), solver));
        }
    }
    if few(plans) > census.lower_bound(target) && solver.left() >= cost as i64 {
        plans.push(singles(grid, target, &kinds, solver));
    }
}

fn singles(grid: &Rc<Grid>, target: &Rc<Target>, kinds: &[u32], solver: &Solver) -> Plan {
    let indicator = |kind: u32| (kind, indicator(grid, solver, |cell| cell == kind));
    let mut each: Vec<(u32, Plan)> = kinds.iter().copied().map(indicator).collect();
    let dearest = (0..each.len()).max_by_key(|&i| each[i].1.units).unwrap_or(0);
    let (rest, _) = each.swap_remove(dearest);
    let from = target.of(rest);
    let terms = each.into_iter().map(|(kind, plan)| (sum(target.of(kind), from, -1.0), plan)).collect();
    combined("class by class", from, terms)
}

/// Nothing if it takes `limit` units or more.
fn levels(grid: &Rc<Grid>, target: &Rc<Target>, kinds: &[u32], limit: usize, solver: &Solver) -> Option<Plan> {
    let most = kinds.iter().filter(|k| **k != NOTHING).max().map_or(0, |&k| k as usize + 1);
    let mut place = vec![0; most];
    let mut place_of_nothing = 0;
    for (i, &kind) in kinds.iter().enumerate() {
        if kind == NOTHING { place_of_nothing = i } else { place[kind as usize] = i }
    }
    let (mut terms, mut units) = (Vec::new(), 0);
    for t in 1..kinds.len() {
        let after = |cell: u32| if cell == NOTHING { place_of_nothing >= t } else { place[cell as usize] >= t };
        let plan = indicator(grid, solver, after);
        units += plan.units;
        if units >= limit {
            return None;
        }
        terms.push((sum(target.of(kinds[t]), target.of(kinds[t - 1]), -1.0), plan));
    }
    Some(combined("levels", target.of(kinds[0]), terms))
}

/// The indicator of the cells (other than free ones) for which `inside` holds.
fn indicator(grid: &Grid, solver: &Solver, inside: impl Fn(u32) -> bool) -> Plan {
    let cell = |&cell: &u32| match cell {
        ANY => ANY,
        cell if inside(cell) => 0,
        _ => NOTHING,
    };
    solver.spent(grid.cells.len());
    solve::best(&grid.map(cell), &Rc::new(Target::indicator()), solver)
}

/// `constant + Σ vector · indicator`.
fn combined(method: &'static str, constant: &Vector, terms: Vec<(Vector, Plan)>) -> Plan {
    let units = terms.iter().map(|(_, plan)| plan.units).sum();
    let constant = terms.iter().fold(constant.clone(), |total, (vector, plan)| sum(&total, vector, plan.scalar()));
    Plan::new(method, units, constant, move || {
        let scaled = |(vector, plan): (Vector, Plan)| -> Vec<Part> {
            (plan.build)().into_iter().map(|part| part.scaled(&vector)).collect()
        };
        terms.into_iter().flat_map(scaled).collect()
    })
}
