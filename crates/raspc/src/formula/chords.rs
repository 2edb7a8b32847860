//! Functions of one number that are smooth: their chords come close to them, where steps on all values would round more.

use raspc_lang::graph::NodeId;

use super::maps_behind;
use crate::encode::plan::{Encoded, Number, Scalar};
use crate::gadgets::chords::is_smooth;
use crate::lower::chords::points;
use crate::simplify::Simplified;
use crate::values::Values;

/// Of fewer values steps are exact, or too close for f32 whatever is done.
const FEW: usize = 64;

/// The node to be made of chords, where something is wrong with `node`: it, or what it is an element-wise function of; the last that
/// is made by steps, read as a number alone, and a number wherever what it is made of is.
pub fn by_chords(simplified: &Simplified, values: &Values, encoded: &Encoded, node: NodeId) -> Option<NodeId> {
    maps_behind(&simplified.graph, node).into_iter().rev().find(|&at| can_be_chords(values, encoded, at))
}

fn can_be_chords(values: &Values, encoded: &Encoded, node: NodeId) -> bool {
    let plan = encoded.plan(node);
    let (Some(Number::Steps(Scalar::Sum(sum))), None) = (&plan.number, &plan.onehot) else { return false };
    let mut nodes: Vec<NodeId> = sum.terms.iter().map(|t| t.0).collect();
    if plan.lattice != 0 || nodes.contains(&node) || values.is_whole(node) {
        return false;
    }
    nodes.push(node);
    let Ok(tuples) = values.joint(&nodes, 1 << 22) else { return false };
    tuples.len() > FEW
        && is_smooth(&points(&tuples, sum))
        && tuples.iter().all(|tuple| {
            let (own, of) = tuple.split_last().expect("the node is among them");
            let none = of.iter().any(raspc_lang::value::Value::is_none);
            if none { own.is_none() } else { own.is_number() && of.iter().all(raspc_lang::value::Value::is_number) }
        })
}
