//! What a compilation is asked for.

use raspc_lang::value::Value;

use crate::certify::precision::Dtype;
use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// How small the model is made (DESIGN section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptLevel {
    /// One block and one labelled subspace per operation as written.
    O0,
    /// Every named node that the output depends on stays readable; the rest is optimised.
    #[default]
    O1,
}

/// Budgets: a program that needs more is an error that says so, before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most values (or tuples of values) that may be enumerated for one node.
    pub enumerate: usize,
    /// Most hidden units of one MLP block.
    pub units: usize,
    /// Most bytes of stored (sparse) weights: 8 for each nonzero.
    pub bytes: u64,
    /// Widths of comparisons of fewer values than this on both sides are one head as they stand; of more, they are split bit
    /// by bit. One head's weights are a few million there, and a layer less is worth more (over 1024 numbers sort_unique
    /// takes two layers of one head, not three of up to 25).
    pub ordered: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { enumerate: 16 << 20, units: 1 << 17, bytes: 2 << 30, ordered: 2048 }
    }
}

/// What a compilation is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The vocabulary, in the order of the ids.
    pub vocab: Vec<Value>,
    /// The longest input, without BOS.
    pub max_len: usize,
    /// How small the model is made.
    pub opt: OptLevel,
    /// Text of BOS.
    pub bos: String,
    /// Text of PAD.
    pub pad: String,
    /// Budgets.
    pub limits: Limits,
    /// The float type of the runtime that the model is for.
    pub dtype: Dtype,
    /// Whether a model is made even where it cannot be certified.
    pub uncertified: bool,
    /// What may stop the compilation.
    pub interrupt: Interrupt,
    /// Who is told of its steps.
    pub progress: Progress,
}

impl Options {
    /// Options for a vocabulary and a length, all else at its default.
    pub fn new(vocab: Vec<Value>, max_len: usize) -> Self {
        Self {
            vocab,
            max_len,
            opt: OptLevel::default(),
            bos: "compiler_bos".to_owned(),
            pad: "compiler_pad".to_owned(),
            limits: Limits::default(),
            dtype: Dtype::default(),
            uncertified: false,
            interrupt: Interrupt::default(),
            progress: Progress::default(),
        }
    }
}
