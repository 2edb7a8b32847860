//! What would change: for each comparison of the program, which weights differ if it were the opposite one.
//!
//! Answered by compiling the changed program and comparing all weights, so that what the page says is so.

use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};
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
    selects.into_iter().map(|(id, comparison)| change(c, id, comparison)).collect()
}

/// The change of one comparison: `cells` that differ, or the `config` of a model of another shape, or that it `fails` to
/// compile.
fn change(c: &Compilation, id: NodeId, from: Comparison) -> Json {
    let to = opposite(from);
    let mut graph = c.graph.clone();
    if let Op::Select { predicate, .. } = &mut graph.node_mut(id).op {
        *predicate = Predicate::Compare(to);
    }
    let mut json = json!({ "node": id, "from": from.symbol(), "to": to.symbol() });
    let Ok(changed) = compile(&graph, c.output, &c.options) else {
        json["fails"] = true.into();
        return json;
    };
    if changed.model.config == c.model.config && changed.model.labels == c.model.labels {
        let cells = differences(&c.model, &changed.model);
        json["count"] = cells.len().into();
        json["cells"] = cells.into_iter().take(LISTED).map(|cell| json!(cell)).collect();
    } else {
        json["config"] = json!(changed.model.config);
    }
    json
}

/// A weight: matrix (in the order of [`Model::matrices`]), row, column; a bias is a row below its matrix. And a value.
type Cell = (usize, u32, u32, f32);

/// The weights that differ, with those of the second model.
fn differences(a: &Model, b: &Model) -> Vec<Cell> {
    let (a, b) = (weights(a), weights(b));
    let place = |c: &Cell| (c.0, c.1, c.2);
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    while i < a.len() || j < b.len() {
        let (x, y) = (a.get(i), b.get(j));
        match (x, y) {
            (Some(x), Some(y)) if place(x) == place(y) => {
                if x.3.to_bits() != y.3.to_bits() {
                    found.push(*y);
                }
                (i, j) = (i + 1, j + 1);
            }
            (Some(x), y) if y.is_none_or(|y| place(x) < place(y)) => {
                found.push((x.0, x.1, x.2, 0.0));
                i += 1;
            }
            (_, Some(y)) => {
                found.push(*y);
                j += 1;
            }
            _ => unreachable!("one of both is left"),
        }
    }
    found
}

/// All weights and biases that are not zero, in order.
fn weights(model: &Model) -> Vec<Cell> {
    let mut all = Vec::new();
    for (m, matrix) in model.matrices().enumerate() {
        all.extend(matrix.entries().map(|(r, c, v)| (m, r, c, v)));
        let bias = |(c, v): (u32, f32)| (m, matrix.rows() as u32, c, v);
        // Two matrices of the embedding, then four for each head and two for the MLP of each layer.
        let per_layer = 4 * model.config.n_heads + 2;
        let Some((layer, within)) = m.checked_sub(2).map(|m| (m / per_layer, m % per_layer)) else { continue };
        let layer = &model.layers[layer];
        if within < per_layer - 2 && within % 4 == 1 {
            all.extend(layer.heads[within / 4].b_k.iter().copied().map(bias));
        } else if within == per_layer - 2 {
            let each = layer.b_in.iter().enumerate().filter(|b| *b.1 != 0.0);
            all.extend(each.map(|(i, &b)| bias((i as u32, b))));
        }
    }
    all.retain(|cell| cell.3 != 0.0);
    all.sort_unstable_by_key(|c| (c.0, c.1, c.2));
    all
}

#[cfg(test)]
mod tests {
    use raspc_lang::graph::Mask;
    use raspc_lang::program::parse_program;

    use super::*;
    use crate::options::Options;

    fn compiled(text: &str) -> Compilation {
        let program = parse_program("p", text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("a program");
        let output = *program.bindings.get("x").expect("x");
        compile(&program.graph, output, &Options::new(program.vocab.expect("vocab"), 5)).expect("compiles")
    }

    /// With each listed weight put in place the model is the changed program's, to the bit.
    #[test]
    fn the_listed_weights_make_the_changed_model() {
        let with = |op: &str| format!("# vocab: 0..5\nx = selector_width(select(tokens, tokens, {op}));");
        for (from, to) in [("<", ">"), ("<=", ">=")] {
            let (before, after) = (compiled(&with(from)), compiled(&with(to)));
            let cells = differences(&before.model, &after.model);
            assert!(!cells.is_empty(), "{from} and {to} have the same weights");
            let mut made: Vec<Cell> = weights(&before.model);
            for cell in cells {
                made.retain(|w| (w.0, w.1, w.2) != (cell.0, cell.1, cell.2));
                made.extend((cell.3 != 0.0).then_some(cell));
            }
            made.sort_unstable_by_key(|c| (c.0, c.1, c.2));
            assert_eq!(made, weights(&after.model));
        }
    }

    #[test]
    fn biases_are_rows_below_their_matrices() {
        let c = compiled("# vocab: 0..5\nx = selector_width(select(tokens, tokens, <));");
        let all = weights(&c.model);
        let below = |m: usize| all.iter().filter(|w| w.0 == m && w.1 as usize == c.model.config.d_model).count();
        let b_in = c.model.layers[0].b_in.iter().filter(|&&b| b != 0.0).count();
        assert_eq!((below(3), below(6)), (c.model.layers[0].heads[0].b_k.len(), b_in));
        assert_eq!(all.len(), c.model.nonzeros());
    }
}
