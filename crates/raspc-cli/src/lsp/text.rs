//! Places: bytes of a text here, lines and UTF-16 units in the protocol.

use std::ops::{Deref, Range};

use lsp_types::Position;

/// A text that knows where its lines begin.
#[derive(Clone, Debug)]
pub(super) struct Text {
    text: String,
    starts: Vec<usize>,
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Text {
    /// Finds the lines of a text.
    pub(super) fn new(text: String) -> Self {
        let after = text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i + 1);
        let starts = std::iter::once(0).chain(after).collect();
        Self { text, starts }
    }

    /// The protocol's place of a byte.
    pub(super) fn position(&self, byte: usize) -> Position {
        let byte = floor(&self.text, byte.min(self.text.len()));
        let line = self.starts.partition_point(|&start| start <= byte) - 1;
        Position::new(line as u32, self.text[self.starts[line]..byte].encode_utf16().count() as u32)
    }

    /// The protocol's range of bytes.
    pub(super) fn range(&self, bytes: Range<usize>) -> lsp_types::Range {
        lsp_types::Range::new(self.position(bytes.start), self.position(bytes.end))
    }

    /// The byte of the protocol's place; the end of the line or of the text where it lies beyond.
    pub(super) fn byte(&self, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return self.text.len() };
        let end = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
        let mut units = 0;
        for (i, c) in self.text[start..end].char_indices() {
            if units >= position.character {
                return start + i;
            }
            units += c.len_utf16() as u32;
        }
        end
    }
}

fn floor(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_bytes_are_each_others_inverse() {
        let text = Text::new("a😀é\n\nx = \"漢\";\r\nlast".to_owned());
        for (i, _) in text.char_indices() {
            assert_eq!(text.byte(text.position(i)), i);
        }
        assert_eq!(text.position("a😀".len()), Position::new(0, 3));
        assert_eq!(text.position(usize::MAX), Position::new(3, 4));
    }

    #[test]
    fn places_beyond_the_text_are_its_ends() {
        let text = Text::new("ab\ncd".to_owned());
        assert_eq!(text.byte(Position::new(0, 99)), 2);
        assert_eq!(text.byte(Position::new(u32::MAX, u32::MAX)), 5);
        assert_eq!(Text::new(String::new()).byte(Position::new(3, 3)), 0);
        // Between the halves of a surrogate pair.
        assert_eq!(Text::new("😀x".to_owned()).byte(Position::new(0, 1)), 4);
    }
}
