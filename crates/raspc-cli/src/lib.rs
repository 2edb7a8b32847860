//! The command line of raspc: files, terminals and exit statuses, and no rules of its own.
//!
//! [`run`] is the whole program; one file a command lies in `commands`. What a program means is `raspc_lang`'s, what a
//! transformer computes `raspc_model`'s, how the one becomes the other `raspc`'s.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "texts for people are short: how they read in the code counts more than an allocation"
)]

mod args;
mod commands;
mod console;
mod engine;
mod fault;
mod files;
mod inputs;
mod lsp;
mod matrix;
mod progress;
mod reference;
mod render;
mod scratch;
mod settings;
mod sink;
mod subject;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use raspc::{codes, show};

use crate::args::{Cli, Command};
use crate::console::Console;
use crate::fault::{Fault, Status};

pub use crate::sink::{Unexported, Written, write_export, write_export_while};

/// Programs nest as deep as the parser's limits allow, which is deeper than the system's default stack is safe for.
pub(crate) const STACK: usize = 256 << 20;

/// Runs the command line `args` (the program's own name first) and gives the exit status: 0 fine, 1 the program or an
/// input is at fault or a check found a disagreement, 2 wrong usage, or we or the system failed.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers, not errors. Nobody may be left to read them.
            let _ = answer.print();
            return ExitCode::from(if answer.use_stderr() { 2 } else { 0 });
        }
    };
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || perform(&cli));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has said where it happened.
        Ok(Err(_)) => {
            eprintln!(
                "raspc failed: this is a bug of raspc and not of your program; please report it with the program"
            );
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("raspc could not start: {error}");
            ExitCode::from(2)
        }
    }
}

/// Performs the command and says what went wrong.
fn perform(cli: &Cli) -> ExitCode {
    let mut console = Console::standard(cli.color);
    let ended = dispatch(&cli.command, &mut console).and_then(|status| console.flush().map(|()| status));
    match ended {
        Ok(Status::Fine) => ExitCode::SUCCESS,
        Ok(Status::Disagreed) => ExitCode::from(1),
        Err(fault) => tell(&mut console, fault),
    }
}

/// Says why a command ended early.
pub(crate) fn tell(console: &mut Console, fault: Fault) -> ExitCode {
    match fault {
        Fault::Closed => ExitCode::SUCCESS,
        Fault::Diagnosed { sources, diagnostics } => {
            render::diagnostics(console, &sources, &diagnostics);
            ExitCode::from(1)
        }
        Fault::Usage { message, hint } => {
            let head = console.err_paint.bad("error:");
            console.say(format_args!("{head} {message}\n"));
            if let Some(hint) = hint {
                console.say(format_args!("  Help: {hint}\n"));
            }
            ExitCode::from(2)
        }
        Fault::System(message) => {
            let head = console.err_paint.bad("error:");
            console.say(format_args!("{head} {message}\n"));
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: &Command, console: &mut Console) -> Result<Status, Fault> {
    match command {
        Command::Run(args) => commands::run::run(args, console),
        Command::Compile(args) => commands::compile::compile(args, console),
        Command::Verify(args) => commands::verify::verify(args, console),
        Command::Explain(args) => commands::explain::explain(args, console),
        Command::Test(args) => commands::test::test(args, console),
        Command::Fmt(args) => commands::fmt::fmt(args, console),
        Command::Explore(args) => commands::explore::explore(args, console),
        Command::Export(args) => commands::export::export(args, console),
        Command::Repl(args) => commands::repl::repl(args, console),
        Command::Draw(args) => commands::draw::draw(args, console),
        Command::Lsp => commands::lsp::lsp(),
        Command::List(args) => commands::list::list(args, console),
        Command::Help(args) => commands::help::help(args, console),
        Command::Completions(args) => commands::completions::completions(args, console),
    }
}
