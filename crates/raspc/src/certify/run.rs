//! Following the directions of one target over its cases.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::cases::Cases;
use super::causes::Causes;
use super::dom::Dom;
use super::facts::Facts;
use super::mlp::Target;
use super::number::{Num, Sum};
use super::stream::Stream;
use super::written::Written;

/// More steps than this are not taken for one target in one layer; it is then known by its extremes alone.
const EFFORT: usize = 1 << 30;

/// A group, and the bits of a scalar of it.
type Scalar = (usize, [u64; 6]);

/// The state of following a target. Directions go by their place among the target's.
pub(super) struct Run<'a> {
    target: &'a Target<'a>,
    stream: &'a Stream,
    facts: &'a Facts<'a>,
    classes: usize,
    /// What is added when every group is at its default.
    base: Vec<Sum>,
    /// What the direction then holds; unless the old value depends on the class.
    default: Vec<Option<Num>>,
    /// (class, number) where it holds something else.
    found: Vec<Vec<(u32, Num)>>,
    bits: Vec<u8>,
    /// The places that were not the same everywhere before.
    varied: Vec<usize>,
    /// By group: the directions it writes.
    written: Vec<Written<'a>>,
    /// What groups add at a scalar: (group, scalar) → (place, sum).
    known: HashMap<Scalar, Rc<[(usize, Sum)]>>,
    /// Sums of the case at hand, and whether they are of this case.
    sums: Vec<Sum>,
    case_of: Vec<u64>,
    case: u64,
    class: Class,
    steps: usize,
}

/// The numbers of one class, joined over its cases.
#[derive(Default)]
struct Class {
    at: Option<u32>,
    cases: u32,
    /// The numbers, and in how many cases they were looked at.
    numbers: Vec<(Num, u32)>,
    /// The places that have any.
    touched: Vec<usize>,
}

impl<'a> Run<'a> {
    pub(super) fn new(target: &'a Target<'a>, stream: &'a Stream, facts: &'a Facts<'a>, classes: usize) -> Self {
        let n = target.dirs.len();
        let class = Class { numbers: vec![(Num::ZERO, 0); n], ..Class::default() };
        Self {
            target,
            stream,
            facts,
            classes,
            base: vec![Sum::EMPTY; n],
            default: vec![None; n],
            found: vec![Vec::new(); n],
            bits: vec![0; n],
            varied: Vec::new(),
            written: Written::of(target, facts),
            known: HashMap::new(),
            sums: vec![Sum::EMPTY; n],
            case_of: vec![0; n],
            case: 0,
            class,
            steps: 0,
        }
    }

    /// Visits all cases; whether they could be.
    pub(super) fn all(&mut self, cases: &Cases, causes: &mut Causes) -> bool {
        for (&g, s) in &cases.defaults {
            for (place, sum) in self.adds(g, s).iter() {
                self.base[*place].add(sum);
            }
        }
        for place in 0..self.base.len() {
            self.bits[place] = self.base[place].bits;
            match self.stream.doms[self.target.dirs[place] as usize] {
                Dom::Const(old) => self.default[place] = Some(old.plus(self.base[place].finish())),
                _ => self.varied.push(place),
            }
        }
        let (facts, target) = (self.facts, self.target);
        cases.visit(facts, &target.groups, &mut |class, scalars| {
            facts.options.interrupt.check();
            if self.class.at != Some(class) {
                self.close();
                self.class.at = Some(class);
            }
            let wide = self.see(class, scalars, &cases.defaults, causes);
            if wide
                && !causes.is_torn(target.var)
                && let Some((_, s)) = scalars.iter().find(|(g, s)| target.groups[*g].is_torn(s))
            {
                causes.torn(target.var, class, s);
            }
            self.steps < EFFORT
        });
        self.close();
        self.steps < EFFORT
    }

    /// What a group adds at a scalar, by place.
    fn adds(&mut self, g: usize, s: &Sum) -> Rc<[(usize, Sum)]> {
        let key = [s.lo, s.hi, s.pos, s.neg, s.grid, f64::from(s.count)].map(f64::to_bits);
        if let Some(known) = self.known.get(&(g, key)) {
            return known.clone();
        }
        let (all, steps) = self.written[g].adds(self.target.groups[g], s);
        self.steps += steps;
        let all: Rc<[_]> = all.into();
        // Groups of many directions are asked for each scalar once.
        if all.len() <= 64 {
            self.known.insert((g, key), all.clone());
        }
        all
    }

    /// The sum of a place in the case at hand.
    fn sum(&mut self, place: usize) -> &mut Sum {
        if self.case_of[place] != self.case {
            self.case_of[place] = self.case;
            self.sums[place] = self.base[place];
        }
        &mut self.sums[place]
    }

    /// One case: the scalars of the groups that are not at their defaults. Whether some direction is known badly in it.
    fn see(
        &mut self,
        class: u32,
        scalars: &[(usize, Sum)],
        defaults: &BTreeMap<usize, Sum>,
        causes: &mut Causes,
    ) -> bool {
        let mut wide = false;
        self.case += 1;
        self.class.cases += 1;
        let mut touched = self.varied.clone();
        for (g, s) in scalars {
            if let Some(default) = defaults.get(g) {
                let old = self.adds(*g, default);
                self.steps += old.len();
                for (place, sum) in old.iter() {
                    self.sum(*place).remove(sum);
                    touched.push(*place);
                }
            }
            let new = self.adds(*g, s);
            self.steps += new.len();
            for (place, sum) in new.iter() {
                self.sum(*place).add(sum);
                touched.push(*place);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for place in touched {
            let sum = *self.sum(place);
            let number = self.old(place, class).plus(sum.finish());
            // What the addition to the residual makes one number again has done no harm.
            if !number.is_point() {
                causes.rounds(self.target.var, &sum);
            }
            wide |= number.hi - number.lo > 1e-3 * number.size().max(1.0);
            self.bits[place] = self.bits[place].max(sum.bits);
            let (known, times) = &mut self.class.numbers[place];
            if *times == 0 {
                *known = number;
                self.class.touched.push(place);
            }
            *known = known.join(number);
            *times += 1;
        }
        wide
    }

    /// What the direction held before, at this class.
    fn old(&self, place: usize, class: u32) -> Num {
        let dom = &self.stream.doms[self.target.dirs[place] as usize];
        match dom.var() {
            Some(var) if var == self.target.var => dom.at(class, &self.facts.listed(var).numbers),
            _ => dom.hull(self.facts),
        }
    }

    /// Ends a class: what its cases had in common is what the direction holds there.
    fn close(&mut self) {
        let Some(class) = self.class.at else { return };
        for place in std::mem::take(&mut self.class.touched) {
            let (number, times) = std::mem::replace(&mut self.class.numbers[place], (Num::ZERO, 0));
            let default = self.default[place];
            let number = if times < self.class.cases { default.map_or(number, |d| d.join(number)) } else { number };
            if default != Some(number) {
                self.found[place].push((class, number));
            }
        }
        self.class.cases = 0;
    }

    /// The new domains: (direction, domain, bits).
    pub(super) fn domains(self) -> Vec<(u32, Dom, u8)> {
        let Self { target, default, found, mut bits, classes, written, .. } = self;
        for (place, off) in written.iter().flat_map(Written::bits_where_off) {
            bits[place] = bits[place].max(off);
        }
        let all = target.dirs.iter().zip(default).zip(found).zip(bits);
        all.map(|(((&dir, default), found), bits)| {
            let dom = if let Some(default) = default {
                Dom::table(target.var, default, found, classes)
            } else {
                let mut numbers = vec![None; classes];
                for (c, n) in found {
                    numbers[c as usize] = Some(n);
                }
                Dom::of_classes(target.var, &numbers)
            };
            (dir, dom, bits)
        })
        .collect()
    }
}
