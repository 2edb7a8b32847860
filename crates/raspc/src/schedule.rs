//! Schedule: which block runs in which half-layer. Step (4).
//!
//! Half-layers alternate: 0 is the attention of layer 0, 1 its MLP, 2 the attention of layer 1, and so on. A block runs
//! after everything it reads is complete.
//!
//! **Fewest layers.** The earliest half of a block is one past the latest half of the blocks it reads, moved on to its
//! own kind; that is a lower bound for every schedule, and the schedule here meets it for the last block. Blocks with
//! slack go where they make the layers even, within the halves that keep every bound.

use std::collections::HashSet;
use std::fmt;

use crate::circuit::{Block, BlockId, Circuit};

/// The half-layer of each block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// By block.
    pub half: Vec<usize>,
    /// How many layers.
    pub layers: usize,
}

/// Assigns blocks to layers.
pub fn schedule(circuit: &Circuit) -> Schedule {
    let before = dependencies(circuit);
    let earliest = earliest(circuit, &before);
    let layers = earliest.iter().map(|h| h / 2 + 1).max().unwrap_or(0);
    let latest = latest(circuit, &before, layers);
    let mut half: Vec<usize> = Vec::with_capacity(circuit.blocks.len());
    let mut load: Vec<usize> = vec![0; 2 * layers];
    let mut patterns: HashSet<(usize, u32)> = HashSet::new();
    for (i, block) in circuit.blocks.iter().enumerate() {
        let ready = before[i].iter().map(|b| half[b.index()] + 1).max().unwrap_or(0);
        let first = on_kind(ready, block);
        let size = size(block);
        let shared = |h: usize| matches!(block, Block::Attention(a) if patterns.contains(&(h, a.pattern)));
        let chosen = (first..=latest[i])
            .step_by(2)
            .min_by_key(|&h| (!shared(h), load[h] + size, h))
            .expect("a block's latest half is not before its first");
        if let Block::Attention(a) = block {
            patterns.insert((chosen, a.pattern));
        }
        load[chosen] += size;
        half.push(chosen);
    }
    Schedule { half, layers }
}

/// The first and the last half-layer in which each block could run in a model of this many layers, all else where it is
/// earliest or latest.
pub fn slack(circuit: &Circuit, layers: usize) -> Vec<(usize, usize)> {
    let before = dependencies(circuit);
    earliest(circuit, &before).into_iter().zip(latest(circuit, &before, layers)).collect()
}

/// The blocks that each block reads from.
fn dependencies(circuit: &Circuit) -> Vec<Vec<BlockId>> {
    let of = |block: &Block| {
        let mut from: Vec<BlockId> = block.reads().iter().filter_map(|&d| circuit.direction(d).writer).collect();
        from.sort_unstable();
        from.dedup();
        from
    };
    circuit.blocks.iter().map(of).collect()
}

/// The first half of the block's kind that is not before `half`.
fn on_kind(half: usize, block: &Block) -> usize {
    let parity = usize::from(!block.is_attention());
    half + usize::from(half % 2 != parity)
}

fn earliest(circuit: &Circuit, before: &[Vec<BlockId>]) -> Vec<usize> {
    let mut earliest: Vec<usize> = Vec::with_capacity(before.len());
    for (i, block) in circuit.blocks.iter().enumerate() {
        let ready = before[i].iter().map(|b| earliest[b.index()] + 1).max().unwrap_or(0);
        earliest.push(on_kind(ready, block));
    }
    earliest
}

fn latest(circuit: &Circuit, before: &[Vec<BlockId>], layers: usize) -> Vec<usize> {
    let mut latest: Vec<usize> = circuit
        .blocks
        .iter()
        .map(|b| if b.is_attention() { 2 * layers.max(1) - 2 } else { 2 * layers.max(1) - 1 })
        .collect();
    for i in (0..before.len()).rev() {
        for b in &before[i] {
            let parity = usize::from(!circuit.blocks[b.index()].is_attention());
            let bound = latest[i] - 1;
            let bound = if bound % 2 == parity { bound } else { bound - 1 };
            latest[b.index()] = latest[b.index()].min(bound);
        }
    }
    latest
}

/// What a block adds to its half-layer.
fn size(block: &Block) -> usize {
    match block {
        Block::Attention(a) => (a.scores.len() + 1).max(a.moves.len()),
        Block::Mlp(m) => m.units.len(),
    }
}

impl Schedule {
    /// Asserts that every block runs after what it reads, in a half of its kind.
    ///
    /// # Panics
    /// When one does not: a bug.
    pub fn check(&self, circuit: &Circuit) {
        for (i, before) in dependencies(circuit).iter().enumerate() {
            assert_eq!(
                self.half[i] % 2,
                usize::from(!circuit.blocks[i].is_attention()),
                "block {i} in a half of its kind"
            );
            assert!(self.half[i] < 2 * self.layers, "block {i} within the layers");
            assert!(before.iter().all(|b| self.half[b.index()] < self.half[i]), "block {i} after what it reads");
        }
    }
}

/// A schedule beside its circuit, as text: one line a half-layer.
pub struct Shown<'a>(pub &'a Schedule, pub &'a Circuit);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(schedule, circuit) = self;
        for half in 0..2 * schedule.layers {
            let kind = if half % 2 == 0 { "attention" } else { "mlp" };
            writeln!(f, "layer {} {kind}", half / 2)?;
            for (i, block) in circuit.blocks.iter().enumerate().filter(|(i, _)| schedule.half[*i] == half) {
                let labels: Vec<&str> =
                    block.writes().iter().take(6).map(|&d| circuit.direction(d).label.as_str()).collect();
                let more = if block.writes().len() > 6 { ", …" } else { "" };
                writeln!(f, "  block {i}: {} -> {}{more}", block.gadget(), labels.join(", "))?;
            }
        }
        Ok(())
    }
}
