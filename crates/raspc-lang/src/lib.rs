//! The RASP language: what a program means.
//!
//! Knows nothing about transformers.

pub mod builder;
pub mod diagnostic;
pub mod error;
pub mod function;
pub mod graph;
pub mod interpret;
pub mod mean;
pub mod ops;
pub mod print;
pub mod serial;
pub mod value;
