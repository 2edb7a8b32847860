//! ARCHITECTURE.md: every crate and every folder of sources is in it, and every path in it exists.

use std::collections::BTreeSet;

use super::{Complaints, File};

const PAGE: &str = "ARCHITECTURE.md";

/// What a path in the page may begin with; other words in backticks are not taken for paths.
const ROOTS: &[&str] = &["crates/", "xtask/", "suite/", "docs/", ".ci/", ".cargo/", "fuzz/", "python/", "examples/"];

/// The page against the tree.
pub(crate) fn check(files: &[File]) -> Complaints {
    let Some(page) = files.iter().find(|f| f.path == PAGE) else {
        return vec![format!("there is no {PAGE}")];
    };
    let text = page.text.as_deref().unwrap_or_default();
    let folders = source_folders(files);
    let missing = folders.iter().filter(|folder| !mentions(text, folder));
    let mut complaints: Complaints = missing.map(|folder| format!("{PAGE} does not mention `{folder}/`")).collect();
    for path in named_paths(text) {
        let exists = files.iter().any(|f| f.path == path || f.path.starts_with(&format!("{path}/")));
        if !exists {
            complaints.push(format!("{PAGE} names `{path}`, which does not exist"));
        }
    }
    complaints
}

/// Every folder with Rust files under a `src`, and every crate.
fn source_folders(files: &[File]) -> BTreeSet<String> {
    let rust = files.iter().filter(|f| f.is("rs") && f.path.contains("/src/"));
    let folders = rust.filter_map(|f| f.path.rsplit_once('/')).map(|(folder, _)| folder.to_owned());
    let crates = files.iter().filter_map(|f| f.path.strip_suffix("/Cargo.toml")).map(str::to_owned);
    folders.chain(crates).collect()
}

/// Whether the page has the folder as a path of its own, and not only as the beginning of a longer one.
fn mentions(text: &str, folder: &str) -> bool {
    named_paths(text).contains(folder)
}

/// The paths in backticks, without a slash at the end.
fn named_paths(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|q| ROOTS.iter().any(|r| q.starts_with(r)) && !q.contains(char::is_whitespace));
    paths.map(|q| q.trim_end_matches('/').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn tree(page: &str) -> Vec<File> {
        vec![
            file("ARCHITECTURE.md", page),
            file("crates/a/Cargo.toml", ""),
            file("crates/a/src/lib.rs", ""),
            file("crates/a/src/deep/x.rs", ""),
        ]
    }

    #[test]
    fn a_true_page_passes() {
        assert_eq!(check(&tree("`crates/a` with `crates/a/src/` and `crates/a/src/deep`")), Complaints::new());
    }

    #[test]
    fn what_is_missing_and_what_is_gone_are_seen() {
        let complaints = check(&tree("`crates/a`, `crates/a/src/deep`, `crates/a/src/gone.rs`"));
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("`crates/a/src/`"), "{complaints:?}");
        assert!(complaints[1].contains("gone.rs"), "{complaints:?}");
    }
}
