//! `config.json`: everything but weights, graph and circuit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;
use super::{CONFIG, bad};
use crate::error::ModelError;
use crate::model::{Config, Model, Readout};
use crate::token::Token;

const FORMAT: &str = "raspc-model";
const VERSION: u32 = 1;
const DTYPE: &str = "float32";
const REQUIRES: &str = "true f32 matmul (TF32 off)";

/// What `config.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    format: String,
    format_version: u32,
    /// The float type the weights are exact in.
    dtype: String,
    /// What a runtime has to provide for that.
    requires: String,
    pub(super) config: Config,
    d_vocab: usize,
    d_vocab_out: usize,
    bos_token_id: u32,
    pad_token_id: u32,
    parameters: usize,
    nonzeros: usize,
    pub(super) vocab: Vec<Token>,
    pub(super) labels: Vec<String>,
    pub(super) readouts: Vec<Readout>,
    pub(super) output: usize,
    pub(super) assumptions: Vec<String>,
    /// Shapes of the tensors; `{l}` stands for each layer.
    shapes: BTreeMap<String, Vec<usize>>,
    /// Stamps of the other files.
    pub(super) files: BTreeMap<String, Stamp>,
    /// Stamp of this file's compact form without this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<Stamp>,
}

impl ConfigFile {
    /// The config of a checked model.
    pub(super) fn of(model: &Model, files: BTreeMap<String, Stamp>) -> Self {
        let d_vocab = model.vocab.len() + 2;
        let d_vocab_out = model.output_readout().decode.forms().len();
        let mut file = Self {
            format: FORMAT.into(),
            format_version: VERSION,
            dtype: DTYPE.into(),
            requires: REQUIRES.into(),
            config: model.config.clone(),
            d_vocab,
            d_vocab_out,
            bos_token_id: model.bos_id(),
            pad_token_id: model.pad_id(),
            parameters: model.parameters(),
            nonzeros: model.nonzeros(),
            vocab: model.vocab.clone(),
            labels: model.labels.clone(),
            readouts: model.readouts.clone(),
            output: model.output,
            assumptions: model.assumptions.clone(),
            shapes: shapes(&model.config, d_vocab, d_vocab_out),
            files,
            stamp: None,
        };
        file.seal();
        file
    }

    /// Writes its own stamp.
    pub(super) fn seal(&mut self) {
        self.stamp = None;
        let text = serde_json::to_vec(self).expect("maps have text keys and writing to memory cannot fail");
        self.stamp = Some(Stamp::of(&text));
    }

    /// Whether this program reads that format.
    pub(super) fn check_format(&self) -> Result<(), ModelError> {
        if self.format != FORMAT {
            return Err(bad(CONFIG, format!("the format is `{}`, not `{FORMAT}`", self.format)));
        }
        if self.format_version != VERSION {
            return Err(bad(CONFIG, format!("format version {}; this program reads {VERSION}", self.format_version)));
        }
        Ok(())
    }

    /// Whether this file is as it was written.
    pub(super) fn check_own_stamp(&self) -> Result<(), ModelError> {
        let mut fresh = self.clone();
        fresh.seal();
        if fresh.stamp == self.stamp { Ok(()) } else { Err(bad(CONFIG, "damaged: it does not fit its own stamp")) }
    }

    /// Whether another file is the one that was written with this one.
    pub(super) fn check_stamp(&self, file: &'static str, bytes: &[u8]) -> Result<(), ModelError> {
        if self.files.get(file) == Some(&Stamp::of(bytes)) {
            return Ok(());
        }
        Err(bad(file, "damaged, or of another model: it does not fit its stamp in config.json"))
    }
}

fn shapes(c: &Config, d_vocab: usize, d_vocab_out: usize) -> BTreeMap<String, Vec<usize>> {
    let (heads, d, k, m) = (c.n_heads, c.d_model, c.d_head, c.d_mlp);
    let shapes: [(&str, Vec<usize>); 11] = [
        ("embed.W_E", vec![d_vocab, d]),
        ("pos_embed.W_pos", vec![c.max_len + 1, d]),
        ("blocks.{l}.attn.W_Q", vec![heads, d, k]),
        ("blocks.{l}.attn.W_K", vec![heads, d, k]),
        ("blocks.{l}.attn.b_K", vec![heads, k]),
        ("blocks.{l}.attn.W_V", vec![heads, d, k]),
        ("blocks.{l}.attn.W_O", vec![heads, k, d]),
        ("blocks.{l}.mlp.W_in", vec![d, m]),
        ("blocks.{l}.mlp.b_in", vec![m]),
        ("blocks.{l}.mlp.W_out", vec![m, d]),
        ("unembed.W_U", vec![d, d_vocab_out]),
    ];
    shapes.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
}
