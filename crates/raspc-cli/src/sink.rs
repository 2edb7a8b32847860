//! Exports on their way to the disk: written beside their place, and moved there when they are complete.
//!
//! **Invariant.** At every moment the old export or the new one is there, and a failure leaves nothing behind. Files are
//! written piece by piece: no export is in memory.

use std::fs;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use raspc_model::export::{ExportError, Format, Refusal, Sink, export, file_names};
use raspc_model::model::Model;

use crate::files::{Unwritten, vacant};
use crate::scratch::Scratch;

/// How much of a file is looked at to tell whether raspc wrote it.
const BEGINNING: u64 = 64;

/// A file that was written: its name in the export, and its length.
pub type Written = (String, u64);

/// Why there is no export.
#[derive(Debug)]
pub enum Unexported {
    /// The format cannot represent the model.
    Refused(Refusal),
    /// Something else is in its place, which is not ours to replace: what.
    Occupied(&'static str),
    /// The system's reason.
    System(io::Error),
}

impl From<Refusal> for Unexported {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unwritten> for Unexported {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Occupied(what) => Self::Occupied(what),
            Unwritten::System(error) => Self::System(error),
        }
    }
}

impl From<io::Error> for Unexported {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Writes an export to its place. The program is its text, for people.
///
/// # Errors
/// A model that the format cannot represent exactly; something in its place that raspc did not write; the system's.
pub fn write_export(model: &Model, program: &str, format: Format, target: &Path) -> Result<Vec<Written>, Unexported> {
    write_export_while(model, program, format, target, &|| Ok(()))
}

/// As [`write_export`], as long as `go_on`, which is asked before each piece of a file, has no error: that one then ends it, and
/// nothing is left of the export.
///
/// # Errors
/// As [`write_export`], and what `go_on` gives.
pub fn write_export_while(
    model: &Model,
    program: &str,
    format: Format,
    target: &Path,
    go_on: &dyn Fn() -> io::Result<()>,
) -> Result<Vec<Written>, Unexported> {
    let names = file_names(model, format)?;
    if format.is_single_file() {
        replaceable(target)?;
    } else {
        vacant(target, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let mut sink = Disk { scratch: Scratch::beside(target)?, file: None, written: Vec::new(), go_on };
    match export(model, format, program, &mut sink) {
        Ok(()) => sink.end_file()?,
        Err(ExportError::Refused(refusal)) => return Err(refusal.into()),
        Err(ExportError::Sink(error)) => return Err(error.into()),
    }
    let Disk { scratch, written, .. } = sink;
    if format.is_single_file() {
        fs::rename(scratch.path.join(&names[0]), target)?;
    } else {
        scratch.become_folder(target)?;
    }
    Ok(written)
}

/// Whether a single file may be written there: nothing is there, or a file that raspc wrote.
fn replaceable(target: &Path) -> Result<(), Unwritten> {
    let Ok(known) = fs::symlink_metadata(target) else { return Ok(()) };
    if known.is_dir() {
        return Err(Unwritten::Occupied("a folder"));
    }
    if !known.is_file() {
        return Err(Unwritten::Occupied("no plain file"));
    }
    let mut beginning = Vec::new();
    fs::File::open(target)?.take(BEGINNING).read_to_end(&mut beginning)?;
    let name = b"raspc";
    if beginning.windows(name.len()).any(|w| w == name) {
        return Ok(());
    }
    Err(Unwritten::Occupied("a file that is no export of raspc"))
}

/// A scratch folder that takes files.
struct Disk<'a> {
    scratch: Scratch,
    file: Option<BufWriter<fs::File>>,
    written: Vec<Written>,
    go_on: &'a dyn Fn() -> io::Result<()>,
}

impl Disk<'_> {
    fn end_file(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(file) => file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Sink for Disk<'_> {
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.end_file()?;
        let path: PathBuf = self.scratch.path.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        self.file = Some(BufWriter::new(fs::File::create_new(path)?));
        self.written.push((name.to_owned(), bytes));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        (self.go_on)()?;
        self.file.as_mut().expect("a file was begun").write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_files_are_replaced() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        assert!(replaceable(&at("nothing")).is_ok());
        fs::write(at("thesis"), "text").expect("written");
        fs::write(at("old"), b"\x08\x08\x12\x05raspc\x1a").expect("written");
        fs::create_dir(at("folder")).expect("made");
        assert!(matches!(replaceable(&at("thesis")), Err(Unwritten::Occupied(_))));
        assert!(matches!(replaceable(&at("folder")), Err(Unwritten::Occupied(_))));
        assert!(replaceable(&at("old")).is_ok());
    }
}
