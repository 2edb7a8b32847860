//! The RASP language: what a program means.
//!
//! Knows nothing about transformers.

pub mod diagnostic;
pub mod error;
pub mod function;
pub mod graph;
pub mod interpret;
pub mod mean;
pub mod ops;
mod print;
pub mod value;
