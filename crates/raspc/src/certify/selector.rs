//! Selector formulas: which selects they are made of, and their truth.

use std::collections::BTreeSet;

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
            Self::Whole(selector) => {
                let all = under(graph, *selector);
                found.extend(all.into_iter().filter(|&n| matches!(graph.op(n), Op::Select { .. })));
            }
            Self::Cube(cube) => found.extend(cube.iter().map(|l| l.select)),
        }
        found.sort_unstable();
        found.dedup();
        (found.len() <= MOST_SELECTS).then_some(found)
    }

    /// Its truth, to be asked for many truths of its selects.
    pub(super) fn truth<'a>(&'a self, graph: &'a Graph) -> Truth<'a> {
        let order = match self {
            Self::Whole(selector) => under(graph, *selector),
            Self::Cube(_) => Vec::new(),
        };
        Truth { formula: self, graph, order }
    }
}

/// A formula with the parts it is made of.
pub(super) struct Truth<'a> {
    formula: &'a Formula,
    graph: &'a Graph,
    /// The selectors of the formula, operands first.
    order: Vec<NodeId>,
}

impl Truth<'_> {
    /// Whether it holds, where bit i of `truth` is that of `selects[i]`.
    pub(super) fn holds(&self, selects: &[NodeId], truth: u32) -> bool {
        let of = |select: NodeId| selects.binary_search(&select).is_ok_and(|i| truth >> i & 1 == 1);
        if let Formula::Cube(cube) = self.formula {
            return cube.iter().all(|l| of(l.select) != l.negated);
        }
        let mut found: Vec<bool> = Vec::with_capacity(self.order.len());
        for &node in &self.order {
            let at = |n: &NodeId| found[self.order.binary_search(n).expect("operands come first")];
            let holds = match self.graph.op(node) {
                Op::Not(a) => !at(a),
                Op::And(a, b) => at(a) && at(b),
                Op::Or(a, b) => at(a) || at(b),
                _ => of(node),
            };
            found.push(holds);
        }
        found.last() == Some(&true)
    }
}

/// The selectors that a formula is made of, itself among them, in order of their ids.
fn under(graph: &Graph, selector: NodeId) -> Vec<NodeId> {
    let (mut found, mut stack) = (BTreeSet::new(), vec![selector]);
    while let Some(at) = stack.pop() {
        if found.insert(at) {
            match graph.op(at) {
                Op::Select { .. } => {}
                Op::Not(a) => stack.push(*a),
                Op::And(a, b) | Op::Or(a, b) => stack.extend([*a, *b]),
                op => panic!("{op:?} is no selector"),
            }
        }
    }
    found.into_iter().collect()
}

/// Whether the conjunctions hold one at a time, and one of them holds exactly where the selector (or its complement) does.
pub(super) fn is_partition(graph: &Graph, selector: NodeId, negated: bool, cubes: &[Cube]) -> bool {
    let whole = Formula::Whole(selector);
    let Some(selects) = whole.selects(graph) else { return false };
    let known = cubes.iter().flatten().all(|l| selects.binary_search(&l.select).is_ok());
    let cubes: Vec<Formula> = cubes.iter().cloned().map(Formula::Cube).collect();
    let parts: Vec<Truth<'_>> = cubes.iter().map(|c| c.truth(graph)).collect();
    let whole = whole.truth(graph);
    known
        && (0..1u32 << selects.len()).all(|truth| {
            let holding = parts.iter().filter(|c| c.holds(&selects, truth)).count();
            holding == usize::from(whole.holds(&selects, truth) != negated)
        })
}

#[cfg(test)]
mod tests {
    use raspc_lang::graph::{Comparison, Mask, Predicate};

    use super::*;
    use crate::simplify::selector::few_cubes;

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
        let found = few_cubes(&graph, all, false, 16).expect("they are few");
        assert!(is_partition(&graph, all, false, &found));
        assert!(!is_partition(&graph, all, false, &found[1..]), "one is missing");
        assert!(!is_partition(&graph, or, false, &found), "they are another's");
        let twice: Vec<_> = found.iter().chain(&found[..1]).cloned().collect();
        assert!(!is_partition(&graph, all, false, &twice), "one is there twice");
    }
}
