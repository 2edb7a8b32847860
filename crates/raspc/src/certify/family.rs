//! The conjunctions that a width is counted by, checked against its selector.
//!
//! A width is the sum of the widths of disjoint conjunctions that together are its selector; or the number of all keys less
//! those of conjunctions that together are its complement. A literal that compares values by their order may be split into
//! selects, exactly one of which holds where it does: that is looked at value by value.

use std::collections::{BTreeMap, BTreeSet};

use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::facts::{Facts, Var};
use super::selector::is_partition;
use crate::formula::signed_cubes;
use crate::simplify::selector::{Cube, Literal};

/// Most pairs of values that a split literal is looked at for.
const PAIRS: usize = 1 << 26;

/// Conjunctions, and how often each counts.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) cubes: Vec<Cube>,
    pub(super) factors: Vec<f64>,
    /// The most keys that each selects.
    pub(super) widest: Vec<usize>,
}

impl Family {
    /// The conjunctions of a width through the selector, if there are several and they are what they must be.
    pub(super) fn of(selector: NodeId, facts: &Facts<'_>) -> Option<Self> {
        if facts.forms.sums.contains_key(&selector) {
            return None;
        }
        let (own, complement) = signed_cubes(facts.graph, selector)?;
        let counted = if complement { own.split_first().filter(|(all, _)| all.is_empty())?.1 } else { &own[..] };
        if !is_partition(facts.graph, selector, complement, counted) {
            return None;
        }
        let mut widths: BTreeMap<NodeId, usize> = BTreeMap::new();
        let cubes = match facts.forms.families.get(&selector) {
            Some(family) => {
                let heads: Vec<Cube> = family.heads.iter().map(|h| h.0.clone()).collect();
                let sound = family.complement == complement && restores(&heads, &family.splits, &own);
                if !sound {
                    return None;
                }
                for (literal, parts) in &family.splits {
                    let most = union(*literal, parts, facts)?;
                    widths.extend(parts.iter().copied().zip(most));
                }
                heads
            }
            None => own,
        };
        let factors = (0..cubes.len()).map(|i| if complement && i > 0 { -1.0 } else { 1.0 }).collect();
        // Parts of the selector select no more than it does; parts of its complement may.
        let all = facts.options.max_len;
        let longest = if complement { all } else { facts.values.width_range(selector).1.min(all) };
        let most = |cube: &Cube| {
            let selected = cube.iter().filter(|l| !l.negated).filter_map(|l| widths.get(&l.select));
            selected.copied().min().unwrap_or(longest).min(longest)
        };
        let widest = cubes.iter().map(most).collect();
        (cubes.len() > 1).then_some(Self { cubes, factors, widest })
    }
}

/// Whether the heads are these conjunctions with each split literal replaced by each of its parts, all combinations once;
/// in the same order, so that the first stays the first.
fn restores(heads: &[Cube], splits: &BTreeMap<Literal, Vec<NodeId>>, own: &[Cube]) -> bool {
    let whole: BTreeMap<NodeId, Literal> =
        splits.iter().flat_map(|(l, parts)| parts.iter().map(|&p| (p, *l))).collect();
    if whole.len() != splits.values().map(Vec::len).sum::<usize>() {
        return false;
    }
    let distinct: BTreeSet<&Cube> = heads.iter().collect();
    let mut at = 0;
    for cube in own {
        let wanted: BTreeSet<Literal> = cube.iter().copied().collect();
        let back = |l: &Literal| if l.negated { *l } else { whole.get(&l.select).copied().unwrap_or(*l) };
        let first = heads.get(at);
        let split = first.into_iter().flatten().filter(|l| !l.negated).filter_map(|l| whole.get(&l.select));
        let count: usize = split.map(|l| splits[l].len()).product();
        let Some(these) = heads.get(at..at + count) else { return false };
        let same = |h: &Cube| h.len() == cube.len() && h.iter().map(back).collect::<BTreeSet<_>>() == wanted;
        // Each head has one part of each literal that the first one splits, and all heads differ: these are all combinations.
        let split_alike = |h: &Cube| {
            let of = |h: &Cube| {
                h.iter().filter(|l| !l.negated).filter_map(|l| whole.get(&l.select)).copied().collect::<BTreeSet<_>>()
            };
            first.is_some_and(|f| of(f) == of(h))
        };
        if !these.iter().all(|h| same(h) && split_alike(h)) {
            return false;
        }
        at += count;
    }
    at == heads.len() && distinct.len() == heads.len()
}

/// The most keys that each part selects, if exactly one of the parts holds where the literal does, and none elsewhere; for a
/// literal that compares numbers or strings by their order, and parts that compare for equality.
fn union(literal: Literal, parts: &[NodeId], facts: &Facts<'_>) -> Option<Vec<usize>> {
    let Op::Select { keys, queries, predicate: Predicate::Compare(comparison) } = *facts.graph.op(literal.select)
    else {
        return None;
    };
    let mut sides = Vec::new();
    for part in parts {
        match *facts.graph.op(*part) {
            Op::Select { keys, queries, predicate: Predicate::Compare(Comparison::Eq) } => sides.push((keys, queries)),
            _ => return None,
        }
    }
    let key_rows = ranks(keys, &sides.iter().map(|s| s.0).collect::<Vec<_>>(), facts)?;
    let query_rows = ranks(queries, &sides.iter().map(|s| s.1).collect::<Vec<_>>(), facts)?;
    if key_rows.len().saturating_mul(query_rows.len()) > PAIRS {
        return None;
    }
    // Values as their places among all values of both sides.
    let number = |at: usize| {
        let mut all: Vec<&Value> = key_rows.iter().chain(&query_rows).map(|row| &row[at]).collect();
        all.sort();
        all.dedup();
        let place = |rows: &[Vec<Value>]| -> Vec<usize> {
            rows.iter().map(|row| all.binary_search(&&row[at]).unwrap_or(usize::MAX)).collect()
        };
        (place(&key_rows), place(&query_rows))
    };
    let alike = |rows: &[Vec<Value>], is: &dyn Fn(&Value) -> bool| rows.iter().all(|row| is(&row[0]));
    let numbers = alike(&key_rows, &Value::is_number) && alike(&query_rows, &Value::is_number);
    let text = |v: &Value| matches!(v, Value::Str(_));
    let texts = alike(&key_rows, &text) && alike(&query_rows, &text);
    if !(numbers || texts) {
        return None;
    }
    let (key, query) = number(0);
    let parts: Vec<(Vec<usize>, Vec<usize>)> = (1..=parts.len()).map(number).collect();
    let meant = |k: usize, q: usize| {
        let holds = match comparison {
            Comparison::Eq => k == q,
            Comparison::Ne => k != q,
            Comparison::Lt => k < q,
            Comparison::Le => k <= q,
            Comparison::Gt => k > q,
            Comparison::Ge => k >= q,
        };
        holds != literal.negated
    };
    let disjoint = (0..key.len()).all(|k| {
        (0..query.len()).all(|q| {
            let holding = parts.iter().filter(|p| p.0[k] == p.1[q]).count();
            holding == usize::from(meant(key[k], query[q]))
        })
    });
    // Keys that are distinct at all positions: no more of them are selected than there are such values.
    let distinct = facts.values.is_injective(keys);
    let most = |(of_keys, of_queries): &(Vec<usize>, Vec<usize>)| {
        let asked: BTreeSet<usize> = of_queries.iter().copied().collect();
        let mut held: BTreeMap<usize, usize> = BTreeMap::new();
        of_keys.iter().filter(|k| asked.contains(k)).for_each(|&k| *held.entry(k).or_default() += 1);
        if distinct { held.values().copied().max().unwrap_or(0) } else { facts.options.max_len }
    };
    disjoint.then(|| parts.iter().map(most).collect())
}

/// What one position holds of a node and of the nodes that its parts compare.
fn ranks(node: NodeId, parts: &[NodeId], facts: &Facts<'_>) -> Option<Vec<Vec<Value>>> {
    let nodes: Vec<NodeId> = std::iter::once(node).chain(parts.iter().copied()).collect();
    let mut vars: Vec<Var> = nodes.iter().map(|&n| Var::Node(n)).collect();
    vars.sort_unstable();
    vars.dedup();
    let rows = facts.rows(&vars)?;
    let place: Vec<usize> = nodes.iter().map(|&n| vars.binary_search(&Var::Node(n)).expect("one of them")).collect();
    let listed: Vec<_> = vars.iter().map(|&v| facts.listed(v)).collect();
    Some(rows.iter().map(|row| place.iter().map(|&p| listed[p].values[row[p] as usize].clone()).collect()).collect())
}
