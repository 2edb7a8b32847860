//! A directed graph as text: networkx's node-link JSON, and DOT.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// How a DOT file begins.
const HEAD: &str = "digraph circuit {
  rankdir=BT;
  graph [fontname=\"sans-serif\", labeljust=l];
  node [shape=box, fontname=\"sans-serif\"];
  edge [fontname=\"sans-serif\", fontsize=11];
";

/// A graph; nodes and edges are written in their order.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// A node.
pub(super) struct Node {
    pub(super) id: String,
    /// What a drawing shows.
    pub(super) label: String,
    /// The layer it is drawn in, from 0; the embeddings are in none.
    pub(super) layer: Option<usize>,
    pub(super) attributes: Map<String, Value>,
}

/// An edge.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// What it feeds: tells edges between the same two nodes apart.
    pub(super) key: &'static str,
    /// What a drawing shows.
    pub(super) label: String,
    pub(super) attributes: Map<String, Value>,
}

impl Graph {
    /// Adds a node and gives its index.
    pub(super) fn node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// As networkx's node-link data, a line for each node and edge.
    pub(super) fn json(&self) -> String {
        let mut text = "{\n\"directed\": true,\n\"multigraph\": true,\n\"graph\": {},\n\"nodes\": [".to_owned();
        for (i, node) in self.nodes.iter().enumerate() {
            separate(&mut text, i);
            let _ = write!(text, "{{\"id\": {}", quoted(&node.id));
            members(&mut text, &node.attributes);
        }
        text.push_str("\n],\n\"edges\": [");
        for (i, edge) in self.edges.iter().enumerate() {
            separate(&mut text, i);
            let (from, to) = (&self.nodes[edge.from].id, &self.nodes[edge.to].id);
            let _ = write!(
                text,
                "{{\"source\": {}, \"target\": {}, \"key\": {}",
                quoted(from),
                quoted(to),
                quoted(edge.key)
            );
            members(&mut text, &edge.attributes);
        }
        text.push_str("\n]\n}\n");
        text
    }

    /// As DOT: a cluster for each layer.
    pub(super) fn dot(&self) -> String {
        let mut text = HEAD.to_owned();
        let layers = self.nodes.iter().filter_map(|n| n.layer).max().map_or(0, |l| l + 1);
        let line = |text: &mut String, node: &Node| {
            let _ = writeln!(text, "  {} [label={}];", quoted(&node.id), quoted(&node.label));
        };
        self.nodes.iter().filter(|n| n.layer.is_none()).for_each(|n| line(&mut text, n));
        let mut by_layer: Vec<Vec<&Node>> = (0..layers).map(|_| Vec::new()).collect();
        self.nodes.iter().for_each(|n| n.layer.iter().for_each(|&l| by_layer[l].push(n)));
        for (l, nodes) in by_layer.iter().enumerate() {
            let _ = writeln!(text, "  subgraph cluster_{l} {{\n  label=\"layer {l}\";");
            for node in nodes {
                line(&mut text, node);
            }
            text.push_str("  }\n");
        }
        for edge in &self.edges {
            let (from, to) = (&self.nodes[edge.from].id, &self.nodes[edge.to].id);
            let _ = writeln!(text, "  {} -> {} [label={}];", quoted(from), quoted(to), quoted(&edge.label));
        }
        text.push_str("}\n");
        text
    }
}

fn separate(text: &mut String, i: usize) {
    text.push_str(if i == 0 { "\n" } else { ",\n" });
}

fn members(text: &mut String, attributes: &Map<String, Value>) {
    for (name, value) in attributes {
        let _ = write!(text, ", {}: {value}", quoted(name));
    }
    text.push('}');
}

/// A JSON string. DOT's quoted strings escape quotes alike, show other escapes as they are, and have no control characters.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Sorted numbers as ranges `[first, last]`.
pub(super) fn ranges(numbers: &[u32]) -> Vec<[u32; 2]> {
    let mut ranges: Vec<[u32; 2]> = Vec::new();
    for &n in numbers {
        match ranges.last_mut() {
            Some([_, last]) if *last + 1 == n => *last = n,
            _ => ranges.push([n, n]),
        }
    }
    ranges
}
