//! What a transformer computes: config, sparse weights, forward pass, read-outs, files.
//!
//! Knows nothing about RASP. No IO, clocks, environment or threads (threads only with the feature `rayon`).
//!
//! ```
//! use raspc_model::{forward::Keep, model::Model};
//!
//! fn show(model: &Model, tokens: &[raspc_model::token::Token]) -> Result<(), raspc_model::error::InputError> {
//!     let run = model.run(&model.ids(tokens)?, Keep::default())?;
//!     for token in model.decode_output(&run) {
//!         println!("{token}");
//!     }
//!     Ok(())
//! }
//! ```

mod attention;
pub mod check;
pub mod decode;
pub mod dense;
pub mod error;
pub mod export;
pub mod files;
pub mod forward;
pub mod hooks;
pub mod matrix;
pub mod model;
pub mod order;
mod packed;
mod rows;
pub mod stats;
pub mod token;

#[cfg(test)]
mod samples;
