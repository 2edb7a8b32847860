//! The RASP language: what a program means.
//!
//! Knows nothing about transformers.

pub mod builder;
pub mod codes;
pub mod console;
pub mod diagnostic;
pub mod elaborate;
pub mod error;
pub mod expect;
pub mod format;
pub mod function;
pub mod graph;
pub mod input;
pub mod interpret;
pub mod library;
pub mod mean;
pub mod ops;
pub mod print;
pub mod program;
pub mod programs;
pub mod render;
pub mod serial;
pub mod source;
pub mod syntax;
pub mod tracr;
pub mod unparse;
pub mod value;
