//! Facts about the positions of one input: uniform, determined by, distinct.
//!
//! *a determines b* when equal values of a at two positions imply equal values of b there. What follows from a is found
//! downwards (an injective function determines its argument, a rank determines what is ranked), and from that upwards
//! (functions of what is determined are determined). A function that tells equal values of different types apart carries
//! nothing over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use raspc_lang::function::{Body, Expr};
use raspc_lang::graph::{Op, Predicate};
use raspc_lang::ops::{BinaryOp, UnaryOp};

use super::abs::Kinds;
use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED};
use super::plan::Budget;
use super::rows::Chunk;
use super::sink::RowSink;

/// Most argument tuples looked at to see whether a function is injective.
const MAX_ROWS: u64 = 1 << 20;

/// What has been found.
#[derive(Debug)]
pub(super) struct Facts {
    /// For maps: whether equal arguments give equal results; none where that was not seen by enumeration.
    pub(super) congruent: Vec<Option<bool>>,
    /// For s-ops: whether they are uniform; for selectors: whether all queries select the same keys (full mask only).
    uniform: Vec<bool>,
    /// By map and arguments: whether its result and the other arguments fix these.
    injective_arg: BTreeMap<(Class, Vec<Class>), bool>,
    below: BTreeMap<Class, Arc<Below>>,
}

/// What a class determines among what it is computed from.
#[derive(Debug)]
struct Below {
    classes: BTreeSet<Class>,
    /// Whether one of them is distinct at all positions; then everything is determined.
    injective: bool,
}

impl Facts {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            congruent: vec![None; classes],
            uniform: vec![false; classes],
            injective_arg: BTreeMap::new(),
            below: BTreeMap::new(),
        }
    }
}

impl Engine {
    /// Whether the class holds equal values at all positions of one input.
    pub(super) fn is_uniform(&self, class: Class) -> bool {
        self.facts.uniform[class.index()]
    }

    /// Whether equal values of different types can occur.
    pub(super) fn is_mixed(&self, class: Class) -> bool {
        if let Some(set) = self.known(class) {
            return set.windows(2).any(|w| self.table.class(w[0]) == self.table.class(w[1]));
        }
        let kinds = self.abs[class.index()].range(&self.table).kinds;
        kinds.meets(Kinds::HOST)
            || [Kinds::BOOL, Kinds::INT, Kinds::FLOAT].iter().filter(|k| kinds.meets(**k)).count() > 1
    }

    /// Whether a map gives equal results for equal arguments.
    fn respects_equality(&self, map: Class) -> bool {
        let Op::Map { args, function } = self.op(map) else { unreachable!("{map} is a map") };
        if let Some(seen) = self.facts.congruent[map.index()] {
            return seen;
        }
        // Of integers and the floats equal to them these operators compute equal results: sums and products of two or
        // three numbers up to 10^5 are integers below 2^53, which f64 holds; anything else is rounded from equal operands.
        let small = |a: &Class| self.abs[a.index()].range(&self.table).within(1e5);
        let plain = match &function.body {
            Body::Expr(e) => args.iter().all(small) && products(e).is_some_and(|n| n <= 2),
            _ => false,
        };
        plain || !args.iter().any(|&a| self.is_mixed(a))
    }

    /// Finds whether a class is uniform; its operands have been looked at.
    pub(super) fn note_uniform(&mut self, class: Class) {
        let uniform = |s: &Self, c: Class| s.facts.uniform[c.index()];
        let found = match self.op(class) {
            Op::Select { queries, predicate, .. } => {
                let told_apart = matches!(predicate, Predicate::Function(_)) && self.is_mixed(*queries);
                self.full() && uniform(self, *queries) && !told_apart
            }
            Op::And(a, b) | Op::Or(a, b) => uniform(self, *a) && uniform(self, *b),
            Op::Not(a) => uniform(self, *a),
            _ if self.single(class) || self.uniform_column(class) => true,
            Op::Map { args, .. } => args.iter().all(|&a| uniform(self, a)) && self.respects_equality(class),
            // Equal rows of the pattern give the same result.
            Op::SelectorWidth(s) => uniform(self, *s),
            Op::Aggregate { selector, values, .. } => {
                uniform(self, *selector) || (uniform(self, *values) && self.keeps_uniform(*selector, *values))
            }
            _ => false,
        };
        self.facts.uniform[class.index()] = found;
    }

    /// Whether all values of the class are equal.
    fn single(&self, class: Class) -> bool {
        self.known(class).is_some_and(|set| set.iter().all(|&id| self.table.class(id) == self.table.class(set[0])))
    }

    /// Whether a class of the position alone is the same at all positions of each length.
    fn uniform_column(&self, class: Class) -> bool {
        let Some(column) = self.column(class) else { return false };
        let same = |cells: &[Id]| {
            let mut classes = cells.iter().filter(|id| **id != RAISED).map(|&id| self.table.class(id));
            classes.next().is_none_or(|first| classes.all(|c| c == first))
        };
        let n = self.max_len;
        match self.dep[class.index()] {
            Dep::Const | Dep::One(Var::Length) => true,
            Dep::One(Var::Index) => same(&column),
            Dep::One(Var::Point) => (1..=n).all(|l| same(&column[l * (l - 1) / 2..l * (l + 1) / 2])),
            _ => false,
        }
    }

    /// Whether an aggregate of a uniform s-op is uniform: something is selected, and the mean of equal values is theirs.
    fn keeps_uniform(&self, selector: Class, values: Class) -> bool {
        let (lo, hi) = self.selectors.width(selector);
        let exact = self.abs[values.index()].range(&self.table).within(9_007_199_254_740_992.0);
        lo >= 1 && (hi <= 1 || exact)
    }

    /// Whether no two positions of one input hold equal values.
    pub(super) fn is_injective(&mut self, class: Class) -> bool {
        self.max_len <= 1 || self.below(class).injective
    }

    /// Whether equal values of `a` at two positions of one input imply equal values of `b`.
    pub(super) fn determines(&mut self, a: Class, b: Class) -> bool {
        if a == b || self.is_uniform(b) || self.max_len <= 1 {
            return true;
        }
        let below = self.below(a);
        below.injective || self.determined(&below.classes, b)
    }

    /// Whether a class of the position alone is distinct at all positions of each length.
    fn injective_column(&self, class: Class) -> bool {
        if self.linear(class).is_some_and(|l| l.index != 0) {
            return true;
        }
        let Some(column) = self.column(class).filter(|_| self.by_position(class)) else { return false };
        let n = self.max_len;
        let mut seen = vec![0u32; self.table.len()];
        let mut stamp = 0;
        let mut distinct = |cells: &[Id]| {
            stamp += 1;
            let mut fresh =
                |&id: &Id| id == RAISED || std::mem::replace(&mut seen[self.table.class(id) as usize], stamp) != stamp;
            cells.iter().all(&mut fresh)
        };
        match self.dep[class.index()] {
            Dep::One(Var::Index) => distinct(&column),
            Dep::One(Var::Point) => (1..=n).all(|l| distinct(&column[l * (l - 1) / 2..l * (l + 1) / 2])),
            _ => n <= 1,
        }
    }

    /// What a class determines among what it is computed from, as far as is seen.
    fn below(&mut self, class: Class) -> Arc<Below> {
        if let Some(known) = self.facts.below.get(&class) {
            return known.clone();
        }
        let mut below = Below { classes: BTreeSet::from([class]), injective: self.injective_column(class) };
        let mut todo = vec![class];
        let mut waiting: Vec<Class> = Vec::new();
        let mut grown = false;
        while !below.injective {
            let Some(next) = todo.pop() else {
                if !std::mem::take(&mut grown) {
                    break;
                }
                todo = std::mem::take(&mut waiting);
                continue;
            };
            let (found, finished) = self.step_below(next, &below.classes);
            if !finished {
                waiting.push(next);
            }
            for new in found {
                if below.classes.insert(new) {
                    grown = true;
                    below.injective |= self.injective_column(new);
                    todo.push(new);
                }
            }
        }
        let below = Arc::new(below);
        self.facts.below.insert(class, below.clone());
        below
    }

    /// What follows downwards from one class, given what is determined already; and whether no more can follow later.
    fn step_below(&mut self, class: Class, known: &BTreeSet<Class>) -> (Vec<Class>, bool) {
        match self.op(class).clone() {
            Op::Map { mut args, .. } => {
                args.sort_unstable();
                args.dedup();
                let alone = args.len() == 1;
                let open: Vec<Class> = args.iter().copied().filter(|&a| alone || !self.determined(known, a)).collect();
                if open.is_empty() || self.injective_in(class, &open) {
                    return (args, true);
                }
                // With one of the arguments known, the result may fix the others.
                (Vec::new(), open.len() == 1)
            }
            Op::SelectorWidth(selector) => (self.ranked_by(selector), true),
            _ => (Vec::new(), true),
        }
    }

    /// Whether a class is computed from determined ones.
    fn determined(&self, known: &BTreeSet<Class>, class: Class) -> bool {
        let mut answers: BTreeMap<Class, bool> = BTreeMap::new();
        let mut stack = vec![class];
        while let Some(&top) = stack.last() {
            if answers.contains_key(&top) {
                stack.pop();
                continue;
            }
            let Some(operands) = self.carried_by(top).filter(|_| !known.contains(&top) && !self.is_uniform(top)) else {
                answers.insert(top, known.contains(&top) || self.is_uniform(top));
                continue;
            };
            let open: Vec<Class> = operands.iter().copied().filter(|o| !answers.contains_key(o)).collect();
            if operands.iter().any(|o| answers.get(o) == Some(&false)) {
                answers.insert(top, false);
            } else if open.is_empty() {
                answers.insert(top, true);
            } else {
                // The lowest first: where a source is not determined, the rest need not be looked at.
                stack.extend(open.iter().min());
            }
        }
        answers[&class]
    }

    /// The operands whose equal values at two positions give equal values of the class there; none where nothing does.
    fn carried_by(&self, class: Class) -> Option<Vec<Class>> {
        match self.op(class) {
            Op::Map { args, .. } if self.respects_equality(class) => Some(args.clone()),
            // Under a full mask, equal queries select the same keys.
            Op::SelectorWidth(s) | Op::Aggregate { selector: s, .. } if self.full() => Some(vec![*s]),
            Op::Select { queries, predicate, .. } => {
                let told_apart = matches!(predicate, Predicate::Function(_)) && self.is_mixed(*queries);
                (self.full() && !told_apart).then(|| vec![*queries])
            }
            Op::And(a, b) | Op::Or(a, b) => Some(vec![*a, *b]),
            Op::Not(a) => Some(vec![*a]),
            _ => None,
        }
    }

    /// Whether a map's result and its other arguments fix these arguments.
    fn injective_in(&mut self, map: Class, open: &[Class]) -> bool {
        let key = (map, open.to_vec());
        if let Some(&known) = self.facts.injective_arg.get(&key) {
            return known;
        }
        let found = self.check_injective(map, open).unwrap_or(false);
        self.facts.injective_arg.insert(key, found);
        found
    }

    /// Looks at all argument tuples; none where they are too many.
    fn check_injective(&mut self, map: Class, open: &[Class]) -> Option<bool> {
        let Op::Map { mut args, .. } = self.op(map).clone() else { unreachable!("{map} is a map") };
        let budget = Budget { cap: MAX_ROWS.min(self.budget / 2), eager: true };
        let plan = self.plan(&args, budget).ok()?;
        if !self.plan_needs(&plan, budget).is_empty() {
            return None;
        }
        self.budget = self.budget.saturating_sub(plan.cost);
        args.sort_unstable();
        args.dedup();
        args.retain(|a| !open.contains(a));
        let prefix = args.len() + 1;
        let arity = prefix + open.len();
        let mut sink = RowSink::new(arity);
        self.visit(&plan, &mut |engine: &mut Self, chunk: &Chunk| {
            let results = engine.map_rows(map, chunk);
            let columns: Vec<&[Id]> = args.iter().map(|&a| chunk.column(a)).collect();
            let fixed: Vec<&[Id]> = open.iter().map(|&a| chunk.column(a)).collect();
            for (row, result) in results.into_iter().enumerate() {
                let Some(result) = result.ok().filter(|r| *r != RAISED) else { continue };
                let ids = columns.iter().map(|c| c[row]).chain([result]).chain(fixed.iter().map(|c| c[row]));
                sink.push(ids.map(|id| engine.table.class(id)));
            }
            Ok(())
        })
        .ok()?;
        // Sorted: equal other arguments and results are neighbours, and rows are not repeated.
        let rows = sink.finish();
        let mut pairs = rows.chunks(arity).zip(rows.chunks(arity).skip(1));
        Some(pairs.all(|(a, b)| a[..prefix] != b[..prefix]))
    }
}

/// How many sums and products an expression makes, where it is made of operators on small numbers only.
fn products(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Arg(_) => Some(0),
        Expr::Const(v) => v.as_f64().is_some_and(|x| x.abs() <= 1e5).then_some(0),
        Expr::Unary(UnaryOp::ToStr, _)
        | Expr::Item(..)
        | Expr::Entry(..)
        | Expr::Binary(BinaryOp::Mod | BinaryOp::Pow, ..) => None,
        Expr::Unary(_, a) | Expr::In(a, _) => products(a),
        Expr::Binary(op, a, b) => Some(products(a)? + products(b)? + u32::from(!boolean(*op))),
        Expr::If { cond, then, otherwise } => Some(products(cond)?.max(products(then)?).max(products(otherwise)?)),
    }
}

/// Whether an operator's result is a boolean.
fn boolean(op: BinaryOp) -> bool {
    use BinaryOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge | And | Or)
}
