//! Attention blocks into heads: W_Q, W_K, W_V, W_O.
//!
//! Blocks of one pattern in one layer share heads. Dimension 0 of queries and keys carries the score of BOS and the bias
//! that makes PAD keys lose. The others carry the products of the score. W_QK has the
//! rank of the score, W_OV one dimension for each value moved; a head is as wide as the larger of the two.

use raspc_lang::graph::NodeId;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::{Config, Head};

use super::{Layout, column};
use crate::circuit::{Attention, BOS, Block, Circuit, DirId, Form, Move, ONE};
use crate::schedule::Schedule;

/// How far the scores of PAD keys lie below those of tokens: far above any score (at most 2^17 for a thousand
/// literals), and with it a whole multiple of 128 that f32 adds exactly.
const PAD_LOSES: f64 = 1_048_576.0;

/// One head: a pattern and the values moved through it.
pub(super) struct Packed<'a> {
    attention: &'a Attention,
    origins: Vec<NodeId>,
    moves: Vec<&'a Move>,
}

/// Heads of all layers and their common sizes.
pub(super) struct Packing<'a> {
    pub(super) n_heads: usize,
    pub(super) d_head: usize,
    pub(super) layers: Vec<Vec<Packed<'a>>>,
}

/// What a head does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedHead {
    /// The pattern's index.
    pub pattern: u32,
    /// The nodes it computes.
    pub origins: Vec<NodeId>,
    /// The directions it writes.
    pub writes: Vec<DirId>,
}

impl Packed<'_> {
    pub(super) fn placed(&self) -> PlacedHead {
        let writes = self.moves.iter().map(|m| m.to).collect();
        PlacedHead { pattern: self.attention.pattern, origins: self.origins.clone(), writes }
    }

    fn rank(&self) -> usize {
        self.attention.scores.len() + 1
    }
}

/// Groups blocks by layer and pattern, and splits groups into heads so that heads × width is least.
pub(super) fn pack<'a>(circuit: &'a Circuit, schedule: &Schedule, layout: &Layout) -> Packing<'a> {
    let groups = group(circuit, schedule, layout);
    let all = || groups.iter().flatten();
    let narrowest = all().map(Packed::rank).max().unwrap_or(0);
    let widest = all().map(|g| g.moves.len()).max().unwrap_or(0).max(narrowest);
    let heads_at = |d: usize| {
        groups
            .iter()
            .map(|layer| layer.iter().map(|g| g.moves.len().div_ceil(d.max(1)).max(1)).sum::<usize>())
            .max()
            .unwrap_or(0)
    };
    let d_head = (narrowest..=widest).min_by_key(|&d| (heads_at(d) * d, heads_at(d))).unwrap_or(0);
    let n_heads = heads_at(d_head);
    let layers = groups.into_iter().map(|layer| layer.into_iter().flat_map(|g| split(g, d_head)).collect()).collect();
    Packing { n_heads, d_head, layers }
}

fn group<'a>(circuit: &'a Circuit, schedule: &Schedule, layout: &Layout) -> Vec<Vec<Packed<'a>>> {
    let mut layers: Vec<Vec<Packed<'a>>> = (0..schedule.layers).map(|_| Vec::new()).collect();
    for (i, block) in circuit.blocks.iter().enumerate() {
        let Block::Attention(attention) = block else { continue };
        let moves: Vec<&Move> = attention.moves.iter().filter(|m| layout.coordinate[m.to.index()].is_some()).collect();
        if moves.is_empty() {
            continue;
        }
        let layer = &mut layers[schedule.half[i] / 2];
        match layer.iter_mut().find(|g| g.attention.pattern == attention.pattern) {
            Some(g) => {
                g.moves.extend(moves);
                g.origins.extend(&attention.origins);
            }
            None => layer.push(Packed { attention, origins: attention.origins.clone(), moves }),
        }
    }
    layers
}

fn split(group: Packed<'_>, d_head: usize) -> Vec<Packed<'_>> {
    let Packed { attention, origins, moves } = group;
    moves.chunks(d_head.max(1)).map(|m| Packed { attention, origins: origins.clone(), moves: m.to_vec() }).collect()
}

/// The heads of a layer, empty ones at the end.
pub(super) fn matrices(circuit: &Circuit, layout: &Layout, heads: &[Packed<'_>], config: &Config) -> Vec<Head> {
    let empty = || SparseMatrix::from_entries(config.d_model, config.d_head, Vec::new());
    let mut all: Vec<Head> = heads.iter().map(|h| head(circuit, layout, h, config)).collect();
    all.resize_with(config.n_heads, || Head {
        w_q: empty(),
        w_k: empty(),
        b_k: Vec::new(),
        w_v: empty(),
        w_o: SparseMatrix::from_entries(config.d_head, config.d_model, Vec::new()),
    });
    all
}

fn head(circuit: &Circuit, layout: &Layout, packed: &Packed<'_>, config: &Config) -> Head {
    let a = packed.attention;
    let (mut q, mut k, mut v, mut o) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // BOS's query is 1 here and 0 elsewhere: BOS scores `bos_score` with itself, 0 with tokens, and sees itself alone.
    column(circuit, layout, &Form::of(ONE), 1.0, 0, &mut q);
    column(circuit, layout, &Form::of(ONE).scaled(PAD_LOSES), PAD_LOSES + a.bos_score, 0, &mut k);
    for (i, p) in a.scores.iter().enumerate() {
        column(circuit, layout, &p.query, 0.0, i as u32 + 1, &mut q);
        column(circuit, layout, &p.key, 0.0, i as u32 + 1, &mut k);
    }
    for (i, m) in packed.moves.iter().enumerate() {
        column(circuit, layout, &m.value, m.bos, i as u32, &mut v);
        o.push((i as u32, layout.coordinate[m.to.index()].expect("kept above"), 1.0));
    }
    debug_assert!(circuit.direction(BOS).bos == 1.0);
    Head {
        w_q: SparseMatrix::from_entries(config.d_model, config.d_head, q),
        w_k: SparseMatrix::from_entries(config.d_model, config.d_head, k),
        b_k: vec![(0, -PAD_LOSES as f32)],
        w_v: SparseMatrix::from_entries(config.d_model, config.d_head, v),
        w_o: SparseMatrix::from_entries(config.d_head, config.d_model, o),
    }
}
