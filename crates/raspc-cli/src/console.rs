//! Standard output and standard error: what is printed goes through here.
//!
//! **Invariants.** Colour only where asked for or on a terminal (and `NO_COLOR` unset). Results go to `out`, everything
//! said about them (diagnostics, what was assumed, progress) to `err`. A reader that closed its end of the pipe ends the
//! work quietly: [`Fault::Closed`].

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raspc::interrupt::Interrupt;

use crate::args::ColorWhen;
use crate::fault::Fault;

/// Width of a line where there is no terminal to ask.
const PLAIN_WIDTH: usize = 100;

/// The two streams.
pub(crate) struct Console {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Colours for `out`.
    pub(crate) paint: Paint,
    /// Colours for `err`.
    pub(crate) err_paint: Paint,
    /// Characters to a line of `out`.
    pub(crate) width: usize,
    /// Whether somebody watches `err`, so that progress is worth showing.
    pub(crate) watched: bool,
    /// What may stop a compilation that is told of here.
    pub(crate) interrupt: Interrupt,
}

impl Console {
    /// The process's own streams.
    pub(crate) fn standard(color: Option<ColorWhen>) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let paint = |terminal: bool| match color {
            Some(ColorWhen::Always) => Paint { on: true },
            Some(ColorWhen::Never) => Paint { on: false },
            Some(ColorWhen::Auto) | None => Paint { on: terminal && !no_color },
        };
        let width = if out.is_terminal() { terminal_size::terminal_size().map(|(w, _)| w.0.into()) } else { None };
        Self {
            paint: paint(out.is_terminal()),
            err_paint: paint(err.is_terminal()),
            width: width.unwrap_or(PLAIN_WIDTH).max(40),
            watched: err.is_terminal(),
            interrupt: Interrupt::default(),
            out: Box::new(io::BufWriter::new(out)),
            err: Box::new(err),
        }
    }

    /// A console of the same looks whose streams are kept together, and what is written to it.
    pub(crate) fn captured(&self) -> (Self, Written) {
        let written = Written(Arc::default());
        let inner = Self {
            out: Box::new(written.clone()),
            err: Box::new(written.clone()),
            paint: self.paint,
            err_paint: self.paint,
            width: self.width,
            watched: false,
            interrupt: self.interrupt.clone(),
        };
        (inner, written)
    }

    /// Prints a line to standard output.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Fault> {
        Ok(writeln!(self.out, "{}", text.as_ref())?)
    }

    /// Prints text as it is to standard output.
    pub(crate) fn text(&mut self, text: impl AsRef<str>) -> Result<(), Fault> {
        Ok(self.out.write_all(text.as_ref().as_bytes())?)
    }

    /// Prints a value as one line of JSON to standard output.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Fault> {
        let mut line = serde_json::to_string(value).expect("maps have text keys and writing to memory cannot fail");
        line.push('\n');
        self.text(line)
    }

    /// Says something on standard error. A standard error that is closed is no reason to stop.
    pub(crate) fn say(&mut self, text: Arguments<'_>) {
        // What is printed comes before what is said about it.
        let _ = self.out.flush();
        let _ = self.err.write_fmt(text);
        let _ = self.err.flush();
    }

    /// Remarks on standard error what the user did not say and the command assumed.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) {
        let head = self.err_paint.dim("note:");
        self.say(format_args!("{head} {}\n", text.as_ref()));
    }

    /// Hands over what is still buffered.
    pub(crate) fn flush(&mut self) -> Result<(), Fault> {
        Ok(self.out.flush()?)
    }
}

/// What a captured console has written.
#[derive(Clone)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// Takes what has been written so far.
    pub(crate) fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.bytes())).into_owned()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // Bytes are whole whatever became of who wrote them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    /// Whether there are any.
    pub(crate) on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// What matters.
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What does not.
    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// A value.
    pub(crate) fn value(self, text: &str) -> String {
        self.wrap("36", text)
    }

    /// Agreement.
    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Disagreement and errors.
    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }
}
