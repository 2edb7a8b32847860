//! `raspc repl`: a session of statements: for people on a terminal, for scripts line by line from standard input.

mod editor;
mod session;
mod terminal;
mod words;

pub(crate) use self::words::COMMANDS;

use std::io::{self, BufRead as _, Read as _};
use std::path::Path;

use raspc_lang::console::{Console as Session, Options};

use super::draw;
use crate::args::ReplArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::files::{self, Unreadable};

/// Longest line, in bytes.
const MOST_LINE: u64 = 1 << 20;

/// A session on a terminal, or for a script.
pub(crate) fn repl(args: &ReplArgs, console: &mut Console) -> Result<Status, Fault> {
    let library = args.rasplib.as_deref().map(library).transpose()?;
    let file = args.file.as_deref().map(loaded).transpose()?;
    let session = Session::new(Options { library, ..options() });
    if terminal::is_one() { terminal::run(session, file.as_deref(), console) } else { script(session, file, console) }
}

/// Reads lines to the end of the input, and prints what the session answers, as the reference does.
fn script(mut session: Session, file: Option<String>, console: &mut Console) -> Result<Status, Fault> {
    console.text(session.banner())?;
    if let Some(file) = file {
        console.text(session.line(&format!("load \"{file}\";")).text)?;
    }
    console.flush()?;
    let mut input = io::stdin().lock();
    while let Some(line) = next_line(&mut input)? {
        let output = session.line(&line);
        console.text(output.text)?;
        console.flush()?;
        draw::draw_asked(&mut session, console);
        if output.ended {
            return Ok(Status::Fine);
        }
    }
    console.text(session.finish())?;
    Ok(Status::Fine)
}

/// A file as `load` names it: without `.rasp`.
fn loaded(file: &Path) -> Result<String, Fault> {
    let name = file.to_str().filter(|name| !name.contains(['"', '\n', '\r']));
    let name = name.ok_or_else(|| Fault::usage("this name of a file cannot be loaded", "rename the file"))?;
    if !Path::new(&format!("{}.rasp", name.strip_suffix(".rasp").unwrap_or(name))).exists() {
        return Err(Fault::usage(
            format!("there is no file `{name}`"),
            "check the path; `load` adds `.rasp` by itself",
        ));
    }
    Ok(name.strip_suffix(".rasp").unwrap_or(name).to_owned())
}

/// The standard library, and files of the current folder.
pub(crate) fn options() -> Options {
    let loader = Box::new(|path: &str| files::text(Path::new(path)).map_err(reason));
    Options { loader, ..Options::default() }
}

/// The text of a start-up library.
pub(crate) fn library(path: &Path) -> Result<String, Fault> {
    files::text(path).map_err(|e| {
        let message = format!("the library {} cannot be read: {}", path.display(), reason(e));
        Fault::usage(message, "`--rasplib` takes a file of RASP statements")
    })
}

fn reason(unreadable: Unreadable) -> String {
    match unreadable {
        Unreadable::System(error) => error.to_string(),
        Unreadable::NoText(reason) => reason,
    }
}

/// The next line without its end; nothing at the end of the input.
fn next_line(input: &mut io::StdinLock<'_>) -> Result<Option<String>, Fault> {
    let mut bytes = Vec::new();
    let read = input.by_ref().take(MOST_LINE + 1).read_until(b'\n', &mut bytes);
    let read = read.map_err(|e| Fault::System(format!("the input could not be read: {e}")))?;
    if read as u64 > MOST_LINE {
        return Err(Fault::System(format!("a line of the input is longer than {MOST_LINE} bytes")));
    }
    if read == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    let line = String::from_utf8(bytes);
    line.map(Some).map_err(|_| Fault::System("the input is not UTF-8".to_owned()))
}
