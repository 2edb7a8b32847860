//! Ordered levels of a two-axis grid in time that is nearly linear in its cells, for tables too large to look at each level by
//! itself: out = v(k_0) + Σ_t (v(k_t) − v(k_{t−1}))·[T at or after k_t], each level a unit for each distinct row or column of the
//! set or of its complement.
//!
//! **Exactness.** The boxes of a level are disjoint conjunctions, so each level is exactly 0 or 1, or 1 minus that.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    grid::{ANY, Grid, NOTHING, mix},
    plan::{Plan, Solver, Target},
    unit::{Part, Vector, sum},
};

/// Which lines of a level (or of its complement) become boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    units: usize,
    columns: bool,
    complement: bool,
}

/// The levels of the kinds of output in the order given, if they take fewer than `limit` units.
pub(super) fn plan(grid: &Rc<Grid>, target: &Rc<Target>, kinds: &[u32], limit: usize, solver: &Solver) -> Option<Plan> {
    if !solver.spend(8 * grid.cells.len()) {
        return None;
    }
    let cells = Rc::new(by_kind(grid, kinds));
    let mut shapes: Vec<Shape> = Vec::with_capacity(kinds.len());
    let (mut units, mut hopeless) = (0, false);
    sweep(grid, &cells, |lines| {
        let shape = cheapest(lines);
        units += shape.units;
        hopeless |= units >= limit;
        shapes.push(shape);
        !hopeless
    });
    if hopeless {
        return None;
    }
    let complements = (1..kinds.len()).rev().zip(&shapes).filter(|(_, shape)| shape.complement);
    let constant =
        complements.fold(target.of(kinds[0]).clone(), |total, (t, _)| sum(&total, &step(target, kinds, t), 1.0));
    let (grid, target, kinds) = (grid.clone(), target.clone(), kinds.to_vec());
    Some(Plan::new("levels", units, constant, move || {
        let (mut parts, mut level) = (Vec::new(), kinds.len());
        let mut shapes = shapes.into_iter();
        sweep(&grid, &cells, |lines| {
            level -= 1;
            let Some(shape) = shapes.next() else { return false };
            let writes = sum(&Vector::new(), &step(&target, &kinds, level), if shape.complement { -1.0 } else { 1.0 });
            boxes(&grid, &lines[usize::from(shape.columns)], shape, &writes, &mut parts);
            true
        });
        parts
    }))
}

/// What level t writes.
fn step(target: &Target, kinds: &[u32], t: usize) -> Vector {
    sum(target.of(kinds[t]), target.of(kinds[t - 1]), -1.0)
}

/// The cells (but for free ones) of each kind.
fn by_kind(grid: &Grid, kinds: &[u32]) -> Vec<Vec<u32>> {
    let place: BTreeMap<u32, usize> = kinds.iter().enumerate().map(|(i, &kind)| (kind, i)).collect();
    let most = kinds.iter().filter(|kind| **kind != NOTHING).max().map_or(0, |&kind| kind as usize + 1);
    let dense: Vec<Option<usize>> = (0..most as u32).map(|kind| place.get(&kind).copied()).collect();
    let mut out = vec![Vec::new(); kinds.len()];
    for (index, &cell) in grid.cells.iter().enumerate() {
        let kind = match cell {
            ANY => None,
            NOTHING => place.get(&NOTHING).copied(),
            class => dense[class as usize],
        };
        if let Some(kind) = kind {
            out[kind].push(index as u32);
        }
    }
    out
}

/// The rows (or columns) of a growing set of cells.
struct Lines {
    words: usize,
    bits: Vec<u64>,
    /// The sum of the members' hashes: equal for equal lines, and 0 for the empty one.
    hashes: Vec<u64>,
    /// How many lines have each hash.
    distinct: BTreeMap<u64, usize>,
    /// The hash of the line that has every cell.
    full: u64,
}

impl Lines {
    fn new(lines: usize, width: usize) -> Self {
        let full = (0..width as u64).fold(0, |total: u64, c| total.wrapping_add(mix(c)));
        let words = width.div_ceil(64);
        let distinct = [(0, lines)].into_iter().collect();
        Self { words, bits: vec![0; lines * words], hashes: vec![0; lines], distinct, full }
    }

    fn insert(&mut self, line: usize, at: usize) {
        self.bits[line * self.words + at / 64] |= 1 << (at % 64);
        let hash = self.hashes[line];
        let count = self.distinct.entry(hash).or_default();
        *count -= 1;
        if *count == 0 {
            self.distinct.remove(&hash);
        }
        self.hashes[line] = hash.wrapping_add(mix(at as u64));
        *self.distinct.entry(self.hashes[line]).or_default() += 1;
    }

    /// Distinct lines that are not empty, and distinct lines that are not full.
    fn counts(&self) -> (usize, usize) {
        let without = |hash: u64| self.distinct.len() - usize::from(self.distinct.contains_key(&hash));
        (without(0), without(self.full))
    }

    fn line(&self, line: usize) -> &[u64] {
        &self.bits[line * self.words..][..self.words]
    }
}

/// Calls `visit` with rows and columns of each level, the highest first, until it says no.
fn sweep(grid: &Grid, cells: &[Vec<u32>], mut visit: impl FnMut(&[Lines; 2]) -> bool) {
    let (height, width) = (grid.len(0), grid.len(1));
    let mut lines = [Lines::new(height, width), Lines::new(width, height)];
    for kind in cells[1..].iter().rev() {
        for &index in kind {
            let (row, column) = (index as usize / width, index as usize % width);
            lines[0].insert(row, column);
            lines[1].insert(column, row);
        }
        if !visit(&lines) {
            return;
        }
    }
}

fn cheapest(lines: &[Lines; 2]) -> Shape {
    let shapes = [false, true].map(|columns| {
        let (set, complement) = lines[usize::from(columns)].counts();
        [(set, false), (complement, true)].map(|(units, complement)| Shape { units, columns, complement })
    });
    *shapes.as_flattened().iter().min().expect("there are four shapes")
}

/// A conjunction for each distinct line.
fn boxes(grid: &Grid, lines: &Lines, shape: Shape, writes: &Vector, parts: &mut Vec<Part>) {
    let (axis, other) = (usize::from(shape.columns), usize::from(!shape.columns));
    let mut order: Vec<(u64, usize)> = lines.hashes.iter().enumerate().map(|(line, &hash)| (hash, line)).collect();
    order.sort_unstable();
    // Equal hashes stand side by side; should two different lines have one, they become two boxes.
    for group in order.chunk_by(|a, b| a.0 == b.0 && lines.line(a.1) == lines.line(b.1)) {
        let line = lines.line(group[0].1);
        let inside = |c: &usize| (line[c / 64] >> (c % 64) & 1 == 1) != shape.complement;
        let mut reads = Vec::new();
        (0..grid.len(other)).filter(inside).for_each(|c| grid.axes[other].read(c, 1, &mut reads));
        if reads.is_empty() {
            continue;
        }
        for &(_, line) in group {
            grid.axes[axis].read(line, 1, &mut reads);
        }
        parts.push(Part::conjunction(2, reads, writes.clone()));
    }
}
