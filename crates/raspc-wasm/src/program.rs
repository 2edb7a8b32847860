//! The program of a request, its inputs, and what it is compiled for: as asked, else as the program says, else as the inputs
//! have it, which is the command line's order.

use raspc::codes;
use raspc::observe::View;
use raspc::options::{OptLevel, Options};
use raspc::show;
use raspc_lang::diagnostic::{Diagnostic, Span};
use raspc_lang::graph::{Graph, Kind, Mask, NodeId, Op};
use raspc_lang::input::{InputMode, parse_input, parse_vocab};
use raspc_lang::program::{Failure, Program, evaluate_text, parse_program};
use raspc_lang::programs::standard_program;
use raspc_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::faults::Fault;
use crate::request::{Mode, Request, What};

/// Stored weights of a browser's model: a quarter of what the module may have, since exports and pages come on top.
const MOST_BYTES: u64 = 256 << 20;

/// A program that was read.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The program; its graph may have one node more than its text, the width of a selector that nothing reads.
    pub(crate) program: Program,
    /// What messages call it.
    pub(crate) name: String,
    /// The s-op that is compiled.
    pub(crate) output: NodeId,
    /// The selector that was asked for, if it was one.
    pub(crate) selector: Option<NodeId>,
}

/// Reads the program.
pub(crate) fn resolve(what: &What) -> Result<Subject, Fault> {
    let mask = if what.causal { Mask::Causal } else { Mask::Full };
    let (name, text) = match (&what.source, &what.name) {
        (Some(text), name) => (name.as_deref().unwrap_or("program.rasp"), text.as_str()),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let Some(standard) = standard_program(name) else {
                let message = format!("there is no standard program `{name}`");
                return Err(Fault::one(codes::TEXT, message, "give the program's text"));
            };
            (standard.name, standard.source)
        }
    };
    let loader = &mut |_: &str| Err("a browser has no files; standard programs can be loaded".to_owned());
    let read = if what.snippet { evaluate_text(text, mask, loader) } else { parse_program(name, text, mask, loader) };
    let program = read.map_err(|Failure { sources, diagnostics }| Fault { sources, diagnostics })?;
    let Some(output) = program.output else {
        let message = "the program defines no s-op and no selector: there is nothing to compile";
        let hint = "end it in an s-op, as in `x = selector_width(select(tokens, tokens, ==));`";
        return Err(Fault::one(codes::SOP, message, hint));
    };
    let mut subject = Subject { program, name: name.to_owned(), output, selector: None };
    let chosen = match &what.sop {
        Some(name) => subject.named(name)?,
        None => output,
    };
    subject.take(chosen);
    Ok(subject)
}

impl Subject {
    /// The node of this name: the program's own first, then those inside its functions.
    fn named(&self, name: &str) -> Result<NodeId, Fault> {
        let Program { bindings, graph, .. } = &self.program;
        let inner = || graph.iter().find(|(_, node)| node.names.iter().any(|n| **n == *name)).map(|(id, _)| id);
        bindings.get(name).copied().or_else(inner).ok_or_else(|| {
            let known: Vec<&str> = bindings.keys().map(String::as_str).collect();
            let hint = if known.is_empty() {
                "the program names none: assign the expression to a name".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            Fault::one(codes::SOP, format!("the program has no s-op or selector `{name}`"), hint)
        })
    }

    /// Makes a node what is compiled; a selector is compiled through an s-op that reads it, else through its width.
    fn take(&mut self, id: NodeId) {
        let graph = &mut self.program.graph;
        (self.output, self.selector) = match graph.op(id).kind() {
            Kind::SOp => (id, None),
            Kind::Selector => (reader_of(graph, id), Some(id)),
        };
    }

    /// What is watched when it runs.
    pub(crate) fn view(&self) -> View<'_> {
        View { graph: &self.program.graph, output: self.output, selector: self.selector }
    }

    /// The inputs that are asked for; the program's example where there are none.
    pub(crate) fn inputs(&mut self, request: &Request) -> Result<Vec<Vec<Value>>, Fault> {
        let texts: Vec<&String> = request.input.iter().chain(&request.inputs).collect();
        let mode = match request.mode {
            Mode::Auto => InputMode::Auto,
            Mode::Chars => InputMode::Chars,
            Mode::Words => InputMode::Words,
        };
        if texts.is_empty() {
            return Ok(self.program.example.iter().cloned().collect());
        }
        let mut read = Vec::new();
        for text in texts {
            let source = self.program.sources.add("input", text.as_str());
            let span = Span { source, start: 0, end: text.len() as u32 };
            read.push(parse_input(text, mode).map_err(|d| self.fault(d.at(span)))?);
        }
        Ok(read)
    }

    /// A fault whose places are in this program.
    pub(crate) fn fault(&self, diagnostic: Diagnostic) -> Fault {
        Fault { sources: self.program.sources.clone(), diagnostics: vec![diagnostic] }
    }
}

fn reader_of(graph: &mut Graph, selector: NodeId) -> NodeId {
    let reads = |op: &Op| match op {
        Op::Aggregate { selector: s, .. } | Op::SelectorWidth(s) => *s == selector,
        _ => false,
    };
    let reader = graph.iter().find(|(_, node)| reads(&node.op)).map(|(id, _)| id);
    reader.unwrap_or_else(|| {
        let span = graph.node(selector).span;
        graph.push(Op::SelectorWidth(selector), span)
    })
}

/// What a program is compiled for, and who said so.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The compiler's options.
    pub(crate) options: Options,
    vocab_from: &'static str,
    length_from: &'static str,
    causal: bool,
}

/// Resolves them.
pub(crate) fn settings(what: &What, subject: &mut Subject, inputs: &[Vec<Value>]) -> Result<Settings, Fault> {
    let examples = if inputs.is_empty() { subject.program.example.iter().cloned().collect() } else { inputs.to_vec() };
    let (vocab, vocab_from) = vocabulary(what, subject, &examples)?;
    let (max_len, length_from) = match (what.max_len, subject.program.max_len) {
        (Some(n), _) => (n, "asked"),
        (None, Some(n)) => (n, "program"),
        (None, None) => (examples.iter().map(Vec::len).max().unwrap_or(1).max(1), "inputs"),
    };
    let mut options = Options::new(vocab, max_len);
    options.opt = if what.opt == Some(0) { OptLevel::O0 } else { OptLevel::O1 };
    options.limits.bytes = MOST_BYTES;
    Ok(Settings { options, vocab_from, length_from, causal: what.causal })
}

fn vocabulary(what: &What, subject: &mut Subject, inputs: &[Vec<Value>]) -> Result<(Vec<Value>, &'static str), Fault> {
    if let Some(text) = &what.vocab {
        let source = subject.program.sources.add("--vocab", text.as_str());
        let span = Span { source, start: 0, end: text.len() as u32 };
        return parse_vocab(text).map(|v| (v, "asked")).map_err(|d| subject.fault(d.at(span)));
    }
    if let Some(vocab) = &subject.program.vocab {
        return Ok((vocab.clone(), "program"));
    }
    let mut tokens: Vec<Value> = inputs.iter().flatten().cloned().collect();
    if tokens.is_empty() {
        let message = "nothing says which tokens the program is for";
        let hint = "name them in the field for the vocabulary, or write `# vocab: 0..5` into the program";
        return Err(Fault::one(codes::TOKEN, message, hint));
    }
    tokens.sort();
    tokens.dedup();
    Ok((tokens, "inputs"))
}

impl Settings {
    /// Which of them counted, and who chose them: `asked`, `program` or `inputs`.
    pub(crate) fn told(&self) -> Json {
        json!({
            "vocab": raspc::json::values(&self.options.vocab),
            "vocab_shown": show::vocabulary(&self.options.vocab),
            "vocab_from": self.vocab_from,
            "max_len": self.options.max_len,
            "length_from": self.length_from,
            "causal": self.causal,
            "opt": u8::from(self.options.opt == OptLevel::O1),
        })
    }
}
