//! Whether all keys that one query selects hold equal values: then an aggregate is a copy and no mean.

use std::collections::BTreeMap;

use raspc_lang::graph::{Comparison, Op, Predicate};

use super::canon::Class;
use super::cases::MAX_PAIRS;
use super::engine::Engine;
use super::intern::{Id, RAISED};
use super::plan::Budget;
use super::rows::Chunk;
use super::sink::RowSink;

impl Engine {
    /// Whether all keys that one query selects hold equal values.
    pub(super) fn selects_equal(&mut self, selector: Class, values: Class) -> bool {
        if self.selectors.width(selector).1 <= 1 || self.is_uniform(values) {
            return true;
        }
        let mut equal: BTreeMap<Class, [bool; 2]> = BTreeMap::new();
        for &class in self.selectors.under(selector).iter() {
            // Where the selector is true, and where it is false. A conjunction selects fewer keys than either operand.
            let found = match *self.op(class) {
                Op::Select { .. } => {
                    [self.matches_equal(class, values, true), self.matches_equal(class, values, false)]
                }
                Op::And(a, b) => [equal[&a][0] || equal[&b][0], false],
                Op::Or(a, b) => [false, equal[&a][1] || equal[&b][1]],
                Op::Not(a) => [equal[&a][1], equal[&a][0]],
                _ => unreachable!("{class} is a selector"),
            };
            equal.insert(class, found);
        }
        equal.get(&selector).is_some_and(|e| e[0])
    }

    /// Whether all keys on which a select has this truth, for one query, hold equal values.
    fn matches_equal(&mut self, select: Class, values: Class, truth: bool) -> bool {
        let Op::Select { keys, predicate, .. } = self.op(select).clone() else { unreachable!("a select") };
        let equality = matches!(
            (predicate, truth),
            (Predicate::Compare(Comparison::Eq), true) | (Predicate::Compare(Comparison::Ne), false)
        );
        // All matching keys hold the query's value, and it determines theirs.
        if equality && self.determines(keys, values) {
            return true;
        }
        let Some(rows) = self.keys_with_values(keys, values) else { return false };
        if equality {
            return rows.windows(2).all(|w| w[0].0 != w[1].0 || w[0].1 == w[1].1);
        }
        self.one_value_each(select, &rows, truth)
    }

    /// The pairs of key (typed) and value (class) that one position can hold, sorted by the key's class.
    fn keys_with_values(&mut self, keys: Class, values: Class) -> Option<Vec<(Id, Id, Id)>> {
        let budget = Budget { cap: MAX_PAIRS.min(self.budget / 2), eager: true };
        let plan = self.plan(&[keys, values], budget).ok()?;
        if !self.plan_needs(&plan, budget).is_empty() {
            return None;
        }
        self.budget = self.budget.saturating_sub(plan.cost);
        let mut sink = RowSink::new(3);
        self.visit(&plan, &mut |engine: &mut Self, chunk: &Chunk| {
            for (&key, &value) in chunk.column(keys).iter().zip(chunk.column(values)) {
                if key != RAISED && value != RAISED {
                    sink.push([engine.table.class(key), engine.table.class(value), key].into_iter());
                }
            }
            Ok(())
        })
        .ok()?;
        Some(sink.finish().chunks(3).map(|r| (r[0], r[1], r[2])).collect())
    }

    /// Whether for each query value the matching keys hold one value.
    fn one_value_each(&mut self, select: Class, rows: &[(Id, Id, Id)], truth: bool) -> bool {
        let Op::Select { queries, .. } = *self.op(select) else { unreachable!("a select") };
        let Some(queries) = self.known(queries) else { return false };
        if queries.len() as u64 * rows.len() as u64 > MAX_PAIRS {
            return false;
        }
        queries.iter().all(|&query| {
            let mut found = None;
            rows.iter().all(|&(_, value, key)| match self.selects(select, key, query) {
                Some(selected) if selected == truth => *found.get_or_insert(value) == value,
                // Where the predicate raises there is no result at all.
                _ => true,
            })
        })
    }
}
