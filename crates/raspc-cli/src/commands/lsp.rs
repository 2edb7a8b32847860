//! `raspc lsp`: the language server, on standard input and output.

use std::io::{self, BufReader};

use crate::fault::{Fault, Status};
use crate::lsp::{Ended, serve};

/// Serves an editor until it ends the session.
pub(crate) fn lsp() -> Result<Status, Fault> {
    let failed = |e: io::Error| Fault::System(format!("the session with the editor broke: {e}"));
    match serve(BufReader::new(io::stdin()), &mut io::stdout()).map_err(failed)? {
        Ended::Orderly => Ok(Status::Fine),
        Ended::Cut => Err(Fault::System("the editor ended the session without `shutdown`".to_owned())),
    }
}
