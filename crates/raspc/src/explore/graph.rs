//! What the page knows of source, graph, encodings, residual stream and read-outs.

use raspc_lang::diagnostic::Span;
use raspc_lang::graph::{Kind, NodeId};
use raspc_lang::serial::value_to_json;
use raspc_lang::source::Sources;
use raspc_model::model::{Decode, LinearForm};
use serde_json::{Value as Json, json};

use super::token_to_json;
use crate::circuit::{BlockId, DirId, Form, ONE};
use crate::compile::Compilation;
use crate::encode::print;
use crate::simplify::reachable;
use crate::values::ValueSet;

/// Longer lists of values are named by their count.
const LISTED: usize = 256;

/// More terms than this are not sent for one node: it cannot be overwritten in the page.
const TERMS: usize = 20_000;

/// The program's own text.
pub(super) fn source(sources: Option<&Sources>) -> Json {
    let own = sources.and_then(|s| s.iter().next());
    own.map_or(Json::Null, |source| json!({ "name": source.name, "text": source.text }))
}

/// A span of the program's own text, in UTF-16 units as JavaScript counts.
fn place(sources: Option<&Sources>, span: Option<Span>) -> Json {
    let (Some(sources), Some(span)) = (sources, span.filter(|s| s.source == 0)) else { return Json::Null };
    let text = &sources.get(0).text;
    let units = |byte: usize| text[..byte].encode_utf16().count();
    json!([units(span.range().start), units(span.range().end)])
}

/// The nodes of the program's graph, beside the graph itself: what they are called, where they are written, what they
/// became.
pub(super) fn nodes(c: &Compilation, sources: Option<&Sources>) -> Vec<Json> {
    let node = |(id, node): (NodeId, &raspc_lang::graph::Node)| {
        json!({
            "t": c.graph.describe(id),
            "selector": node.op.kind() == Kind::Selector,
            "span": place(sources, node.span),
            "e": c.encoded.of[id.index()],
        })
    };
    c.graph.iter().map(node).collect()
}

/// The encoded graph: value sets, encodings, and the linear forms by which each node is read.
pub(super) fn encoded(c: &Compilation) -> Vec<Json> {
    let needed = reachable(&c.encoded.graph, c.encoded.output);
    let node = |(id, node): (NodeId, &raspc_lang::graph::Node)| {
        let mut json = json!({ "t": c.encoded.graph.describe(id), "operands": node.op.operands() });
        if node.op.kind() == Kind::SOp && needed[id.index()] {
            let set = c.values.set(id);
            json["set"] = print::set(set).into();
            if let ValueSet::Finite(values) = set
                && values.len() <= LISTED
            {
                json["values"] = values.iter().map(value_to_json).collect();
            }
            let (onehot, number) = print::ways(&c.encoded, id);
            json["onehot"] = onehot.into();
            json["number"] = number.into();
            json["forms"] = forms(c, id);
        }
        json
    };
    c.encoded.graph.iter().map(node).collect()
}

/// How a node is read: `classes` with their forms, `none`, `value` and `defined`; nothing where it is too much to send.
fn forms(c: &Compilation, id: NodeId) -> Json {
    let (onehot, number) = (&c.lowered.onehots[id.index()], &c.lowered.numbers[id.index()]);
    let all = onehot.iter().flat_map(|o| o.classes.iter().map(|c| &c.1).chain(&o.none));
    let all = all.chain(number.iter().flat_map(|n| std::iter::once(&n.value).chain(&n.defined)));
    if all.map(|f| f.terms().len()).sum::<usize>() > TERMS {
        return Json::Null;
    }
    let classes = onehot.as_ref().and_then(|o| {
        o.classes.iter().map(|(v, f)| Some(json!([value_to_json(v), form(c, f)?]))).collect::<Option<Vec<Json>>>()
    });
    let none = onehot.as_ref().and_then(|o| o.none.as_ref()).and_then(|f| form(c, f));
    let value = number.as_ref().and_then(|n| form(c, &n.value));
    let defined = number.as_ref().and_then(|n| n.defined.as_ref()).and_then(|f| form(c, f));
    json!({ "classes": classes, "none": none, "value": value, "defined": defined })
}

/// A form in coordinates; nothing where it reads a direction that is not laid out.
fn form(c: &Compilation, form: &Form) -> Option<Json> {
    form.terms().map(|(d, w)| c.layout.coordinate[d.index()].map(|at| json!([at, w as f32]))).collect()
}

/// The directions of the residual stream, by coordinate.
pub(super) fn directions(c: &Compilation) -> Vec<Json> {
    let direction = |&d: &DirId| {
        let direction = c.lowered.circuit.direction(d);
        json!({
            "label": direction.label,
            "e": direction.origin,
            "value": direction.origin.and_then(|o| class(c, o, d)),
            "writer": direction.writer.map(BlockId::index),
            "lo": direction.range.lo,
            "hi": direction.range.hi,
            "constant": direction.embedding.constant,
            "bos": direction.bos,
            "offset": direction.origin.map_or(0.0, |o| offset(c, o, d)),
        })
    };
    c.layout.direction.iter().map(direction).collect()
}

/// The constant on top of which a direction carries what it means: sums stay exact on it, and readers take it away.
fn offset(c: &Compilation, origin: NodeId, d: DirId) -> f64 {
    let (onehot, number) = (&c.lowered.onehots[origin.index()], &c.lowered.numbers[origin.index()]);
    let classes = onehot.iter().flat_map(|o| o.classes.iter().map(|c| &c.1).chain(&o.none));
    let mut forms = classes.chain(number.iter().flat_map(|n| std::iter::once(&n.value).chain(&n.defined)));
    let alone = |f: &&Form| f.terms().any(|t| t == (d, 1.0)) && f.dirs().all(|t| t == d || t == ONE);
    let found = forms.find(alone);
    found.map_or(0.0, |f| -f.terms().filter(|t| t.0 == ONE).map(|t| t.1).sum::<f64>())
}

/// The value whose class a direction carries: the text of it.
fn class(c: &Compilation, origin: NodeId, d: DirId) -> Option<String> {
    let onehot = c.lowered.onehots[origin.index()].as_ref()?;
    let carries = |f: &Form| f.terms().any(|(t, w)| t == d && w == 1.0) && f.dirs().all(|t| t == d || t == ONE);
    let found = onehot.classes.iter().find(|(_, f)| carries(f)).map(|(v, _)| v.to_string());
    found.or_else(|| onehot.none.as_ref().filter(|f| carries(f)).map(|_| "none".to_owned()))
}

/// The read-outs, in the model's own numbers.
pub(super) fn readouts(c: &Compilation) -> Vec<Json> {
    let linear = |form: &LinearForm| form.iter().map(|&(d, w)| json!([d, w])).collect::<Vec<_>>();
    let readout = |(i, r): (usize, &raspc_model::model::Readout)| {
        let mut json = json!({ "node": r.node, "name": r.name, "after": r.after, "output": i == c.model.output });
        match &r.decode {
            Decode::Categorical { classes } => {
                json["classes"] = classes.iter().map(|(t, f)| json!([token_to_json(t), linear(f)])).collect();
            }
            Decode::Numerical { value, defined, bound, values } => {
                json["value"] = linear(value).into();
                json["defined"] = defined.as_ref().map(linear).into();
                json["bound"] = json!(bound);
                json["values"] = values.as_ref().map(|v| v.iter().map(token_to_json).collect::<Vec<_>>()).into();
            }
        }
        json
    };
    c.model.readouts.iter().enumerate().map(readout).collect()
}
