//! Reading text and writing folders.
//!
//! **Invariants.** What is read is bounded, whatever a file claims to be. A folder is written beside its place ([`Scratch`]) and
//! moved there when it is complete: at every moment the old one or the new one is there, and nothing is left behind.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::scratch::Scratch;

/// More text than this is no program and no input.
const MOST_TEXT: u64 = 16 << 20;

/// More bytes than this are no file of a model.
const MOST_BYTES: u64 = 8 << 30;

/// Why text could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The system's reason.
    System(io::Error),
    /// It is no text, or too long: the reason.
    NoText(String),
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, Unreadable> {
    let file = fs::File::open(path).map_err(Unreadable::System)?;
    utf8(bounded(file, MOST_TEXT).map_err(Unreadable::System)?)
}

/// The text of standard input.
pub(crate) fn standard_input() -> Result<String, Unreadable> {
    utf8(bounded(io::stdin().lock(), MOST_TEXT).map_err(Unreadable::System)?)
}

fn utf8(bytes: Vec<u8>) -> Result<String, Unreadable> {
    if bytes.len() as u64 > MOST_TEXT {
        return Err(Unreadable::NoText(format!("it is longer than {} MiB", MOST_TEXT >> 20)));
    }
    String::from_utf8(bytes)
        .map_err(|e| Unreadable::NoText(format!("it is not UTF-8: byte {} is wrong", e.utf8_error().valid_up_to())))
}

/// At most `most + 1` bytes: one more shows that there is more.
fn bounded(reader: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a file of a model folder.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    let known = file.metadata().map_err(|e| e.to_string())?;
    if !known.is_file() {
        return Err("it is no file".to_owned());
    }
    if known.len() > MOST_BYTES {
        return Err(format!("it is larger than {} GiB", MOST_BYTES >> 30));
    }
    bounded(file, MOST_BYTES).map_err(|e| e.to_string())
}

/// Replaces a file's text, all or nothing; a link stays one, permissions stay as they are.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let parent = target.parent().map_or_else(PathBuf::new, Path::to_owned);
    let scratch = Scratch::new(&parent, "text")?;
    let new = scratch.path.join("text");
    let mut file = fs::File::create_new(&new)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    fs::set_permissions(&new, fs::metadata(&target)?.permissions())?;
    fs::rename(&new, &target)
}

/// The files behind words: a folder stands for every `.rasp` file in it, in order.
pub(crate) fn rasp_files(words: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for word in words {
        if word.is_dir() {
            let before = files.len();
            walk(word, 0, &mut files)
                .map_err(|e| Fault::System(format!("`{}` could not be read: {e}", word.display())))?;
            if files.len() == before {
                let message = format!("the folder `{}` holds no `.rasp` file", word.display());
                return Err(Fault::usage(message, "name another folder, or a file"));
            }
        } else {
            files.push(word.clone());
        }
    }
    Ok(files)
}

/// Deepest folder that is looked into.
const DEEPEST: usize = 32;

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        entries.push(entry?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // Links are not followed: they may lead back here.
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() && depth < DEEPEST {
            walk(&path, depth + 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|e| e == "rasp") {
            files.push(path);
        }
    }
    Ok(())
}

/// Why a folder could not be written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// Something else is in its place, which is not ours to replace: what.
    Occupied(&'static str),
    /// The system's reason.
    System(io::Error),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Whether [`write_folder`] may write files of these names there: nothing is there, an empty folder, or an older folder of
/// the same kind (one with the first of the names, and with no others).
pub(crate) fn vacant(target: &Path, names: &[&str]) -> Result<(), Unwritten> {
    let Ok(known) = fs::symlink_metadata(target) else { return Ok(()) };
    if known.is_symlink() {
        return Err(Unwritten::Occupied("a symbolic link"));
    }
    if !known.is_dir() {
        return Err(Unwritten::Occupied("a file"));
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(target)? {
        inside.push(entry?.file_name());
    }
    if !inside.is_empty() && !inside.iter().any(|name| *name == *names[0]) {
        return Err(Unwritten::Occupied("a folder that is not a model"));
    }
    if inside.iter().any(|name| !names.iter().any(|n| *name == **n)) {
        return Err(Unwritten::Occupied("a model's folder with other files in it"));
    }
    Ok(())
}

/// Writes a file, all or nothing: it is written beside its place and moved there.
pub(crate) fn write_file(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = Scratch::beside(target)?;
    let path = new.path.join("file");
    let mut file = fs::File::create_new(&path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&path, target)
}

/// Writes a folder with these files, all or nothing; replaces what [`vacant`] allows to be replaced.
pub(crate) fn write_folder(target: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Unwritten> {
    let names: Vec<&str> = files.iter().map(|f| f.0.as_str()).collect();
    vacant(target, &names)?;
    let new = Scratch::beside(target)?;
    for (name, bytes) in files {
        let mut file = fs::File::create_new(new.path.join(name))?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
    }
    Ok(new.become_folder(target)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "config.json";

    fn files(content: &str) -> Vec<(String, Vec<u8>)> {
        vec![(MARK.to_owned(), content.into()), ("weights".to_owned(), vec![1, 2, 3])]
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|n| n.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_written_and_replaced_and_nothing_is_left_behind() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("deep/model");
        for content in ["one", "two"] {
            write_folder(&target, &files(content)).expect("written");
            assert_eq!(fs::read_to_string(target.join(MARK)).expect("there"), content);
            assert_eq!(names(&target), [MARK, "weights"]);
            assert_eq!(names(&home.path().join("deep")), ["model"]);
        }
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("thesis");
        fs::create_dir(&folder).expect("made");
        fs::write(folder.join("chapter"), "text").expect("written");
        let file = home.path().join("file");
        fs::write(&file, "text").expect("written");
        let annotated = home.path().join("annotated");
        write_folder(&annotated, &files("x")).expect("written");
        fs::write(annotated.join("notes"), "text").expect("written");
        for target in [&folder, &file, &annotated] {
            assert!(matches!(write_folder(target, &files("x")), Err(Unwritten::Occupied(_))));
        }
        assert_eq!(names(home.path()), ["annotated", "file", "thesis"]);
        assert_eq!(names(&folder), ["chapter"]);
    }

    #[test]
    fn a_failure_leaves_the_old_model_and_nothing_else() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("model");
        write_folder(&target, &files("old")).expect("written");
        let bad = vec![
            (MARK.to_owned(), Vec::new()),
            ("weights".to_owned(), Vec::new()),
            ("no/such/folder".to_owned(), Vec::new()),
        ];
        assert!(matches!(write_folder(&target, &bad), Err(Unwritten::System(_))));
        assert_eq!(fs::read_to_string(target.join(MARK)).expect("there"), "old");
        assert_eq!(names(home.path()), ["model"]);
    }

    #[test]
    fn a_file_is_replaced_whole_and_stays_what_it_is() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("x.rasp");
        fs::write(&path, "old").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
            let link = home.path().join("link");
            std::os::unix::fs::symlink(&path, &link).expect("linked");
            replace(&link, "new").expect("replaced");
            assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
            fs::remove_file(&link).expect("removed");
        }
        replace(&path, "newer").expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("there"), "newer");
        assert_eq!(names(home.path()), ["x.rasp"]);
        assert!(replace(&home.path().join("none"), "x").is_err());
    }

    #[test]
    fn a_folder_stands_for_its_programs() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(home.path().join("b/deep")).expect("made");
        for name in ["b/deep/z.rasp", "a.rasp", "b/y.rasp", "b/notes.txt"] {
            fs::write(home.path().join(name), "").expect("written");
        }
        let found = rasp_files(&[home.path().to_owned()]).expect("there are some");
        let found: Vec<_> = found.iter().map(|p| p.strip_prefix(home.path()).expect("inside").to_owned()).collect();
        assert_eq!(found, ["a.rasp", "b/deep/z.rasp", "b/y.rasp"].map(PathBuf::from));
        fs::create_dir(home.path().join("empty")).expect("made");
        assert!(matches!(rasp_files(&[home.path().join("empty")]), Err(Fault::Usage { .. })));
    }

    #[test]
    fn text_that_is_none_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("x");
        fs::write(&path, b"ab\xff").expect("written");
        assert!(matches!(text(&path), Err(Unreadable::NoText(why)) if why.contains("byte 2")));
        assert!(matches!(text(&home.path().join("y")), Err(Unreadable::System(_))));
    }
}
