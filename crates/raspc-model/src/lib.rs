//! What a transformer computes: config, sparse weights, forward pass, files.
//!
//! Knows nothing about RASP.

pub mod matrix;
pub mod model;
pub mod token;
