//! Sources: the named texts that spans point into.
//!
//! **Invariants.** A span's `source` is an index into one `Sources`; its bytes lie on character boundaries of that text.
//! Lines end at LF (a CR before it belongs to the line); lines and columns count from 1, columns in characters.

use crate::diagnostic::Span;

/// The named texts of one program: the file itself, what it loads, the library.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    sources: Vec<Source>,
}

/// One named text.
#[derive(Clone, Debug)]
pub struct Source {
    /// What a user calls it: a path, `-e`, `library`.
    pub name: String,
    /// The text.
    pub text: String,
    /// The first byte of each line.
    line_starts: Vec<usize>,
}

/// A place as a reader counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Sources {
    /// No texts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        let index = u32::try_from(self.sources.len()).expect("fewer than 2^32 sources");
        self.sources.push(Source::new(name.into(), text.into()));
        index
    }

    /// The source with this index.
    pub fn get(&self, index: u32) -> &Source {
        &self.sources[index as usize]
    }

    /// All sources, in the order of their indices.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Source> {
        self.sources.iter()
    }

    /// The text of the span.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.source).text[span.range()]
    }

    /// Where the span starts.
    pub fn location(&self, span: Span) -> Location {
        self.get(span.source).location(span.start as usize)
    }
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let after_newlines = text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i + 1);
        let line_starts = std::iter::once(0).chain(after_newlines).collect();
        Self { name, text, line_starts }
    }

    /// The line (from 1) that holds the byte.
    fn line_of(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= byte)
    }

    /// The place of a byte, which may be one past the end.
    pub fn location(&self, byte: usize) -> Location {
        let line = self.line_of(byte);
        let column = self.text[self.line_starts[line - 1]..byte].chars().count() + 1;
        Location { line, column }
    }

    /// The text of a line (from 1), without its end.
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_starts[line - 1];
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| next - 1);
        self.text[start..end].trim_end_matches('\r')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let mut sources = Sources::new();
        let index = sources.add("a.rasp", "ä = 1;\r\nb = \"é\" + c;");
        let source = sources.get(index);
        assert_eq!(source.location(0), Location { line: 1, column: 1 });
        let c = source.text.find('c').unwrap();
        assert_eq!(source.location(c), Location { line: 2, column: 11 });
        assert_eq!(source.line(1), "ä = 1;");
        assert_eq!(source.line(2), "b = \"é\" + c;");
        assert_eq!(source.location(source.text.len()), Location { line: 2, column: 13 });
    }

    #[test]
    fn an_empty_text_has_one_empty_line() {
        let mut sources = Sources::new();
        let index = sources.add("empty", "");
        assert_eq!(sources.get(index).line(1), "");
        assert_eq!(sources.get(index).location(0), Location { line: 1, column: 1 });
    }
}
