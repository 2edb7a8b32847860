//! Three and more arguments: one argument picks which of several smaller tables applies.
//!
//! **Exactness.** A table's units are gated by the values that pick it (`Part::gated`), so those of the others are exactly 0.
//! Its constant becomes a unit that reads those values; the constant that most values have stays a constant, and the others
//! write the difference.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    grid::Grid,
    plan::{Plan, Solver, Target},
    solve,
    unit::{Part, Vector, sum},
};

/// The best argument to split by, among as many as the effort allows (at least the one with the fewest values).
pub(super) fn plan(grid: &Rc<Grid>, target: &Rc<Target>, solver: &Solver) -> Option<Plan> {
    let mut axes: Vec<usize> = (0..grid.axes.len()).collect();
    axes.sort_by_key(|&axis| grid.len(axis));
    let mut best: Option<Plan> = None;
    for axis in axes {
        if best.is_some() && !solver.spend(64 * grid.cells.len()) {
            break;
        }
        let plan = by(grid, axis, target, solver);
        if best.as_ref().is_none_or(|old| plan.units < old.units) {
            best = Some(plan);
        }
    }
    best
}

fn by(grid: &Rc<Grid>, axis: usize, target: &Rc<Target>, solver: &Solver) -> Plan {
    let plans: Vec<Plan> = (0..grid.len(axis)).map(|v| solve::best(&grid.slice(axis, v), target, solver)).collect();
    let mut constants: Vec<(Vector, Vec<usize>)> = Vec::new();
    for (v, plan) in plans.iter().enumerate() {
        match constants.iter_mut().find(|(constant, _)| *constant == plan.constant) {
            Some((_, values)) => values.push(v),
            None => constants.push((plan.constant.clone(), vec![v])),
        }
    }
    let base = if solver.single_term {
        Vector::new()
    } else {
        constants.iter().max_by_key(|(_, values)| values.len()).map_or(Vector::new(), |c| c.0.clone())
    };
    constants.retain(|(constant, _)| *constant != base);
    let units = plans.iter().map(|plan| plan.units).sum::<usize>() + constants.len();
    let (grid, constant) = (grid.clone(), base.clone());
    Plan::new("split by one argument", units, constant, move || {
        let axis = &grid.axes[axis];
        let linear = constants.into_iter().map(|(constant, values)| {
            let mut reads = Vec::new();
            for v in values {
                axis.read(v, 1, &mut reads);
            }
            Part::conjunction(1, reads, sum(&constant, &base, -1.0))
        });
        let mut parts: Vec<Part> = linear.collect();
        for (v, plan) in plans.into_iter().enumerate() {
            let gate: Vec<(u32, u32)> = axis.members(v).iter().map(|&value| (axis.arg, value)).collect();
            parts.extend((plan.build)().into_iter().map(|part| part.gated(&gate)));
        }
        parts
    })
}

/// The construction gated by several arguments not being none: each of `gates` has the values of one argument.
pub(super) fn gated_by_all(parts: Vec<Part>, constant: &Vector, gates: &[Vec<(u32, u32)>]) -> Vec<Part> {
    let gate = |part: Part| gates.iter().fold(part, |part, gate| combined(part.gated(gate)));
    let mut parts: Vec<Part> = parts.into_iter().map(gate).collect();
    if !constant.is_empty() {
        let reads = gates.iter().flatten().map(|&(arg, value)| (arg, value, 1)).collect();
        parts.push(Part::conjunction(gates.len(), reads, constant.clone()));
    }
    parts
}

/// Reads of the same value become one.
fn combined(mut part: Part) -> Part {
    let mut weights: BTreeMap<(u32, u32), i64> = BTreeMap::new();
    part.reads.iter().for_each(|&(arg, value, w)| *weights.entry((arg, value)).or_default() += w);
    part.reads = weights.into_iter().map(|((arg, value), w)| (arg, value, w)).collect();
    part
}
