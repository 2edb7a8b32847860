//! Texts beside the open one: the files that it loads, the standard programs, the library. What they define can be seen
//! where they are loaded, and be gone to.
//!
//! The library and the standard programs are part of the program, and editors want files: they are written, when they are
//! asked for, into a folder among the user's caches.

use std::path::{Path, PathBuf};

use lsp_types::Uri;
use raspc_lang::library;
use raspc_lang::programs::standard_program;
use raspc_lang::syntax::ast::{Statement, StatementKind};
use raspc_lang::syntax::parser::{Grammar, parse};

use super::names::{Definition, definitions};
use super::text::Text;
use crate::files;

/// Deepest that files are followed into what they load.
const DEEPEST: usize = 16;

/// A text that another one loads.
pub(super) struct Loaded {
    /// What it is called in the statement, with `.rasp`; as sources are called.
    pub(super) name: String,
    /// The file, where it is one.
    pub(super) path: Option<PathBuf>,
    /// The text.
    pub(super) text: Text,
    /// What it defines.
    pub(super) definitions: Vec<Definition>,
}

/// A `load` statement: the path as written, and where the statement is.
pub(super) type Load = (String, std::ops::Range<usize>);

/// Reads the text of a file and says where it was found; nothing where there is none.
pub(super) type Reader<'r> = dyn FnMut(&str) -> Option<(PathBuf, String)> + 'r;

impl Loaded {
    fn new(name: String, path: Option<PathBuf>, text: String) -> (Self, Vec<Load>) {
        let module = parse(0, &text, Grammar::PROGRAM).module;
        let definitions = definitions(&module, text.len());
        (Self { name, path, text: Text::new(text), definitions }, loads(&module.statements))
    }

    /// What a name means to those that load it: the last definition that is not inside a function and not private.
    pub(super) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().rev().find(|d| d.top && d.name == name && !name.starts_with('_'))
    }

    /// Where it is, for an editor.
    pub(super) fn uri(&self) -> Option<Uri> {
        match &self.path {
            Some(path) => uri(path),
            None => uri(&written(&self.name, &self.text)?),
        }
    }
}

/// Every text that these statements load, directly or through others, in the order of their loading.
pub(super) fn follow(loads: &[Load], read: &mut Reader<'_>) -> Vec<Loaded> {
    let mut all: Vec<Loaded> = Vec::new();
    walk(loads, read, &mut all, 0);
    all
}

fn walk(loads: &[Load], read: &mut Reader<'_>, all: &mut Vec<Loaded>, depth: usize) {
    for (path, _) in loads {
        let name = format!("{path}.rasp");
        if depth >= DEEPEST || all.iter().any(|l| l.name == name) {
            continue;
        }
        let (path, text) = match read(&name) {
            Some((found, text)) => (Some(found), text),
            None => match standard_program(path) {
                Some(program) => (None, program.source.to_owned()),
                None => continue,
            },
        };
        let (loaded, inner) = Loaded::new(name, path, text);
        let at = all.len();
        all.push(loaded);
        walk(&inner, read, all, depth + 1);
        // What it loads was loaded before it defined the rest.
        let outer = all.remove(at);
        all.push(outer);
    }
}

/// The library.
pub(super) fn standard_library() -> Loaded {
    Loaded::new(format!("{}.rasp", library::NAME), None, library::SOURCE.to_owned()).0
}

/// The `load` statements among these, those in blocks too.
pub(super) fn loads(statements: &[Statement]) -> Vec<Load> {
    let mut all = Vec::new();
    let mut todo: Vec<&Statement> = statements.iter().rev().collect();
    while let Some(statement) = todo.pop() {
        match &statement.kind {
            StatementKind::Load { path } => all.push((path.to_string(), statement.span.range())),
            StatementKind::For { body, .. } => todo.extend(body.iter().rev()),
            StatementKind::Def(def) => todo.extend(def.body.iter().rev()),
            _ => {}
        }
    }
    all
}

/// A text of ours as a file that can be opened.
fn written(name: &str, text: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let caches = if cfg!(windows) {
        set("LOCALAPPDATA")?
    } else {
        set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?
    };
    let path = caches.join("raspc").join(env!("CARGO_PKG_VERSION")).join(name);
    if files::text(&path).ok().as_deref() != Some(text) {
        files::write_file(&path, text.as_bytes()).ok()?;
    }
    Some(path)
}

/// The URI of a file.
fn uri(path: &Path) -> Option<Uri> {
    let path = std::path::absolute(path).ok()?;
    let mut text = "file://".to_owned();
    let shown = path.to_str()?;
    if !shown.starts_with('/') {
        text.push('/');
    }
    for b in shown.bytes() {
        match b {
            b'\\' if cfg!(windows) => text.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b':' => text.push(b as char),
            _ => text += &format!("%{b:02X}"),
        }
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_uris() {
        assert_eq!(
            uri(Path::new("/a b/é.rasp")).map(|u| u.as_str().to_owned()).as_deref(),
            Some("file:///a%20b/%C3%A9.rasp")
        );
    }

    #[test]
    fn what_is_loaded_is_followed_and_never_for_ever() {
        let mut read = |name: &str| {
            let text = match name {
                "a.rasp" => "load \"b\";\nx = 1;\n_y = 2;\ndef f(z) { w = z; return w; }\n",
                "b.rasp" => "load \"a\";\nx = 0;\n",
                _ => return None,
            };
            Some((PathBuf::from(name), text.to_owned()))
        };
        let of = |text: &str| loads(&parse(0, text, Grammar::PROGRAM).module.statements);
        let all = follow(&of("load \"a\";\nfor i in [1] { load \"reverse\"; }\nload \"nothing\";"), &mut read);
        let names: Vec<&str> = all.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["b.rasp", "a.rasp", "reverse.rasp"]);
        let a = &all[1];
        assert_eq!(a.definition("x").map(|d| &a.text[d.whole.clone()]), Some("x = 1;"));
        assert!(a.definition("f").is_some() && a.definition("_y").is_none() && a.definition("w").is_none());
        assert!(standard_library().definition("count").is_some());
    }
}
