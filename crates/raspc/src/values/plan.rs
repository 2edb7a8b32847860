//! How to enumerate the joint values of several s-ops: which classes to take as given, and which to compute from them.
//!
//! A *frontier* is a set of classes from which the targets can be computed. Any frontier gives a superset of the reachable
//! tuples when its members are grouped into *families* that are enumerated each by itself, and the product is taken.
//! Replacing a map by its arguments never loses tuples and may exclude some (members of one family, and widths and
//! lengths, are related), so the most expanded frontier whose product is within the limit is taken.

use std::collections::{BTreeMap, BTreeSet};

use raspc_lang::graph::Op;

use super::canon::Class;
use super::engine::{Dep, Engine, Set, Var};

/// The most expansions tried for one enumeration.
const MAX_STEPS: usize = 4096;

/// A lazily described class is enumerated unasked when at most so many tuples need to be looked at.
const SMALL: u64 = 4096;

/// Results through one selector are enumerated together unasked when there are at most so many rows.
const UNASKED: u64 = 1 << 16;

/// What a plan may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Most tuples.
    pub(super) cap: u64,
    /// Whether nobody has asked: large described classes stay as they are.
    pub(super) eager: bool,
}

/// What members of a frontier have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Constants.
    Const,
    /// Functions of the position.
    Position,
    /// Functions of the token.
    Token,
    /// Functions of results that come through one selector (named by its class), or of one other root.
    Source(Class),
    /// A map of several variables, by itself.
    Alone(Class),
}

/// How a family is enumerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// From the variables, so that the members' values go together.
    Together,
    /// Each member by itself.
    Apart,
}

/// Members of a frontier that are enumerated together.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) key: Key,
    pub(super) members: Vec<Class>,
    pub(super) mode: Mode,
}

/// A frontier and what to do with it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The families of the frontier.
    pub(super) families: Vec<Family>,
    /// Maps to compute from the frontier, operands first.
    pub(super) computed: Vec<Class>,
    /// The selectors whose widths are to be compared with how many keys a position sees, and with one another.
    pub(super) widths: Vec<Class>,
    /// At most so many tuples.
    pub(super) cost: u64,
    /// What the plan was made for.
    pub(super) budget: Budget,
}

impl Engine {
    /// The best plan within the budget, or the least cost found.
    pub(super) fn plan(&self, targets: &[Class], budget: Budget) -> Result<Plan, u64> {
        let mut frontier: BTreeSet<Class> = targets.iter().copied().collect();
        let mut computed = Vec::new();
        let (mut best, mut least) = (None, u64::MAX);
        for _ in 0..MAX_STEPS {
            if budget.eager && !self.step(frontier.len()) && !computed.is_empty() {
                break;
            }
            let families = self.families(&frontier, budget);
            let cost = families.iter().fold(1u64, |cost, (_, size)| cost.saturating_mul(*size));
            least = least.min(cost);
            if cost <= budget.cap {
                let families: Vec<Family> = families.into_iter().map(|(family, _)| family).collect();
                best = Some((families, computed.len(), cost));
            }
            let Some(map) = self.expandable(&frontier) else { break };
            let Op::Map { args, .. } = self.op(map) else { unreachable!("only maps depend on several variables") };
            frontier.remove(&map);
            frontier.extend(args);
            computed.push(map);
        }
        let (families, steps, cost) = best.ok_or(least)?;
        computed.truncate(steps);
        computed.reverse();
        let widths = families.iter().flat_map(|f| &f.members).filter_map(|&m| self.width_root(m)).collect();
        Ok(Plan { families, computed, widths, cost, budget })
    }

    /// Takes a step of planning from what may be spent unasked; false when that is spent.
    fn step(&self, work: usize) -> bool {
        let left = self.planning.get().checked_sub(work as u64);
        self.planning.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The highest map whose expansion may exclude tuples.
    fn expandable(&self, frontier: &BTreeSet<Class>) -> Option<Class> {
        let mut readers: BTreeMap<Key, u32> = BTreeMap::new();
        for &member in frontier {
            self.keys(member).into_iter().for_each(|key| *readers.entry(key).or_default() += 1);
        }
        frontier.iter().rev().copied().find(|&class| {
            let Op::Map { args, .. } = self.op(class) else { return false };
            if !matches!(self.dep[class.index()], Dep::Many(_)) && !self.follows_one(class) {
                return false;
            }
            args.iter().all(|a| frontier.contains(a))
                || matches!(self.set[class.index()], Set::Exploded(_))
                || self.keys(class).iter().any(|key| readers[key] > 1)
        })
    }

    /// Whether a class without a column is a function of one other class.
    fn follows_one(&self, class: Class) -> bool {
        let Op::Map { args, .. } = self.op(class) else { return false };
        let mut varying = args.iter().filter(|a| self.dep[a.index()] != Dep::Const);
        let first = varying.next();
        self.dep[class.index()] == Dep::One(Var::Point)
            && self.column[class.index()].is_none()
            && varying.all(|a| Some(a) == first)
    }

    /// What a class has in common with others. Widths, and what tells how many keys a position sees, share `Const`.
    fn keys(&self, class: Class) -> BTreeSet<Key> {
        let vars = self.vars(class);
        let mut keys: BTreeSet<Key> = vars.iter().map(|&v| self.key_of(v)).collect();
        let tells_length = |v: &Var| match v {
            Var::Index => !self.full(),
            Var::Length | Var::Point => true,
            Var::Token => false,
            Var::Root(root) => matches!(self.op(*root), Op::SelectorWidth(_)),
        };
        if vars.iter().any(tells_length) {
            keys.insert(Key::Const);
        }
        keys
    }

    /// The variables of a class.
    pub(super) fn vars(&self, class: Class) -> Vec<Var> {
        match &self.dep[class.index()] {
            Dep::Const => Vec::new(),
            Dep::One(var) => vec![*var],
            Dep::Many(vars) => vars.to_vec(),
        }
    }

    fn key_of(&self, var: Var) -> Key {
        match var {
            Var::Index | Var::Length | Var::Point => Key::Position,
            Var::Token => Key::Token,
            Var::Root(root) => match self.op(root) {
                Op::SelectorWidth(s) | Op::Aggregate { selector: s, .. } => Key::Source(*s),
                _ => Key::Source(root),
            },
        }
    }

    /// Whether a class is a function of a width alone.
    pub(super) fn reads_width(&self, class: Class) -> bool {
        self.width_root(class).is_some()
    }

    /// The selector of the width that a class is a function of.
    pub(super) fn width_root(&self, class: Class) -> Option<Class> {
        match self.dep[class.index()] {
            Dep::One(Var::Root(root)) => match self.op(root) {
                Op::SelectorWidth(selector) => Some(*selector),
                _ => None,
            },
            _ => None,
        }
    }

    /// The families of a frontier, each with at most how many rows it has.
    fn families(&self, frontier: &BTreeSet<Class>, budget: Budget) -> Vec<(Family, u64)> {
        let mut members: BTreeMap<Key, Vec<Class>> = BTreeMap::new();
        for &class in frontier {
            let key = match &self.dep[class.index()] {
                Dep::Const => Key::Const,
                Dep::One(var) => self.key_of(*var),
                Dep::Many(_) => Key::Alone(class),
            };
            members.entry(key).or_default().push(class);
        }
        let mut families = Vec::new();
        for (key, members) in members {
            let (mode, size) = self.size_of_family(key, &members, budget);
            if mode == Mode::Together || !matches!(key, Key::Source(_)) || members.len() == 1 {
                families.push((Family { key, members, mode }, size));
                continue;
            }
            // Results through one selector that are too many together: each by itself.
            for members in self.by_root(members) {
                let (mode, size) = self.size_of_family(key, &members, budget);
                families.push((Family { key, members, mode }, size));
            }
        }
        families
    }

    /// Functions of roots, by root.
    fn by_root(&self, mut members: Vec<Class>) -> Vec<Vec<Class>> {
        members.sort_by_key(|&m| self.vars(m));
        members.chunk_by(|&a, &b| self.vars(a) == self.vars(b)).map(<[Class]>::to_vec).collect()
    }

    fn size_of_family(&self, key: Key, members: &[Class], budget: Budget) -> (Mode, u64) {
        let size = |class: Class| match &self.set[class.index()] {
            Set::Lazy(about) if budget.eager && *about > SMALL => u64::MAX,
            _ => self.size(class),
        };
        let apart = members.iter().fold(1u64, |n, &m| n.saturating_mul(size(m)));
        let alone = matches!(key, Key::Const | Key::Alone(_)) || members.len() == 1;
        if alone || !members.iter().all(|&m| self.followable(m, budget)) {
            return (Mode::Apart, apart);
        }
        let mut vars: Vec<Var> = members.iter().flat_map(|&m| self.vars(m)).collect();
        vars.sort_unstable();
        vars.dedup();
        let together = match (key, &vars[..]) {
            // The root must be enumerated, whatever the members' own sets are.
            (_, [Var::Root(root)]) if size(*root) > budget.cap => u64::MAX,
            (_, [Var::Root(root)]) => size(*root).min(apart),
            (_, [var]) => self.domain(*var).min(apart),
            (Key::Position, _) if self.domain(Var::Point) <= self.limit => self.domain(Var::Point).min(apart),
            (Key::Position, _) => u64::MAX,
            (Key::Source(selector), vars) => {
                let roots: Vec<Class> =
                    vars.iter().filter_map(|v| if let Var::Root(r) = v { Some(*r) } else { None }).collect();
                let about = self.estimate_group(selector, &roots);
                if budget.eager && about > UNASKED {
                    // Taken apart, the sets would lose what a later request may find.
                    return (Mode::Together, u64::MAX);
                }
                about
            }
            _ => apart,
        };
        if together <= budget.cap { (Mode::Together, together) } else { (Mode::Apart, apart) }
    }
}
