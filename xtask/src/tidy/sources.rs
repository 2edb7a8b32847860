//! Source files: each says what it is in its first line, and none is long.

use super::{Complaints, File};

const MOST_LINES: usize = 600;

/// Every Rust file opens with `//!` (after a licence or shebang nothing comes before it).
pub(crate) fn heads(files: &[File]) -> Complaints {
    let rust = files.iter().filter(|f| f.is("rs"));
    let headless = rust.filter(|f| f.lines().next().is_none_or(|(_, line)| !line.starts_with("//! ")));
    headless.map(|f| format!("{}: does not open with a `//!` line", f.path)).collect()
}

/// No file under a `src` is longer than 600 lines.
pub(crate) fn lengths(files: &[File]) -> Complaints {
    let sources = files.iter().filter(|f| f.is("rs") && f.path.split('/').any(|folder| folder == "src"));
    let counted = sources.map(|f| (f, f.lines().count()));
    counted.filter(|&(_, n)| n > MOST_LINES).map(|(f, n)| format!("{}: {n} lines", f.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn heads_and_lengths_are_seen() {
        let long = "//! Long.\n".to_owned() + &"// more\n".repeat(MOST_LINES);
        let files = [
            file("a/src/good.rs", "//! Good.\n"),
            file("a/src/headless.rs", "use x;\n//! Late.\n"),
            file("a/src/empty.rs", ""),
            file("a/src/long.rs", &long),
            file("a/tests/long.rs", &long),
            file("a/readme.md", "x"),
        ];
        let seen = |complaints: Complaints| -> Vec<String> {
            complaints.iter().map(|c| c.split(':').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(seen(heads(&files)), ["a/src/headless.rs", "a/src/empty.rs"]);
        assert_eq!(seen(lengths(&files)), ["a/src/long.rs"]);
    }
}
