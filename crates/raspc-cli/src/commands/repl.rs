//! `raspc repl`: a session of statements: for people on a terminal, for scripts line by line from standard input.

mod editor;
mod session;
mod terminal;
mod words;

pub(crate) use self::words::COMMANDS;

use std::io::{self, BufRead};
use std::path::Path;

use raspc_lang::console::{Console as Session, Options, Output};

use super::draw;
use crate::args::ReplArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::files::{self, Unreadable};

/// Longest line, in bytes.
const MOST_LINE: usize = 1 << 20;

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
    let mut input = Lines { input: io::stdin().lock(), after_return: false };
    while let Some(line) = input.next_line()? {
        let output = match line {
            Ok(line) => session.line(&line),
            // What was begun before is dropped with the line.
            Err(why) => {
                let prompt = session.interrupt();
                Output { text: format!("something went wrong: {why}{prompt}"), ended: false }
            }
        };
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
    let loader = Box::new(|path: &str| {
        let path = Path::new(path);
        // What is no file (a pipe, a device) may never end.
        if path.exists() && !path.is_file() {
            return Err("it is no file".to_owned());
        }
        files::text(path).map_err(reason)
    });
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

/// The lines of a script.
struct Lines<R> {
    input: R,
    /// Whether the last line ended in a carriage return: a line feed right behind it belongs to it.
    after_return: bool,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end (`\n`, `\r\n` or `\r`, as Python reads text), or why it is none; nothing at the end of
    /// the input. Of a line that is too long only the beginning is kept.
    fn next_line(&mut self) -> Result<Option<Result<String, String>>, Fault> {
        let mut line = Vec::new();
        let (mut any, mut long) = (false, false);
        loop {
            let unread = |e| Fault::System(format!("the input could not be read: {e}"));
            let mut bytes = self.input.fill_buf().map_err(unread)?;
            if std::mem::take(&mut self.after_return) && bytes.first() == Some(&b'\n') {
                self.input.consume(1);
                bytes = self.input.fill_buf().map_err(unread)?;
            }
            if bytes.is_empty() {
                break;
            }
            any = true;
            let end = bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            long |= line.len() + part.len() > MOST_LINE;
            if !long {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.after_return = end.is_some_and(|end| bytes[end] == b'\r');
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if long {
            return Ok(Some(Err(format!("this line is longer than {MOST_LINE} bytes"))));
        }
        Ok(Some(String::from_utf8(line).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            format!("'utf-8' codec can't decode byte 0x{:02x} in position {at}", e.as_bytes()[at])
        })))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(bytes: &[u8], buffer: usize) -> Vec<Result<String, String>> {
        let mut lines = Lines { input: BufReader::with_capacity(buffer, bytes), after_return: false };
        std::iter::from_fn(|| lines.next_line().unwrap_or_else(|_| unreachable!("memory can be read"))).collect()
    }

    #[test]
    fn lines_end_as_on_any_system() {
        for buffer in 1..6 {
            let read: Vec<String> =
                lines(b"a\nb\r\nc\rd\n\r\n\r\re", buffer).into_iter().map(|l| l.expect("text")).collect();
            assert_eq!(read, ["a", "b", "c", "d", "", "", "", "e"]);
            assert_eq!(lines(b"", buffer).len(), 0);
            assert_eq!(lines(b"a\r\n", buffer).len(), 1);
        }
    }

    #[test]
    fn a_line_that_is_none_is_passed_over() {
        let mut bytes = b"a\n\xff;\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', MOST_LINE + 1));
        bytes.extend(b"\nb");
        let read = lines(&bytes, 4096);
        assert_eq!(read[0].as_deref(), Ok("a"));
        assert!(read[1].as_ref().is_err_and(|why| why.contains("0xff in position 0")));
        assert!(read[2].as_ref().is_err_and(|why| why.contains("longer")));
        assert_eq!(read[3].as_deref(), Ok("b"));
    }
}
