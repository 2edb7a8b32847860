//! Places: bytes of a text here, lines and UTF-16 units in the protocol.

use lsp_types::{Position, Range};

/// The protocol's place of a byte.
pub(super) fn position(text: &str, byte: usize) -> Position {
    let byte = floor(text, byte.min(text.len()));
    let before = &text[..byte];
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count();
    Position::new(line as u32, before[start..].encode_utf16().count() as u32)
}

/// The protocol's range of bytes.
pub(super) fn range(text: &str, bytes: std::ops::Range<usize>) -> Range {
    Range::new(position(text, bytes.start), position(text, bytes.end))
}

/// The byte of the protocol's place; the end of the line or of the text where it lies beyond.
pub(super) fn byte(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(n) => start += n + 1,
            None => return text.len(),
        }
    }
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let mut units = 0;
    for (i, c) in text[start..end].char_indices() {
        if units >= position.character {
            return start + i;
        }
        units += c.len_utf16() as u32;
    }
    end
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
        let text = "a😀é\n\nx = \"漢\";\r\nlast";
        for (i, _) in text.char_indices() {
            assert_eq!(byte(text, position(text, i)), i);
        }
        assert_eq!(position(text, "a😀".len()), Position::new(0, 3));
        assert_eq!(position(text, usize::MAX), Position::new(3, 4));
    }

    #[test]
    fn places_beyond_the_text_are_its_ends() {
        let text = "ab\ncd";
        assert_eq!(byte(text, Position::new(0, 99)), 2);
        assert_eq!(byte(text, Position::new(u32::MAX, u32::MAX)), 5);
        assert_eq!(byte("", Position::new(3, 3)), 0);
        // Between the halves of a surrogate pair.
        assert_eq!(byte("😀x", Position::new(0, 1)), 4);
    }
}
