//! Disjoint boxes: units that are 1 exactly where every argument's value lies in that unit's set for it.
//!
//! - one axis: a unit for each class but one;
//! - two axes, row by row: a unit for each set of columns that some rows give one class, rows with the same set sharing it;
//!   with defaults, a row's default class needs no unit of its own: one unit for each default (all rows that have it) but one.
//!
//! (`classes.rs` does two axes class by class.)
//!
//! **Exactness.** Each unit is a conjunction, so 0 or 1. In a row with default d, the units of the cell's class c ≠ d write
//! c − d, so exactly one unit corrects the default, and the terms of an output are at most three of size |vector|.

use std::{collections::BTreeMap, ops::Range, rc::Rc};

use super::{
    grid::{ANY, Grid, NOTHING, mix},
    plan::{Census, Plan, Solver, Target},
    unit::{Part, Vector, sum},
};

/// One axis: a unit for each class. Where every value has a class, the most frequent is the constant.
pub(super) fn groups(grid: &Rc<Grid>, target: &Rc<Target>, census: &Census, solver: &Solver) -> Plan {
    let most = census.classes.iter().max_by_key(|c| c.1).map_or(NOTHING, |c| c.0);
    let rest = if census.nothing() || solver.single_term { NOTHING } else { most };
    let classes: Vec<u32> = census.classes.iter().map(|c| c.0).filter(|&c| c != rest && c != NOTHING).collect();
    let (grid, target, constant) = (grid.clone(), target.clone(), target.of(rest).clone());
    Plan::new("groups of values", classes.len(), constant, move || {
        let part = |class: u32| {
            let mut reads = Vec::new();
            let members = (0..grid.len(0)).filter(|&v| grid.cells[v] == class);
            members.for_each(|v| grid.axes[0].read(v, 1, &mut reads));
            Part::conjunction(1, reads, sum(target.of(class), target.of(rest), -1.0))
        };
        classes.into_iter().map(part).collect()
    })
}

/// The cells of a two-axis grid, row by row, each row's columns sorted by class.
pub(super) struct Rows {
    pub(super) grid: Rc<Grid>,
    columns: Vec<u32>,
    pub(super) runs: Vec<Run>,
    /// Where each row's runs begin, and the end of the last.
    starts: Vec<usize>,
}

/// The columns of one class in one row.
pub(super) struct Run {
    pub(super) class: u32,
    pub(super) row: u32,
    columns: Range<usize>,
    /// Equal for equal sets of columns (and, but for collisions, only for these).
    pub(super) hash: u64,
}

impl Rows {
    /// Of a two-axis grid.
    pub(super) fn new(grid: Rc<Grid>) -> Self {
        let width = grid.len(1);
        let mut columns: Vec<u32> = Vec::with_capacity(grid.cells.len());
        let (mut runs, mut starts) = (Vec::new(), vec![0]);
        for (row, cells) in grid.cells.chunks_exact(width).enumerate() {
            let begin = columns.len();
            columns.extend((0..width as u32).filter(|&c| cells[c as usize] != ANY));
            columns[begin..].sort_unstable_by_key(|&c| (cells[c as usize], c));
            let mut at = begin;
            for run in columns[begin..].chunk_by(|&a, &b| cells[a as usize] == cells[b as usize]) {
                let hash = run.iter().fold(0u64, |hash, &c| mix(hash ^ u64::from(c)));
                let columns = at..at + run.len();
                at = columns.end;
                runs.push(Run { class: cells[run[0] as usize], row: row as u32, columns, hash });
            }
            starts.push(runs.len());
        }
        Self { grid, columns, runs, starts }
    }

    pub(super) fn columns(&self, run: &Run) -> &[u32] {
        &self.columns[run.columns.clone()]
    }

    fn row(&self, row: usize) -> &[Run] {
        &self.runs[self.starts[row]..self.starts[row + 1]]
    }

    fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The unit that is 1 where the row is that of one of the runs and the column one of theirs.
    pub(super) fn conjunction(&self, runs: &[&Run], writes: Vector) -> Part {
        let mut reads = Vec::new();
        for run in runs {
            self.grid.axes[0].read(run.row as usize, 1, &mut reads);
        }
        self.columns(runs[0]).iter().for_each(|&c| self.grid.axes[1].read(c as usize, 1, &mut reads));
        Part::conjunction(2, reads, writes)
    }

    /// Runs grouped by key and equal columns.
    pub(super) fn grouped<'a, K: Ord + Copy>(
        &'a self,
        keyed: impl Iterator<Item = (K, &'a Run)>,
    ) -> Vec<(K, Vec<&'a Run>)> {
        let mut sorted: Vec<(K, &Run)> = keyed.collect();
        sorted.sort_by_key(|(key, run)| (*key, run.hash));
        let mut out: Vec<(K, Vec<&Run>)> = Vec::new();
        for (key, run) in sorted {
            match out.last_mut() {
                Some((k, group)) if *k == key && self.columns(group[0]) == self.columns(run) => group.push(run),
                _ => out.push((key, vec![run])),
            }
        }
        out
    }
}

/// Which class is the default of each row ([`NOTHING`]: the row has none).
type Defaults = Vec<u32>;

/// Row by row, without defaults, with one, and with as many as pay.
pub(super) fn by_rows(rows: &Rc<Rows>, target: &Rc<Target>, method: &'static str, solver: &Solver) -> Plan {
    let none: Defaults = vec![NOTHING; rows.rows()];
    let mut options = vec![none.clone()];
    if !solver.single_term {
        options.extend(defaults(rows, solver));
    }
    let counted = options.into_iter().map(|defaults| (count(rows, &defaults), defaults));
    let (units, defaults) = counted.min_by_key(|(units, _)| *units).unwrap_or((0, none));
    let constant = target.of(base(&defaults)).clone();
    let (rows, target) = (rows.clone(), target.clone());
    Plan::new(method, units, constant, move || parts(&rows, &target, &defaults))
}

/// The default that most rows have, which is the constant.
fn base(defaults: &Defaults) -> u32 {
    most_frequent(defaults.iter().copied()).map_or(NOTHING, |(class, _)| class)
}

fn most_frequent(classes: impl Iterator<Item = u32>) -> Option<(u32, usize)> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    classes.for_each(|class| *counts.entry(class).or_default() += 1);
    counts.into_iter().max_by_key(|&(class, n)| (n, class))
}

/// Greedily: the class that most rows can have as their default, then the one most of the others can, while that saves units.
fn defaults(rows: &Rows, solver: &Solver) -> Vec<Defaults> {
    let mut current: Defaults = vec![NOTHING; rows.rows()];
    let mut out = Vec::new();
    // A row with an output of none keeps none as its default: its other classes need a unit each in any case.
    let mut open: Vec<usize> =
        (0..rows.rows()).filter(|&r| rows.row(r).last().is_some_and(|run| run.class != NOTHING)).collect();
    while !open.is_empty() && solver.spend(open.iter().map(|&r| rows.row(r).len()).sum::<usize>() * 4) {
        let classes = open.iter().flat_map(|&r| rows.row(r)).map(|run| run.class);
        let Some((class, gain)) = most_frequent(classes) else { break };
        if gain < 2 && !out.is_empty() {
            break;
        }
        open.retain(|&r| {
            let has = rows.row(r).iter().any(|run| run.class == class);
            if has {
                current[r] = class;
            }
            !has
        });
        out.push(current.clone());
    }
    // Every step with one more default is an option; the first and the last are the best but for sharing of boxes.
    if out.len() > 2 {
        out.drain(1..out.len() - 1);
    }
    out
}

/// Each corrected run of a row with its class and the row's default.
fn corrections<'a>(rows: &'a Rows, defaults: &'a Defaults) -> impl Iterator<Item = ((u32, u32), &'a Run)> {
    let keyed = rows.runs.iter().map(|run| ((run.class, defaults[run.row as usize]), run));
    keyed.filter(|((class, default), _)| class != default)
}

fn count(rows: &Rows, defaults: &Defaults) -> usize {
    // A count may be too small by a collision of hashes; the boxes are compared when they are built.
    let key = |((class, default), run): ((u32, u32), &Run)| mix(run.hash ^ u64::from(class) << 32 ^ u64::from(default));
    let mut boxes: Vec<u64> = corrections(rows, defaults).map(key).collect();
    boxes.sort_unstable();
    boxes.dedup();
    let mut distinct = defaults.clone();
    distinct.sort_unstable();
    distinct.dedup();
    boxes.len() + distinct.len().saturating_sub(1)
}

fn parts(rows: &Rows, target: &Target, defaults: &Defaults) -> Vec<Part> {
    let base = base(defaults);
    let mut linear: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for (row, &class) in defaults.iter().enumerate().filter(|(_, class)| **class != base) {
        rows.grid.axes[0].read(row, 1, linear.entry(class).or_default());
    }
    let linear = linear
        .into_iter()
        .map(|(class, reads)| Part::conjunction(1, reads, sum(target.of(class), target.of(base), -1.0)));
    let boxes = rows
        .grouped(corrections(rows, defaults))
        .into_iter()
        .map(|((class, default), runs)| rows.conjunction(&runs, sum(target.of(class), target.of(default), -1.0)));
    linear.chain(boxes).collect()
}
