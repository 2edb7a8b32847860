//! Matrices to numpy, without copying what they hold.

use numpy::{PyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use raspc_model::matrix::Matrix;

/// The matrix as an array `[rows, cols]`; its numbers move.
pub(crate) fn array(py: Python<'_>, matrix: Matrix) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let shape = [matrix.rows, matrix.cols];
    PyArray1::from_vec(py, matrix.data).reshape(shape)
}

/// Numbers as an array of a shape; they move.
pub(crate) fn shaped<'py>(py: Python<'py>, data: Vec<f32>, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let flat: Bound<'py, PyArray<f32, numpy::Ix1>> = PyArray1::from_vec(py, data);
    Ok(flat.reshape(shape.to_vec())?.into_any())
}
