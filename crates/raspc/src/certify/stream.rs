//! The residual stream as it is known after each half-layer: at tokens, at BOS and at PAD.

use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;
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
    /// The variable, and the class of each token of the vocabulary by its id.
    tokens: Option<(Var, Labels)>,
    /// The variable, and the class of each position from 0.
    indices: Option<(Var, Labels)>,
}

/// Classes of a source by what stands in the embedding's rows.
struct Labels {
    classes: usize,
    class_of: Vec<Option<u32>>,
}

/// One column of an embedding, over the rows of tokens or of positions.
struct Column {
    rows: usize,
    /// (row, number), where that is not 0.
    entries: Vec<(u32, Num)>,
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
        let sources = Sources::of(facts, output);
        let at = |m: &SparseMatrix, row: usize, c: usize| Num::point(m.get(row, c));
        let doms = (0..d).map(|c| sources.dom(&by_token[c], &by_position[c], facts)).collect();
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

impl Sources {
    fn of(facts: &Facts<'_>, output: NodeId) -> Self {
        let needed = reachable(facts.graph, output);
        let find = |wanted: &Op| {
            let mut nodes = facts.graph.iter().filter(|(id, n)| needed[id.index()] && n.op == *wanted);
            nodes.next().map(|(id, _)| Var::Node(id))
        };
        let tokens = find(&Op::Tokens).map(|var| {
            let classes = facts.listed(var);
            let class_of = facts.options.vocab.iter().map(|value| classes.find(value)).collect();
            (var, Labels { classes: classes.len(), class_of })
        });
        let indices = find(&Op::Indices).map(|var| {
            let classes = facts.listed(var);
            let class_of = (0..facts.options.max_len as i64).map(|p| classes.find(&Value::int(p))).collect();
            (var, Labels { classes: classes.len(), class_of })
        });
        Self { tokens, indices }
    }

    /// What the embedding puts into one direction at tokens.
    fn dom(&self, by_token: &[(u32, f64)], by_position: &[(u32, f64)], facts: &Facts<'_>) -> Dom {
        // The rows after the vocabulary are those of BOS and PAD, and position 0 is that of BOS.
        let (vocab, len) = (facts.options.vocab.len(), facts.options.max_len);
        let by_id = Column::of(by_token.iter().copied(), vocab);
        let by_position = Column::of(by_position.iter().filter(|p| p.0 > 0).map(|&(p, x)| (p - 1, x)), len);
        match (by_id.same(), by_position.same(), &self.tokens, &self.indices) {
            (Some(a), Some(b), ..) => Dom::Const(a.plus(b)),
            (Some(a), None, _, Some((var, labels))) => by_position.table(a, *var, labels),
            (None, Some(b), Some((var, labels)), _) => by_id.table(b, *var, labels),
            _ => Dom::Const(by_id.hull().plus(by_position.hull())),
        }
    }
}

impl Column {
    fn of(entries: impl Iterator<Item = (u32, f64)>, rows: usize) -> Self {
        let inner = entries.filter(|&(row, x)| (row as usize) < rows && x != 0.0);
        Self { rows, entries: inner.map(|(row, x)| (row, Num::point(x as f32))).collect() }
    }

    /// The number that stands in all rows, if it is one.
    fn same(&self) -> Option<Num> {
        match &self.entries[..] {
            [] => Some(Num::ZERO),
            [first, rest @ ..] if self.entries.len() == self.rows && rest.iter().all(|e| e.1 == first.1) => {
                Some(first.1)
            }
            _ => None,
        }
    }

    /// All numbers that stand in some row.
    fn hull(&self) -> Num {
        let listed = self.entries.iter().map(|e| e.1).reduce(Num::join).unwrap_or(Num::ZERO);
        if self.entries.len() < self.rows { listed.join(Num::ZERO) } else { listed }
    }

    /// The column plus a number, by the class that each row stands for. No two rows stand for one.
    fn table(&self, plus: Num, var: Var, labels: &Labels) -> Dom {
        let listed = |&(row, n): &(u32, Num)| Some((labels.class_of[row as usize]?, n.plus(plus)));
        let mut exceptions: Vec<(u32, Num)> = self.entries.iter().filter_map(listed).collect();
        exceptions.sort_unstable_by_key(|e| e.0);
        Dom::table(var, Num::ZERO.plus(plus), exceptions, labels.classes)
    }
}
