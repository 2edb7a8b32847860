//! The binary `raspc`.

use std::process::ExitCode;

fn main() -> ExitCode {
    raspc_cli::run(std::env::args_os())
}
