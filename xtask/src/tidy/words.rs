//! Words that tie the repository to one machine or one network.

use std::path::Path;

use super::{Complaints, File};

/// Beginnings of paths that exist on one machine only. Assembled here, so that this file does not hold them itself.
const HOMES: &[&str] = &["home/", "Users/", "root/", "work/", "tmp/bash_jobs"];

/// What precedes a path: not a letter or a dot, which would make it part of a longer relative one.
fn begins_path(before: Option<char>) -> bool {
    before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | ')' | '$')))
}

/// The only registry, as cargo itself writes it into the lock file.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Complains about each line with such a word.
pub(crate) fn check(files: &[File]) -> Complaints {
    let mut complaints = Complaints::new();
    for file in files {
        for (number, line) in file.lines() {
            if let Some(home) = HOMES.iter().find(|h| has_absolute(line, h)) {
                complaints.push(format!("{}:{number}: the path `/{home}…` exists on one machine only", file.path));
            }
            if names_registry(&file.path, line) {
                complaints.push(format!("{}:{number}: names a package registry", file.path));
            }
        }
    }
    complaints
}

fn has_absolute(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = &line[..at];
        before.strip_suffix('/').is_some_and(|b| begins_path(b.chars().next_back()))
    })
}

/// Registries belong to each user's own settings: in the lock file only cargo's default may stand, in settings none.
fn names_registry(path: &str, line: &str) -> bool {
    let line = line.trim();
    if path.ends_with("Cargo.lock") {
        return line.starts_with("source = ") && !line.contains(REGISTRY);
    }
    let settings = Path::new(path).extension().is_some_and(|e| e == "toml" || e == "cfg") || path.starts_with(".ci/");
    let words = ["index-url", "extra-index", "replace-with", "registry =", "index =", "[source.", "--index"];
    settings && words.iter().any(|w| line.starts_with(w) || line.contains(&format!(" {w}")))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn absolute_paths_are_seen_and_relative_ones_are_not() {
        let absolute = format!("see /{}someone/x", HOMES[0]);
        assert_eq!(check(&[file("a.md", &absolute)]).len(), 1);
        assert_eq!(
            check(&[file("a.md", "artwork/ frame-work/x at my/work/place https://x.org/root/")]),
            Complaints::new()
        );
    }

    #[test]
    fn registries_are_seen() {
        let lock = format!("source = \"{REGISTRY}\"\n");
        assert_eq!(check(&[file("Cargo.lock", &lock)]), Complaints::new());
        assert_eq!(check(&[file("Cargo.lock", "source = \"registry+https://mirror\"\n")]).len(), 1);
        assert_eq!(check(&[file(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"mirror\"\n")]).len(), 2);
    }
}
