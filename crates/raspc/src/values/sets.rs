//! The forward pass that finds each class's values, and enumeration on request.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::graph::Op;

use super::abs::{Abs, Kinds, Range};
use super::abs_eval::{self, Outcome};
use super::canon::Class;
use super::engine::{Dep, Engine, Set, Suspect, Var};
use super::intern::{Id, RAISED};
use super::plan::{Budget, Family, Mode, Plan};
use super::rows::Chunk;

/// No id: an argument that the function has not been called with yet.
const UNSEEN: Id = RAISED - 1;

/// Most tuples looked at for one class without being asked.
const EAGER: u64 = 1 << 21;

impl Engine {
    /// Analyses one class; all lower ones have been.
    pub(super) fn analyse(&mut self, class: Class) {
        match self.op(class).clone() {
            Op::Tokens => {
                self.dep[class.index()] = Dep::One(Var::Token);
                self.learn_column(class, self.vocab.clone());
            }
            Op::Indices => {
                self.dep[class.index()] = Dep::One(Var::Index);
                let column = (0..self.max_len).map(|i| self.table.int(i as i64)).collect();
                self.learn_column(class, column);
            }
            Op::Const(value) => {
                let id = self.table.intern(&value);
                self.learn_column(class, vec![id]);
            }
            Op::Map { args, .. } => self.analyse_map(class, &args),
            Op::Select { .. } | Op::And(..) | Op::Or(..) | Op::Not(_) => self.analyse_selector(class),
            Op::SelectorWidth(selector) => self.analyse_width(class, selector),
            Op::Aggregate { selector, values, .. } => self.analyse_aggregate(class, selector, values),
        }
        self.note_uniform(class);
    }

    fn analyse_width(&mut self, class: Class, selector: Class) {
        if self.scan_positions(class) {
            return;
        }
        self.dep[class.index()] = Dep::One(Var::Root(class));
        let (lo, hi) = self.selectors.width(selector);
        let widths = (lo..=hi).map(|w| self.table.int(w as i64)).collect();
        self.learn(class, widths);
    }

    fn analyse_aggregate(&mut self, class: Class, selector: Class, values: Class) {
        if self.scan_positions(class) {
            return;
        }
        self.dep[class.index()] = Dep::One(Var::Root(class));
        let (_, hi) = self.selectors.width(selector);
        self.copies[class.index()] = hi <= 1 || self.selects_equal(selector, values);
        self.abs[class.index()] = self.describe_aggregate(class);
        let kinds = self.abs[values.index()].range(&self.table).kinds;
        if hi > 1 && kinds.meets(Kinds::ANY.without(Kinds::NUMBER)) {
            self.mixed_means.push(class);
        }
        let about = self.estimate_group(selector, &[class]);
        self.set[class.index()] = Set::Lazy(about);
        let budget = Budget { cap: if self.copies[class.index()] { EAGER } else { 4096 }, eager: true };
        if about <= budget.cap && self.needs(class, budget).is_empty() {
            self.enumerate_root(class, budget);
        }
    }

    /// What an aggregate can hold: one value, a mean of several numbers, the default.
    fn describe_aggregate(&mut self, class: Class) -> Abs {
        let Op::Aggregate { selector, values, default } = self.op(class).clone() else { unreachable!("an aggregate") };
        let (lo, hi) = self.selectors.width(selector);
        let mut abs = if hi == 0 { Abs::empty() } else { self.abs[values.index()].clone() };
        if hi > 1 {
            let numbers = abs.range(&self.table);
            if numbers.kinds.meets(Kinds::NUMBER) {
                let means = Range::numbers(Kinds::FLOAT, numbers.lo, numbers.hi);
                abs = abs.or(Abs::Range(means), &self.table);
            }
        }
        if lo == 0 {
            let default = self.table.intern(&default);
            abs = abs.or(Abs::Few(vec![default]), &self.table);
        }
        abs
    }

    fn analyse_map(&mut self, class: Class, args: &[Class]) {
        self.dep[class.index()] = self.join(class, args);
        let described: Vec<Abs> = args.iter().map(|a| self.abs[a.index()].clone()).collect();
        let Op::Map { function, .. } = self.op(class).clone() else { unreachable!("a map") };
        let Outcome { values, raises } = abs_eval::strict(&mut self.table, &function, &described);
        self.abs[class.index()] = values;
        self.set[class.index()] = Set::Lazy(u64::MAX);
        let budget = Budget { cap: EAGER.min(self.budget / 2), eager: true };
        if self.needs(class, budget).is_empty() {
            self.enumerate_map(class, budget);
        }
        if matches!(self.set[class.index()], Set::Known(_)) {
            return;
        }
        self.set[class.index()] = Set::Lazy(self.cost(class));
        if raises {
            self.look_for_raise(class);
        }
        if let (Abs::Few(ids), Set::Lazy(_)) = (&self.abs[class.index()], &self.set[class.index()]) {
            self.set[class.index()] = Set::Known(ids.clone().into());
        }
    }

    /// About how many tuples must be looked at to enumerate a map.
    fn cost(&self, class: Class) -> u64 {
        let Op::Map { args, .. } = self.op(class) else { unreachable!("a map") };
        match self.dep[class.index()] {
            Dep::Const => 1,
            Dep::One(var) if var != Var::Root(class) => self.domain(var),
            _ => self.plan(args, self.on_request()).map_or(u64::MAX, |p| p.cost),
        }
    }

    /// The budget of what somebody asks for.
    pub(super) fn on_request(&self) -> Budget {
        Budget { cap: self.limit, eager: false }
    }

    /// A map on arguments that are too many to enumerate unasked can raise: enumerates them where that is affordable.
    fn look_for_raise(&mut self, class: Class) {
        let budget = Budget { cap: (EAGER / 2).min(self.budget / 2), eager: false };
        if self.size(class) > budget.cap || !self.force(class, budget) {
            self.suspects.push(Suspect { class, found: None, length: None });
        }
    }

    /// Whether all that can be known of a class is.
    fn ready(&self, class: Class) -> bool {
        if self.tried[class.index()] {
            return true;
        }
        match &self.set[class.index()] {
            Set::Lazy(_) => false,
            Set::Exploded(_) => true,
            Set::Known(_) => match self.dep[class.index()] {
                Dep::One(Var::Root(root)) => root == class || self.column[class.index()].is_some(),
                _ => true,
            },
        }
    }

    /// Whether a class's column is known or can be found within the budget.
    pub(super) fn followable(&self, class: Class, budget: Budget) -> bool {
        match self.dep[class.index()] {
            Dep::One(Var::Root(root)) if root == class => true,
            _ if self.column[class.index()].is_some() => true,
            Dep::One(Var::Root(_)) => !budget.eager && !self.tried[class.index()],
            _ => false,
        }
    }

    /// What must be enumerated before a class can be.
    fn needs(&self, class: Class, budget: Budget) -> Vec<Class> {
        let needs = match (self.op(class), &self.dep[class.index()]) {
            (Op::Map { args, .. }, Dep::One(Var::Root(root))) if *root != class => {
                args.iter().copied().filter(|&a| !self.by_position(a)).chain([*root]).collect()
            }
            (Op::Map { .. }, Dep::Const | Dep::One(Var::Index | Var::Length | Var::Point | Var::Token)) => Vec::new(),
            (Op::Map { args, .. }, _) => self.plan(args, budget).map_or(Vec::new(), |p| self.plan_needs(&p, budget)),
            (Op::Aggregate { selector, .. }, _) => self.group_needs(*selector, &[class], budget),
            _ => Vec::new(),
        };
        needs.into_iter().filter(|&n| !self.ready(n)).collect()
    }

    /// What must be enumerated before a plan is carried out.
    pub(super) fn plan_needs(&self, plan: &Plan, budget: Budget) -> Vec<Class> {
        let mut needs = Vec::new();
        for Family { key, members, mode } in &plan.families {
            if *mode == Mode::Apart {
                needs.extend(members.iter().filter(|m| self.known(**m).is_none()));
                continue;
            }
            let mut roots: Vec<Class> = Vec::new();
            for &member in members {
                if let Dep::One(Var::Root(root)) = self.dep[member.index()] {
                    roots.push(root);
                    needs.extend((member != root).then_some([root, member]).into_iter().flatten());
                }
            }
            roots.sort_unstable();
            roots.dedup();
            match (key, &roots[..]) {
                (_, [root]) => needs.push(*root),
                (super::plan::Key::Source(selector), [_, _, ..]) => {
                    needs.extend(self.group_needs(*selector, &roots, budget));
                }
                _ => {}
            }
        }
        needs.retain(|&n| !self.ready(n));
        needs
    }

    /// Enumerates a class and whatever that needs, within the budget; false where it needs more.
    pub(super) fn force(&mut self, class: Class, budget: Budget) -> bool {
        let mut stack = vec![class];
        let mut attempted = BTreeSet::new();
        while let Some(&top) = stack.last() {
            let done = self.ready(top) || attempted.contains(&top);
            let needs: Vec<Class> = if done { Vec::new() } else { self.needs(top, budget) };
            let needs: Vec<Class> = needs.into_iter().filter(|n| !attempted.contains(n)).collect();
            if needs.is_empty() {
                if !done {
                    attempted.insert(top);
                    self.attempt(top, budget);
                }
                stack.pop();
            } else {
                debug_assert!(needs.iter().all(|n| *n < top), "a class needs lower ones only");
                stack.extend(needs);
            }
        }
        matches!(self.set[class.index()], Set::Known(_))
    }

    /// Enumerates a class whose needs are met; where that fails on request, it is not tried again.
    fn attempt(&mut self, class: Class, budget: Budget) {
        match self.op(class) {
            Op::Map { .. } => self.enumerate_map(class, budget),
            Op::Aggregate { .. } => self.enumerate_root(class, budget),
            _ => {}
        }
        if budget.cap >= self.limit && !self.ready(class) {
            self.tried[class.index()] = true;
            if let Set::Lazy(about) = self.set[class.index()] {
                self.set[class.index()] = Set::Exploded(about.max(self.limit.saturating_add(1)));
            }
        }
    }

    /// The set of an aggregate, from its values.
    fn enumerate_root(&mut self, class: Class, budget: Budget) {
        let Op::Aggregate { selector, .. } = self.op(class) else { unreachable!("an aggregate") };
        if self.estimate_group(*selector, &[class]) <= budget.cap
            && let Ok((ids, _)) = self.group_rows(*selector, &[class], &[class])
        {
            self.budget = self.budget.saturating_sub(ids.len() as u64);
            let ids = self.distinct(&ids);
            self.learn(class, ids);
        }
    }

    /// The set (and column) of a map, from its arguments.
    fn enumerate_map(&mut self, class: Class, budget: Budget) {
        match self.dep[class.index()] {
            Dep::Const => self.map_column(class, Var::Index, 1),
            Dep::One(var) if var != Var::Root(class) => {
                if self.domain(var) <= budget.cap {
                    self.map_column(class, var, self.domain(var) as usize);
                }
            }
            _ => self.map_plan(class, budget),
        }
    }

    /// The column of a map of one variable (none: a column of one cell).
    fn map_column(&mut self, class: Class, var: Var, cells: usize) {
        let Op::Map { args, .. } = self.op(class).clone() else { unreachable!("a map") };
        let mut columns = Vec::new();
        for &arg in &args {
            let column =
                if self.dep[arg.index()] == Dep::One(Var::Root(arg)) { self.known(arg) } else { self.column(arg) };
            let Some(column) = column else { return };
            columns.push(Lifted { column, from: self.dep[arg.index()].clone() });
        }
        self.budget = self.budget.saturating_sub(cells as u64);
        let mut watch = Watch::new(self, class, &args);
        let number = self.dag.function[class.index()].expect("a map has a function");
        let mut seen = vec![UNSEEN; if args.len() == 1 { self.table.len() } else { 0 }];
        let mut out = Vec::with_capacity(cells);
        let mut tuple = vec![0; args.len()];
        let mut points = Points::default();
        for x in 0..cells {
            let point = points.next(var, x);
            tuple.iter_mut().zip(&columns).for_each(|(t, c)| *t = c.at(var, x, point));
            if tuple.contains(&RAISED) {
                out.push(RAISED);
                continue;
            }
            // A map of one argument is evaluated once for each value, not once for each cell.
            let known = seen.get(tuple[0] as usize).copied().unwrap_or(UNSEEN);
            if known != UNSEEN {
                out.push(known);
                continue;
            }
            let result = self.call_strict(number, &tuple);
            let length = matches!(var, Var::Index | Var::Length | Var::Point).then_some(point.0);
            watch.see(self, &tuple, &result, length);
            let result = result.unwrap_or(RAISED);
            if let Some(slot) = seen.get_mut(tuple[0] as usize) {
                *slot = result;
            }
            out.push(result);
        }
        watch.finish(self);
        self.learn_column(class, out);
    }

    /// The set of a map of several variables.
    fn map_plan(&mut self, class: Class, budget: Budget) {
        let Op::Map { args, .. } = self.op(class).clone() else { unreachable!("a map") };
        let Ok(plan) = self.plan(&args, budget) else { return };
        if !self.plan_needs(&plan, budget).is_empty() {
            return;
        }
        self.budget = self.budget.saturating_sub(plan.cost);
        let mut watch = Watch::new(self, class, &args);
        let mut seen: Vec<bool> = Vec::new();
        let mut ids: Vec<Id> = Vec::new();
        let mut tuple = vec![0; args.len()];
        let visited = self.visit(&plan, &mut |engine: &mut Self, chunk: &Chunk| {
            let results = engine.map_rows(class, chunk);
            let columns: Vec<&[Id]> = args.iter().map(|&a| chunk.column(a)).collect();
            seen.resize(engine.table.len(), false);
            for (row, result) in results.iter().enumerate() {
                if let Ok(id) = result {
                    if *id == RAISED {
                        continue;
                    }
                    if !std::mem::replace(&mut seen[*id as usize], true) {
                        ids.push(*id);
                    }
                }
                if result.is_err() || watch.wants() {
                    tuple.iter_mut().zip(&columns).for_each(|(t, c)| *t = c[row]);
                    watch.see(engine, &tuple, result, None);
                }
            }
            Ok(())
        });
        if visited.is_ok() {
            watch.finish(self);
            self.learn(class, ids);
        }
    }
}

/// A column of one variable read by the number of another's value.
struct Lifted {
    column: Arc<[Id]>,
    from: Dep,
}

impl Lifted {
    fn at(&self, var: Var, x: usize, (length, index): (usize, usize)) -> Id {
        match self.from {
            Dep::Const => self.column[0],
            Dep::One(from) if from == var => self.column[x],
            Dep::One(Var::Index) => self.column[index],
            Dep::One(Var::Length) => self.column[length - 1],
            _ => unreachable!("a variable is made of index and length only"),
        }
    }
}

/// Counts through the points in order: lengths, and the indices of each.
#[derive(Default)]
struct Points {
    length: usize,
    index: usize,
}

impl Points {
    /// The (length, index) of the next value of a variable; the least length where the index alone decides.
    fn next(&mut self, var: Var, x: usize) -> (usize, usize) {
        match var {
            Var::Length => (x + 1, 0),
            Var::Point => {
                self.index += 1;
                if self.index >= self.length {
                    (self.length, self.index) = (self.length + 1, 0);
                }
                (self.length, self.index)
            }
            _ => (x + 1, x),
        }
    }
}

/// Watches a function's results: the first error, and results that differ on equal arguments.
struct Watch {
    class: Class,
    /// Whether an argument can hold equal values of different types.
    mixed: bool,
    /// Whether all arguments' sets are known, so that the table of values has all their types.
    complete: bool,
    results: HashMap<Box<[Id]>, Id>,
    found: Option<Suspect>,
    teller: Option<Vec<Id>>,
}

impl Watch {
    fn new(engine: &Engine, class: Class, args: &[Class]) -> Self {
        let mixed = args.iter().any(|&a| engine.is_mixed(a));
        let complete = args.iter().all(|&a| engine.known(a).is_some());
        Self { class, mixed, complete, results: HashMap::new(), found: None, teller: None }
    }

    /// Whether results without an error are of interest.
    fn wants(&self) -> bool {
        self.mixed && self.teller.is_none()
    }

    fn see(&mut self, engine: &Engine, tuple: &[Id], result: &Result<Id, EvalError>, length: Option<usize>) {
        match result {
            Err(error) if self.found.is_none() => {
                self.found = Some(Suspect { class: self.class, found: Some((tuple.to_vec(), error.clone())), length });
            }
            Ok(id) if self.wants() && tuple.iter().any(|&t| engine.table.has_twin(t)) => {
                let key: Box<[Id]> = tuple.iter().map(|&t| engine.table.class(t)).collect();
                let class = engine.table.class(*id);
                if *self.results.entry(key).or_insert(class) != class {
                    self.teller = Some(tuple.to_vec());
                }
            }
            _ => {}
        }
    }

    /// Records what was seen; all arguments were.
    fn finish(self, engine: &mut Engine) {
        engine.suspects.extend(self.found);
        if self.complete || self.teller.is_some() {
            engine.facts.congruent[self.class.index()] = Some(self.teller.is_none());
        }
        engine.tellers.extend(self.teller.map(|tuple| (self.class, tuple)));
    }
}
