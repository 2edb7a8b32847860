//! Running both sides on an input and comparing them.

use raspc::convert;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::error::EvalError;
use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::interpret::{self, Column, interpret};
use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::{Keep, Run};
use raspc_model::model::{Model, Readout};
use raspc_model::token::Token;

use crate::fault::Fault;
use crate::heads::Head;
use crate::inputs::Input;
use crate::json::Sizes;
use crate::subject::Subject;
use crate::{agree, codes};

/// More bytes than this are not spent on what `--trace` keeps.
const MOST_KEPT: usize = 4 << 30;

/// A model with what is known of its heads.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The model.
    pub(crate) model: Model,
    /// Heads that write something.
    pub(crate) heads: Vec<Head>,
    /// How big it is.
    pub(crate) sizes: Sizes,
    /// Which read-out is shown.
    output: usize,
}

/// What both sides give on an input.
#[derive(Debug)]
pub(crate) struct Observation {
    /// The input.
    pub(crate) input: Vec<Value>,
    /// The output; nothing where a selector was asked for.
    pub(crate) output: Option<Sop>,
    /// The selector that was asked for, and the heads that realise it.
    pub(crate) selector: Option<Selector>,
    /// Named s-ops, selectors and all heads, where a trace was asked for.
    pub(crate) trace: Option<Traced>,
}

/// An s-op on both sides.
#[derive(Debug)]
pub(crate) struct Sop {
    /// Its name.
    pub(crate) name: String,
    /// The interpreter's values.
    pub(crate) expected: Result<Vec<Value>, EvalError>,
    /// Where an error arose.
    raised_at: Option<NodeId>,
    /// The transformer's values; nothing where the residual stream does not hold it.
    pub(crate) got: Option<Vec<Value>>,
    /// Whether they agree, by position; nothing where one side has no values.
    pub(crate) marks: Option<Vec<bool>>,
}

/// A selector and the heads that realise it.
#[derive(Debug)]
pub(crate) struct Selector {
    /// Its name.
    pub(crate) name: String,
    /// The interpreter's matrix.
    pub(crate) pattern: Result<Vec<Vec<bool>>, EvalError>,
    /// The heads.
    pub(crate) heads: Vec<Attention>,
    /// Whether each of these heads attends to exactly the selected keys (and BOS); nothing where none has to.
    pub(crate) agree: Option<bool>,
    raised_at: Option<NodeId>,
}

/// A head's attention pattern.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    /// The head.
    pub(crate) head: Head,
    /// `[n + 1][n + 1]`, BOS first.
    pub(crate) pattern: Vec<Vec<f32>>,
}

/// Everything a trace shows.
#[derive(Debug)]
pub(crate) struct Traced {
    /// Every s-op that can be read.
    pub(crate) sops: Vec<Sop>,
    /// Every named selector.
    pub(crate) selectors: Vec<Selector>,
    /// Every head.
    pub(crate) heads: Vec<Attention>,
}

impl Machine {
    /// A machine that shows the subject's output.
    pub(crate) fn new(model: Model, heads: Vec<Head>, subject: &Subject) -> Result<Self, Fault> {
        let found = model.readouts.iter().position(|r| r.node == subject.output.0);
        let output = match found {
            Some(output) => output,
            // The model of a folder holds what it was compiled to hold; a selector needs no read-out.
            None if subject.selector.is_some() => model.output,
            None => {
                let held: Vec<&str> = model.readouts.iter().map(|r| r.name.as_str()).collect();
                let message = format!("the model does not hold `{}`", subject.graph.describe(subject.output));
                let hint = format!("it holds {}", held.join(", "));
                return Err(subject.fault(vec![Diagnostic::error(codes::SOP, message).hint(hint)]));
            }
        };
        Ok(Self { sizes: Sizes::of(&model), model, heads, output })
    }

    /// The read-out of the output.
    fn readout(&self) -> &Readout {
        &self.model.readouts[self.output]
    }
}

/// Runs both sides.
pub(crate) fn observe(machine: &Machine, subject: &Subject, input: &Input, trace: bool) -> Result<Observation, Fault> {
    let model = &machine.model;
    let seen = interpret(&subject.graph, &input.tokens);
    let patterns = trace || subject.selector.is_some();
    let residuals = trace || machine.readout().after != 2 * model.layers.len();
    let keep = Keep { residuals, patterns, mlp: false };
    let needed = model.estimate_bytes(input.tokens.len(), keep);
    if (trace || patterns) && needed > MOST_KEPT {
        return Err(Fault::usage(
            format!("a trace of {} tokens would take {} MiB", input.tokens.len(), needed >> 20),
            "trace a shorter input",
        ));
    }
    let tokens: Vec<Token> = input.tokens.iter().map(convert::token).collect();
    let run = model.ids(&tokens).and_then(|ids| model.run(&ids, keep)).map_err(|e| failed(subject, &e))?;
    let side = Sides { machine, subject, seen: &seen, run: &run };
    let selector = subject.selector.map(|s| side.selector(s));
    let output = if selector.is_some() { None } else { Some(side.sop(machine.readout())) };
    let trace = trace.then(|| side.traced());
    Ok(Observation { input: input.tokens.clone(), output, selector, trace })
}

/// The transformer itself could not be run: only a model that did not come from the compiler does that.
fn failed(subject: &Subject, error: &InputError) -> Fault {
    let message = format!("the transformer cannot run on this input: {error}");
    subject.fault(vec![Diagnostic::error(codes::MODEL, message)])
}

/// Both sides on one input.
struct Sides<'a> {
    machine: &'a Machine,
    subject: &'a Subject,
    seen: &'a interpret::Trace,
    run: &'a Run,
}

impl Sides<'_> {
    fn graph(&self) -> &Graph {
        &self.subject.graph
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
    pub(crate) fn agree(&self) -> Option<bool> {
        self.marks.as_ref().map(|marks| marks.iter().all(|&m| m))
    }
}

impl Observation {
    /// The evaluation error of what was asked for.
    pub(crate) fn raised(&self) -> Option<&EvalError> {
        match (&self.output, &self.selector) {
            (_, Some(selector)) => selector.pattern.as_ref().err(),
            (Some(sop), None) => sop.expected.as_ref().err(),
            (None, None) => None,
        }
    }

    /// Whether both sides agree; nothing where there is nothing to compare.
    pub(crate) fn agree(&self) -> Option<bool> {
        match (&self.output, &self.selector) {
            (_, Some(selector)) => selector.agree,
            (Some(sop), None) => sop.agree(),
            (None, None) => None,
        }
    }

    /// What is wrong with this input or with the transformer, if anything is.
    pub(crate) fn diagnostic(&self, subject: &Subject) -> Option<Diagnostic> {
        if let Some(error) = self.raised() {
            let sop = self.output.as_ref().and_then(|s| s.raised_at);
            let at = self.selector.as_ref().and_then(|s| s.raised_at).or(sop);
            let message = format!("on this input the program has no defined output: {error}");
            let diagnostic =
                Diagnostic::error(codes::RAISED, message).at(at.and_then(|id| subject.graph.node(id).span)).hint(
                    "what the transformer computes there means nothing: keep such inputs away, or change the program",
                );
            return Some(match at {
                Some(id) => diagnostic.node(subject.graph.describe(id)),
                None => diagnostic,
            });
        }
        let untrue = |sop: &&Sop| sop.agree() == Some(false);
        let traced = self.trace.as_ref().and_then(|t| t.sops.iter().find(untrue));
        if self.agree() != Some(false) && traced.is_none() {
            return None;
        }
        let mut message = "the transformer disagrees with the interpreter".to_owned();
        if let Some(sop) = self.output.as_ref().filter(untrue).or(traced) {
            let position = sop.marks.as_ref().and_then(|m| m.iter().position(|m| !m)).unwrap_or(0);
            message += &format!(": `{}` at position {position}", sop.name);
        }
        Some(Diagnostic::error(codes::DISAGREES, message).hint("`raspc verify` finds the first node that is wrong"))
    }
}
