//! What the constructions share: plans (a count of units now, the units on demand), the vectors to be written, and the
//! effort that bounds the search.

use std::cell::Cell;

use super::{
    grid::{ANY, Grid, NOTHING},
    unit::{LATTICE, Part, Vector, quantum, sum},
};

/// A construction for a grid, counted but not yet built.
pub(super) struct Plan {
    pub(super) method: &'static str,
    /// How many units it takes (at most: equal units of its pieces become one in the end).
    pub(super) units: usize,
    pub(super) constant: Vector,
    pub(super) build: Box<dyn FnOnce() -> Vec<Part>>,
}

impl Plan {
    pub(super) fn new(
        method: &'static str,
        units: usize,
        constant: Vector,
        build: impl FnOnce() -> Vec<Part> + 'static,
    ) -> Self {
        Self { method, units, constant, build: Box::new(build) }
    }

    /// For a plan that writes a scalar in class 0: its constant.
    pub(super) fn scalar(&self) -> f64 {
        self.constant.first().map_or(0.0, |c| c.1)
    }

    /// From the indicator of a set to that of its complement.
    pub(super) fn complement(self) -> Self {
        let minus = vec![(0, -1.0)];
        let constant = sum(&vec![(0, 1.0)], &self.constant, -1.0);
        let build = self.build;
        Self::new(self.method, self.units, constant, move || build().into_iter().map(|p| p.scaled(&minus)).collect())
    }
}

/// The plan with the fewest units, the earlier of equals.
pub(super) fn cheapest(plans: Vec<Plan>) -> Option<Plan> {
    plans.into_iter().min_by_key(|plan| plan.units)
}

/// What each class writes.
#[derive(Debug)]
pub(super) struct Target {
    vectors: Vec<Vector>,
    nothing: Vector,
}

impl Target {
    pub(super) fn new(vectors: Vec<Vector>) -> Self {
        Self { vectors, nothing: Vector::new() }
    }

    /// The target of an indicator: class 0 writes 1 in direction 0.
    pub(super) fn indicator() -> Self {
        Self::new(vec![vec![(0, 1.0)]])
    }

    /// The vector of a class; nothing and anything write nothing.
    pub(super) fn of(&self, class: u32) -> &Vector {
        if class >= NOTHING { &self.nothing } else { &self.vectors[class as usize] }
    }

    /// Where all vectors are multiples of direction 0 and their values integers below 2^24 times a power of two: that power and
    /// each class's integer.
    pub(super) fn integers(&self) -> Option<(f64, Vec<i64>)> {
        if self.dimension() > 1 {
            return None;
        }
        let values: Vec<f64> = self.vectors.iter().map(|v| v.first().map_or(0.0, |w| w.1)).collect();
        let step = values.iter().filter(|v| **v != 0.0).map(|&v| quantum(v)).fold(f64::INFINITY, f64::min);
        if step.is_infinite() {
            return Some((1.0, vec![0; values.len()]));
        }
        let scaled = |v: &f64| (v.abs() < LATTICE * step).then(|| (v / step) as i64);
        values.iter().map(scaled).collect::<Option<Vec<i64>>>().map(|integers| (step, integers))
    }

    pub(super) fn dimension(&self) -> usize {
        self.vectors.iter().flatten().map(|w| w.0 as usize + 1).max().unwrap_or(0)
    }
}

/// Which classes a grid's cells have.
pub(super) struct Census {
    /// (class, number of cells), by class; [`NOTHING`], where it occurs, is last.
    pub(super) classes: Vec<(u32, usize)>,
    pub(super) any: bool,
}

impl Census {
    pub(super) fn of(grid: &Grid) -> Self {
        let most = grid.cells.iter().filter(|c| **c < NOTHING).max().map_or(0, |&c| c as usize + 1);
        let (mut counts, mut nothing, mut any) = (vec![0usize; most], 0, false);
        for &cell in &grid.cells {
            match cell {
                NOTHING => nothing += 1,
                ANY => any = true,
                class => counts[class as usize] += 1,
            }
        }
        let mut classes: Vec<_> =
            counts.into_iter().enumerate().filter(|(_, n)| *n > 0).map(|(c, n)| (c as u32, n)).collect();
        if nothing > 0 {
            classes.push((NOTHING, nothing));
        }
        Self { classes, any }
    }

    pub(super) fn nothing(&self) -> bool {
        self.classes.last().is_some_and(|c| c.0 == NOTHING)
    }

    /// No construction has fewer units: the outputs are affine in the units, and span this many dimensions.
    pub(super) fn lower_bound(&self, target: &Target) -> usize {
        self.classes.len().saturating_sub(1).min(target.dimension())
    }
}

/// The search's budget, in cells looked at, and what it may use.
pub(super) struct Solver {
    effort: Cell<i64>,
    /// Each output must be the sum of at most one nonzero term: only disjoint boxes, no constant.
    pub(super) single_term: bool,
}

impl Solver {
    pub(super) fn new(effort: i64, single_term: bool) -> Self {
        Self { effort: Cell::new(effort), single_term }
    }

    /// Takes the cost from what is left, if there is enough.
    pub(super) fn spend(&self, cells: usize) -> bool {
        let left = self.effort.get() - cells as i64;
        if left >= 0 {
            self.effort.set(left);
        }
        left >= 0
    }

    /// Takes the cost of what has been done.
    pub(super) fn spent(&self, cells: usize) {
        self.effort.set(self.effort.get() - cells as i64);
    }

    pub(super) fn left(&self) -> i64 {
        self.effort.get()
    }
}
