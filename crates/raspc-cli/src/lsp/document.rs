//! An open text, and what the language and the compiler say about it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use lsp_types::Uri;
use raspc::compile::{Compilation, compile};
use raspc::interrupt::Interrupt;
use raspc::options::Options;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Kind, Mask, NodeId, Op};
use raspc_lang::program::{Program, parse_program};
use raspc_lang::source::Sources;
use raspc_lang::syntax::parser::{Grammar, parse};
use raspc_lang::value::Value;

use super::loaded::{Load, Loaded, follow, loads};
use super::names::{Definition, definitions};
use super::text::Text;
use crate::subject::load_beside;

/// A vocabulary for programs that name none would be a guess; of an example it is the tokens.
const MOST_EXAMPLE: usize = 64;

/// An open text.
pub(super) struct Document {
    /// The text.
    pub(super) text: Text,
    /// The file that it is, if it is one.
    pub(super) path: Option<PathBuf>,
    /// Its `load` statements.
    pub(super) loads: Vec<Load>,
    /// What it loads.
    pub(super) loaded: Vec<Loaded>,
    /// What it defines.
    pub(super) definitions: Vec<Definition>,
    /// What is wrong with it.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The texts that places are in; this one is the first.
    pub(super) sources: Sources,
    /// The program, where there is one.
    pub(super) program: Option<Program>,
    /// What it was compiled to, where it could be.
    pub(super) compilation: Option<Compilation>,
}

impl Document {
    /// Analyses a text. Of files that it loads, those that are open are as they are in the editor. Unwinds when interrupted.
    pub(super) fn new(uri: &Uri, text: String, open: &BTreeMap<PathBuf, String>, interrupt: &Interrupt) -> Self {
        let module = parse(0, &text, Grammar::PROGRAM).module;
        let definitions = definitions(&module, text.len());
        let loads = loads(&module.statements);
        let path = path(uri);
        let name = path.as_deref().and_then(Path::file_name).map_or("program".into(), |n| n.to_string_lossy());
        let folder = path.as_deref().and_then(Path::parent).map(Path::to_owned);
        let read = |file: &str| -> Result<(PathBuf, String), String> {
            let folder = folder.as_ref().ok_or("this text is in no folder")?;
            let path = plain(&folder.join(file));
            if let Some(text) = open.get(&path) {
                return Ok((path, text.clone()));
            }
            // What is no file (a pipe, a device) may never end.
            if path.exists() && !path.is_file() {
                return Err("it is no file".to_owned());
            }
            let text = load_beside(std::slice::from_ref(folder), file)?;
            Ok((path, text))
        };
        let loaded = follow(&loads, &mut |file| read(file).ok());
        let read = parse_program(&name, &text, Mask::Full, &mut |file| read(file).map(|(_, text)| text));
        let mut document = Self {
            text: Text::new(text),
            path: path.as_deref().map(plain),
            loads,
            loaded,
            definitions,
            diagnostics: Vec::new(),
            sources: Sources::new(),
            program: None,
            compilation: None,
        };
        match read {
            Ok(program) => document.compile(program, interrupt),
            Err(failure) => (document.diagnostics, document.sources) = (failure.diagnostics, failure.sources),
        }
        document
    }

    fn compile(&mut self, program: Program, interrupt: &Interrupt) {
        self.diagnostics.clone_from(&program.warnings);
        self.sources = program.sources.clone();
        if let (Some(mut options), Some(output)) = (options(&program), program.output) {
            options.interrupt = interrupt.clone();
            let (graph, output) = output_of(&program.graph, output);
            match compile(&graph, output, &options) {
                Ok(compilation) => {
                    self.diagnostics.extend(compilation.warnings.iter().cloned());
                    self.compilation = Some(compilation);
                }
                Err(errors) => self.diagnostics.extend(errors),
            }
        }
        self.program = Some(program);
    }

    /// The nodes of the program that are written at a place: those of the smallest expression that has any.
    pub(super) fn nodes_at(&self, at: usize) -> Vec<NodeId> {
        let Some(program) = &self.program else { return Vec::new() };
        let here = program.graph.iter().filter_map(|(id, n)| {
            let span = n.span.filter(|s| s.source == 0)?;
            (span.range().contains(&at)).then_some((span, id))
        });
        let all: Vec<_> = here.collect();
        let smallest = all.iter().map(|(span, _)| span.end - span.start).min();
        all.iter().filter(|(s, _)| Some(s.end - s.start) == smallest).map(|(_, id)| *id).collect()
    }

    /// The nodes that a definition's value is.
    pub(super) fn nodes_of(&self, definition: &Definition) -> Vec<NodeId> {
        let Some(program) = &self.program else { return Vec::new() };
        let last = self.definitions.iter().rev().find(|d| d.top && d.name == definition.name);
        if definition.top
            && last.is_some_and(|l| l.at == definition.at)
            && let Some(&id) = program.bindings.get(&definition.name)
        {
            return vec![id];
        }
        let Some(value) = &definition.value else { return Vec::new() };
        let exact = program.graph.iter().filter(|(_, n)| n.span.is_some_and(|s| s.source == 0 && s.range() == *value));
        exact.map(|(id, _)| id).collect()
    }
}

/// What the program says it is for; nothing where it says nothing.
fn options(program: &Program) -> Option<Options> {
    let example = program.example.as_ref().filter(|e| !e.is_empty() && e.len() <= MOST_EXAMPLE);
    let vocab: Vec<Value> = match (&program.vocab, example) {
        (Some(vocab), _) => vocab.clone(),
        (None, Some(example)) => {
            let mut tokens = example.clone();
            tokens.sort();
            tokens.dedup();
            tokens
        }
        (None, None) => return None,
    };
    let max_len = program.max_len.or(example.map(Vec::len))?;
    Some(Options::new(vocab, max_len))
}

/// What is compiled: the s-op, or an s-op that reads the selector.
fn output_of(graph: &Graph, output: NodeId) -> (Graph, NodeId) {
    let mut graph = graph.clone();
    if graph.op(output).kind() == Kind::SOp {
        return (graph, output);
    }
    let output = graph.push(Op::SelectorWidth(output), graph.node(output).span);
    (graph, output)
}

/// A path without `.` and `..`, as far as it can be told without looking.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// The file that a URI names, if it is one.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let text = uri.as_str().strip_prefix("file://")?;
    let text = &text[text.find('/')?..];
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b != b'%' {
            bytes.push(b);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_behind_uris() {
        let of = |text: &str| path(&text.parse().expect("a URI")).map(|p| p.display().to_string());
        assert_eq!(of("file:///a%20b/c.rasp").as_deref(), Some("/a b/c.rasp"));
        assert_eq!(of("file://host/c.rasp").as_deref(), Some("/c.rasp"));
        assert_eq!(of("untitled:Untitled-1"), None);
    }
}
