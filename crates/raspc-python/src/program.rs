//! Programs in the textual language.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyList;
use raspc_lang::graph::Mask;
use raspc_lang::program::{Program as Parsed, evaluate_text, parse_program};

use crate::errors;
use crate::graph::Graph;
use crate::registry::{self, Registry};
use crate::work;

/// A program: its graph and what its text says beside it.
#[pyclass(frozen, module = "raspc._native")]
pub(crate) struct Program {
    /// The graph.
    #[pyo3(get)]
    graph: Py<Graph>,
    bindings: Vec<(String, u32)>,
    /// What is defined last.
    #[pyo3(get)]
    output: Option<u32>,
    example: Option<Py<PyList>>,
    vocab: Option<Py<PyList>>,
    /// The length of `# max_len:`.
    #[pyo3(get)]
    max_len: Option<usize>,
    warnings: Py<PyList>,
}

#[pymethods]
impl Program {
    /// Reads a program; what it loads lies in the first of the folders that has it. A `snippet` also knows the functions
    /// of the standard programs, and its last `;` may be missing.
    #[staticmethod]
    #[pyo3(signature = (name, text, *, causal = false, snippet = false, folders = Vec::new()))]
    fn read(
        py: Python<'_>,
        name: String,
        text: String,
        causal: bool,
        snippet: bool,
        folders: Vec<PathBuf>,
    ) -> PyResult<Self> {
        let mask = if causal { Mask::Causal } else { Mask::Full };
        let read = work::heavy(py, move || {
            let mut loader = |path: &str| load(&folders, Path::new(path));
            if snippet {
                evaluate_text(&text, mask, &mut loader)
            } else {
                parse_program(&name, &text, mask, &mut loader)
            }
        })?;
        let parsed = read.map_err(|f| errors::failure(py, &f.diagnostics, &f.sources, None))?;
        Self::of(py, parsed)
    }

    /// Names of s-ops and selectors, in the order of their definition.
    #[getter]
    fn bindings(&self) -> Vec<(String, u32)> {
        self.bindings.clone()
    }

    /// The example of `set example`.
    #[getter]
    fn example<'py>(&self, py: Python<'py>) -> Option<Vec<Bound<'py, PyAny>>> {
        self.example.as_ref().map(|list| list.bind(py).iter().collect())
    }

    /// The vocabulary of `# vocab:`.
    #[getter]
    fn vocab<'py>(&self, py: Python<'py>) -> Option<Vec<Bound<'py, PyAny>>> {
        self.vocab.as_ref().map(|list| list.bind(py).iter().collect())
    }

    /// Diagnostics that are warnings.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyAny>> {
        self.warnings.bind(py).iter().collect()
    }
}

/// More text than this is no program.
const MOST_TEXT: u64 = 16 << 20;

/// The text of a file that a program loads.
fn load(folders: &[PathBuf], path: &Path) -> Result<String, String> {
    let mut why = "there is no folder to load from".to_owned();
    for folder in folders {
        let place = folder.join(path);
        match std::fs::metadata(&place) {
            Ok(known) if known.len() > MOST_TEXT => return Err(format!("it is longer than {} MiB", MOST_TEXT >> 20)),
            Ok(_) => return std::fs::read_to_string(place).map_err(|e| e.to_string()),
            Err(e) => why = e.to_string(),
        }
    }
    Err(why)
}

impl Program {
    fn of(py: Python<'_>, parsed: Parsed) -> PyResult<Self> {
        let Parsed { sources, graph, bindings, output, example, vocab, max_len, warnings } = parsed;
        let registry = Arc::new(Registry::new(py));
        let said = PyList::empty(py);
        for d in &warnings {
            said.append(errors::diagnostic(py, d, &sources)?)?;
        }
        let list = |values: Option<Vec<_>>| values.map(|v| registry::list(py, &v).map(Bound::unbind)).transpose();
        Ok(Self {
            bindings: bindings.into_iter().map(|(name, id)| (name, id.0)).collect(),
            output: output.map(|o| o.0),
            example: list(example)?,
            vocab: list(vocab)?,
            max_len,
            warnings: said.unbind(),
            graph: Py::new(py, Graph::of(graph, registry, Arc::new(sources)))?,
        })
    }
}

/// The standard programs: name, summary and source of each.
#[pyfunction]
pub(crate) fn standard_programs() -> Vec<(&'static str, &'static str, &'static str)> {
    raspc_lang::programs::standard_programs().iter().map(|p| (p.name, p.summary, p.source)).collect()
}
