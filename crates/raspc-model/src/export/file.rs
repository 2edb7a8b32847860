//! A file of an export: text and tensors one after another, its length known before anything is made.

use std::io;

use super::codes::SIZE;
use super::tensor::Tensor;
use super::{Refusal, Sink};

/// No file of an export is larger: 64 GiB. Sizes that a folder merely claims end here.
const MOST_BYTES: u64 = 64 << 30;

/// A file, its tensors not yet made.
pub(super) struct File<'a> {
    pub(super) name: String,
    pub(super) parts: Vec<Part<'a>>,
}

/// A part of a file.
pub(super) enum Part<'a> {
    Bytes(Vec<u8>),
    Tensor(Tensor<'a>),
}

impl<'a> File<'a> {
    /// A file of these bytes.
    pub(super) fn of_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), parts: vec![Part::Bytes(bytes.into())] }
    }

    /// A JSON file.
    pub(super) fn of_json(name: impl Into<String>, value: &serde_json::Value) -> Self {
        Self::of_bytes(name, format!("{value:#}\n"))
    }

    /// The same file in a folder.
    pub(super) fn in_folder(mut self, folder: &str) -> File<'a> {
        self.name = format!("{folder}/{}", self.name);
        self
    }

    /// How many bytes it has (saturating).
    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.bytes()))
    }

    /// Writes it.
    pub(super) fn write(&self, sink: &mut dyn Sink) -> io::Result<()> {
        sink.begin(&self.name, self.bytes())?;
        self.parts.iter().try_for_each(|part| match part {
            Part::Bytes(bytes) => sink.write(bytes),
            Part::Tensor(tensor) => tensor.write(sink),
        })
    }
}

impl Part<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Tensor(tensor) => tensor.bytes(),
        }
    }
}

/// Refuses files that are too large.
pub(super) fn check_size(files: &[File<'_>]) -> Result<(), Refusal> {
    match files.iter().find(|f| f.bytes() > MOST_BYTES) {
        None => Ok(()),
        Some(file) => {
            let message = format!("`{}` would be larger than {} GiB", file.name, MOST_BYTES >> 30);
            Err(Refusal::new(SIZE, message, "compile for fewer tokens or a shorter length"))
        }
    }
}
