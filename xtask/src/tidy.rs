//! Checks on the repository itself: what no compiler looks at and every reader relies on.
//!
//! Each check is a function from the tracked files to complaints, one file each in `tidy/`.

mod architecture;
pub(crate) mod copies;
mod crates;
mod sources;
mod words;

use std::path::Path;
use std::process::{Command, ExitCode};

/// A tracked file: its path from the root with `/` between folders, and its text (none where it is not UTF-8).
pub(crate) struct File {
    path: String,
    text: Option<String>,
}

/// What a check finds: a place and what is wrong there.
pub(crate) type Complaints = Vec<String>;

/// A check.
type Check = fn(&[File]) -> Complaints;

const CHECKS: &[(&str, Check)] = &[
    ("every source file says what it is", sources::heads),
    ("no source file is longer than 600 lines", sources::lengths),
    ("ARCHITECTURE.md names what there is, and nothing else", architecture::check),
    ("crates depend one way", crates::dependencies),
    ("the libraries do no IO", crates::pure),
    ("copies are what they are copied from", copies::check),
    ("no paths of one machine, no hosts of one network", words::check),
];

/// Runs all checks.
pub(crate) fn tidy(root: &Path) -> ExitCode {
    let files = match tracked(root) {
        Ok(files) => files,
        Err(e) => {
            eprintln!("the tracked files could not be listed: {e}");
            return ExitCode::from(2);
        }
    };
    let mut failed = false;
    for (name, check) in CHECKS {
        let complaints = check(&files);
        println!("{} {name}", if complaints.is_empty() { "ok  " } else { "FAIL" });
        for complaint in &complaints {
            println!("       {complaint}");
        }
        failed |= !complaints.is_empty();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The files that git tracks or would track, as they are in the working tree; without git, all files but `target`.
fn tracked(root: &Path) -> std::io::Result<Vec<File>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let mut paths: Vec<String> = match listed {
        Ok(out) if out.status.success() => {
            String::from_utf8_lossy(&out.stdout).split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect()
        }
        _ => {
            let mut found = Vec::new();
            walk(root, "", &mut found)?;
            found
        }
    };
    paths.sort();
    paths.dedup();
    // A file that is deleted and not yet committed is still listed.
    let there = paths.into_iter().filter(|path| root.join(path).is_file());
    there.map(|path| std::fs::read(root.join(&path)).map(|b| File { path, text: String::from_utf8(b).ok() })).collect()
}

fn walk(root: &Path, at: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(root.join(at))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
        if entry.file_type()?.is_dir() {
            if name != "target" && name != ".git" {
                walk(root, &path, found)?;
            }
        } else {
            found.push(path);
        }
    }
    Ok(())
}

impl File {
    /// Whether the path has this extension.
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|e| e == extension)
    }

    /// The lines of the text, numbered from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.iter().flat_map(|t| t.lines()).enumerate().map(|(i, line)| (i + 1, line))
    }
}

#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: Some(text.to_owned()) }
}
