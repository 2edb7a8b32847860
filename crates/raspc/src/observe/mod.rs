//! Observe: interpreter and transformer run on one input, side by side.
//!
//! What `raspc run` shows, and every other face of raspc: each takes an [`Observation`] and tells it in its own way;
//! [`record::line`] is the form for scripts.

pub mod agree;
pub mod heads;
pub mod record;

use raspc_lang::error::EvalError;
use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::interpret::{self, Column, interpret};
use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::{Keep, Run};
use raspc_model::model::{Model, Readout};
use raspc_model::token::Token;

use crate::convert;
use crate::json::Sizes;

use self::heads::Head;

/// More bytes than this are not spent on what a trace keeps: 4 GiB, or a quarter of what a 32-bit machine can address.
const MOST_KEPT: usize = if usize::BITS > 32 { 1 << (usize::BITS / 2) } else { 1 << 30 };

/// The program that is watched.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Its graph.
    pub graph: &'a Graph,
    /// The s-op that is its output.
    pub output: NodeId,
    /// The selector that was asked for instead, if any.
    pub selector: Option<NodeId>,
}

/// Why an input could not be observed.
#[derive(Clone, Debug, PartialEq)]
pub enum Unobserved {
    /// What was asked for would take this many bytes.
    TooMuch(usize),
    /// The transformer cannot run on it.
    Input(InputError),
}

/// A model with what is known of its heads.
#[derive(Debug)]
pub struct Machine {
    /// The model.
    pub model: Model,
    /// Heads that write something.
    pub heads: Vec<Head>,
    /// How big it is.
    pub sizes: Sizes,
    /// Which read-out is shown.
    output: usize,
}

/// What both sides give on an input.
#[derive(Debug)]
pub struct Observation {
    /// The input.
    pub input: Vec<Value>,
    /// The output; nothing where a selector was asked for.
    pub output: Option<Sop>,
    /// The selector that was asked for, and the heads that realise it.
    pub selector: Option<Selector>,
    /// Named s-ops, selectors and all heads, where a trace was asked for.
    pub trace: Option<Traced>,
}

/// An s-op on both sides.
#[derive(Debug)]
pub struct Sop {
    /// Its name.
    pub name: String,
    /// The interpreter's values.
    pub expected: Result<Vec<Value>, EvalError>,
    /// Where an error arose.
    raised_at: Option<NodeId>,
    /// The transformer's values; nothing where the residual stream does not hold it.
    pub got: Option<Vec<Value>>,
    /// Whether they agree, by position; nothing where one side has no values.
    pub marks: Option<Vec<bool>>,
}

impl Sop {
    /// By position, whether both agree only within a bound too wide to be taken for equal at sight; nothing where there are no marks.
    pub fn roughly(&self) -> Option<Vec<bool>> {
        let (marks, got, expected) = (self.marks.as_ref()?, self.got.as_ref()?, self.expected.as_ref().ok()?);
        let each = marks.iter().zip(expected.iter().zip(got));
        Some(each.map(|(&agrees, (e, g))| agrees && agree::plainly_differ(e, g)).collect())
    }
}

/// A selector and the heads that realise it.
#[derive(Debug)]
pub struct Selector {
    /// Its name.
    pub name: String,
    /// The interpreter's matrix.
    pub pattern: Result<Vec<Vec<bool>>, EvalError>,
    /// The heads.
    pub heads: Vec<Attention>,
    /// Whether each of these heads attends to exactly the selected keys (and BOS); nothing where none has to.
    pub agree: Option<bool>,
    raised_at: Option<NodeId>,
}

/// A head's attention pattern.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The head.
    pub head: Head,
    /// `[n + 1][n + 1]`, BOS first.
    pub pattern: Vec<Vec<f32>>,
}

/// Everything a trace shows.
#[derive(Debug)]
pub struct Traced {
    /// Every s-op that can be read.
    pub sops: Vec<Sop>,
    /// Every named selector.
    pub selectors: Vec<Selector>,
    /// Every head.
    pub heads: Vec<Attention>,
}

impl Machine {
    /// A machine that shows the program's output; nothing where the model does not hold it (a folder's model holds what
    /// it was compiled to hold; a selector needs no read-out).
    pub fn new(model: Model, heads: Vec<Head>, view: View<'_>) -> Option<Self> {
        let found = model.readouts.iter().position(|r| r.node == view.output.0);
        let output = found.or(view.selector.map(|_| model.output))?;
        Some(Self { sizes: Sizes::of(&model), model, heads, output })
    }

    /// The read-out of the output.
    fn readout(&self) -> &Readout {
        &self.model.readouts[self.output]
    }
}

/// Runs both sides on an input, and keeps every named s-op, selector and head where a trace is asked for.
///
/// # Errors
/// An input that the model does not take, or a trace that would take too much memory.
pub fn observe(machine: &Machine, view: View<'_>, input: &[Value], trace: bool) -> Result<Observation, Unobserved> {
    let model = &machine.model;
    let seen = interpret(view.graph, input);
    let patterns = trace || view.selector.is_some();
    let residuals = trace || machine.readout().after != 2 * model.layers.len();
    let keep = Keep { residuals, patterns, mlp: false };
    let needed = model.estimate_bytes(input.len(), keep);
    if (trace || patterns) && needed > MOST_KEPT {
        return Err(Unobserved::TooMuch(needed));
    }
    let tokens: Vec<Token> = input.iter().map(convert::token).collect();
    let run = model.ids(&tokens).and_then(|ids| model.run(&ids, keep)).map_err(Unobserved::Input)?;
    let side = Sides { machine, view, seen: &seen, run: &run };
    let selector = view.selector.map(|s| side.selector(s));
    let output = if selector.is_some() { None } else { Some(side.sop(machine.readout())) };
    let trace = trace.then(|| side.traced());
    Ok(Observation { input: input.to_vec(), output, selector, trace })
}

/// Both sides on one input.
struct Sides<'a> {
    machine: &'a Machine,
    view: View<'a>,
    seen: &'a interpret::Trace,
    run: &'a Run,
}

impl Sides<'_> {
    fn graph(&self) -> &Graph {
        self.view.graph
    }

    fn sop(&self, readout: &Readout) -> Sop {
        let node = NodeId(readout.node);
        let expected = self.seen.values(node).map(<[Value]>::to_vec);
        let tokens = self.machine.model.decode_node(readout, self.run);
        let marks = match (&expected, &tokens) {
            (Ok(expected), Some(tokens)) => Some(agree::marks(&readout.decode, expected, tokens)),
            _ => None,
        };
        let got = tokens.map(|tokens| tokens.iter().map(convert::value).collect());
        Sop { name: readout.name.clone(), raised_at: self.raised_at(node), expected, got, marks }
    }

    fn selector(&self, id: NodeId) -> Selector {
        let n = self.run.n - 1;
        let pattern = self
            .seen
            .pattern(id)
            .map(|p| (0..n).map(|q| (0..n).map(|k| p.get(q, k)).collect()).collect::<Vec<Vec<bool>>>());
        let heads: Vec<Attention> = self.heads().filter(|a| a.head.selector == Some(id)).collect();
        let whole = heads.iter().filter(|a| a.head.whole);
        let agree = match &pattern {
            Ok(pattern) => whole.map(|a| attends_to(pattern, &a.pattern)).reduce(|a, b| a && b),
            Err(_) => None,
        };
        let name = self.graph().describe(id);
        Selector { name, pattern, heads, agree, raised_at: self.raised_at(id) }
    }

    fn traced(&self) -> Traced {
        let sops = self.machine.model.readouts.iter().map(|r| self.sop(r)).collect();
        let heads: Vec<Attention> = self.heads().collect();
        let realised = |id: NodeId| self.machine.heads.iter().any(|h| h.selector == Some(id));
        let named = self.graph().iter().filter(|(_, n)| n.op.kind() == Kind::Selector && n.name().is_some());
        let selectors = named.map(|(id, _)| id).filter(|&id| realised(id)).map(|id| self.selector(id)).collect();
        Traced { sops, selectors, heads }
    }

    fn heads(&self) -> impl Iterator<Item = Attention> + '_ {
        self.machine.heads.iter().map(|head| {
            let weights = &self.run.patterns[head.layer][head.index];
            let pattern = (0..self.run.n).map(|q| weights.row(q).to_vec()).collect();
            Attention { head: head.clone(), pattern }
        })
    }

    fn raised_at(&self, id: NodeId) -> Option<NodeId> {
        match self.seen.column(id) {
            Column::Raised(_) => self.seen.origin(self.graph(), id),
            _ => None,
        }
    }
}

/// Whether, at every query, the weight lies on the selected keys and BOS only, and on each selected key the same.
fn attends_to(pattern: &[Vec<bool>], weights: &[Vec<f32>]) -> bool {
    pattern.iter().zip(&weights[1..]).all(|(selected, weights)| {
        let keys = &weights[1..];
        let on = selected.iter().zip(keys).find(|(s, _)| **s).map_or(0.0, |(_, w)| *w);
        let any = selected.iter().any(|s| *s);
        (!any || on > 0.0) && selected.iter().zip(keys).all(|(s, w)| *w == if *s { on } else { 0.0 })
    })
}

impl Sop {
    /// Whether both sides agree everywhere; nothing where one has no values.
    pub fn agree(&self) -> Option<bool> {
        self.marks.as_ref().map(|marks| marks.iter().all(|&m| m))
    }
}

impl Observation {
    /// The evaluation error of what was asked for.
    pub fn raised(&self) -> Option<&EvalError> {
        match (&self.output, &self.selector) {
            (_, Some(selector)) => selector.pattern.as_ref().err(),
            (Some(sop), None) => sop.expected.as_ref().err(),
            (None, None) => None,
        }
    }

    /// Whether both sides agree; nothing where there is nothing to compare.
    pub fn agree(&self) -> Option<bool> {
        match (&self.output, &self.selector) {
            (_, Some(selector)) => selector.agree,
            (Some(sop), None) => sop.agree(),
            (None, None) => None,
        }
    }

    /// The node in which the evaluation error arose.
    pub fn raised_at(&self) -> Option<NodeId> {
        let sop = self.output.as_ref().and_then(|s| s.raised_at);
        self.selector.as_ref().and_then(|s| s.raised_at).or(sop)
    }

    /// The first s-op on which both sides disagree, the output before the traced ones.
    pub fn disagreeing(&self) -> Option<&Sop> {
        let traced = self.trace.iter().flat_map(|t| &t.sops);
        self.output.iter().chain(traced).find(|sop| sop.agree() == Some(false))
    }
}
