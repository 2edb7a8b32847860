//! Elaboration: a program is run once, at the level of names, lists and functions, and what remains is the graph of its
//! s-ops and selectors. Step (1) of the six.
//!
//! **Invariants.** Every run ends: steps, calls, nesting, sizes and nodes are bounded. A statement that fails is
//! reported once, the names it would have bound are poisoned (using one says nothing more), and the run goes on. The
//! graph keeps operations as written: two expressions are two nodes, a name is one.
//!
//! What differs between program files and a console is in [`Dialect`], nowhere else.

mod builtin;
mod call;
mod expression;
mod index;
mod lift;
mod load;
pub(crate) mod names;
mod operator;
pub mod problem;
pub mod scope;
mod statement;
pub mod value;

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use crate::graph::{Graph, Mask, NodeId, Op};
use crate::source::Sources;
use crate::syntax::MAX_ERRORS;
use crate::syntax::ast::Module;
use crate::syntax::parser::Grammar;
use crate::value::Value;

use names::Base;
use problem::Problem;
use scope::{ScopeId, Scopes};
use value::{Meta, Origin};

/// Most steps (evaluated expressions, and items of what they build).
pub const MAX_STEPS: usize = 3_000_000;
/// Deepest nesting of calls.
pub const MAX_CALLS: usize = 200;
/// Deepest recursion of the evaluator, calls and expressions together. A level takes less than 1 KiB of stack (the
/// functions on its path are kept out of line for that), so that a stack of 1 MiB suffices.
const MAX_FRAMES: usize = 700;
/// Most nodes of a graph.
pub const MAX_NODES: usize = 400_000;
/// Most bits of an integer.
pub const MAX_BITS: u64 = 1 << 16;
/// Most bytes of a string.
pub const MAX_STRING: usize = 1 << 20;
/// Longest text of a program, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
/// Most remarks "in this call" of one error.
const MAX_TRACE: usize = 3;

/// Reads the file with this path; the error says why it cannot be read.
pub type Loader<'l> = dyn FnMut(&str) -> Result<String, String> + 'l;

/// Where the rules of program files and of a console part.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// How texts are read.
    pub grammar: Grammar,
    /// `tokens` is the input as given; else its text.
    pub tokens_as_given: bool,
    /// `none` is a name.
    pub none: bool,
    /// What an aggregate gives where nothing is selected and no default is written.
    pub default: Value,
    /// Strings and dictionaries have a `len`, strings can be looped over, `indicator` takes atoms.
    pub generous: bool,
}

impl Dialect {
    /// Of program files.
    pub fn program() -> Self {
        Self { grammar: Grammar::PROGRAM, tokens_as_given: true, none: true, default: Value::None, generous: true }
    }

    /// Of a text on the command line: as a program file, its last `;` left out at will.
    pub fn snippet() -> Self {
        Self { grammar: Grammar::SNIPPET, ..Self::program() }
    }

    /// Of a console that behaves as the reference's.
    pub fn console() -> Self {
        Self { grammar: Grammar::CONSOLE, tokens_as_given: false, none: false, default: Value::int(0), generous: false }
    }
}

/// Everything that statements leave behind for later ones.
#[derive(Debug)]
pub struct Session {
    /// The rules.
    pub dialect: Dialect,
    /// The texts.
    pub sources: Sources,
    /// The graph so far.
    pub graph: Graph,
    /// What has been reported.
    pub diagnostics: Vec<Diagnostic>,
    /// The example that the program sets.
    pub example: Option<Vec<Value>>,
    /// The s-op or selector that was defined or evaluated last at the top level.
    pub last: Option<NodeId>,
    scopes: Scopes,
    /// The library's scope, below the names of the language: what every file starts from.
    library: ScopeId,
    base: IndexMap<Base, NodeId>,
    /// Names for nodes that have no better one: locals, private names of loaded files.
    candidates: Vec<(NodeId, Arc<str>)>,
    reported: IndexSet<(Code, Option<Span>, String)>,
}

/// Where evaluation is: the text, the scope, and whose text it is.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) module: Arc<Module>,
    pub(crate) scope: ScopeId,
    pub(crate) origin: Origin,
    /// Whether this is the program itself or a file it loads, not a function.
    pub(crate) top: bool,
}

/// Why evaluation stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A problem to report.
    Raised(Box<Raised>),
    /// A problem that has been reported.
    Poisoned,
    /// A problem after which the whole run ends.
    Fatal(Box<Raised>),
}

/// A problem at a place.
#[derive(Debug)]
pub(crate) struct Raised {
    problem: Problem,
    span: Span,
    notes: Vec<(Option<Span>, String)>,
    /// How many of the notes are calls that it has come through; they come last.
    calls: usize,
}

pub(crate) type Eval<T> = Result<T, Stop>;

/// A value with the place of its expression.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) value: Meta,
    pub(crate) span: Span,
}

/// One run of a text in a session.
pub struct Run<'s, 'l> {
    /// The session.
    pub session: &'s mut Session,
    loader: &'s mut Loader<'l>,
    steps: usize,
    frames: usize,
    calls: usize,
    /// Where the user's text called into the library.
    site: Option<Span>,
    /// The files being loaded, outermost first.
    loading: Vec<Arc<str>>,
    /// Whether nothing more is to be run, in no file.
    ended: bool,
}

impl Session {
    /// A session that knows the language and its library.
    pub fn new(dialect: Dialect, mask: Mask) -> Self {
        let mut scopes = Scopes::default();
        let language = scopes.add(None, None);
        let library = scopes.add(Some(language), None);
        let mut session = Self {
            dialect,
            sources: Sources::new(),
            graph: Graph::new(mask),
            diagnostics: Vec::new(),
            example: None,
            last: None,
            scopes,
            library,
            base: IndexMap::new(),
            candidates: Vec::new(),
            reported: IndexSet::new(),
        };
        session.bind_language(language);
        session
    }

    /// A scope whose names are looked up in the library beyond its own.
    pub fn file_scope(&mut self) -> ScopeId {
        self.scopes.add(Some(self.library), None)
    }

    /// What the scope's own names stand for, in the order of their definition.
    pub fn values(&self, scope: ScopeId) -> Vec<(Arc<str>, Meta)> {
        self.scopes.values(scope)
    }

    /// Whether an error has been reported.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Reports, once.
    pub(crate) fn report(&mut self, d: Diagnostic) {
        if self.reported.insert((d.code, d.span, d.message.clone())) {
            self.diagnostics.push(d);
        }
    }
}

impl<'s, 'l> Run<'s, 'l> {
    /// A run that loads files through `loader`.
    pub fn new(session: &'s mut Session, loader: &'s mut Loader<'l>) -> Self {
        Self { session, loader, steps: 0, frames: 0, calls: 0, site: None, loading: Vec::new(), ended: false }
    }

    /// Spends steps.
    #[inline(never)]
    pub(crate) fn step(&mut self, frame: &Frame, span: Span, steps: usize) -> Eval<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS { Err(self.fatal(frame, Problem::Steps, span)) } else { Ok(()) }
    }

    /// A problem at a place of the frame's text. One inside the library is shown where the user called into it.
    #[inline(never)]
    pub(crate) fn raised(&self, frame: &Frame, problem: Problem, span: Span) -> Raised {
        let place = self.place(frame, span);
        let inside = (place != span).then(|| (Some(span), "it arises here, in the library".to_owned()));
        Raised { problem, span: place, notes: inside.into_iter().collect(), calls: 0 }
    }

    #[inline(never)]
    pub(crate) fn raise(&self, frame: &Frame, problem: Problem, span: Span) -> Stop {
        Stop::Raised(Box::new(self.raised(frame, problem, span)))
    }

    #[inline(never)]
    pub(crate) fn fatal(&self, frame: &Frame, problem: Problem, span: Span) -> Stop {
        Stop::Fatal(Box::new(self.raised(frame, problem, span)))
    }

    /// Adds a node.
    pub(crate) fn node(&mut self, frame: &Frame, op: Op, span: Span) -> Eval<NodeId> {
        if self.session.graph.len() >= MAX_NODES {
            return Err(self.fatal(frame, Problem::Nodes, span));
        }
        let span = self.place(frame, span);
        Ok(self.session.graph.push(op, Some(span)))
    }

    /// Where the user wrote it or, inside the library, called for it.
    pub(crate) fn place(&self, frame: &Frame, span: Span) -> Span {
        self.site.filter(|_| frame.origin == Origin::Library).unwrap_or(span)
    }

    /// Runs `evaluate` one level deeper in the evaluator's recursion.
    pub(crate) fn deeper<T>(
        &mut self,
        frame: &Frame,
        span: Span,
        evaluate: impl FnOnce(&mut Self) -> Eval<T>,
    ) -> Eval<T> {
        if self.frames >= MAX_FRAMES {
            return Err(self.raise(frame, Problem::Recursion, span));
        }
        self.frames += 1;
        let result = evaluate(self);
        self.frames -= 1;
        result
    }

    /// Reports why a statement stopped. Whether the run can go on.
    pub(crate) fn report(&mut self, stop: Stop) -> bool {
        self.ended |= matches!(stop, Stop::Fatal(_));
        if let Stop::Raised(raised) | Stop::Fatal(raised) = stop {
            let mut d = raised.problem.diagnostic(raised.span);
            d.notes.extend(raised.notes);
            self.session.report(d);
        }
        self.ended |= self.session.diagnostics.len() >= MAX_ERRORS;
        !self.ended
    }
}

impl Operand {
    pub(crate) fn new(value: Meta, span: Span) -> Self {
        Self { value, span }
    }
}

impl Raised {
    /// Remembers a call that the problem came through: the innermost ones, and the outermost one.
    pub(crate) fn through(&mut self, call: Span, function: &str) {
        let note = (Some(call), format!("in this call of `{function}`"));
        if self.notes.last() == Some(&note) {
            return;
        }
        if self.calls == MAX_TRACE {
            self.notes.pop();
        } else {
            self.calls += 1;
        }
        self.notes.push(note);
    }
}
