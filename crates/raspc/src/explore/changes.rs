//! What would change: for each comparison of the program, which weights differ if it were the opposite one.
//!
//! Answered by compiling the changed program and comparing all weights, so that what the page says is so.

use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Model;
use serde_json::{Value as Json, json};

use crate::compile::{Compilation, compile};
use crate::simplify::reachable;

/// Programs with more selects than this are not compiled anew for each.
const SELECTS: usize = 24;

/// Nor are models with more weights than this.
const WEIGHTS: usize = 200_000;

/// More differing weights than this are counted and not listed.
const LISTED: usize = 4000;

/// The comparison turned round.
fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Eq => Comparison::Ne,
        Comparison::Ne => Comparison::Eq,
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
    }
}

/// For each comparison that the output depends on: the opposite one and the weights that differ with it.
pub(super) fn changes(c: &Compilation) -> Vec<Json> {
    if c.model.nonzeros() > WEIGHTS {
        return Vec::new();
    }
    let needed = reachable(&c.graph, c.output);
    let compared = |id: NodeId| match c.graph.op(id) {
        Op::Select { predicate: Predicate::Compare(comparison), .. } if needed[id.index()] => Some(*comparison),
        _ => None,
    };
    let selects: Vec<(NodeId, Comparison)> =
        c.graph.iter().filter_map(|(id, _)| compared(id).map(|comparison| (id, comparison))).collect();
    if selects.len() > SELECTS {
        return Vec::new();
    }
    selects.into_iter().filter_map(|(id, comparison)| change(c, id, comparison)).collect()
}

/// The change of one comparison; nothing where the changed program does not compile.
fn change(c: &Compilation, id: NodeId, from: Comparison) -> Option<Json> {
    let to = opposite(from);
    let mut graph = c.graph.clone();
    if let Op::Select { predicate, .. } = &mut graph.node_mut(id).op {
        *predicate = Predicate::Compare(to);
    }
    let changed = compile(&graph, c.output, &c.options).ok()?;
    let mut json = json!({ "node": id, "from": from.symbol(), "to": to.symbol() });
    if changed.model.config == c.model.config && changed.model.labels == c.model.labels {
        let cells = differences(&c.model, &changed.model);
        json["count"] = cells.len().into();
        json["cells"] = cells.into_iter().take(LISTED).map(|cell| json!(cell)).collect();
    }
    Some(json)
}

/// The places whose weights differ: matrix (in the order of [`Model::matrices`]), row, column.
fn differences(a: &Model, b: &Model) -> Vec<(usize, u32, u32)> {
    a.matrices()
        .zip(b.matrices())
        .enumerate()
        .flat_map(|(m, (a, b))| cells(a, b).map(move |(r, c)| (m, r, c)))
        .collect()
}

fn cells(a: &SparseMatrix, b: &SparseMatrix) -> impl Iterator<Item = (u32, u32)> {
    let of = |m: &SparseMatrix| -> Vec<(u32, u32, u32)> {
        let row = |(i, &r): (usize, &u32)| {
            let (columns, values) = m.stored_row(i);
            columns.iter().zip(values).map(|(&c, v)| (r, c, v.to_bits())).collect::<Vec<_>>()
        };
        m.stored_rows().iter().enumerate().flat_map(row).collect()
    };
    let (a, b) = (of(a), of(b));
    let only = |x: &[(u32, u32, u32)], y: &[(u32, u32, u32)]| -> Vec<(u32, u32)> {
        x.iter().filter(|e| y.binary_search(e).is_err()).map(|e| (e.0, e.1)).collect()
    };
    let mut places = only(&a, &b);
    places.extend(only(&b, &a));
    places.sort_unstable();
    places.dedup();
    places.into_iter()
}
