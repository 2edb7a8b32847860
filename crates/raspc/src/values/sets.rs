//! The forward pass that finds each class's values, and enumeration on request.

use raspc_lang::graph::Op;

use super::abs::{Abs, Kinds, Range};
use super::abs_eval::{self, Outcome};
use super::canon::Class;
use super::engine::{Dep, Engine, Set, Suspect, Var};
use super::plan::Budget;

/// Most tuples looked at for one class without being asked.
pub(super) const EAGER: u64 = 1 << 21;

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
        self.note_linear(class);
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
        let moved = self.abs[values.index()].range(&self.table);
        // The mean of integers beyond the floats is an error too.
        if hi > 1 && (!moved.only_numbers() || (moved.kinds.meets(Kinds::INT) && !moved.within(1e300))) {
            self.mixed_means.push(class);
        }
        let about = self.estimate_group(selector, &[class]);
        self.set[class.index()] = Set::Lazy(about);
        let budget = Budget { cap: if self.copies[class.index()] { EAGER } else { 4096 }.min(self.limit), eager: true };
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
        self.note_linear(class);
        let described: Vec<Abs> = args.iter().map(|a| self.abs[a.index()].clone()).collect();
        let Op::Map { function, .. } = self.op(class).clone() else { unreachable!("a map") };
        if function.is_opaque() {
            let outcomes = function.outcomes().unwrap_or_default();
            let ids = outcomes.iter().map(|v| self.table.intern(v)).collect();
            self.dep[class.index()] = Dep::One(Var::Root(class));
            return self.learn(class, ids);
        }
        let Outcome { values, raises } = abs_eval::strict(&mut self.table, &function, &described);
        self.abs[class.index()] = values;
        self.set[class.index()] = Set::Lazy(u64::MAX);
        let budget = Budget { cap: EAGER.min(self.budget / 2).min(self.limit), eager: true };
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

    /// A map on arguments that are too many to enumerate unasked can raise: enumerates them where that is affordable.
    fn look_for_raise(&mut self, class: Class) {
        let budget = Budget { cap: (EAGER / 2).min(self.budget / 2).min(self.limit), eager: false };
        if self.size(class) > budget.cap || !self.force(class, budget) {
            self.suspects.push(Suspect { class, found: None, length: None });
        }
    }
}
