//! Three and more arguments: one argument picks which of several smaller tables applies.
//!
//! **Exactness.** A table's units are gated by the values that pick it (`Part::gated`), so those of the others are exactly 0.
//! Its constant becomes a unit that reads those values; the constant that most values have stays a constant, and the others
//! write the difference. In one direction all of them are one linear form.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    grid::Grid,
    numeric,
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
    let constants: Vec<Vector> = plans.iter().map(|plan| plan.constant.clone()).collect();
    let (base, linear) = by_value(grid, axis, target, &constants, solver);
    let units = plans.iter().map(|plan| plan.units).sum::<usize>() + linear.len();
    let grid = grid.clone();
    Plan::new("split by one argument", units, base, move || {
        let axis = &grid.axes[axis];
        let mut parts = linear;
        for (v, plan) in plans.into_iter().enumerate() {
            let gate: Vec<(u32, u32)> = axis.members(v).iter().map(|&value| (axis.arg, value)).collect();
            parts.extend((plan.build)().into_iter().map(|part| part.gated(&gate)));
        }
        parts
    })
}

/// A vector for each value of an axis, as a constant and units that read the axis alone.
fn by_value(grid: &Grid, axis: usize, target: &Target, vectors: &[Vector], solver: &Solver) -> (Vector, Vec<Part>) {
    let axis = &grid.axes[axis];
    if target.dimension() <= 1 && !solver.single_term {
        // One direction: the values above the least are one linear form.
        if let Some((step, integers)) = Target::new(vectors.to_vec()).integers() {
            let (constant, part) = numeric::linear(std::slice::from_ref(axis), &[integers], step);
            return (constant, part.into_iter().collect());
        }
    }
    let mut groups: Vec<(&Vector, Vec<usize>)> = Vec::new();
    for (v, vector) in vectors.iter().enumerate() {
        match groups.iter_mut().find(|(known, _)| *known == vector) {
            Some((_, values)) => values.push(v),
            None => groups.push((vector, vec![v])),
        }
    }
    let most = groups.iter().max_by_key(|(_, values)| values.len());
    let base = if solver.single_term { Vector::new() } else { most.map_or(Vector::new(), |group| group.0.clone()) };
    let part = |(vector, values): (&Vector, Vec<usize>)| {
        let mut reads = Vec::new();
        for v in values {
            axis.read(v, 1, &mut reads);
        }
        Part::conjunction(1, reads, sum(vector, &base, -1.0))
    };
    let parts = groups.into_iter().filter(|group| *group.0 != base).map(part).collect();
    (base, parts)
}

/// The plan gated by several arguments not being none: each of `gates` has the values of one argument.
pub(super) fn gated_by_all(plan: Plan, gates: &[Vec<(u32, u32)>]) -> Plan {
    if gates.is_empty() {
        return plan;
    }
    let (build, constant, gates) = (plan.build, plan.constant, gates.to_vec());
    let units = plan.units + usize::from(!constant.is_empty());
    Plan::new(plan.method, units, Vector::new(), move || {
        let gate = |part: Part| gates.iter().fold(part, |part, gate| combined(part.gated(gate)));
        let mut parts: Vec<Part> = build().into_iter().map(gate).collect();
        if !constant.is_empty() {
            let reads = gates.iter().flatten().map(|&(arg, value)| (arg, value, 1)).collect();
            parts.push(Part::conjunction(gates.len(), reads, constant));
        }
        parts
    })
}

/// Reads of the same value become one.
fn combined(mut part: Part) -> Part {
    let mut weights: BTreeMap<(u32, u32), i64> = BTreeMap::new();
    part.reads.iter().for_each(|&(arg, value, w)| *weights.entry((arg, value)).or_default() += w);
    part.reads = weights.into_iter().map(|((arg, value), w)| (arg, value, w)).collect();
    part
}
