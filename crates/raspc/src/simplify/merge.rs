//! Selects that read the same keys and the same queries are one select with a merged predicate, whatever formula combines
//! them: the truth table of the formula over the predicates that it is made of, however long the formula is. What remains
//! of formulas reads each select once, and where it reads a select and its complement, the complement is a negation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::graph::{Graph, Node, NodeId, Op, Predicate};
use raspc_lang::value::Value;

use super::steps::Table;
use super::{FunctionKey, Key, Simplified, function_key, key_of};

/// Predicates of at most this many kinds become one.
const PREDICATES: usize = 10;
/// Longer formulas are named by their predicates.
const NAME: usize = 80;

/// Rewrites the selectors of a graph as the head of the module says.
pub(super) fn normalise(simplified: Simplified) -> Simplified {
    let Simplified { graph, output, of, forms } = simplified;
    let mut merger = Merger {
        graph: Graph::new(graph.mask),
        same: Vec::new(),
        known: HashMap::new(),
        selects: HashMap::new(),
        merged: HashMap::new(),
    };
    let to = rebuilt(&graph, &mut |op, node| merger.add(op, node));
    let complements = merger.complements();
    let (graph, then) = if complements.is_empty() {
        let all = (0..merger.graph.len()).map(|i| NodeId(i as u32)).collect();
        (merger.graph, all)
    } else {
        negated(&merger.graph, &complements)
    };
    let to = |id: NodeId| then[to[id.index()].index()];
    let of = of.into_iter().map(|o| o.map(to)).collect();
    Simplified { output: to(output), graph, of, forms }
}

/// Adds each node of a graph, its operands replaced; gives where it went.
fn rebuilt(graph: &Graph, add: &mut dyn FnMut(Op, &Node) -> NodeId) -> Vec<NodeId> {
    let mut to: Vec<NodeId> = Vec::with_capacity(graph.len());
    for (_, node) in graph.iter() {
        let op = node.op.with_operands(|o| to[o.index()]);
        to.push(add(op, node));
    }
    to
}

/// Adds an operation with the names and the place of a node.
fn push(graph: &mut Graph, op: Op, node: &Node) -> NodeId {
    let id = graph.push(op, node.span);
    node.names.iter().for_each(|n| graph.name(id, n));
    graph.node_mut(id).annotation = node.annotation;
    id
}

/// The graph in which formulas read these selects as negations of their complements, and where each node went.
fn negated(graph: &Graph, complements: &BTreeMap<NodeId, NodeId>) -> (Graph, Vec<NodeId>) {
    let mut out = Graph::new(graph.mask);
    let mut negations: HashMap<NodeId, NodeId> = HashMap::new();
    let mut to: Vec<NodeId> = Vec::with_capacity(graph.len());
    for (id, node) in graph.iter() {
        let op = node.op.with_operands(|o| to[o.index()]);
        let op = match op {
            Op::And(..) | Op::Or(..) | Op::Not(_) => op.with_operands(|o| negations.get(&o).copied().unwrap_or(o)),
            op => op,
        };
        let new = push(&mut out, op, node);
        to.push(new);
        if let Some(&other) = complements.get(&id) {
            negations.insert(new, out.push(Op::Not(to[other.index()]), node.span));
        }
    }
    (out, to)
}

struct Merger {
    graph: Graph,
    /// By node: the first source, constant or select that is the same as it; else itself.
    same: Vec<NodeId>,
    /// Sources and constants.
    known: HashMap<Key, NodeId>,
    /// The first select of each kind.
    selects: HashMap<SelectKey, NodeId>,
    /// By select that was merged: its formula.
    merged: HashMap<NodeId, Merged>,
}

/// What makes two selects the same: keys, queries, predicates and the table of the formula over these.
type SelectKey = (NodeId, NodeId, Vec<PredicateKey>, Vec<u64>);

#[derive(PartialEq, Eq, Hash)]
enum PredicateKey {
    Compare(u8),
    Function(FunctionKey),
}

impl Merger {
    fn add(&mut self, op: Op, node: &Node) -> NodeId {
        // A formula reads each select once, where the same one was written several times.
        let op = match op {
            Op::And(..) | Op::Or(..) | Op::Not(_) => op.with_operands(|o| self.same[o.index()]),
            op => op,
        };
        let (op, merged) = match self.combined(&op) {
            Some((op, merged)) => (op, Some(merged)),
            None => (op, None),
        };
        let source = matches!(op, Op::Tokens | Op::Indices | Op::Const(_)).then(|| key_of(&op));
        let id = push(&mut self.graph, op, node);
        if let Some(m) = merged {
            self.merged.insert(id, m);
        }
        let same = match (source, self.key(id, false)) {
            (Some(key), _) => *self.known.entry(key).or_insert(id),
            (None, Some(key)) => *self.selects.entry(key).or_insert(id),
            (None, None) => id,
        };
        self.same.push(same);
        id
    }

    /// What makes a select, or its complement, the same as another.
    fn key(&self, id: NodeId, complement: bool) -> Option<SelectKey> {
        let (keys, queries, merged) = self.select(id)?;
        let table = if complement { merged.table.not() } else { merged.table };
        let predicates = merged.predicates.iter().map(|p| match p {
            Predicate::Compare(c) => PredicateKey::Compare(*c as u8),
            Predicate::Function(f) => PredicateKey::Function(function_key(f)),
        });
        Some((self.same[keys.index()], self.same[queries.index()], predicates.collect(), table.words))
    }

    /// The selects of formulas whose complements are earlier selects of formulas, with these.
    fn complements(&self) -> BTreeMap<NodeId, NodeId> {
        let formulas = self.graph.iter().filter(|(_, n)| matches!(n.op, Op::And(..) | Op::Or(..) | Op::Not(_)));
        let read: BTreeSet<NodeId> = formulas.flat_map(|(_, n)| n.op.operands()).collect();
        let mut found = BTreeMap::new();
        for &id in &read {
            let Some(key) = self.key(id, true) else { continue };
            if let Some(&other) = self.selects.get(&key).filter(|o| read.contains(o))
                && other < id
            {
                found.insert(id, other);
            }
        }
        found
    }

    /// A select by its keys, queries and formula.
    fn select(&self, id: NodeId) -> Option<(NodeId, NodeId, Merged)> {
        let Op::Select { keys, queries, predicate } = self.graph.op(id) else { return None };
        let merged = self.merged.get(&id).cloned().unwrap_or_else(|| Merged::of(predicate));
        Some((*keys, *queries, merged))
    }

    /// One select for a formula over selects with the same keys and queries.
    fn combined(&self, op: &Op) -> Option<(Op, Merged)> {
        let (first, keys, queries, merged) = match op {
            Op::Not(a) => {
                let (keys, queries, a) = self.select(*a)?;
                (None, keys, queries, a.not())
            }
            Op::And(x, y) | Op::Or(x, y) => {
                let ((keys, queries, a), (k, q, b)) = (self.select(*x)?, self.select(*y)?);
                if (keys, queries) != (k, q) {
                    return None;
                }
                let merged = a.with(&b, matches!(op, Op::And(..)))?;
                // A formula that is one of its parts is that part.
                let first = [(x, a), (y, b)].into_iter().find(|(_, m)| merged.is(m)).map(|(id, m)| (*id, m));
                (first, keys, queries, merged)
            }
            _ => return None,
        };
        let (predicate, merged) = match first {
            Some((id, merged)) => match self.graph.op(id) {
                Op::Select { predicate, .. } => (predicate.clone(), merged),
                op => unreachable!("{op:?} is a select"),
            },
            None => (merged.clone().into_predicate(), merged),
        };
        Some((Op::Select { keys, queries, predicate }, merged))
    }
}

/// A formula over predicates on one pair.
#[derive(Clone, Debug)]
struct Merged {
    /// Each once.
    predicates: Arc<[Predicate]>,
    table: Table,
    name: Arc<str>,
}

impl Merged {
    fn of(predicate: &Predicate) -> Self {
        Self {
            predicates: Arc::from([predicate.clone()]),
            table: Table::variable(1, 0),
            name: name_of(predicate).into(),
        }
    }

    fn not(&self) -> Self {
        let name = named(format!("not {}", self.name), &self.predicates);
        Self { predicates: self.predicates.clone(), table: self.table.not(), name }
    }

    /// Both, or either; nothing where that is made of too many predicates.
    fn with(&self, other: &Self, both: bool) -> Option<Self> {
        let mut all: Vec<Predicate> = self.predicates.to_vec();
        let mut to = Vec::new();
        for predicate in &*other.predicates {
            let place = all.iter().position(|p| alike(p, predicate)).unwrap_or_else(|| {
                all.push(predicate.clone());
                all.len() - 1
            });
            to.push(place);
        }
        if all.len() > PREDICATES {
            return None;
        }
        let own: Vec<usize> = (0..self.predicates.len()).collect();
        let (a, b) = (self.table.moved(&own, all.len()), other.table.moved(&to, all.len()));
        let table = if both { a.and(&b) } else { a.or(&b) };
        let name = format!("({} {} {})", self.name, if both { "and" } else { "or" }, other.name);
        let name = named(name, &all);
        Some(Self { predicates: all.into(), table, name })
    }

    /// Whether it is the same formula of the same predicates (so that it raises where the other does).
    fn is(&self, other: &Self) -> bool {
        self.table == other.table
            && self.predicates.iter().zip(&*other.predicates).all(|(a, b)| alike(a, b))
            && self.predicates.len() == other.predicates.len()
    }

    fn into_predicate(self) -> Predicate {
        Predicate::Function(Function { arity: 2, body: Body::Host(Arc::new(self)) })
    }
}

fn alike(a: &Predicate, b: &Predicate) -> bool {
    match (a, b) {
        (Predicate::Compare(a), Predicate::Compare(b)) => a == b,
        (Predicate::Function(a), Predicate::Function(b)) => function_key(a) == function_key(b),
        _ => false,
    }
}

fn named(name: String, predicates: &[Predicate]) -> Arc<str> {
    if name.len() <= NAME {
        return name.into();
    }
    let all: Vec<String> = predicates.iter().map(name_of).collect();
    format!("a formula of {}", all.join(", ")).into()
}

fn name_of(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Compare(c) => c.symbol().to_owned(),
        Predicate::Function(function) => match &function.body {
            Body::Host(h) => h.name(),
            _ => "predicate".to_owned(),
        },
    }
}

impl HostFunction for Merged {
    /// All predicates are evaluated, as the interpreter does: one that raises raises either way.
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let mut bits = 0;
        for (i, predicate) in self.predicates.iter().enumerate() {
            bits |= usize::from(predicate.apply(&args[0], &args[1])?) << i;
        }
        Ok(Value::Bool(self.table.at(bits)))
    }

    fn name(&self) -> String {
        self.name.to_string()
    }
}
