//! Running a circuit: what its blocks do in ideal arithmetic, before layers and matrices exist. `verify` compares this
//! level with the interpreter, so that a disagreement names the construction and not the rounding.
//!
//! Ideal: a softmax whose scores differ by 104 or more is a uniform choice among the best keys; sums are in f64. Only what a
//! block adds is rounded to the f32 that the residual stream holds: that step is part of some constructions, where a
//! constant beside the sum takes it to the nearest multiple of a power of two (numerics R3, `lower/written.rs`).

use raspc_lang::graph::Mask;

use super::{Attention, Circuit, Form, Mlp};

/// Values of every direction at BOS and each token: `[1 + n][directions]`.
pub type Stream = Vec<Vec<f64>>;

/// Runs the circuit on token ids (without BOS).
pub fn run(circuit: &Circuit, mask: Mask, ids: &[u32]) -> Stream {
    let mut stream = embed(circuit, ids);
    for block in &circuit.blocks {
        match block {
            super::Block::Attention(a) => attend(circuit, a, mask, &mut stream),
            super::Block::Mlp(m) => apply(m, &mut stream),
        }
    }
    stream
}

fn embed(circuit: &Circuit, ids: &[u32]) -> Stream {
    let d = circuit.directions.len();
    let mut stream = vec![vec![0.0; d]; ids.len() + 1];
    stream[0][super::BOS.index()] = 1.0;
    for (i, direction) in circuit.directions.iter().enumerate() {
        let e = &direction.embedding;
        for (p, &id) in ids.iter().enumerate() {
            let token = e.tokens.binary_search_by_key(&id, |t| t.0).map_or(0.0, |at| e.tokens[at].1);
            let position = e.positions.binary_search_by_key(&(p as u32), |t| t.0).map_or(0.0, |at| e.positions[at].1);
            stream[p + 1][i] = stored(e.constant + token + position);
        }
    }
    stream
}

/// What the residual stream holds of a number.
fn stored(x: f64) -> f64 {
    f64::from(x as f32)
}

/// What a block adds to one position's row, direction by direction.
struct Added {
    sums: Vec<f64>,
    to: Vec<usize>,
}

impl Added {
    fn new(directions: usize) -> Self {
        Self { sums: vec![0.0; directions], to: Vec::new() }
    }

    fn add(&mut self, direction: super::DirId, x: f64) {
        self.to.push(direction.index());
        self.sums[direction.index()] += x;
    }

    /// Adds all of it to the row, each direction once.
    fn land(&mut self, row: &mut [f64]) {
        for at in self.to.drain(..) {
            row[at] = stored(row[at] + std::mem::take(&mut self.sums[at]));
        }
    }
}

/// The value of a form on one position's row.
pub fn read(form: &Form, row: &[f64]) -> f64 {
    form.terms().map(|(d, c)| c * row[d.index()]).sum()
}

fn attend(circuit: &Circuit, a: &Attention, mask: Mask, stream: &mut Stream) {
    let n = stream.len();
    let keys: Vec<Vec<f64>> = stream.iter().map(|row| a.scores.iter().map(|p| read(&p.key, row)).collect()).collect();
    let values: Vec<Vec<f64>> =
        stream.iter().map(|row| a.moves.iter().map(|m| read(&m.value, row)).collect()).collect();
    let mut sums = vec![vec![0.0; a.moves.len()]; n];
    sums[0] = a.moves.iter().map(|m| m.bos).collect();
    for q in 1..n {
        let query: Vec<f64> = a.scores.iter().map(|p| read(&p.query, &stream[q])).collect();
        let end = if mask == Mask::Causal { q + 1 } else { n };
        let score = |k: usize| query.iter().zip(&keys[k]).map(|(x, y)| x * y).sum::<f64>();
        let scores: Vec<f64> = (1..end).map(score).collect();
        let best = scores.iter().copied().fold(a.bos_score, f64::max);
        let chosen: Vec<usize> = (1..end).filter(|&k| scores[k - 1] > best - 52.0).collect();
        let with_bos = a.bos_score > best - 52.0;
        let count = chosen.len() as f64 + f64::from(u8::from(with_bos));
        for (m, sum) in sums[q].iter_mut().enumerate() {
            let total: f64 =
                chosen.iter().map(|&k| values[k][m]).sum::<f64>() + if with_bos { a.moves[m].bos } else { 0.0 };
            *sum = total / count;
        }
    }
    debug_assert!(circuit.directions.len() == stream[0].len());
    let mut added = Added::new(circuit.directions.len());
    for (row, sum) in stream.iter_mut().zip(sums) {
        a.moves.iter().zip(sum).for_each(|(m, s)| added.add(m.to, s));
        added.land(row);
    }
}

fn apply(mlp: &Mlp, stream: &mut Stream) {
    let mut added = Added::new(stream[0].len());
    for row in &mut stream[1..] {
        for unit in &mlp.units {
            let h = read(&unit.reads, row) + unit.bias;
            if h > 0.0 {
                unit.writes.iter().for_each(|&(dir, w)| added.add(dir, h * w));
            }
        }
        added.land(row);
    }
}
