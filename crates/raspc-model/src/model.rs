//! The model: a decoder-only transformer with sparse weights, its vocabulary and its read-outs.
//!
//! Pre-norm-free architecture: `x = W_E[id] + W_pos[position]`, then per layer
//! `x += Σ_h softmax(mask((x W_Q)(x W_K + b_K)ᵀ)) (x W_V) W_O` and `x += relu(x W_in + b_in) W_out`.
//! There is no logit scale, no norm, and no bias but `b_K` and `b_in`; those a stock runtime asks for are zero.
//! Position 0 is BOS. Names of the weights follow TransformerLens.

use serde::{Deserialize, Serialize};

use crate::matrix::SparseMatrix;
use crate::token::Token;

/// Sizes and switches of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Layers (one attention and one MLP half each).
    pub n_layers: usize,
    /// Heads in every layer.
    pub n_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of queries, keys and values of a head.
    pub d_head: usize,
    /// Hidden units of every MLP.
    pub d_mlp: usize,
    /// Longest input, counted without BOS; the position table has one row more.
    pub max_len: usize,
    /// Whether position q sees keys ≤ q only.
    pub causal: bool,
    /// Text of the token that begins every input.
    pub bos: String,
    /// Text of the token that fills a batch on the right.
    pub pad: String,
}

/// One attention head.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// `[d_model, d_head]`
    pub w_q: SparseMatrix,
    /// `[d_model, d_head]`
    pub w_k: SparseMatrix,
    /// `[d_head]`, sparse: (index, value), ascending. It makes PAD keys lose to BOS in every head.
    pub b_k: Vec<(u32, f32)>,
    /// `[d_model, d_head]`
    pub w_v: SparseMatrix,
    /// `[d_head, d_model]`
    pub w_o: SparseMatrix,
}

/// One layer: an attention half and an MLP half.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The heads (as many as the config says; unused ones are empty).
    pub heads: Vec<Head>,
    /// `[d_model, d_mlp]`
    pub w_in: SparseMatrix,
    /// `[d_mlp]`
    pub b_in: Vec<f32>,
    /// `[d_mlp, d_model]`
    pub w_out: SparseMatrix,
}

/// A linear form on the residual stream: (direction, weight), directions ascending. In JSON a weight is the shortest decimal that
/// gives back its 32 bits.
pub type LinearForm = Vec<(u32, f32)>;

/// How a node's value is read from the residual stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// The node's index in the program's graph.
    pub node: u32,
    /// Its first name, or a description.
    pub name: String,
    /// The half-layer after which it can be read: 0 is the embedding, 2l+1 after attention l, 2l+2 after MLP l.
    pub after: usize,
    /// How it is read.
    pub decode: Decode,
}

/// How a value is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decode {
    /// A one-hot: the class with the largest component; none where no component exceeds 1/2.
    Categorical {
        /// Each value and the form that is 1 where the node holds it, else 0. The class [`Token::None`] may be among them.
        classes: Vec<(Token, LinearForm)>,
    },
    /// A number.
    Numerical {
        /// The form whose value is the number.
        value: LinearForm,
        /// Where present: 1 where the number is defined, 0 where it is none.
        defined: Option<LinearForm>,
        /// |transformer − interpreter| is at most this.
        bound: f64,
        /// Where few enough: the values it can hold, ascending; the nearest is the decoded value.
        values: Option<Vec<Token>>,
    },
}

/// A compiled model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Sizes and switches.
    pub config: Config,
    /// The vocabulary: ids 0.. in this order, then BOS, then PAD.
    pub vocab: Vec<Token>,
    /// `[d_vocab, d_model]`, d_vocab = vocabulary + 2.
    pub w_e: SparseMatrix,
    /// `[max_len + 1, d_model]`
    pub w_pos: SparseMatrix,
    /// The layers.
    pub layers: Vec<Layer>,
    /// A label for each direction of the residual stream: `sort:3`, `target_pos`.
    pub labels: Vec<String>,
    /// Read-outs of the named nodes, ascending by node.
    pub readouts: Vec<Readout>,
    /// Which of the read-outs is the output; its forms are the columns of the unembedding `W_U`.
    pub output: usize,
    /// The program's graph, as the compiler printed it (opaque here).
    pub graph: serde_json::Value,
    /// Ground truth: nodes → heads, neurons, directions, and the edges between them (opaque here).
    pub circuit: serde_json::Value,
    /// What the model rests on that was not proved.
    pub assumptions: Vec<String>,
    /// What the compiler proved of it, or why it could not (opaque here; null where nobody tried).
    pub certificate: serde_json::Value,
}

impl Config {
    /// The sizes every table of this project shows.
    pub fn parameters(&self, d_vocab: usize) -> usize {
        let Self { n_layers, n_heads, d_model, d_head, d_mlp, max_len, .. } = *self;
        // Saturating: sizes from a file are bounded one by one, their products are not.
        let product = |factors: &[usize]| factors.iter().fold(1, |a: usize, &b| a.saturating_mul(b));
        let sum = |terms: &[usize]| terms.iter().fold(0, |a: usize, &b| a.saturating_add(b));
        let attention = sum(&[product(&[4, n_heads, d_model, d_head]), product(&[3, n_heads, d_head]), d_model]);
        let mlp = sum(&[product(&[2, d_model, d_mlp]), d_mlp, d_model]);
        let embedding = product(&[sum(&[d_vocab, max_len, 1]), d_model]);
        sum(&[embedding, product(&[n_layers, sum(&[attention, mlp])])])
    }
}

impl Model {
    /// Id of BOS.
    pub fn bos_id(&self) -> u32 {
        self.vocab.len() as u32
    }

    /// Id of PAD.
    pub fn pad_id(&self) -> u32 {
        self.vocab.len() as u32 + 1
    }

    /// Dense parameters: W_E, W_pos, Q, K, V, O, in, out and all biases of a stock runtime, without W_U.
    pub fn parameters(&self) -> usize {
        self.config.parameters(self.vocab.len() + 2)
    }
}
