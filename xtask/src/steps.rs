//! The steps of `cargo xtask test`: cargo's own commands one after the other, their output as it comes.
//!
//! The first step that fails ends it. Tests come last but for the documentation, so that cargo's closing lines are near
//! the end of a log.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::{explorer, python, site, tidy};

/// A step: what it is called, cargo's arguments, and a variable of the environment it needs.
struct Step {
    name: &'static str,
    cargo: &'static [&'static str],
    variable: Option<(&'static str, &'static str)>,
}

const BEFORE: &[Step] = &[Step { name: "formatting", cargo: &["fmt", "--all", "--check"], variable: None }];

const AFTER: &[Step] = &[
    Step {
        name: "lints",
        cargo: &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        variable: None,
    },
    Step { name: "build", cargo: &["build", "--workspace", "--locked"], variable: None },
    Step {
        name: "documentation",
        cargo: &["doc", "--workspace", "--no-deps", "--locked"],
        variable: Some(("RUSTDOCFLAGS", "-D warnings")),
    },
    // Unit, integration and documentation tests.
    Step { name: "tests", cargo: &["test", "--workspace", "--locked"], variable: None },
];

/// Rewrites what the tests hold as recorded output.
const BLESS: Step =
    Step { name: "recording", cargo: &["test", "--package", "raspc-cli"], variable: Some(("RASPC_BLESS", "1")) };

/// Everything that must hold.
pub(crate) fn test(root: &Path) -> ExitCode {
    let start = Instant::now();
    for step in BEFORE {
        if !step.run(root) {
            return ExitCode::FAILURE;
        }
    }
    println!("\n== tidiness");
    if tidy::tidy(root) != ExitCode::SUCCESS {
        return ExitCode::FAILURE;
    }
    for step in AFTER {
        if !step.run(root) {
            return ExitCode::FAILURE;
        }
    }
    if !explorer::test(root) || !site::test(root) || !python::test(root) {
        return ExitCode::FAILURE;
    }
    println!("\nall of it holds, after {:.0?}", start.elapsed());
    ExitCode::SUCCESS
}

/// Records output anew, and makes the copies.
pub(crate) fn bless(root: &Path) -> ExitCode {
    if let Err(e) = crate::tidy::copies::renew(root) {
        eprintln!("the copies could not be made: {e}");
        return ExitCode::FAILURE;
    }
    if BLESS.run(root) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Step {
    fn run(&self, root: &Path) -> bool {
        println!("\n== {}: cargo {}", self.name, self.cargo.join(" "));
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(root).args(self.cargo).envs(self.variable);
        match command.status() {
            Ok(status) => status.success(),
            Err(e) => {
                eprintln!("cargo could not be started: {e}");
                false
            }
        }
    }
}
