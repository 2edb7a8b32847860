//! What a session still holds: everything else is dropped, so that a long session does not grow by what it has done.
//!
//! **Invariants.** What a name can reach stays: values, nodes, and the scopes of functions. Looking takes time, so it is
//! done after much has been made, between two statements.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::machine::Machine;
use super::node::{Computed, NodeId};
use super::value::Item;
use crate::value::Value;

/// The bytes that a step can leave behind.
const STEP: usize = 32;
/// After so many nodes or scopes it is time to look.
const NODES: usize = 200_000;
const SCOPES: usize = 20_000;

/// What there was at the last look.
#[derive(Debug, Default)]
pub(super) struct Surveyed {
    /// Steps since then.
    steps: usize,
    nodes: usize,
    scopes: usize,
    /// Whether more is held than should be.
    pub(super) full: bool,
}

/// What has been found.
#[derive(Default)]
struct Found {
    scopes: BTreeSet<usize>,
    /// Scopes that are still to be looked at.
    todo: Vec<usize>,
    nodes: BTreeSet<NodeId>,
    /// Lists, dictionaries and long strings that have been looked at, by address.
    seen: BTreeSet<usize>,
    bytes: usize,
}

impl Machine {
    /// Between two statements: drops what nothing refers to, if there may be much of it.
    pub(super) fn survey_if_due(&mut self) {
        self.surveyed.steps = self.surveyed.steps.saturating_add(self.steps);
        let due = self.surveyed.full
            || self.surveyed.steps.saturating_mul(STEP) > self.limits.bytes / 4
            || self.nodes.made() > self.surveyed.nodes + NODES
            || self.scopes.len() > self.surveyed.scopes + SCOPES;
        if due {
            self.survey();
        }
    }

    fn survey(&mut self) {
        let mut found = Found::default();
        for scope in 0..=self.console {
            found.scope(scope);
        }
        found.nodes.extend(self.drawn.iter().map(|(id, _)| *id));
        while let Some(scope) = found.todo.pop() {
            self.scopes[scope].parent.into_iter().for_each(|parent| found.scope(parent));
            self.scopes[scope].names.values().for_each(|item| found.item(item));
        }
        // Scopes are known by their numbers: only the last ones can go altogether.
        let last = found.scopes.last().copied().unwrap_or(0);
        self.scopes.truncate(last + 1);
        for (index, scope) in self.scopes.iter_mut().enumerate() {
            if !found.scopes.contains(&index) {
                scope.names = indexmap::IndexMap::new();
            }
        }
        let bytes = found.bytes.saturating_add(self.nodes.keep_only(found.nodes));
        // With more, nothing large is made.
        let full = bytes > self.limits.bytes;
        self.surveyed = Surveyed { steps: 0, nodes: self.nodes.made(), scopes: self.scopes.len(), full };
    }
}

impl Found {
    fn scope(&mut self, scope: usize) {
        if self.scopes.insert(scope) {
            self.todo.push(scope);
        }
    }

    fn value(&mut self, value: &Value) {
        let bytes = match value {
            // Long strings are shared where they are copied.
            Value::Str(s) if s.len() > 1000 && !self.seen.insert(s.as_ptr().addr()) => 0,
            Value::Str(s) => s.len(),
            Value::Int(i) => usize::try_from(i.bits() / 8).unwrap_or(usize::MAX),
            _ => 0,
        };
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Lists and dictionaries nest no deeper than the session allows.
    fn item(&mut self, item: &Item) {
        self.bytes = self.bytes.saturating_add(32);
        match item {
            Item::Atom(value) => self.value(value),
            Item::List(list) => {
                if self.seen.insert(Arc::as_ptr(list).addr()) {
                    list.iter().for_each(|item| self.item(item));
                }
            }
            Item::Dict(dict) => {
                if self.seen.insert(Arc::as_ptr(dict).addr()) {
                    for (key, item) in dict.iter() {
                        self.bytes = self.bytes.saturating_add(64);
                        self.value(key);
                        self.item(item);
                    }
                }
            }
            Item::SOp(id) | Item::Selector(id) => {
                self.nodes.insert(*id);
            }
            Item::Function(f) => self.scope(f.scope),
            Item::Applied(applied) => {
                let n = applied.input.len();
                let cells = match &applied.result {
                    Computed::Sequence(s) => s.text_size(),
                    Computed::Matrix(_) => n.saturating_mul(n) / 8,
                };
                self.bytes = self.bytes.saturating_add(cells + 32 * n);
            }
        }
    }
}
