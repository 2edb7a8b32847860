//! An encoded graph as deterministic text: one line a node, its value set and its encodings.

use std::fmt::Write as _;

use raspc_lang::graph::{Graph, Kind, NodeId};

use super::plan::{Encoded, Number, OneHot, Scalar, Sum};
use crate::simplify::reachable_with;
use crate::values::{ValueSet, Values};

/// The encoded graph as text.
pub fn print(encoded: &Encoded, values: &Values) -> String {
    let mut text = String::new();
    let needed = reachable_with(&encoded.graph, encoded.output, &encoded.forms);
    for (id, node) in encoded.graph.iter().filter(|(id, n)| n.op.kind() == Kind::SOp && needed[id.index()]) {
        let (set, how) = describe(encoded, values, id);
        let names: Vec<&str> = node.names.iter().map(AsRef::as_ref).collect();
        let name = if names.is_empty() { encoded.graph.describe(id) } else { names.join(" = ") };
        let _ = writeln!(text, "{id} {name}: {set}; {how}");
    }
    text
}

/// How a node is held, in words: as a one-hot, as a number.
pub fn ways(encoded: &Encoded, id: NodeId) -> (Option<String>, Option<String>) {
    let plan = encoded.plan(id);
    let graph = &encoded.graph;
    (plan.onehot.as_ref().map(|o| onehot(graph, o)), plan.number.as_ref().map(|n| number(graph, n)))
}

/// What an s-op can hold, and how it is held.
pub fn describe(encoded: &Encoded, values: &Values, id: NodeId) -> (String, String) {
    let (onehot, number) = ways(encoded, id);
    let mut all: Vec<String> = onehot.map(|o| format!("one-hot: {o}")).into_iter().collect();
    all.extend(number.map(|n| format!("number: {n}")));
    let how = if all.is_empty() { "read through others".to_owned() } else { all.join("; ") };
    (set(values.set(id)), how)
}

/// How a node is held, in words.
pub fn encodings(encoded: &Encoded, id: NodeId) -> String {
    let (onehot, number) = ways(encoded, id);
    let onehot = onehot.map(|o| format!("one-hot: {o}"));
    let all: Vec<String> = onehot.into_iter().chain(number.map(|n| format!("number: {n}"))).collect();
    if all.is_empty() { "read through others".to_owned() } else { all.join("; ") }
}

/// A value set in a few words.
pub fn set(set: &ValueSet) -> String {
    match set {
        ValueSet::Finite(v) => {
            let shown: Vec<String> = v.iter().take(10).map(ToString::to_string).collect();
            let more = if v.len() > 10 { format!(", … {} values", v.len()) } else { String::new() };
            format!("{{{}{more}}}", shown.join(", "))
        }
        ValueSet::Numbers { lo, hi, none, description } => {
            format!("{description}, from {lo} to {hi}{}", if *none { ", or none" } else { "" })
        }
        ValueSet::Other { none, description } => format!("{description}{}", if *none { ", or none" } else { "" }),
    }
}

fn onehot(graph: &Graph, onehot: &OneHot) -> String {
    match onehot {
        OneHot::Constant => "constant".to_owned(),
        OneHot::Embedded { source } => format!("filled by the embedding from {}", graph.describe(*source)),
        OneHot::View { base } => format!("sums of the one-hot of {}", graph.describe(*base)),
        OneHot::Bit => "the number itself (0 or 1)".to_owned(),
        OneHot::Steps(s) => format!("steps on {}", scalar(graph, s)),
        OneHot::Table { dims } => table(graph, dims),
        OneHot::Copy => "moved by a head".to_owned(),
    }
}

fn number(graph: &Graph, number: &Number) -> String {
    match number {
        Number::Constant => "constant".to_owned(),
        Number::Embedded { source } => format!("filled by the embedding from {}", graph.describe(*source)),
        Number::View { base } => format!("weighted sum of the one-hot of {}", graph.describe(*base)),
        Number::Affine { sum: s, .. } => sum(graph, s),
        Number::Steps(s) => format!("steps on {}", scalar(graph, s)),
        Number::Chords(s) => format!("chords on {}", sum(graph, s)),
        Number::Table { dims } => table(graph, dims),
        Number::Gated(gated) => {
            let by: Vec<String> = gated.categories.iter().map(|&c| graph.describe(c)).collect();
            format!("a sum that {} chooses", by.join(", "))
        }
        Number::Counts(terms) | Number::Added(terms) => {
            let terms: Vec<String> = terms.iter().map(|(w, f)| format!("{f}*{}", graph.describe(*w))).collect();
            format!("the sum of {}", terms.join(", "))
        }
        Number::Mean => "averaged by a head".to_owned(),
        Number::Width => "the sum of steps on 1/(1+w)".to_owned(),
    }
}

fn table(graph: &Graph, dims: &[NodeId]) -> String {
    let of: Vec<String> = dims.iter().map(|&d| graph.describe(d)).collect();
    format!("lookup table of {}", of.join(", "))
}

fn scalar(graph: &Graph, scalar: &Scalar) -> String {
    match scalar {
        Scalar::Reciprocal(w) => format!("1/(1+{})", graph.describe(*w)),
        Scalar::Sum(s) => sum(graph, s),
    }
}

fn sum(graph: &Graph, sum: &Sum) -> String {
    let mut parts: Vec<String> = sum
        .terms
        .iter()
        .map(|&(n, f)| if f == 1.0 { graph.describe(n) } else { format!("{f}*{}", graph.describe(n)) })
        .collect();
    if sum.constant != 0.0 || parts.is_empty() {
        parts.push(sum.constant.to_string());
    }
    parts.join(" + ")
}
