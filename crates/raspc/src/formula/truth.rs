//! The truth of selector formulas over the values that keys and queries can hold.
//!
//! A formula's *atoms* are its selects. One query and one key give each atom a truth; which truths occur together
//! decides what one head can do ([`super::additive`]). A pair on which a predicate raises is reached by no input that has
//! an output, and is left out.

use std::collections::BTreeSet;

use raspc_lang::graph::{Graph, NodeId, Op};
use raspc_lang::value::Value;

use crate::simplify::steps::Steps;
use crate::values::Values;

/// Most pairs of a key tuple and a query tuple that are looked at.
const PAIRS: usize = 1 << 22;
/// Most tuples of one side.
const TUPLES: usize = 1 << 16;
/// Most values that one atom is tabulated for, keys times queries.
const TABLE: usize = 1 << 22;

/// The selects of a formula, in order of their ids; nothing where there are more than `most`.
pub(super) fn atoms(graph: &Graph, selector: NodeId, most: usize) -> Option<Vec<NodeId>> {
    let (mut found, mut seen, mut stack) = (BTreeSet::new(), BTreeSet::new(), vec![selector]);
    while let Some(at) = stack.pop() {
        if !seen.insert(at) {
            continue;
        }
        match graph.op(at) {
            Op::Select { .. } => {
                found.insert(at);
            }
            op => stack.extend(op.operands()),
        }
    }
    (found.len() <= most).then(|| found.into_iter().collect())
}

/// A selector or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    /// The selector.
    pub(super) node: NodeId,
    /// Whether its complement is meant.
    pub(super) negated: bool,
}

impl Formula {
    /// Its truth, to be asked for many truths of its atoms.
    pub(super) fn truth(self, graph: &Graph) -> Truth {
        Truth { steps: Steps::of(graph, self.node), negated: self.negated }
    }

    /// The parts whose conjunction it is, each once.
    pub(super) fn factors(self, graph: &Graph) -> Vec<Self> {
        let (mut found, mut seen, mut stack) = (Vec::new(), BTreeSet::new(), vec![self]);
        while let Some(at) = stack.pop() {
            if !seen.insert((at.node, at.negated)) {
                continue;
            }
            let part = |node: NodeId, negated: bool| Self { node, negated };
            match (graph.op(at.node), at.negated) {
                (Op::Not(a), _) => stack.push(part(*a, !at.negated)),
                // The first comes out first.
                (Op::And(a, b), false) | (Op::Or(a, b), true) => {
                    stack.extend([part(*b, at.negated), part(*a, at.negated)]);
                }
                _ => found.push(at),
            }
        }
        found
    }
}

/// The truth of a formula.
#[derive(Debug)]
pub(super) struct Truth {
    steps: Steps,
    negated: bool,
}

impl Truth {
    /// Whether it holds, given the truths of its atoms as bits.
    pub(super) fn holds(&self, bits: u32) -> bool {
        self.steps.holds(bits) != self.negated
    }
}

/// One side of a formula: the s-ops that its atoms read there, and what these hold together at one position.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) nodes: Vec<NodeId>,
    /// Tuples of values, in the order of `nodes`.
    pub(super) tuples: Vec<Box<[Value]>>,
}

/// A formula's atoms over the values of its sides.
#[derive(Debug)]
pub(super) struct Cases {
    pub(super) keys: Side,
    pub(super) queries: Side,
    tables: Vec<AtomTable>,
}

/// One atom's truth for each pair of the tuples' components.
#[derive(Debug)]
struct AtomTable {
    /// By tuple of the side: the number of the atom's own value.
    key_of: Vec<u32>,
    query_of: Vec<u32>,
    queries: usize,
    /// 0 false, 1 true, 2 raises.
    truth: Vec<u8>,
}

impl Cases {
    /// The cases of some atoms; nothing where they are too many to look at.
    pub(super) fn of(graph: &Graph, values: &Values, atoms: &[NodeId]) -> Option<Self> {
        let read = |key: bool| {
            let mut nodes: Vec<NodeId> = atoms
                .iter()
                .map(|&a| match *graph.op(a) {
                    Op::Select { keys, queries, .. } => {
                        if key {
                            keys
                        } else {
                            queries
                        }
                    }
                    ref op => panic!("{op:?} is no select"),
                })
                .collect();
            nodes.sort_unstable();
            nodes.dedup();
            let tuples = values.joint(&nodes, TUPLES).ok()?;
            Some(Side { nodes, tuples })
        };
        let (keys, queries) = (read(true)?, read(false)?);
        if keys.tuples.len().saturating_mul(queries.tuples.len()) > PAIRS {
            return None;
        }
        let tables = atoms.iter().map(|&a| AtomTable::of(graph, a, &keys, &queries)).collect::<Option<_>>()?;
        Some(Self { keys, queries, tables })
    }

    /// The truths of all atoms for a key tuple and a query tuple; nothing where one raises.
    pub(super) fn bits(&self, key: usize, query: usize) -> Option<u32> {
        self.tables.iter().enumerate().try_fold(0, |bits, (i, t)| {
            let at = t.key_of[key] as usize * t.queries + t.query_of[query] as usize;
            match t.truth[at] {
                2 => None,
                truth => Some(bits | u32::from(truth) << i),
            }
        })
    }

    /// Every combination of truths that some pair has.
    pub(super) fn combinations(&self) -> BTreeSet<u32> {
        let pairs = (0..self.keys.tuples.len()).flat_map(|k| (0..self.queries.tuples.len()).map(move |q| (k, q)));
        pairs.filter_map(|(k, q)| self.bits(k, q)).collect()
    }

    /// How many dimensions an atom takes in a score: its different rows or columns, whichever are fewer.
    pub(super) fn rank(&self, atom: usize) -> i64 {
        let t = &self.tables[atom];
        let keys = t.truth.len() / t.queries.max(1);
        let rows: BTreeSet<Vec<bool>> =
            (0..t.queries).map(|q| (0..keys).map(|k| t.truth[k * t.queries + q] == 1).collect()).collect();
        let columns: BTreeSet<Vec<bool>> =
            t.truth.chunks(t.queries.max(1)).map(|row| row.iter().map(|&x| x == 1).collect()).collect();
        rows.len().min(columns.len()) as i64
    }
}

impl AtomTable {
    fn of(graph: &Graph, atom: NodeId, keys: &Side, queries: &Side) -> Option<Self> {
        let Op::Select { keys: k, queries: q, predicate } = graph.op(atom) else { unreachable!("an atom") };
        let (key_values, key_of) = numbered(keys, *k);
        let (query_values, query_of) = numbered(queries, *q);
        if key_values.len().saturating_mul(query_values.len()) > TABLE {
            return None;
        }
        let of = |k: &Value, q: &Value| predicate.apply(k, q).map_or(2, u8::from);
        let truth = key_values.iter().flat_map(|k| query_values.iter().map(move |q| of(k, q))).collect();
        Some(Self { key_of, query_of, queries: query_values.len(), truth })
    }
}

/// A node's values in a side's tuples, and which of them each tuple holds.
fn numbered(side: &Side, node: NodeId) -> (Vec<Value>, Vec<u32>) {
    let at = side.nodes.binary_search(&node).expect("a node of the side");
    let mut values: Vec<Value> = side.tuples.iter().map(|t| t[at].clone()).collect();
    values.sort();
    values.dedup();
    let of = side.tuples.iter().map(|t| values.binary_search(&t[at]).expect("listed") as u32).collect();
    (values, of)
}
