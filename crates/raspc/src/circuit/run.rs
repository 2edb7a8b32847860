//! Running a circuit: what its blocks do in ideal arithmetic, before layers and matrices exist. `verify` compares this
//! level with the interpreter, so that a disagreement names the construction and not the rounding.
//!
//! Ideal: a softmax whose scores differ by 104 or more is a uniform choice among the best keys; sums are in f64. But where a
//! construction rests on a sum being rounded (`lower::written`), it is rounded here too.

use std::collections::BTreeSet;

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
            super::Block::Mlp(m) => apply(circuit, m, &mut stream),
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
            stream[p + 1][i] = e.constant + token + position;
        }
    }
    stream
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
    for (row, sum) in stream.iter_mut().zip(sums) {
        for (m, s) in a.moves.iter().zip(sum) {
            row[m.to.index()] += s;
        }
    }
}

fn apply(circuit: &Circuit, mlp: &Mlp, stream: &mut Stream) {
    let written = mlp.units.iter().flat_map(|u| u.writes.iter().map(|w| w.0)).collect::<BTreeSet<_>>();
    let rounded: Vec<(usize, f64)> =
        written.into_iter().filter_map(|d| Some((d.index(), circuit.direction(d).rounds?))).collect();
    for row in &mut stream[1..] {
        let active: Vec<f64> = mlp.units.iter().map(|u| (read(&u.reads, row) + u.bias).max(0.0)).collect();
        for (unit, h) in mlp.units.iter().zip(active) {
            for &(dir, w) in &unit.writes {
                row[dir.index()] += h * w;
            }
        }
        for &(dir, step) in &rounded {
            row[dir] = (row[dir] / step).round() * step;
        }
    }
}
