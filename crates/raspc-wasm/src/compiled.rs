//! What is kept between requests: the last compilation.

use raspc::compile::{Compilation, compile};
use raspc::observe::{Machine, heads};
use raspc::progress::Progress;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::value::Value;

use crate::faults::Fault;
use crate::program::{Settings, Subject, resolve, settings};
use crate::request::{Request, What};

/// What is kept between requests.
#[derive(Debug, Default)]
pub struct State {
    progress: Progress,
    last: Option<Kept>,
}

/// A compiled program, and what it was compiled for.
#[derive(Debug)]
struct Kept {
    what: What,
    /// What was not said by the request or the program, and came from the inputs.
    vocab: Vec<Value>,
    max_len: usize,
    ready: Ready,
}

/// A program, compiled.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The program.
    pub(crate) subject: Subject,
    /// What it is compiled for.
    pub(crate) settings: Settings,
    /// Every stage.
    pub(crate) compilation: Compilation,
    /// The model and its heads.
    pub(crate) machine: Machine,
}

/// A compiled program and the inputs of the request.
pub(crate) struct Asked<'a> {
    /// The program; its sources hold the request's inputs.
    pub(crate) ready: &'a Ready,
    /// The sources of the request.
    pub(crate) subject: Subject,
    /// The inputs.
    pub(crate) inputs: Vec<Vec<Value>>,
    /// Whether it was compiled for this request.
    pub(crate) fresh: bool,
}

impl State {
    /// Nothing is kept yet; who is told of the steps of compilations.
    pub fn telling(progress: Progress) -> Self {
        Self { progress, last: None }
    }

    /// The program of the request, compiled now or before, and its inputs.
    pub(crate) fn compiled(&mut self, request: &Request) -> Result<Asked<'_>, Fault> {
        let mut subject = resolve(&request.what)?;
        let inputs = subject.inputs(request)?;
        let mut settings = settings(&request.what, &mut subject, &inputs)?;
        settings.options.progress = self.progress.clone();
        let same = self.last.as_ref().is_some_and(|kept| {
            kept.what == request.what
                && kept.max_len == settings.options.max_len
                && kept.vocab.len() == settings.options.vocab.len()
                && kept.vocab.iter().zip(&settings.options.vocab).all(|(a, b)| a.to_string() == b.to_string() && a == b)
        });
        if !same {
            // The memory of the last one is free for the next.
            self.last = None;
            let ready = build(subject.clone(), settings)?;
            let options = &ready.settings.options;
            let (vocab, max_len) = (options.vocab.clone(), options.max_len);
            self.last = Some(Kept { what: request.what.clone(), vocab, max_len, ready });
        }
        let kept = self.last.as_ref().expect("compiled just now or before");
        Ok(Asked { ready: &kept.ready, subject, inputs, fresh: !same })
    }
}

fn build(subject: Subject, settings: Settings) -> Result<Ready, Fault> {
    let graph = &subject.program.graph;
    let compilation = compile(graph, subject.output, &settings.options).map_err(|mut diagnostics| {
        place(&mut diagnostics, &subject);
        diagnostics.extend(subject.program.warnings.iter().cloned());
        Fault { sources: subject.program.sources.clone(), diagnostics }
    })?;
    let heads = heads::of_compilation(&compilation);
    let machine = Machine::new(compilation.model.clone(), heads, subject.view());
    let machine = machine.expect("a compilation holds its own output");
    Ok(Ready { subject, settings, compilation, machine })
}

/// Gives diagnostics about the vocabulary their place in the field that named it.
fn place(diagnostics: &mut [Diagnostic], subject: &Subject) {
    let sources = &subject.program.sources;
    let field = (0..).zip(sources.iter()).find(|(_, s)| s.name == "--vocab");
    let Some((source, text)) = field else { return };
    let span = raspc_lang::diagnostic::Span { source, start: 0, end: text.text.len() as u32 };
    for diagnostic in diagnostics {
        if diagnostic.span.is_none() && diagnostic.code == raspc::encode::codes::VOCABULARY {
            diagnostic.span = Some(span);
        }
    }
}
