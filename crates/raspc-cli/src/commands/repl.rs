//! `raspc repl`: a session of statements, line by line, from standard input.

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

/// Reads lines to the end of the input, and prints what the session answers.
pub(crate) fn repl(args: &ReplArgs, console: &mut Console) -> Result<Status, Fault> {
    let library = args.rasplib.as_deref().map(library).transpose()?;
    let loader = Box::new(|path: &str| files::text(Path::new(path)).map_err(reason));
    let mut session = Session::new(Options { library, loader });
    console.text(session.banner())?;
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

fn library(path: &Path) -> Result<String, Fault> {
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
