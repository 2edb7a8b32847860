//! The console: a session of RASP that behaves as the reference's does, byte for byte, when a script drives it.
//!
//! No input or output happens here: lines go in, text comes out, and files are read through what the caller gives.
//!
//! **Invariants.** Every line is answered in bounded time, memory and stack (1 MiB in an optimised build); whatever is
//! wrong with it, the session goes on.
//!
//! ```
//! use raspc_lang::console::{Console, Options};
//!
//! let mut console = Console::new(Options::default());
//! assert!(console.banner().ends_with(">> "));
//! assert_eq!(console.line("1/3;").text, "    value: out =  0.3333333333333333\n>> ");
//! assert_eq!(console.finish(), "\n");
//! ```

mod complex;
mod diagnose;
mod drawing;
mod export;
mod float;
mod friendly;
mod grammar;
mod machine;
mod matrix;
mod node;
mod operator;
mod reader;
pub mod replay;
mod show;
mod statement;
mod survey;
mod token;
mod value;

use std::fmt;
use std::sync::Arc;

use crate::value::Value;

pub use drawing::Drawing;
pub use export::{Extract, NameKind, PaperLayers};
pub use friendly::{Reply, waiting};
use machine::{Frame, Machine};
use reader::{Read, Reader};
use show::failure;
use statement::{Outcome, only_statement};
use value::{Fail, Item};

/// Reads the file with this path; the error says why it cannot be read.
pub type Loader = dyn FnMut(&str) -> Result<String, String>;

/// The console's own standard library: built on `select` and `aggregate` alone, as the reference's is.
const LIBRARY: &str = include_str!("rasplib.rasp");

/// What library functions call their source, whatever it is.
const LIBRARY_NAME: &str = "RASP_support/rasplib";

/// How a console is set up.
pub struct Options {
    /// The start-up library's text, when it is not the standard one.
    pub library: Option<String>,
    /// Reads the files that `load` names.
    pub loader: Box<Loader>,
    /// How much work one statement may be.
    pub limits: Limits,
}

/// How much work one statement may be, so that each ends. What is beyond is an error, and the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most steps of evaluation: expressions, items of lists.
    pub steps: usize,
    /// Most cells of selectors and sequences that are computed.
    pub cells: usize,
    /// Most bytes of results that are kept, and of values that a session holds before nothing large can be added.
    pub bytes: usize,
}

impl Default for Limits {
    /// What takes the reference minutes: seconds here.
    fn default() -> Self {
        Self { steps: 40_000_000, cells: 1_000_000_000, bytes: 1 << 30 }
    }
}

/// What a line has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What is to be printed, the next prompt included.
    pub text: String,
    /// Whether the session is over.
    pub ended: bool,
}

/// A session.
pub struct Console {
    machine: Machine,
    reader: Reader,
    library_text: String,
}

/// An example input, with its text.
#[derive(Clone, Debug)]
struct Example {
    values: Arc<[Value]>,
    shown: String,
}

impl Default for Options {
    /// The standard library, and no files.
    fn default() -> Self {
        Self {
            library: None,
            loader: Box::new(|path| Err(format!("{path} cannot be read"))),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl Console {
    /// A session that has loaded its library.
    pub fn new(options: Options) -> Self {
        let mut machine = Machine::new(options.loader, options.limits);
        machine.begin();
        machine.standard_library = options.library.is_none();
        load_library(&mut machine, options.library.as_deref().unwrap_or(LIBRARY));
        if machine.standard_library {
            export::remember_length(&mut machine);
        }
        let library_text = std::mem::take(&mut machine.printed);
        Self { machine, reader: Reader::default(), library_text }
    }

    /// What is printed at the start: two lines, errors of the library, the first prompt.
    pub fn banner(&self) -> String {
        format!("RASP 0.1\nrunning example is: hello\n{}{}", self.library_text, self.prompt())
    }

    /// The prompt for the next line.
    pub fn prompt(&self) -> String {
        if self.reader.is_empty() {
            return ">> ".to_owned();
        }
        format!(".. {}", "  ".repeat(self.reader.definitions()))
    }

    /// Takes a line, without its end.
    pub fn line(&mut self, line: &str) -> Output {
        let ended = match self.reader.push(line) {
            Read::More => false,
            Read::Wrong(text) => {
                self.machine.printed.push_str(&text);
                false
            }
            Read::Complete(text) => self.run(&text),
        };
        let mut text = std::mem::take(&mut self.machine.printed);
        if !ended {
            text += &self.prompt();
        }
        Output { text, ended }
    }

    /// Drops what has been read of an unfinished statement, as an interrupt does.
    pub fn interrupt(&mut self) -> String {
        self.reader.clear();
        format!("\n{}", self.prompt())
    }

    /// What is printed when the input ends.
    pub fn finish(&mut self) -> String {
        self.reader.clear();
        "\n".to_owned()
    }

    /// Runs a complete text. Whether the session is over.
    fn run(&mut self, text: &str) -> bool {
        let machine = &mut self.machine;
        machine.begin();
        let scopes = machine.scopes.len();
        let result = match only_statement(text) {
            Ok(Some(module)) => {
                let frame = Frame { module: module.clone(), scope: machine.console };
                machine.execute(&frame, &module.statements[0])
            }
            Ok(None) => Err(Fail::Wrong(String::new())),
            Err(fail) => Err(fail),
        };
        let mut ended = false;
        match result {
            Ok(Outcome::Exit) => ended = true,
            Ok(Outcome::Text(text)) => machine.printed.push_str(&text),
            Ok(Outcome::Values(values)) => {
                for (name, item) in values {
                    let (text, _) = machine.show(&name, &item);
                    machine.printed.push_str(&text);
                }
            }
            Err(fail) => machine.printed.push_str(&failure(&fail)),
        }
        machine.end_scopes(scopes);
        ended
    }
}

/// Runs the library; errors are printed, values are not. Then `tokens = tokens_str`.
fn load_library(machine: &mut Machine, text: &str) {
    let start = machine.start;
    let name: Arc<str> = Arc::from(LIBRARY_NAME);
    let scope = machine.new_scope(0, &name).expect("the first scopes");
    machine.scopes[scope].exports_to = Some(start);
    let tokens = machine.lookup(0, "tokens_str").expect("a name of the language");
    machine.set_out(0, &tokens);
    // The library may use `tokens`, which it does not define.
    machine.scopes[0].names.insert(Arc::from("tokens"), tokens.clone());
    machine.run_file(text, scope);
    let collected = std::mem::take(&mut machine.collected);
    collected.iter().filter(|c| c.error).for_each(|c| machine.printed.push_str(&c.text));
    machine.library_names = machine.scopes[start].names.keys().cloned().collect();
    machine.library_names.shift_remove("out");
    let console = machine.console;
    if let Item::SOp(id) = tokens {
        machine.nodes.rename(id, "tokens");
    }
    let name: Arc<str> = Arc::from("tokens");
    match machine.bind(console, &name, &tokens) {
        Ok(()) => {
            machine.scopes[console].names.shift_remove(&name);
        }
        Err(fail) => machine.printed.push_str(&failure(&fail)),
    }
    machine.set_out(console, &tokens);
}
