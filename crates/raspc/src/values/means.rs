//! What aggregates through one selector hold together: copies, means of several, defaults.
//!
//! One query selects q keys; each key holds one of the tuples of values that occur together at one position. So the
//! aggregates of one query are the default (q = 0), one tuple (q = 1), or the means of q tuples, each as the interpreter
//! computes it: the f64 nearest to the exact mean. Tuples of numbers are enumerated by their sums where these lie on a
//! lattice (then many multisets have one sum), else by how often each tuple occurs.

use raspc_lang::graph::Op;

use super::abs::Kinds;
use super::canon::Class;
use super::engine::Engine;
use super::intern::{Id, RAISED, WordMap};
use super::lattice::{self, Sums};
use super::multisets;
use super::plan::Budget;
use super::rows::Chunk;
use super::sink::RowSink;

/// The largest set of values that is looked at for a lattice before its sums are enumerated.
const MAX_LATTICE_SET: usize = 4096;

/// Rows of ids, and the width of each where a width is among the roots.
pub(super) type Group = (Vec<Id>, Vec<(u32, u32)>);

/// The aggregates (and the width) through one selector.
struct Sources {
    /// By root: its values and default, or none for the width.
    roots: Vec<Option<(Class, Id)>>,
    /// The values, each class once.
    values: Vec<Class>,
    /// By root: whether all selected values are equal.
    copies: Vec<bool>,
    lo: usize,
    hi: usize,
}

impl Sources {
    /// Whether the width itself is asked for.
    fn counts(&self) -> bool {
        self.roots.iter().any(Option::is_none)
    }

    /// A row of the roots: the width, and what `cell` gives for each aggregate (its root's number and values).
    fn row(&self, width: Id, mut cell: impl FnMut(usize, usize, Id) -> Id) -> Vec<Id> {
        let cells = self.roots.iter().enumerate().map(|(r, root)| match root {
            None => width,
            Some((class, default)) => {
                let slot = self.values.iter().position(|v| v == class).expect("each root's values are there");
                cell(r, slot, *default)
            }
        });
        cells.collect()
    }
}

impl Engine {
    fn sources(&mut self, selector: Class, roots: &[Class]) -> Sources {
        let mut described = Vec::new();
        for &root in roots {
            described.push(match self.op(root).clone() {
                Op::Aggregate { values, default, .. } => Some((values, self.table.intern(&default))),
                _ => None,
            });
        }
        let (lo, hi) = self.selectors.width(selector);
        let copies = roots.iter().map(|r| self.copies[r.index()]).collect();
        Sources { values: self.values_of(roots), roots: described, copies, lo, hi }
    }

    /// The classes whose values the aggregates move, each once.
    fn values_of(&self, roots: &[Class]) -> Vec<Class> {
        let moved = |root: &Class| match self.op(*root) {
            Op::Aggregate { values, .. } => Some(*values),
            _ => None,
        };
        let mut values: Vec<Class> = roots.iter().filter_map(moved).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// What must be enumerated before the group can be.
    pub(super) fn group_needs(&self, _: Class, roots: &[Class], budget: Budget) -> Vec<Class> {
        let values = self.values_of(roots);
        match self.plan(&values, budget) {
            Ok(plan) if !values.is_empty() => self.plan_needs(&plan, budget),
            _ => Vec::new(),
        }
    }

    /// At most about how many rows a group has; very many where its values cannot be enumerated.
    pub(super) fn estimate_group(&self, selector: Class, roots: &[Class]) -> u64 {
        if self.exploded_groups.contains(roots) {
            return u64::MAX;
        }
        let Some(&highest) = roots.iter().max() else { return 1 };
        let name = (highest, selector, roots.to_vec());
        if let Some(&known) = self.estimates.borrow().get(&name) {
            return known;
        }
        let estimate = self.estimate_rows(selector, roots);
        self.estimates.borrow_mut().insert(name, estimate);
        estimate
    }

    fn estimate_rows(&self, selector: Class, roots: &[Class]) -> u64 {
        let (_, hi) = self.selectors.width(selector);
        let values = self.values_of(roots);
        let counts = roots.iter().any(|r| matches!(self.op(*r), Op::SelectorWidth(_)));
        let tuples = if values.is_empty() {
            1
        } else {
            match self.plan(&values, self.on_request()) {
                Ok(plan) => plan.cost,
                Err(_) => return u64::MAX,
            }
        };
        let widths = if counts { hi as u64 + 1 } else { 2 };
        let averaged: Vec<Class> = {
            let aggregates = roots.iter().filter(|r| !self.copies[r.index()]);
            self.values_of(&aggregates.copied().collect::<Vec<_>>())
        };
        let plain = tuples.saturating_mul(widths).saturating_add(1);
        if hi <= 1 || averaged.is_empty() {
            return plain;
        }
        let parts = if averaged.len() < values.len() { tuples } else { 1 };
        let sums = averaged.iter().fold(hi as u64, |n, &v| n.saturating_mul(self.span_of(v, hi)));
        let several = if lattice::affordable(sums / hi as u64, hi, tuples) {
            sums.min(multisets::count(hi as u64, tuples))
        } else {
            multisets::affordable_count(hi as u64, tuples)
        };
        let several = several.saturating_mul(parts);
        plain.saturating_add(several)
    }

    /// How many sums of `hi` values there are at most, where the values lie on a lattice.
    fn span_of(&self, values: Class, hi: usize) -> u64 {
        if let Some(set) = self.known(values).filter(|set| set.len() <= MAX_LATTICE_SET) {
            return lattice::span(&self.table, &set, hi);
        }
        let range = self.abs[values.index()].range(&self.table);
        if range.kinds.meets(Kinds::FLOAT) || !range.within(1e15) {
            return u64::MAX;
        }
        ((range.hi - range.lo).max(0.0) as u64).saturating_mul(hi as u64).saturating_add(1)
    }

    /// The rows of classes that depend on results through one selector, with the widths where one is a root.
    pub(super) fn group_rows(
        &mut self,
        selector: Class,
        roots: &[Class],
        members: &[Class],
        budget: Budget,
    ) -> Result<Group, u64> {
        let group = self.try_group(selector, roots, members, budget);
        if group.is_err() && budget.cap >= self.limit {
            self.exploded_groups.insert(roots.to_vec());
            self.estimates.get_mut().clear();
        }
        group
    }

    fn try_group(&mut self, selector: Class, roots: &[Class], members: &[Class], budget: Budget) -> Result<Group, u64> {
        let sources = self.sources(selector, roots);
        let mut sink = RowSink::new(roots.len());
        if sources.lo == 0 {
            let zero = self.table.int(0);
            sink.push(sources.row(zero, |_, _, default| default).into_iter());
        }
        let tuples = self.value_tuples(&sources.values, budget)?;
        if sources.hi >= 1 && sources.lo <= 1 {
            let one = self.table.int(1);
            for tuple in tuples.chunks(sources.values.len().max(1)) {
                sink.push(sources.row(one, |_, slot, _| tuple[slot]).into_iter());
            }
        }
        if sources.hi >= 2 {
            self.several(&sources, &tuples, &mut sink)?;
        }
        let rows = sink.finish();
        let bounds = match sources.roots.iter().position(Option::is_none) {
            Some(slot) => rows.chunks(roots.len()).map(|r| self.count(r[slot])).map(|w| (w, w)).collect(),
            None => Vec::new(),
        };
        Ok((self.members_of(roots, members, rows)?, bounds))
    }

    /// The tuples of values that one position holds, typed, each once. (Of no classes: one empty tuple, as one id.)
    fn value_tuples(&mut self, values: &[Class], budget: Budget) -> Result<Vec<Id>, u64> {
        if values.is_empty() {
            return Ok(vec![RAISED]);
        }
        let plan = self.plan(values, budget)?;
        assert!(self.plan_needs(&plan, budget).is_empty(), "the values are enumerated before their means");
        let mut sink = RowSink::new(values.len());
        self.visit(&plan, &mut |_: &mut Self, chunk: &Chunk| {
            for row in 0..chunk.len {
                if values.iter().all(|&v| chunk.column(v)[row] != RAISED) {
                    sink.push(values.iter().map(|&v| chunk.column(v)[row]));
                }
            }
            Ok(())
        })?;
        Ok(sink.finish())
    }

    /// The rows where several keys are selected. All their values are numbers, or there is no result.
    fn several(&mut self, sources: &Sources, tuples: &[Id], sink: &mut RowSink) -> Result<(), u64> {
        let arity = sources.values.len();
        if arity == 0 {
            for q in sources.lo.max(2)..=sources.hi {
                let width = self.table.int(q as i64);
                sink.push(std::iter::once(width).chain(std::iter::repeat_n(width, sources.roots.len() - 1)));
            }
            return Ok(());
        }
        let numbers = |tuple: &&[Id]| tuple.iter().all(|&id| self.table.value(id).is_number());
        let mut classes: Vec<Vec<Id>> = tuples
            .chunks(arity)
            .filter(numbers)
            .map(|tuple| tuple.iter().map(|&id| self.table.class(id)).collect())
            .collect();
        // Keys whose copied values differ are never selected together: one part for each tuple of copied values.
        let copied: Vec<bool> = sources.values.iter().map(|v| sources.copied(*v)).collect();
        let key = |tuple: &Vec<Id>| -> Vec<Id> {
            tuple.iter().zip(&copied).filter(|(_, c)| **c).map(|(id, _)| *id).collect()
        };
        classes.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
        classes.dedup();
        for part in classes.chunk_by(|a, b| key(a) == key(b)) {
            self.part(sources, part, &copied, sink)?;
        }
        Ok(())
    }

    /// The means of several tuples that agree where values are copied.
    fn part(&mut self, sources: &Sources, part: &[Vec<Id>], copied: &[bool], sink: &mut RowSink) -> Result<(), u64> {
        let Some(same) = self.means_of_equal(&part[0]) else { return Ok(()) };
        let lo = sources.lo.max(2);
        if part.len() == 1 {
            let last = if sources.counts() { sources.hi } else { lo };
            for q in lo..=last.max(lo).min(sources.hi) {
                let width = self.table.int(q as i64);
                sink.push(sources.row(width, |_, slot, _| same[slot]).into_iter());
            }
            return Ok(());
        }
        let varying: Vec<usize> = (0..copied.len()).filter(|&i| !copied[i]).collect();
        let tuples: Vec<Vec<Id>> = part.iter().map(|t| varying.iter().map(|&i| t[i]).collect()).collect();
        let limit = self.limit;
        // Where each root's cell comes from: a varying mean, or what is the same in all rows; none for the width.
        let slots: Vec<Option<Result<usize, Id>>> = sources
            .roots
            .iter()
            .map(|root| {
                let (class, _) = root.as_ref()?;
                let slot = sources.values.iter().position(|v| v == class).expect("each root's values are there");
                Some(varying.iter().position(|&v| v == slot).ok_or(same[slot]))
            })
            .collect();
        let mut emit = |engine: &mut Self, q: usize, means: &[Id]| {
            sink.push(slots.iter().map(|slot| match slot {
                Some(Ok(i)) => means[*i],
                Some(Err(same)) => *same,
                None => engine.table.int(q as i64),
            }));
            sink.check(limit)
        };
        match self.lattice(&tuples, sources.hi) {
            Some(lattice) => {
                let mut sums = Sums::new(&lattice, sources.hi);
                let mut means = lattice::Means::new(&lattice, sources.hi);
                for q in 1..=sources.hi {
                    if q > 1 {
                        sums.add();
                    }
                    if q >= lo {
                        sums.each(|sum| {
                            let ids = means.ids(&mut self.table, sum, q);
                            emit(self, q, ids)
                        })?;
                    }
                }
                Ok(())
            }
            None => self.multisets(&tuples, lo, sources.hi, &mut emit),
        }
    }

    /// The mean of several equal values, for each value of a tuple; none where it is beyond the floats.
    fn means_of_equal(&mut self, tuple: &[Id]) -> Option<Vec<Id>> {
        let floats: Option<Vec<f64>> =
            tuple.iter().map(|&id| self.table.value(id).as_f64().filter(|x| x.is_finite())).collect();
        Some(floats?.into_iter().map(|x| self.table.float(x)).collect())
    }

    /// Rows of members from rows of roots.
    fn members_of(&self, roots: &[Class], members: &[Class], rows: Vec<Id>) -> Result<Vec<Id>, u64> {
        if roots == members {
            return Ok(rows);
        }
        let mut readers = Vec::new();
        for &member in members {
            let super::engine::Dep::One(super::engine::Var::Root(root)) = self.dep[member.index()] else {
                unreachable!("{member} is a function of one root")
            };
            let slot = roots.iter().position(|&r| r == root).expect("the roots are those of the members");
            let reader = if root == member {
                None
            } else {
                let set = self.known(root).expect("a root is enumerated before its functions");
                let places: WordMap<Id, usize> = set.iter().enumerate().map(|(i, &id)| (id, i)).collect();
                Some((places, self.column(member).expect("a function of a root has a column")))
            };
            readers.push((slot, reader));
        }
        let mut out = Vec::with_capacity(rows.len() / roots.len() * members.len());
        for row in rows.chunks(roots.len()) {
            for (slot, reader) in &readers {
                out.push(match reader {
                    None => row[*slot],
                    Some((places, column)) => column[*places.get(&row[*slot]).ok_or(u64::MAX)?],
                });
            }
        }
        Ok(out)
    }
}

impl Sources {
    /// Whether some root copies these values (then all keys selected together hold equal ones).
    fn copied(&self, values: Class) -> bool {
        let mut roots = self.roots.iter().zip(&self.copies);
        roots.any(|(root, copies)| *copies && root.is_some_and(|(class, _)| class == values))
    }
}
