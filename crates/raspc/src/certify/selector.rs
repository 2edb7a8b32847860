//! Selector formulas: which selects they are made of, and their truth.

use raspc_lang::graph::{Graph, NodeId, Op};

use crate::simplify::selector::Cube;

/// A formula over more selects than this is not tabulated.
const MOST_SELECTS: usize = 16;

/// A formula over selects.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    /// The selects of this selector, combined as the graph says.
    Whole(NodeId),
    /// One conjunction.
    Cube(Cube),
}

impl Formula {
    /// The selects it is made of, in order of their ids; nothing where they are too many.
    pub(super) fn selects(&self, graph: &Graph) -> Option<Vec<NodeId>> {
        let mut found = Vec::new();
        match self {
            Self::Whole(selector) => collect(graph, *selector, &mut found)?,
            Self::Cube(cube) => found.extend(cube.iter().map(|l| l.select)),
        }
        found.sort_unstable();
        found.dedup();
        (found.len() <= MOST_SELECTS).then_some(found)
    }

    /// Its truth, where bit i of `truth` is that of `selects[i]`.
    pub(super) fn holds(&self, graph: &Graph, selects: &[NodeId], truth: u32) -> bool {
        let of = |select: NodeId| selects.binary_search(&select).is_ok_and(|i| truth >> i & 1 == 1);
        match self {
            Self::Whole(selector) => evaluate(graph, *selector, &of),
            Self::Cube(cube) => cube.iter().all(|l| of(l.select) != l.negated),
        }
    }
}

fn collect(graph: &Graph, selector: NodeId, found: &mut Vec<NodeId>) -> Option<()> {
    let mut stack = vec![selector];
    let mut steps = 0;
    while let Some(at) = stack.pop() {
        steps += 1;
        // A formula that shares parts can be exponential when written out.
        if steps > 1 << 12 {
            return None;
        }
        match graph.op(at) {
            Op::Select { .. } => found.push(at),
            Op::Not(a) => stack.push(*a),
            Op::And(a, b) | Op::Or(a, b) => stack.extend([*a, *b]),
            op => panic!("{op:?} is no selector"),
        }
    }
    Some(())
}

fn evaluate(graph: &Graph, selector: NodeId, of: &dyn Fn(NodeId) -> bool) -> bool {
    match graph.op(selector) {
        Op::Select { .. } => of(selector),
        Op::Not(a) => !evaluate(graph, *a, of),
        Op::And(a, b) => evaluate(graph, *a, of) && evaluate(graph, *b, of),
        Op::Or(a, b) => evaluate(graph, *a, of) || evaluate(graph, *b, of),
        op => panic!("{op:?} is no selector"),
    }
}

/// Whether the conjunctions hold one at a time, and one of them holds exactly where the selector (or its complement) does.
pub(super) fn is_partition(graph: &Graph, selector: NodeId, negated: bool, cubes: &[Cube]) -> bool {
    let whole = Formula::Whole(selector);
    let Some(selects) = whole.selects(graph) else { return false };
    let known = cubes.iter().flatten().all(|l| selects.binary_search(&l.select).is_ok());
    known
        && (0..1u32 << selects.len()).all(|truth| {
            let holding = cubes.iter().filter(|c| Formula::Cube((*c).clone()).holds(graph, &selects, truth)).count();
            holding == usize::from(whole.holds(graph, &selects, truth) != negated)
        })
}

#[cfg(test)]
mod tests {
    use raspc_lang::graph::{Comparison, Mask, Predicate};

    use super::*;
    use crate::simplify::selector::cubes;

    #[test]
    fn conjunctions_of_a_formula_partition_it() {
        let mut graph = Graph::new(Mask::Full);
        let t = graph.push(Op::Tokens, None);
        let comparisons = [Comparison::Eq, Comparison::Lt, Comparison::Ge];
        let selects = comparisons.map(|c| {
            let predicate = Predicate::Compare(c);
            graph.push(Op::Select { keys: t, queries: t, predicate }, None)
        });
        let not = graph.push(Op::Not(selects[0]), None);
        let or = graph.push(Op::Or(not, selects[1]), None);
        let all = graph.push(Op::And(or, selects[2]), None);
        let found = cubes(&graph, all);
        assert!(is_partition(&graph, all, false, &found));
        assert!(!is_partition(&graph, all, false, &found[1..]), "one is missing");
        assert!(!is_partition(&graph, or, false, &found), "they are another's");
        let twice: Vec<_> = found.iter().chain(&found[..1]).cloned().collect();
        assert!(!is_partition(&graph, all, false, &twice), "one is there twice");
    }
}
