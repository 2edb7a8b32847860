//! Counting by an order: the width of `<` as a sum of widths of equalities (numerics section 4).
//!
//! k < q holds for whole numbers of d bits when for exactly one i their top i bits agree, the next bit of q is 1, and that of
//! k is 0. So `<` over n values is the disjoint union of d = ⌈log2 n⌉ equalities between prefixes, with d + 1 dimensions
//! for each instead of the n − 1 of `<` itself (which no fewer can give exactly). A width is a sum over disjoint parts,
//! so it takes d heads; an aggregate needs one head, and `<` itself. Values stand for their ranks; `<=` has the equality of
//! the values as one part more, `>` exchanges the sides.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Comparison, Graph, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::signed_cubes;
use crate::gadgets::widths;
use crate::options::Options;
use crate::simplify::selector::{Cube, Literal};
use crate::values::Values;

/// A width is split into at most this many heads.
const SPLIT: usize = 64;

/// A width as heads of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Disjoint conjunctions, and the most keys that each counts.
    pub heads: Vec<(Cube, usize)>,
    /// All keys (the first conjunction, which is empty) less those of the others.
    pub complement: bool,
    /// The disjoint selects that stand for a literal of the selector's own conjunctions.
    pub splits: BTreeMap<Literal, Vec<NodeId>>,
}

/// The parts of a literal: selects, and the most keys that each selects.
type Parts = BTreeMap<Literal, Vec<(NodeId, usize)>>;

/// Splits a width's conjunctions where they compare many values by their order, adding the parts to a graph; nothing
/// where none does. `to` says where the nodes of the old graph are there.
pub(super) fn split(
    old: &Graph,
    values: &Values,
    selector: NodeId,
    options: &Options,
    graph: &mut Graph,
    to: &[NodeId],
) -> Option<Family> {
    let longest = options.max_len;
    let (cubes, complement) = signed_cubes(old, selector)?;
    let sides = |l: &Literal| match *old.op(l.select) {
        Op::Select { keys, queries, .. } => (keys, queries),
        ref op => panic!("{op:?} is no select"),
    };
    // A literal beside another of the same keys and queries is part of one matrix, which may be small.
    let alone = |cube: &Cube, l: &Literal| cube.iter().filter(|o| sides(o) == sides(l)).count() == 1;
    let mut parts = Parts::new();
    for cube in &cubes {
        for literal in cube.iter().filter(|l| alone(cube, l)) {
            if !parts.contains_key(literal)
                && let Some(order) = Order::of(old, values, *literal, options.limits.ordered)
            {
                parts.insert(*literal, order.build(values, *literal, graph, to, longest));
            }
        }
    }
    if parts.is_empty() {
        return None;
    }
    let mut heads = Vec::new();
    for cube in &cubes {
        let mut family = vec![(Cube::new(), longest)];
        for literal in cube {
            let moved = Literal { select: to[literal.select.index()], negated: literal.negated };
            let split = parts.get(literal).filter(|_| alone(cube, literal));
            let own = split.map_or_else(
                || vec![(moved, longest)],
                |parts| parts.iter().map(|&(select, most)| (Literal { select, negated: false }, most)).collect(),
            );
            family = family
                .iter()
                .flat_map(|(cube, most)| own.iter().map(move |(l, n)| ([&cube[..], &[*l]].concat(), (*most).min(*n))))
                .collect();
        }
        heads.extend(family);
    }
    let moved = |l: &Literal| Literal { select: to[l.select.index()], negated: l.negated };
    let splits = parts.iter().map(|(l, parts)| (moved(l), parts.iter().map(|p| p.0).collect())).collect();
    // Where what so many heads count could not be told apart any more, one head compares all values.
    let sizes: Vec<(usize, f64)> = heads.iter().map(|h: &(Cube, usize)| (h.1, 1.0)).collect();
    let fits = heads.len() <= SPLIT && widths::sum(&sizes, longest as f64).1 < widths::CLOSE;
    fits.then_some(Family { heads, complement, splits })
}

/// A strict or weak order of the ranks of keys and queries.
struct Order {
    keys: NodeId,
    queries: NodeId,
    /// All values of both sides, ascending.
    ranks: Arc<Vec<Value>>,
    /// Whether keys lie below queries.
    below: bool,
    /// Whether equal ones are selected too.
    equal: bool,
}

impl Order {
    /// The order that a literal compares many values by, if it does.
    fn of(graph: &Graph, values: &Values, literal: Literal, least: usize) -> Option<Self> {
        let Op::Select { keys, queries, predicate: Predicate::Compare(comparison) } = *graph.op(literal.select) else {
            return None;
        };
        let (below, equal) = match (comparison, literal.negated) {
            (Comparison::Lt, false) | (Comparison::Ge, true) => (true, false),
            (Comparison::Le, false) | (Comparison::Gt, true) => (true, true),
            (Comparison::Gt, false) | (Comparison::Le, true) => (false, false),
            (Comparison::Ge, false) | (Comparison::Lt, true) => (false, true),
            _ => return None,
        };
        if values.can_be_none(keys) || values.can_be_none(queries) {
            return None;
        }
        let (k, q) = (values.enumerate(keys).ok()?, values.enumerate(queries).ok()?);
        if k.len().min(q.len()) < least.max(2) {
            return None;
        }
        let mut ranks: Vec<Value> = k.iter().chain(q.iter()).cloned().collect();
        let alike = ranks.iter().all(Value::is_number) || ranks.iter().all(|v| matches!(v, Value::Str(_)));
        ranks.sort();
        ranks.dedup();
        alike.then(|| Self { keys, queries, ranks: Arc::new(ranks), below, equal })
    }

    /// Adds the parts: one select for each bit, and one for equality.
    fn build(
        &self,
        values: &Values,
        literal: Literal,
        graph: &mut Graph,
        to: &[NodeId],
        longest: usize,
    ) -> Vec<(NodeId, usize)> {
        let (keys, queries) = (to[self.keys.index()], to[self.queries.index()]);
        let bits = usize::BITS - (self.ranks.len() - 1).leading_zeros();
        let distinct = values.is_injective(self.keys);
        let equality = Predicate::Compare(Comparison::Eq);
        let mut parts = Vec::new();
        for shift in (0..bits).rev() {
            let mut side = |node: NodeId, upper: bool| {
                let prefix = Prefix { ranks: self.ranks.clone(), shift, upper };
                let function = Function { arity: 1, body: Body::Host(Arc::new(prefix)) };
                graph.push(Op::Map { function, args: vec![node] }, None)
            };
            let (k, q) = (side(keys, !self.below), side(queries, self.below));
            let select = graph.push(Op::Select { keys: k, queries: q, predicate: equality.clone() }, None);
            parts.push((select, if distinct { longest.min(1 << shift) } else { longest }));
        }
        if self.equal {
            let span = graph.node(to[literal.select.index()]).span;
            let select = graph.push(Op::Select { keys, queries, predicate: equality }, span);
            parts.push((select, if distinct { 1 } else { longest }));
        }
        parts
    }
}

/// The bits of a value's rank above one bit, where that bit is 1 (`upper`) or 0; elsewhere a number that no prefix is.
#[derive(Debug)]
struct Prefix {
    ranks: Arc<Vec<Value>>,
    shift: u32,
    upper: bool,
}

impl HostFunction for Prefix {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let rank = self.ranks.binary_search(&args[0]).unwrap_or(0);
        let here = (rank >> self.shift & 1 == 1) == self.upper;
        let other = if self.upper { -1 } else { -2 };
        Ok(Value::int(if here { (rank >> self.shift >> 1) as i64 } else { other }))
    }

    fn name(&self) -> String {
        format!("bits above 2^{}", self.shift)
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        let other = if self.upper { -1 } else { -2 };
        let prefixes = 0..=((self.ranks.len() - 1) >> self.shift >> 1) as i64;
        Some(std::iter::once(other).chain(prefixes).map(Value::int).collect())
    }
}
