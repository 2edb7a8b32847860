//! Indicators of sets of pairs: numberings that make a nested set a comparison and a set of blocks an equality, and greedy
//! partitions into rectangles.

use std::rc::Rc;

use super::{
    grid::{Grid, NOTHING},
    plan::{Plan, Solver},
    sums::{Numbering, dense_ranks},
    unit::Part,
};

/// Numberings under which the set may be `row ≥ column` or `row = column`; whoever uses them checks that it is.
pub(super) fn numberings(grid: &Grid) -> Vec<Numbering> {
    vec![nested(grid), blocks(grid, 0), blocks(grid, NOTHING)]
}

/// Rows by the size of their set. If sets are nested, a column is in a row's set iff the row is not smaller than the
/// smallest row it is in.
fn nested(grid: &Grid) -> Numbering {
    let width = grid.len(1);
    let sizes: Vec<u64> =
        grid.cells.chunks_exact(width).map(|row| row.iter().filter(|c| **c == 0).count() as u64).collect();
    let ranks = dense_ranks(&sizes);
    let beyond = ranks.iter().max().map_or(0, |&rank| rank + 1);
    let mut from = vec![beyond; width];
    for (row, rank) in grid.cells.chunks_exact(width).zip(&ranks) {
        let inside = from.iter_mut().zip(row).filter(|(_, cell)| **cell == 0);
        inside.for_each(|(from, _)| *from = (*from).min(*rank));
    }
    vec![ranks, from.into_iter().map(|rank| -rank).collect()]
}

/// If the cells of `class` are blocks that share no row and no column, the number of its block for each row and column.
fn blocks(grid: &Grid, class: u32) -> Numbering {
    let width = grid.len(1);
    let (mut next, mut columns) = (0, vec![None; width]);
    let mut rows = Vec::new();
    for row in grid.cells.chunks_exact(width) {
        let inside = || (0..width).filter(|&c| row[c] == class);
        let known = inside().find_map(|c| columns[c]);
        let number = known.unwrap_or_else(|| {
            next += 1;
            next
        });
        inside().for_each(|c| columns[c] = columns[c].or(Some(number)));
        rows.push(number);
    }
    // A column of no block gets a number that no row has.
    vec![rows, columns.into_iter().map(|column| -column.unwrap_or(next + 1)).collect()]
}

/// Rectangles that together are the set, each cell in one: fewer than `limit`, or nothing.
///
/// Greedy by area: the columns that a row still lacks, or that two rows both lack, with all rows that lack them.
pub(super) fn rectangles(grid: &Rc<Grid>, limit: usize, solver: &Solver) -> Option<Plan> {
    let (height, width) = (grid.len(0), grid.len(1));
    let words = width.div_ceil(64);
    let mut open: Vec<Vec<u64>> = grid.cells.chunks_exact(width).map(bits).collect();
    let mut found: Vec<(Vec<usize>, Vec<u64>)> = Vec::new();
    while open.iter().flatten().any(|&word| word != 0) {
        if found.len() + 1 >= limit || !solver.spend(height * height * words * if height <= 32 { height } else { 1 }) {
            return None;
        }
        let columns = largest(&open)?;
        let rows: Vec<usize> = (0..height).filter(|&r| contains(&open[r], &columns)).collect();
        for &r in &rows {
            open[r].iter_mut().zip(&columns).for_each(|(word, mask)| *word &= !mask);
        }
        found.push((rows, columns));
    }
    let grid = grid.clone();
    Some(Plan::new("rectangles", found.len(), Vec::new(), move || {
        found.iter().map(|(rows, columns)| rectangle(&grid, rows, columns)).collect()
    }))
}

fn rectangle(grid: &Grid, rows: &[usize], columns: &[u64]) -> Part {
    let mut reads = Vec::new();
    for &row in rows {
        grid.axes[0].read(row, 1, &mut reads);
    }
    let inside = (0..grid.len(1)).filter(|&c| columns[c / 64] >> (c % 64) & 1 == 1);
    inside.for_each(|c| grid.axes[1].read(c, 1, &mut reads));
    Part::conjunction(2, reads, vec![(0, 1.0)])
}

fn bits(row: &[u32]) -> Vec<u64> {
    let word = |cells: &[u32]| cells.iter().enumerate().fold(0, |word, (i, &c)| word | u64::from(c == 0) << i);
    row.chunks(64).map(word).collect()
}

fn contains(row: &[u64], columns: &[u64]) -> bool {
    row.iter().zip(columns).all(|(row, columns)| row & columns == *columns)
}

/// The set of columns whose rectangle has the largest area, among the rows' sets and (for few rows) their intersections.
fn largest(open: &[Vec<u64>]) -> Option<Vec<u64>> {
    let mut candidates: Vec<Vec<u64>> = open.to_vec();
    if open.len() <= 32 {
        for (i, a) in open.iter().enumerate() {
            candidates.extend(open[..i].iter().map(|b| a.iter().zip(b).map(|(a, b)| a & b).collect()));
        }
    }
    let area = |columns: &Vec<u64>| {
        let size: u32 = columns.iter().map(|word| word.count_ones()).sum();
        size as usize * open.iter().filter(|row| contains(row, columns)).count()
    };
    let best = candidates.iter().map(|columns| (area(columns), columns)).filter(|(area, _)| *area > 0);
    best.max_by_key(|(area, columns)| (*area, std::cmp::Reverse(*columns))).map(|(_, columns)| columns.clone())
}
