//! The picture in the README is what its command draws, and a session's `draw` leaves its files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod support;

fn raspc(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raspc"));
    command.args(args).current_dir(folder);
    command
}

#[test]
fn the_readmes_picture_is_what_the_command_draws() {
    let picture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/sort_unique.svg");
    let home = tempfile::tempdir().expect("a folder");
    let said = support::run(&mut raspc(home.path(), &["draw", "sort_unique", "[3,1,4,2]", "-o", "sort.svg"]), "");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let drawn = fs::read_to_string(home.path().join("sort.svg")).expect("written");
    if std::env::var_os("RASPC_BLESS").is_some() {
        fs::write(&picture, &drawn).expect("written");
    }
    let kept = fs::read_to_string(&picture).unwrap_or_default();
    assert!(kept == drawn, "docs/sort_unique.svg is not what `raspc draw` gives: `cargo xtask bless`");
}

#[test]
fn a_session_leaves_its_pictures_and_prints_the_value_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let lines = "h = selector_width(select(tokens, tokens, ==));\ndraw(h, \"aba\");\ndraw(tokens, \"../x\");\n";
    let said = support::run(&mut raspc(home.path(), &["repl"]), lines);
    let out = String::from_utf8_lossy(&said.stdout);
    assert!(out.contains(">> \t =  [2, 1, 2] (ints)\n>> \t =  [., ., /, x] (strings)\n"), "{out}");
    let mut files: Vec<String> = fs::read_dir(home.path().join("comp_flows"))
        .expect("a folder of pictures")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    // A name that no file can have is told from others like it by its hash.
    let other = "tokens(\"___x\")-6d43ce6f";
    assert_eq!(files, ["h(\"aba\").dot", "h(\"aba\").svg", &format!("{other}.dot"), &format!("{other}.svg")]);
    let svg = fs::read_to_string(home.path().join("comp_flows/h(\"aba\").svg")).expect("text");
    // The two heads that the library builds a width from, in one layer.
    assert!(svg.contains("1 layer, at most 2 heads in a layer") && svg.contains("layer 1 feed-forward"), "{svg}");
}
