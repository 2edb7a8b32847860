//! The transformer's layers: a box for each head and each group of neurons, with what it does and what it reads.

use std::collections::BTreeMap;

use raspc_lang::graph::NodeId;

use super::diagram::{Diagram, Node, Tone};
use super::label::{called, joined, label};
use super::parts::{Part, blocks_of, feeds, parts, subspaces};
use crate::circuit::DirId;
use crate::compile::Compilation;
use crate::json::counted;

const NAME: usize = 44;
const LINE: usize = 60;
/// More boxes of one half-layer are drawn as one.
const MOST: usize = 30;

/// The diagram of the layers.
pub(super) fn layers(c: &Compilation) -> Diagram {
    let name = called(&c.graph, c.output, NAME);
    let mut diagram = Diagram::new(format!("The transformer that computes {name}"));
    let config = &c.model.config;
    diagram.notes =
        vec![
        format!(
            "{}, at most {} in a layer, d_model {}, d_head {}, d_mlp {}.",
            counted(config.n_layers, "layer"),
            counted(config.n_heads, "head"),
            config.d_model, config.d_head, config.d_mlp
        ),
        "Arrows: what is read from the residual stream, named by subspace (the constants one and bos are left out)."
            .to_owned(),
    ];
    let embedding = diagram.band("embedding", Tone::Input);
    let halves: Vec<usize> = (0..c.schedule.layers)
        .flat_map(|l| [(l, "attention", Tone::Attention), (l, "MLP", Tone::Mlp)])
        .map(|(l, kind, tone)| diagram.band(format!("layer {l} {kind}"), tone))
        .collect();
    let all = parts(c);
    let mut box_of: BTreeMap<Part, usize> = BTreeMap::new();
    let mut crowd: BTreeMap<usize, usize> = BTreeMap::new();
    for (part, writes) in &all {
        if matches!(part, Part::Embedding(at) if *at < 2) {
            continue;
        }
        let band = match part {
            Part::Embedding(_) => embedding,
            Part::Head(l, _) => halves[2 * l],
            Part::Neurons(l, _) => halves[2 * l + 1],
        };
        let total = all.iter().filter(|(p, _)| same_half(*p, *part)).count();
        let before = all.iter().take_while(|(p, _)| p != part).filter(|(p, _)| same_half(*p, *part)).count();
        let at = if total > MOST && before >= MOST {
            *crowd.entry(band).or_insert_with(|| {
                let title = format!("… {} more", total - MOST);
                diagram.add(Node { band, title, tone: diagram.bands[band].tone, ..Node::default() })
            })
        } else {
            diagram.add(boxed(c, *part, writes, band))
        };
        box_of.insert(*part, at);
    }
    let end = diagram.band("output", Tone::Plain);
    let output = diagram.add(Node {
        key: "unembed".to_owned(),
        band: end,
        title: format!("output: {name}"),
        lines: vec!["read by W_U".to_owned()],
        ..Node::default()
    });
    for ((from, to), names) in feeds(c, &all) {
        if let (Some(&from), Some(&to)) = (box_of.get(&from), box_of.get(&to)) {
            diagram.arrow(from, to, joined(&names, 20));
        }
    }
    let read = c.readings.iter().find(|r| r.node == c.output).map(super::super::assemble::readout::Reading::dirs);
    for dir in read.into_iter().flatten() {
        let from = all.iter().filter(|(_, writes)| writes.contains(&dir)).filter_map(|(p, _)| box_of.get(p));
        from.copied().collect::<Vec<_>>().into_iter().for_each(|from| diagram.arrow(from, output, ""));
    }
    diagram
}

fn same_half(a: Part, b: Part) -> bool {
    match (a, b) {
        (Part::Embedding(_), Part::Embedding(_)) => true,
        (Part::Head(l, _), Part::Head(m, _)) | (Part::Neurons(l, _), Part::Neurons(m, _)) => l == m,
        _ => false,
    }
}

fn boxed(c: &Compilation, part: Part, writes: &[DirId], band: usize) -> Node {
    let (mut does, mut computes): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for block in blocks_of(c, writes) {
        let block = &c.lowered.circuit.blocks[block.index()];
        for (all, new) in [(&mut does, vec![label(block.gadget(), LINE)]), (&mut computes, names(c, block.origins()))] {
            let fresh: Vec<String> = new.into_iter().filter(|n| !all.contains(n)).collect();
            all.extend(fresh);
        }
    }
    let computes = joined(&computes, NAME);
    let written = writes.iter().map(|d| c.lowered.circuit.direction(*d).label.as_str());
    let shown: Vec<&str> = written.take(6).collect();
    let wrote = format!("writes {}{}", shown.join(", "), if writes.len() > 6 { ", …" } else { "" });
    let mut lines = does;
    lines.truncate(3);
    let (key, title, tone) = match part {
        Part::Embedding(at) => {
            let subspace = subspaces(c).into_iter().find(|s| s.span.start as u32 == at).expect("it is one of them");
            let count = subspace.span.len();
            lines.push(format!("{count} direction{}", if count == 1 { "" } else { "s" }));
            ("embed".to_owned(), label(&subspace.name, NAME), Tone::Input)
        }
        Part::Head(l, h) => (format!("layer.{l}.head.{h}"), format!("head {h}: {computes}"), Tone::Attention),
        Part::Neurons(l, g) => {
            let neurons = &c.placement.units[l][g].neurons;
            let title = format!("{} neuron{}: {computes}", neurons.len(), if neurons.len() == 1 { "" } else { "s" });
            (format!("layer.{l}.mlp"), title, Tone::Mlp)
        }
    };
    if !matches!(part, Part::Embedding(_)) {
        lines.push(label(&wrote, LINE));
    }
    Node { key, band, tone, title, lines, ..Node::default() }
}

fn names(c: &Compilation, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|&o| called(&c.encoded.graph, o, NAME)).collect()
}
