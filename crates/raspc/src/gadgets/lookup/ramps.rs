//! A function of one integer s, given at some of the integers, as a constant and hinges `relu(s − t)` or `relu(t − s)`.
//!
//! Between given points the function may be anything, so it is a straight line where the slope is dyadic and otherwise a
//! steeper dyadic ramp that leaves a flat piece. A hinge stands wherever the slope changes.

use super::unit::{Vector, quantum, sum};

/// `constant + Σ_falling δ·relu(t − s) + Σ_rising δ·relu(s − t)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ramps {
    pub(super) constant: Vector,
    pub(super) falling: Vec<(i64, Vector)>,
    pub(super) rising: Vec<(i64, Vector)>,
}

impl Ramps {
    pub(super) fn units(&self) -> usize {
        self.falling.len() + self.rising.len()
    }
}

/// A stretch with a slope other than 0.
struct Ramp {
    from: i64,
    to: i64,
    slope: Vector,
}

/// The fewest hinges we find through the points (strictly increasing in s, at least one).
///
/// With the slope changes δ_t at t_1 < … < t_n, any stretch where the slope is 0 can be the pivot: what is left of it is a
/// sum of falling hinges, what is right of it a sum of rising ones, and the value there is the constant. A falling hinge at
/// the first point and a rising one at the last are 0 at all points, so they are left out. Before the first point and
/// after the last the slope is 0, so there is always a pivot.
pub(super) fn ramps(points: &[(i64, &Vector)]) -> Ramps {
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    let changes = changes(points);
    let saved = |pivot: usize| {
        let falling = pivot > 0 && changes[0].0 <= first;
        let rising = pivot < changes.len() && changes[changes.len() - 1].0 >= last;
        usize::from(falling) + usize::from(rising)
    };
    let mut best = (0, saved(0), points[0].1.clone());
    let (mut slope, mut value) = (Vector::new(), points[0].1.clone());
    for (i, (at, change)) in changes.iter().enumerate() {
        slope = sum(&slope, change, 1.0);
        if let Some((next, _)) = changes.get(i + 1)
            && !slope.is_empty()
        {
            value = sum(&value, &slope, (next - at) as f64);
        }
        // Ties go to the pivot whose constant is zero: nothing to place, nothing to cancel.
        if slope.is_empty() && (saved(i + 1), value.is_empty()) > (best.1, best.2.is_empty()) {
            best = (i + 1, saved(i + 1), value.clone());
        }
    }
    let (falling, rising) = changes.split_at(best.0);
    Ramps {
        constant: best.2,
        falling: falling.iter().filter(|(t, _)| *t > first).cloned().collect(),
        rising: rising.iter().filter(|(t, _)| *t < last).cloned().collect(),
    }
}

/// Where the slope changes, and by how much.
fn changes(points: &[(i64, &Vector)]) -> Vec<(i64, Vector)> {
    let mut out: Vec<(i64, Vector)> = Vec::new();
    for ramp in slopes(points) {
        match out.last_mut() {
            Some((at, change)) if *at == ramp.from => *change = sum(change, &ramp.slope, 1.0),
            _ => out.push((ramp.from, ramp.slope.clone())),
        }
        out.push((ramp.to, sum(&Vector::new(), &ramp.slope, -1.0)));
    }
    out.retain(|(_, change)| !change.is_empty());
    out
}

fn slopes(points: &[(i64, &Vector)]) -> Vec<Ramp> {
    let mut out: Vec<Ramp> = Vec::new();
    for pair in points.windows(2) {
        let ((from, a), (to, b)) = (pair[0], pair[1]);
        let step = sum(b, a, -1.0);
        if step.is_empty() {
            continue;
        }
        if let Some(slope) = divided(&step, to - from) {
            out.push(Ramp { from, to, slope });
            continue;
        }
        // The longest ramp of a power of two, from here if the hinge here is free: a ramp ends here, or the points begin.
        let run = 1i64 << (63 - (to - from).leading_zeros());
        let slope = sum(&Vector::new(), &step, 1.0 / run as f64);
        let touches = from == points[0].0 || out.last().is_some_and(|s| s.to == from);
        let (from, to) = if touches { (from, from + run) } else { (to - run, to) };
        out.push(Ramp { from, to, slope });
    }
    out
}

/// `step / gap` where that is exact, without making the quantum finer than `gap` does at most.
fn divided(step: &Vector, gap: i64) -> Option<Vector> {
    let odd = gap >> gap.trailing_zeros();
    step.iter()
        .map(|&(class, d)| {
            // d = k·quantum with k odd or a large integer: exact iff the odd part of the gap divides k.
            let k = d / quantum(d);
            (k % odd as f64 == 0.0).then(|| (class, d / gap as f64))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(points: &[(i64, f64)]) -> Ramps {
        let vectors: Vec<Vector> = points.iter().map(|&(_, v)| if v == 0.0 { vec![] } else { vec![(0, v)] }).collect();
        let all: Vec<_> = points.iter().zip(&vectors).map(|(&(s, _), v)| (s, v)).collect();
        let found = ramps(&all);
        for &(s, v) in points {
            let falling = found.falling.iter().map(|(t, d)| (*t - s).max(0) as f64 * d[0].1);
            let rising = found.rising.iter().map(|(t, d)| (s - *t).max(0) as f64 * d[0].1);
            let constant = found.constant.first().map_or(0.0, |c| c.1);
            assert_eq!(constant + falling.chain(rising).sum::<f64>(), v, "at {s} of {points:?}: {found:?}");
        }
        found
    }

    #[test]
    fn few_hinges() {
        let cases: &[(&[(i64, f64)], usize)] = &[
            (&[(0, 3.0)], 0),
            (&[(0, 1.0), (5, 1.0)], 0),
            (&[(0, 0.0), (1, 1.0)], 1),
            (&[(0, 0.0), (1, 1.0), (2, 0.0)], 2),
            (&[(0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0)], 2),
            (&[(0, 0.0), (1, 1.0), (2, 1.0)], 1),
            (&[(0, 1.0), (1, 0.0), (2, 0.0), (3, 1.0)], 2),
            (&[(-2, 0.0), (-1, 0.0), (0, 1.0), (1, 0.0), (2, 0.0)], 3),
            (&[(0, 0.0), (3, 1.0)], 1),
            (&[(0, 0.0), (3, 1.0), (6, 1.0)], 1),
            (&[(0, 0.0), (3, 3.0), (6, 6.0)], 1),
            (&[(0, 0.0), (1, 1.0), (4, 2.0), (5, 0.0)], 4),
        ];
        for (points, units) in cases {
            let found = through(points);
            assert!(found.units() <= *units, "{points:?} takes {}: {found:?}", found.units());
        }
    }
}
