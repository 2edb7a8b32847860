//! Files that lie in two places because two packages have to be complete by themselves: one is written, the other a copy.

use std::path::Path;

use super::{Complaints, File};

/// What is written, and its copies, which `cargo xtask bless` makes.
const COPIES: &[(&str, &str)] =
    // The crate holds the module to put it into exports, the Python package to import it.
    &[("crates/raspc-model/src/export/torch/transformer.py", "python/raspc/transformer.py")];

/// Complains about each copy that is none.
pub(crate) fn check(files: &[File]) -> Complaints {
    let text = |path: &str| files.iter().find(|f| f.path == path).and_then(|f| f.text.as_deref());
    let mut complaints = Complaints::new();
    for (source, copy) in COPIES {
        if text(source).is_none() || text(source) != text(copy) {
            complaints.push(format!("{copy}: is to be a copy of {source}: change that, then `cargo xtask bless`"));
        }
    }
    complaints
}

/// Makes the copies anew.
pub(crate) fn renew(root: &Path) -> std::io::Result<()> {
    COPIES.iter().try_for_each(|(source, copy)| std::fs::copy(root.join(source), root.join(copy)).map(drop))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_copy_that_differs_or_is_missing_is_seen() {
        let (source, copy) = COPIES[0];
        assert_eq!(check(&[file(source, "a"), file(copy, "a")]), Complaints::new());
        assert_eq!(check(&[file(source, "a"), file(copy, "b")]).len(), 1);
        assert_eq!(check(&[file(source, "a")]).len(), 1);
        assert_eq!(check(&[]).len(), 1);
    }
}
