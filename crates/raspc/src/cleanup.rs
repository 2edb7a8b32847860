//! Cleanup: one-hots that are made exactly 0 and 1 again, where and only where the certificate needs it.
//!
//! A head that moves a category from several keys with equal values adds up several weights of fl(1/w): its one-hot is
//! *soft*, off by what such a sum rounds (numerics section 2). That is good enough to be decoded, to be selected by, to be
//! moved again; but not to be counted by, and not for tables that amplify it. So a model is first made with soft one-hots.
//! Where the certificate fails, the soft ones that the failing node depends on most closely are cleaned (their numbers are
//! moved instead, and steps taken on these, which restore: numerics R3 and R4), and it is tried again.

use std::collections::BTreeSet;

use raspc_lang::graph::{NodeId, Op};

use crate::encode::plan::{Encoded, OneHot};
use crate::values::Values;

/// Every aggregate whose one-hot is soft.
pub fn soft(encoded: &Encoded, values: &Values) -> BTreeSet<NodeId> {
    let several = |id: NodeId| match encoded.graph.op(id) {
        Op::Aggregate { selector, values: of, .. } => {
            encoded.plan(id).onehot == Some(OneHot::Copy)
                && values.width_range(*selector).1 > 1
                && values.enumerate(*of).is_ok_and(|v| v.iter().all(|v| v.is_none() || v.is_number()))
        }
        _ => false,
    };
    encoded.graph.iter().map(|(id, _)| id).filter(|&id| several(id)).collect()
}

/// The soft one-hots that `node` depends on through none that is soft as well, itself among them.
pub fn nearest(encoded: &Encoded, soft: &BTreeSet<NodeId>, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([node]);
    let mut stack = vec![node];
    while let Some(at) = stack.pop() {
        if soft.contains(&at) {
            found.insert(at);
        } else {
            stack.extend(encoded.graph.op(at).operands().into_iter().filter(|o| seen.insert(*o)));
        }
    }
    found
}
