//! What the page knows of blocks: where they run and could run, what they read and write, and the tables and curves that
//! MLP blocks are.

use raspc_lang::graph::{Kind, NodeId, Op};
use raspc_lang::serial::value_to_json;
use serde_json::{Value as Json, json};

use crate::assemble::PlacedHead;
use crate::circuit::print::form as form_text;
use crate::circuit::{Block, DirId, Form, Mlp, ONE};
use crate::compile::Compilation;
use crate::encode::plan::{Number, OneHot, Scalar};
use crate::schedule::slack;

/// Longer tables are not listed.
const ROWS: usize = 2048;

/// Curves of more units than this are not drawn.
const UNITS: usize = 1024;

/// The blocks of the circuit.
pub(super) fn blocks(c: &Compilation) -> Vec<Json> {
    let slack = slack(&c.lowered.circuit, c.schedule.layers);
    c.lowered.circuit.blocks.iter().enumerate().map(|(i, block)| block_json(c, i, block, slack[i])).collect()
}

fn block_json(c: &Compilation, i: usize, block: &Block, (earliest, latest): (usize, usize)) -> Json {
    let at = |dirs: Vec<DirId>| dirs.iter().filter_map(|d| c.layout.coordinate[d.index()]).collect::<Vec<u32>>();
    let mut json = json!({
        "kind": if block.is_attention() { "attention" } else { "mlp" },
        "gadget": block.gadget(),
        "half": c.schedule.half[i], "earliest": earliest, "latest": latest,
        "origins": block.origins(),
        "reads": at(block.reads()), "writes": at(block.writes()),
    });
    let layer = c.schedule.half[i] / 2;
    match block {
        Block::Attention(a) => {
            let writes = block.writes();
            let runs = |h: &PlacedHead| h.pattern == a.pattern && h.writes.iter().any(|w| writes.contains(w));
            let heads = c.placement.heads[layer].iter().enumerate().filter(|(_, h)| runs(h));
            json["heads"] = heads.map(|(h, _)| json!([layer, h])).collect();
            json["bos_score"] = json!(a.bos_score);
            json["products"] = json!(a.scores.len());
            json["width"] = json!(a.gadget.starts_with("1/(1+w)"));
        }
        Block::Mlp(m) => {
            let writes = block.writes();
            let mine = c.placement.units[layer].iter().find(|u| u.writes == writes && u.origins == m.origins);
            json["neurons"] = json!([layer, mine.map(|u| &u.neurons)]);
            json["table"] = table(c, m);
            json["curve"] = curve(c, m);
        }
    }
    json
}

/// The heads: layer by layer, what each attends to and computes.
pub(super) fn heads(c: &Compilation) -> Vec<Vec<Json>> {
    let head = |h: &PlacedHead| {
        let (selector, _) = c.lowered.patterns[h.pattern as usize];
        json!({
            "origins": h.origins,
            "writes": h.writes.iter().filter_map(|d| c.layout.coordinate[d.index()]).collect::<Vec<_>>(),
            "selector": selector,
            "selectors": selectors(c, selector, &h.origins),
            "part": part(c, h),
        })
    };
    c.placement.heads.iter().map(|layer| layer.iter().map(head).collect()).collect()
}

/// Where a selector takes several heads: the conjunction that this one realises, how many there are, and whether all of
/// them but the first, of all keys, are of what is not selected.
fn part(c: &Compilation, h: &PlacedHead) -> Json {
    let Some(&id) = h.origins.first() else { return Json::Null };
    let plan = c.encoded.plan(id);
    let (_, cube) = c.lowered.patterns[h.pattern as usize];
    let Some(literals) = plan.cubes.get(cube).filter(|_| plan.heads() > 1) else { return Json::Null };
    let literals: Vec<Json> = literals.iter().map(|l| json!([l.select, l.negated])).collect();
    json!({ "literals": literals, "of": plan.heads(), "complement": plan.complement })
}

/// The selectors of the program that a head realises: those that became its pattern's selector, else those that what it
/// computes reads.
fn selectors(c: &Compilation, pattern: NodeId, origins: &[NodeId]) -> Vec<NodeId> {
    let became = |id: NodeId| c.encoded.of[id.index()];
    let all = || c.graph.iter().filter(|(_, n)| n.op.kind() == Kind::Selector).map(|(id, _)| id);
    let same: Vec<NodeId> = all().filter(|&id| became(id) == Some(pattern)).collect();
    if !same.is_empty() {
        return same;
    }
    let readers = c.graph.iter().filter(|(id, _)| became(*id).is_some_and(|e| origins.contains(&e)));
    let mut read: Vec<NodeId> = readers.filter_map(|(_, node)| read_selector(&node.op)).collect();
    read.sort_unstable();
    read.dedup();
    read
}

fn read_selector(op: &Op) -> Option<NodeId> {
    match op {
        Op::Aggregate { selector, .. } | Op::SelectorWidth(selector) => Some(*selector),
        _ => None,
    }
}

/// The hidden units: layer by layer, which neurons compute what.
pub(super) fn units(c: &Compilation) -> Vec<Vec<Json>> {
    let group = |u: &crate::assemble::PlacedUnits| json!({ "origins": u.origins, "neurons": u.neurons });
    c.placement.units.iter().map(|layer| layer.iter().map(group).collect()).collect()
}

/// The lookup table that an MLP is: its arguments, and a row for each combination that can occur.
fn table(c: &Compilation, m: &Mlp) -> Json {
    let &[id] = m.origins.as_slice() else { return Json::Null };
    let plan = c.encoded.plan(id);
    let ((Some(OneHot::Table { dims }), _) | (_, Some(Number::Table { dims }))) = (&plan.onehot, &plan.number) else {
        return Json::Null;
    };
    let nodes: Vec<NodeId> = dims.iter().copied().chain([id]).collect();
    match c.values.joint(&nodes, ROWS) {
        Ok(rows) if rows.len() <= ROWS => {
            let rows: Vec<Vec<Json>> = rows.iter().map(|r| r.iter().map(value_to_json).collect()).collect();
            json!({ "dims": dims, "rows": rows })
        }
        _ => json!({ "dims": dims, "rows": null }),
    }
}

/// The piecewise-linear functions that an MLP is, where all its units read one and the same number `s`: each unit is
/// `relu(slope s + bias)`, in forms that are right at tokens.
fn curve(c: &Compilation, m: &Mlp) -> Json {
    let circuit = &c.lowered.circuit;
    if m.units.len() > UNITS {
        return Json::Null;
    }
    let Some(first) = m.units.first() else { return Json::Null };
    let scalar = normalised(&first.reads);
    if scalar.terms().len() == 0 {
        return Json::Null;
    }
    let mut units = Vec::new();
    for unit in &m.units {
        let Some(slope) = leading(&unit.reads).map(|t| t.1) else { return Json::Null };
        let rest = unit.reads.plus(&scalar, -slope);
        if rest.dirs().any(|d| d != ONE) {
            return Json::Null;
        }
        let constant: f64 = rest.terms().map(|t| t.1).sum();
        let writes = unit.writes.iter().filter_map(|&(d, w)| c.layout.coordinate[d.index()].map(|at| json!([at, w])));
        units.push(json!([slope, unit.bias + constant, writes.collect::<Vec<_>>()]));
    }
    let (lo, hi) = scalar.terms().fold((0.0, 0.0), |(lo, hi), (d, w)| {
        let range = circuit.direction(d).range;
        (lo + (w * range.lo).min(w * range.hi), hi + (w * range.lo).max(w * range.hi))
    });
    json!({ "scalar": form_text(circuit, &scalar), "lo": lo, "hi": hi, "units": units, "points": points(c, m, &scalar) })
}

/// The first term that is no constant.
fn leading(form: &Form) -> Option<(DirId, f64)> {
    form.terms().find(|t| t.0 != ONE)
}

/// The form without its constant, scaled so that its first weight is 1.
fn normalised(form: &Form) -> Form {
    let Some((_, w)) = leading(form) else { return Form::zero() };
    Form::from_terms(form.terms().filter(|t| t.0 != ONE).map(|(d, x)| (d, x / w)).collect())
}

/// Where the number of a curve can lie, with the value that each place stands for: of a width, and of a node whose number
/// is the scalar itself.
fn points(c: &Compilation, m: &Mlp, scalar: &Form) -> Json {
    let &[id] = m.origins.as_slice() else { return Json::Null };
    let plan = c.encoded.plan(id);
    let ((Some(OneHot::Steps(on)), _) | (_, Some(Number::Steps(on)))) = (&plan.onehot, &plan.number) else {
        return Json::Null;
    };
    let (node, place): (NodeId, Box<dyn Fn(f64) -> f64>) = match on {
        Scalar::Reciprocal(w) => (*w, Box::new(|x| 1.0 + 1.0 / (1.0 + x))),
        Scalar::Sum(sum) => {
            let [(node, _)] = sum.terms[..] else { return Json::Null };
            let Some(number) = &c.lowered.numbers[node.index()] else { return Json::Null };
            let Some((d, weight)) = leading(&number.value) else { return Json::Null };
            if scalar.terms().any(|t| t.0 != d) {
                return Json::Null;
            }
            let constant: f64 = number.value.terms().filter(|t| t.0 == ONE).map(|t| t.1).sum();
            (node, Box::new(move |x| (x - constant) / weight))
        }
    };
    let Ok(values) = c.values.enumerate(node) else { return Json::Null };
    let numbers = values.iter().filter_map(|v| v.as_f64().map(|x| json!([place(x), value_to_json(v)])));
    let all: Vec<Json> = numbers.take(UNITS).collect();
    json!({ "of": c.encoded.graph.describe(node), "at": all })
}
