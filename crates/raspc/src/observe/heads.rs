//! Which head computes what, and which selector it realises.

use crate::compile::Compilation;
use crate::simplify::selector::few_cubes;
use raspc_lang::graph::{Graph, Kind, NodeId, Op};
use raspc_model::model::Model;

/// A head that writes something.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its layer, from 0.
    pub layer: usize,
    /// Its place in the layer, from 0.
    pub index: usize,
    /// What it computes: names, or expressions.
    pub computes: Vec<String>,
    /// The selector whose keys it attends to, where there is one in the program.
    pub selector: Option<NodeId>,
    /// Whether it attends to these keys and no others; a part of a formula otherwise.
    pub whole: bool,
}

impl Head {
    /// What a table calls it.
    pub fn title(&self) -> String {
        let Self { layer, index, .. } = self;
        match self.computes.as_slice() {
            [] => format!("layer {layer} head {index}"),
            all => format!("layer {layer} head {index} ({})", all.join(", ")),
        }
    }
}

/// The heads of a compilation.
pub fn of_compilation(c: &Compilation) -> Vec<Head> {
    let mut all = Vec::new();
    for (layer, heads) in c.placement.heads.iter().enumerate() {
        for (index, placed) in heads.iter().enumerate() {
            let (pattern, _) = c.lowered.patterns[placed.pattern as usize];
            let computes = names(placed.origins.iter().map(|&o| c.encoded.graph.describe(o)));
            let whole = is_one(&c.encoded.graph, pattern);
            all.push(Head { layer, index, computes, selector: original(c, pattern, &placed.origins), whole });
        }
    }
    all
}

/// Whether the selector is one conjunction.
fn is_one(graph: &Graph, selector: NodeId) -> bool {
    few_cubes(graph, selector, false, 1).is_some_and(|cubes| cubes.len() == 1)
}

/// The selector of the program that became this one: itself, or the one that the computed nodes read.
fn original(c: &Compilation, pattern: NodeId, origins: &[NodeId]) -> Option<NodeId> {
    let became = |id: NodeId| c.encoded.of.get(id.index()).copied().flatten();
    let selectors = || c.graph.iter().filter(|(_, n)| n.op.kind() == Kind::Selector);
    let mut candidates: Vec<NodeId> = selectors().map(|(id, _)| id).filter(|&id| became(id) == Some(pattern)).collect();
    if candidates.is_empty() {
        let readers = c.graph.iter().filter(|(id, _)| became(*id).is_some_and(|e| origins.contains(&e)));
        candidates = readers.filter_map(|(_, node)| read_selector(&node.op)).collect();
    }
    let named = candidates.iter().find(|&&id| c.graph.node(id).name().is_some());
    named.or(candidates.first()).copied()
}

fn read_selector(op: &Op) -> Option<NodeId> {
    match op {
        Op::Aggregate { selector, .. } | Op::SelectorWidth(selector) => Some(*selector),
        _ => None,
    }
}

/// The heads of a model as its circuit file tells them; selectors are found through the s-ops that read them.
pub fn of_model(model: &Model, graph: &Graph) -> Vec<Head> {
    let mut all: Vec<Head> = Vec::new();
    for (layer, heads) in model.layers.iter().enumerate() {
        for (index, _) in heads.heads.iter().enumerate().filter(|(_, h)| h.w_v.nonzeros() > 0 && h.w_o.nonzeros() > 0) {
            all.push(Head { layer, index, computes: Vec::new(), selector: None, whole: false });
        }
    }
    for node in model.circuit["nodes"].as_array().into_iter().flatten() {
        let name = node["name"].as_str().unwrap_or_default();
        let reads = graph.iter().find(|(id, _)| graph.describe(*id) == name).and_then(|(_, n)| read_selector(&n.op));
        for place in node["heads"].as_array().into_iter().flatten() {
            let place = (place[0].as_u64(), place[1].as_u64());
            let here = |h: &&mut Head| (Some(h.layer as u64), Some(h.index as u64)) == place;
            if let Some(head) = all.iter_mut().find(here) {
                head.computes.push(name.to_owned());
                head.selector = head.selector.or(reads);
                head.whole = reads.is_some_and(|s| is_one(graph, s));
            }
        }
    }
    all
}

fn names(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
