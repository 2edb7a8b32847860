//! The table as the constructions see it: a dense grid over axes, where none is one more value of its argument.
//!
//! Since an argument's components and its none add up to 1, a linear form that reads none can be rewritten as one that does
//! not (`unit.rs` does so last). So a construction never treats none apart: it is a value whose slice holds [`NOTHING`].
//!
//! **Invariants:** every axis of a reduced grid has at least two values with different slices; each original value of an
//! argument belongs to exactly one value of its axis ([`Grid::present`] leaves out none and what equals it).

use std::rc::Rc;

use super::{Entry, Table, unit::Read};

/// The cell's output is none.
pub(super) const NOTHING: u32 = u32::MAX - 1;
/// The cell is never reached: its output is free.
pub(super) const ANY: u32 = u32::MAX;

/// An argument whose values have been merged where the table does not tell them apart.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) arg: u32,
    /// The number that stands for each value in sums: that of its first member.
    pub(super) numbers: Vec<i64>,
    /// The value that holds none.
    pub(super) none: Option<usize>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Axis {
    /// The axis of an argument as it is; none, where there is one, is value `dim`.
    fn new(arg: usize, dim: usize, nullable: bool, numbers: &[i64]) -> Self {
        let len = dim + usize::from(nullable);
        let number = |v: usize| numbers.get(v).copied().unwrap_or(v as i64);
        Self {
            arg: arg as u32,
            numbers: (0..len).map(number).collect(),
            none: nullable.then_some(dim),
            starts: (0..=len as u32).collect(),
            members: (0..len as u32).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The original values that `value` stands for.
    pub(super) fn members(&self, value: usize) -> &[u32] {
        &self.members[self.starts[value] as usize..self.starts[value + 1] as usize]
    }

    /// Appends reads of the original values of `value`, each with `weight`.
    pub(super) fn read(&self, value: usize, weight: i64, into: &mut Vec<Read>) {
        if weight != 0 {
            into.extend(self.members(value).iter().map(|&v| (self.arg, v, weight)));
        }
    }

    /// The axis without one of its values.
    fn without(&self, value: usize) -> Self {
        let mut numbers = self.numbers.clone();
        numbers.remove(value);
        let (from, to) = (self.starts[value], self.starts[value + 1]);
        let mut starts = self.starts.clone();
        starts.remove(value);
        starts[value..].iter_mut().for_each(|start| *start -= to - from);
        let mut members = self.members.clone();
        members.drain(from as usize..to as usize);
        Self { arg: self.arg, numbers, none: self.none.filter(|&none| none != value), starts, members }
    }

    /// Old value v becomes new value `map[v]`; new values are numbered in order of first occurrence.
    fn merged(&self, map: &[u32], len: usize) -> Self {
        let mut starts = vec![0u32; len + 1];
        for (v, &to) in map.iter().enumerate() {
            starts[to as usize + 1] += self.members(v).len() as u32;
        }
        for v in 0..len {
            starts[v + 1] += starts[v];
        }
        let mut next = starts.clone();
        let mut members = vec![0u32; self.members.len()];
        let mut numbers = vec![None; len];
        for (v, &to) in map.iter().enumerate() {
            let to = to as usize;
            numbers[to].get_or_insert(self.numbers[v]);
            for &member in self.members(v) {
                members[next[to] as usize] = member;
                next[to] += 1;
            }
        }
        for v in 0..len {
            members[starts[v] as usize..starts[v + 1] as usize].sort_unstable();
        }
        let numbers = numbers.into_iter().map(|n| n.expect("every new value has a member")).collect();
        Self { arg: self.arg, numbers, none: self.none.map(|v| map[v] as usize), starts, members }
    }
}

/// A class (or [`NOTHING`], or [`ANY`]) for each combination of the axes' values, the last axis fastest.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) axes: Vec<Rc<Axis>>,
    pub(super) cells: Vec<u32>,
}

impl Grid {
    /// The table's grid, with its entries' classes renumbered by `class`. `numbers[i][v]` is the number that value v of
    /// argument i stands for, where known.
    pub(super) fn new(table: &Table, numbers: &[Vec<i64>], class: impl Fn(u32) -> u32) -> Self {
        let axes: Vec<_> = (0..table.dims.len())
            .map(|i| {
                Rc::new(Axis::new(i, table.dims[i], table.nullable[i], numbers.get(i).map_or(&[][..], Vec::as_slice)))
            })
            .collect();
        let size = axes.iter().map(|axis| axis.len()).product();
        let cell = |entry: &Entry| match *entry {
            Entry::Class(c) => class(c),
            Entry::Nothing => NOTHING,
            Entry::Any => ANY,
        };
        if axes.iter().all(|axis| axis.none.is_none()) {
            return Self { axes, cells: table.entries.iter().map(cell).collect() };
        }
        let mut cells = vec![NOTHING; size];
        let mut at = vec![0; axes.len()];
        for entry in &table.entries {
            let index = at.iter().zip(&axes).fold(0, |index, (&v, axis)| index * axis.len() + v);
            cells[index] = cell(entry);
            for (v, &dim) in at.iter_mut().zip(&table.dims).rev() {
                *v += 1;
                if *v < dim {
                    break;
                }
                *v = 0;
            }
        }
        Self { axes, cells }
    }

    pub(super) fn len(&self, axis: usize) -> usize {
        self.axes[axis].len()
    }

    /// The number of value combinations of the axes before and after `axis`.
    fn around(&self, axis: usize) -> (usize, usize) {
        let product = |axes: &[Rc<Axis>]| axes.iter().map(|axis| axis.len()).product();
        (product(&self.axes[..axis]), product(&self.axes[axis + 1..]))
    }

    /// The cells where `axis` has value `v`, in order, as contiguous runs.
    fn runs(&self, axis: usize, v: usize) -> impl Iterator<Item = &[u32]> {
        let ((outer, inner), len) = (self.around(axis), self.len(axis));
        (0..outer).map(move |o| &self.cells[(o * len + v) * inner..][..inner])
    }

    /// Calls `visit` with the value of `axis` and the cell, for each cell.
    pub(super) fn for_each(&self, axis: usize, mut visit: impl FnMut(usize, u32)) {
        let ((_, inner), len) = (self.around(axis), self.len(axis));
        for block in self.cells.chunks_exact((len * inner).max(1)) {
            for (v, run) in block.chunks_exact(inner).enumerate() {
                for &cell in run {
                    visit(v, cell);
                }
            }
        }
    }

    /// The grid without `axis`, where that axis has value `v`.
    pub(super) fn slice(&self, axis: usize, v: usize) -> Self {
        let mut axes = self.axes.clone();
        axes.remove(axis);
        Self { axes, cells: self.runs(axis, v).flatten().copied().collect() }
    }

    /// The grid where no argument is none, and for each argument that could be, the values (argument, original value) left to it.
    pub(super) fn present(&self) -> (Self, Vec<Vec<(u32, u32)>>) {
        let (mut grid, mut gates) = (self.clone(), Vec::new());
        for axis in 0..grid.axes.len() {
            let Some(none) = grid.axes[axis].none else { continue };
            let ((_, inner), len) = (grid.around(axis), grid.len(axis));
            let mut at = 0..;
            grid.cells.retain(|_| at.next().is_some_and(|i: usize| i / inner % len != none));
            let left = grid.axes[axis].without(none);
            gates.push(left.members.iter().map(|&v| (left.arg, v)).collect());
            grid.axes[axis] = Rc::new(left);
        }
        (grid, gates)
    }

    /// The same axes with other cells.
    pub(super) fn map(&self, cell: impl FnMut(&u32) -> u32) -> Self {
        Self { axes: self.axes.clone(), cells: self.cells.iter().map(cell).collect() }
    }

    /// Rows become columns (two axes only).
    pub(super) fn transposed(&self) -> Self {
        let (rows, columns) = (self.len(0), self.len(1));
        let mut cells = Vec::with_capacity(self.cells.len());
        for c in 0..columns {
            cells.extend((0..rows).map(|r| self.cells[r * columns + c]));
        }
        Self { axes: vec![self.axes[1].clone(), self.axes[0].clone()], cells }
    }

    /// Values of an axis with equal slices become one; axes that do not matter go.
    ///
    /// One pass is enough: columns that differ, differ in a row, and that row or its equal is kept.
    pub(super) fn reduced(&self) -> Self {
        let mut grid = self.clone();
        for axis in 0..grid.axes.len() {
            let map = grid.equal_slices(axis);
            grid.merge(axis, &map);
        }
        grid.without_single_axes()
    }

    /// As [`Grid::reduced`], but slices that differ only where one of them is [`ANY`] become one too. Which ones is a
    /// greedy choice, made for at most `budget` comparisons of cells.
    pub(super) fn merged(&self, mut budget: i64) -> Self {
        let mut grid = self.clone();
        for axis in 0..grid.axes.len() {
            let map = grid.compatible_slices(axis, &mut budget);
            grid.merge(axis, &map);
        }
        grid.without_single_axes()
    }

    fn without_single_axes(mut self) -> Self {
        self.axes.retain(|axis| axis.len() > 1);
        self
    }

    /// For each value of the axis, the number of its group: first come, first numbered.
    fn equal_slices(&self, axis: usize) -> Vec<u32> {
        let mut hashes = vec![0u64; self.len(axis)];
        self.for_each(axis, |v, cell| hashes[v] = mix(hashes[v] ^ u64::from(cell)));
        let mut order: Vec<_> = hashes.into_iter().enumerate().map(|(v, hash)| (hash, v)).collect();
        order.sort_unstable();
        let mut first: Vec<usize> = (0..order.len()).collect();
        for run in order.chunk_by(|a, b| a.0 == b.0) {
            // A collision of hashes only costs a merge: what is merged has been compared.
            let head = run[0].1;
            for &(_, v) in &run[1..] {
                if self.runs(axis, head).eq(self.runs(axis, v)) {
                    first[v] = head;
                }
            }
        }
        number_groups(&first)
    }

    fn compatible_slices(&self, axis: usize, budget: &mut i64) -> Vec<u32> {
        let len = self.len(axis);
        let mut free = vec![0usize; len];
        self.for_each(axis, |v, cell| free[v] += usize::from(cell == ANY));
        let mut order: Vec<usize> = (0..len).collect();
        order.sort_by_key(|&v| free[v]);
        let mut first: Vec<usize> = (0..len).collect();
        let mut groups: Vec<(usize, Vec<u32>)> = Vec::new();
        for v in order {
            let slice: Vec<u32> = self.runs(axis, v).flatten().copied().collect();
            let mut fits = |group: &[u32]| {
                let agree = |(&a, &b): (&u32, &u32)| a == b || a == ANY || b == ANY;
                let clash = group.iter().zip(&slice).position(|pair| !agree(pair));
                *budget -= clash.unwrap_or(slice.len()) as i64 + 1;
                clash.is_none() && *budget > 0
            };
            if let Some((head, group)) = groups.iter_mut().find(|(_, group)| fits(group)) {
                first[v] = *head;
                group.iter_mut().zip(&slice).filter(|(a, _)| **a == ANY).for_each(|(a, &b)| *a = b);
            } else {
                groups.push((v, slice));
            }
        }
        number_groups(&first)
    }

    /// Merges the values of an axis; where slices differ, what is not [`ANY`] stays.
    fn merge(&mut self, axis: usize, map: &[u32]) {
        let len = map.iter().max().map_or(0, |&v| v as usize + 1);
        if len == map.len() {
            return;
        }
        let ((outer, inner), old) = (self.around(axis), self.len(axis));
        let mut cells = vec![ANY; outer * len * inner];
        for o in 0..outer {
            for (v, &to) in map.iter().enumerate() {
                let from = &self.cells[(o * old + v) * inner..][..inner];
                let into = &mut cells[(o * len + to as usize) * inner..][..inner];
                into.iter_mut().zip(from).filter(|(a, _)| **a == ANY).for_each(|(a, &b)| *a = b);
            }
        }
        self.cells = cells;
        self.axes[axis] = Rc::new(self.axes[axis].merged(map, len));
    }
}

/// From "the first value equal to v" to "the number of v's group".
fn number_groups(first: &[usize]) -> Vec<u32> {
    let mut number = vec![u32::MAX; first.len()];
    let mut next = 0;
    // In order of occurrence, not of heads: a head may come after a value that joined it.
    first
        .iter()
        .map(|&head| {
            if number[head] == u32::MAX {
                number[head] = next;
                next += 1;
            }
            number[head]
        })
        .collect()
}

/// A mixing step of 64 bits (the finaliser of splitmix64), the same on every machine.
pub(super) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
