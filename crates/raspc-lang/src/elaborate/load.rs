//! `load`, and the texts that come with the crate.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::programs::{self, StandardProgram};
use crate::syntax::ast::Module;
use crate::syntax::parser::{Grammar, parse};

use super::problem::Problem;
use super::scope::{Binding, ScopeId};
use super::value::{Meta, Origin};
use super::{Eval, Frame, MAX_TEXT, Run, Session, Stop};

/// Deepest nesting of files that load files.
const MAX_LOADS: usize = 16;

impl Session {
    /// Reads the library: its functions, and its s-ops for when they are first used.
    pub fn install_library(&mut self) {
        let text = crate::library::SOURCE;
        let source = self.sources.add(crate::library::NAME, text);
        let module = trusted(source, text);
        self.bind_definitions(&module, self.library, Origin::Library);
    }

    /// A scope that holds the functions of every standard program beside the library.
    pub fn standard_scope(&mut self) -> ScopeId {
        let scope = self.file_scope();
        for program in programs::standard_programs() {
            let (_, inner) = self.standard(program, None);
            for (name, value) in self.scopes.values(inner) {
                if let Meta::Function(_) = value {
                    self.scopes.bind(scope, &name, &Binding::Value(value));
                }
            }
        }
        scope
    }

    /// A scope below another one.
    pub fn scope_below(&mut self, parent: ScopeId) -> ScopeId {
        self.scopes.add(Some(parent), None)
    }

    /// Binds the definitions of a standard program in a scope of their own.
    fn standard(&mut self, program: &StandardProgram, exports_to: Option<ScopeId>) -> (Arc<Module>, ScopeId) {
        let source = self.sources.add(program.name, program.source);
        let module = trusted(source, program.source);
        let scope = self.scopes.add(Some(self.library), exports_to);
        self.bind_definitions(&module, scope, Origin::Program);
        (module, scope)
    }
}

/// Parses a text of this crate, which is well-formed.
fn trusted(source: u32, text: &str) -> Arc<Module> {
    let parsed = parse(source, text, Grammar::PROGRAM);
    assert!(parsed.diagnostics.is_empty(), "a text of this crate is malformed: {:?}", parsed.diagnostics);
    Arc::new(parsed.module)
}

impl Run<'_, '_> {
    /// What the library calls by this name, whatever the program calls so.
    pub(super) fn library_name(&mut self, frame: &Frame, name: &str, span: Span) -> Eval<Meta> {
        let library = Frame { scope: self.session.library, ..frame.clone() };
        self.lookup(&library, &Arc::from(name), span)
    }

    /// `load "path";`: runs `path.rasp`, or else the standard program of that name, in a scope that sees nothing of the
    /// loader; its public names are bound here, too.
    #[inline(never)]
    pub(super) fn load(&mut self, frame: &Frame, path: &Arc<str>, span: Span) -> Eval<()> {
        if let Some(first) = self.loading.iter().position(|p| p == path) {
            let chain = self.loading[first..].iter().chain([path]).cloned().collect();
            return Err(self.lost(frame, Problem::LoadCycle { chain }, span));
        }
        if self.loading.len() >= MAX_LOADS {
            return Err(self.lost(frame, Problem::LoadDepth, span));
        }
        let file = format!("{path}.rasp");
        let text = match (self.loader)(&file) {
            Ok(text) => text,
            Err(reason) => {
                let Some(program) = programs::standard_program(path) else {
                    return Err(self.lost(frame, Problem::Load { path: path.clone(), reason }, span));
                };
                self.step(frame, span, program.source.len())?;
                self.session.standard(program, Some(frame.scope));
                return Ok(());
            }
        };
        if text.len() > MAX_TEXT {
            return Err(self.lost(frame, Problem::TextTooLong, span));
        }
        // Reading costs what it takes, so that files that load each other over and over come to an end.
        self.step(frame, span, text.len())?;
        self.loading.push(path.clone());
        let go_on = self.deeper(frame, span, |run| Ok(run.file(frame, &file, &text)));
        self.loading.pop();
        if go_on? { Ok(()) } else { Err(Stop::Poisoned) }
    }

    /// Runs a loaded file. Whether the run may go on.
    #[inline(never)]
    fn file(&mut self, frame: &Frame, name: &str, text: &str) -> bool {
        let source = self.session.sources.add(name, text);
        let parsed = parse(source, text, self.session.dialect.grammar);
        for d in parsed.diagnostics {
            self.session.report(d);
        }
        let scope = self.session.scopes.add(Some(self.session.library), Some(frame.scope));
        let inner = Frame { module: Arc::new(parsed.module), scope, origin: Origin::Program, top: true };
        self.statements(&inner)
    }

    /// A problem after which any name may be missing.
    fn lost(&mut self, frame: &Frame, problem: Problem, span: Span) -> Stop {
        self.session.scopes.poison(frame.scope);
        self.raise(frame, problem, span)
    }
}
