//! The pattern of a select.

use super::intern::Interned;
use super::pattern::Pattern;
use crate::error::EvalError;
use crate::graph::{Comparison, Mask, Predicate};
use crate::value::Value;

/// Row q, column k: `predicate(keys[k], queries[q])` where the mask lets q see k.
pub(super) fn select(
    keys: &Interned,
    queries: &Interned,
    predicate: &Predicate,
    mask: Mask,
) -> Result<Pattern, EvalError> {
    match predicate {
        Predicate::Compare(c) if never_raises(*c, keys, queries) => Ok(by_rank(keys, queries, *c, mask)),
        _ => by_pair(keys, queries, predicate, mask),
    }
}

/// Whether the comparison has a result for every pair: equality always, an ordering among numbers or among strings.
fn never_raises(comparison: Comparison, keys: &Interned, queries: &Interned) -> bool {
    let all = |kind: fn(&Value) -> bool| keys.distinct.iter().chain(&queries.distinct).all(kind);
    matches!(comparison, Comparison::Eq | Comparison::Ne)
        || all(Value::is_number)
        || all(|v| matches!(v, Value::Str(_)))
}

/// By the ranks of the values in their common order: comparing values is comparing ranks.
fn by_rank(keys: &Interned, queries: &Interned, comparison: Comparison, mask: Mask) -> Pattern {
    let (key_ranks, query_ranks) = ranks(&keys.distinct, &queries.distinct);
    let key_ranks: Vec<u32> = keys.ids().iter().map(|&id| key_ranks[id as usize]).collect();
    let compare: fn(u32, u32) -> bool = match comparison {
        Comparison::Eq => |k, q| k == q,
        Comparison::Ne => |k, q| k != q,
        Comparison::Lt => |k, q| k < q,
        Comparison::Le => |k, q| k <= q,
        Comparison::Gt => |k, q| k > q,
        Comparison::Ge => |k, q| k >= q,
    };
    let word = |ranks: &[u32], query: u32| {
        ranks.iter().enumerate().fold(0, |word, (i, &key)| word | u64::from(compare(key, query)) << i)
    };
    let row = |&query: &u32| key_ranks.chunks(64).map(|ranks| word(ranks, query)).collect();
    let rows: Vec<Vec<u64>> = query_ranks.iter().map(row).collect();
    let mut pattern = Pattern::visible(keys.ids().len(), mask);
    for (q, &id) in queries.ids().iter().enumerate() {
        pattern.row_mut(q).iter_mut().zip(&rows[id as usize]).for_each(|(visible, row)| *visible &= row);
    }
    pattern
}

/// The ranks of both lists' values in their common order; equal values have equal ranks.
fn ranks(keys: &[Value], queries: &[Value]) -> (Vec<u32>, Vec<u32>) {
    let all: Vec<&Value> = keys.iter().chain(queries).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| all[a].cmp(all[b]));
    let mut ranks = vec![0; all.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + u32::from(all[pair[0]] != all[pair[1]]);
    }
    let queries = ranks.split_off(keys.len());
    (ranks, queries)
}

/// By asking the predicate, once for each pair of values that meet.
fn by_pair(keys: &Interned, queries: &Interned, predicate: &Predicate, mask: Mask) -> Result<Pattern, EvalError> {
    let n = keys.ids().len();
    let mut pattern = Pattern::new(n);
    let mut known: Vec<Option<bool>> = vec![None; keys.distinct.len() * queries.distinct.len()];
    for (q, &query) in queries.ids().iter().enumerate() {
        let visible = if mask == Mask::Causal { q + 1 } else { n };
        for (k, &key) in keys.ids()[..visible].iter().enumerate() {
            let cell = &mut known[query as usize * keys.distinct.len() + key as usize];
            let selected = match *cell {
                Some(selected) => selected,
                None => *cell.insert(predicate.apply(keys.at(k), queries.at(q))?),
            };
            if selected {
                pattern.set(q, k, true);
            }
        }
    }
    Ok(pattern)
}
