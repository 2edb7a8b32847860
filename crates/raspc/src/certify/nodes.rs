//! What is proved of each node of the program.

use raspc_lang::graph::NodeId;

use super::decode::{Decoded, decode, error_of, on};
use super::dom::Dom;
use super::facts::{Facts, Var};
use super::finding::Findings;
use super::stream::Stream;
use super::{NodeCertificate, Parts};
use crate::circuit::Form;
use crate::lower::repr::{NumberForm, OneHotForms};

/// Factors of more significant bits than this are shortened by TF32 and float16.
const SHORT: u8 = 11;

/// Every node that is held somewhere, and what is wrong with the read-outs.
pub(super) fn nodes(
    parts: &Parts<'_>,
    stream: &Stream,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Vec<NodeCertificate> {
    let mut all = Vec::new();
    for (id, _) in parts.graph.iter() {
        let Some(here) = parts.encoded.of.get(id.index()).copied().flatten() else { continue };
        let readout = parts.model.readouts.iter().find(|r| r.node == id.0);
        let mut known: Option<Decoded> = None;
        let mut bits = 0;
        if let Some(readout) = readout {
            match decode(here, readout, stream, facts) {
                Ok(decoded) => known = Some(decoded),
                Err(finding) => findings.push(finding),
            }
            let forms = readout.decode.forms();
            bits = forms.iter().flat_map(|f| f.iter()).map(|&(d, _)| stream.bits[d as usize]).max().unwrap_or(0);
        }
        if let Some((bound, held)) = held(here, parts, stream, facts) {
            let margin = known.and_then(|k| k.margin);
            let bound = known.map_or(bound, |k| if readout.is_some() { k.bound } else { bound.max(k.bound) });
            known = Some(Decoded { bound, margin });
            bits = bits.max(held);
        }
        let Some(Decoded { bound, margin }) = known else { continue };
        let (name, exact) = (parts.graph.describe(id), bound == 0.0);
        all.push(NodeCertificate { node: id, name, bound, margin, exact, needs_true_f32: bits > SHORT });
    }
    all
}

/// The bound of a node over all forms by which its readers see it, and the bits of what these read.
fn held(node: NodeId, parts: &Parts<'_>, stream: &Stream, facts: &Facts<'_>) -> Option<(f64, u8)> {
    let onehot = parts.lowered.onehots.get(node.index())?.as_ref().and_then(|o| one_hot(node, o, parts, stream, facts));
    let number = parts.lowered.numbers[node.index()].as_ref().and_then(|n| a_number(node, n, parts, stream, facts));
    match (onehot, number) {
        (Some(a), Some(b)) => Some((a.0.max(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

fn one_hot(
    node: NodeId,
    forms: &OneHotForms,
    parts: &Parts<'_>,
    stream: &Stream,
    facts: &Facts<'_>,
) -> Option<(f64, u8)> {
    let classes = facts.classes(Var::Node(node))?;
    let (mut bound, mut bits) = (0.0f64, 0);
    for (value, form) in &forms.classes {
        let column = column(form, parts)?;
        let own = classes.find(value);
        let off = match on(&column, Var::Node(node), stream, facts) {
            Dom::Table { default, exceptions, .. } => {
                let ideal = |class: u32| f64::from(u8::from(Some(class) == own));
                let listed = exceptions.iter().map(|e| e.1.distance(ideal(e.0)));
                // The default stands at other classes, and at the own one only where that is not listed.
                let own_listed = own.is_none_or(|c| exceptions.iter().any(|e| e.0 == c));
                let one = if own_listed { 0.0 } else { default.distance(1.0) };
                let others = exceptions.len() + usize::from(!own_listed) < classes.len();
                let rest = if others { default.distance(0.0) } else { 0.0 };
                listed.fold(one.max(rest), f64::max)
            }
            dom => {
                let ideal = |class: u32| f64::from(u8::from(Some(class) == own));
                let all = (0..classes.len() as u32).map(|c| dom.at(c, &classes.numbers).distance(ideal(c)));
                all.fold(0.0, f64::max)
            }
        };
        bound = bound.max(off);
        bits = bits.max(bits_of(&column, stream));
    }
    Some((bound, bits))
}

fn a_number(
    node: NodeId,
    number: &NumberForm,
    parts: &Parts<'_>,
    stream: &Stream,
    facts: &Facts<'_>,
) -> Option<(f64, u8)> {
    let var = Var::Node(node);
    let column = column(&number.value, parts)?;
    Some((error_of(&on(&column, var, stream, facts), var, facts), bits_of(&column, stream)))
}

fn bits_of(column: &[(u32, f32)], stream: &Stream) -> u8 {
    column.iter().map(|&(d, _)| stream.bits[d as usize]).max().unwrap_or(0)
}

/// A form of the circuit in coordinates, if all of it is laid out.
fn column(form: &Form, parts: &Parts<'_>) -> Option<Vec<(u32, f32)>> {
    form.terms().map(|(d, w)| parts.layout.coordinate[d.index()].map(|c| (c, w as f32))).collect()
}
