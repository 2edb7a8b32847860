//! Hidden units into MLPs: W_in, b_in, W_out.
//!
//! Units of one layer that read the same are one unit. At BOS every unit is off: its pre-activation there is a known
//! constant, and where that is not clearly negative the weight of `bos` makes it −1.

use std::collections::HashMap;

use raspc_lang::graph::NodeId;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Config;

use super::{Layout, column};
use crate::circuit::{Block, Circuit, DirId, Form, Unit};
use crate::schedule::Schedule;

/// The units of one layer.
#[derive(Default)]
pub(super) struct LayerUnits {
    pub(super) units: Vec<Unit>,
    pub(super) placed: Vec<PlacedUnits>,
}

/// The neurons of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedUnits {
    /// The nodes they compute.
    pub origins: Vec<NodeId>,
    /// Their indices, ascending.
    pub neurons: Vec<u32>,
    /// The directions they write.
    pub writes: Vec<DirId>,
}

/// Collects the units of each layer; those that write nothing that is laid out are left out.
pub(super) fn collect(circuit: &Circuit, schedule: &Schedule, layout: &Layout) -> Vec<LayerUnits> {
    let mut layers: Vec<LayerUnits> = (0..schedule.layers).map(|_| LayerUnits::default()).collect();
    let mut known: Vec<HashMap<Vec<u64>, u32>> = vec![HashMap::new(); schedule.layers];
    for (i, block) in circuit.blocks.iter().enumerate() {
        let Block::Mlp(mlp) = block else { continue };
        let l = schedule.half[i] / 2;
        let layer = &mut layers[l];
        let mut neurons = Vec::new();
        for unit in &mlp.units {
            let writes: Vec<(DirId, f64)> =
                unit.writes.iter().copied().filter(|w| layout.coordinate[w.0.index()].is_some()).collect();
            if writes.is_empty() {
                continue;
            }
            let next = layer.units.len() as u32;
            let at = *known[l].entry(key(unit)).or_insert(next);
            if at == next {
                layer.units.push(Unit { reads: unit.reads.clone(), bias: unit.bias, writes });
            } else {
                let all = layer.units[at as usize].writes.iter().copied().chain(writes).collect();
                layer.units[at as usize].writes = Form::from_terms(all).terms().collect();
            }
            neurons.push(at);
        }
        if !neurons.is_empty() {
            neurons.sort_unstable();
            neurons.dedup();
            layer.placed.push(PlacedUnits { origins: mlp.origins.clone(), neurons, writes: block.writes() });
        }
    }
    layers
}

fn key(unit: &Unit) -> Vec<u64> {
    let terms = unit.reads.terms().flat_map(|(d, w)| [u64::from(d.0), w.to_bits()]);
    terms.chain([unit.bias.to_bits()]).collect()
}

/// `W_in` `[d_model, d_mlp]`, `b_in` `[d_mlp]`, `W_out` `[d_mlp, d_model]`.
pub(super) fn matrices(
    circuit: &Circuit,
    layout: &Layout,
    layer: &LayerUnits,
    config: &Config,
) -> (SparseMatrix, Vec<f32>, SparseMatrix) {
    let (mut w_in, mut w_out) = (Vec::new(), Vec::new());
    let mut b_in = vec![0.0; config.d_mlp];
    for (i, unit) in layer.units.iter().enumerate() {
        let at_bos = circuit.at_bos(&unit.reads);
        let wanted = if at_bos + unit.bias > -0.5 { -1.0 - unit.bias } else { at_bos };
        column(circuit, layout, &unit.reads, wanted, i as u32, &mut w_in);
        b_in[i] = unit.bias as f32;
        w_out.extend(
            unit.writes.iter().map(|&(d, w)| (i as u32, layout.coordinate[d.index()].expect("kept above"), w as f32)),
        );
    }
    (
        SparseMatrix::from_entries(config.d_model, config.d_mlp, w_in),
        b_in,
        SparseMatrix::from_entries(config.d_mlp, config.d_model, w_out),
    )
}
