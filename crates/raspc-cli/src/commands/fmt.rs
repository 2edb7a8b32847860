//! `raspc fmt`: programs in their one layout, in place.

use std::path::Path;

use raspc_lang::format::format;
use raspc_lang::source::Sources;

use crate::args::FmtArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::files::{self, Unreadable};
use crate::render;

/// Formats files; names those that changed (with `--check`: that would).
pub(crate) fn fmt(args: &FmtArgs, console: &mut Console) -> Result<Status, Fault> {
    if args.files.iter().any(|f| f == Path::new("-")) {
        if args.files.len() > 1 {
            return Err(Fault::usage("`-` stands alone", "format files and standard input in two commands"));
        }
        return standard_input(args.check, console);
    }
    let mut status = Status::Fine;
    for path in files::rasp_files(&args.files)? {
        if !one(&path, args.check, console)? {
            status = Status::Disagreed;
        }
    }
    Ok(status)
}

/// Formats a file. Whether all is well with it.
fn one(path: &Path, check: bool, console: &mut Console) -> Result<bool, Fault> {
    let name = path.display().to_string();
    let text = files::text(path).map_err(|e| unreadable(&name, e))?;
    let Some(formatted) = formatted(&name, &text, console) else { return Ok(false) };
    if formatted == text {
        return Ok(true);
    }
    console.line(&name)?;
    if check {
        return Ok(false);
    }
    files::replace(path, &formatted).map_err(|e| Fault::System(format!("`{name}` could not be written: {e}")))?;
    Ok(true)
}

fn standard_input(check: bool, console: &mut Console) -> Result<Status, Fault> {
    let text = files::standard_input().map_err(|e| unreadable("standard input", e))?;
    let Some(formatted) = formatted("standard input", &text, console) else { return Ok(Status::Disagreed) };
    if check {
        if formatted == text {
            return Ok(Status::Fine);
        }
        console.line("standard input")?;
        return Ok(Status::Disagreed);
    }
    console.text(formatted)?;
    Ok(Status::Fine)
}

/// The formatted text; what is wrong with one that is no program is said.
fn formatted(name: &str, text: &str, console: &mut Console) -> Option<String> {
    let mut sources = Sources::new();
    let source = sources.add(name, text);
    match format(source, text) {
        Ok(formatted) => Some(formatted),
        Err(diagnostics) => {
            render::diagnostics(console, &sources, &diagnostics);
            None
        }
    }
}

fn unreadable(name: &str, error: Unreadable) -> Fault {
    let why = match error {
        Unreadable::System(e) => e.to_string(),
        Unreadable::NoText(why) => why,
    };
    Fault::System(format!("`{name}` could not be read: {why}"))
}
