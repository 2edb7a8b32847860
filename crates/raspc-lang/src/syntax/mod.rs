//! From text to syntax trees: tokens, the trees, the parser.

pub mod ast;
pub mod lexer;
pub mod parser;
pub mod token;
