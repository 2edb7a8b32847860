//! Values that s-ops hold together at one position.
//!
//! The value sets list them where they can. Where that explodes, any superset will do: the s-ops among them that are
//! element-wise functions of the others are computed from these, and the others may hold whatever they hold alone.

use std::collections::BTreeMap;

use raspc_lang::function::Body;
use raspc_lang::graph::{Graph, NodeId, Op};
use raspc_lang::value::Value;

use super::facts::{Facts, Var};

/// At most as many combinations of values are listed one by one.
const MOST: usize = 1 << 16;
/// An s-op is computed from others through at most as many operations.
const STEPS: usize = 1 << 10;

/// A superset of the tuples that s-ops hold together, if one can be listed.
pub(super) fn tuples(nodes: &[NodeId], facts: &Facts<'_>) -> Option<Vec<Box<[Value]>>> {
    let limit = facts.options.limits.enumerate;
    if let Ok(listed) = facts.values.joint(nodes, limit) {
        return Some(listed);
    }
    let base: Vec<NodeId> = nodes.iter().copied().filter(|&n| !is_computed(n, nodes, facts.graph)).collect();
    let of_base = match facts.values.joint(&base, limit) {
        Ok(listed) => listed,
        Err(_) => product(&base, facts)?,
    };
    let complete = |tuple: Box<[Value]>| {
        let mut known: BTreeMap<NodeId, Value> = base.iter().copied().zip(tuple).collect();
        // Where a function raises, no input has an output.
        nodes.iter().map(|&n| compute(n, &mut known, facts.graph)).collect::<Option<Box<[Value]>>>()
    };
    Some(of_base.into_iter().filter_map(complete).collect())
}

/// Every combination of the values that s-ops hold alone.
fn product(nodes: &[NodeId], facts: &Facts<'_>) -> Option<Vec<Box<[Value]>>> {
    let classes: Vec<_> = nodes.iter().map(|&n| facts.classes(Var::Node(n))).collect::<Option<_>>()?;
    let size = classes.iter().try_fold(1usize, |size, c| size.checked_mul(c.len()))?;
    if size > MOST {
        return None;
    }
    let mut all: Vec<Vec<Value>> = vec![Vec::new()];
    for c in &classes {
        let longer =
            |tuple: &[Value]| c.values.iter().map(|v| [tuple, std::slice::from_ref(v)].concat()).collect::<Vec<_>>();
        all = all.iter().flat_map(|tuple| longer(tuple)).collect();
    }
    Some(all.into_iter().map(Vec::into_boxed_slice).collect())
}

/// Whether a node is an element-wise function of constants and others among `nodes`.
fn is_computed(node: NodeId, nodes: &[NodeId], graph: &Graph) -> bool {
    let mut stack = vec![node];
    let mut steps = 0;
    while let Some(at) = stack.pop() {
        steps += 1;
        if steps > STEPS {
            return false;
        }
        match graph.op(at) {
            _ if at != node && nodes.contains(&at) => {}
            Op::Const(_) => {}
            // A host function is not called more often than it has to be.
            Op::Map { function, args } if !matches!(function.body, Body::Host(_)) => stack.extend(args),
            _ => return false,
        }
    }
    true
}

fn compute(node: NodeId, known: &mut BTreeMap<NodeId, Value>, graph: &Graph) -> Option<Value> {
    if let Some(value) = known.get(&node) {
        return Some(value.clone());
    }
    let value = match graph.op(node) {
        Op::Const(value) => value.clone(),
        Op::Map { function, args } => {
            let args: Vec<Value> = args.iter().map(|&a| compute(a, known, graph)).collect::<Option<_>>()?;
            function.apply_strict(&args).ok()?
        }
        op => panic!("{op:?} is not computed from others"),
    };
    known.insert(node, value.clone());
    Some(value)
}
