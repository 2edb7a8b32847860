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

/// The blocks that write these directions: a head may run several.
pub(super) fn blocks_of(c: &Compilation, writes: &[DirId]) -> Vec<BlockId> {
    let mut blocks: Vec<BlockId> = Vec::new();
    for block in writes.iter().filter_map(|&d| c.lowered.circuit.direction(d).writer) {
        if !blocks.contains(&block) {
            blocks.push(block);
        }
    }
    blocks
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
        if matches!(part, Part::Embedding(_)) {
            continue;
        }
        for dir in reads(c, writes) {
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

/// What is read in order to write these directions, the constants left out.
fn reads(c: &Compilation, writes: &[DirId]) -> Vec<DirId> {
    let mut dirs: Vec<DirId> = Vec::new();
    for block in blocks_of(c, writes) {
        match &c.lowered.circuit.blocks[block.index()] {
            Block::Attention(a) => {
                dirs.extend(a.scores.iter().flat_map(|p| p.query.dirs().chain(p.key.dirs())));
                dirs.extend(a.moves.iter().filter(|m| writes.contains(&m.to)).flat_map(|m| m.value.dirs()));
            }
            Block::Mlp(m) => {
                let live = m.units.iter().filter(|u| u.writes.iter().any(|w| writes.contains(&w.0)));
                dirs.extend(live.flat_map(|u| u.reads.dirs()));
            }
        }
    }
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
        for dir in reads(c, writes) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use raspc_lang::graph::Mask;
    use raspc_lang::program::parse_program;
    use raspc_lang::programs::standard_programs;
    use raspc_model::matrix::SparseMatrix;

    use super::*;
    use crate::compile::compile;
    use crate::options::Options;

    /// The rows that hold something, but for `one` and `bos`.
    fn rows<'m>(matrices: impl IntoIterator<Item = &'m SparseMatrix>) -> BTreeSet<u32> {
        matrices.into_iter().flat_map(|m| m.stored_rows().iter().copied()).filter(|&r| r > 1).collect()
    }

    #[test]
    fn parts_read_what_their_weights_read() {
        for p in standard_programs() {
            let none = &mut |path: &str| Err(format!("no file {path}"));
            let program = parse_program(p.name, p.source, Mask::Full, none).expect("it is fine");
            let options = Options::new(program.vocab.clone().expect("a vocabulary"), 4);
            let c = compile(&program.graph, program.output.expect("an output"), &options).expect("it compiles");
            let mut neurons: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); c.schedule.layers];
            for (part, writes) in parts(&c) {
                let read: BTreeSet<u32> =
                    reads(&c, &writes).iter().filter_map(|d| c.layout.coordinate[d.index()]).collect();
                match part {
                    Part::Embedding(_) => {}
                    Part::Head(l, h) => {
                        let head = &c.model.layers[l].heads[h];
                        assert_eq!(read, rows([&head.w_q, &head.w_k, &head.w_v]), "{} {part:?}", p.name);
                    }
                    Part::Neurons(l, _) => neurons[l].extend(read),
                }
            }
            for (layer, read) in c.model.layers.iter().zip(neurons) {
                assert_eq!(read, rows([&layer.w_in]), "{}", p.name);
            }
        }
    }
}
