//! The standard library: written in RASP, known to every program.

/// What messages call its text.
pub const NAME: &str = "library";

/// Its text.
pub const SOURCE: &str = include_str!("library/library.rasp");
