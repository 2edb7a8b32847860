//! Expectations (`#? rev("abc") = [c, b, a]`) checked: what is written against the interpreter, and the interpreter
//! against the circuit and the transformer at every node.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::expect::{Expectation, Wanted};
use raspc_lang::graph::{Graph, Kind, NodeId, Op};
use raspc_lang::interpret::{Column, interpret};
use raspc_lang::value::Value;

use crate::compile::{Compilation, compile};
use crate::options::Options;
use crate::verify::{self, Mismatch, Outcome};

/// What came of an expectation.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Interpreter and transformer give what is expected.
    Met,
    /// The interpreter gives something else: this.
    Interpreter(String),
    /// The transformer gives something else than the interpreter.
    Transformer(Mismatch),
    /// It cannot be compiled.
    Refused(Arc<[Diagnostic]>),
    /// The input cannot be put to the model: why.
    Input(String),
}

/// A checker of a program's expectations; what it has compiled for one it keeps for the next.
#[derive(Debug)]
pub struct Checker<'p> {
    graph: &'p Graph,
    options: &'p Options,
    compiled: BTreeMap<NodeId, Result<Box<Compilation>, Arc<[Diagnostic]>>>,
}

impl<'p> Checker<'p> {
    /// A checker that compiles with these options.
    pub fn new(graph: &'p Graph, options: &'p Options) -> Self {
        Self { graph, options, compiled: BTreeMap::new() }
    }

    /// Checks what is expected of a node.
    pub fn check(&mut self, node: NodeId, expectation: &Expectation) -> Verdict {
        let Expectation { input, wanted, .. } = expectation;
        if let Some(verdict) = self.interpreted(node, input, wanted) {
            return verdict;
        }
        if *wanted == Wanted::Raises {
            // A transformer cannot raise: what it gives there is nobody's.
            return Verdict::Met;
        }
        let vocab = &self.options.vocab;
        let ids: Result<Vec<u32>, &Value> =
            input.iter().map(|t| vocab.iter().position(|v| v == t).map(|i| i as u32).ok_or(t)).collect();
        let ids = match ids {
            Ok(ids) if ids.len() <= self.options.max_len => ids,
            Ok(ids) => return Verdict::Input(format!("{} tokens, of at most {}", ids.len(), self.options.max_len)),
            Err(token) => return Verdict::Input(format!("`{token}` is not in the vocabulary")),
        };
        let compilation = match self.compiled(node) {
            Ok(compilation) => compilation,
            Err(diagnostics) => return Verdict::Refused(diagnostics.clone()),
        };
        match verify::check(compilation, &ids) {
            Outcome::Agrees => Verdict::Met,
            Outcome::Raised => unreachable!("the interpreter has just given a value"),
            Outcome::Differs(mismatch) => Verdict::Transformer(mismatch),
        }
    }

    /// What was compiled, each with the node that was asked for.
    pub fn compilations(&self) -> impl Iterator<Item = (NodeId, &Compilation)> {
        self.compiled.iter().filter_map(|(id, c)| c.as_ref().ok().map(|c| (*id, &**c)))
    }

    /// What is wrong with what the interpreter gives, if anything is.
    fn interpreted(&self, node: NodeId, input: &[Value], wanted: &Wanted) -> Option<Verdict> {
        let trace = interpret(self.graph, input);
        let (met, got) = match trace.column(node) {
            Column::Values(values) => (wanted.are(values), list(values.iter().map(ToString::to_string))),
            Column::Pattern(pattern) => {
                let cell = |q, k| if pattern.get(q, k) { "1" } else { "0" }.to_owned();
                let rows = (0..input.len()).map(|q| list((0..input.len()).map(|k| cell(q, k))));
                (wanted.is_pattern(pattern, input.len()), list(rows))
            }
            Column::Raised(error) => (*wanted == Wanted::Raises, format!("no value: {}", error.message())),
        };
        (!met).then_some(Verdict::Interpreter(got))
    }

    /// The compiled node; of a selector, its width.
    fn compiled(&mut self, node: NodeId) -> Result<&Compilation, &Arc<[Diagnostic]>> {
        let (graph, options) = (self.graph, self.options);
        let made = self.compiled.entry(node).or_insert_with(|| {
            let made = match graph.op(node).kind() {
                Kind::SOp => compile(graph, node, options),
                Kind::Selector => {
                    let mut graph = graph.clone();
                    let width = graph.push(Op::SelectorWidth(node), None);
                    compile(&graph, width, options)
                }
            };
            made.map(Box::new).map_err(Into::into)
        });
        made.as_deref()
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
