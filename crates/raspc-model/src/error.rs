//! What can be wrong with an input, and with a model or its files.
//!
//! Neither is a bug of ours: the caller gave the input, and a folder may come from anywhere.

use std::fmt;

use crate::matrix::EntryError;
use crate::token::Token;

/// Why a model cannot be run on an input.
#[derive(Clone, Debug, PartialEq)]
pub enum InputError {
    /// More tokens than the model has positions for.
    TooLong {
        /// Tokens given, without BOS.
        tokens: usize,
        /// The most the model takes.
        max_len: usize,
    },
    /// An id that is no token of the vocabulary.
    Id {
        /// Where in the input, from 0, without BOS.
        position: usize,
        /// The id.
        id: u32,
        /// How many tokens the vocabulary has, without BOS and PAD.
        vocab: usize,
    },
    /// A token that is not in the vocabulary.
    Token {
        /// Where in the input, from 0, without BOS.
        position: usize,
        /// The token.
        token: Token,
    },
    /// The rows of a padded batch differ in length.
    Ragged {
        /// Length of this row.
        found: usize,
        /// Length of the first row.
        expected: usize,
    },
    /// A padded batch and its list of lengths differ in length, or a length is longer than its row.
    Lengths {
        /// What was given.
        found: usize,
        /// The batch's size, or the row's length.
        expected: usize,
    },
    /// Padding is not where it belongs: on the right, and from the real length on.
    Padding {
        /// Where in the input, from 0, without BOS.
        position: usize,
    },
    /// A patch names a half-layer, position or direction that does not exist, or a value that is not finite.
    Patch {
        /// Index of the patch.
        patch: usize,
    },
    /// An ablation names a head that does not exist.
    Head {
        /// Layer asked for.
        layer: usize,
        /// Head asked for.
        head: usize,
    },
    /// A number grew beyond f32.
    Overflow {
        /// The half-layer whose output is not finite: 0 is the embedding, 2l+1 attention l, 2l+2 MLP l.
        after: usize,
    },
    /// An error of one input of a batch.
    InBatch {
        /// Which input.
        input: usize,
        /// Its error.
        error: Box<InputError>,
    },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { tokens, max_len } => {
                write!(f, "the input has {tokens} tokens, the model takes at most {max_len}")
            }
            Self::Id { position, id, vocab } => {
                let tokens = if *vocab == 1 { "token" } else { "tokens" };
                write!(f, "token {position} has the id {id}, the vocabulary has {vocab} {tokens}")
            }
            Self::Token { position, token } => write!(f, "token {position}, `{token}`, is not in the vocabulary"),
            Self::Ragged { found, expected } => {
                write!(f, "a padded batch has rows of one length; found {found} beside {expected}")
            }
            Self::Lengths { found, expected } => {
                write!(f, "the lengths do not fit the batch: {found} beside {expected}")
            }
            Self::Padding { position } => {
                write!(f, "token {position}: padding stands on the right, from the real length on, and nowhere else")
            }
            Self::Patch { patch } => {
                write!(f, "patch {patch} names a half-layer, position, direction or value that does not exist")
            }
            Self::Head { layer, head } => write!(f, "there is no head {head} in layer {layer}"),
            Self::Overflow { after } => write!(f, "a number left the range of f32 in half-layer {after}"),
            Self::InBatch { input, error } => write!(f, "input {input}: {error}"),
        }
    }
}

impl std::error::Error for InputError {}

/// What is wrong with a model, or with the files it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelError {
    /// A size of the config is beyond what the formats can hold, or zero where it cannot be.
    Size {
        /// Its name.
        what: &'static str,
        /// Its value.
        found: usize,
    },
    /// A tensor's shape is not what the config says.
    Shape {
        /// Its name.
        what: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that follows from the config.
        expected: Vec<usize>,
    },
    /// There are too many or too few of something.
    Count {
        /// Of what.
        what: String,
        /// How many there are.
        found: usize,
        /// How many the config asks for.
        expected: usize,
    },
    /// An entry of a tensor is out of bounds, out of order or not finite.
    Entry {
        /// The tensor's name.
        what: String,
        /// The entry's index.
        entry: usize,
        /// What is wrong.
        why: EntryError,
    },
    /// Something about a read-out.
    Readout {
        /// Its index.
        readout: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Something about a token of the vocabulary.
    Vocab {
        /// Its id.
        id: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The output is not one of the read-outs.
    Output {
        /// Its index.
        output: usize,
        /// How many read-outs there are.
        readouts: usize,
    },
    /// The texts of BOS and PAD are the same.
    SpecialTokens,
    /// The graph or the circuit is nested too deeply to be read back.
    Depth {
        /// Which.
        what: &'static str,
    },
    /// A file cannot be read, or is not what it should be.
    File {
        /// Its name in the folder.
        file: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { what, found } => write!(f, "{what} cannot be {found}"),
            Self::Shape { what, found, expected } => {
                write!(f, "{what} has the shape {found:?}, the config says {expected:?}")
            }
            Self::Count { what, found, expected } => write!(f, "{found} {what}, the config asks for {expected}"),
            Self::Entry { what, entry, why } => write!(f, "{what}: entry {entry} {why}"),
            Self::Readout { readout, why } => write!(f, "read-out {readout}: {why}"),
            Self::Vocab { id, why } => write!(f, "token {id} of the vocabulary {why}"),
            Self::Output { output, readouts } => {
                write!(f, "the output is read-out {output}, there are {readouts}")
            }
            Self::SpecialTokens => f.write_str("BOS and PAD have the same text"),
            Self::Depth { what } => write!(f, "the {what} is nested too deeply"),
            Self::File { file, why } => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for ModelError {}
