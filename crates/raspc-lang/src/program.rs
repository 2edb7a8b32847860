//! Programs: the public entry from text to graph.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::elaborate::problem::Problem;
use crate::elaborate::scope::ScopeId;
use crate::elaborate::{Dialect, Loader, MAX_TEXT, Run, Session};
use crate::graph::{Graph, Mask, NodeId};
use crate::input::parse_vocab;
use crate::render;
use crate::source::Sources;
use crate::syntax::parser::parse;
use crate::tracr;
use crate::value::Value;

/// A program: its graph, and what its text says beside it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The texts that spans point into; the program's own is the first.
    pub sources: Sources,
    /// The graph. Names of nodes are unique.
    pub graph: Graph,
    /// The program's own names of s-ops and selectors, in the order of their (last) definition.
    pub bindings: IndexMap<String, NodeId>,
    /// The s-op or selector that is defined or evaluated last.
    pub output: Option<NodeId>,
    /// The example of `set example`.
    pub example: Option<Vec<Value>>,
    /// The vocabulary of `# vocab:`.
    pub vocab: Option<Vec<Value>>,
    /// The length of `# max_len:`.
    pub max_len: Option<usize>,
    /// What deserves a warning.
    pub warnings: Vec<Diagnostic>,
}

/// A program that is at fault.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The texts that spans point into.
    pub sources: Sources,
    /// Errors, at least one, and warnings, in the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
}

/// As plain text, each diagnostic with its line.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&render::render_all(&self.diagnostics, &self.sources))
    }
}

impl std::error::Error for Failure {}

/// Reads a program file.
///
/// `name` is what messages call it; `loader` reads the files that it loads, by their paths as written with `.rasp`
/// added (it may refuse; standard programs are found without it).
///
/// # Errors
/// Everything that is wrong with the program, as far as it can be told in one go.
///
/// # Examples
/// ```
/// use raspc_lang::graph::Mask;
/// use raspc_lang::program::parse_program;
///
/// let text = "same = select(tokens, tokens, ==);\nhist = selector_width(same);";
/// let program = parse_program("hist.rasp", text, Mask::Full, &mut |_| Err("no files here".into()))?;
/// assert_eq!(program.output, Some(program.bindings["hist"]));
/// # Ok::<(), raspc_lang::program::Failure>(())
/// ```
pub fn parse_program(name: &str, text: &str, mask: Mask, loader: &mut Loader<'_>) -> Result<Program, Failure> {
    read(name, text, Session::new(Dialect::program(), mask), Session::file_scope, loader)
}

/// Reads a text from the command line: a program that also knows the functions of the standard programs, and whose last
/// `;` may be missing.
///
/// # Errors
/// As [`parse_program`].
pub fn evaluate_text(text: &str, mask: Mask, loader: &mut Loader<'_>) -> Result<Program, Failure> {
    let scope = |session: &mut Session| {
        let standard = session.standard_scope();
        session.scope_below(standard)
    };
    read("-e", text, Session::new(Dialect::snippet(), mask), scope, loader)
}

/// What `# vocab:` and `# max_len:` say.
#[derive(Default)]
struct Metadata {
    vocab: Option<Vec<Value>>,
    max_len: Option<usize>,
}

fn read(
    name: &str,
    text: &str,
    mut session: Session,
    scope: impl FnOnce(&mut Session) -> ScopeId,
    loader: &mut Loader<'_>,
) -> Result<Program, Failure> {
    if text.len() > MAX_TEXT {
        let mut sources = Sources::new();
        let source = sources.add(name, "");
        let d = Problem::TextTooLong.diagnostic(Span { source, start: 0, end: 0 });
        return Err(Failure { sources, diagnostics: vec![d] });
    }
    let source = session.sources.add(name, text);
    session.install_library();
    let scope = scope(&mut session);
    let parsed = parse(source, text, session.dialect.grammar);
    // Python makes many errors of which none says what is wrong.
    if !parsed.diagnostics.is_empty()
        && let Some(diagnostic) = tracr::diagnostic(source, text)
    {
        return Err(Failure { sources: session.sources, diagnostics: vec![diagnostic] });
    }
    let metadata = metadata(&parsed.comments, text, &mut session.diagnostics);
    session.diagnostics.extend(parsed.diagnostics);
    Run::new(&mut session, loader).module(&Arc::new(parsed.module), scope);
    finish(session, scope, metadata)
}

fn finish(mut session: Session, scope: ScopeId, metadata: Metadata) -> Result<Program, Failure> {
    if session.failed() {
        return Err(Failure { sources: session.sources, diagnostics: session.diagnostics });
    }
    let bindings = session.name_nodes(scope).into_iter().map(|(name, id)| (name.to_string(), id)).collect();
    debug_assert!(session.diagnostics.iter().all(|d| d.severity == Severity::Warning));
    if cfg!(debug_assertions) {
        session.graph.check();
    }
    Ok(Program {
        sources: session.sources,
        graph: session.graph,
        bindings,
        output: session.last,
        example: session.example,
        vocab: metadata.vocab,
        max_len: metadata.max_len,
        warnings: session.diagnostics,
    })
}

/// Reads the comments `# vocab: …` and `# max_len: …`, each at most once.
fn metadata(comments: &[Span], text: &str, diagnostics: &mut Vec<Diagnostic>) -> Metadata {
    let mut found = Metadata::default();
    for &span in comments {
        let comment = &text[span.range()];
        let Some((key, value)) = comment.trim_start_matches('#').split_once(':') else { continue };
        let read = match key.trim() {
            "vocab" if found.vocab.is_some() => Err(twice("vocab").at(span)),
            "vocab" => parse_vocab(value.trim()).map(|vocab| found.vocab = Some(vocab)),
            "max_len" if found.max_len.is_some() => Err(twice("max_len").at(span)),
            "max_len" => max_len(value.trim()).map(|n| found.max_len = Some(n)),
            _ => continue,
        };
        diagnostics.extend(read.err().map(|d| d.at(span)));
    }
    found
}

fn twice(key: &str) -> Diagnostic {
    let code = if key == "vocab" { codes::BAD_VOCABULARY } else { codes::BAD_MAX_LEN };
    Diagnostic::error(code, format!("`# {key}:` is given twice")).hint("keep one of them")
}

#[expect(clippy::result_large_err, reason = "an error ends the reading of the one comment")]
fn max_len(text: &str) -> Result<usize, Diagnostic> {
    // What the compiler takes.
    const LONGEST: usize = 1 << 16;
    let n = text.parse::<usize>().ok().filter(|n| (1..=LONGEST).contains(n));
    n.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Diagnostic::error(codes::BAD_MAX_LEN, format!("`{shown}` is no length of an input"))
            .hint(format!("write a positive integer up to {LONGEST}: `# max_len: 8`"))
    })
}
