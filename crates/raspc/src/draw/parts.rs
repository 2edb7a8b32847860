//! The parts of a compiled model: subspaces of the residual stream, heads, groups of neurons, and what feeds what.

use std::collections::BTreeMap;

use crate::circuit::{BOS, Block, BlockId, DirId, ONE};
use crate::compile::Compilation;

/// A part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A subspace that the embedding fills: its first coordinate.
    Embedding(u32),
    /// Layer and head.
    Head(usize, usize),
    /// Layer and group of neurons.
    Neurons(usize, usize),
}

/// A subspace of the residual stream: neighbouring coordinates that hold one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subspace {
    /// What it holds.
    pub(super) name: String,
    /// Its coordinates.
    pub(super) span: std::ops::Range<usize>,
    /// The half-layer that writes it: 0 is the embedding, 2l+1 attention l, 2l+2 MLP l.
    pub(super) written: usize,
}

/// The subspaces, in the order of their coordinates.
pub(super) fn subspaces(c: &Compilation) -> Vec<Subspace> {
    let mut all: Vec<Subspace> = Vec::new();
    for (at, &dir) in c.layout.direction.iter().enumerate() {
        let (name, written) = (owner(c, dir), written(c, dir));
        match all.last_mut() {
            Some(last) if last.name == name && last.written == written => last.span.end = at + 1,
            _ => all.push(Subspace { name, span: at..at + 1, written }),
        }
    }
    all
}

/// What a direction's subspace is called: its node, or its own label where it holds something else about the node.
fn owner(c: &Compilation, dir: DirId) -> String {
    let direction = c.lowered.circuit.direction(dir);
    let node = direction.origin.map(|o| c.encoded.graph.describe(o));
    match node {
        Some(node) if direction.label.strip_prefix(&*node).is_some_and(|r| r.is_empty() || r.starts_with(':')) => node,
        _ => direction.label.clone(),
    }
}

/// The half-layer that writes a direction.
pub(super) fn written(c: &Compilation, dir: DirId) -> usize {
    c.lowered.circuit.direction(dir).writer.map_or(0, |b| c.schedule.half[b.index()] + 1)
}

/// The block that a part runs, for heads and neurons.
pub(super) fn block_of(c: &Compilation, writes: &[DirId]) -> Option<BlockId> {
    writes.first().and_then(|&d| c.lowered.circuit.direction(d).writer)
}

/// All parts with the directions that they write.
pub(super) fn parts(c: &Compilation) -> Vec<(Part, Vec<DirId>)> {
    let mut all = Vec::new();
    for s in subspaces(c).iter().filter(|s| s.written == 0) {
        all.push((Part::Embedding(s.span.start as u32), c.layout.direction[s.span.clone()].to_vec()));
    }
    for l in 0..c.schedule.layers {
        let heads = c.placement.heads[l].iter().enumerate();
        all.extend(heads.map(|(h, head)| (Part::Head(l, h), head.writes.clone())));
        let groups = c.placement.units[l].iter().enumerate();
        all.extend(groups.map(|(g, group)| (Part::Neurons(l, g), group.writes.clone())));
    }
    all
}

/// What each part reads from which other: (from, to) with the names of the subspaces. The constants `one` and `bos` are
/// left out: everything reads them.
pub(super) fn feeds(c: &Compilation, parts: &[(Part, Vec<DirId>)]) -> BTreeMap<(Part, Part), Vec<String>> {
    let circuit = &c.lowered.circuit;
    let mut writer: Vec<Vec<Part>> = vec![Vec::new(); circuit.directions.len()];
    for (part, writes) in parts {
        for d in writes {
            writer[d.index()].push(*part);
        }
    }
    let mut feeds: BTreeMap<(Part, Part), Vec<String>> = BTreeMap::new();
    for (part, writes) in parts {
        let Some(block) = block_of(c, writes).filter(|_| !matches!(part, Part::Embedding(_))) else { continue };
        for dir in reads(&circuit.blocks[block.index()], writes) {
            if c.layout.coordinate[dir.index()].is_none() {
                continue;
            }
            for from in &writer[dir.index()] {
                let names = feeds.entry((*from, *part)).or_default();
                let name = owner(c, dir);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    feeds
}

/// What a block reads in order to write these directions, the constants left out.
fn reads(block: &Block, writes: &[DirId]) -> Vec<DirId> {
    let mut dirs: Vec<DirId> = match block {
        Block::Attention(a) => {
            let scores = a.scores.iter().flat_map(|p| p.query.dirs().chain(p.key.dirs()));
            let moved = a.moves.iter().filter(|m| writes.contains(&m.to)).flat_map(|m| m.value.dirs());
            scores.chain(moved).collect()
        }
        Block::Mlp(m) => {
            let live = m.units.iter().filter(|u| u.writes.iter().any(|w| writes.contains(&w.0)));
            live.flat_map(|u| u.reads.dirs()).collect()
        }
    };
    dirs.retain(|&d| d != ONE && d != BOS);
    dirs.sort_unstable();
    dirs.dedup();
    dirs
}

/// By subspace: the half-layers that read it, constants too.
pub(super) fn read_halves(c: &Compilation, parts: &[(Part, Vec<DirId>)], subspaces: &[Subspace]) -> Vec<Vec<usize>> {
    let mut subspace_of = vec![0; c.layout.direction.len()];
    for (i, s) in subspaces.iter().enumerate() {
        s.span.clone().for_each(|d| subspace_of[d] = i);
    }
    let mut halves = vec![Vec::new(); subspaces.len()];
    for (part, writes) in parts {
        let half = match part {
            Part::Embedding(_) => continue,
            Part::Head(l, _) => 2 * l + 1,
            Part::Neurons(l, _) => 2 * l + 2,
        };
        let Some(block) = block_of(c, writes) else { continue };
        for dir in reads(&c.lowered.circuit.blocks[block.index()], writes) {
            if let Some(at) = c.layout.coordinate[dir.index()] {
                let halves: &mut Vec<usize> = &mut halves[subspace_of[at as usize]];
                if !halves.contains(&half) {
                    halves.push(half);
                }
            }
        }
    }
    halves
}
