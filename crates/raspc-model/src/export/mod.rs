//! Exporters: a model into the files of a stock runtime, byte by byte into a [`Sink`].
//!
//! **Invariants.** What cannot be represented exactly is refused, and before the first byte. The bytes are a function of
//! the model alone. Dense tensors are made row by row from the sparse weights, so an export needs memory for the model and a
//! few rows, whatever the size of its files. Every weight in a file is a weight of the model times a power of two.

mod bounds;
mod card;
mod circuit;
mod codes;
mod coordinates;
mod describe;
mod file;
mod hf_bert;
mod hf_gpt2;
mod layout;
mod onnx;
mod safetensors;
mod symbols;
mod tensor;
mod tokenizer;
mod torch;
mod transformer_lens;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

pub use codes::{EXPLANATIONS, Explanation, LABELS, MASK, NONE, RANGE, SIZE, SYMBOLS};
use file::File;

use crate::model::Model;

/// A runtime's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One file: an ONNX graph of plain operators, opset 17.
    Onnx,
    /// A Hugging Face folder: `BertForTokenClassification`, bidirectional.
    HfBert,
    /// A Hugging Face folder: `GPT2LMHeadModel` and `GPT2ForTokenClassification`, causal.
    HfGpt2,
    /// State dicts and configs for `HookedTransformer` and `TransformerBridge.boot_native`.
    TransformerLens,
    /// A state dict and a short `nn.Module` to read and copy.
    Torch,
    /// One file: the dense weights under TransformerLens's names.
    Safetensors,
    /// The ground-truth circuit, as JSON and DOT graphs.
    Circuit,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Onnx, Self::HfBert, Self::HfGpt2, Self::TransformerLens, Self::Torch, Self::Safetensors, Self::Circuit];

    /// Its name on the command line: `hf-bert`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::HfBert => "hf-bert",
            Self::HfGpt2 => "hf-gpt2",
            Self::TransformerLens => "transformer-lens",
            Self::Torch => "torch",
            Self::Safetensors => "safetensors",
            Self::Circuit => "circuit",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// What it is, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Onnx => "one file of plain ONNX operators, opset 17",
            Self::HfBert => "a Hugging Face folder: BERT for token classification (not causal)",
            Self::HfGpt2 => "a Hugging Face folder: GPT-2 as language model and for token classification (causal)",
            Self::TransformerLens => "state dicts for HookedTransformer and TransformerBridge.boot_native",
            Self::Torch => "a state dict and a short nn.Module to read and copy",
            Self::Safetensors => "one file: the dense weights",
            Self::Circuit => "the ground truth: which head, neuron and direction computes what, as JSON and DOT graphs",
        }
    }

    /// Whether it is a single file (whose name the user chooses) and not a folder.
    pub fn is_single_file(self) -> bool {
        matches!(self, Self::Onnx | Self::Safetensors)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the files of an export go. Files come one after another.
pub trait Sink {
    /// Begins a file of exactly that many bytes. Its name may hold one `/`, for a folder in the folder.
    ///
    /// # Errors
    /// Whatever hinders the sink; it ends the export.
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()>;

    /// Takes the next bytes of the file that was begun last.
    ///
    /// # Errors
    /// Whatever hinders the sink; it ends the export.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// A sink that keeps the files in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Names and bytes, in the order in which they came.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Sink for Files {
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        self.files.push((name.to_owned(), Vec::with_capacity(bytes)));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.files.last_mut().expect("a file was begun").1.extend_from_slice(bytes);
        Ok(())
    }
}

/// Why a model cannot be represented exactly in a format: a code of [`EXPLANATIONS`], what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `E1101`.
    pub code: &'static str,
    /// What is wrong: lowercase, no full stop.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

/// Why an export ended early.
#[derive(Debug)]
pub enum ExportError {
    /// The model cannot be represented exactly; nothing was written.
    Refused(Refusal),
    /// The sink failed.
    Sink(io::Error),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "[{}] {}", refusal.code, refusal.message),
            Self::Sink(error) => write!(f, "the export could not be written: {error}"),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<Refusal> for ExportError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Sink(error)
    }
}

/// Writes a model in a format. The program is text for people, which descriptions and model cards show; it may be empty.
///
/// # Errors
/// A model that the format cannot represent exactly, before anything is written; a sink that fails.
///
/// # Panics
/// When the model does not pass [`Model::check`].
pub fn export(model: &Model, format: Format, program: &str, sink: &mut dyn Sink) -> Result<(), ExportError> {
    checked_files(model, format, program)?.iter().try_for_each(|file| file.write(sink))?;
    Ok(())
}

/// The names of the files and folders that an export consists of, in order; a folder's name stands for all in it.
///
/// # Errors
/// As [`export`], but for what only a sink can say.
///
/// # Panics
/// As [`export`].
pub fn file_names(model: &Model, format: Format) -> Result<Vec<String>, Refusal> {
    let files = checked_files(model, format, "")?;
    let mut names: Vec<String> = Vec::new();
    for file in &files {
        let name = file.name.split('/').next().unwrap_or_default();
        if names.iter().all(|n| n != name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The files of a format, their tensors not yet made; what is not exact or too large is refused.
fn checked_files<'a>(model: &'a Model, format: Format, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    if let Err(error) = model.check() {
        panic!("a model that is exported is well formed: {error}");
    }
    let files = files(model, format, program)?;
    file::check_size(&files)?;
    Ok(files)
}

/// The files of a format.
fn files<'a>(model: &'a Model, format: Format, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    match format {
        Format::Onnx => onnx::files(model, program),
        Format::HfBert => hf_bert::files(model, program),
        Format::HfGpt2 => hf_gpt2::files(model, program),
        Format::TransformerLens => transformer_lens::files(model, program),
        Format::Torch => torch::files(model, program),
        Format::Safetensors => Ok(safetensors::files(model, program)),
        Format::Circuit => Ok(circuit::files(model)),
    }
}
