//! Hidden units in groups that read one scalar, and what a group adds to a direction.
//!
//! The units of a step read the same form times powers of two. Apart, each would be known only to lie between two ends,
//! and their difference would be useless; together they are one piecewise linear function of one scalar s, and its range
//! between two ends of s is attained at the ends or at a kink between them: the signed sum of the active slopes, exactly.

use std::collections::{BTreeMap, HashMap};

use raspc_model::model::Layer;

use super::dom::{Dom, total};
use super::facts::Facts;
use super::form::Form;
use super::number::{Num, Sum, gamma};
use super::stream::{Stream, columns};

/// A hidden unit: `relu(slope · s + constant)`, s being its group's scalar.
#[derive(Clone, Debug)]
struct Unit {
    /// A power of two, of either sign, unless the scalar is a single direction.
    slope: f64,
    /// Bias and whatever else is the same at every token.
    constant: Sum,
    bias: Num,
    /// What it reads that is the same at every token.
    fixed: Vec<(u32, f64)>,
}

/// Units that read one scalar.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The scalar.
    pub(super) form: Form,
    units: Vec<Unit>,
    /// For each direction it writes, ascending: (unit, weight).
    pub(super) writes: BTreeMap<u32, Vec<(u32, f64)>>,
    /// What the scalar reads, with the weights of the scalar.
    column: Vec<(u32, f64)>,
}

/// What a group adds to a direction where that is constant: up to a scalar, and from one on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    left: Option<(f64, Sum)>,
    right: Option<(f64, Sum)>,
}

impl Sides {
    /// What is added for the scalars `s`, if these are all on one side.
    pub(super) fn at(&self, s: &Sum) -> Option<&Sum> {
        let left = self.left.as_ref().filter(|l| s.hi <= l.0);
        left.or_else(|| self.right.as_ref().filter(|r| s.lo >= r.0)).map(|side| &side.1)
    }

    /// The scalars between which something may be added, where beyond them it is exactly nothing on each side that is known;
    /// and the significant bits of what cancels below and above.
    pub(super) fn bump(&self) -> Option<(f64, f64, (u8, u8))> {
        let nothing = |side: &Option<(f64, Sum)>| side.is_none_or(|s| s.1.lo == 0.0 && s.1.hi == 0.0);
        let known = self.left.is_some() || self.right.is_some();
        (known && nothing(&self.left) && nothing(&self.right)).then(|| {
            let bits = |side: &Option<(f64, Sum)>| side.map_or(0, |s| s.1.bits);
            let from = self.left.map_or(f64::NEG_INFINITY, |s| s.0);
            (from, self.right.map_or(f64::INFINITY, |s| s.0), (bits(&self.left), bits(&self.right)))
        })
    }
}

/// Groups the units of a layer. Units that write nothing are left out.
pub(super) fn group(layer: &Layer, stream: &Stream, facts: &Facts<'_>) -> Vec<Group> {
    let reads = columns(&layer.w_in);
    let mut index: HashMap<Vec<(u32, u64)>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for &unit in layer.w_out.stored_rows() {
        let bias = Num::point(layer.b_in[unit as usize]);
        let mut constant = Sum::term(1.0, bias);
        let (mut column, mut fixed) = (Vec::new(), Vec::new());
        for &(d, w) in &reads[unit as usize] {
            if let Dom::Const(n) = &stream.doms[d as usize] {
                constant.add(&Sum::term(w, *n));
                fixed.push((d, w));
            } else {
                column.push((d, w));
            }
        }
        // Of one direction any multiple is one product.
        let slope = match &column[..] {
            [one] => one.1,
            all => all.first().map_or(1.0, |c| slope_of(c.1)),
        };
        for c in &mut column {
            c.1 /= slope;
        }
        let key = column.iter().map(|&(d, w)| (d, w.to_bits())).collect();
        let at = *index.entry(key).or_insert_with(|| {
            let form = Form::read(stream.terms(&column), facts);
            groups.push(Group { form, units: Vec::new(), writes: BTreeMap::new(), column });
            groups.len() - 1
        });
        let group = &mut groups[at];
        let (targets, weights) = layer.w_out.row(unit as usize);
        let place = group.units.len() as u32;
        for (&target, &w) in targets.iter().zip(weights) {
            group.writes.entry(target).or_default().push((place, f64::from(w)));
        }
        group.units.push(Unit { slope, constant, bias, fixed });
    }
    groups
}

/// The power of two, with the sign of `x`, that leaves `x` between 1 and 2.
fn slope_of(x: f64) -> f64 {
    let power = libm::ldexp(1.0, libm::ilogb(x));
    if x < 0.0 { -power } else { power }
}

impl Unit {
    /// The products of the pre-activation when the scalar is one of `s`.
    fn pre(&self, s: &Sum, single: bool) -> Sum {
        let mut pre =
            if single { Sum::term(self.slope, Num { lo: s.lo, hi: s.hi, grid: s.grid }) } else { s.scaled(self.slope) };
        pre.bits = pre.bits.max(s.bits);
        pre.add(&self.constant);
        pre
    }

    /// Whether it is off for all of `s`, without looking at rounding closely: whatever the order of its products, they are
    /// not off by more than γ times their sizes.
    fn is_off(&self, s: &Sum) -> bool {
        let most = (self.slope * s.lo).max(self.slope * s.hi) + self.constant.hi;
        let size = self.slope.abs() * (s.pos + s.neg) + self.constant.pos + self.constant.neg;
        most < -1e-3 * (1.0 + self.slope.abs() * s.lo.abs().max(s.hi.abs()))
            && most + 2.0 * gamma(s.count + self.constant.count + 2) * size < 0.0
    }

    /// The significant bits of what it reads: also where it is off, which shortened factors might change.
    fn bits(&self, s: &Sum, single: bool) -> u8 {
        let own = if single { Sum::term(self.slope, Num { lo: s.lo, hi: s.hi, grid: s.grid }).bits } else { 0 };
        own.max(s.bits).max(self.constant.bits)
    }
}

impl Group {
    /// Whether the scalar is one direction.
    fn is_single(&self) -> bool {
        self.column.len() == 1
    }

    /// The longest factor on the way to the scalar, of which `hull` is all there is, and of the units that write a direction,
    /// whether they are on or off.
    pub(super) fn bits(&self, dir: u32, hull: &Sum, stream: &Stream) -> u8 {
        let single = self.is_single();
        let written = self.writes.get(&dir).into_iter().flatten();
        let units = written.map(|&(unit, _)| self.units[unit as usize].bits(hull, single));
        units.max().unwrap_or(0).max(stream.bits_of(&self.column))
    }

    /// What the group adds to its directions at a position of which every direction is known: BOS, PAD.
    pub(super) fn adds_at(&self, at: &[Num]) -> Vec<(u32, Sum)> {
        let read = |column: &[(u32, f64)]| total(column.iter().map(|&(d, w)| Sum::term(w, at[d as usize])));
        let scalar = read(&self.column);
        let single = self.is_single();
        let mut units = self.units.clone();
        for unit in &mut units {
            unit.constant = Sum::term(1.0, unit.bias);
            unit.constant.add(&read(&unit.fixed));
        }
        let sum = |writes: &[(u32, f64)]| {
            let mut sum = adds(&units, single, writes, &scalar);
            let bits = writes.iter().map(|&(unit, _)| units[unit as usize].bits(&scalar, single)).max();
            sum.bits = sum.bits.max(bits.unwrap_or(0));
            sum
        };
        self.writes.iter().map(|(&dir, writes)| (dir, sum(writes))).collect()
    }

    /// What the group adds to a direction when its scalar is one of `s`.
    pub(super) fn adds(&self, writes: &[(u32, f64)], s: &Sum) -> Sum {
        adds(&self.units, self.is_single(), writes, s)
    }

    /// What the group adds to a direction as a function of its scalar, where no unit changes sides on all of `s`:
    /// (factor, constant, products).
    pub(super) fn line(&self, writes: &[(u32, f64)], s: &Sum) -> Option<(f64, f64, Sum)> {
        let (mut factor, mut constant, mut all) = (0.0, 0.0, Sum::EMPTY);
        for &(unit, w) in writes {
            let unit = &self.units[unit as usize];
            let pre = unit.pre(s, self.is_single());
            let number = pre.finish();
            if number.hi <= 0.0 {
                continue;
            }
            if number.lo < 0.0 || unit.constant.lo != unit.constant.hi {
                return None;
            }
            factor += w * unit.slope;
            constant += w * unit.constant.lo;
            let mut term = Sum::term(w, number);
            // How far this product can be from the line.
            let off = w.abs() * pre.rounding();
            (term.lo, term.hi) = (-off, off);
            all.add(&term);
        }
        Some((factor, constant, all))
    }

    /// What the group adds to a direction left and right of all kinks, for scalars within `s`.
    pub(super) fn sides(&self, writes: &[(u32, f64)], s: &Sum) -> Sides {
        let kinks = || {
            writes.iter().map(|&(unit, _)| {
                let unit = &self.units[unit as usize];
                -f64::midpoint(unit.constant.lo, unit.constant.hi) / unit.slope
            })
        };
        let (first, last) = kinks().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), k| (a.min(k), b.max(k)));
        let flat = |lo: f64, hi: f64| {
            let sum = self.adds(writes, &Sum { lo, hi, ..*s });
            (sum.lo == sum.hi && sum.rounding() == 0.0).then_some(sum)
        };
        let left = (first >= s.lo).then(|| flat(s.lo, first)).flatten();
        let right = (last <= s.hi).then(|| flat(last, s.hi)).flatten();
        Sides { left: left.map(|sum| (first, sum)), right: right.map(|sum| (last, sum)) }
    }

    /// Whether every unit is off for all of `s`: then nothing is added, and no product is other than zero.
    pub(super) fn is_silent(&self, s: &Sum) -> bool {
        let single = self.is_single();
        self.units.iter().all(|unit| unit.is_off(s) || unit.pre(s, single).finish().hi <= 0.0)
    }

    /// Whether some unit is neither on nor off for all of `s`.
    pub(super) fn is_torn(&self, s: &Sum) -> bool {
        s.lo < s.hi
            && self.units.iter().any(|unit| {
                let pre = unit.pre(s, self.is_single());
                pre.lo < 0.0 && pre.hi > 0.0
            })
    }
}

/// What units add that read multiples of one scalar, when it is one of `s`.
fn adds(units: &[Unit], single: bool, writes: &[(u32, f64)], s: &Sum) -> Sum {
    let mut all = Sum::EMPTY;
    let mut off = 0.0;
    let mut active: Vec<(f64, f64, f64)> = Vec::with_capacity(writes.len());
    for &(unit, w) in writes {
        let unit = &units[unit as usize];
        if unit.is_off(s) {
            continue;
        }
        let pre = unit.pre(s, single);
        let number = pre.finish();
        if number.hi <= 0.0 {
            continue;
        }
        let middle = f64::midpoint(unit.constant.lo, unit.constant.hi);
        let rounded = pre.rounding();
        let hidden = Num { lo: number.lo.max(0.0), ..number };
        let mut term = Sum::term(w, hidden);
        term.bits = term.bits.max(pre.bits);
        all.add(&term);
        off += w.abs() * (rounded + (unit.constant.hi - unit.constant.lo) / 2.0);
        if pre.grid == 0.0 {
            off += 4.0 * f64::EPSILON * w.abs() * (pre.pos + pre.neg);
        }
        active.push((unit.slope, middle, w));
    }
    if !active.is_empty() {
        let (lo, hi) = extremes(&active, s.lo, s.hi);
        (all.lo, all.hi) = (lo - off, hi + off);
    }
    all
}

/// The range of Σ w · relu(slope · s + constant) for s from `lo` to `hi`; (slope, constant, w).
fn extremes(active: &[(f64, f64, f64)], lo: f64, hi: f64) -> (f64, f64) {
    let value = |s: f64| active.iter().map(|&(k, c, w)| w * (k * s + c).max(0.0)).sum::<f64>();
    let mut range = (value(lo), value(lo));
    let mut see = |y: f64| range = (range.0.min(y), range.1.max(y));
    if lo < hi {
        see(value(hi));
        for &(k, c, _) in active {
            let kink = -c / k;
            if kink > lo && kink < hi {
                see(value(kink));
            }
        }
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_step_has_no_width() {
        let step = [(1024.0, -1024.0, 1.0), (1024.0, -1025.0, -1.0)];
        assert_eq!(extremes(&step, 1.25, 1.5), (1.0, 1.0), "plain intervals would give 256 and more");
        assert_eq!(extremes(&step, 0.5, 1.0), (0.0, 0.0));
        assert_eq!(extremes(&step, 0.5, 1.5), (0.0, 1.0));
        let bump = [(1.0, 0.0, 1.0), (1.0, -1.0, -2.0), (1.0, -2.0, 1.0)];
        assert_eq!(extremes(&bump, 0.0, 3.0), (0.0, 1.0), "the maximum is at a kink");
    }
}
