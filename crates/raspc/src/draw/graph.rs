//! The computational graph: a box for each operation, operands above users.

use raspc_lang::graph::{Graph, Kind, Mask, NodeId, Op};

use super::diagram::{Diagram, Node, Tone};
use super::label::{called, does, label};
use crate::compile::Compilation;
use crate::encode;
use crate::simplify::reachable;

/// Longest texts.
const NAME: usize = 34;
const LINE: usize = 60;
/// More nodes are not drawn one by one.
const MOST: usize = 160;

/// The diagram of what `output` depends on; with a compilation, value sets and encodings too.
pub(super) fn graph(graph: &Graph, output: NodeId, c: Option<&Compilation>) -> Diagram {
    let needed = reachable(graph, output);
    let all: Vec<NodeId> = graph.iter().map(|(id, _)| id).filter(|id| needed[id.index()]).collect();
    let shown = shown(graph, &all, output);
    let numbered = numbered(graph, &all, output);
    let graph = &numbered;
    let mut diagram = Diagram::new(format!("Computational graph of {}", called(graph, output, NAME)));
    diagram.notes = notes(graph, all.len(), shown.iter().filter(|s| **s).count());
    let level = levels(graph, &all, &shown);
    for _ in 0..=level.iter().flatten().max().copied().unwrap_or(0) {
        diagram.band("", Tone::Plain);
    }
    let mut box_of = vec![None; graph.len()];
    for &id in all.iter().filter(|id| shown[id.index()]) {
        let mut node = boxed(graph, id, c);
        node.band = level[id.index()].unwrap_or(0);
        if id == output {
            node.title += "  (output)";
        }
        box_of[id.index()] = Some(diagram.add(node));
    }
    for &id in all.iter().filter(|id| shown[id.index()]) {
        let to = box_of[id.index()].expect("shown");
        for (operand, role) in roles(graph.op(id)) {
            for from in sources(graph, operand, &shown) {
                diagram.arrow(box_of[from.index()].expect("shown"), to, role);
            }
        }
    }
    diagram
}

/// The graph with a number for each operation without a name: `(1)`, `(2)`.
fn numbered(graph: &Graph, all: &[NodeId], output: NodeId) -> Graph {
    let mut named = graph.clone();
    let inner = |id: &&NodeId| {
        let op = graph.op(**id);
        graph.node(**id).name().is_none() && **id != output && !matches!(op, Op::Tokens | Op::Indices | Op::Const(_))
    };
    for (number, &id) in (1..).zip(all.iter().filter(inner)) {
        named.name(id, &format!("({number})"));
    }
    named
}

fn notes(graph: &Graph, all: usize, shown: usize) -> Vec<String> {
    let mut notes =
        vec!["Green: inputs. Blue: between positions (selectors, aggregates). Orange: at each position.".to_owned()];
    if graph.mask == Mask::Causal {
        notes.push("Causal: a position sees itself and earlier ones.".to_owned());
    }
    if shown < all {
        notes.push(format!("{shown} of {all} operations are shown: named ones, and the last."));
    }
    notes
}

/// Which nodes get a box: all, or of a large graph the named ones (the last of them).
fn shown(graph: &Graph, all: &[NodeId], output: NodeId) -> Vec<bool> {
    let mut shown = vec![false; graph.len()];
    let named = |id: &&NodeId| {
        graph.node(**id).name().is_some() || **id == output || matches!(graph.op(**id), Op::Tokens | Op::Indices)
    };
    if all.len() <= MOST {
        for id in all {
            shown[id.index()] = true;
        }
    } else {
        all.iter().rev().filter(named).take(MOST).for_each(|id| shown[id.index()] = true);
    }
    shown
}

/// The shown nodes that a node is made of: itself, or what stands behind one that is not shown.
fn sources(graph: &Graph, id: NodeId, shown: &[bool]) -> Vec<NodeId> {
    let (mut found, mut todo, mut seen) = (Vec::new(), vec![id], vec![false; graph.len()]);
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        if shown[id.index()] {
            found.push(id);
        } else {
            todo.extend(graph.op(id).operands());
        }
    }
    found.sort_unstable();
    found
}

/// By node: how many shown nodes are above it at most. Inputs that feed one late node stay near it.
fn levels(graph: &Graph, all: &[NodeId], shown: &[bool]) -> Vec<Option<usize>> {
    let mut level: Vec<Option<usize>> = vec![None; graph.len()];
    for &id in all {
        let above = graph.op(id).operands().into_iter().filter_map(|o| {
            let at = level[o.index()]?;
            Some(at + usize::from(shown[o.index()]))
        });
        level[id.index()] = Some(above.max().unwrap_or(0));
    }
    // A constant stands just above its first user.
    for &id in all.iter().filter(|id| matches!(graph.op(**id), Op::Const(_) | Op::Indices)) {
        let users = all.iter().filter(|u| shown[u.index()] && graph.op(**u).operands().contains(&id));
        let first = users.filter_map(|u| level[u.index()]).min();
        level[id.index()] = first.map(|f| f.saturating_sub(1));
    }
    level
}

/// The operands with what they are for.
fn roles(op: &Op) -> Vec<(NodeId, &'static str)> {
    match op {
        Op::Select { keys, queries, .. } if keys == queries => vec![(*keys, "key, query")],
        Op::Select { keys, queries, .. } => vec![(*keys, "key"), (*queries, "query")],
        Op::Aggregate { selector, values, .. } => vec![(*selector, "through"), (*values, "values")],
        op => op.operands().into_iter().map(|o| (o, "")).collect(),
    }
}

fn boxed(graph: &Graph, id: NodeId, c: Option<&Compilation>) -> Node {
    let op = graph.op(id);
    let formula = does(graph, id, LINE);
    let (title, mut lines) = match graph.node(id).name() {
        Some(number) if number.starts_with('(') => (format!("{number} {formula}"), Vec::new()),
        Some(name) => (label(name, NAME), vec![formula]),
        None => (formula, Vec::new()),
    };
    if let Op::Aggregate { default, .. } = op
        && !default.is_none()
    {
        lines.push(format!("default: {}", super::label::value(default, NAME)));
    }
    lines.extend(c.and_then(|c| encoding(c, id)).into_iter().flatten());
    let tone = match op {
        Op::Tokens | Op::Indices => Tone::Input,
        Op::Const(_) => Tone::Plain,
        Op::Map { .. } => Tone::Mlp,
        _ => Tone::Attention,
    };
    Node { key: id.to_string(), title, lines, tone, ..Node::default() }
}

/// What an s-op can hold, and how the residual stream holds it.
fn encoding(c: &Compilation, id: NodeId) -> Option<Vec<String>> {
    if c.graph.op(id).kind() == Kind::Selector || matches!(c.graph.op(id), Op::Const(_)) {
        return None;
    }
    let here = c.encoded.of[id.index()]?;
    let plan = c.encoded.plan(here);
    let how = match (&plan.onehot, &plan.number) {
        (Some(_), Some(_)) => "one-hot and number",
        (Some(_), None) => "one-hot",
        (None, Some(_)) => "number",
        (None, None) => "read through others",
    };
    Some(vec![label(&encode::print::set(c.values.set(here)), LINE), how.to_owned()])
}
