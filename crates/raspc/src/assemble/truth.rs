//! Ground truth: which heads, neurons and directions compute each node, and which component feeds which.

use std::collections::BTreeMap;

use raspc_lang::graph::{Graph, NodeId};
use serde_json::{Value as Json, json};

use super::readout::Reading;
use super::{Layout, Placement};
use crate::circuit::{Block, Circuit};
use crate::schedule::Schedule;

/// What one node is made of.
#[derive(Default)]
struct Parts {
    heads: Vec<Json>,
    neurons: Vec<Json>,
    directions: Vec<u32>,
}

/// The circuit as data: `directions` (by coordinate: label, least and greatest value at tokens, grid, value at BOS),
/// `nodes` (name, heads, neurons, directions) and `edges` between components.
pub fn truth(
    graph: &Graph,
    circuit: &Circuit,
    schedule: &Schedule,
    layout: &Layout,
    placement: &Placement,
    output: &Reading,
) -> Json {
    let mut parts: BTreeMap<NodeId, Parts> = BTreeMap::new();
    for (c, d) in layout.direction.iter().enumerate() {
        if let Some(origin) = circuit.direction(*d).origin {
            parts.entry(origin).or_default().directions.push(c as u32);
        }
    }
    for (l, heads) in placement.heads.iter().enumerate() {
        for (h, head) in heads.iter().enumerate() {
            for origin in &head.origins {
                parts.entry(*origin).or_default().heads.push(json!([l, h]));
            }
        }
    }
    for (l, groups) in placement.units.iter().enumerate() {
        for group in groups {
            for origin in &group.origins {
                parts.entry(*origin).or_default().neurons.push(json!([l, group.neurons]));
            }
        }
    }
    let nodes: Vec<Json> = parts
        .into_iter()
        .map(|(id, p)| {
            let names: Vec<&str> = graph.node(id).names.iter().map(AsRef::as_ref).collect();
            json!({
                "name": graph.describe(id), "names": names,
                "heads": p.heads, "neurons": p.neurons, "directions": p.directions,
            })
        })
        .collect();
    let directions: Vec<Json> = layout
        .direction
        .iter()
        .map(|d| circuit.direction(*d))
        .map(|d| json!({ "label": d.label, "lo": d.range.lo, "hi": d.range.hi, "grid": d.range.grid, "bos": d.bos }))
        .collect();
    json!({ "directions": directions, "nodes": nodes, "edges": edges(circuit, schedule, layout, placement, output) })
}

/// Edges between components: writer, reader and the directions through which the one feeds the other. The unembedding
/// reads the output.
fn edges(
    circuit: &Circuit,
    schedule: &Schedule,
    layout: &Layout,
    placement: &Placement,
    output: &Reading,
) -> Vec<Json> {
    let mut edges: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    let blocks = circuit.blocks.iter().enumerate();
    let reading = blocks.map(|(i, block)| (components(i, block, schedule, placement), block.reads()));
    for (readers, dirs) in reading.chain([(vec!["unembed".to_owned()], output.dirs())]) {
        for dir in dirs {
            let Some(coordinate) = layout.coordinate[dir.index()] else { continue };
            let writers = match circuit.direction(dir).writer {
                None => vec!["embed".to_owned()],
                Some(w) => components(w.index(), &circuit.blocks[w.index()], schedule, placement),
            };
            for from in &writers {
                for to in &readers {
                    edges.entry((from.clone(), to.clone())).or_default().push(coordinate);
                }
            }
        }
    }
    edges
        .into_iter()
        .map(|((from, to), mut directions)| {
            directions.sort_unstable();
            directions.dedup();
            json!({ "from": from, "to": to, "directions": directions })
        })
        .collect()
}

/// The model's components that run a block: `layer.0.head.1`, `layer.0.mlp`.
fn components(i: usize, block: &Block, schedule: &Schedule, placement: &Placement) -> Vec<String> {
    let layer = schedule.half[i] / 2;
    match block {
        Block::Attention(a) => {
            let writes = block.writes();
            let runs = |h: &super::PlacedHead| h.pattern == a.pattern && h.writes.iter().any(|w| writes.contains(w));
            let heads = placement.heads[layer].iter().enumerate().filter(|(_, h)| runs(h));
            heads.map(|(h, _)| format!("layer.{layer}.head.{h}")).collect()
        }
        Block::Mlp(_) => vec![format!("layer.{layer}.mlp")],
    }
}
