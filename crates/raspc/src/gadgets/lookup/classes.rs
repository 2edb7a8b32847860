//! Two axes, class by class, each class by whichever takes the fewest units:
//! - a unit for each distinct row, or each distinct column, of its cells;
//! - nested: if its rows are subsets of one another, [r(a) ≥ q(b)], two units;
//! - blocks: if its distinct rows are disjoint, [block of a = block of b], three units;
//!
//! and one class, the most expensive, by being what is left.
//!
//! **Exactness.** Boxes as in `boxes.rs`. Nested: r ranks the rows by size, q(b) is the smallest rank of a row that has column
//! b, s = r − q is an integer and `relu(s + 1) − relu(s)` is exactly [s ≥ 0]. Blocks: s is the difference of the blocks'
//! numbers and `relu(s + 1) − 2·relu(s) + relu(s − 1)` is exactly [s = 0].

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    boxes::{Rows, Run},
    grid::NOTHING,
    plan::{Plan, Solver, Target},
    unit::{Part, Read, Vector, sum},
};

/// How a class is made, cheapest first where counts are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Rows,
    Columns,
    Nested,
    Blocks,
}

/// The plan; `columns` is the same grid transposed.
pub(super) fn plan(rows: &Rc<Rows>, columns: &Rc<Rows>, target: &Rc<Target>, solver: &Solver) -> Plan {
    let (by_row, by_column) = (by_class(rows), by_class(columns));
    let both = by_row.chunk_by(|a, b| a.class == b.class).zip(by_column.chunk_by(|a, b| a.class == b.class));
    let shape = |(of_row, of_column): (&[&Run], &[&Run])| (of_row[0].class, cheapest(rows, of_row, of_column, solver));
    let mut shapes: BTreeMap<u32, (usize, Shape)> = both.map(shape).collect();
    let dearest = shapes.iter().max_by_key(|(_, shape)| shape.0).map_or(NOTHING, |(class, _)| *class);
    let rest = if solver.single_term { NOTHING } else { dearest };
    shapes.remove(&rest);
    let units = shapes.values().map(|shape| shape.0).sum();
    let (rows, columns, target) = (rows.clone(), columns.clone(), target.clone());
    let constant = target.of(rest).clone();
    Plan::new("each class by its shape", units, constant, move || {
        let writes = |class: u32| sum(target.of(class), target.of(rest), -1.0);
        parts(&rows, &columns, &shapes, writes)
    })
}

/// The runs sorted by class, each class's by row.
fn by_class(rows: &Rows) -> Vec<&Run> {
    let mut order: Vec<(u32, usize)> = rows.runs.iter().enumerate().map(|(i, run)| (run.class, i)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, i)| &rows.runs[i]).collect()
}

fn cheapest(rows: &Rows, rows_of: &[&Run], columns_of: &[&Run], solver: &Solver) -> (usize, Shape) {
    let (by_rows, by_columns) = (distinct(rows_of), distinct(columns_of));
    let boxes = if by_rows.len() <= by_columns.len() {
        (by_rows.len(), Shape::Rows)
    } else {
        (by_columns.len(), Shape::Columns)
    };
    if boxes.0 <= 2 || solver.single_term || collision(rows, rows_of, &by_rows) {
        return boxes;
    }
    if nested(rows, &by_rows, columns_of.len()) {
        return (2, Shape::Nested);
    }
    // The distinct rows are disjoint iff their sizes add up to the number of columns.
    let sizes: usize = by_rows.values().map(|run| rows.columns(run).len()).sum();
    if boxes.0 > 3 && sizes == columns_of.len() {
        return (3, Shape::Blocks);
    }
    boxes
}

/// One run for each distinct set of columns.
fn distinct<'a>(runs: &[&'a Run]) -> BTreeMap<u64, &'a Run> {
    runs.iter().map(|&run| (run.hash, run)).collect()
}

/// Whether two different sets have the same hash: then neither shape below may trust them. (Boxes compare the sets.)
fn collision(rows: &Rows, runs: &[&Run], distinct: &BTreeMap<u64, &Run>) -> bool {
    runs.iter().any(|run| rows.columns(run) != rows.columns(distinct[&run.hash]))
}

/// Sets are nested iff each contains the next smaller one.
fn nested(rows: &Rows, by_rows: &BTreeMap<u64, &Run>, columns: usize) -> bool {
    let mut sets: Vec<&[u32]> = by_rows.values().map(|run| rows.columns(run)).collect();
    sets.sort_by_key(|set| set.len());
    // Cheap tests first: sizes differ, and the largest has every column.
    let sizes = sets.windows(2).all(|pair| pair[0].len() < pair[1].len());
    sizes && sets.last().is_some_and(|set| set.len() == columns) && sets.windows(2).all(|pair| subset(pair[0], pair[1]))
}

/// Of sorted sets.
fn subset(small: &[u32], large: &[u32]) -> bool {
    let mut rest = large.iter();
    small.iter().all(|x| rest.any(|y| y == x))
}

fn parts(
    rows: &Rows,
    columns: &Rows,
    shapes: &BTreeMap<u32, (usize, Shape)>,
    writes: impl Fn(u32) -> Vector,
) -> Vec<Part> {
    let boxes = |side: &Rows, shape: Shape| -> Vec<Part> {
        let runs = side.runs.iter().filter(|run| shapes.get(&run.class).is_some_and(|s| s.1 == shape));
        let grouped = side.grouped(runs.map(|run| (run.class, run))).into_iter();
        grouped.map(|(class, runs)| side.conjunction(&runs, writes(class))).collect()
    };
    let mut parts = boxes(rows, Shape::Rows);
    parts.extend(boxes(columns, Shape::Columns));
    for runs in by_class(rows).chunk_by(|a, b| a.class == b.class) {
        let class = runs[0].class;
        match shapes.get(&class) {
            Some((_, Shape::Nested)) => parts.push(comparison(rows, runs, &writes(class))),
            Some((_, Shape::Blocks)) => parts.push(equality(rows, runs, &writes(class))),
            _ => {}
        }
    }
    parts
}

/// `[r(a) ≥ q(b)]`: with n ranks from 1 and L = n + 1, a row reads r, a column L − q, rows and columns without cells of the class
/// nothing; r + L − q ≥ L iff r ≥ q, and what lacks one of the two stays below L.
fn comparison(rows: &Rows, runs: &[&Run], writes: &Vector) -> Part {
    let sizes: BTreeSet<usize> = runs.iter().map(|run| rows.columns(run).len()).collect();
    let rank: BTreeMap<usize, i64> = sizes.into_iter().zip(1..).collect();
    let level = rank.len() as i64 + 1;
    let mut q: BTreeMap<u32, i64> = BTreeMap::new();
    let mut reads = Vec::new();
    for run in runs {
        let rank = rank[&rows.columns(run).len()];
        rows.grid.axes[0].read(run.row as usize, rank, &mut reads);
        for &column in rows.columns(run) {
            let q = q.entry(column).or_default();
            *q = (*q).max(level - rank);
        }
    }
    for (column, q) in q {
        rows.grid.axes[1].read(column as usize, q, &mut reads);
    }
    hinges(reads, &[(1 - level, 1.0), (-level, -1.0)], writes)
}

/// `[block of a = block of b]`: with n blocks from 1 and L = n + 1, a row reads L + block, a column L − block, rows and columns
/// of no block nothing; the sum is 2L iff the blocks are equal, and at most 2L − 1 where one of the two is missing.
fn equality(rows: &Rows, runs: &[&Run], writes: &Vector) -> Part {
    let blocks: BTreeMap<u64, i64> = distinct(runs).into_keys().zip(1..).collect();
    let level = blocks.len() as i64 + 1;
    let mut reads = Vec::new();
    let mut seen = BTreeSet::new();
    for run in runs {
        let block = blocks[&run.hash];
        rows.grid.axes[0].read(run.row as usize, level + block, &mut reads);
        if seen.insert(block) {
            for &column in rows.columns(run) {
                rows.grid.axes[1].read(column as usize, level - block, &mut reads);
            }
        }
    }
    hinges(reads, &[(1 - 2 * level, 1.0), (-2 * level, -2.0), (-1 - 2 * level, 1.0)], writes)
}

fn hinges(reads: Vec<Read>, steps: &[(i64, f64)], writes: &Vector) -> Part {
    let hinge = |&(offset, weight): &(i64, f64)| (offset, sum(&Vector::new(), writes, weight));
    Part { reads, hinges: steps.iter().map(hinge).collect() }
}
