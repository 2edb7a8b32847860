//! The graph of neurons: a node for each neuron, head, embedding and residual direction, an edge for each direction that
//! one of them writes or reads. (Edges between neurons themselves would be as many as their product.)

use serde_json::json;

use super::components::{attributes, labelled, uses, written};
use super::program::Names;
use super::text::{Edge, Graph, Node};
use crate::model::Model;

/// The graph.
pub(super) fn graph(model: &Model, names: &Names) -> Graph {
    let mut b = Builder { model, names, graph: Graph::default() };
    b.directions();
    for (id, hook, table) in [("embed", "hook_embed", &model.w_e), ("pos_embed", "hook_pos_embed", &model.w_pos)] {
        let node = b.add(id.to_owned(), id.to_owned(), None, [("kind", json!("embedding")), ("hook", json!(hook))]);
        b.edges(node, "write", &written(table));
    }
    for l in 0..model.layers.len() {
        b.heads(l);
        b.mlp(l);
    }
    let label = labelled("unembed", std::slice::from_ref(&model.output_readout().name));
    let node = b.add("unembed".to_owned(), label, None, [("kind", json!("unembedding"))]);
    b.edges(node, "unembed", model.unembed().stored_rows());
    b.graph
}

struct Builder<'a> {
    model: &'a Model,
    names: &'a Names,
    /// Its first nodes are the directions, by their indices.
    graph: Graph,
}

impl Builder<'_> {
    fn add<'a>(
        &mut self,
        id: String,
        label: String,
        layer: Option<usize>,
        entries: impl IntoIterator<Item = (&'a str, serde_json::Value)>,
    ) -> usize {
        self.graph.node(Node { id, label, layer, attributes: attributes(entries) })
    }

    fn directions(&mut self) {
        for (d, label) in self.model.labels.iter().enumerate() {
            let entries = [("kind", json!("direction")), ("direction", json!(d)), ("label", json!(label))];
            self.add(format!("resid.{d}"), label.clone(), None, entries);
        }
    }

    /// An edge for each direction, from the node where it writes it, else to the node.
    fn edges(&mut self, node: usize, key: &'static str, directions: &[u32]) {
        for &d in directions {
            let (from, to) = if key == "write" { (node, d as usize) } else { (d as usize, node) };
            self.graph.edges.push(Edge { from, to, key, label: key.to_owned(), attributes: attributes([]) });
        }
    }

    fn heads(&mut self, l: usize) {
        for (h, head) in self.model.layers[l].heads.iter().enumerate() {
            let ([q, k, v], written) = uses(head);
            if written.is_empty() {
                continue;
            }
            let computes = self.names.head(l, h);
            let entries = [
                ("kind", json!("head")),
                ("hook", json!(format!("blocks.{l}.attn.hook_result"))),
                ("layer", json!(l)),
                ("head", json!(h)),
                ("computes", json!(computes)),
            ];
            let label = labelled(&format!("head {l}.{h}"), computes);
            let node = self.add(format!("blocks.{l}.attn.head.{h}"), label, Some(l), entries);
            for (key, reads) in [("q", q), ("k", k), ("v", v), ("write", written)] {
                self.edges(node, key, &reads);
            }
        }
    }

    fn mlp(&mut self, l: usize) {
        let layer = &self.model.layers[l];
        let by_neuron = layer.w_in.transposed();
        for &neuron in layer.w_out.stored_rows() {
            let computes = self.names.neuron(l, neuron as usize);
            let entries = [
                ("kind", json!("neuron")),
                ("hook", json!(format!("blocks.{l}.mlp.hook_post"))),
                ("layer", json!(l)),
                ("neuron", json!(neuron)),
                ("computes", json!(computes)),
            ];
            let label = labelled(&format!("neuron {l}.{neuron}"), computes);
            let node = self.add(format!("blocks.{l}.mlp.neuron.{neuron}"), label, Some(l), entries);
            self.edges(node, "mlp", by_neuron.row(neuron as usize).0);
            self.edges(node, "write", layer.w_out.row(neuron as usize).0);
        }
    }
}
