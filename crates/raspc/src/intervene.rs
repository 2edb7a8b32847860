//! Intervene: what has to be overwritten in the residual stream so that a node holds other values, for all that read it.
//!
//! A node is *held by itself* where its readers see it through directions that carry nothing else, and none of them looks
//! past it at what it is made from. That is so for every s-op at `-O0`. At `-O1` some named nodes are views (sums of other
//! nodes' directions) or are looked past where a reader's table was fused over them: these can be read, but not overwritten alone, and
//! [`holding`] says so. What an intervention does downstream is then exactly what the interpreter says of the same patch
//! ([`check_interchange`]), as long as it leads to no combination of values that no input reaches.

use raspc_lang::error::EvalError;
use raspc_lang::graph::{Graph, Kind, NodeId, Op};
use raspc_lang::interpret::{Column, Trace, interpret, interpret_patched};
use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::{Keep, Run};
use raspc_model::hooks::{Hooks, Patch};

use crate::circuit::{Block, DirId, Form, ONE};
use crate::compile::Compilation;
use crate::encode::plan::{Number, OneHot, Plan, Scalar};
use crate::values::ValueSet;
use crate::verify::{Mismatch, compare_model};

/// How a node is overwritten.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// The nodes of the program's graph that this is: several, where equal operations became one.
    pub nodes: Vec<NodeId>,
    /// What the node can hold, where it is held as a one-hot.
    classes: Option<Vec<Value>>,
    parts: Vec<Part>,
}

/// One direction of a node.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    coordinate: u32,
    /// The half-layer that completes it.
    after: usize,
    carries: Carries,
}

/// What a direction carries: `(target − constant) / factor`.
#[derive(Clone, Debug, PartialEq)]
enum Carries {
    /// 1 where the node holds this value.
    Class { value: Value, factor: f64, constant: f64 },
    /// The number; where there is none, 0.
    Number { factor: f64, constant: f64 },
    /// Nothing, where another direction of the same sum carries the number.
    Rest,
    /// 1 where there is a number.
    Defined { factor: f64, constant: f64 },
    /// `constant + 1/(1+w)` of a width.
    Reciprocal { constant: f64 },
}

/// Why a node cannot be overwritten, or not with these values.
#[derive(Clone, Debug, PartialEq)]
pub enum Unheld {
    /// The output does not depend on it, or another form took its place.
    Unused,
    /// It has no directions of its own; it is read off those of another node.
    View,
    /// This reader looks past it.
    Bypassed {
        /// Its description.
        reader: String,
    },
    /// It is a selector or the input itself.
    NotAnSOp,
    /// It cannot hold this value.
    Value {
        /// The value.
        value: Value,
        /// What it can hold, where that is listed.
        known: Vec<Value>,
    },
}

/// How a node of the program's graph is overwritten.
///
/// # Errors
/// Why it cannot be.
pub fn holding(c: &Compilation, node: NodeId) -> Result<Holding, Unheld> {
    if c.graph.op(node).kind() != Kind::SOp {
        return Err(Unheld::NotAnSOp);
    }
    let id = c.encoded.of[node.index()].ok_or(Unheld::Unused)?;
    let nodes: Vec<NodeId> = c.graph.iter().map(|(n, _)| n).filter(|n| c.encoded.of[n.index()] == Some(id)).collect();
    if let Op::Const(value) = c.encoded.graph.op(id) {
        return Ok(Holding { nodes, classes: Some(vec![value.clone()]), parts: Vec::new() });
    }
    if let Some(reader) = bypass(c, id) {
        return Err(Unheld::Bypassed { reader: c.encoded.graph.describe(reader) });
    }
    let own = own_directions(c, id);
    let (onehot, number) = (&c.lowered.onehots[id.index()], &c.lowered.numbers[id.index()]);
    // Every form by which it is read lies in its own directions.
    let classes = onehot.iter().flat_map(|o| o.classes.iter().map(|k| &k.1));
    let numbers = number.iter().flat_map(|n| std::iter::once(&n.value).chain(&n.defined));
    let inside = |f: &Form| f.dirs().all(|d| d == ONE || own.contains(&d));
    if own.is_empty() || !classes.chain(numbers).all(inside) {
        return Err(Unheld::View);
    }
    let parts = own.iter().map(|&d| part(c, id, d)).collect::<Option<Vec<Part>>>().ok_or(Unheld::View)?;
    let classes = onehot.as_ref().map(|o| {
        let none = o.none.as_ref().map(|_| Value::None);
        none.into_iter().chain(o.classes.iter().map(|k| k.0.clone())).collect()
    });
    Ok(Holding { nodes, classes, parts })
}

impl Holding {
    /// Overwrites the node at a position (counted without BOS).
    ///
    /// # Errors
    /// A value that it cannot hold.
    pub fn patch(&self, position: usize, value: &Value) -> Result<Vec<Patch>, Unheld> {
        let refused = || Unheld::Value { value: value.clone(), known: self.classes.clone().unwrap_or_default() };
        if let Some(classes) = &self.classes
            && !classes.contains(value)
        {
            return Err(refused());
        }
        let number = value.as_f64();
        if self.classes.is_none() && number.is_none() && !(value.is_none() && self.can_be_none()) {
            return Err(refused());
        }
        let all = self.parts.iter().map(|part| {
            let solve = |target: f64, factor: f64, constant: f64| (target - constant) / factor;
            let to = match &part.carries {
                Carries::Class { value: class, factor, constant } => {
                    solve(f64::from(u8::from(class == value)), *factor, *constant)
                }
                Carries::Number { factor, constant } => solve(number.unwrap_or(0.0), *factor, *constant),
                Carries::Rest => 0.0,
                Carries::Defined { factor, constant } => {
                    solve(f64::from(u8::from(!value.is_none())), *factor, *constant)
                }
                Carries::Reciprocal { constant } => constant + 1.0 / (1.0 + number.unwrap_or(0.0)),
            };
            Patch { after: part.after, position: position + 1, direction: part.coordinate, value: to as f32 }
        });
        let all: Vec<Patch> = all.collect();
        if all.iter().all(|p| p.value.is_finite()) { Ok(all) } else { Err(refused()) }
    }

    fn can_be_none(&self) -> bool {
        self.parts.iter().any(|p| matches!(p.carries, Carries::Defined { .. }))
    }
}

/// The directions of a node that others read, and those of the forms by which they do.
fn own_directions(c: &Compilation, id: NodeId) -> Vec<DirId> {
    let circuit = &c.lowered.circuit;
    let of_node = |d: &DirId| circuit.direction(*d).origin == Some(id) && c.layout.coordinate[d.index()].is_some();
    let all: Vec<DirId> = (0..circuit.directions.len() as u32).map(DirId).filter(of_node).collect();
    let mut read: Vec<DirId> =
        circuit.blocks.iter().filter(|b| !b.origins().contains(&id)).flat_map(Block::reads).collect();
    read.extend(c.readings.iter().flat_map(crate::assemble::readout::Reading::dirs));
    read.extend(c.lowered.onehots[id.index()].iter().flat_map(|o| o.classes.iter().flat_map(|k| k.1.dirs())));
    read.extend(c.lowered.numbers[id.index()].iter().flat_map(|n| n.value.dirs()));
    all.into_iter().filter(|d| read.contains(d)).collect()
}

/// What a direction of a node carries, where that can be told from its value alone.
fn part(c: &Compilation, id: NodeId, d: DirId) -> Option<Part> {
    let circuit = &c.lowered.circuit;
    let direction = circuit.direction(d);
    let after = direction.writer.map_or(0, |b| c.schedule.half[b.index()] + 1);
    let carries = carries(c, id, d).or_else(|| {
        let writer = &circuit.blocks[direction.writer?.index()];
        writer.gadget().starts_with("1/(1+w)").then_some(Carries::Reciprocal { constant: direction.embedding.constant })
    })?;
    Some(Part { coordinate: c.layout.coordinate[d.index()]?, after, carries })
}

fn carries(c: &Compilation, id: NodeId, d: DirId) -> Option<Carries> {
    if let Some(onehot) = &c.lowered.onehots[id.index()] {
        let none = onehot.none.iter().map(|f| (Value::None, f));
        let mut classes = onehot.classes.iter().map(|(v, f)| (v.clone(), f)).chain(none);
        if let Some((value, (factor, constant))) = classes.find_map(|(v, f)| Some((v, alone(f, d)?))) {
            return Some(Carries::Class { value, factor, constant });
        }
    }
    let number = c.lowered.numbers[id.index()].as_ref()?;
    // Of a sum of several directions the first carries the number.
    let mut terms = number.value.terms().filter(|t| t.0 != ONE);
    if let Some((first, factor)) = terms.next()
        && number.value.dirs().any(|x| x == d)
    {
        let constant = number.value.terms().find(|t| t.0 == ONE).map_or(0.0, |t| t.1);
        return Some(if first == d { Carries::Number { factor, constant } } else { Carries::Rest });
    }
    let (factor, constant) = alone(number.defined.as_ref()?, d)?;
    Some(Carries::Defined { factor, constant })
}

/// The weight of a direction and the constant beside it, where a form reads nothing else.
fn alone(form: &Form, d: DirId) -> Option<(f64, f64)> {
    let weight = |of: DirId| form.terms().find(|t| t.0 == of).map(|t| t.1);
    let others = form.dirs().any(|x| x != d && x != ONE);
    weight(d).filter(|_| !others).map(|factor| (factor, weight(ONE).unwrap_or(0.0)))
}

/// A node that is computed from what `id` is made of, although the program says it reads `id`.
fn bypass(c: &Compilation, id: NodeId) -> Option<NodeId> {
    let graph = &c.encoded.graph;
    let later = (id.0 + 1..graph.len() as u32).map(NodeId);
    later.filter(|z| graph.op(*z).kind() == Kind::SOp).find(|&z| {
        let reads = reads(graph, c.encoded.plan(z), z);
        let mut seen = vec![false; graph.len()];
        let mut waiting = if reads.is_empty() { Vec::new() } else { graph.op(z).operands() };
        while let Some(at) = waiting.pop() {
            if std::mem::replace(&mut seen[at.index()], true) || reads.contains(&at) {
                continue;
            }
            if at == id {
                return true;
            }
            waiting.extend(graph.op(at).operands());
        }
        false
    })
}

/// The nodes whose directions a node is made from.
fn reads(graph: &Graph, plan: &Plan, id: NodeId) -> Vec<NodeId> {
    let mut all = Vec::new();
    let scalar = |s: &Scalar| match s {
        Scalar::Reciprocal(w) => vec![*w],
        Scalar::Sum(sum) => sum.terms.iter().map(|t| t.0).collect(),
    };
    let values = |id: NodeId| match graph.op(id) {
        Op::Aggregate { values, .. } => vec![*values],
        _ => Vec::new(),
    };
    match &plan.onehot {
        None | Some(OneHot::Constant | OneHot::Bit) => {}
        Some(OneHot::Embedded { source: n } | OneHot::View { base: n }) => all.push(*n),
        Some(OneHot::Steps(s)) => all.extend(scalar(s)),
        Some(OneHot::Table { dims }) => all.extend(dims),
        Some(OneHot::Copy) => all.extend(values(id)),
    }
    match &plan.number {
        None | Some(Number::Constant) => {}
        Some(Number::Embedded { source: n } | Number::View { base: n }) => all.push(*n),
        Some(Number::Affine { sum, .. } | Number::Chords(sum)) => all.extend(sum.terms.iter().map(|t| t.0)),
        Some(Number::Steps(s)) => all.extend(scalar(s)),
        Some(Number::Table { dims }) => all.extend(dims),
        Some(Number::Gated(gated)) => {
            all.extend(&gated.categories);
            all.extend(gated.groups.iter().flat_map(|g| g.terms.iter().map(|t| t.0)));
        }
        Some(Number::Counts(terms) | Number::Added(terms)) => all.extend(terms.iter().map(|t| t.0)),
        Some(Number::Mean | Number::Width) => all.extend(values(id)),
    }
    let terms = plan.additive.iter().flat_map(|a| a.terms.iter().map(|t| t.0));
    for select in plan.cubes.iter().flatten().map(|l| l.select).chain(terms) {
        if let Op::Select { keys, queries, .. } = graph.op(select) {
            all.extend([*keys, *queries]);
        }
    }
    all.retain(|&n| n != id);
    all
}

/// An interchange intervention: what both sides gave, and how they compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Interchanged {
    /// How they compare.
    pub outcome: Interchange,
    /// The interpreter's output, where it has one.
    pub expected: Option<Vec<Value>>,
    /// The transformer's run; nothing where the node has no value to be put there.
    pub run: Option<Run>,
}

/// How interpreter and transformer compare under an intervention.
#[derive(Clone, Debug, PartialEq)]
pub enum Interchange {
    /// Interpreter and transformer agree at every named node and position.
    Agrees,
    /// The program has no defined output with this patch: why.
    Raised(EvalError),
    /// The patch makes a node hold what no input makes it hold, so that nothing in the transformer stands for it.
    Unreachable {
        /// The node.
        node: NodeId,
        /// The value.
        value: Value,
    },
    /// The first disagreement.
    Differs(Mismatch),
}

/// Runs the interpreter and the transformer on `a` while `node` holds what it holds on `b`, and compares them. Inputs
/// are vocabulary ids of one length.
///
/// # Errors
/// Why the node cannot be overwritten so.
///
/// # Panics
/// When the inputs differ in length.
pub fn check_interchange(c: &Compilation, a: &[u32], b: &[u32], node: NodeId) -> Result<Interchanged, Unheld> {
    assert_eq!(a.len(), b.len(), "an interchange is between inputs of one length");
    let holding = holding(c, node)?;
    let tokens = |ids: &[u32]| ids.iter().map(|&i| c.options.vocab[i as usize].clone()).collect::<Vec<_>>();
    let values = match interpret(&c.graph, &tokens(b)).values(node) {
        Ok(values) => values.to_vec(),
        Err(e) => return Ok(Interchanged { outcome: Interchange::Raised(e), expected: None, run: None }),
    };
    let patched: Vec<_> = holding.nodes.iter().map(|&n| (n, values.clone())).collect();
    let input = tokens(a);
    let trace = interpret_patched(&c.graph, &input, &patched);
    let mut hooks = Hooks::default();
    for (position, value) in values.iter().enumerate() {
        hooks.patches.extend(holding.patch(position, value)?);
    }
    let run = match c.model.run_with(a, Keep::default(), &hooks) {
        Ok(run) => run,
        Err(InputError::Overflow { .. }) => return Err(Unheld::View),
        Err(e) => panic!("the places of a patch exist: {e}"),
    };
    let outcome = match (trace.column(c.output), compare_model(c, &trace, &run)) {
        (Column::Raised(e), _) => Interchange::Raised(e.clone()),
        (_, None) => Interchange::Agrees,
        (_, Some(mismatch)) => match unreachable(c, &trace) {
            Some((node, value)) => Interchange::Unreachable { node, value },
            None => Interchange::Differs(Mismatch { input, ..mismatch }),
        },
    };
    let expected = trace.values(c.output).ok().map(<[Value]>::to_vec);
    Ok(Interchanged { outcome, expected, run: Some(run) })
}

/// The first node that holds a value outside what it can hold on any input, or outside what the nodes that its table
/// is over can hold together.
fn unreachable(c: &Compilation, trace: &Trace) -> Option<(NodeId, Value)> {
    let holds = |id: NodeId| c.graph.iter().map(|(n, _)| n).find(|n| c.encoded.of[n.index()] == Some(id));
    for (id, _) in c.graph.iter().filter(|(_, n)| n.op.kind() == Kind::SOp) {
        let (Some(here), Ok(values)) = (c.encoded.of[id.index()], trace.values(id)) else { continue };
        if let ValueSet::Finite(known) = c.values.set(here)
            && let Some(value) = values.iter().find(|v| !known.contains(v))
        {
            return Some((id, value.clone()));
        }
        let plan = c.encoded.plan(here);
        // What a head copies is one value, wherever several keys are selected.
        if let (Some(OneHot::Copy), Op::Aggregate { selector, values: moved, .. }) = (&plan.onehot, c.graph.op(id))
            && let (Ok(pattern), Ok(moved)) = (trace.pattern(*selector), trace.values(*moved))
        {
            let one = |q: usize| {
                let mut selected = pattern.selected(q).map(|k| &moved[k]);
                selected.next().is_none_or(|first| selected.all(|v| v == first))
            };
            if let Some(q) = (0..values.len()).find(|&q| !one(q)) {
                return Some((id, values[q].clone()));
            }
        }
        let ((Some(OneHot::Table { dims }), _) | (_, Some(Number::Table { dims }))) = (&plan.onehot, &plan.number)
        else {
            continue;
        };
        let columns: Option<Vec<&[Value]>> = dims.iter().map(|&d| trace.values(holds(d)?).ok()).collect();
        let (Some(columns), Ok(known)) = (columns, c.values.joint(dims, c.options.limits.enumerate)) else { continue };
        let tuple = |p: usize| columns.iter().map(|column| column[p].clone()).collect::<Vec<_>>();
        if let Some(p) = (0..values.len()).find(|&p| !known.iter().any(|k| **k == tuple(p)[..])) {
            return Some((id, values[p].clone()));
        }
    }
    None
}
