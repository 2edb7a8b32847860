//! Why a direction is not exact: remembered on the way, told when something downstream cannot be certified.

use std::collections::{BTreeMap, BTreeSet};

use raspc_lang::graph::{Graph, NodeId, Op};

use super::codes;
use super::facts::{Facts, Var};
use super::finding::{Finding, Findings};
use super::number::Sum;

/// What was met first at each variable.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// A scalar that can lie on the slope of a unit: the class, and the scalar's ends.
    torn: BTreeMap<Var, (u32, f64, f64)>,
    /// A sum that leaves its grid: the partial sums, and the grid.
    lattice: BTreeMap<Var, (f64, f64)>,
}

impl Causes {
    pub(super) fn is_torn(&self, var: Var) -> bool {
        self.torn.contains_key(&var)
    }

    pub(super) fn torn(&mut self, var: Var, class: u32, s: &Sum) {
        self.torn.entry(var).or_insert((class, s.lo, s.hi));
    }

    /// Notes a sum whose terms lie on a grid and which rounds all the same.
    pub(super) fn rounds(&mut self, var: Var, sum: &Sum) {
        if sum.grid > 0.0 && sum.rounding() > 0.0 {
            self.lattice.entry(var).or_insert((sum.pos.max(sum.neg), sum.grid));
        }
    }

    /// The finding told by its first cause among what the node depends on, if one is known.
    pub(super) fn explain(&self, finding: Finding, facts: &Facts<'_>, findings: &Findings) -> Finding {
        let mut upstream = upstream(facts.graph, finding.node);
        // What is wrong with the scores of a head was wrong before anything was made of what it moves.
        if [codes::SCORE_MARGIN, codes::BOS_SCORE, codes::UNEVEN].contains(&finding.code) {
            upstream.remove(&finding.node);
        }
        let cause = upstream.iter().find_map(|&n| self.cause_at(n, facts, findings));
        match cause {
            Some(mut cause) => {
                let graph = facts.graph;
                let name = format!("`{}`", graph.describe(finding.node));
                cause.notes.push((Some(finding.node), format!("so {}", finding.message.replace("{}", &name))));
                cause
            }
            None => finding,
        }
    }

    fn cause_at(&self, node: NodeId, facts: &Facts<'_>, findings: &Findings) -> Option<Finding> {
        if findings.averaged.contains(&node) {
            let message = "{} averages a category: several keys may be selected that hold different values".to_owned();
            let hint = "select one key, or annotate the values as numerical";
            return Some(Finding::new(codes::CATEGORY_MEAN, node, message, hint));
        }
        let of = |var: &Var| var.node() == node;
        if let Some((var, &(class, lo, hi))) = self.torn.iter().find(|(v, _)| of(v)) {
            let shown = facts.classes(*var).map_or_else(String::new, |c| c.values[class as usize].to_string());
            let width = matches!(facts.graph.op(node), Op::SelectorWidth(_));
            let message =
                format!("{{}} cannot be told to be {shown}: its scalar lies between {lo} and {hi}, on a step");
            let (code, hint) = if width {
                (codes::WIDTH_PRECISION, "shorten the maximum length")
            } else {
                (codes::MAP_MARGIN, "shorten the maximum length, or compare counts instead of fractions")
            };
            return Some(Finding::new(code, node, message, hint));
        }
        let (_, &(sum, grid)) = self.lattice.iter().find(|(v, _)| of(v))?;
        let message = format!("a sum of {{}} reaches {sum}, more than 2^24 steps of {grid:e}: its order matters");
        Some(Finding::new(codes::LATTICE, node, message, "scale the numbers down, or shorten the maximum length"))
    }
}

/// The node and all it depends on, ascending.
fn upstream(graph: &Graph, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::from([node]);
    let mut stack = vec![node];
    while let Some(at) = stack.pop() {
        stack.extend(graph.op(at).operands().into_iter().filter(|o| found.insert(*o)));
    }
    found
}
