//! The native half of the Python package `raspc`: the libraries' types behind Python's, and no rules of its own.
//!
//! **Invariants.** Whatever Python hands over, the answer is a value or an exception of `raspc.errors`; a panic of ours
//! becomes `raspc.InternalError`. The GIL is released while the libraries work; a Python function that they ask for runs on
//! the thread that called us, so that Ctrl-C, debuggers and thread-locals behave as in any Python code (`work`).

#![expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned: PyO3 has no borrowed lists")]

mod call;
mod errors;
mod export;
mod expression;
mod graph;
mod model;
mod numbers;
mod options;
mod program;
mod registry;
mod run;
mod trace;
mod work;

use pyo3::prelude::*;

/// Runs the command line with these words (the program's own name first) and gives the exit status.
#[pyfunction]
fn cli(py: Python<'_>, words: Vec<std::ffi::OsString>) -> u8 {
    // `ExitCode` is opaque; Debug shows the number on every platform.
    let code = py.detach(|| format!("{:?}", raspc_cli::run(words)));
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(2)
}

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<graph::Graph>()?;
    m.add_class::<trace::Trace>()?;
    m.add_class::<model::Model>()?;
    m.add_class::<run::Run>()?;
    m.add_class::<program::Program>()?;
    m.add_function(wrap_pyfunction!(program::standard_programs, m)?)?;
    m.add_function(wrap_pyfunction!(export::export_formats, m)?)?;
    m.add_function(wrap_pyfunction!(export::write_model, m)?)?;
    m.add_function(wrap_pyfunction!(export::model_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(cli, m)?)
}
