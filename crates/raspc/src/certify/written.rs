//! What a group of hidden units adds to each of many directions at a scalar, without asking all of them.
//!
//! The steps of a one-hot are bumps: each direction is moved only while the scalar is between its first and its last kink,
//! and outside exactly nothing is added. Bumps in the order of their first kinks are found by two binary searches.

use super::facts::Facts;
use super::mlp::Target;
use super::number::Sum;
use super::units::{Group, Sides};

/// The directions that a group writes, by their place among the target's.
pub(super) struct Written<'a> {
    bumps: Vec<Bump<'a>>,
    /// By bump: the greatest end of those up to it.
    until: Vec<f64>,
    others: Vec<Other<'a>>,
    /// The least upper end and the greatest lower end of all scalars that were met.
    met: (f64, f64),
}

/// A direction that no other group writes, to which nothing is added but between two scalars.
struct Bump<'a> {
    place: usize,
    writes: &'a [(u32, f64)],
    from: f64,
    to: f64,
    /// The significant bits of the products that cancel below and above.
    bits: (u8, u8),
}

struct Other<'a> {
    place: usize,
    writes: &'a [(u32, f64)],
    /// What is added beyond the kinks, of a direction that no other group writes.
    sides: Option<Sides>,
    /// The significant bits of products that cancelled at scalars that were met.
    bits: u8,
}

/// Sides are found for groups of more directions than this.
const MANY: usize = 8;

impl<'a> Written<'a> {
    /// The directions of each group of a target.
    pub(super) fn of(target: &'a Target<'a>, facts: &Facts<'_>) -> Vec<Self> {
        let mut writers = vec![0u32; target.dirs.len()];
        let place = |dir: &u32| target.dirs.binary_search(dir).ok();
        target.groups.iter().flat_map(|g| g.writes.keys()).filter_map(place).for_each(|p| writers[p] += 1);
        let written = |group: &&'a Group| {
            let here = || group.writes.iter().filter_map(|(d, w)| Some((place(d)?, &w[..])));
            let many = here().filter(|(place, _)| writers[*place] == 1).count() > MANY;
            let hull = group.form.hull(facts);
            let (mut bumps, mut others) = (Vec::new(), Vec::new());
            for (place, writes) in here() {
                let sides = (many && writers[place] == 1).then(|| group.sides(writes, &hull));
                match sides.as_ref().and_then(Sides::bump) {
                    Some((from, to, bits)) => bumps.push(Bump { place, writes, from, to, bits }),
                    None => others.push(Other { place, writes, sides, bits: 0 }),
                }
            }
            Self::new(bumps, others)
        };
        target.groups.iter().map(written).collect()
    }

    fn new(mut bumps: Vec<Bump<'a>>, others: Vec<Other<'a>>) -> Self {
        bumps.sort_by(|a, b| a.from.total_cmp(&b.from));
        let until = bumps.iter().scan(f64::NEG_INFINITY, |most, b| {
            *most = most.max(b.to);
            Some(*most)
        });
        Self { until: until.collect(), bumps, others, met: (f64::INFINITY, f64::NEG_INFINITY) }
    }

    /// What the group adds at a scalar, by place, and the steps this took.
    pub(super) fn adds(&mut self, group: &Group, s: &Sum) -> (Vec<(usize, Sum)>, usize) {
        let (mut all, mut steps) = (Vec::new(), 0);
        let mut see = |place: usize, sum: Sum| {
            if sum.count > 0 {
                all.push((place, sum));
            }
        };
        self.met = (self.met.0.min(s.hi), self.met.1.max(s.lo));
        let first = self.until.partition_point(|&to| to <= s.lo);
        let last = self.bumps.partition_point(|b| b.from < s.hi);
        for bump in self.bumps.get(first..last).unwrap_or_default().iter().filter(|b| b.to > s.lo) {
            steps += 1 + bump.writes.len();
            see(bump.place, group.adds(bump.writes, s));
        }
        for other in &mut self.others {
            steps += 1;
            match other.sides.as_ref().and_then(|sides| sides.at(s)) {
                // Exactly nothing, written by nobody else, is nothing.
                Some(side) if side.lo == 0.0 => other.bits = other.bits.max(side.bits),
                Some(side) => see(other.place, *side),
                None => {
                    steps += other.writes.len();
                    see(other.place, group.adds(other.writes, s));
                }
            }
        }
        (all, steps)
    }

    /// The bits of products that cancel at scalars that were met beyond the kinks of a direction, by place.
    pub(super) fn bits_where_off(&self) -> impl Iterator<Item = (usize, u8)> + '_ {
        let (least, greatest) = self.met;
        let bumps = self.bumps.iter().map(move |bump| {
            let below = if least <= bump.from { bump.bits.0 } else { 0 };
            let above = if greatest >= bump.to { bump.bits.1 } else { 0 };
            (bump.place, below.max(above))
        });
        bumps.chain(self.others.iter().map(|other| (other.place, other.bits)))
    }
}
