//! S-ops and selectors of a session as a graph (what a compiler or a drawing starts from), and the layers and heads that
//! "Thinking Like Transformers" counts for them.
//!
//! **Invariants.** Nothing of the session changes, `out` included. A conversion such as `tokens_str` is left out where it
//! changes no token of the vocabulary. What the standard library builds for `selector_width` and `length` becomes the
//! one operation that it stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::float;
use super::machine::{Frame, Machine};
use super::node::{self, Base, Computed, NodeId, Op, operands};
use super::value::{Fail, Item};
use super::{Console, LIBRARY_NAME};
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::function::{Expr, Function};
use crate::graph::{self, Graph, Mask, Predicate};
use crate::ops::{BinaryOp, UnaryOp, kind_name};
use crate::syntax::ast::{Statement, StatementKind};
use crate::syntax::parser::{Grammar, parse};
use crate::value::Value;

/// An s-op or selector taken out of a session.
#[derive(Clone, Debug)]
pub struct Extract {
    /// What it is made of.
    pub graph: Graph,
    /// The node.
    pub node: graph::NodeId,
    /// The names that the session's variables give to nodes of the graph, in the order of their definitions.
    pub names: Vec<(String, graph::NodeId)>,
    /// The example input: the s-ops' for an s-op, the selectors' for a selector.
    pub example: Vec<Value>,
    /// What the paper counts for it.
    pub paper: PaperLayers,
}

/// Layers and heads as "Thinking Like Transformers" counts them: each operation as early as possible, a head for each
/// selector that a layer's aggregates use, feed-forward steps free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperLayers {
    /// The heads of each layer.
    pub heads: Vec<usize>,
}

/// What a name of the session stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// An s-op.
    SOp,
    /// A selector.
    Selector,
    /// A function.
    Function,
    /// A number, string, list or dictionary.
    Value,
}

impl Console {
    /// Takes the s-op or selector that an expression (a name, most often) stands for out of the session, for inputs of
    /// these tokens; without any, for those of the example. The expression is tried on the input, or on the example.
    ///
    /// # Errors
    /// Why there is none, with its place in [`Console::sources`].
    pub fn extract(
        &mut self,
        text: &str,
        vocab: Option<&[Value]>,
        input: Option<&[Value]>,
    ) -> Result<Extract, Box<Diagnostic>> {
        let machine = &mut self.machine;
        let item = evaluate(machine, text, input)?;
        let (id, example) = match item {
            Item::SOp(id) => (id, machine.sop_example.values.to_vec()),
            Item::Selector(id) => (id, machine.selector_example.values.to_vec()),
            other => {
                let message = format!("`{text}` is no s-op and no selector: it is {}", kind_of(&other));
                let hint = "call a function, and take an item of a list: `f(tokens)`, `l[0]`";
                return Err(Box::new(Diagnostic::error(codes::WRONG_KIND, message).hint(hint)));
            }
        };
        let vocab = vocab.map_or_else(|| example.clone(), <[Value]>::to_vec);
        let (graph, node, names) = graph_of(machine, id, vocab, true);
        let paper = paper_layers(machine, id);
        Ok(Extract { graph, node, names, example, paper })
    }

    /// What the s-op gives at each position of an input, as text; the error that stops it otherwise.
    ///
    /// # Errors
    /// The message of the session for this expression or input.
    pub fn values_on(&mut self, text: &str, input: &[Value]) -> Result<Vec<Value>, String> {
        let item = evaluate(&mut self.machine, text, Some(input)).map_err(|d| d.message)?;
        let Item::SOp(id) = item else { return Err(format!("`{text}` is no s-op")) };
        match self.machine.nodes.compute(id, &input.to_vec().into()).map_err(message)? {
            Computed::Sequence(s) => Ok(s.values.clone()),
            Computed::Matrix(_) => unreachable!("an s-op"),
        }
    }

    /// The names that can be used now, with what they stand for: the session's own, then those of the library.
    pub fn names(&self) -> Vec<(String, NameKind)> {
        let machine = &self.machine;
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for scope in [machine.console, machine.start, 0] {
            for (name, item) in &machine.scopes[scope].names {
                if seen.insert(name.clone()) {
                    all.push((name.to_string(), kind(item)));
                }
            }
        }
        all
    }
}

/// The graph of a node, the node in it, and what the session's variables call its nodes. With `widths`, what the library
/// builds for a width is the one operation that it stands for; else it stays as built.
pub(super) fn graph_of(
    machine: &mut Machine,
    id: NodeId,
    vocab: Vec<Value>,
    widths: bool,
) -> (Graph, graph::NodeId, Vec<(String, graph::NodeId)>) {
    let (graph, done) = (Graph::new(Mask::Full), BTreeMap::new());
    let mut export = Export { machine, vocab, graph, done, input: None, widths };
    let node = export.node(id);
    let Export { mut graph, done, .. } = export;
    let names = names(machine, &done, &mut graph);
    (graph, node, names)
}

fn kind(item: &Item) -> NameKind {
    match item {
        Item::SOp(_) => NameKind::SOp,
        Item::Selector(_) => NameKind::Selector,
        Item::Function(_) => NameKind::Function,
        Item::Atom(_) | Item::List(_) | Item::Dict(_) | Item::Applied(_) => NameKind::Value,
    }
}

fn kind_of(item: &Item) -> &'static str {
    match item {
        Item::Function(_) => "a function",
        Item::List(_) => "a list",
        Item::Dict(_) => "a dictionary",
        Item::Applied(_) => "a result on one input",
        _ => "a number or string",
    }
}

fn message(fail: Fail) -> String {
    match fail {
        Fail::Rasp(text) | Fail::Wrong(text) => text,
        Fail::Interrupted => "interrupted".to_owned(),
        Fail::NotImplemented => "this cannot be called".to_owned(),
    }
}

/// The value of an expression, tried on this input if there is one, with `out` as it was.
fn evaluate(machine: &mut Machine, text: &str, input: Option<&[Value]>) -> Result<Item, Box<Diagnostic>> {
    machine.begin();
    if let Some(input) = input.filter(|input| !input.is_empty()) {
        machine.input = input.into();
    }
    let source = machine.sources.add("the command", text);
    let parsed = parse(source, text, Grammar::SNIPPET);
    if let Some(error) = parsed.diagnostics.into_iter().find(|d| d.severity == Severity::Error) {
        return Err(Box::new(error));
    }
    let whole = Span { source, start: 0, end: text.len() as u32 };
    let module = Arc::new(parsed.module);
    let [Statement { kind: StatementKind::Expr(expr), .. }] = module.statements[..] else {
        let d = Diagnostic::error(codes::UNEXPECTED_TOKEN, format!("`{text}` is no expression"));
        return Err(Box::new(d.at(whole).hint("name an s-op or a selector")));
    };
    let scope = machine.console;
    let out = machine.lookup(scope, "out").ok();
    let frame = Frame { module, scope };
    let scopes = machine.scopes.len();
    let result = machine.eval(&frame, expr);
    machine.end_scopes(scopes);
    if let Some(out) = out {
        machine.set_out(scope, &out);
    }
    result.map_err(|fail| Box::new(machine.diagnosed(&fail, whole)))
}

/// Names the nodes as the session's variables do.
fn names(machine: &Machine, done: &BTreeMap<NodeId, graph::NodeId>, graph: &mut Graph) -> Vec<(String, graph::NodeId)> {
    let mut named = Vec::new();
    let mut taken = BTreeSet::new();
    for scope in [machine.console, machine.start] {
        for (name, item) in &machine.scopes[scope].names {
            let (Item::SOp(id) | Item::Selector(id)) = item else { continue };
            let Some(&node) = done.get(id).filter(|_| &**name != "out" && taken.insert(name.clone())) else { continue };
            // `tokens` and `indices` are called so anyway.
            if !matches!(graph.op(node), graph::Op::Tokens | graph::Op::Indices) {
                graph.name(node, name);
            }
            named.push((name.to_string(), node));
        }
    }
    named
}

struct Export<'m> {
    machine: &'m Machine,
    vocab: Vec<Value>,
    graph: Graph,
    done: BTreeMap<NodeId, graph::NodeId>,
    /// `tokens`, once it is there.
    input: Option<graph::NodeId>,
    /// Whether widths become one operation.
    widths: bool,
}

impl Export<'_> {
    /// The node and what it reads, operands first.
    fn node(&mut self, id: NodeId) -> graph::NodeId {
        let mut wanted = BTreeSet::new();
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if wanted.insert(id) {
                todo.extend(self.reads(id));
            }
        }
        // Operands have lower ids than their users, the selector of a width than what was built from it.
        for id in wanted {
            let node = self.operation(id);
            self.done.insert(id, node);
        }
        self.done[&id]
    }

    fn reads(&self, id: NodeId) -> Vec<NodeId> {
        match self.width_of(id) {
            Some(selector) => vec![selector],
            None => operands(self.machine.nodes.op(id)),
        }
    }

    fn width_of(&self, id: NodeId) -> Option<NodeId> {
        self.machine.nodes.width_of(id).filter(|_| self.widths)
    }

    fn push(&mut self, op: graph::Op) -> graph::NodeId {
        self.graph.push(op, None)
    }

    fn map(&mut self, arity: usize, expr: Expr, args: Vec<graph::NodeId>) -> graph::NodeId {
        self.push(graph::Op::Map { function: Function::expr(arity, expr), args })
    }

    fn tokens(&mut self) -> graph::NodeId {
        if let Some(node) = self.input {
            return node;
        }
        let node = self.push(graph::Op::Tokens);
        self.input = Some(node);
        node
    }

    fn operation(&mut self, id: NodeId) -> graph::NodeId {
        if let Some(selector) = self.width_of(id) {
            let selector = self.done[&selector];
            return self.push(graph::Op::SelectorWidth(selector));
        }
        let (arg, boxed) = (|i| Box::new(Expr::Arg(i)), |e: Expr| Box::new(e));
        match self.machine.nodes.op(id).clone() {
            Op::Base(Base::AsIs) => self.tokens(),
            Op::Base(Base::Indices) => self.push(graph::Op::Indices),
            Op::Base(Base::Converted(op)) => {
                let tokens = self.tokens();
                if self.vocab.iter().all(|v| unchanged(op, v)) {
                    return tokens;
                }
                self.map(1, Expr::Unary(op, arg(0)), vec![tokens])
            }
            Op::Const(v) => self.push(graph::Op::Const(float::unsigned(&v))),
            Op::Unary(op, a) => self.map(1, Expr::Unary(op, arg(0)), vec![self.done[&a]]),
            Op::Binary(op, a, b) => self.map(2, Expr::Binary(op, arg(0), arg(1)), vec![self.done[&a], self.done[&b]]),
            Op::If { then, cond, otherwise } => {
                let args = vec![self.done[&cond], self.done[&then], self.done[&otherwise]];
                self.map(3, Expr::If { cond: arg(0), then: arg(1), otherwise: arg(2) }, args)
            }
            Op::InList(a, items) => {
                self.map(1, Expr::In(arg(0), items.iter().map(float::unsigned).collect()), vec![self.done[&a]])
            }
            Op::Occurs(a, atom) => {
                let queries = self.push(graph::Op::Const(float::unsigned(&atom)));
                let predicate = Predicate::Compare(graph::Comparison::Eq);
                let selector = self.push(graph::Op::Select { keys: self.done[&a], queries, predicate });
                let width = self.push(graph::Op::SelectorWidth(selector));
                let some = Expr::Binary(BinaryOp::Gt, arg(0), boxed(Expr::Const(Value::int(0))));
                self.map(1, some, vec![width])
            }
            Op::Item { items, index, .. } => {
                let items = items.iter().map(float::unsigned).collect();
                self.map(1, Expr::Item(items, arg(0)), vec![self.done[&index]])
            }
            Op::Entry(entries, key) => {
                let entries = entries.iter().map(|(k, v)| (float::unsigned(k), float::unsigned(v))).collect();
                self.map(1, Expr::Entry(entries, arg(0)), vec![self.done[&key]])
            }
            Op::Aggregate { selector, values, default } => {
                let (selector, values) = (self.done[&selector], self.done[&values]);
                self.push(graph::Op::Aggregate { selector, values, default: float::unsigned(&default) })
            }
            Op::Select { keys, queries, comparison } => {
                let predicate = Predicate::Compare(comparison);
                self.push(graph::Op::Select { keys: self.done[&keys], queries: self.done[&queries], predicate })
            }
            Op::Not(a) => self.push(graph::Op::Not(self.done[&a])),
            Op::And(a, b) => self.push(graph::Op::And(self.done[&a], self.done[&b])),
            Op::Or(a, b) => self.push(graph::Op::Or(self.done[&a], self.done[&b])),
        }
    }
}

/// Whether the conversion leaves the token as it is, its type included.
fn unchanged(op: UnaryOp, token: &Value) -> bool {
    op.apply(token).is_ok_and(|v| v == *token && kind_name(&v) == kind_name(token))
}

/// The layers of section 15 of the language's page.
fn paper_layers(machine: &Machine, id: NodeId) -> PaperLayers {
    let nodes = &machine.nodes;
    let mut wanted = BTreeSet::new();
    let mut todo = vec![id];
    while let Some(id) = todo.pop() {
        if wanted.insert(id) {
            todo.extend(operands(nodes.op(id)));
        }
    }
    let mut depth: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut heads: BTreeMap<usize, BTreeSet<NodeId>> = BTreeMap::new();
    for &id in &wanted {
        let op = nodes.op(id);
        let deepest = operands(op).iter().map(|o| depth[o]).max().unwrap_or(0);
        let at = match op {
            Op::Select { .. } => deepest + 1,
            Op::Aggregate { selector, values, .. } => {
                let at = depth[selector].max(depth[values] + 1);
                heads.entry(at).or_default().insert(*selector);
                at
            }
            // The reference writes it as an aggregate through a selector of its own.
            Op::Occurs(a, _) => {
                let at = depth[a] + 1;
                heads.entry(at).or_default().insert(id);
                at
            }
            // A selector made of selectors is one over all their variables, which they have the depth of.
            _ => deepest,
        };
        depth.insert(id, at);
    }
    let layers = depth[&id];
    if nodes.is_selector(id) {
        heads.entry(layers).or_default().insert(id);
    }
    PaperLayers { heads: (1..=layers).map(|l| heads.get(&l).map_or(0, BTreeSet::len)).collect() }
}

/// Remembers that what a function of the standard library has returned is the width of its argument.
pub(super) fn remember_width(machine: &mut Machine, function: &super::value::Function, args: &[Item], result: &Item) {
    let library = machine.standard_library && *function.creator == *LIBRARY_NAME;
    if let ([Item::Selector(selector)], Item::SOp(id)) = (args, result)
        && library
        && &*function.def.name.name == "selector_width"
    {
        machine.nodes.set_width(*id, *selector);
    }
}

/// After the standard library has been loaded: its `length` is the width of everything.
pub(super) fn remember_length(machine: &mut Machine) {
    let names = &machine.scopes[machine.start].names;
    if let (Some(Item::SOp(length)), Some(Item::Selector(full))) = (names.get("length"), names.get("full_s")) {
        let (length, full): (node::NodeId, node::NodeId) = (*length, *full);
        machine.nodes.set_width(length, full);
    }
}
