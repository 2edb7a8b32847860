//! What `raspc help CODE` shows as wrong is refused with that code, and what it shows as right is not: its command lines are run.
//! (Examples that are programs are the language's own test.)

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use raspc::codes;
use raspc_lang::codes::CodeDoc;

mod support;

/// The model that it names would have to be damaged by hand in a way that is not noticed at once.
const NOT_RUN: [&str; 1] = ["raspc run changed_model abc"];

fn run(folder: &Path, line: &str) -> Output {
    let words = support::words(line);
    support::run(Command::new(env!("CARGO_BIN_EXE_raspc")).args(&words[1..]).current_dir(folder), "")
}

/// The command lines of a code: those that are wrong, and those that are right.
fn examples(doc: &CodeDoc) -> Option<[&'static str; 2]> {
    let line = |text: &str| text.starts_with("raspc ") && !text.starts_with("raspc.") && !NOT_RUN.contains(&text);
    (line(doc.wrong) && line(doc.right)).then_some([doc.wrong, doc.right])
}

#[test]
fn examples_do_what_they_are_for() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path();
    fs::write(folder.join("photo.rasp"), [0xff; 40]).expect("written");
    fs::write(folder.join("program.rasp"), "set example \"ab\"\nx = length;\n").expect("written");
    assert!(run(folder, "raspc compile hist -o half_of_a_model").status.success());
    fs::remove_file(folder.join("half_of_a_model/model.safetensors")).expect("removed");
    let mut wrong = String::new();
    let mut count = 0;
    for doc in codes::all() {
        let Some([bad, good]) = examples(doc) else { continue };
        count += 1;
        let code = format!("[{}]", doc.code);
        let (refused, fine) = (run(folder, bad), run(folder, good));
        let said = String::from_utf8_lossy(&refused.stderr);
        if refused.status.code() != Some(1) || !said.contains(&code) {
            let _ = writeln!(wrong, "{code} is not what comes of `{bad}`:\n{said}");
        }
        let said = String::from_utf8_lossy(&fine.stderr);
        if !fine.status.success() || said.contains(&code) {
            let _ = writeln!(wrong, "{code} and `{good}`:\n{said}");
        }
        for name in ["x", "folder", "model"] {
            let _ = fs::remove_dir_all(folder.join(name));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 15, "{count} examples are command lines");
}
