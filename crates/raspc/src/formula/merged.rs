//! Values that no select tells apart, as one value.
//!
//! A mean of 0.1 and 0.2 is 0.15 or 0.15000000000000002, whichever way the interpreter's 64-bit arithmetic came to it, and no
//! 32-bit float tells the two apart. A select mostly need not either: `select(tokens, mean, <)` treats all means alike
//! between which no token lies. Where the one-hot of an s-op cannot be made, its selects read an element-wise function of
//! it instead, which gives all values with the same row of the predicate the first of them. So the selectors select what they
//! did, exactly, and thresholds are left only where some row changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use crate::simplify::Simplified;
use crate::values::Values;

/// Most pairs of values for which a predicate is asked.
const PAIRS: usize = 1 << 22;

/// The program with the values of `node` merged for each select that tells fewer apart; nothing where none does.
pub fn by_classes(simplified: &Simplified, values: &Values, node: NodeId) -> Option<Simplified> {
    let old = &simplified.graph;
    let needed = simplified.needed();
    let merged: BTreeMap<NodeId, Sides> = old
        .iter()
        .filter(|(id, _)| needed[id.index()])
        .map(|(id, entry)| (id, Side::ALL.map(|side| Merged::of(&entry.op, values, node, side))))
        .filter(|(_, sides)| sides.iter().any(Option::is_some))
        .collect();
    if merged.is_empty() {
        return None;
    }
    Some(simplified.rewritten(|graph, _, to, id| {
        let (sides, entry) = (merged.get(&id)?, old.node(id));
        let mut op = entry.op.with_operands(|o| to[o.index()]);
        if let Op::Select { keys, queries, .. } = &mut op {
            for (side, classes) in [keys, queries].into_iter().zip(sides) {
                let Some(classes) = classes else { continue };
                let function = Function { arity: 1, body: Body::Host(Arc::new(classes.clone())) };
                *side = graph.push(Op::Map { function, args: vec![*side] }, entry.span);
            }
        }
        Some(graph.push(op, entry.span))
    }))
}

/// The value that stands for each value of an s-op.
#[derive(Clone, Debug)]
struct Merged(BTreeMap<Value, Value>);

/// A side of a select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Keys,
    Queries,
}

/// What is merged on each side of a select. Both can be: the first of the keys with the same row selects, of all queries, what
/// each of them does, among these the first of the queries with the same column.
type Sides = [Option<Merged>; 2];

impl Side {
    const ALL: [Self; 2] = [Self::Keys, Self::Queries];
}

impl Merged {
    /// How a select with `node` on this side can merge its values there, if it can.
    fn of(op: &Op, values: &Values, node: NodeId, side: Side) -> Option<Self> {
        let Op::Select { keys, queries, predicate } = op else { return None };
        let (read, other) = if side == Side::Keys { (*keys, *queries) } else { (*queries, *keys) };
        if read != node {
            return None;
        }
        let (own, others) = (values.enumerate(node).ok()?, values.enumerate(other).ok()?);
        if own.len().saturating_mul(others.len()) > PAIRS {
            return None;
        }
        let told =
            |v: &Value, o: &Value| if side == Side::Keys { predicate.apply(v, o) } else { predicate.apply(o, v) };
        let mut first: BTreeMap<Vec<Option<bool>>, &Value> = BTreeMap::new();
        let mut all = BTreeMap::new();
        // None stays none: an element-wise function leaves it.
        for value in own.iter().filter(|v| !v.is_none()) {
            let row = others.iter().map(|o| told(value, o).ok()).collect();
            all.insert(value.clone(), (*first.entry(row).or_insert(value)).clone());
        }
        (first.len() < all.len()).then_some(Self(all))
    }
}

impl HostFunction for Merged {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        Ok(self.0.get(&args[0]).unwrap_or(&args[0]).clone())
    }

    fn name(&self) -> String {
        "one of those treated alike".to_owned()
    }
}
