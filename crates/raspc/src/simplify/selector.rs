//! Selector formulas as sums of disjoint conjunctions.
//!
//! What is written with few operators is expanded as it stands; from a formula that shares parts, which written out may be
//! exponentially large, the conjunctions are taken from its truth table. All work is linear in the formula as a graph.

use std::collections::{BTreeMap, BTreeSet};

use raspc_lang::graph::{Graph, NodeId, Op};

use super::cover::cover;
use super::steps::Steps;

/// A select or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// A node whose operation is a select.
    pub select: NodeId,
    /// Whether its complement is meant.
    pub negated: bool,
}

/// A conjunction of literals; empty means: everything.
pub type Cube = Vec<Literal>;

/// Tables are made of formulas over at most this many selects.
const TABLED: usize = 10;

/// The formula, or its complement, as at most `most` disjoint conjunctions: every pair of positions that it selects is in
/// exactly one of them. Nothing where no so few were found.
pub fn few_cubes(graph: &Graph, selector: NodeId, negated: bool, most: usize) -> Option<Vec<Cube>> {
    let expanded = (bound(graph, selector, negated) <= most).then(|| expand(graph, selector, negated));
    if expanded.as_ref().is_some_and(|cubes| cubes.len() <= 1) {
        return expanded;
    }
    let tabled = tabled(graph, selector, negated).filter(|cubes| cubes.len() <= most);
    match (expanded, tabled) {
        (Some(expanded), Some(tabled)) if tabled.len() < expanded.len() => Some(tabled),
        (Some(expanded), _) => Some(expanded),
        (None, tabled) => tabled,
    }
}

/// The conjunctions of the formula's truth table.
fn tabled(graph: &Graph, selector: NodeId, negated: bool) -> Option<Vec<Cube>> {
    let steps = Steps::of(graph, selector);
    let table = steps.table(TABLED)?;
    let cells = cover(&if negated { table.not() } else { table });
    let cube = |(on, off): (u32, u32)| -> Cube {
        let literal = |(i, &select): (usize, &NodeId)| match (on >> i & 1, off >> i & 1) {
            (1, _) => Some(Literal { select, negated: false }),
            (_, 1) => Some(Literal { select, negated: true }),
            _ => None,
        };
        steps.selects.iter().enumerate().filter_map(literal).collect()
    };
    Some(cells.into_iter().map(|c| cube((c.on, c.off))).collect())
}

/// A part of a formula, or its complement.
type Part = (NodeId, bool);

/// What a part is made of: each operand of a conjunction; of A or B the parts A, B and not A.
fn made_of(graph: &Graph, (node, negated): Part) -> Vec<Part> {
    match (graph.op(node), negated) {
        (Op::Select { .. }, _) => Vec::new(),
        (Op::Not(a), _) => vec![(*a, !negated)],
        (Op::And(a, b), false) | (Op::Or(a, b), true) => vec![(*a, negated), (*b, negated)],
        (Op::Or(a, b), false) | (Op::And(a, b), true) => vec![(*a, negated), (*b, negated), (*a, !negated)],
        (op, _) => panic!("{op:?} is no selector"),
    }
}

/// All parts that a formula is made of, operands first.
fn parts(graph: &Graph, whole: Part) -> BTreeSet<Part> {
    let mut found = BTreeSet::from([whole]);
    let mut stack = vec![whole];
    while let Some(at) = stack.pop() {
        stack.extend(made_of(graph, at).into_iter().filter(|&p| found.insert(p)));
    }
    found
}

/// At most how many conjunctions [`expand`] gives, found without making them (they can be exponentially many).
fn bound(graph: &Graph, selector: NodeId, negated: bool) -> usize {
    let mut known: BTreeMap<Part, usize> = BTreeMap::new();
    for part in parts(graph, (selector, negated)) {
        let count = match made_of(graph, part)[..] {
            [] => 1,
            [a] => known[&a],
            [a, b] => known[&a].saturating_mul(known[&b]),
            [a, b, other] => known[&a].saturating_add(known[&b].saturating_mul(known[&other])),
            _ => unreachable!("at most three"),
        };
        known.insert(part, count);
    }
    known[&(selector, negated)]
}

/// The formula as it is written: Or(A, B) is A and (B and not A); conjunctions of disjoint families are disjoint; complements
/// go inwards by De Morgan.
fn expand(graph: &Graph, selector: NodeId, negated: bool) -> Vec<Cube> {
    let mut known: BTreeMap<Part, Vec<Cube>> = BTreeMap::new();
    for part in parts(graph, (selector, negated)) {
        let cubes = match made_of(graph, part)[..] {
            [] => vec![vec![Literal { select: part.0, negated: part.1 }]],
            [a] => known[&a].clone(),
            [a, b] => product(&known[&a], &known[&b]),
            [a, b, other] => [known[&a].clone(), product(&known[&b], &known[&other])].concat(),
            _ => unreachable!("at most three"),
        };
        known.insert(part, cubes);
    }
    known.remove(&(selector, negated)).expect("it is a part of itself")
}

/// The conjunctions of one family with another; contradictions drop out.
fn product(a: &[Cube], b: &[Cube]) -> Vec<Cube> {
    let mut all = Vec::new();
    for x in a {
        for y in b {
            let mut cube: Cube = x.iter().chain(y).copied().collect();
            cube.sort_unstable();
            cube.dedup();
            let contradiction = cube.windows(2).any(|w| w[0].select == w[1].select);
            if !contradiction {
                all.push(cube);
            }
        }
    }
    all
}
