//! What a run of a model computed, as numpy arrays.
//!
//! Arrays are made when they are asked for. What is asked for once is kept by Python's side.

use std::sync::Arc;

use numpy::PyArray2;
use pyo3::prelude::*;
use pyo3::types::PyList;
use raspc_model::forward::Run as Ran;

use crate::errors;
use crate::inner::Inner;
use crate::numbers::{array, shaped};
use crate::work;

/// What a run computed. Position 0 is BOS.
#[pyclass(frozen, module = "raspc._native")]
pub(crate) struct Run {
    ran: Ran,
    inner: Arc<Inner>,
}

impl Run {
    pub(crate) fn new(ran: Ran, inner: Arc<Inner>) -> Self {
        Self { ran, inner }
    }
}

#[pymethods]
impl Run {
    /// The id at each position, BOS first.
    #[getter]
    fn ids(&self) -> Vec<u32> {
        self.ran.ids.clone()
    }

    /// The residual stream after the embedding and after each half-layer: a list of `2 * n_layers + 1` arrays
    /// `[position, d_model]`.
    #[pyo3(signature = () -> "list[Any]")]
    fn residuals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let arrays = self.ran.residuals.iter().map(|m| array(py, m.clone())).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, arrays)
    }

    /// The residual stream at the end, `[position, d_model]`.
    fn last<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        array(py, self.ran.last.clone())
    }

    /// The attention weights of each layer, a list of arrays `[head, query, key]`.
    #[pyo3(signature = () -> "list[Any]")]
    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let n = self.ran.n;
        let stack = |heads: &Vec<raspc_model::matrix::Matrix>| {
            let data = heads.iter().flat_map(|m| m.data.iter().copied()).collect();
            shaped(py, data, &[heads.len(), n, n])
        };
        PyList::new(py, self.ran.patterns.iter().map(stack).collect::<PyResult<Vec<_>>>()?)
    }

    /// The attention scores of each layer before softmax, a list of arrays `[head, query, key]`; masked keys hold -inf.
    #[pyo3(signature = () -> "list[Any]")]
    fn scores<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let model = &self.inner.model;
        if self.ran.residuals.is_empty() {
            return Err(errors::usage(py, "scores need the residuals", "run with `residuals=True`"));
        }
        let n = self.ran.n;
        let mut all = Vec::new();
        for layer in 0..model.layers.len() {
            let data = work::light(py, || {
                let heads = model.scores(layer, &self.ran.residuals[2 * layer]);
                heads.into_iter().flat_map(|m| m.data).collect::<Vec<f32>>()
            })?;
            all.push(shaped(py, data, &[model.config.n_heads, n, n])?);
        }
        PyList::new(py, all)
    }

    /// The hidden activations of each layer after ReLU, a list of arrays `[position, d_mlp]`.
    #[pyo3(signature = () -> "list[Any]")]
    fn mlp<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let arrays = self.ran.mlp.iter().map(|m| array(py, m.clone())).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, arrays)
    }

    /// The logits, `[position, d_vocab_out]`: a column for each form of the output.
    fn logits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let model = &self.inner.model;
        let width = model.output_readout().decode.forms().len();
        let data = (0..self.ran.n).flat_map(|p| model.logits(self.ran.last.row(p))).collect();
        shaped(py, data, &[self.ran.n, width])
    }

    /// The output at each position, without BOS.
    #[pyo3(signature = () -> "list[Any]")]
    fn output<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let tokens = self.inner.model.decode_output(&self.ran);
        self.list(py, &tokens)
    }

    /// What a read-out (by its index) gives at each position, without BOS; None where its residual was not kept.
    #[pyo3(signature = (readout) -> "list[Any] | None")]
    fn node<'py>(&self, py: Python<'py>, readout: usize) -> PyResult<Option<Bound<'py, PyList>>> {
        let readouts = &self.inner.model.readouts;
        let Some(readout) = readouts.get(readout) else {
            return Err(errors::usage(py, format!("there is no read-out {readout}"), "see `Model.readouts`"));
        };
        let tokens = self.inner.model.decode_node(readout, &self.ran);
        tokens.map(|tokens| self.list(py, &tokens)).transpose()
    }
}

impl Run {
    fn list<'py>(&self, py: Python<'py>, tokens: &[raspc_model::token::Token]) -> PyResult<Bound<'py, PyList>> {
        let objects = tokens.iter().map(|t| self.inner.registry.of_token(py, t)).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, objects)
    }
}
