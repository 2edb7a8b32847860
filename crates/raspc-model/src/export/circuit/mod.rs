//! The ground-truth circuit in the terms of TransformerLens: what benchmarks of circuit discovery need.
//!
//! - `circuit.json`: each node of the program, with the heads, neurons and residual directions that compute it and the hook
//!   after which it can be read; each direction with its label.
//! - `components.json`, `components.dot`: heads, MLPs, embeddings and the unembedding, and an edge for each input (`q`, `k`,
//!   `v`, `mlp`, `unembed`) that reads what another writes, with the directions it reads.
//! - `neurons.json`, `neurons.dot`: the same with a node for each neuron and each residual direction, and an edge for each
//!   that is written or read.
//!
//! **Invariant.** Edges are the weights' own: there is one exactly where the product of the weights on its way is not
//! structurally zero. So what has no edge has no effect on any input whatever. Names come from the compiler's record.
//! The JSON graphs are networkx's: `networkx.node_link_graph(json.load(file), edges="edges")`.

mod components;
mod neurons;
mod program;
mod text;

use super::file::File;
use crate::model::Model;

/// The folder.
pub(super) fn files(model: &Model) -> Vec<File<'_>> {
    let names = program::Names::of(model);
    let components = components::graph(model, &names);
    let neurons = neurons::graph(model, &names);
    vec![
        File::of_json("circuit.json", &program::json(model)),
        File::of_bytes("components.json", components.json()),
        File::of_bytes("components.dot", components.dot()),
        File::of_bytes("neurons.json", neurons.json()),
        File::of_bytes("neurons.dot", neurons.dot()),
    ]
}
