//! Assemble: the residual stream as a direct sum of subspaces, and the weight matrices. Steps (5) and (6).
//!
//! Every form that a block reads is corrected at BOS, where the residual stream is a known constant: queries and keys
//! there are exactly what the head needs, values exactly the default, hidden units off. Weights are rounded from f64 to
//! f32 once, here.

mod heads;
mod neurons;
pub mod readout;
pub mod truth;

use raspc_lang::graph::Mask;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::{Config, Layer, Model, Readout};

use crate::circuit::{BOS, Circuit, DirId, Form};
use crate::convert;
use crate::options::Options;
use crate::schedule::Schedule;
pub use heads::PlacedHead;
pub use neurons::PlacedUnits;

/// Where each direction of the circuit lies in the residual stream: step (5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// By direction: its coordinate, or none when nobody reads it.
    pub coordinate: Vec<Option<u32>>,
    /// By coordinate.
    pub direction: Vec<DirId>,
}

/// Where each block ended up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// The heads of each layer.
    pub heads: Vec<Vec<PlacedHead>>,
    /// The neurons of each layer.
    pub units: Vec<Vec<PlacedUnits>>,
}

/// Lays out the directions that some block or read-out reads.
pub fn lay_out(circuit: &Circuit, readouts: &[readout::Reading]) -> Layout {
    let mut used = vec![false; circuit.directions.len()];
    used[0] = true;
    used[1] = true;
    for d in readouts.iter().flat_map(readout::Reading::dirs) {
        used[d.index()] = true;
    }
    for block in circuit.blocks.iter().rev() {
        if block.writes().iter().any(|d| used[d.index()]) {
            for d in live_reads(block, &used) {
                used[d.index()] = true;
            }
        }
    }
    let direction: Vec<DirId> = (0..circuit.directions.len()).filter(|&i| used[i]).map(|i| DirId(i as u32)).collect();
    let mut coordinate = vec![None; circuit.directions.len()];
    direction.iter().enumerate().for_each(|(c, d)| coordinate[d.index()] = Some(c as u32));
    Layout { coordinate, direction }
}

/// What a block reads in order to write the directions that are used.
fn live_reads(block: &crate::circuit::Block, used: &[bool]) -> Vec<DirId> {
    use crate::circuit::Block;
    match block {
        Block::Attention(a) => {
            let scores = a.scores.iter().flat_map(|p| [&p.query, &p.key]);
            let moved = a.moves.iter().filter(|m| used[m.to.index()]).map(|m| &m.value);
            scores.chain(moved).flat_map(Form::dirs).collect()
        }
        Block::Mlp(m) => {
            let live = m.units.iter().filter(|u| u.writes.iter().any(|w| used[w.0.index()]));
            live.flat_map(|u| u.reads.dirs()).collect()
        }
    }
}

/// Builds the weights.
pub fn assemble(
    circuit: &Circuit,
    schedule: &Schedule,
    layout: &Layout,
    mask: Mask,
    readouts: Vec<Readout>,
    output: usize,
    options: &Options,
) -> (Model, Placement) {
    let packed = heads::pack(circuit, schedule, layout);
    let units = neurons::collect(circuit, schedule, layout);
    let config = Config {
        n_layers: schedule.layers,
        n_heads: packed.n_heads,
        d_model: layout.direction.len(),
        d_head: packed.d_head,
        d_mlp: units.iter().map(|u| u.units.len()).max().unwrap_or(0),
        max_len: options.max_len,
        causal: mask == Mask::Causal,
        bos: options.bos.clone(),
        pad: options.pad.clone(),
    };
    let layers = (0..schedule.layers)
        .map(|l| {
            let (w_in, b_in, w_out) = neurons::matrices(circuit, layout, &units[l], &config);
            Layer { heads: heads::matrices(circuit, layout, &packed.layers[l], &config), w_in, b_in, w_out }
        })
        .collect();
    let (w_e, w_pos) = embeddings(circuit, layout, &config, options);
    let placement = Placement {
        heads: packed.layers.iter().map(|heads| heads.iter().map(heads::Packed::placed).collect()).collect(),
        units: units.iter().map(|u| u.placed.clone()).collect(),
    };
    let labels = layout.direction.iter().map(|d| circuit.direction(*d).label.clone()).collect();
    let model = Model {
        config,
        vocab: options.vocab.iter().map(convert::token).collect(),
        w_e,
        w_pos,
        layers,
        labels,
        readouts,
        output,
        graph: serde_json::Value::Null,
        circuit: serde_json::Value::Null,
        assumptions: Vec::new(),
        certificate: serde_json::Value::Null,
    };
    (model, placement)
}

/// `W_E` and `W_pos`. Constants are part of every token's row, but not of BOS's and PAD's.
fn embeddings(circuit: &Circuit, layout: &Layout, config: &Config, options: &Options) -> (SparseMatrix, SparseMatrix) {
    let vocab = options.vocab.len();
    let (mut tokens, mut positions) = (Vec::new(), Vec::new());
    for (c, &d) in layout.direction.iter().enumerate() {
        let e = &circuit.direction(d).embedding;
        let c = c as u32;
        if e.constant == 0.0 {
            tokens.extend(e.tokens.iter().map(|&(id, x)| (id, c, x as f32)));
        } else {
            let mut column = vec![e.constant; vocab];
            e.tokens.iter().for_each(|&(id, x)| column[id as usize] += x);
            tokens.extend(column.iter().zip(0..).map(|(&x, id)| (id, c, x as f32)));
        }
        if d == BOS {
            tokens.push((vocab as u32, c, 1.0));
        }
        positions.extend(e.positions.iter().map(|&(p, x)| (p + 1, c, x as f32)));
    }
    let d_model = config.d_model;
    (
        SparseMatrix::from_entries(vocab + 2, d_model, tokens),
        SparseMatrix::from_entries(config.max_len + 1, d_model, positions),
    )
}

/// The form as entries of one column, its value at BOS made `at_bos`.
fn column(
    circuit: &Circuit,
    layout: &Layout,
    form: &Form,
    at_bos: f64,
    column: u32,
    entries: &mut Vec<(u32, u32, f32)>,
) {
    let corrected = form.plus(&Form::of(BOS), at_bos - circuit.at_bos(form));
    entries.extend(corrected.terms().map(|(d, w)| {
        let row = layout.coordinate[d.index()].expect("whatever is read is laid out");
        (row, column, w as f32)
    }));
}
