//! The program's side: which heads, neurons and directions compute each of its nodes.
//!
//! The compiler's record (`Model::circuit`) is data of a folder that may come from anywhere: what does not have the
//! expected form is left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text::ranges;
use crate::model::Model;

/// What the components of the model compute: names of the program's nodes.
#[derive(Default)]
pub(super) struct Names {
    heads: BTreeMap<(u64, u64), Vec<String>>,
    neurons: BTreeMap<(u64, u64), Vec<String>>,
}

/// A node of the compiler's record.
struct Node {
    name: String,
    names: Vec<String>,
    /// (layer, head)
    heads: Vec<(u64, u64)>,
    /// (layer, neurons)
    neurons: Vec<(u64, Vec<u32>)>,
    directions: Vec<u32>,
}

impl Names {
    /// The names in the compiler's record.
    pub(super) fn of(model: &Model) -> Self {
        let mut names = Self::default();
        for node in nodes(model) {
            for &at in &node.heads {
                names.heads.entry(at).or_default().push(node.name.clone());
            }
            for (layer, neurons) in &node.neurons {
                for &neuron in neurons {
                    names.neurons.entry((*layer, u64::from(neuron))).or_default().push(node.name.clone());
                }
            }
        }
        names
    }

    /// What a head computes.
    pub(super) fn head(&self, layer: usize, head: usize) -> &[String] {
        self.heads.get(&(layer as u64, head as u64)).map_or(&[], Vec::as_slice)
    }

    /// What a neuron computes.
    pub(super) fn neuron(&self, layer: usize, neuron: usize) -> &[String] {
        self.neurons.get(&(layer as u64, neuron as u64)).map_or(&[], Vec::as_slice)
    }
}

/// `circuit.json`
pub(super) fn json(model: &Model) -> Value {
    let c = &model.config;
    let described: Vec<Value> = nodes(model).iter().map(node).collect();
    let readouts: Vec<Value> = model
        .readouts
        .iter()
        .map(|r| {
            let mut read: Vec<u32> = r.decode.forms().into_iter().flatten().map(|&(d, _)| d).collect();
            read.sort_unstable();
            read.dedup();
            json!({ "name": r.name, "hook": hook_after(r.after), "directions": read })
        })
        .collect();
    json!({
        "output": model.output_readout().name,
        "n_layers": c.n_layers,
        "n_heads": c.n_heads,
        "d_model": c.d_model,
        "d_mlp": c.d_mlp,
        "directions": model.labels,
        "nodes": described,
        "readouts": readouts,
    })
}

fn node(node: &Node) -> Value {
    let heads: Vec<Value> = node
        .heads
        .iter()
        .map(|(l, h)| json!({ "layer": l, "head": h, "hook": format!("blocks.{l}.attn.hook_result") }))
        .collect();
    let neurons: Vec<Value> = node
        .neurons
        .iter()
        .map(|(l, neurons)| json!({ "layer": l, "neurons": ranges(neurons), "hook": format!("blocks.{l}.mlp.hook_post") }))
        .collect();
    json!({ "name": node.name, "names": node.names, "heads": heads, "neurons": neurons, "directions": node.directions })
}

/// The hook that holds the residual stream after a half-layer.
pub(super) fn hook_after(after: usize) -> String {
    match after {
        0 => "blocks.0.hook_resid_pre".to_owned(),
        after if after % 2 == 1 => format!("blocks.{}.hook_resid_mid", after / 2),
        after => format!("blocks.{}.hook_resid_post", after / 2 - 1),
    }
}

fn nodes(model: &Model) -> Vec<Node> {
    let listed = model.circuit.get("nodes").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(of_json).collect()
}

fn of_json(node: &Value) -> Option<Node> {
    let list = |key: &str| node.get(key).and_then(Value::as_array).into_iter().flatten();
    let small = |v: &Value| v.as_u64().and_then(|n| u32::try_from(n).ok());
    let heads = list("heads").filter_map(|h| Some((h.get(0)?.as_u64()?, h.get(1)?.as_u64()?)));
    let neurons = list("neurons").filter_map(|n| {
        let mut indices: Vec<u32> = n.get(1)?.as_array()?.iter().filter_map(small).collect();
        indices.sort_unstable();
        Some((n.get(0)?.as_u64()?, indices))
    });
    Some(Node {
        name: node.get("name")?.as_str()?.to_owned(),
        names: list("names").filter_map(|n| n.as_str().map(str::to_owned)).collect(),
        heads: heads.collect(),
        neurons: neurons.collect(),
        directions: list("directions").filter_map(small).collect(),
    })
}
