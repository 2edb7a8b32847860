//! The commands, one file each: a function from the command's words to how it ended.

pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod draw;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod export;
pub(crate) mod fmt;
pub(crate) mod help;
pub(crate) mod list;
pub(crate) mod lsp;
pub(crate) mod repl;
pub(crate) mod run;
pub(crate) mod test;
pub(crate) mod verify;
