//! Documents and how they are laid out on lines: groups that stand on one line where they fit, comments that end a line
//! or have one of their own.

/// Characters to a line, where breaking can help.
pub(super) const WIDTH: usize = 100;
/// Blanks to a level.
const INDENT: usize = 4;

/// A piece of text that is yet to be laid out.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Text without line ends.
    Text(String),
    /// A blank, or a line end where the group is broken.
    Line,
    /// Nothing, or a line end where the group is broken.
    Soft,
    /// One level deeper, where the group is broken.
    Indent(Vec<Doc>),
    /// On one line, if it fits and must not be broken.
    Group { inner: Vec<Doc>, broken: bool },
    /// A comment on a line of its own.
    Own(String),
    /// A comment at the end of the line, wherever that is.
    Trail(String),
}

/// A line laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutLine {
    /// What is not comment, indentation included; empty for a line that is blank or a comment only.
    pub(super) code: String,
    /// The comment with its `#`.
    pub(super) comment: Option<String>,
    /// Indentation of a comment that has the line to itself.
    pub(super) indent: usize,
}

pub(super) fn text(t: impl Into<String>) -> Doc {
    Doc::Text(t.into())
}

/// A group without brackets: broken where a comment in it needs a line of its own, one inside brackets apart.
pub(super) fn group(inner: Vec<Doc>) -> Doc {
    let broken = inner.iter().any(Doc::must_break);
    Doc::Group { inner, broken }
}

/// A group in brackets, with what is said beside the opening one: broken where there is any comment inside.
pub(super) fn bracket(open: &str, beside: Vec<Doc>, inner: Vec<Doc>, close: &str) -> Doc {
    let comment = |d: &Doc| matches!(d, Doc::Own(_) | Doc::Trail(_));
    let broken = beside.iter().chain(&inner).any(|d| d.has(&comment));
    if inner.is_empty() && beside.is_empty() {
        return text(format!("{open}{close}"));
    }
    let mut docs = vec![text(open)];
    docs.extend(beside);
    docs.push(Doc::Indent(std::iter::once(Doc::Soft).chain(inner).collect()));
    docs.extend([Doc::Soft, text(close)]);
    Doc::Group { inner: docs, broken }
}

impl Doc {
    fn must_break(&self) -> bool {
        match self {
            Doc::Own(_) => true,
            Doc::Indent(inner) | Doc::Group { inner, broken: false } => inner.iter().any(Doc::must_break),
            _ => false,
        }
    }

    fn has(&self, test: &dyn Fn(&Doc) -> bool) -> bool {
        test(self)
            || match self {
                Doc::Indent(inner) | Doc::Group { inner, .. } => inner.iter().any(|d| d.has(test)),
                _ => false,
            }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

/// Lays a document out from an indentation on.
pub(super) fn lay_out(doc: &Doc, indent: usize, width: usize) -> Vec<OutLine> {
    let mut out = Layout {
        lines: Vec::new(),
        line: " ".repeat(indent * INDENT),
        level: indent,
        started: false,
        comments: Vec::new(),
    };
    let mut todo: Vec<(usize, Mode, &Doc)> = vec![(indent, Mode::Broken, doc)];
    while let Some((level, mode, doc)) = todo.pop() {
        match doc {
            Doc::Text(t) => {
                out.line.push_str(t);
                out.started |= !t.is_empty();
            }
            Doc::Line if mode == Mode::Flat => out.line.push(' '),
            Doc::Soft if mode == Mode::Flat => {}
            Doc::Line | Doc::Soft => out.newline(level),
            Doc::Indent(inner) => {
                let level = level + usize::from(mode == Mode::Broken);
                todo.extend(inner.iter().rev().map(|d| (level, mode, d)));
            }
            Doc::Group { inner, broken } => {
                let left = width.saturating_sub(out.line.chars().count());
                let fits = !broken && (mode == Mode::Flat || fits(inner, &todo, left));
                let mode = if fits { Mode::Flat } else { Mode::Broken };
                todo.extend(inner.iter().rev().map(|d| (level, mode, d)));
            }
            Doc::Own(comment) => {
                if out.started {
                    out.newline(level);
                }
                let line = OutLine { comment: Some(comment.clone()), indent: level, ..OutLine::default() };
                out.lines.push(line);
            }
            Doc::Trail(comment) => out.comments.push(comment.clone()),
        }
    }
    out.newline(indent);
    out.lines
}

/// Whether the documents, flat, and what must follow them on the line need at most `left` characters.
fn fits(inner: &[Doc], after: &[(usize, Mode, &Doc)], left: usize) -> bool {
    let mut left = left as isize;
    let mut todo: Vec<(Mode, &Doc)> = inner.iter().rev().map(|d| (Mode::Flat, d)).collect();
    let mut rest = after.iter().rev();
    loop {
        let (mode, doc) = match todo.pop() {
            Some(next) => next,
            None => match rest.next() {
                Some((_, mode, doc)) => (*mode, *doc),
                None => return true,
            },
        };
        match doc {
            Doc::Text(t) => left -= t.chars().count() as isize,
            Doc::Line if mode == Mode::Flat => left -= 1,
            Doc::Soft if mode == Mode::Flat => {}
            Doc::Line | Doc::Soft | Doc::Own(_) => return left >= 0,
            Doc::Indent(inner) => todo.extend(inner.iter().rev().map(|d| (mode, d))),
            Doc::Group { inner, broken } => {
                let mode = if *broken { Mode::Broken } else { mode };
                todo.extend(inner.iter().rev().map(|d| (mode, d)));
            }
            Doc::Trail(_) => {}
        }
        if left < 0 {
            return false;
        }
    }
}

struct Layout {
    lines: Vec<OutLine>,
    line: String,
    level: usize,
    /// Whether anything stands on the line.
    started: bool,
    comments: Vec<String>,
}

impl Layout {
    /// Ends the line. It takes one comment; earlier ones get lines before it.
    fn newline(&mut self, level: usize) {
        let code = std::mem::take(&mut self.line);
        let mut comments = std::mem::take(&mut self.comments);
        let last = if self.started { comments.pop() } else { None };
        // What comes before a closing bracket is inside.
        let inside = usize::from(code.trim_start().starts_with([')', ']', '}']));
        let indent = self.level + inside;
        self.lines.extend(comments.into_iter().map(|c| OutLine { comment: Some(c), indent, ..OutLine::default() }));
        if self.started {
            self.lines.push(OutLine { code: code.trim_end().to_owned(), comment: last, indent });
        }
        self.line = " ".repeat(level * INDENT);
        self.level = level;
        self.started = false;
    }
}

/// Lines as text: comments at the ends of neighbouring lines begin in one column.
pub(super) fn join(lines: &[OutLine]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let run = lines[at..].iter().take_while(|l| !l.code.is_empty() && l.comment.is_some()).count();
        let column = lines[at..at + run].iter().map(|l| l.code.chars().count()).max().unwrap_or(0);
        for line in &lines[at..at + run.max(1)] {
            match &line.comment {
                Some(comment) if line.code.is_empty() => {
                    out.push_str(&" ".repeat(line.indent * INDENT));
                    out.push_str(comment);
                }
                Some(comment) => {
                    out.push_str(&line.code);
                    out.push_str(&" ".repeat(column - line.code.chars().count() + 2));
                    out.push_str(comment);
                }
                None => out.push_str(&line.code),
            }
            out.push('\n');
        }
        at += run.max(1);
    }
    out
}
