//! Enumeration on request: what a class needs before it can be enumerated, and doing that without recursion.

use std::collections::BTreeSet;

use raspc_lang::graph::Op;

use super::canon::Class;
use super::engine::{Dep, Engine, Set, Var};
use super::plan::{Budget, Family, Key, Mode, Plan};

impl Engine {
    /// About how many tuples must be looked at to enumerate a map.
    pub(super) fn cost(&self, class: Class) -> u64 {
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
    pub(super) fn needs(&self, class: Class, budget: Budget) -> Vec<Class> {
        let needs = match (self.op(class), &self.dep[class.index()]) {
            (Op::Map { args, .. }, Dep::One(Var::Root(root))) if *root != class => {
                args.iter().copied().filter(|&a| !self.by_position(a)).chain([*root]).collect()
            }
            (Op::Map { args, .. }, Dep::One(Var::Point)) => {
                args.iter().copied().filter(|&a| !budget.eager && self.known(a).is_none()).collect()
            }
            (Op::Map { .. }, Dep::Const | Dep::One(Var::Index | Var::Length | Var::Token)) => Vec::new(),
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
                (Key::Source(selector), [_, _, ..]) => {
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
            self.forget_above(class);
        }
    }

    /// The set of an aggregate, from its values.
    pub(super) fn enumerate_root(&mut self, class: Class, budget: Budget) {
        let Op::Aggregate { selector, .. } = self.op(class) else { unreachable!("an aggregate") };
        if self.estimate_group(*selector, &[class]) <= budget.cap
            && let Ok((ids, _)) = self.group_rows(*selector, &[class], &[class], budget)
        {
            self.budget = self.budget.saturating_sub(ids.len() as u64);
            let ids = self.distinct(&ids);
            self.learn(class, ids);
        }
    }
}
