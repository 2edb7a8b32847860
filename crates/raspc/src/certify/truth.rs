//! What a select says of each pair of a key's and a query's value.

use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::facts::{Classes, Facts, Var};

/// A select as a table.
pub(super) struct Truth {
    queries: usize,
    /// Row-major, keys by queries: 0, 1, or 2 where the predicate raises.
    table: Vec<u8>,
}

/// The table's entry where the predicate raises: no input that has an output reaches such a pair.
const RAISES: u8 = 2;

impl Truth {
    /// The table of a select, over all values of its keys and queries.
    pub(super) fn of(select: NodeId, facts: &Facts<'_>) -> Option<Self> {
        let Op::Select { keys, queries, predicate } = facts.graph.op(select) else { panic!("{select} is no select") };
        let (keys, queries) = (facts.classes(Var::Node(*keys))?, facts.classes(Var::Node(*queries))?);
        let table = match predicate {
            Predicate::Compare(c) => compare(*c, &keys, &queries),
            Predicate::Function(_) => {
                let ask = |k: &Value, q: &Value| predicate.apply(k, q).map_or(RAISES, u8::from);
                keys.values.iter().flat_map(|k| queries.values.iter().map(move |q| ask(k, q))).collect()
            }
        };
        Some(Self { queries: queries.len(), table })
    }

    /// Whether the select selects this key for this query; nothing where it raises.
    pub(super) fn at(&self, key: u32, query: u32) -> Option<bool> {
        match self.table[key as usize * self.queries + query as usize] {
            RAISES => None,
            bit => Some(bit == 1),
        }
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
    let ask = |k: &(usize, u8), q: &(usize, u8)| match comparison {
        Comparison::Eq => u8::from(k.0 == q.0),
        Comparison::Ne => u8::from(k.0 != q.0),
        Comparison::Lt => ordered(k.0 < q.0, k.1, q.1),
        Comparison::Le => ordered(k.0 <= q.0, k.1, q.1),
        Comparison::Gt => ordered(k.0 > q.0, k.1, q.1),
        Comparison::Ge => ordered(k.0 >= q.0, k.1, q.1),
    };
    keys.iter().flat_map(|k| queries.iter().map(move |q| ask(k, q))).collect()
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
            let wanted = keys.iter().flat_map(|k| queries.iter().map(move |q| comparison.apply(k, q)));
            let wanted: Vec<u8> = wanted.map(|r| r.map_or(RAISES, u8::from)).collect();
            assert_eq!(table, wanted, "{comparison:?}");
        }
    }
}
