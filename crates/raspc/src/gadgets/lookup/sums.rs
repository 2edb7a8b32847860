//! Tables that are a function of one sum: T = F(Σ φ_i(x_i)), a unit for each kink of F.
//!
//! Sums, differences, comparisons, equality, counts of flags and their like. Candidates for φ come from the values' numbers,
//! their order and the shape of the table; a candidate is kept only if every cell agrees with it.
//!
//! **Exactness.** s = Σ φ_i(x_i) is a sum of one integer an argument, F is the ramps of `ramps.rs` through (s, class).

use super::{
    grid::{ANY, Grid, NOTHING},
    plan::{Plan, Solver, Target},
    ramps::{Ramps, ramps},
    unit::{Part, Read, Vector},
};

/// An integer for each value of each axis.
pub(super) type Numbering = Vec<Vec<i64>>;

/// The best plan among `likely` and the usual numberings, if it takes fewer than `limit` units; no better one is looked for
/// when it takes at most `enough`.
pub(super) fn plan(
    grid: &Grid,
    target: &Target,
    enough: usize,
    mut limit: usize,
    solver: &Solver,
    likely: Vec<Numbering>,
) -> Option<Plan> {
    if solver.left() <= 0 {
        return None;
    }
    let parkings = parkings(grid);
    let mut best: Option<(Ramps, Numbering)> = None;
    let candidates = likely.into_iter().chain(bases(grid));
    for (base, parked) in candidates.flat_map(|base| parkings.iter().map(move |parked| (base.clone(), parked))) {
        for numbering in park(grid, base, parked) {
            if let Some(found) = fit(grid, target, &numbering, limit, solver)
                && found.units() < limit
            {
                limit = found.units();
                best = Some((found, numbering));
            }
        }
        if solver.left() <= 0 || limit <= enough {
            break;
        }
    }
    let (found, numbering) = best?;
    let reads = reads(grid, &numbering);
    Some(Plan::new("a sum and steps", found.units(), found.constant.clone(), move || parts(&found, reads)))
}

/// The reads of s.
pub(super) fn reads(grid: &Grid, numbering: &Numbering) -> Vec<Read> {
    let mut reads = Vec::new();
    for (axis, numbers) in grid.axes.iter().zip(numbering) {
        numbers.iter().enumerate().for_each(|(v, &number)| axis.read(v, number, &mut reads));
    }
    reads
}

/// A rising part reads s, a falling one −s.
pub(super) fn parts(found: &Ramps, reads: Vec<Read>) -> Vec<Part> {
    let negated = reads.iter().map(|&(arg, v, w)| (arg, v, -w)).collect();
    let falling = Part { reads: negated, hinges: found.falling.clone() };
    let rising = Part { reads, hinges: found.rising.iter().map(|(t, w)| (-t, w.clone())).collect() };
    [falling, rising].into_iter().filter(|part| !part.hinges.is_empty()).collect()
}

/// The ramps of F, if the table is a function of the numbering's sum and there is a chance of fewer than `limit` units.
fn fit(grid: &Grid, target: &Target, numbering: &Numbering, limit: usize, solver: &Solver) -> Option<Ramps> {
    let low: i64 = numbering.iter().map(|numbers| numbers.iter().min().unwrap_or(&0)).sum();
    let high: i64 = numbering.iter().map(|numbers| numbers.iter().max().unwrap_or(&0)).sum();
    let span = usize::try_from(high.checked_sub(low)?).ok()? + 1;
    if span > 16 * grid.cells.len() + 4096 || !solver.spend(span / 8) {
        return None;
    }
    let mut classes = vec![ANY; span];
    let mut seen = 0;
    let consistent = sums(numbering, |index, s| {
        seen += 1;
        let (cell, class) = (grid.cells[index], &mut classes[(s - low) as usize]);
        if *class == ANY {
            *class = cell;
        }
        cell == ANY || *class == cell
    });
    solver.spent(seen);
    if !consistent {
        return None;
    }
    let points: Vec<(i64, &Vector)> = classes
        .iter()
        .enumerate()
        .filter(|(_, class)| **class != ANY)
        .map(|(i, &class)| (low + i as i64, target.of(class)))
        .collect();
    solver.spent(points.len());
    if points.is_empty() || hopeless(&points, limit) || !solver.spend(16 * points.len()) {
        return None;
    }
    Some(ramps(&points))
}

/// Between two neighbouring pairs of points with different slopes there is a hinge, and at most two hinges cost nothing.
fn hopeless(points: &[(i64, &Vector)], limit: usize) -> bool {
    let slope = |pair: &[(i64, &Vector)]| match (pair[0].1.as_slice(), pair[1].1.as_slice()) {
        (a, b) if a == b => None,
        ([] | [(0, _)], [] | [(0, _)]) => {
            let value = |v: &Vector| v.first().map_or(0.0, |w| w.1);
            Some((value(pair[1].1) - value(pair[0].1)) / (pair[1].0 - pair[0].0) as f64)
        }
        _ => Some(f64::NAN),
    };
    let slopes: Vec<_> = points.windows(2).map(slope).collect();
    // NaN ≠ NaN: steps between different classes never continue one another.
    let bends = slopes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    bends.div_ceil(2) >= limit.saturating_add(2)
}

/// Calls `visit(cell index, sum)` for every cell, until it says no.
pub(super) fn sums(numbering: &Numbering, mut visit: impl FnMut(usize, i64) -> bool) -> bool {
    let Some((last, outer)) = numbering.split_last() else { return visit(0, 0) };
    let mut at = vec![0; outer.len()];
    let mut index = 0;
    loop {
        let base: i64 = at.iter().zip(outer).map(|(&v, numbers)| numbers[v]).sum();
        for number in last {
            if !visit(index, base + number) {
                return false;
            }
            index += 1;
        }
        let Some(axis) = (0..outer.len()).rev().find(|&axis| at[axis] + 1 < outer[axis].len()) else { return true };
        at[axis] += 1;
        at[axis + 1..].fill(0);
    }
}

/// Numberings to try on any grid.
fn bases(grid: &Grid) -> Vec<Numbering> {
    let axes = grid.axes.len();
    let numbers: Numbering = grid.axes.iter().map(|axis| axis.numbers.clone()).collect();
    let ordinals: Numbering = grid.axes.iter().map(|axis| (0..axis.len() as i64).collect()).collect();
    let mut out: Vec<Numbering> = Vec::new();
    for base in [numbers, ordinals, ranks(grid)] {
        for signs in 0..1u32 << (axes - 1).min(4) {
            let weight = |axis: usize| if axis > 0 && signs >> (axis - 1) & 1 == 1 { -1 } else { 1 };
            out.push(weighted(&base, weight));
        }
        if axes == 2 {
            for (a, b) in [(1, 2), (2, 1), (1, -2), (2, -1)] {
                out.push(weighted(&base, |axis| [a, b][axis]));
            }
        }
    }
    out.extend(digits(grid));
    out.extend(pairs(grid));
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|numbering| seen.insert(numbering.clone()));
    out
}

fn weighted(base: &Numbering, weight: impl Fn(usize) -> i64) -> Numbering {
    let times = |(axis, numbers): (usize, &Vec<i64>)| numbers.iter().map(|n| n.saturating_mul(weight(axis))).collect();
    base.iter().enumerate().map(times).collect()
}

/// The arguments as the digits of one number, first digit first and last digit first.
fn digits(grid: &Grid) -> [Numbering; 2] {
    [false, true].map(|reversed| {
        let mut weights = vec![1i64; grid.axes.len()];
        let mut weight = 1;
        for i in 0..weights.len() {
            let axis = if reversed { i } else { weights.len() - 1 - i };
            weights[axis] = weight;
            weight *= grid.len(axis) as i64;
        }
        let digit = |axis: usize| (0..grid.len(axis) as i64).map(|v| v * weights[axis]).collect();
        (0..weights.len()).map(digit).collect()
    })
}

/// Two differences as the digits of one number, which is 0 iff both are: `a = b = c` and `a = b and c = d`.
fn pairs(grid: &Grid) -> Vec<Numbering> {
    let differences: &[[usize; 4]] = match grid.axes.len() {
        3 => &[[0, 1, 1, 2]],
        4 => &[[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2]],
        _ => &[],
    };
    let numbering = |&[a, b, c, d]: &[usize; 4]| {
        let (ends, mut weights) = (|axis: usize| numbers_span(&grid.axes[axis].numbers), vec![0; grid.axes.len()]);
        // More than the second difference can be.
        let base = (ends(c).1 - ends(d).0).max(ends(d).1 - ends(c).0) + 1;
        for (axis, weight) in [(a, base), (b, -base), (c, 1), (d, -1)] {
            weights[axis] += weight;
        }
        let numbers: Numbering = grid.axes.iter().map(|axis| axis.numbers.clone()).collect();
        weighted(&numbers, |axis| weights[axis])
    };
    differences.iter().map(numbering).collect()
}

fn numbers_span(numbers: &[i64]) -> (i64, i64) {
    (numbers.iter().copied().min().unwrap_or(0), numbers.iter().copied().max().unwrap_or(0))
}

/// Values in the order of the sum of their classes: where a table is monotone, this is the order of its arguments.
fn ranks(grid: &Grid) -> Numbering {
    let rank = |axis: usize| {
        let mut totals = vec![0u64; grid.len(axis)];
        grid.for_each(axis, |v, cell| totals[v] += if cell >= NOTHING { 0 } else { u64::from(cell) + 1 });
        dense_ranks(&totals)
    };
    (0..grid.axes.len()).map(rank).collect()
}

/// Each item's place among the distinct items.
pub(super) fn dense_ranks(items: &[u64]) -> Vec<i64> {
    let mut distinct = items.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    items.iter().map(|item| distinct.partition_point(|d| d < item) as i64).collect()
}

/// Which values of each axis are to be kept apart from all sums of the others.
type Parking = Vec<Vec<bool>>;

/// None must be parked (it has no number). Other values with one class throughout may be: once with each such class.
fn parkings(grid: &Grid) -> Vec<Parking> {
    const MIXED: u32 = u32::MAX - 2;
    let uniform: Vec<Vec<u32>> = (0..grid.axes.len())
        .map(|axis| {
            let mut classes = vec![ANY; grid.len(axis)];
            grid.for_each(axis, |v, cell| {
                let class = &mut classes[v];
                if *class == ANY {
                    *class = cell;
                } else if cell != ANY && cell != *class {
                    *class = MIXED;
                }
            });
            classes
        })
        .collect();
    let none: Parking = grid.axes.iter().map(|axis| (0..axis.len()).map(|v| axis.none == Some(v)).collect()).collect();
    let has_none = grid.axes.iter().any(|axis| axis.none.is_some());
    let mut classes: Vec<u32> = uniform.iter().flatten().copied().filter(|&c| c != MIXED && c != ANY).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut out = vec![none.clone()];
    for class in classes.into_iter().filter(|&class| !has_none || class == NOTHING).take(4) {
        let also = |(none, uniform): (&Vec<bool>, &Vec<u32>)| {
            none.iter().zip(uniform).map(|(&none, &c)| none || c == class).collect()
        };
        let parking: Parking = none.iter().zip(&uniform).map(also).collect();
        // With no value left on an axis there would be nothing to number.
        if parking != none && parking.iter().all(|axis| axis.contains(&false)) {
            out.push(parking);
        }
    }
    out
}

/// The base numbering with the parked values' numbers below, and above, all other sums: next to them, so that the ramp from
/// there has slope 1.
fn park(grid: &Grid, base: Numbering, parked: &Parking) -> Vec<Numbering> {
    if !parked.iter().flatten().any(|&p| p) {
        return vec![base];
    }
    let ends = |axis: usize| {
        let free = base[axis].iter().zip(&parked[axis]).filter(|(_, p)| !**p).map(|(n, _)| *n);
        (free.clone().min().unwrap_or(0), free.max().unwrap_or(0))
    };
    let ends: Vec<_> = (0..base.len()).map(ends).collect();
    let (mut low, mut high) = (ends.iter().map(|e| e.0).sum(), ends.iter().map(|e| e.1).sum());
    let all = (low, high);
    if grid.cells.contains(&ANY) {
        (low, high) = reached(grid, &base, parked).unwrap_or(all);
    }
    [true, false]
        .map(|below| {
            let mut numbering = base.clone();
            for (axis, numbers) in numbering.iter_mut().enumerate() {
                let (least, most) = ends[axis];
                let place = if below { low - 1 - (all.1 - most) } else { high + 1 - (all.0 - least) };
                numbers.iter_mut().zip(&parked[axis]).filter(|(_, p)| **p).for_each(|(n, _)| *n = place);
            }
            numbering
        })
        .to_vec()
}

/// The smallest and largest sum of a cell that is reached and has no parked value.
fn reached(grid: &Grid, base: &Numbering, parked: &Parking) -> Option<(i64, i64)> {
    let blocked: Numbering = parked.iter().map(|axis| axis.iter().map(|&p| i64::from(p)).collect()).collect();
    let mut free = Vec::with_capacity(grid.cells.len());
    sums(&blocked, |_, count| {
        free.push(count == 0);
        true
    });
    let mut ends: Option<(i64, i64)> = None;
    sums(base, |index, s| {
        if free[index] && grid.cells[index] != ANY {
            ends = Some(ends.map_or((s, s), |(low, high)| (low.min(s), high.max(s))));
        }
        true
    });
    ends
}
