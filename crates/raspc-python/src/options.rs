//! The options of a compilation as Python gives them.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use raspc::compile::LONGEST;
use raspc::encode::codes::LENGTH;
use raspc::options::{OptLevel, Options};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::value::Value;

use crate::errors;

/// An optimisation level.
pub(crate) fn level(py: Python<'_>, opt: u8) -> PyResult<OptLevel> {
    match opt {
        0 => Ok(OptLevel::O0),
        1 => Ok(OptLevel::O1),
        _ => Err(errors::usage(py, format!("there is no optimisation level {opt}"), "`opt` is 0 or 1")),
    }
}

/// Reads options; what they say of the program is checked by the compiler.
pub(crate) fn read(
    py: Python<'_>,
    vocab: Vec<Value>,
    max_len: &Bound<'_, PyAny>,
    opt: u8,
    bos: &str,
    pad: &str,
    limits: Option<&Bound<'_, PyDict>>,
) -> PyResult<Options> {
    let longest = max_len.extract::<BigInt>().map_err(|_| {
        errors::usage(py, format!("the maximum length is a whole number, not {max_len}"), "as in `max_len=8`")
    })?;
    // The compiler's to refuse, but that it is no usize.
    let Some(length) = longest.to_usize() else {
        let message = format!("the maximum length is {longest}, and must lie between 1 and {LONGEST}");
        return Err(errors::one(py, Diagnostic::error(LENGTH, message).hint("as in `max_len=8`")));
    };
    let mut options = Options::new(vocab, length);
    options.opt = level(py, opt)?;
    bos.clone_into(&mut options.bos);
    pad.clone_into(&mut options.pad);
    for (key, value) in limits.into_iter().flatten() {
        let key: String = key.extract()?;
        match key.as_str() {
            "values" => options.limits.enumerate = value.extract()?,
            "units" => options.limits.units = value.extract()?,
            "bytes" => options.limits.bytes = value.extract()?,
            _ => {
                return Err(errors::usage(py, format!("there is no limit `{key}`"), "`values`, `units` or `bytes`"));
            }
        }
    }
    Ok(options)
}
