//! One select for any formula: over the classes of its keys and the classes of its queries (the product on both sides).
//!
//! Key tuples that every query treats alike are one class, and likewise query tuples. The classes are element-wise
//! functions of the tuples (lookup tables, or views where the formula reads one s-op on that side), none being a value
//! like any other; a select over them is the formula. What remains is a matrix of classes, whose score has as many
//! dimensions as it has different rows or columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Graph, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::truth::{Cases, Formula, Side};

/// The matrix of a formula over classes.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    pub(super) keys: Grouped,
    pub(super) queries: Grouped,
    /// By class of queries, then of keys.
    selected: Vec<Vec<bool>>,
}

/// The classes of one side.
#[derive(Clone, Debug)]
pub(super) struct Grouped {
    pub(super) nodes: Vec<NodeId>,
    class_of: BTreeMap<Box<[Value]>, usize>,
    count: usize,
}

impl Classes {
    /// The classes of a formula over these cases.
    pub(super) fn of(graph: &Graph, formula: Formula, cases: &Cases) -> Self {
        let truth = formula.truth(graph);
        // A formula that is true or false for a combination is asked once.
        let mut known: BTreeMap<u32, bool> = BTreeMap::new();
        let (k, q) = (cases.keys.tuples.len(), cases.queries.tuples.len());
        let mut rows = vec![vec![0u64; k.div_ceil(64)]; q];
        let mut columns = vec![vec![0u64; q.div_ceil(64)]; k];
        for (query, row) in rows.iter_mut().enumerate() {
            for (key, column) in columns.iter_mut().enumerate() {
                let Some(bits) = cases.bits(key, query) else { continue };
                if *known.entry(bits).or_insert_with(|| truth.holds(bits)) {
                    row[key / 64] |= 1 << (key % 64);
                    column[query / 64] |= 1 << (query % 64);
                }
            }
        }
        let (keys, first_key) = grouped(&cases.keys, &columns);
        let (queries, first_query) = grouped(&cases.queries, &rows);
        let at = |query: usize, key: usize| rows[query][key / 64] >> (key % 64) & 1 == 1;
        let selected = first_query.iter().map(|&query| first_key.iter().map(|&key| at(query, key)).collect()).collect();
        Self { keys, queries, selected }
    }

    /// How many entries the tables of the classes have.
    pub(super) fn entries(&self) -> usize {
        [&self.keys, &self.queries].iter().filter(|s| s.nodes.len() > 1).map(|s| s.class_of.len()).sum()
    }

    /// Adds the classes and the select to a graph; `to` says where the nodes of the formula's graph are there.
    pub(super) fn build(&self, graph: &mut Graph, to: &[NodeId]) -> NodeId {
        let mut side = |s: &Grouped| {
            let args: Vec<NodeId> = s.nodes.iter().map(|n| to[n.index()]).collect();
            let function = Function { arity: args.len(), body: Body::Host(Arc::new(s.clone())) };
            graph.push(Op::Map { function, args }, None)
        };
        let (keys, queries) = (side(&self.keys), side(&self.queries));
        let body = Body::Host(Arc::new(Chosen(self.selected.clone())));
        graph.push(Op::Select { keys, queries, predicate: Predicate::Function(Function { arity: 2, body }) }, None)
    }
}

/// Tuples with equal patterns are one class; gives the first tuple of each class too.
fn grouped(side: &Side, patterns: &[Vec<u64>]) -> (Grouped, Vec<usize>) {
    let mut number: BTreeMap<&[u64], usize> = BTreeMap::new();
    let mut first = Vec::new();
    let mut class_of = BTreeMap::new();
    for (i, (tuple, pattern)) in side.tuples.iter().zip(patterns).enumerate() {
        let class = *number.entry(pattern).or_insert_with(|| {
            first.push(i);
            first.len() - 1
        });
        class_of.insert(tuple.clone(), class);
    }
    (Grouped { nodes: side.nodes.clone(), class_of, count: first.len() }, first)
}

impl HostFunction for Grouped {
    /// Tuples that no position holds may go anywhere.
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        Ok(Value::int(self.class_of.get(args).copied().unwrap_or(0) as i64))
    }

    fn name(&self) -> String {
        "class".to_owned()
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        Some((0..self.count as i64).map(Value::int).collect())
    }
}

/// Which classes of keys a class of queries selects.
#[derive(Debug)]
struct Chosen(Vec<Vec<bool>>);

impl HostFunction for Chosen {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let number = |v: &Value| v.as_int().and_then(|i| i.to_i64()).map(|i| i as usize);
        let selected = number(&args[1]).zip(number(&args[0])).is_some_and(|(q, k)| self.0[q][k]);
        Ok(Value::Bool(selected))
    }

    fn name(&self) -> String {
        "is selected by".to_owned()
    }
}
