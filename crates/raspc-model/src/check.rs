//! Whether a model is well formed: every invariant of [`Model`], checked without allocating by what the config claims.
//!
//! - Sizes are below 2^31 (the files hold indices as i32); a head has at least one dimension; BOS and PAD differ.
//! - Every tensor has the shape that follows from the config; there are as many layers, heads and labels as it says.
//! - Every weight is finite. (That sparse matrices are ascending, in bounds and finite is the matrix type's own invariant.)
//! - Read-outs ascend by node; their forms, values, half-layers and bounds are in range; the output is one of them.
//! - Tokens are well formed, differ from each other by value, and none has the text of BOS or PAD.
//! - Graph and circuit are nested less deeply than a JSON parser follows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::ModelError;
use crate::matrix::{EntryError, SparseMatrix};
use crate::model::{Config, Decode, Head, Layer, LinearForm, Model};
use crate::token::Token;

/// Indices are written as i32.
pub(crate) const MAX_SIZE: usize = i32::MAX as usize;

/// serde_json refuses to read more than 127 levels; graph and circuit stand alone in their files.
const MAX_DEPTH: usize = 120;

impl Model {
    /// Checks every invariant of the model.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn check(&self) -> Result<(), ModelError> {
        let c = &self.config;
        c.check()?;
        size("d_vocab", self.vocab.len().saturating_add(2))?;
        self.check_vocab()?;
        shape("embed.W_E", &self.w_e, self.vocab.len() + 2, c.d_model)?;
        shape("pos_embed.W_pos", &self.w_pos, c.max_len + 1, c.d_model)?;
        count("layers", self.layers.len(), c.n_layers)?;
        for (l, layer) in self.layers.iter().enumerate() {
            check_layer(l, layer, c)?;
        }
        count("labels", self.labels.len(), c.d_model)?;
        self.check_readouts()?;
        depth("graph", &self.graph)?;
        depth("circuit", &self.circuit)?;
        depth("certificate", &self.certificate)
    }

    fn check_vocab(&self) -> Result<(), ModelError> {
        let special = |token: &Token| {
            let text = token.to_string();
            text == self.config.bos || text == self.config.pad
        };
        let mut seen = BTreeSet::new();
        for (id, token) in self.vocab.iter().enumerate() {
            let error = |why| Err(ModelError::Vocab { id, why });
            if !token.is_well_formed() {
                return error("is no well-formed token");
            }
            if special(token) {
                return error("has the text of BOS or PAD");
            }
            if !seen.insert(token.key()) {
                return error("equals an earlier one");
            }
        }
        Ok(())
    }

    fn check_readouts(&self) -> Result<(), ModelError> {
        let halves = 2 * self.layers.len();
        for (readout, r) in self.readouts.iter().enumerate() {
            let error = |why| Err(ModelError::Readout { readout, why });
            if readout > 0 && self.readouts[readout - 1].node > r.node {
                return error("its node comes before that of the one before it");
            }
            if r.after > halves {
                return error("its half-layer does not exist");
            }
            if r.decode.forms().into_iter().any(|form| !well_formed(form, self.config.d_model)) {
                return error("a form is out of order, out of bounds, or has a weight that is not finite");
            }
            if let Err(why) = check_values(&r.decode) {
                return error(why);
            }
        }
        if self.output < self.readouts.len() {
            return Ok(());
        }
        Err(ModelError::Output { output: self.output, readouts: self.readouts.len() })
    }
}

impl Config {
    /// Checks the sizes and the texts of BOS and PAD.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        size("n_layers", self.n_layers)?;
        size("n_heads", self.n_heads)?;
        size("d_model", self.d_model)?;
        size("d_head", self.d_head)?;
        size("d_mlp", self.d_mlp)?;
        size("max_len", self.max_len.saturating_add(1))?;
        // A dense bias in the file vouches for the number of heads, which it could not without a dimension.
        if self.n_heads > 0 && self.d_head == 0 {
            return Err(ModelError::Size { what: "d_head", found: 0 });
        }
        if self.bos == self.pad { Err(ModelError::SpecialTokens) } else { Ok(()) }
    }
}

fn check_layer(l: usize, layer: &Layer, c: &Config) -> Result<(), ModelError> {
    count(&format!("heads in layer {l}"), layer.heads.len(), c.n_heads)?;
    for (h, head) in layer.heads.iter().enumerate() {
        check_head(&format!("blocks.{l}.attn.{h}"), head, c)?;
    }
    shape(&format!("blocks.{l}.mlp.W_in"), &layer.w_in, c.d_model, c.d_mlp)?;
    count(&format!("entries of blocks.{l}.mlp.b_in"), layer.b_in.len(), c.d_mlp)?;
    if let Some(entry) = layer.b_in.iter().position(|b| !b.is_finite()) {
        return Err(ModelError::Entry { what: format!("blocks.{l}.mlp.b_in"), entry, why: EntryError::Value });
    }
    shape(&format!("blocks.{l}.mlp.W_out"), &layer.w_out, c.d_mlp, c.d_model)
}

fn check_head(name: &str, head: &Head, c: &Config) -> Result<(), ModelError> {
    shape(&format!("{name}.W_Q"), &head.w_q, c.d_model, c.d_head)?;
    shape(&format!("{name}.W_K"), &head.w_k, c.d_model, c.d_head)?;
    shape(&format!("{name}.W_V"), &head.w_v, c.d_model, c.d_head)?;
    shape(&format!("{name}.W_O"), &head.w_o, c.d_head, c.d_model)?;
    let mut last = None;
    for (entry, &(i, b)) in head.b_k.iter().enumerate() {
        let error = |why| Err(ModelError::Entry { what: format!("{name}.b_K"), entry, why });
        if i as usize >= c.d_head {
            return error(EntryError::Outside);
        }
        if !b.is_finite() || b == 0.0 {
            return error(EntryError::Value);
        }
        if last.is_some_and(|last| last >= i) {
            return error(EntryError::Order);
        }
        last = Some(i);
    }
    Ok(())
}

fn check_values(decode: &Decode) -> Result<(), &'static str> {
    match decode {
        Decode::Categorical { classes } => {
            let mut seen = BTreeSet::new();
            if !classes.iter().all(|(token, _)| token.is_well_formed()) {
                return Err("a class is no well-formed token");
            }
            if !classes.iter().all(|(token, _)| seen.insert(token.key())) {
                return Err("two classes are one token");
            }
        }
        Decode::Numerical { bound, values, .. } => {
            if !bound.is_finite() || *bound < 0.0 {
                return Err("its bound is negative or not finite");
            }
            let Some(values) = values else { return Ok(()) };
            let well_formed = values.iter().all(Token::is_well_formed);
            let numbers: Option<Vec<f64>> = values.iter().map(Token::number).collect();
            let ascending = |n: Vec<f64>| !n.is_empty() && n.is_sorted() && n.iter().all(|v| v.is_finite());
            if !well_formed || !numbers.is_some_and(ascending) {
                return Err("its values are no numbers in ascending order");
            }
        }
    }
    Ok(())
}

fn well_formed(form: &LinearForm, d_model: usize) -> bool {
    form.is_sorted_by(|a, b| a.0 < b.0) && form.iter().all(|&(d, w)| (d as usize) < d_model && w.is_finite())
}

fn size(what: &'static str, found: usize) -> Result<(), ModelError> {
    if found > MAX_SIZE { Err(ModelError::Size { what, found }) } else { Ok(()) }
}

fn shape(what: &str, m: &SparseMatrix, rows: usize, cols: usize) -> Result<(), ModelError> {
    if (m.rows(), m.cols()) == (rows, cols) {
        return Ok(());
    }
    Err(ModelError::Shape { what: what.into(), found: vec![m.rows(), m.cols()], expected: vec![rows, cols] })
}

fn count(what: &str, found: usize, expected: usize) -> Result<(), ModelError> {
    if found == expected { Ok(()) } else { Err(ModelError::Count { what: what.into(), found, expected }) }
}

/// Walks a JSON value level by level, so that no nesting can overflow the stack.
fn depth(what: &'static str, value: &Value) -> Result<(), ModelError> {
    let mut level = vec![value];
    for _ in 0..MAX_DEPTH {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return Ok(());
        }
    }
    Err(ModelError::Depth { what })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
