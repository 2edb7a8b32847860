//! Layers and heads as "Thinking Like Transformers" counts them: each operation as early as possible, a head for each
//! selector that the aggregates of a layer use, element-wise steps free.

use std::collections::BTreeSet;

use raspc_lang::graph::{Graph, NodeId, Op};

use crate::simplify::reachable;

/// The paper's layers of what a node depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// By node: its layer; 0 is the embedding. Nothing where the output does not depend on it.
    pub layer: Vec<Option<usize>>,
    /// By layer, from 1: the selectors that its aggregates use, in the order of their creation.
    pub heads: Vec<Vec<NodeId>>,
}

/// Counts layers and heads.
pub fn paper(graph: &Graph, output: NodeId) -> Paper {
    let needed = reachable(graph, output);
    let mut layer: Vec<Option<usize>> = vec![None; graph.len()];
    let mut heads: Vec<BTreeSet<NodeId>> = Vec::new();
    for (id, node) in graph.iter().filter(|(id, _)| needed[id.index()]) {
        let of = |n: NodeId| layer[n.index()].expect("operands come first");
        let deepest = node.op.operands().into_iter().map(of).max().unwrap_or(0);
        let (at, head) = match &node.op {
            Op::Select { .. } => (deepest + 1, None),
            Op::Aggregate { selector, values, .. } => (of(*selector).max(of(*values) + 1), Some(*selector)),
            Op::SelectorWidth(selector) => (of(*selector), Some(*selector)),
            _ => (deepest, None),
        };
        layer[id.index()] = Some(at);
        if let Some(selector) = head {
            heads.resize_with(heads.len().max(at), BTreeSet::new);
            heads[at - 1].insert(selector);
        }
    }
    Paper { layer, heads: heads.into_iter().map(|h| h.into_iter().collect()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raspc_lang::graph::Mask;
    use raspc_lang::program::parse_program;
    use raspc_lang::programs::standard_program;

    /// Heads by layer. Widths have one head here, where the paper's library, which has no BOS, builds two.
    fn heads(name: &str) -> Vec<usize> {
        let source = standard_program(name).expect("it exists").source;
        let none = &mut |path: &str| Err(format!("no file {path}"));
        let program = parse_program(name, source, Mask::Full, none).expect("it is fine");
        paper(&program.graph, program.output.expect("an output")).heads.iter().map(Vec::len).collect()
    }

    #[test]
    fn layers_are_the_papers() {
        assert_eq!(heads("reverse"), [1, 1]);
        assert_eq!(heads("sort"), [1, 1]);
        assert_eq!(heads("hist"), [1]);
    }
}
