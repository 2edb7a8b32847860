//! The graph of components: embeddings, heads, MLPs, the unembedding.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::program::{Names, hook_after};
use super::text::{Edge, Graph, Node, ranges};
use crate::matrix::SparseMatrix;
use crate::model::{Head, Model};

/// The inputs of a head.
const HEAD_INPUTS: [&str; 3] = ["q", "k", "v"];

/// The graph.
pub(super) fn graph(model: &Model, names: &Names) -> Graph {
    let mut b = Builder { model, names, graph: Graph::default(), writers: vec![Vec::new(); model.config.d_model] };
    b.embeddings();
    for l in 0..model.layers.len() {
        b.heads(l);
        b.mlp(l);
    }
    b.unembed();
    b.graph
}

struct Builder<'a> {
    model: &'a Model,
    names: &'a Names,
    graph: Graph,
    /// By direction: the components that have written it so far.
    writers: Vec<Vec<usize>>,
}

impl Builder<'_> {
    fn embeddings(&mut self) {
        for (id, hook, table) in
            [("embed", "hook_embed", &self.model.w_e), ("pos_embed", "hook_pos_embed", &self.model.w_pos)]
        {
            let node = self.graph.node(Node {
                id: id.to_owned(),
                label: id.to_owned(),
                layer: None,
                attributes: attributes([("kind", json!("embedding")), ("hook", json!(hook))]),
            });
            self.write(node, &written(table));
        }
    }

    /// The heads of a layer that write something. They all read before any of them has written.
    fn heads(&mut self, l: usize) {
        let mut writes = Vec::new();
        for (h, head) in self.model.layers[l].heads.iter().enumerate() {
            let (reads, written) = uses(head);
            if written.is_empty() {
                continue;
            }
            let hook = |name: &str| json!(format!("blocks.{l}.attn.hook_{name}"));
            let node = self.graph.node(Node {
                id: format!("blocks.{l}.attn.head.{h}"),
                label: labelled(&format!("head {l}.{h}"), self.names.head(l, h)),
                layer: Some(l),
                attributes: attributes([
                    ("kind", json!("head")),
                    ("layer", json!(l)),
                    ("head", json!(h)),
                    ("hook", hook("result")),
                    ("hook_pattern", hook("pattern")),
                    ("hook_q", hook("q")),
                    ("hook_k", hook("k")),
                    ("hook_v", hook("v")),
                    ("computes", json!(self.names.head(l, h))),
                ]),
            });
            for (key, reads) in HEAD_INPUTS.into_iter().zip(reads) {
                let hook = json!(format!("blocks.{l}.hook_{key}_input"));
                self.read(node, key, &reads, &[("hook", hook), ("head", json!(h))]);
            }
            writes.push((node, written));
        }
        for (node, written) in &writes {
            self.write(*node, written);
        }
    }

    fn mlp(&mut self, l: usize) {
        let layer = &self.model.layers[l];
        // Neurons that write nothing are not part of the circuit.
        let live = layer.w_out.stored_rows();
        if live.is_empty() {
            return;
        }
        let reads = rows_into(&layer.w_in, live);
        let mut computes: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for &neuron in live {
            for name in self.names.neuron(l, neuron as usize) {
                computes.entry(name).or_default().push(neuron);
            }
        }
        let named: Vec<String> = computes.keys().map(|&n| n.to_owned()).collect();
        let groups: Map<String, Value> =
            computes.iter().map(|(&n, neurons)| (n.to_owned(), json!(ranges(neurons)))).collect();
        let node = self.graph.node(Node {
            id: format!("blocks.{l}.mlp"),
            label: labelled(&format!("MLP {l}"), &named),
            layer: Some(l),
            attributes: attributes([
                ("kind", json!("mlp")),
                ("layer", json!(l)),
                ("hook", json!(format!("blocks.{l}.hook_mlp_out"))),
                ("hook_post", json!(format!("blocks.{l}.mlp.hook_post"))),
                ("neurons", json!(ranges(live))),
                ("computes", groups.into()),
            ]),
        });
        self.read(node, "mlp", &reads, &[("hook", json!(format!("blocks.{l}.hook_mlp_in")))]);
        self.write(node, &written(&layer.w_out));
    }

    fn unembed(&mut self) {
        let w_u = self.model.unembed();
        let hook = hook_after(2 * self.model.layers.len());
        let node = self.graph.node(Node {
            id: "unembed".to_owned(),
            label: labelled("unembed", std::slice::from_ref(&self.model.output_readout().name)),
            layer: None,
            attributes: attributes([("kind", json!("unembedding")), ("columns", json!(w_u.cols()))]),
        });
        self.read(node, "unembed", w_u.stored_rows(), &[("hook", json!(hook))]);
    }

    fn write(&mut self, node: usize, directions: &[u32]) {
        for &d in directions {
            self.writers[d as usize].push(node);
        }
    }

    /// An edge from every component that wrote one of the directions.
    fn read(&mut self, node: usize, key: &'static str, directions: &[u32], more: &[(&str, Value)]) {
        let mut from: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for &d in directions {
            self.writers[d as usize].iter().for_each(|&w| from.entry(w).or_default().push(d));
        }
        for (writer, directions) in from {
            let labels: Vec<&str> = directions.iter().map(|&d| self.model.labels[d as usize].as_str()).collect();
            let own = more.iter().cloned().chain([("directions", json!(directions)), ("labels", json!(labels))]);
            self.graph.edges.push(Edge {
                from: writer,
                to: node,
                key,
                label: format!("{key} ({})", labels.len()),
                attributes: attributes(own),
            });
        }
    }
}

pub(super) fn attributes<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Map<String, Value> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `head 0.1: hist, x`
pub(super) fn labelled(what: &str, computes: &[String]) -> String {
    if computes.is_empty() { what.to_owned() } else { format!("{what}: {}", computes.join(", ")) }
}

/// The columns of a matrix that have entries.
pub(super) fn written(matrix: &SparseMatrix) -> Vec<u32> {
    let mut columns = vec![false; matrix.cols()];
    matrix.entries().for_each(|(_, c, _)| columns[c as usize] = true);
    (0..matrix.cols() as u32).filter(|&c| columns[c as usize]).collect()
}

/// The rows that have an entry in one of these columns (ascending).
fn rows_into(matrix: &SparseMatrix, columns: &[u32]) -> Vec<u32> {
    let mut kept = vec![false; matrix.cols()];
    for &c in columns {
        kept[c as usize] = true;
    }
    let reads = |&r: &u32| matrix.row(r as usize).0.iter().any(|&c| kept[c as usize]);
    matrix.stored_rows().iter().copied().filter(reads).collect()
}

/// The directions that a head's queries, keys and values read, and those that it writes.
pub(super) fn uses(head: &Head) -> ([Vec<u32>; 3], Vec<u32>) {
    // A dimension counts in scores only where queries and keys both have it, and in values only where W_O has it.
    let (queries, mut keys) = (written(&head.w_q), written(&head.w_k));
    keys.extend(head.b_k.iter().map(|b| b.0));
    keys.sort_unstable();
    keys.dedup();
    let scored: Vec<u32> = queries.into_iter().filter(|d| keys.binary_search(d).is_ok()).collect();
    let valued = written(&head.w_v);
    let moved: Vec<u32> = head.w_o.stored_rows().iter().copied().filter(|d| valued.binary_search(d).is_ok()).collect();
    let mut writes: Vec<u32> = moved.iter().flat_map(|&k| head.w_o.row(k as usize).0.iter().copied()).collect();
    writes.sort_unstable();
    writes.dedup();
    ([rows_into(&head.w_q, &scored), rows_into(&head.w_k, &scored), rows_into(&head.w_v, &moved)], writes)
}
