//! Functions that raise: whether some input reaches the arguments.
//!
//! The sets are supersets, so an argument tuple on which a function raises may be one that no input reaches. It is refused
//! only where the interpreter raises at that very node on some input; else the compilation rests on an assumption.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Op, Predicate};
use raspc_lang::interpret::{Column, Trace, interpret};
use raspc_lang::value::Value;

use super::abs::Kinds;
use super::abs_eval;
use super::canon::Class;
use super::codes;
use super::engine::{Engine, Suspect};
use super::intern::Id;
use super::{Assumption, show};

/// All inputs of a length are tried when there are at most so many.
const FEW_INPUTS: usize = 500;

/// How many pseudo-random inputs are tried.
const SAMPLES: usize = 50;

/// Cells of patterns and columns that the interpreter may compute for witnesses.
const WORK: usize = 1 << 22;

/// What is said about a program's functions.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) assumptions: Vec<Assumption>,
}

impl Engine {
    /// Records a select whose predicate can raise.
    pub(super) fn check_predicate(&mut self, class: Class) {
        let Op::Select { keys, queries, predicate } = self.op(class).clone() else { unreachable!("a select") };
        let may = match &predicate {
            Predicate::Compare(c) => {
                use raspc_lang::graph::Comparison::{Eq, Ne};
                let (k, q) = (self.kinds(keys), self.kinds(queries));
                let only = |kinds: Kinds| !k.or(q).meets(Kinds::ANY.without(kinds));
                !matches!(c, Eq | Ne) && !only(Kinds::NUMBER) && !only(Kinds::STR)
            }
            Predicate::Function(f) => {
                let described = [self.abs[keys.index()].clone(), self.abs[queries.index()].clone()];
                abs_eval::plain(&mut self.table, f, &described).raises
            }
        };
        if !may {
            return;
        }
        let found = match (self.known(keys), self.known(queries)) {
            (Some(k), Some(q)) if k.len() as u64 * q.len() as u64 <= (self.budget / 2).min(1 << 20) => {
                self.budget -= k.len() as u64 * q.len() as u64;
                match self.raising_pair(&predicate, class, &k, &q) {
                    None => return,
                    found => found,
                }
            }
            _ => None,
        };
        self.suspects.push(Suspect { class, found, length: None });
    }

    fn kinds(&self, class: Class) -> Kinds {
        self.abs[class.index()].range(&self.table).kinds
    }

    /// The first pair on which a predicate raises.
    fn raising_pair(
        &mut self,
        predicate: &Predicate,
        class: Class,
        keys: &[Id],
        queries: &[Id],
    ) -> Option<(Vec<Id>, raspc_lang::error::EvalError)> {
        for &query in queries {
            for &key in keys {
                let result = match predicate {
                    Predicate::Compare(c) => c.apply(self.table.value(key), self.table.value(query)).map(|_| ()),
                    Predicate::Function(_) => {
                        let number = self.dag.function[class.index()].expect("a predicate function");
                        self.call(number, &[key, query]).map(|_| ())
                    }
                };
                if let Err(error) = result {
                    return Some((vec![key, query], error));
                }
            }
        }
        None
    }

    /// What is to be said of functions that raise, tell equal values apart, or average what has no mean.
    pub(super) fn findings(&mut self, graph: &Graph) -> Findings {
        let mut findings = Findings::default();
        let suspects = std::mem::take(&mut self.suspects);
        let witnesses = self.witnesses(&suspects);
        for (suspect, witness) in suspects.iter().zip(witnesses) {
            match witness {
                Some((input, message)) => findings.errors.push(self.refusal(graph, suspect, &input, &message)),
                None => self.assume_no_raise(graph, suspect, &mut findings),
            }
        }
        for class in std::mem::take(&mut self.mixed_means) {
            self.assume_one_key(graph, class, &mut findings);
        }
        for (class, tuple) in std::mem::take(&mut self.tellers) {
            findings.warnings.push(self.tells_apart(graph, class, &tuple));
        }
        findings.assumptions.sort_by_key(|a| a.node);
        findings
    }

    /// For each suspect an input on which it raises, with what it says.
    fn witnesses(&self, suspects: &[Suspect]) -> Vec<Option<(Vec<Value>, String)>> {
        let mut found = vec![None; suspects.len()];
        if suspects.is_empty() || self.vocab.is_empty() || self.max_len == 0 {
            return found;
        }
        let mut work = WORK;
        for input in self.inputs(suspects) {
            let cost =
                self.dag.graph.iter().map(|(_, n)| {
                    if matches!(n.op, Op::Select { .. }) { input.len() * input.len() } else { input.len() }
                });
            let cost: usize = cost.sum();
            if found.iter().all(Option::is_some) || cost > work {
                continue;
            }
            work -= cost;
            let trace = interpret(&self.dag.graph, &input);
            for (suspect, found) in suspects.iter().zip(&mut found) {
                if found.is_none()
                    && let Some(message) = self.raises_itself(&trace, suspect.class)
                {
                    *found = Some((input.clone(), message));
                }
            }
        }
        found
    }

    /// What a node says when it raises and its operands do not.
    fn raises_itself(&self, trace: &Trace, class: Class) -> Option<String> {
        let raised = |c: Class| matches!(trace.column(c), Column::Raised(_));
        match trace.column(class) {
            Column::Raised(error) if !self.op(class).operands().into_iter().any(raised) => {
                Some(error.message().to_owned())
            }
            _ => None,
        }
    }

    /// Inputs to try: those of length 1 and 2, one token repeated, and pseudo-random ones.
    fn inputs(&self, suspects: &[Suspect]) -> Vec<Vec<Value>> {
        let token = |i: usize| self.table.value(self.vocab[i]).clone();
        let (v, n) = (self.vocab.len(), self.max_len);
        let mut inputs: Vec<Vec<Value>> = (0..v.min(FEW_INPUTS)).map(|i| vec![token(i)]).collect();
        if n >= 2 && v * v <= FEW_INPUTS {
            inputs.extend((0..v * v).map(|i| vec![token(i / v), token(i % v)]));
        }
        let lengths = suspects.iter().filter_map(|s| s.length).chain([n]);
        for length in lengths {
            inputs.extend([0, v - 1].map(|t| vec![token(t); length]));
        }
        // A multiplicative generator: what matters is only that the inputs are the same in every run.
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        for sample in 0..SAMPLES {
            let longest = if sample % 5 == 0 { n } else { n.min(12) };
            let length = 1 + next(longest);
            inputs.push((0..length).map(|_| token(next(v))).collect());
        }
        inputs
    }

    /// The arguments of a suspect, for messages.
    fn arguments(&self, suspect: &Suspect) -> String {
        match &suspect.found {
            Some((tuple, _)) => {
                let values: Vec<String> = tuple.iter().map(|&id| show(self.table.value(id))).collect();
                match self.op(suspect.class) {
                    Op::Select { .. } => format!("key {} and query {}", values[0], values[1]),
                    _ => format!("({})", values.join(", ")),
                }
            }
            None => "arguments that are too many to enumerate".to_owned(),
        }
    }

    fn refusal(&self, graph: &Graph, suspect: &Suspect, input: &[Value], message: &str) -> Diagnostic {
        let node = self.dag.node_of[suspect.class.index()];
        let name = graph.describe(node);
        let shown: Vec<String> = input.iter().take(16).map(show).collect();
        let more = if input.len() > 16 { format!(" … ({} tokens)", input.len()) } else { String::new() };
        Diagnostic::error(codes::RAISES, format!("`{name}` has no value on some inputs: {message}"))
            .at(graph.node(node).span)
            .note(None, format!("it raises on {}", self.arguments(suspect)))
            .note(None, format!("for instance on the input [{}{more}]", shown.join(", ")))
            .hint("give it a value there, or keep these arguments away from it")
            .node(name)
    }

    fn assume_no_raise(&self, graph: &Graph, suspect: &Suspect, findings: &mut Findings) {
        let node = self.dag.node_of[suspect.class.index()];
        let name = graph.describe(node);
        let arguments = self.arguments(suspect);
        let why = suspect.found.as_ref().map_or(String::new(), |(_, e)| format!(": {e}"));
        let text = format!("`{name}` is never called with {arguments}, on which it would raise");
        let text = if suspect.found.is_some() { text } else { format!("`{name}` never raises") };
        findings.warnings.push(
            Diagnostic::warning(codes::MAY_RAISE, format!("`{name}` may raise on {arguments}{why}"))
                .at(graph.node(node).span)
                .hint("no input was found that does this; the model is right wherever the program has a value")
                .node(name),
        );
        findings.assumptions.push(Assumption { node, text });
    }

    fn assume_one_key(&self, graph: &Graph, class: Class, findings: &mut Findings) {
        let node = self.dag.node_of[class.index()];
        let name = graph.describe(node);
        findings.warnings.push(
            Diagnostic::warning(
                codes::MAY_AVERAGE,
                format!("`{name}` moves values that have no mean, and may select several keys"),
            )
            .at(graph.node(node).span)
            .hint("the program has no value where it does; select at most one key, or aggregate numbers")
            .node(name.clone()),
        );
        let text = format!("where `{name}` moves values that have no mean, at most one key is selected");
        findings.assumptions.push(Assumption { node, text });
    }

    fn tells_apart(&self, graph: &Graph, class: Class, tuple: &[Id]) -> Diagnostic {
        let node = self.dag.node_of[class.index()];
        let name = graph.describe(node);
        let values: Vec<String> = tuple.iter().map(|&id| show(self.table.value(id))).collect();
        Diagnostic::warning(
            codes::TELLS_EQUAL_APART,
            format!("`{name}` gives different results for equal arguments, for instance ({})", values.join(", ")),
        )
        .at(graph.node(node).span)
        .hint("values are compared by equality (1 is 1.0 is true); convert the argument to one type first")
        .node(name)
    }
}
