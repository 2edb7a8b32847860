//! Exceptions: diagnostics of the libraries as exceptions of `raspc.errors`, with code, node, hint and place.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};
use raspc_lang::diagnostic::{Code, Diagnostic, Severity};
use raspc_lang::render::render;
use raspc_lang::source::Sources;
use raspc_model::error::InputError;

use crate::registry::Registry;

/// An input holds a token that the vocabulary does not.
pub(crate) const TOKEN: Code = Code("E0901");
/// An input is longer than the model takes.
pub(crate) const TOO_LONG: Code = Code("E0902");
/// On this input the program has no defined output.
pub(crate) const RAISED: Code = Code("E0903");
/// A model folder is damaged, incomplete, or of another format.
pub(crate) const MODEL: Code = Code("E0906");
/// Something is used as what it is not.
pub(crate) const USAGE: Code = Code("E1001");
/// A Python value that cannot be a value of a program.
pub(crate) const VALUE: Code = Code("E1002");
/// An intervention that cannot be made.
pub(crate) const INTERVENTION: Code = Code("E1003");

fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    MODULE.get_or_try_init(py, || Ok(py.import("raspc.errors")?.unbind())).map(|m| m.bind(py))
}

/// What the compiler's hints call by the command line's words, as Python has it.
const WORDS: &[(&str, &str)] = &[
    ("`--vocab abc`", "`vocab=\"abc\"`"),
    ("`--max-len`", "`max_len`"),
    ("`--bos`", "`bos`"),
    ("`--pad`", "`pad`"),
    (", or override with `--uncertified`", ""),
];

fn in_python(d: &Diagnostic) -> Diagnostic {
    let mut d = d.clone();
    d.hint = d.hint.map(|hint| WORDS.iter().fold(hint, |hint, (word, ours)| hint.replace(word, ours)));
    d
}

/// A diagnostic as Python sees it: `raspc.errors.Diagnostic`.
pub(crate) fn diagnostic<'py>(py: Python<'py>, d: &Diagnostic, sources: &Sources) -> PyResult<Bound<'py, PyAny>> {
    let d = &in_python(d);
    let place = d.span.map(|s| {
        let at = sources.location(s);
        (sources.get(s.source).name.clone(), at.line, at.column)
    });
    let fields = PyDict::new(py);
    fields.set_item("severity", if d.severity == Severity::Error { "error" } else { "warning" })?;
    fields.set_item("code", d.code.0)?;
    fields.set_item("message", &d.message)?;
    fields.set_item("node", &d.node)?;
    fields.set_item("hint", &d.hint)?;
    fields.set_item("place", place)?;
    fields.set_item("text", render(d, sources).trim_end())?;
    module(py)?.getattr("Diagnostic")?.call((), Some(&fields))
}

/// The exception of several diagnostics, the first error first. A Python exception that one of them tells of is its cause.
pub(crate) fn failure(py: Python<'_>, all: &[Diagnostic], sources: &Sources, registry: Option<&Registry>) -> PyErr {
    let made = || -> PyResult<PyErr> {
        let listed = PyList::empty(py);
        for d in all {
            listed.append(diagnostic(py, d, sources)?)?;
        }
        let error = PyErr::from_value(module(py)?.call_method1("from_diagnostics", (listed,))?);
        if let Some(cause) = registry.and_then(|r| r.raised(py, |told| all.iter().any(|d| d.message.contains(told)))) {
            error.set_cause(py, Some(cause));
        }
        Ok(error)
    };
    made().unwrap_or_else(|e| e)
}

/// The exception of one diagnostic that has no place.
pub(crate) fn one(py: Python<'_>, d: Diagnostic) -> PyErr {
    failure(py, &[d], &Sources::new(), None)
}

/// A mistake in how something is used.
pub(crate) fn usage(py: Python<'_>, message: impl Into<String>, hint: &str) -> PyErr {
    one(py, Diagnostic::error(USAGE, message).hint(hint))
}

/// An exception of Python's in a message: `KeyError: 'b'`.
pub(crate) fn told(py: Python<'_>, error: &PyErr) -> String {
    let kind = error.get_type(py).name().map_or_else(|_| "exception".to_owned(), |n| n.to_string());
    let text = error.value(py).str().map_or_else(|_| String::new(), |s| s.to_string_lossy().into_owned());
    if text.is_empty() { kind } else { format!("{kind}: {text}") }
}

/// A broken invariant of ours.
pub(crate) fn bug(py: Python<'_>, panic: &str) -> PyErr {
    let made = || -> PyResult<PyErr> { Ok(PyErr::from_value(module(py)?.getattr("InternalError")?.call1((panic,))?)) };
    made().unwrap_or_else(|e| e)
}

/// Why a model cannot be run: an intervention that names a place that is not there, or numbers out of range.
pub(crate) fn input(py: Python<'_>, error: &InputError) -> PyErr {
    let (code, hint) = match error {
        InputError::TooLong { .. } => (TOO_LONG, "shorten it, or compile with a larger `max_len`"),
        InputError::Patch { .. } | InputError::Head { .. } => (INTERVENTION, "see `model.config` for what there is"),
        InputError::Overflow { .. } => (INTERVENTION, "patch with values that nodes can hold"),
        _ => (TOKEN, "see `model.vocab`"),
    };
    one(py, Diagnostic::error(code, error.to_string()).hint(hint))
}
