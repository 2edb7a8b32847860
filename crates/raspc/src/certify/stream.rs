//! The residual stream as it is known after each half-layer: at tokens, at BOS and at PAD.

use raspc_lang::graph::{NodeId, Op};
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Model;

use super::dom::Dom;
use super::facts::{Facts, Var};
use super::number::Num;
use crate::simplify::reachable;

/// What is known of every direction.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// At tokens.
    pub(super) doms: Vec<Dom>,
    /// At BOS.
    pub(super) bos: Vec<Num>,
    /// At PAD, wherever it stands.
    pub(super) pad: Vec<Num>,
    /// Significant bits of the numbers that any matrix product on the way to this direction read.
    pub(super) bits: Vec<u8>,
    /// The half-layer after which it last changed.
    pub(super) changed: Vec<usize>,
}

/// The sources of a program, where the output depends on them.
struct Sources {
    tokens: Option<NodeId>,
    indices: Option<NodeId>,
}

/// The columns of a matrix: (row, weight), rows ascending.
pub(super) fn columns(matrix: &SparseMatrix) -> Vec<Vec<(u32, f64)>> {
    let mut columns = vec![Vec::new(); matrix.cols()];
    for (r, c, w) in matrix.entries() {
        columns[c as usize].push((r, f64::from(w)));
    }
    columns
}

impl Stream {
    /// After the embedding: `W_E[id] + W_pos[position]`.
    pub(super) fn embed(model: &Model, facts: &Facts<'_>, output: NodeId) -> Self {
        let (d, vocab) = (model.config.d_model, model.vocab.len());
        let (by_token, by_position) = (columns(&model.w_e), columns(&model.w_pos));
        let needed = reachable(facts.graph, output);
        let find = |wanted: &Op| {
            let mut nodes = facts.graph.iter().filter(|(id, n)| needed[id.index()] && n.op == *wanted);
            nodes.next().map(|(id, _)| id)
        };
        let sources = Sources { tokens: find(&Op::Tokens), indices: find(&Op::Indices) };
        let at = |m: &SparseMatrix, row: usize, c: usize| Num::point(m.get(row, c));
        let doms = (0..d).map(|c| source_dom(&by_token[c], &by_position[c], vocab, &sources, facts)).collect();
        let bos = (0..d).map(|c| at(&model.w_e, vocab, c).plus(at(&model.w_pos, 0, c))).collect();
        let pad = (0..d).map(|c| {
            let positions = by_position[c].iter().filter(|p| p.0 > 0).map(|p| Num::point(p.1 as f32));
            at(&model.w_e, vocab + 1, c).plus(positions.fold(Num::ZERO, Num::join))
        });
        let pad = pad.collect();
        Self { doms, bos, pad, bits: vec![0; d], changed: vec![0; d] }
    }

    /// Terms of a column with the domains they read.
    pub(super) fn terms<'s>(&'s self, column: &'s [(u32, f64)]) -> impl Iterator<Item = (f64, &'s Dom)> {
        column.iter().map(|&(d, w)| (w, &self.doms[d as usize]))
    }

    /// The longest factor on the way to what a column reads.
    pub(super) fn bits_of(&self, column: &[(u32, f64)]) -> u8 {
        column.iter().map(|&(d, _)| self.bits[d as usize]).max().unwrap_or(0)
    }
}

/// What the embedding puts into one direction at tokens.
fn source_dom(
    tokens: &[(u32, f64)],
    positions: &[(u32, f64)],
    vocab: usize,
    sources: &Sources,
    facts: &Facts<'_>,
) -> Dom {
    // Most directions are written by blocks only.
    if tokens.iter().all(|t| t.0 as usize >= vocab) && positions.iter().all(|p| p.0 == 0) {
        return Dom::Const(Num::ZERO.plus(Num::ZERO));
    }
    let mut by_id = vec![Num::ZERO; vocab];
    tokens.iter().filter(|t| (t.0 as usize) < vocab).for_each(|&(id, x)| by_id[id as usize] = Num::point(x as f32));
    let alike = by_id.iter().all(|n| *n == by_id[0]);
    let mut by_position = vec![Num::ZERO; facts.options.max_len];
    let inner = positions.iter().filter(|p| p.0 > 0);
    for &(p, x) in inner {
        by_position[p as usize - 1] = Num::point(x as f32);
    }
    let still = by_position.iter().all(|n| *n == by_position[0]);
    match (alike, still, sources.tokens, sources.indices) {
        (true, true, ..) => Dom::Const(by_id[0].plus(by_position[0])),
        (true, false, _, Some(indices)) => {
            let classes = facts.listed(Var::Node(indices));
            let at = |v: &raspc_lang::value::Value| v.as_f64().and_then(|p| by_position.get(p as usize));
            let numbers = classes.values.iter().map(|v| at(v).map(|n| by_id[0].plus(*n)));
            Dom::of_classes(Var::Node(indices), &numbers.collect::<Vec<_>>())
        }
        (false, true, Some(tokens), _) => {
            let classes = facts.listed(Var::Node(tokens));
            let mut numbers = vec![None; classes.len()];
            for (value, n) in facts.options.vocab.iter().zip(&by_id) {
                if let Some(class) = classes.find(value) {
                    numbers[class as usize] = Some(n.plus(by_position[0]));
                }
            }
            Dom::of_classes(Var::Node(tokens), &numbers)
        }
        _ => {
            let hull = |numbers: &[Num]| numbers.iter().fold(numbers[0], |a, b| a.join(*b));
            Dom::Const(hull(&by_id).plus(hull(&by_position)))
        }
    }
}
