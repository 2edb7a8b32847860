//! The properties that must hold of every inference, checked on all inputs of a small domain.

use std::collections::HashSet;

use raspc::options::Options;
use raspc::values::{ValueSet, Values, infer};
use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::interpret::{Column, Pattern, Trace, interpret};
use raspc_lang::value::Value;

use crate::build::inputs;

/// The nodes that the output depends on, s-ops and selectors.
fn needed(graph: &Graph, output: NodeId) -> (Vec<NodeId>, Vec<NodeId>) {
    let mut needed = HashSet::from([output]);
    for i in (0..=output.0).rev().map(NodeId) {
        if needed.contains(&i) {
            needed.extend(graph.op(i).operands());
        }
    }
    let mut ids: Vec<NodeId> = needed.into_iter().collect();
    ids.sort();
    ids.into_iter().partition(|&id| graph.op(id).kind() == Kind::SOp)
}

/// Checks sets, joint sets and facts of an inference on all inputs; gives the inference back.
pub(crate) fn check(graph: &Graph, output: NodeId, options: &Options) -> Values {
    graph.check();
    let values = infer(graph, output, options).unwrap_or_else(|errors| panic!("{errors:?}"));
    check_values(graph, output, options, &values);
    values
}

/// Checks an inference on all inputs.
pub(crate) fn check_values(graph: &Graph, output: NodeId, options: &Options, values: &Values) {
    check_on(graph, output, options, values, &inputs(options));
}

/// Checks an inference on some inputs.
pub(crate) fn check_on(graph: &Graph, output: NodeId, options: &Options, values: &Values, inputs: &[Vec<Value>]) {
    let (sops, selectors) = needed(graph, output);
    let sets: Vec<Option<HashSet<Value>>> = sops.iter().map(|&s| enumerated(values, s)).collect();
    let groups = groups_of(&sops);
    let joint: Vec<Option<HashSet<Box<[Value]>>>> = groups.iter().map(|g| joint_of(values, g, options)).collect();
    let facts = Facts::of(values, &sops, &selectors);
    for input in inputs {
        let trace = interpret(graph, input);
        for (i, &sop) in sops.iter().enumerate() {
            let Ok(column) = trace.values(sop) else { continue };
            for value in column {
                inside(values, sop, value, input);
                assert!(
                    sets[i].as_ref().is_none_or(|s| s.contains(value)),
                    "{sop} holds {value} on {input:?}, not in its set"
                );
            }
        }
        for (group, rows) in groups.iter().zip(&joint) {
            if let Some(rows) = rows {
                check_joint(&trace, group, rows, input);
            }
        }
        facts.check(&trace, &sops, &selectors, input);
    }
}

fn enumerated(values: &Values, sop: NodeId) -> Option<HashSet<Value>> {
    let set = values.enumerate(sop).ok()?;
    assert!(set.windows(2).all(|w| w[0] < w[1]), "{sop}: {set:?} is sorted, without duplicates");
    assert!(values.can_be_none(sop) || !set.contains(&Value::None));
    Some(set.iter().cloned().collect())
}

/// Whether the described set holds a value.
fn inside(values: &Values, sop: NodeId, value: &Value, input: &[Value]) {
    let within = match values.set(sop) {
        ValueSet::Finite(set) => set.contains(value),
        ValueSet::Numbers { lo, hi, none, .. } => {
            value.as_f64().map_or(value.is_none() && *none, |x| (*lo..=*hi).contains(&x))
        }
        ValueSet::Other { none, .. } => *none || !value.is_none(),
    };
    assert!(within, "{sop} holds {value} on {input:?}, not in {:?}", values.set(sop));
    assert!(!value.is_none() || values.can_be_none(sop), "{sop} is none on {input:?}");
}

/// Some groups of s-ops to ask joint values of: all pairs, and runs of three and four.
fn groups_of(sops: &[NodeId]) -> Vec<Vec<NodeId>> {
    let mut groups: Vec<Vec<NodeId>> = Vec::new();
    for (i, &a) in sops.iter().enumerate() {
        groups.extend(sops[..i].iter().map(|&b| vec![a, b]));
    }
    groups.extend(sops.windows(3).map(<[NodeId]>::to_vec));
    groups.extend(sops.windows(4).map(|w| vec![w[3], w[0], w[2], w[1]]));
    groups
}

fn joint_of(values: &Values, group: &[NodeId], options: &Options) -> Option<HashSet<Box<[Value]>>> {
    match values.joint(group, 1 << 17) {
        Ok(rows) => {
            assert!(rows.windows(2).all(|w| w[0] < w[1]), "{group:?}: rows are sorted, without duplicates");
            Some(rows.into_iter().collect())
        }
        Err(e) => {
            assert!(e.count > options.limits.enumerate.min(1 << 17) as u64, "joint {group:?}: {e:?}");
            None
        }
    }
}

fn check_joint(trace: &Trace, group: &[NodeId], rows: &HashSet<Box<[Value]>>, input: &[Value]) {
    let columns: Result<Vec<&[Value]>, _> = group.iter().map(|&g| trace.values(g)).collect();
    let Ok(columns) = columns else { return };
    for i in 0..input.len() {
        let row: Box<[Value]> = columns.iter().map(|c| c[i].clone()).collect();
        assert!(rows.contains(&row), "{group:?} hold {row:?} on {input:?}");
    }
}

/// All facts about a graph.
struct Facts {
    uniform: Vec<bool>,
    injective: Vec<bool>,
    /// (a, b) where a determines b, by number.
    determines: Vec<(usize, usize)>,
    width: Vec<(usize, usize)>,
    /// (selector, s-op) where all selected values are equal, by number.
    equal: Vec<(usize, usize)>,
}

impl Facts {
    fn of(values: &Values, sops: &[NodeId], selectors: &[NodeId]) -> Self {
        let pairs = |n: usize, m: usize| (0..n).flat_map(move |a| (0..m).map(move |b| (a, b)));
        Self {
            uniform: sops.iter().map(|&s| values.is_uniform(s)).collect(),
            injective: sops.iter().map(|&s| values.is_injective(s)).collect(),
            determines: pairs(sops.len(), sops.len()).filter(|&(a, b)| values.determines(sops[a], sops[b])).collect(),
            width: selectors.iter().map(|&s| values.width_range(s)).collect(),
            equal: pairs(selectors.len(), sops.len())
                .filter(|&(s, v)| values.selects_equal(selectors[s], sops[v]))
                .collect(),
        }
    }

    fn check(&self, trace: &Trace, sops: &[NodeId], selectors: &[NodeId], input: &[Value]) {
        let column = |i: usize| trace.values(sops[i]).ok();
        for (i, sop) in sops.iter().enumerate() {
            let Some(c) = column(i) else { continue };
            assert!(!self.uniform[i] || c.iter().all(|v| *v == c[0]), "{sop} is not uniform on {input:?}");
            let distinct = || (0..c.len()).all(|p| !c[..p].contains(&c[p]));
            assert!(!self.injective[i] || distinct(), "{sop} is not injective on {input:?}: {c:?}");
        }
        for &(a, b) in &self.determines {
            let (Some(x), Some(y)) = (column(a), column(b)) else { continue };
            for p in 0..x.len() {
                let same = (0..p).all(|q| x[p] != x[q] || y[p] == y[q]);
                assert!(same, "{} does not determine {} on {input:?}", sops[a], sops[b]);
            }
        }
        for (i, selector) in selectors.iter().enumerate() {
            let Column::Pattern(pattern) = trace.column(*selector) else { continue };
            for q in 0..pattern.len() {
                let width = selected(pattern, q).count();
                let (lo, hi) = self.width[i];
                assert!((lo..=hi).contains(&width), "{selector} selects {width} on {input:?}, not {lo}..={hi}");
            }
        }
        for &(s, v) in &self.equal {
            let (Column::Pattern(pattern), Some(c)) = (trace.column(selectors[s]), column(v)) else { continue };
            for q in 0..pattern.len() {
                let mut keys = selected(pattern, q);
                let first = keys.next();
                let same = keys.all(|k| Some(&c[k]) == first.map(|f| &c[f]));
                assert!(same, "{} selects different values of {} on {input:?}", selectors[s], sops[v]);
            }
        }
    }
}

/// The keys that a query selects.
fn selected(pattern: &Pattern, q: usize) -> impl Iterator<Item = usize> + '_ {
    (0..pattern.len()).filter(move |&k| pattern.get(q, k))
}
