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
mod inner;
mod model;
mod numbers;
mod options;
mod program;
mod registry;
mod run;
mod trace;
mod work;

/// The native half of the package: graphs, models and runs. What users import is `raspc`.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::export::{export_formats, model_bytes, write_model};
    #[pymodule_export]
    use crate::graph::Graph;
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::program::{Program, standard_programs};
    #[pymodule_export]
    use crate::run::Run;
    #[pymodule_export]
    use crate::trace::Trace;

    /// The version of raspc.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "it is Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Runs the command line with these words (the program's own name first) and gives the exit status.
    #[pyfunction]
    fn cli(py: Python<'_>, words: Vec<std::ffi::OsString>) -> u8 {
        // `ExitCode` is opaque; Debug shows the number on every platform.
        let code = py.detach(|| format!("{:?}", raspc_cli::run(words)));
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(2)
    }
}
