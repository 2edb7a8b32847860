//! Ctrl-C while an export is written leaves nothing of it behind.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

mod support;

/// As many exports are begun at most: one that is done before the signal comes shows nothing.
const TRIES: usize = 20;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name());
    entries.map(|n| n.to_string_lossy().into_owned()).collect()
}

#[test]
fn an_interrupted_export_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    // Dense it is more than a hundred megabytes.
    let program = ["export", "reverse", "--vocab", "abc", "--max-len", "1500", "--format", "safetensors", "-o", "x"];
    for _ in 0..TRIES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_raspc"));
        command.args(program).current_dir(home.path()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let start = Instant::now();
        while names(home.path()).is_empty() && child.try_wait().expect("a child").is_none() {
            assert!(start.elapsed() < support::PATIENCE, "nothing is written");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.is_ok());
        let ended = support::finish(child, "", "the export");
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.success() {
            fs::remove_file(home.path().join("x")).expect("it is written");
            continue;
        }
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("could not be written to `x`: interrupted"), "{said}");
        assert_eq!(names(home.path()), [""; 0]);
        return;
    }
    panic!("{TRIES} exports were done before they could be interrupted");
}
