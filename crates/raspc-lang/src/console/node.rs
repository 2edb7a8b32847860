//! The s-ops and selectors of a console: each with the name it has now and its last result.
//!
//! **Invariants.** Operands come before users. A name belongs to the object and may change; one longer than
//! [`MAX_NAME`] characters is replaced. Work and memory are counted, so that nothing runs or grows without bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::matrix::Matrix;
use super::value::{Eval, Fail, atom_repr, text_of};
use super::{Limits, float};
use crate::graph::Comparison;
use crate::ops::{BinaryOp, UnaryOp, order, python_float_repr};
use crate::value::Value;

/// Longest name, in characters.
const MAX_NAME: usize = 30;
/// Most nodes that a session holds at a time.
const MAX_NODES: usize = 1_000_000;
/// Most nodes that a session makes.
const MAX_MADE: usize = 200_000_000;
/// Most bytes of one sequence.
const MAX_SEQUENCE: usize = 256 << 20;
/// Most bytes of a message that shows a sequence.
const MAX_MESSAGE: usize = 1 << 16;
/// Creation number that the reference's `full_s` has; those of the base s-ops come before.
const FIRST_NUMBER: usize = 15;

/// Why a node is there.
const ALIVE: &str = "what is referred to is kept";

/// Index of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(usize);

/// An s-op that the language has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    AsIs,
    Indices,
    Converted(UnaryOp),
}

/// What a node computes.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Base(Base),
    Const(Value),
    Unary(UnaryOp, NodeId),
    Binary(BinaryOp, NodeId, NodeId),
    If {
        then: NodeId,
        cond: NodeId,
        otherwise: NodeId,
    },
    InList(NodeId, Arc<[Value]>),
    Occurs(NodeId, Value),
    /// An item of a list (or string) at the index.
    Item {
        items: Arc<[Value]>,
        string: bool,
        index: NodeId,
    },
    Entry(Arc<indexmap::IndexMap<Value, Value>>, NodeId),
    Aggregate {
        selector: NodeId,
        values: NodeId,
        default: Value,
    },
    Select {
        keys: NodeId,
        queries: NodeId,
        comparison: Comparison,
    },
    Not(NodeId),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
}

#[derive(Debug)]
struct Node {
    op: Op,
    name: Arc<str>,
    selector: bool,
    number: usize,
    cache: Option<(Arc<[Value]>, Computed)>,
}

/// A node's result on an input.
#[derive(Clone, Debug)]
pub(super) enum Computed {
    Sequence(Arc<Sequence>),
    Matrix(Arc<Matrix>),
}

/// A sequence with its type label.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) values: Vec<Value>,
    pub(super) label: &'static str,
}

impl Sequence {
    fn new(values: Vec<Value>, computed: bool) -> Eval<Self> {
        let label = label(&values).map_err(|what| {
            let (open, close) = if computed { ('(', ')') } else { ('[', ']') };
            Fail::Rasp(format!("attempted to create sequence with {what}:\n\t\t {open}{}{close}", listed(&values)))
        })?;
        Ok(Self { values, label })
    }

    /// How long its text is, about.
    pub(super) fn text_size(&self) -> usize {
        self.values.iter().map(bytes_of).fold(0, usize::saturating_add)
    }

    /// `[a, b] (strings)`, `[5]*5 (ints)`.
    pub(super) fn text(&self) -> String {
        let cells: Vec<String> = self.values.iter().map(cell).collect();
        if self.values.len() > 1 && self.uniform() {
            return format!("[{}]*{} ({}s)", cells[0], cells.len(), self.label);
        }
        format!("[{}] ({}s)", cells.join(", "), self.label)
    }

    /// Whether all values are equal.
    pub(super) fn uniform(&self) -> bool {
        self.values.iter().all(|v| *v == self.values[0])
    }
}

/// Values as messages list them.
fn listed(values: &[Value]) -> String {
    let mut text = String::new();
    for (i, value) in values.iter().enumerate() {
        text += if i == 0 { "" } else { ", " };
        text += &atom_repr(value);
        if text.len() > MAX_MESSAGE {
            text += ", ...";
            break;
        }
    }
    text
}

/// A value inside a result: floats rounded to three decimals, booleans as letters.
fn cell(value: &Value) -> String {
    match value {
        Value::Bool(b) => if *b { "T" } else { "F" }.to_owned(),
        Value::Float(x) => {
            let x = x.get();
            // The formatter rounds the exact binary value, ties to even.
            let rounded = if x.abs() < 1e15 { format!("{x:.3}").parse().unwrap_or(x) } else { x };
            python_float_repr(rounded)
        }
        _ => text_of(value),
    }
}

fn label(values: &[Value]) -> Result<&'static str, &'static str> {
    let all = |test: fn(&Value) -> bool| values.iter().all(test);
    let special = |v: &Value| float::special(v).is_some();
    if values.iter().any(|v| matches!(v, Value::None | Value::Host(_)) && !special(v)) {
        return Err("illegal val types (vals must be bool, float, int or string)");
    }
    if all(|v| matches!(v, Value::Str(_))) {
        Ok("string")
    } else if all(|v| matches!(v, Value::Bool(_))) {
        Ok("bool")
    } else if all(|v| matches!(v, Value::Bool(_) | Value::Int(_))) {
        Ok("int")
    } else if values.iter().all(|v| v.is_number() || special(v)) {
        Ok("float")
    } else {
        Err("vals of different types")
    }
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    /// Those that nothing refers to any more are gone; numbers are not used again.
    all: Vec<Option<Box<Node>>>,
    /// How many there are.
    alive: usize,
    limits: Limits,
    /// S-ops that are known to be a selector's width, however they were built.
    widths: std::collections::BTreeMap<NodeId, NodeId>,
    numbers: usize,
    cells: usize,
    bytes: usize,
    /// Set by who wants the work to stop.
    pub(super) interrupt: Arc<AtomicBool>,
}

impl Nodes {
    pub(super) fn new(limits: Limits) -> Self {
        let widths = std::collections::BTreeMap::new();
        let (all, interrupt) = (Vec::new(), Arc::default());
        Self { all, alive: 0, limits, widths, numbers: FIRST_NUMBER, cells: 0, bytes: 0, interrupt }
    }

    /// Before a statement: what it may compute is counted from zero.
    pub(super) fn begin(&mut self) {
        self.cells = 0;
        if self.bytes > self.limits.bytes / 4 {
            self.all.iter_mut().flatten().for_each(|n| n.cache = None);
            self.bytes = 0;
        }
    }

    pub(super) fn push(&mut self, op: Op, name: &str) -> Eval<NodeId> {
        if self.alive >= MAX_NODES || self.all.len() >= MAX_MADE {
            return Err(Fail::Wrong("too many s-ops and selectors".to_owned()));
        }
        let selector = matches!(op, Op::Select { .. } | Op::Not(_) | Op::And(..) | Op::Or(..));
        let number = match op {
            Op::Base(Base::AsIs) => 0,
            Op::Base(Base::Indices) => 2,
            Op::Base(_) => 1,
            _ => {
                self.numbers += 1;
                self.numbers - 1
            }
        };
        let id = NodeId(self.all.len());
        self.all.push(Some(Box::new(Node { op, name: Arc::from(""), selector, number, cache: None })));
        self.alive += 1;
        self.rename(id, name);
        Ok(id)
    }

    pub(super) fn rename(&mut self, id: NodeId, name: &str) {
        let node = self.all[id.0].as_deref_mut().expect(ALIVE);
        let short = name.chars().nth(MAX_NAME).is_none();
        node.name = Arc::from(if short {
            name
        } else if node.selector {
            "sel"
        } else {
            "s-op"
        });
    }

    fn node(&self, id: NodeId) -> &Node {
        self.all[id.0].as_deref().expect(ALIVE)
    }

    /// How many nodes have been made.
    pub(super) fn made(&self) -> usize {
        self.all.len()
    }

    /// Keeps what these nodes are made of, and the nodes of the language; all else is gone. How many bytes are held.
    pub(super) fn keep_only(&mut self, roots: impl IntoIterator<Item = NodeId>) -> usize {
        let mut wanted = vec![false; self.all.len()];
        roots.into_iter().for_each(|id| wanted[id.0] = true);
        let mut bytes = 0;
        for index in (0..self.all.len()).rev() {
            let Some(node) = &self.all[index] else { continue };
            if wanted[index] || matches!(node.op, Op::Base(_)) {
                for id in operands(&node.op) {
                    wanted[id.0] = true;
                }
                bytes += held(&node.op);
            } else {
                self.all[index] = None;
                self.alive -= 1;
            }
        }
        let all = &self.all;
        self.widths.retain(|id, selector| all[id.0].is_some() && all[selector.0].is_some());
        bytes
    }

    pub(super) fn op(&self, id: NodeId) -> &Op {
        &self.node(id).op
    }

    pub(super) fn is_selector(&self, id: NodeId) -> bool {
        self.node(id).selector
    }

    /// The selector whose width this is known to be.
    pub(super) fn width_of(&self, id: NodeId) -> Option<NodeId> {
        self.widths.get(&id).copied()
    }

    pub(super) fn set_width(&mut self, id: NodeId, selector: NodeId) {
        self.widths.insert(id, selector);
    }

    pub(super) fn name(&self, id: NodeId) -> &str {
        &self.node(id).name
    }

    /// As Python's `str` shows the object.
    pub(super) fn object(&self, id: NodeId) -> String {
        let node = self.node(id);
        let kind = if node.selector { "UnfinishedSelect" } else { "UnfinishedSequence" };
        format!("{kind} object, name: {} id: {}", node.name, node.number)
    }

    fn cached(&self, id: NodeId, input: &Arc<[Value]>) -> Option<Computed> {
        let (known, result) = self.node(id).cache.as_ref()?;
        (Arc::ptr_eq(known, input) || known == input).then(|| result.clone())
    }

    /// The node's result on an input.
    pub(super) fn compute(&mut self, id: NodeId, input: &Arc<[Value]>) -> Eval<Computed> {
        let mut todo = vec![id];
        let mut order = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = todo.pop() {
            if self.cached(id, input).is_none() && seen.insert(id.0) {
                order.push(id.0);
                todo.extend(operands(&self.node(id).op));
            }
        }
        order.sort_unstable();
        for index in order {
            let result = self.apply(NodeId(index), input)?;
            self.keep(index, input, result)?;
        }
        Ok(self.cached(id, input).expect("computed just now"))
    }

    fn keep(&mut self, index: usize, input: &Arc<[Value]>, result: Computed) -> Eval<()> {
        let size = match &result {
            Computed::Matrix(m) => m.bytes(),
            Computed::Sequence(s) => s.values.iter().map(bytes_of).sum(),
        };
        self.bytes += size;
        if self.bytes > self.limits.bytes {
            return Err(Fail::Wrong("this needs too much memory".to_owned()));
        }
        self.spend(size / 64)?;
        self.all[index].as_deref_mut().expect(ALIVE).cache = Some((input.clone(), result));
        Ok(())
    }

    fn spend(&mut self, cells: usize) -> Eval<()> {
        self.cells = self.cells.saturating_add(cells);
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Fail::Interrupted);
        }
        if self.cells > self.limits.cells { Err(Fail::Wrong("this takes too long".to_owned())) } else { Ok(()) }
    }

    fn sequence(&self, id: NodeId, input: &Arc<[Value]>) -> Arc<Sequence> {
        match self.cached(id, input) {
            Some(Computed::Sequence(s)) => s,
            _ => unreachable!("operands come first, and are s-ops"),
        }
    }

    fn matrix(&self, id: NodeId, input: &Arc<[Value]>) -> Arc<Matrix> {
        match self.cached(id, input) {
            Some(Computed::Matrix(m)) => m,
            _ => unreachable!("operands come first, and are selectors"),
        }
    }

    fn apply(&mut self, id: NodeId, input: &Arc<[Value]>) -> Eval<Computed> {
        let n = input.len();
        let selector = self.node(id).selector;
        self.spend(if selector { n.saturating_mul(n) } else { n } + 1)?;
        let op = self.node(id).op.clone();
        if selector {
            return self.select(&op, input).map(|m| Computed::Matrix(Arc::new(m)));
        }
        let computed = !matches!(op, Op::Base(Base::AsIs));
        let values = self.elements(&op, input)?;
        Sequence::new(values, computed).map(|s| Computed::Sequence(Arc::new(s)))
    }

    fn elements(&mut self, op: &Op, input: &Arc<[Value]>) -> Eval<Vec<Value>> {
        let wrong = |e: crate::error::EvalError| Fail::Wrong(e.message().to_owned());
        self.spend(self.effort(op, input))?;
        let map = |id: &NodeId, f: &dyn Fn(&Value) -> Eval<Value>| -> Eval<Vec<Value>> {
            gather(self.sequence(*id, input).values.iter().map(f))
        };
        match op {
            Op::Base(Base::AsIs) => Ok(input.to_vec()),
            Op::Base(Base::Indices) => Ok((0..input.len()).map(|i| Value::int(i as i64)).collect()),
            Op::Base(Base::Converted(op)) => gather(input.iter().map(|v| float::unary(*op, v).map_err(wrong))),
            Op::Const(v) => Ok(vec![v.clone(); input.len()]),
            Op::Unary(op, a) => map(a, &|v| float::unary(*op, v).map_err(wrong)),
            Op::Binary(op, a, b) => {
                let (a, b) = (self.sequence(*a, input), self.sequence(*b, input));
                gather(a.values.iter().zip(&b.values).map(|(a, b)| float::binary(*op, a, b).map_err(wrong)))
            }
            Op::If { then, cond, otherwise } => {
                let [then, cond, otherwise] = [then, cond, otherwise].map(|&id| self.sequence(id, input));
                let pick = |i: usize| if cond.values[i].truthy() { &then } else { &otherwise }.values[i].clone();
                Ok((0..input.len()).map(pick).collect())
            }
            Op::InList(a, list) => {
                self.spend(input.len().saturating_mul(list.len()))?;
                let values = &self.sequence(*a, input).values;
                Ok(values.iter().map(|v| Value::Bool(list.contains(v))).collect())
            }
            Op::Occurs(a, atom) => {
                let found = self.sequence(*a, input).values.contains(atom);
                Ok(vec![Value::Bool(found); input.len()])
            }
            Op::Item { items, string, index } => map(index, &|v| item(items, *string, v)),
            Op::Entry(entries, key) => map(key, &|v| entries.get(v).cloned().ok_or_else(|| Fail::Wrong(atom_repr(v)))),
            Op::Aggregate { selector, values, default } => self.aggregate(*selector, *values, default, input),
            Op::Select { .. } | Op::Not(_) | Op::And(..) | Op::Or(..) => unreachable!("a selector has no elements"),
        }
    }

    fn aggregate(
        &mut self,
        selector: NodeId,
        values: NodeId,
        default: &Value,
        input: &Arc<[Value]>,
    ) -> Eval<Vec<Value>> {
        let (matrix, sequence) = (self.matrix(selector, input), self.sequence(values, input));
        let n = input.len();
        self.spend(n.saturating_mul(n))?;
        let largest = sequence.values.iter().map(bytes_of).max().unwrap_or(0);
        let mut out = Vec::with_capacity(n);
        for q in 0..n {
            // Sums of large integers take longer.
            self.spend(n.saturating_mul(largest / 256))?;
            let mut selected = (0..n).filter(|&k| matrix.get(q, k));
            out.push(match (selected.next(), selected.next()) {
                (None, _) => default.clone(),
                (Some(one), None) => sequence.values[one].clone(),
                (Some(first), Some(second)) => {
                    if !matches!(sequence.label, "int" | "float") {
                        let shown = listed(&sequence.values);
                        let text = "asked to average multiple values, but they are non-numbers:";
                        return Err(Fail::Wrong(format!("{text} [{shown}]")));
                    }
                    let keys = [first, second].into_iter().chain(selected);
                    mean(keys.map(|k| &sequence.values[k]))?
                }
            });
        }
        Ok(out)
    }

    /// What working with large values takes, beyond a step for each.
    fn effort(&self, op: &Op, input: &Arc<[Value]>) -> usize {
        let sizes = |id: NodeId| self.sequence(id, input).values.iter().map(large).fold(0, usize::saturating_add);
        match op {
            Op::Unary(_, a) | Op::Entry(_, a) | Op::Occurs(a, _) => sizes(*a),
            Op::InList(a, list) => sizes(*a).saturating_mul(list.len()),
            Op::Binary(_, a, b) => {
                let (a, b) = (self.sequence(*a, input), self.sequence(*b, input));
                a.values.iter().zip(&b.values).map(|(a, b)| product(a, b)).fold(0, usize::saturating_add)
            }
            _ => 0,
        }
    }

    fn select(&mut self, op: &Op, input: &Arc<[Value]>) -> Eval<Matrix> {
        Ok(match op {
            Op::Not(a) => self.matrix(*a, input).not(),
            Op::And(a, b) => self.matrix(*a, input).combine(&self.matrix(*b, input), |a, b| a & b),
            Op::Or(a, b) => self.matrix(*a, input).combine(&self.matrix(*b, input), |a, b| a | b),
            Op::Select { keys, queries, comparison } => {
                let (keys, queries) = (self.sequence(*keys, input), self.sequence(*queries, input));
                let mut matrix = Matrix::new(input.len());
                let largest = keys.values.iter().map(large).max().unwrap_or(0);
                for (q, query) in queries.values.iter().enumerate() {
                    self.spend(largest.min(large(query)).saturating_mul(input.len()))?;
                    for (k, key) in keys.values.iter().enumerate() {
                        if selects(*comparison, key, query)? {
                            matrix.set(q, k);
                        }
                    }
                }
                matrix
            }
            _ => unreachable!("an s-op is no selector"),
        })
    }
}

/// Collects values as long as they do not fill the memory.
fn gather(values: impl Iterator<Item = Eval<Value>>) -> Eval<Vec<Value>> {
    let mut bytes = 0_usize;
    values
        .map(|value| {
            let value = value?;
            bytes = bytes.saturating_add(bytes_of(&value));
            if bytes > MAX_SEQUENCE { Err(Fail::Wrong("this needs too much memory".to_owned())) } else { Ok(value) }
        })
        .collect()
}

/// The steps that reading a value takes beyond one: none for the usual ones.
pub(super) fn large(value: &Value) -> usize {
    match value {
        Value::Str(s) => s.len() / 64,
        Value::Int(i) => usize::try_from(i.bits() / 512).unwrap_or(usize::MAX),
        _ => 0,
    }
}

/// The steps of an operator on two values, long multiplication being the longest.
fn product(a: &Value, b: &Value) -> usize {
    let (a, b) = (large(a), large(b));
    a.max(b).saturating_add(a.min(b).saturating_mul(a.max(b).isqrt()))
}

/// What keeping a value takes.
fn bytes_of(value: &Value) -> usize {
    32 + match value {
        Value::Str(s) => s.len(),
        Value::Int(i) => usize::try_from(i.bits() / 8).unwrap_or(usize::MAX),
        _ => 0,
    }
}

/// `key comparison query`, asked as Python does: of the query, mirrored.
fn selects(comparison: Comparison, key: &Value, query: &Value) -> Eval<bool> {
    if let (Some(_), _) | (_, Some(_)) = (float::special(query), float::special(key)) {
        let op = match comparison {
            Comparison::Eq => BinaryOp::Eq,
            Comparison::Ne => BinaryOp::Ne,
            Comparison::Lt => BinaryOp::Lt,
            Comparison::Le => BinaryOp::Le,
            Comparison::Gt => BinaryOp::Gt,
            Comparison::Ge => BinaryOp::Ge,
        };
        return float::binary(op, key, query).map(|v| v.truthy()).map_err(|e| Fail::Wrong(e.message().to_owned()));
    }
    let order = |symbol| order(symbol, query, key).map_err(|e| Fail::Wrong(e.message().to_owned()));
    Ok(match comparison {
        Comparison::Eq => key == query,
        Comparison::Ne => key != query,
        Comparison::Lt => order(">")?.is_gt(),
        Comparison::Le => order(">=")?.is_ge(),
        Comparison::Gt => order("<")?.is_lt(),
        Comparison::Ge => order("<=")?.is_le(),
    })
}

/// The sum, first to last, divided by the count.
fn mean<'v>(values: impl Iterator<Item = &'v Value>) -> Eval<Value> {
    let wrong = |e: crate::error::EvalError| Fail::Wrong(e.message().to_owned());
    let (mut sum, mut count) = (Value::int(0), 0);
    for v in values {
        sum = float::binary(BinaryOp::Add, &sum, v).map_err(wrong)?;
        count += 1;
    }
    float::binary(BinaryOp::Div, &sum, &Value::int(count)).map_err(wrong)
}

fn item(items: &[Value], string: bool, index: &Value) -> Eval<Value> {
    let what = if string { "string" } else { "list" };
    let Some(i) = index.as_int() else {
        let got = crate::ops::kind_name(index);
        let text = if string { "string indices must be integers" } else { "list indices must be integers or slices" };
        return Err(Fail::Wrong(format!("{text}, not {}", if string { format!("'{got}'") } else { got.to_owned() })));
    };
    let i = i.to_i64().map(|i| if i < 0 { i + items.len() as i64 } else { i });
    let found = i.and_then(|i| usize::try_from(i).ok()).and_then(|i| items.get(i));
    found.cloned().ok_or_else(|| Fail::Wrong(format!("{what} index out of range")))
}

/// The bytes that a node holds by itself, its values apart.
fn held(op: &Op) -> usize {
    let items = match op {
        Op::InList(_, items) | Op::Item { items, .. } => items.len(),
        Op::Entry(entries, _) => 2 * entries.len(),
        _ => 0,
    };
    256 + 32 * items
}

/// What a node reads.
pub(super) fn operands(op: &Op) -> Vec<NodeId> {
    match op {
        Op::Base(_) | Op::Const(_) => Vec::new(),
        Op::Unary(_, a) | Op::InList(a, _) | Op::Occurs(a, _) | Op::Entry(_, a) | Op::Not(a) => vec![*a],
        Op::Item { index, .. } => vec![*index],
        Op::Binary(_, a, b) | Op::And(a, b) | Op::Or(a, b) => vec![*a, *b],
        Op::If { then, cond, otherwise } => vec![*then, *cond, *otherwise],
        Op::Aggregate { selector, values, .. } => vec![*selector, *values],
        Op::Select { keys, queries, .. } => vec![*keys, *queries],
    }
}
