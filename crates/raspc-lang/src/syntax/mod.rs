//! From text to syntax trees: tokens, the trees, the parser.

/// Most errors that are reported of one text: whoever has more reads no further.
pub(crate) const MAX_ERRORS: usize = 100;

pub mod ast;
pub mod lexer;
pub mod parser;
pub mod token;
