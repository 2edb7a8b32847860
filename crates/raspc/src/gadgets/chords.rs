//! Chords: a function of one number with very many values, followed by straight lines between some of them.
//!
//! As steps such a function rises at each of its values, and what thousands of small rises add up to is lost in f32. Its chords
//! need few units: with knots x_0 < … < x_n, slopes s_k from knot k to the next and a knot p,
//!
//! ```text
//! y_p + s_p relu(x − x_p) + Σ_{k>p} (s_k − s_{k−1}) relu(x − x_k) − s_{p−1} relu(x_p − x) + Σ_{k<p} (s_k − s_{k−1}) relu(x_k − x)
//! ```
//!
//! is the chord between any two knots: right of x_p the units of the left are off, and the slopes add up to that of the chord.
//!
//! **Error.** At a value of x that is off by e, in any order of the sum: how far the chords are from the function there, the
//! steepest slope times e, and γ_{n+4} times the largest Σ|terms|, for the rounding of each weight, of each unit and of their sum.
//! Units grow away from p, so that the largest is that at one of the ends; p is the knot for which it is least. More knots come
//! closer and round more: as many are taken as make the whole least.
//!
//! **Smooth.** A function that jumps (a rounded number) is no function for chords: they would leave out its jumps, or climb each
//! within the error of the number. So chords come within a 2^-16th of all that the function spans, or there are none
//! ([`is_smooth`]); and where the number is off by so much that the whole is more than a 2^-12th of it, there are none either.

use crate::lower::repr::gamma;

/// Most knots.
pub const KNOTS: usize = 1 << 10;

/// Chords are this part of what a function spans away from it, as a power of two, or less.
const CLOSE: i32 = -16;
/// With what the number is off by and all that rounds, they are off by this part of it, or less.
const WITHIN: i32 = -12;

/// The number that a function is of, and its value, ascending and each once.
pub type Points = [(f64, f64)];

/// All that a function spans.
fn span(points: &Points) -> f64 {
    let ends = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p.1), b.max(p.1)));
    ends.1 - ends.0
}

/// Whether chords come close to a function between few knots.
pub fn is_smooth(points: &Points) -> bool {
    !points.is_empty() && knots(points, libm::ldexp(span(points), CLOSE)).len() <= KNOTS
}

/// One unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// relu(x − at), or relu(at − x).
    pub rises: bool,
    /// An f32 number.
    pub at: f64,
    /// An f32 number.
    pub weight: f64,
}

/// A function as chords.
#[derive(Clone, Debug, PartialEq)]
pub struct Chords {
    /// What is there beside the units.
    pub constant: f64,
    /// The units.
    pub ramps: Vec<Ramp>,
    /// |sum in f32 − function|, at most.
    pub error: f64,
}

/// The chords of a function; the number that the units read is off by at most `off`.
///
/// # Errors
/// How far the closest chords are off, where that is too much; infinite, where the function is not smooth.
pub fn chords(points: &Points, off: f64) -> Result<Chords, f64> {
    if points.is_empty() {
        return Err(f64::INFINITY);
    }
    let mut best: Option<Chords> = None;
    // The finest tolerances are far below what f32 rounds.
    for halvings in (-30..=CLOSE).rev() {
        let knots = knots(points, libm::ldexp(span(points), halvings));
        if knots.len() > KNOTS {
            break;
        }
        let found = through(points, &knots, off);
        if best.as_ref().is_none_or(|b| found.error < b.error) {
            best = Some(found);
        }
    }
    let best = best.ok_or(f64::INFINITY)?;
    let most = libm::ldexp(span(points), WITHIN);
    if best.error <= most { Ok(best) } else { Err(best.error) }
}

fn stored(x: f64) -> f64 {
    f64::from(x as f32)
}

/// Points, the first and the last among them, between which a line comes close to all others: from each knot on as far as some
/// line through it does.
fn knots(points: &Points, tolerance: f64) -> Vec<(f64, f64)> {
    let at = |i: usize| (stored(points[i].0), points[i].1);
    let mut found = vec![at(0)];
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut last = 0;
    for i in 1..points.len() {
        let from = found[found.len() - 1];
        let (x, y) = at(i);
        if x <= from.0 {
            continue;
        }
        let slope = (y - from.1) / (x - from.0);
        if slope < least || slope > most {
            found.push(at(last));
            let from = found[found.len() - 1];
            (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
            if x <= from.0 {
                continue;
            }
        }
        let from = found[found.len() - 1];
        least = least.max((y - tolerance - from.1) / (x - from.0));
        most = most.min((y + tolerance - from.1) / (x - from.0));
        last = i;
    }
    if at(last).0 > found[found.len() - 1].0 {
        found.push(at(last));
    }
    found
}

/// The chords through some knots.
fn through(points: &Points, knots: &Points, off: f64) -> Chords {
    let slopes: Vec<f64> = knots.windows(2).map(|k| (k[1].1 - k[0].1) / (k[1].0 - k[0].0)).collect();
    if slopes.is_empty() {
        let constant = stored(knots[0].1);
        let error = points.iter().map(|p| (p.1 - constant).abs()).fold(0.0, f64::max);
        return Chords { constant, ramps: Vec::new(), error };
    }
    let last = knots.len() - 1;
    let weight = |p: usize, k: usize, rises: bool| match (k == p, rises) {
        (true, true) => slopes[p],
        (true, false) => -slopes[p - 1],
        _ => slopes[k] - slopes[k - 1],
    };
    let ramps = |p: usize| {
        let right = (p..last).map(move |k| (true, k));
        let left = (1..=p).map(move |k| (false, k));
        right.chain(left).map(move |(rises, k)| (rises, k, weight(p, k, rises)))
    };
    // The largest Σ|terms| at either end.
    let size = |p: usize| {
        let (mut right, mut left) = (0.0, 0.0);
        for (rises, k, weight) in ramps(p) {
            if rises {
                right += (weight * (knots[last].0 - knots[k].0)).abs();
            } else {
                left += (weight * (knots[k].0 - knots[0].0)).abs();
            }
        }
        knots[p].1.abs() + f64::max(right, left)
    };
    let pivot = (0..=last).min_by(|&a, &b| size(a).total_cmp(&size(b))).expect("there are knots");
    let units = ramps(pivot).filter(|r| stored(r.2) != 0.0);
    let ramps: Vec<Ramp> =
        units.map(|(rises, k, weight)| Ramp { rises, at: knots[k].0, weight: stored(weight) }).collect();
    let chord = |x: f64| {
        let k = knots.partition_point(|knot| knot.0 < x).clamp(1, last) - 1;
        knots[k].1 + slopes[k] * (x - knots[k].0)
    };
    let far = points.iter().map(|&(x, y)| (chord(x) - y).abs()).fold(0.0, f64::max);
    let steepest = slopes.iter().map(|s| s.abs()).fold(0.0, f64::max);
    let error = far + steepest * off + gamma(ramps.len() + 4) * (size(pivot) + steepest * off);
    Chords { constant: stored(knots[pivot].1), ramps, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = fn(f64) -> f64;

    fn value(chords: &Chords, x: f32, backwards: bool) -> f32 {
        let term = |r: &Ramp| r.weight as f32 * if r.rises { x - r.at as f32 } else { r.at as f32 - x }.max(0.0);
        let mut terms: Vec<f32> = chords.ramps.iter().map(term).chain([chords.constant as f32]).collect();
        if backwards {
            terms.reverse();
        }
        terms.into_iter().sum()
    }

    /// The fractions up to a length, between 0 and `most`.
    fn means(most: i32, length: i32) -> Vec<f64> {
        let mut all: Vec<f64> =
            (1..=length).flat_map(|q| (0..=most * q).map(move |p| f64::from(p) / f64::from(q))).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }

    #[test]
    fn chords_are_as_close_as_they_say() {
        let functions: [(&str, Function); 5] = [
            ("x²", |x| x * x),
            ("(x − 3)³", |x| (x - 3.0) * (x - 3.0) * (x - 3.0)),
            ("1 / (1 + x)", |x| 1.0 / (1.0 + x)),
            ("|x − 4|", |x| (x - 4.0).abs()),
            ("a constant", |_| 0.1),
        ];
        for (name, f) in functions {
            for (most, length) in [(1, 40), (10, 30), (20, 40)] {
                let points: Vec<(f64, f64)> = means(most, length).into_iter().map(|x| (x, f(x))).collect();
                let off = 1e-6 * f64::from(most);
                if name == "a constant" {
                    // It spans nothing, and f32 rounds it: another construction holds it.
                    assert!(chords(&points, off).is_err());
                    continue;
                }
                let found = chords(&points, off).unwrap_or_else(|e| panic!("{name} up to {most}: {e}"));
                assert!(found.error <= span(&points) / 4096.0);
                assert!(found.ramps.len() <= KNOTS);
                for &(x, y) in &points {
                    for x in [x, x - off * 0.9, x + off * 0.9] {
                        for backwards in [false, true] {
                            let off = (f64::from(value(&found, x as f32, backwards)) - y).abs();
                            assert!(off <= found.error, "{name} at {x}: {off}, said {}", found.error);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_line_takes_one_unit() {
        let points: Vec<(f64, f64)> = means(4, 20).into_iter().map(|x| (x, 0.5 * x)).collect();
        let found = chords(&points, 0.0).expect("it is smooth");
        assert_eq!(found.ramps.len(), 1);
    }

    /// Chords that left out the jumps, or climbed each within the error of the number, would be off by half of one.
    #[test]
    fn what_jumps_has_no_chords() {
        let off = 2e-5;
        let of = |f: Function| means(10, 60).into_iter().map(|x| (x, f(x))).collect::<Vec<_>>();
        for (name, f, smooth) in [
            ("round(1000 x)", (|x| (1000.0 * x).round()) as Function, false),
            ("round(1000 x) / 1000", |x| (1000.0 * x).round() / 1000.0, false),
            ("one jump", |x| if x > 2.5 { 7.0 } else { -1.0 }, true),
            ("x mod 1", |x| x.fract(), true),
        ] {
            let points = of(f);
            assert_eq!(is_smooth(&points), smooth, "{name}");
            assert!(chords(&points, off).is_err(), "{name}");
        }
        assert!(chords(&of(|x| x * x), off).is_ok());
    }
}
