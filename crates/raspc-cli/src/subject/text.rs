//! Programs that are text: a file, a standard program, the words behind `-e`.

use std::path::{Path, PathBuf};

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::Mask;
use raspc_lang::program::{Failure, Program, evaluate_text, parse_program};
use raspc_lang::programs::StandardProgram;
use raspc_lang::source::Sources;

use crate::codes;
use crate::fault::Fault;
use crate::files::{self, Unreadable};

use super::Subject;

/// The text behind `-e`; what it loads lies in the current folder.
pub(super) fn evaluate(text: &str, mask: Mask) -> Result<Subject, Fault> {
    let program = evaluate_text(text, mask, &mut |path| load_beside(&[PathBuf::new()], path));
    subject("-e", program)
}

/// A standard program; it loads nothing.
pub(super) fn standard(program: &StandardProgram, mask: Mask) -> Result<Subject, Fault> {
    let parsed = parse_program(program.name, program.source, mask, &mut |path| load_beside(&[PathBuf::new()], path));
    subject(program.name, parsed)
}

/// A file; what it loads lies beside it, or in the current folder.
pub(super) fn file(path: &Path, mask: Mask) -> Result<Subject, Fault> {
    let name = path.display().to_string();
    let text = files::text(path).map_err(|e| unreadable(&name, e))?;
    let beside = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let folders = if beside.as_os_str().is_empty() { vec![beside] } else { vec![beside, PathBuf::new()] };
    let program = parse_program(&name, &text, mask, &mut |path| load_beside(&folders, path));
    subject(&name, program)
}

fn unreadable(name: &str, error: Unreadable) -> Fault {
    match error {
        Unreadable::System(e) => Fault::System(format!("`{name}` could not be read: {e}")),
        Unreadable::NoText(why) => {
            let diagnostic = Diagnostic::error(codes::TEXT, format!("`{name}` is no program: {why}"));
            let hint = "a program is RASP source; `raspc list sort` shows one";
            Fault::Diagnosed { sources: Sources::new(), diagnostics: vec![diagnostic.hint(hint)] }
        }
    }
}

/// Reads a file that a program loads: from the first of the folders that has it.
pub(crate) fn load_beside(folders: &[PathBuf], path: &str) -> Result<String, String> {
    let mut why = String::new();
    for folder in folders {
        match files::text(&folder.join(path)) {
            Ok(text) => return Ok(text),
            Err(Unreadable::NoText(reason)) => return Err(reason),
            Err(Unreadable::System(e)) => why = e.to_string(),
        }
    }
    Err(why)
}

fn subject(name: &str, program: Result<Program, Failure>) -> Result<Subject, Fault> {
    let program = program.map_err(|Failure { sources, diagnostics }| Fault::Diagnosed { sources, diagnostics })?;
    let Program { sources, graph, bindings, output, example, vocab, max_len, warnings } = program;
    let Some(output) = output else {
        let message = format!("`{name}` defines no s-op and no selector: there is nothing to compile");
        let hint = "end it in an s-op, as in `x = selector_width(select(tokens, tokens, ==));`";
        let diagnostics = vec![Diagnostic::error(codes::SOP, message).hint(hint)];
        return Err(Fault::Diagnosed { sources, diagnostics });
    };
    // The program's own names first, then those inside its functions; a name of a node is unique.
    let mut names: Vec<_> = bindings.into_iter().collect();
    for (id, node) in graph.iter() {
        names.extend(
            node.names
                .iter()
                .filter(|n| !names.iter().any(|(known, _)| *known == ***n))
                .map(|n| (n.to_string(), id))
                .collect::<Vec<_>>(),
        );
    }
    let name = name.to_owned();
    let what = "the program";
    let selector = None;
    let mut subject =
        Subject { name, what, sources, graph, names, output, selector, example, vocab, max_len, warnings, model: None };
    subject.take(output);
    Ok(subject)
}
