//! Folders in which something is made before it is moved to its place.
//!
//! **Invariants.** Such a folder is gone when its value is, and when Ctrl-C ends a command that asked for it
//! ([`clear_when_interrupted`]). While an old folder gives way to a new one nobody removes either.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The folders that are there, for whoever is interrupted.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What a shell is told of a command that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

fn there() -> MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C removes what is being made, and ends the process. Where Ctrl-C means something else already, as in a session,
/// it goes on to: what is being made there is made in a moment.
pub(crate) fn clear_when_interrupted() {
    let _ = ctrlc::set_handler(|| {
        // Held until the end, so that nothing is moved meanwhile.
        let folders = there();
        for folder in &*folders {
            // Whoever writes there may make one more file before it is told that the folder is gone.
            let mut tries = 0..20;
            while fs::remove_dir_all(folder).is_err() && folder.exists() && tries.next().is_some() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        std::process::exit(INTERRUPTED);
    });
}

/// The folder in which something lies.
fn parent(target: &Path) -> PathBuf {
    match target.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder that is gone when this value is.
pub(crate) struct Scratch {
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Scratch {
    /// A new folder beside the place for which something is made.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let parent = parent(target);
        fs::create_dir_all(&parent)?;
        Self::new(&parent, "new")
    }

    /// Moves the folder to its place, where nothing is, or a folder that it replaces.
    pub(crate) fn become_folder(self, target: &Path) -> io::Result<()> {
        if !target.exists() {
            return fs::rename(&self.path, target);
        }
        // A folder cannot be moved onto one that holds files: the old one steps aside, and comes back if the new one fails.
        let old = Self::new(&parent(target), "old")?;
        let aside = old.path.join("model");
        let _nobody_removes_them = there();
        fs::rename(target, &aside)?;
        if let Err(error) = fs::rename(&self.path, target) {
            fs::rename(&aside, target)?;
            return Err(error);
        }
        Ok(())
    }

    /// A new folder in `parent`; the process's id keeps two commands apart, the number two folders of one.
    pub(crate) fn new(parent: &Path, what: &str) -> io::Result<Self> {
        for number in 0..1000 {
            let path = parent.join(format!(".raspc-{what}-{}-{number}", std::process::id()));
            let mut there = there();
            match fs::create_dir(&path) {
                Ok(()) => {
                    there.push(path.clone());
                    return Ok(Self { path });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "no name is free for a temporary folder"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Already moved away, or not ours to complain about at the end.
        let _ = fs::remove_dir_all(&self.path);
        there().retain(|path| *path != self.path);
    }
}
