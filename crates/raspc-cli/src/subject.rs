//! PROGRAM: what every command works on, wherever it came from.
//!
//! A standard program's name always means the standard program; a folder or file of the same name is reached as `./NAME`.

mod folder;
mod suggest;
mod text;

use std::path::Path;

use raspc::observe::View;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Kind, Mask, NodeId, Op};
use raspc_lang::programs::{StandardProgram, standard_program, standard_programs};
use raspc_lang::source::Sources;
use raspc_lang::value::Value;
use raspc_model::files::CONFIG;
use raspc_model::model::Model;

use crate::args::ProgramArgs;
use crate::codes;
use crate::fault::Fault;

pub(crate) use self::suggest::similar;
pub(crate) use self::text::load_beside;

/// A program, with what it says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// What the user called it.
    pub(crate) name: String,
    /// What is remembered of it, for remarks: `the program`, `the model`.
    pub(crate) what: &'static str,
    /// Its texts.
    pub(crate) sources: Sources,
    /// Its graph.
    pub(crate) graph: Graph,
    /// The s-ops and selectors that `--sop` can name, in the order of their definitions.
    pub(crate) names: Vec<(String, NodeId)>,
    /// What is compiled: an s-op.
    pub(crate) output: NodeId,
    /// The selector that was asked for, if it was one.
    pub(crate) selector: Option<NodeId>,
    /// An input to show it with.
    pub(crate) example: Option<Vec<Value>>,
    /// The vocabulary it is meant for.
    pub(crate) vocab: Option<Vec<Value>>,
    /// The length it is meant for.
    pub(crate) max_len: Option<usize>,
    /// Remarks on its text.
    pub(crate) warnings: Vec<Diagnostic>,
    /// The model, where it is a folder.
    pub(crate) model: Option<Model>,
}

/// Finds the program that the command line names.
pub(crate) fn resolve(args: &ProgramArgs) -> Result<Subject, Fault> {
    let mask = if args.causal { Mask::Causal } else { Mask::Full };
    let mut subject = match (&args.eval, &args.program) {
        (Some(text), _) => text::evaluate(text, mask)?,
        (None, Some(program)) => named(program, args.causal, mask)?,
        (None, None) => unreachable!("clap asks for one of them"),
    };
    if let Some(name) = &args.sop {
        subject.choose(name)?;
    }
    Ok(subject)
}

/// As [`resolve`], for commands that take no inputs: beside `-e` there can be no PROGRAM.
pub(crate) fn resolve_alone(args: &ProgramArgs) -> Result<Subject, Fault> {
    if let (Some(_), Some(program)) = (&args.eval, &args.program) {
        return Err(Fault::usage(
            format!("`-e` is the program, and so is `{program}`"),
            "leave one of them away; this command takes no inputs",
        ));
    }
    resolve(args)
}

/// A standard program.
pub(crate) fn standard(program: &StandardProgram) -> Result<Subject, Fault> {
    text::standard(program, Mask::Full)
}

/// A file.
pub(crate) fn file(path: &Path, mask: Mask) -> Result<Subject, Fault> {
    text::file(path, mask)
}

fn named(program: &str, causal: bool, mask: Mask) -> Result<Subject, Fault> {
    if let Some(standard) = standard_program(program) {
        return text::standard(standard, mask);
    }
    let path = Path::new(program);
    if path.is_dir() {
        if !path.join(CONFIG).exists() {
            return Err(Fault::usage(
                format!("the folder `{program}` holds no model: it has no {CONFIG}"),
                "`raspc compile PROGRAM -o DIR` writes a model",
            ));
        }
        if causal {
            return Err(Fault::usage("a compiled model has its mask already", "leave `--causal` away"));
        }
        return folder::read(path);
    }
    if path.exists() {
        return text::file(path, mask);
    }
    Err(unknown(program, path))
}

/// Nothing of this name exists.
fn unknown(program: &str, path: &Path) -> Fault {
    if path.extension().is_some() || program.contains(std::path::is_separator) {
        return Fault::usage(format!("there is no file or folder `{program}`"), "check the path");
    }
    let all = standard_programs();
    let names = all.iter().map(|p| p.name);
    let hint = match similar(program, names) {
        Some(name) => format!("did you mean `{name}`? `raspc list` shows the standard programs"),
        None => "`raspc list` shows the standard programs; a program's text goes behind `-e`".to_owned(),
    };
    Fault::usage(format!("there is no standard program, file or folder `{program}`"), hint)
}

impl Subject {
    /// Chooses what is compiled by its name: an s-op, or a selector through an s-op that reads it.
    fn choose(&mut self, name: &str) -> Result<(), Fault> {
        let found = self.names.iter().find(|(n, _)| n == name);
        let Some(&(_, id)) = found else {
            let names = self.names.iter().map(|(n, _)| n.as_str());
            let known: Vec<&str> = names.clone().collect();
            let hint = match (similar(name, names), known.len()) {
                (Some(close), _) => format!("did you mean `{close}`?"),
                (None, 0) => "the program names none: assign the expression to a name".to_owned(),
                (None, n) => format!("it has {}{}", known[..n.min(12)].join(", "), if n > 12 { ", …" } else { "" }),
            };
            let message = format!("the program has no s-op or selector `{name}`");
            return Err(self.fault(vec![Diagnostic::error(codes::SOP, message).hint(hint)]));
        };
        self.take(id);
        Ok(())
    }

    /// Makes a node what is compiled.
    pub(crate) fn take(&mut self, id: NodeId) {
        match self.graph.op(id).kind() {
            Kind::SOp => (self.output, self.selector) = (id, None),
            Kind::Selector => (self.output, self.selector) = (self.reader_of(id), Some(id)),
        }
    }

    /// The first s-op that reads the selector, else its width, which is added.
    fn reader_of(&mut self, selector: NodeId) -> NodeId {
        let reads = |op: &Op| match op {
            Op::Aggregate { selector: s, .. } | Op::SelectorWidth(s) => *s == selector,
            _ => false,
        };
        let reader = self.graph.iter().find(|(_, node)| reads(&node.op)).map(|(id, _)| id);
        reader.unwrap_or_else(|| {
            let span = self.graph.node(selector).span;
            self.graph.push(Op::SelectorWidth(selector), span)
        })
    }

    /// What is watched when it runs.
    pub(crate) fn view(&self) -> View<'_> {
        View { graph: &self.graph, output: self.output, selector: self.selector }
    }

    /// A fault whose places are in this program.
    pub(crate) fn fault(&self, diagnostics: Vec<Diagnostic>) -> Fault {
        Fault::Diagnosed { sources: self.sources.clone(), diagnostics }
    }
}
