//! The repository's own commands: `cargo xtask test` runs everything that must hold, `cargo xtask tidy` the checks on the
//! repository itself.

mod explorer;
mod python;
mod reference;
mod site;
mod steps;
mod tidy;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
The repository's own commands

Usage: cargo xtask COMMAND

  test     everything that must hold: formatting, tidiness, lints, build, all tests, documentation
  tidy     the checks on the repository itself (part of test)
  bless    rewrite the recorded output of the README and of the command line's sessions, to be reviewed as a diff
  explorer the tests of the explorer's page (part of test)
  site     the playground, the walk and the reference as static files in target/site/dist, or a folder given with -o;
           --serve shows them on the loopback address (`cargo xtask site test`: its tests, part of test;
           `cargo xtask site picture` takes its picture in the README anew)
  picture  take the README's picture of the explorer anew (needs Chromium)
  help     this text
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => steps::test(&root()),
        ["tidy"] => tidy::tidy(&root()),
        ["bless"] => steps::bless(&root()),
        ["explorer"] => ended(explorer::test(&root())),
        ["site", "picture"] => ended(site::picture(&root())),
        ["site", "test"] => ended(site::test(&root())),
        ["site", ref words @ ..] => ended(site::site(&root(), words)),
        ["picture"] => ended(explorer::picture(&root())),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

fn ended(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The repository's root: the folder above this crate's.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the repository").to_owned()
}
