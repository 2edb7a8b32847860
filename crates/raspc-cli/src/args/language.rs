//! The words of the commands that are about the language: `repl`, `test`, `fmt`.

use std::path::PathBuf;

use clap::Args;

use super::ModelArgs;

/// `raspc repl`
#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal `:help` says what there is beside the language's statements. Driven by a script it \
                        prints what the reference implementation does."
)]
pub(crate) struct ReplArgs {
    /// A file to load first.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Start from this library in place of the standard one.
    #[arg(long, value_name = "FILE")]
    pub(crate) rasplib: Option<PathBuf>,
}

/// `raspc test`
#[derive(Debug, Args)]
#[command(
    after_help = "An expectation is a comment, `#? NAME(INPUT) = [VALUE, …]` or `#? NAME(INPUT) raises`; INPUT is JSON or \
                  characters. A selector's values are rows of 0 and 1, a row for each query.\n\n\
                  Exit status: 0 when all are met, 1 when one is not or a program is at fault, 2 for wrong usage."
)]
pub(crate) struct TestArgs {
    /// Programs, or folders of `.rasp` files.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Replay recorded sessions of `raspc repl` instead: FILE holds one JSON object a line, with `kind` (`malformed`: the
    /// wording of syntax errors is not compared), `stdin` and `stdout`.
    #[arg(long, conflicts_with_all = ["causal", "vocab", "max_len", "opt", "bos", "pad", "max_values", "max_units", "max_bytes", "dtype", "uncertified"])]
    pub(crate) sessions: bool,
    /// Start recorded sessions from this library in place of the standard one.
    #[arg(long, value_name = "FILE", requires = "sessions")]
    pub(crate) rasplib: Option<PathBuf>,
    /// Let each position see itself and earlier ones only.
    #[arg(long)]
    pub(crate) causal: bool,
    /// Print one JSON object an expectation.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// `raspc fmt`
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 when all is well, 1 when `--check` finds a file that would change or a file is no program, \
                  2 for wrong usage."
)]
pub(crate) struct FmtArgs {
    /// Programs, or folders of `.rasp` files; `-` reads standard input and prints.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing; name the files that would change.
    #[arg(long)]
    pub(crate) check: bool,
}
