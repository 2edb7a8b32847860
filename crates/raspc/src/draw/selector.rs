//! What a selector compares.

use raspc_lang::graph::{Graph, NodeId, Op};

/// The s-ops that a selector compares, constants left out: those of the keys and those of the queries, each once, in
/// the order in which its formula names them.
pub(super) fn variables(graph: &Graph, selector: NodeId) -> (Vec<NodeId>, Vec<NodeId>) {
    let (mut keys, mut queries) = (Vec::new(), Vec::new());
    let mut todo = vec![selector];
    let mut seen = vec![false; graph.len()];
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        match graph.op(id) {
            Op::Select { keys: k, queries: q, .. } => {
                for (all, one) in [(&mut keys, *k), (&mut queries, *q)] {
                    if !all.contains(&one) && !matches!(graph.op(one), Op::Const(_)) {
                        all.push(one);
                    }
                }
            }
            op => todo.extend(op.operands().into_iter().rev()),
        }
    }
    (keys, queries)
}
