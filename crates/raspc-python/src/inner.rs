//! What a model is made of, shared by its runs; the ids of its tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph as Flat, NodeId};
use raspc_lang::source::Sources;
use raspc_lang::value::Value;
use raspc_model::model::Model as Weights;

use crate::errors::{self, TOKEN, TOO_LONG};
use crate::registry::Registry;

/// What a model is made of.
pub(crate) struct Inner {
    pub(crate) model: Arc<Weights>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) graph: Arc<Flat>,
    pub(crate) output: NodeId,
    pub(crate) sources: Arc<Sources>,
    pub(crate) ids: BTreeMap<Value, u32>,
    pub(crate) options: Options,
    /// Made again from the graph where the model was read from files.
    pub(crate) stages: Mutex<Option<Arc<Compilation>>>,
}

/// The compilation that a model read from files came from, with its own weights in it.
pub(crate) fn recompiled(inner: &Inner) -> Option<Compilation> {
    [OptLevel::O1, OptLevel::O0].into_iter().find_map(|opt| {
        let options = Options { opt, uncertified: true, ..inner.options.clone() };
        let mut c = compile(&inner.graph, inner.output, &options).ok()?;
        c.made(&inner.model).then(|| {
            c.model = (*inner.model).clone();
            c
        })
    })
}

/// The ids of a vocabulary.
pub(crate) fn ids(vocab: &[Value]) -> BTreeMap<Value, u32> {
    vocab.iter().cloned().zip(0..).collect()
}

impl Inner {
    /// The ids of tokens.
    pub(crate) fn ids(&self, py: Python<'_>, tokens: &[Value]) -> PyResult<Vec<u32>> {
        let most = self.model.config.max_len;
        if tokens.len() > most {
            let message = format!("the input has {} tokens, and the model takes at most {most}", tokens.len());
            let hint = "shorten it, or compile with a larger `max_len`";
            return Err(errors::one(py, Diagnostic::error(TOO_LONG, message).hint(hint)));
        }
        let id = |(position, token): (usize, &Value)| {
            self.ids.get(token).copied().ok_or_else(|| errors::one(py, self.outside(position, token)))
        };
        tokens.iter().enumerate().map(id).collect()
    }

    fn outside(&self, position: usize, token: &Value) -> Diagnostic {
        let shown = raspc_lang::ops::python_repr(token);
        let text = token.to_string();
        let config = &self.model.config;
        if text == config.bos || text == config.pad {
            let message = format!("token {position} is {shown}, which marks the beginning or the padding of an input");
            return Diagnostic::error(TOKEN, message).hint("leave it away: the model puts BOS in front by itself");
        }
        let known: Vec<String> = self.options.vocab.iter().take(12).map(raspc_lang::ops::python_repr).collect();
        let more = if self.options.vocab.len() > known.len() { ", …" } else { "" };
        let hint = match token {
            Value::Str(s) if s.parse::<i64>().is_ok_and(|i| self.ids.contains_key(&Value::int(i))) => {
                "it is a string here; the vocabulary has the number".to_owned()
            }
            _ => format!("the vocabulary is {}{more}", known.join(", ")),
        };
        Diagnostic::error(TOKEN, format!("token {position}, {shown}, is not in the vocabulary")).hint(hint)
    }
}
