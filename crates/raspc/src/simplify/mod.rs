//! Simplify: the graph the compiler works on, made from the graph as written. Between steps (1) and (2).
//!
//! Only what the output depends on is kept. At `-O1` equal operations become one node (common subexpressions) and
//! operations on constants become constants; a merged node keeps all names and the first span. At every level selector
//! formulas are brought into the form the later phases expect (see `merge`). Meaning never changes.

mod cover;
mod merge;
pub mod selector;
pub mod steps;

use std::collections::HashMap;

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::graph::{Graph, Node, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use crate::formula::Forms;
use crate::options::OptLevel;

/// A simplified graph and where each node of the original went.
#[derive(Clone, Debug)]
pub struct Simplified {
    /// The graph.
    pub graph: Graph,
    /// The output.
    pub output: NodeId,
    /// For each node of the original: its node here, where the output depends on it.
    pub of: Vec<Option<NodeId>>,
    /// The selectors that one head realises as a sum of selects (see [`crate::formula`]); not filled here.
    pub forms: Forms,
}

impl Simplified {
    /// Which nodes the output depends on, those that realise a selector included.
    pub fn needed(&self) -> Vec<bool> {
        reachable_with(&self.graph, self.output, &self.forms)
    }

    /// The program with each node made anew, in order, under the names and annotations it has.
    ///
    /// `make` adds the node that takes the place of the one it is given, and what that one needs, and says where it is; of the
    /// nodes before it, it is told where they went. Where it returns nothing, the node stays as it is.
    #[must_use]
    pub fn rewritten(&self, mut make: impl FnMut(&mut Graph, &mut Forms, &[NodeId], NodeId) -> Option<NodeId>) -> Self {
        let mut graph = Graph::new(self.graph.mask);
        let mut forms = Forms::default();
        let mut to: Vec<NodeId> = Vec::with_capacity(self.graph.len());
        for (id, entry) in self.graph.iter() {
            let made = make(&mut graph, &mut forms, &to, id);
            let new = made.unwrap_or_else(|| graph.push(entry.op.with_operands(|o| to[o.index()]), entry.span));
            entry.names.iter().for_each(|n| graph.name(new, n));
            graph.node_mut(new).annotation = entry.annotation;
            to.push(new);
        }
        forms.carry(&self.forms, &to);
        let of = self.of.iter().map(|o| o.map(|o| to[o.index()])).collect();
        Self { output: to[self.output.index()], graph, of, forms }
    }
}

/// Simplifies what `output` depends on.
pub fn simplify(graph: &Graph, output: NodeId, opt: OptLevel) -> Simplified {
    let needed = reachable(graph, output);
    let mut merger = Merger { graph: Graph::new(graph.mask), merge: opt > OptLevel::O0, known: HashMap::new() };
    let mut of: Vec<Option<NodeId>> = vec![None; graph.len()];
    for (id, node) in graph.iter() {
        if needed[id.index()] {
            let op = node.op.with_operands(|o| of[o.index()].expect("operands come first"));
            of[id.index()] = Some(merger.add(op, node));
        }
    }
    let output = of[output.index()].expect("the output is needed");
    merge::normalise(Simplified { graph: merger.graph, output, of, forms: Forms::default() })
}

/// Which nodes `output` depends on.
pub fn reachable(graph: &Graph, output: NodeId) -> Vec<bool> {
    reachable_with(graph, output, &Forms::default())
}

/// Which nodes `output` depends on, those that realise a selector included.
pub fn reachable_with(graph: &Graph, output: NodeId, forms: &Forms) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    let mut stack = vec![output];
    while let Some(at) = stack.pop() {
        if !std::mem::replace(&mut needed[at.index()], true) {
            stack.extend(graph.op(at).operands());
            stack.extend(forms.selects(at));
        }
    }
    needed
}

/// What makes two operations the same.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: u8,
    operands: Vec<NodeId>,
    values: Vec<(Value, u8)>,
    function: Option<FunctionKey>,
}

#[derive(PartialEq, Eq, Hash)]
enum FunctionKey {
    Expr(usize, std::sync::Arc<Expr>),
    /// Identity of a table or host function: never ordered or printed, so the address does not show.
    Address(usize),
}

struct Merger {
    graph: Graph,
    merge: bool,
    known: HashMap<Key, NodeId>,
}

impl Merger {
    fn add(&mut self, op: Op, node: &Node) -> NodeId {
        let op = if self.merge { self.fold(op) } else { op };
        let key = key_of(&op);
        let found = if self.merge { self.known.get(&key).copied() } else { None };
        let id = found.unwrap_or_else(|| {
            let id = self.graph.push(op, node.span);
            self.known.insert(key, id);
            id
        });
        node.names.iter().for_each(|n| self.graph.name(id, n));
        let kept = self.graph.node_mut(id);
        kept.annotation = kept.annotation.or(node.annotation);
        id
    }

    /// An operation on constants alone is a constant, unless it raises (then it stays, to be reported).
    fn fold(&self, op: Op) -> Op {
        let Op::Map { function, args } = &op else { return op };
        let constants: Option<Vec<Value>> = args
            .iter()
            .map(|&a| match self.graph.op(a) {
                Op::Const(v) => Some(v.clone()),
                _ => None,
            })
            .collect();
        constants.and_then(|c| function.apply_strict(&c).ok()).map_or(op, Op::Const)
    }
}

fn key_of(op: &Op) -> Key {
    let kind = match op {
        Op::Tokens => 0,
        Op::Indices => 1,
        Op::Const(_) => 2,
        Op::Map { .. } => 3,
        Op::Select { predicate: Predicate::Compare(c), .. } => 10 + *c as u8,
        Op::Select { predicate: Predicate::Function(_), .. } => 4,
        Op::And(..) => 5,
        Op::Or(..) => 6,
        Op::Not(_) => 7,
        Op::Aggregate { .. } => 8,
        Op::SelectorWidth(_) => 9,
    };
    let values = match op {
        Op::Const(v) | Op::Aggregate { default: v, .. } => vec![(v.clone(), v.representative_rank())],
        _ => Vec::new(),
    };
    let function = match op {
        Op::Map { function, .. } | Op::Select { predicate: Predicate::Function(function), .. } => {
            Some(function_key(function))
        }
        _ => None,
    };
    Key { kind, operands: op.operands(), values, function }
}

fn function_key(function: &Function) -> FunctionKey {
    match &function.body {
        Body::Expr(e) => FunctionKey::Expr(function.arity, e.clone()),
        Body::Table(t) => FunctionKey::Address(std::sync::Arc::as_ptr(t).cast::<u8>() as usize),
        Body::Host(h) => FunctionKey::Address(std::sync::Arc::as_ptr(h).cast::<u8>() as usize),
    }
}
