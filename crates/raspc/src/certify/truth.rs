//! What a select says of each pair of a key's and a query's value.

use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::facts::{Classes, Facts, Var};

/// A select as a table.
pub(super) struct Truth {
    keys: usize,
    /// The keys of each query, one query after the other: 0, 1, or 2 where the predicate raises.
    table: Vec<u8>,
}

/// The table's entry where the predicate raises: no input that has an output reaches such a pair.
pub(super) const RAISES: u8 = 2;

/// A table of all pairs.
fn tabulate<T>(keys: &[T], queries: &[T], ask: impl Fn(&T, &T) -> u8) -> Vec<u8> {
    let mut table = Vec::with_capacity(keys.len() * queries.len());
    for query in queries {
        table.extend(keys.iter().map(|key| ask(key, query)));
    }
    table
}

impl Truth {
    /// The table of a select, over all values of its keys and queries.
    pub(super) fn of(select: NodeId, facts: &Facts<'_>) -> Option<Self> {
        let Op::Select { keys, queries, predicate } = facts.graph.op(select) else { panic!("{select} is no select") };
        let (keys, queries) = (facts.classes(Var::Node(*keys))?, facts.classes(Var::Node(*queries))?);
        let table = match predicate {
            Predicate::Compare(c) => compare(*c, &keys, &queries),
            Predicate::Function(_) => {
                let ask = |k: &Value, q: &Value| predicate.apply(k, q).map_or(RAISES, u8::from);
                tabulate(&keys.values, &queries.values, ask)
            }
        };
        Some(Self { keys: keys.len(), table })
    }

    /// What the select says of each key for a query: 0, 1, or [`RAISES`].
    pub(super) fn of_query(&self, query: u32) -> &[u8] {
        &self.table[query as usize * self.keys..][..self.keys]
    }
}

/// A comparison by ranks: both lists are in canonical order.
fn compare(comparison: Comparison, keys: &Classes, queries: &Classes) -> Vec<u8> {
    let mut all: Vec<&Value> = keys.values.iter().chain(queries.values.iter()).collect();
    all.sort();
    all.dedup();
    let ranks = |classes: &Classes| -> Vec<(usize, u8)> {
        let rank = |v: &Value| all.binary_search(&v).expect("listed");
        classes.values.iter().map(|v| (rank(v), kind(v))).collect()
    };
    let (keys, queries) = (ranks(keys), ranks(queries));
    let ordered = |holds: bool, a: u8, b: u8| if a == b && a > 0 { u8::from(holds) } else { RAISES };
    match comparison {
        Comparison::Eq => tabulate(&keys, &queries, |k, q| u8::from(k.0 == q.0)),
        Comparison::Ne => tabulate(&keys, &queries, |k, q| u8::from(k.0 != q.0)),
        Comparison::Lt => tabulate(&keys, &queries, |k, q| ordered(k.0 < q.0, k.1, q.1)),
        Comparison::Le => tabulate(&keys, &queries, |k, q| ordered(k.0 <= q.0, k.1, q.1)),
        Comparison::Gt => tabulate(&keys, &queries, |k, q| ordered(k.0 > q.0, k.1, q.1)),
        Comparison::Ge => tabulate(&keys, &queries, |k, q| ordered(k.0 >= q.0, k.1, q.1)),
    }
}

/// 0 for what has no order; values of one other kind can be ordered.
fn kind(value: &Value) -> u8 {
    match value {
        v if v.is_number() => 1,
        Value::Str(_) => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_compare_as_the_language_does() {
        let listed = |mut v: Vec<Value>| {
            v.sort();
            v
        };
        let keys =
            listed(vec![Value::None, Value::int(3), Value::float(0.5).unwrap(), Value::str("b"), Value::Bool(true)]);
        let queries = listed(vec![Value::None, Value::int(1), Value::int(4), Value::str("a"), Value::str("b")]);
        let classes = |v: &[Value]| Classes::for_tests(v);
        for comparison in Comparison::ALL {
            let table = compare(comparison, &classes(&keys), &classes(&queries));
            let wanted = queries.iter().flat_map(|q| keys.iter().map(move |k| comparison.apply(k, q)));
            let wanted: Vec<u8> = wanted.map(|r| r.map_or(RAISES, u8::from)).collect();
            assert_eq!(table, wanted, "{comparison:?}");
        }
    }
}
