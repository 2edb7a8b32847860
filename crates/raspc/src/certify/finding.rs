//! What stands in the way of a certificate, and what it rests on.

use std::collections::BTreeSet;

use raspc_lang::diagnostic::{Code, Diagnostic};
use raspc_lang::graph::{Graph, NodeId};

use super::codes;

/// Something that cannot be certified.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) code: Code,
    /// The node of the encoded graph.
    pub(super) node: NodeId,
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) notes: Vec<(Option<NodeId>, String)>,
}

/// All findings, in the order of the half-layers.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) all: Vec<Finding>,
    /// Nodes whose selected keys are assumed to hold equal values.
    pub(super) equal: BTreeSet<NodeId>,
    /// Aggregates that move categories of which several may be selected that differ.
    pub(super) averaged: BTreeSet<NodeId>,
    /// Whether PAD keys are not proved to lose by their scores.
    pub(super) masked: bool,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        if !self.all.contains(&finding) {
            self.all.push(finding);
        }
    }

    pub(super) fn pad_must_be_masked(&mut self) {
        self.masked = true;
    }

    pub(super) fn assume_equal(&mut self, node: NodeId) {
        self.equal.insert(node);
    }

    pub(super) fn averages_categories(&mut self, node: NodeId) {
        self.averaged.insert(node);
    }
}

impl Finding {
    pub(super) fn new(code: Code, node: NodeId, message: String, hint: &str) -> Self {
        Self { code, node, message, hint: hint.to_owned(), notes: Vec::new() }
    }

    /// Two scores that are too close.
    pub(super) fn margin(node: NodeId, code: Code, above: &str, high: f64, below: &str, low: f64) -> Self {
        let message = format!(
            "{above} score {high} or more in the head of {{}}, {below} up to {low}: they must lie {} apart",
            super::scores::APART
        );
        Self::new(code, node, message, "what the selector compares must be held exactly: clean it up, or compare less")
    }

    pub(super) fn bos_attends(node: NodeId, own: f64, other: f64) -> Self {
        let message = format!("BOS scores {own} with itself in the head of {{}}, and up to {other} with tokens");
        Self::new(codes::BOS_SCORE, node, message, "this is a fault of the compiler: please report the program")
    }

    /// Keys that are counted, and weigh differently.
    pub(super) fn uneven(node: NodeId, spread: f64) -> Self {
        let message =
            format!("the keys that {{}} counts score up to {spread:.3e} apart: none would weigh exactly 1/(1+w)");
        let hint = "what the selector compares must be held exactly: clean it up, or compare something exact";
        Self::new(codes::UNEVEN, node, message, hint)
    }

    pub(super) fn unproved(node: NodeId, why: &str) -> Self {
        let hint = "shorten the maximum length or the vocabulary, or override with `--uncertified`";
        Self::new(codes::UNPROVED, node, format!("{{}} cannot be checked: {why}"), hint)
    }

    /// The diagnostic, the node's name put in place of `{}`.
    pub(super) fn diagnostic(&self, graph: &Graph) -> Diagnostic {
        let name = graph.describe(self.node);
        let message = self.message.replace("{}", &format!("`{name}`"));
        let span = graph.node(self.node).span;
        let diagnostic = Diagnostic::error(self.code, message).hint(self.hint.clone()).at(span).node(name);
        self.notes.iter().fold(diagnostic, |d, (node, text)| match node {
            Some(node) => d.note(graph.node(*node).span, text.replace("{}", &format!("`{}`", graph.describe(*node)))),
            None => d.note(None, text.clone()),
        })
    }
}
