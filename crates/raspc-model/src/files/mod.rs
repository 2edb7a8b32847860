//! The model folder: `config.json`, `model.safetensors`, `graph.json`, `circuit.json`, `certificate.json`.
//!
//! **Invariants.** The bytes are a function of the model alone, and reading them back gives the model bit by bit.
//! Files may come from anywhere: whatever they hold, reading them ends in a checked model or in an error, and allocates no more than a
//! multiple of the bytes that are really there: sizes that `config.json` claims are compared with tensors and labels
//! before anything is made of them. A stamp (length and hash) of every file in `config.json`, and of `config.json` itself, finds
//! damage; it is no protection from intent.
//!
//! **For other readers.** The weights of read-outs in `config.json` (in `classes`, `value` and `defined`: pairs of direction and weight)
//! are 32-bit floats, written as the shortest decimal that gives back their bits: `0.1` is the 32-bit float next to 0.1. Who parses
//! numbers as doubles rounds these to 32 bits, or computes with other weights than the model's. `bound` and the values of
//! tokens are doubles as they stand.

mod config;
mod stamp;
mod weights;

#[cfg(test)]
mod tests;

use crate::error::ModelError;
use crate::model::Model;
use config::ConfigFile;
use stamp::Stamp;

/// Name of the config's file.
pub const CONFIG: &str = "config.json";
/// Name of the weights' file.
pub const WEIGHTS: &str = "model.safetensors";
/// Name of the file of the program's graph.
pub const GRAPH: &str = "graph.json";
/// Name of the file of the ground-truth circuit.
pub const CIRCUIT: &str = "circuit.json";
/// Name of the file of what was proved.
pub const CERTIFICATE: &str = "certificate.json";
/// The files of a model folder.
pub const ALL: [&str; 5] = [CONFIG, WEIGHTS, GRAPH, CIRCUIT, CERTIFICATE];

impl Model {
    /// The files of a model folder: names and bytes.
    ///
    /// # Panics
    /// When the model does not pass [`Model::check`].
    pub fn to_files(&self) -> Vec<(String, Vec<u8>)> {
        if let Err(error) = self.check() {
            panic!("a model that is written is well formed: {error}");
        }
        let rest = [
            (WEIGHTS, weights::to_bytes(self)),
            (GRAPH, json(&self.graph)),
            (CIRCUIT, json(&self.circuit)),
            (CERTIFICATE, json(&self.certificate)),
        ];
        let stamps = rest.iter().map(|(name, bytes)| ((*name).to_owned(), Stamp::of(bytes))).collect();
        let config = json(&ConfigFile::of(self, stamps));
        let files = std::iter::once((CONFIG, config)).chain(rest);
        files.map(|(name, bytes)| (name.to_owned(), bytes)).collect()
    }

    /// Reads a model from its folder; `read` gives the bytes of a file by its name.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or does not fit the others; a model that does not pass [`Model::check`].
    pub fn from_files(read: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>) -> Result<Self, ModelError> {
        let mut read = |file| read(file).map_err(|why| ModelError::File { file, why });
        let folder = Folder {
            config: read(CONFIG)?,
            weights: read(WEIGHTS)?,
            graph: read(GRAPH)?,
            circuit: read(CIRCUIT)?,
            certificate: read(CERTIFICATE)?,
        };
        folder.model(true)
    }
}

/// The bytes of a model folder.
struct Folder {
    config: Vec<u8>,
    weights: Vec<u8>,
    graph: Vec<u8>,
    circuit: Vec<u8>,
    certificate: Vec<u8>,
}

impl Folder {
    /// The model; without `stamped`, only tests' way to reach what lies behind the stamps, damage is not looked for.
    fn model(self, stamped: bool) -> Result<Model, ModelError> {
        let mut config: ConfigFile = parse(CONFIG, &self.config)?;
        config.check_format()?;
        let files = [
            (WEIGHTS, &self.weights),
            (GRAPH, &self.graph),
            (CIRCUIT, &self.circuit),
            (CERTIFICATE, &self.certificate),
        ];
        if stamped {
            for (file, bytes) in files {
                config.check_stamp(file, bytes)?;
            }
            config.check_own_stamp()?;
        } else {
            config.files = files.into_iter().map(|(file, bytes)| (file.to_owned(), Stamp::of(bytes))).collect();
            config.seal();
        }
        config.config.check()?;
        let (w_e, w_pos, layers) = weights::from_bytes(&self.weights, &config)?;
        let written = config.clone();
        let model = Model {
            config: config.config,
            vocab: config.vocab,
            w_e,
            w_pos,
            layers,
            labels: config.labels,
            readouts: config.readouts,
            output: config.output,
            graph: parse(GRAPH, &self.graph)?,
            circuit: parse(CIRCUIT, &self.circuit)?,
            assumptions: config.assumptions,
            certificate: parse(CERTIFICATE, &self.certificate)?,
        };
        model.check()?;
        // What is written beside the model for readers (shapes, ids, counts) has to be true of it.
        if ConfigFile::of(&model, written.files.clone()) != written {
            return Err(bad(CONFIG, "its shapes, ids or counts do not fit the model"));
        }
        Ok(model)
    }
}

/// JSON text of a value whose maps have text keys.
fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("maps have text keys and writing to memory cannot fail");
    bytes.push(b'\n');
    bytes
}

fn parse<T: serde::de::DeserializeOwned>(file: &'static str, bytes: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(bytes).map_err(|e| bad(file, e))
}

fn bad(file: &'static str, why: impl std::fmt::Display) -> ModelError {
    ModelError::File { file, why: why.to_string() }
}
