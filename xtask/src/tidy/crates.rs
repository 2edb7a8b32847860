//! The crates: who may depend on whom, and which of them do no IO.

use super::{Complaints, File};

/// Each crate of the workspace and the crates of the workspace it may depend on (DESIGN: "one-way dependencies").
const ALLOWED: &[(&str, &[&str])] = &[
    ("raspc-lang", &[]),
    ("raspc-model", &[]),
    ("raspc", &["raspc-lang", "raspc-model"]),
    ("raspc-cli", &["raspc", "raspc-lang", "raspc-model"]),
    ("raspc-python", &["raspc", "raspc-cli", "raspc-lang", "raspc-model"]),
    ("raspc-wasm", &["raspc", "raspc-lang", "raspc-model"]),
    ("raspc-suite", &["raspc", "raspc-lang", "raspc-model"]),
    ("xtask", &[]),
];

/// The crates that must build for a browser.
const PURE: &[&str] =
    &["crates/raspc-lang/src/", "crates/raspc-model/src/", "crates/raspc/src/", "crates/raspc-wasm/src/"];

/// What they do not use: files, environment, clocks, processes, the console. (Threads only behind a feature; see there.)
const IMPURE: &[&str] =
    &["std::fs", "std::env", "std::net", "std::process", "Instant::now", "SystemTime", "println!", "eprintln!", "dbg!"];

/// Every dependency on a crate of the workspace is an allowed one.
pub(crate) fn dependencies(files: &[File]) -> Complaints {
    let mut complaints = Complaints::new();
    for file in files.iter().filter(|f| f.path.ends_with("/Cargo.toml")) {
        let text = file.text.as_deref().unwrap_or_default();
        let Some(name) = package_name(text) else { continue };
        let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| *n == name) else {
            complaints.push(format!("{}: `{name}` is not in the table of crates (xtask, tidy)", file.path));
            continue;
        };
        for dependency in workspace_dependencies(text) {
            if !allowed.contains(&dependency) {
                complaints.push(format!("{}: `{name}` must not depend on `{dependency}`", file.path));
            }
        }
    }
    complaints
}

/// No library of [`PURE`] uses what a browser does not have, outside its tests.
pub(crate) fn pure(files: &[File]) -> Complaints {
    let mut complaints = Complaints::new();
    for file in files.iter().filter(|f| f.is("rs") && PURE.iter().any(|p| f.path.starts_with(p))) {
        if file.path.ends_with("tests.rs") || file.path.contains("/tests/") {
            continue;
        }
        for (number, line) in file.lines().take_while(|(_, line)| line.trim() != "#[cfg(test)]") {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = IMPURE.iter().find(|w| code.contains(**w)) {
                complaints.push(format!("{}:{number}: uses `{word}`", file.path));
            }
        }
    }
    complaints
}

/// The `name` of the `[package]` table.
fn package_name(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find(|l| l.starts_with("name"))?;
    line.split('"').nth(1)
}

/// The crates of the workspace in `[dependencies]` (tests and benchmarks may use more).
fn workspace_dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]" || line.trim() == "[build-dependencies]";
        } else if inside
            && let Some(name) = line.split(['.', '=', ' ']).next()
            && ALLOWED.iter().any(|(n, _)| *n == name)
        {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_dependency_the_wrong_way_is_seen() {
        let good = "[package]\nname = \"raspc\"\n[dependencies]\nraspc-lang.workspace = true\nserde = \"1\"\n";
        let bad = "[package]\nname = \"raspc-lang\"\n[dependencies]\nraspc = { path = \"..\" }\n";
        let tests = "[package]\nname = \"raspc-model\"\n[dev-dependencies]\nraspc.workspace = true\n";
        let unknown = "[package]\nname = \"raspc-core\"\n";
        assert_eq!(dependencies(&[file("a/Cargo.toml", good), file("b/Cargo.toml", tests)]), Complaints::new());
        assert_eq!(dependencies(&[file("a/Cargo.toml", bad), file("b/Cargo.toml", unknown)]).len(), 2);
    }

    #[test]
    fn io_in_a_library_is_seen() {
        let bad = file("crates/raspc/src/x.rs", "//! X.\nuse std::fs;\n");
        let good = file("crates/raspc/src/y.rs", "//! Y, no std::fs.\n#[cfg(test)]\nmod tests { use std::fs; }\n");
        let elsewhere = file("crates/raspc-cli/src/z.rs", "use std::fs;\n");
        assert_eq!(pure(&[good, elsewhere]), Complaints::new());
        assert_eq!(pure(&[bad]), ["crates/raspc/src/x.rs:2: uses `std::fs`"]);
    }
}
