//! Why a command ended early, and the exit status of each reason.
//!
//! 0 fine; 1 the program or an input is at fault, or a check found a disagreement; 2 wrong usage, or we or the system
//! failed. A failed invariant of ours is a panic and no fault.

use std::io;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::source::Sources;

/// How a command ended that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Exit status 0.
    Fine,
    /// Exit status 1: a disagreement, or an input without a defined output; it has been printed.
    Disagreed,
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The program or an input is at fault: exit status 1.
    Diagnosed {
        /// What the places of the diagnostics are in.
        sources: Sources,
        /// At least one error.
        diagnostics: Vec<Diagnostic>,
    },
    /// Wrong usage that clap cannot see: exit status 2.
    Usage {
        /// What is wrong: lowercase, no full stop.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The system refused something: exit status 2.
    System(String),
    /// The reader of our output has gone: nothing is left to do, exit status 0.
    Closed,
}

impl Fault {
    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }
}

/// An error of writing to standard output.
impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::System(format!("the output could not be written: {error}")),
        }
    }
}
