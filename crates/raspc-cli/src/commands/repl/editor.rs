//! What the line editor knows of the language: completion, highlighting, and whether a text is complete.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use raspc_lang::console::{NameKind, waiting};
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::token::{KEYWORDS, TokenKind};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::words::COMMANDS;

/// Names that can be used now, with what they are.
pub(super) type Names = Rc<RefCell<Vec<(String, NameKind)>>>;

/// Forms that look like functions and are the language's own.
const FORMS: [&str; 5] = ["select", "aggregate", "range", "zip", "len"];

/// What the line editor asks.
pub(super) struct Language {
    pub(super) names: Names,
    pub(super) colors: bool,
    pub(super) history: HistoryHinter,
}

impl Helper for Language {}

impl Validator for Language {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = ctx.input();
        let more = !is_command(text) && !text.trim().is_empty() && waiting(text).is_some();
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// A remark after the cursor: the rest of an older entry, or what is waited for.
pub(super) struct Remark {
    shown: String,
    taken: bool,
}

impl Hint for Remark {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        Some(self.shown.as_str()).filter(|_| self.taken)
    }
}

impl Hinter for Language {
    type Hint = Remark;

    fn hint(&self, line: &str, pos: usize, ctx: &Context<'_>) -> Option<Remark> {
        // On a new line of an unfinished statement it is time to say what is missing.
        if pos == line.len() && line.ends_with('\n') && !is_command(line) {
            return waiting(line).map(|what| Remark { shown: format!("  waiting for {what}"), taken: false });
        }
        self.history.hint(line, pos, ctx).map(|shown| Remark { shown, taken: true })
    }
}

impl Highlighter for Language {
    fn highlight<'l>(&self, line: &'l str, _pos: usize) -> Cow<'l, str> {
        if !self.colors {
            return Cow::Borrowed(line);
        }
        if is_command(line) {
            let end = line.find(char::is_whitespace).unwrap_or(line.len());
            return Cow::Owned(format!("\x1b[1;36m{}\x1b[0m{}", &line[..end], &line[end..]));
        }
        Cow::Owned(self.painted(line))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colors { Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, _line: &str, _pos: usize, kind: CmdKind) -> bool {
        self.colors && kind != CmdKind::MoveCursor
    }
}

impl Language {
    fn painted(&self, line: &str) -> String {
        let names = self.names.borrow();
        let mut out = String::new();
        let mut at = 0;
        for token in lex(0, line).tokens {
            let range = token.span.range();
            out += &line[at..range.start];
            at = range.end;
            let word = &line[range];
            let known = names.iter().find(|(name, _)| name == word).map(|(_, kind)| *kind);
            let style = match token.kind {
                TokenKind::Str => "32",
                TokenKind::Int | TokenKind::Float => "33",
                TokenKind::Comment => "2",
                TokenKind::Bad => "31",
                TokenKind::Ident if FORMS.contains(&word) => "35",
                TokenKind::Ident => match known {
                    Some(NameKind::Function) => "34",
                    Some(NameKind::SOp | NameKind::Selector) => "36",
                    Some(NameKind::Value) | None => "",
                },
                kind if kind.is_keyword() => "35",
                _ => "",
            };
            if style.is_empty() || word.is_empty() {
                out += word;
            } else {
                out += &format!("\x1b[{style}m{word}\x1b[0m");
            }
        }
        out + &line[at..]
    }
}

impl Completer for Language {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _ctx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.candidates(&line[..pos]))
    }
}

impl Language {
    /// Where the word before the cursor begins, and what it can become.
    fn candidates(&self, before: &str) -> (usize, Vec<Pair>) {
        if is_command(before) && !before.trim_start().contains(char::is_whitespace) {
            let start = before.len() - before.trim_start().len();
            let word = &before[start..];
            let fitting = COMMANDS.iter().filter(|(name, ..)| name.starts_with(word));
            let pair =
                |&(name, usage, _): &(&str, &str, &str)| pair(name, format!("{name} {usage}").trim_end().to_owned());
            return (start, fitting.map(pair).collect());
        }
        if let Some(found) = files(before) {
            return found;
        }
        let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |i| i + 1);
        let word = &before[start..];
        let names = self.names.borrow();
        let keywords = KEYWORDS.iter().map(|(_, text)| *text).chain(FORMS);
        let mut all: Vec<&str> =
            names.iter().map(|(name, _)| name.as_str()).chain(keywords).filter(|name| name.starts_with(word)).collect();
        all.sort_unstable();
        all.dedup();
        let all = if word.is_empty() { Vec::new() } else { all };
        (start, all.into_iter().map(|name| pair(name, name.to_owned())).collect())
    }
}

fn pair(replacement: &str, display: String) -> Pair {
    Pair { display, replacement: replacement.to_owned() }
}

/// Whether the text is a command of the session and no statement.
pub(super) fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(':')
}

/// Files that can be loaded, inside `load "…`.
fn files(before: &str) -> Option<(usize, Vec<Pair>)> {
    let open = before.rfind('"')?;
    if !before[..open].matches('"').count().is_multiple_of(2) || !before[..open].trim_end().ends_with("load") {
        return None;
    }
    let typed = &before[open + 1..];
    let (folder, begin) = typed.rsplit_once('/').map_or(("", typed), |(f, b)| (f, b));
    let shown = Path::new(if folder.is_empty() { "." } else { folder });
    let mut found: Vec<Pair> = Vec::new();
    for entry in std::fs::read_dir(shown).ok()?.flatten().take(10_000) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = match (entry.path().is_dir(), name.strip_suffix(".rasp")) {
            (true, _) if !name.starts_with('.') => format!("{name}/"),
            (false, Some(stem)) => stem.to_owned(),
            _ => continue,
        };
        if name.starts_with(begin) {
            found.push(pair(&name.clone(), name));
        }
    }
    found.sort_by(|a, b| a.display.cmp(&b.display));
    Some((before.len() - begin.len(), found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language() -> Language {
        let names = [("hist", NameKind::SOp), ("selector_width", NameKind::Function), ("seven", NameKind::Value)];
        let names = names.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
        Language { names: Rc::new(RefCell::new(names)), colors: true, history: HistoryHinter::new() }
    }

    fn completions(before: &str) -> Vec<String> {
        language().candidates(before).1.into_iter().map(|p| p.replacement).collect()
    }

    #[test]
    fn names_keywords_and_commands_are_completed() {
        assert_eq!(completions("x = sel"), ["select", "selector", "selector_width"]);
        assert_eq!(completions("hi"), ["hist"]);
        assert_eq!(completions("x = "), [""; 0]);
        assert_eq!(completions(":la"), [":layers"]);
        assert_eq!(completions(":run hi"), ["hist"]);
    }

    #[test]
    fn words_are_painted_and_none_is_lost() {
        let painted = language().painted("hist = 3; # é");
        assert_eq!(painted, "\x1b[36mhist\x1b[0m = \x1b[33m3\x1b[0m; \x1b[2m# é\x1b[0m");
        for text in ["", "é \"", "x = 'a' && b;", "def f(a) {\n return \"é"] {
            let painted = language().painted(text);
            let mut plain = String::new();
            let mut rest = painted.as_str();
            while let Some((before, after)) = rest.split_once("\x1b[") {
                plain += before;
                rest = after.split_once('m').expect("a colour ends").1;
            }
            assert_eq!(plain + rest, text);
        }
    }
}
