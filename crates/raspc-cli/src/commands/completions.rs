//! `raspc completions`: what a shell needs to complete our commands and flags.

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::console::Console;
use crate::fault::{Fault, Status};

/// Prints a shell's completions.
pub(crate) fn completions(args: &CompletionsArgs, console: &mut Console) -> Result<Status, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "raspc", &mut script);
    console.text(String::from_utf8(script).expect("completions are text"))?;
    Ok(Status::Fine)
}
