//! Models in the formats of other runtimes: files written by the command line's own sink, or bytes.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use pyo3::exceptions::{PyFileExistsError, PyOSError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use raspc_cli::{Unexported, Written, write_export_while};
use raspc_lang::diagnostic::{Code, Diagnostic};
use raspc_model::export::{ExportError, Files, Format, Refusal, export};

use crate::model::Model;
use crate::work::PATIENCE;
use crate::{errors, work};

/// The formats: names and what they are.
#[pyfunction]
pub(crate) fn export_formats() -> Vec<(&'static str, &'static str)> {
    Format::ALL.map(|f| (f.name(), f.summary())).to_vec()
}

/// Writes a model to a file or folder, whole or not at all; gives names and lengths of the files.
#[pyfunction]
pub(crate) fn write_model(py: Python<'_>, model: &Model, format: &str, path: PathBuf) -> PyResult<Vec<Written>> {
    let format = named(py, format)?;
    let (weights, program) = model.exported();
    let written = work::light(py, || {
        let looked = Cell::new(Instant::now());
        let go_on = || {
            if looked.get().elapsed() < PATIENCE {
                return Ok(());
            }
            looked.set(Instant::now());
            Python::attach(|held| held.check_signals().map_err(io::Error::other))
        };
        write_export_while(&weights, &program, format, &path, &go_on)
    })?;
    match written {
        Ok(written) => Ok(written),
        Err(Unexported::Refused(refusal)) => Err(refused(py, format, refusal)),
        Err(Unexported::Occupied(what)) => {
            Err(PyFileExistsError::new_err(format!("`{}` is {what}, and is left as it is", path.display())))
        }
        Err(Unexported::System(error)) => Err(system(error, &path)),
    }
}

/// The system's reason, with the place; or Ctrl-C.
fn system(error: io::Error, path: &Path) -> PyErr {
    match error.raw_os_error() {
        // Python picks the kind of OSError by the number.
        Some(number) if cfg!(unix) => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            PyOSError::new_err((number, text, path.to_path_buf()))
        }
        // What Python itself said (Ctrl-C) is passed on as it was.
        _ => error.downcast::<PyErr>().unwrap_or_else(PyErr::from),
    }
}

/// The files of an export as a dictionary from names to bytes.
#[pyfunction]
#[pyo3(signature = (model, format) -> "dict[str, bytes]")]
pub(crate) fn model_bytes<'py>(py: Python<'py>, model: &Model, format: &str) -> PyResult<Bound<'py, PyDict>> {
    let format = named(py, format)?;
    let (weights, program) = model.exported();
    let mut files = Files::default();
    match work::light(py, || export(&weights, format, &program, &mut files))? {
        Ok(()) => {}
        Err(ExportError::Refused(refusal)) => return Err(refused(py, format, refusal)),
        Err(ExportError::Sink(error)) => return Err(PyOSError::new_err(error.to_string())),
    }
    let all = PyDict::new(py);
    for (name, bytes) in &files.files {
        all.set_item(name, PyBytes::new(py, bytes))?;
    }
    Ok(all)
}

fn named(py: Python<'_>, name: &str) -> PyResult<Format> {
    let known = || Format::ALL.map(|f| format!("`{f}`")).join(", ");
    let unknown = || errors::usage(py, format!("there is no format `{name}`"), &format!("one of {}", known()));
    Format::from_name(name).ok_or_else(unknown)
}

fn refused(py: Python<'_>, format: Format, refusal: Refusal) -> PyErr {
    let message = format!("no {format}: {}", refusal.message);
    errors::one(py, Diagnostic::error(Code(refusal.code), message).hint(refusal.hint))
}
