//! Messages on a stream, each behind its length.
//!
//! **Invariants.** What is read is bounded, whatever a header claims. A message that is none is reported and skipped;
//! only a stream that lost its framing ends.

use std::io::{self, BufRead, Read as _, Write};

use lsp_server::Message;

/// Longer bodies are no messages.
const MOST_BODY: usize = 64 << 20;
/// Longer headers are none.
const MOST_LINE: u64 = 4096;

/// What was read.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// A body that is no message: why. The next one may be.
    Malformed(String),
}

/// Reads the next message; nothing at the end of the stream.
///
/// # Errors
/// The stream's own errors, and headers from which the next message cannot be found.
pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(size) = headers(stream)? else { return Ok(None) };
    let mut body = Vec::new();
    stream.by_ref().take(size as u64).read_to_end(&mut body)?;
    if body.len() < size {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice::<Message>(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Malformed(error.to_string()),
    }))
}

/// The size of the next body.
fn headers(stream: &mut impl BufRead) -> io::Result<Option<usize>> {
    let lost = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut size = None;
    loop {
        let mut line = Vec::new();
        stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(lost("a header without an end".to_owned()));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            match size {
                Some(size) => return Ok(Some(size)),
                None => return Err(lost("no Content-Length".to_owned())),
            }
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            let value = value.trim().parse().ok().filter(|&n| n <= MOST_BODY);
            size = Some(value.ok_or_else(|| lost(format!("`{line}` is no length of a message")))?);
        }
    }
}

/// Writes a message.
pub(super) fn write(stream: &mut impl Write, message: &Message) -> io::Result<()> {
    message.write(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut bytes: &[u8]) -> (usize, usize, bool) {
        let (mut fine, mut malformed) = (0, 0);
        loop {
            match read(&mut bytes) {
                Ok(Some(Incoming::Message(_))) => fine += 1,
                Ok(Some(Incoming::Malformed(_))) => malformed += 1,
                Ok(None) => return (fine, malformed, true),
                Err(_) => return (fine, malformed, false),
            }
        }
    }

    fn framed(bodies: &[&str]) -> Vec<u8> {
        bodies.iter().flat_map(|b| format!("Content-Length: {}\r\n\r\n{b}", b.len()).into_bytes()).collect()
    }

    #[test]
    fn malformed_bodies_are_skipped() {
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        assert_eq!(all(&framed(&[exit, "{", "[]", "\u{1}", exit])), (2, 3, true));
    }

    #[test]
    fn lost_framing_ends_the_stream() {
        assert_eq!(all(b"Content-Length: 99999999999999999999\r\n\r\n{}"), (0, 0, false));
        assert_eq!(all(b"Content-Length: 9999999999\r\n\r\n{}"), (0, 0, false));
        assert_eq!(all(b"Hello: world\r\n\r\n{}"), (0, 0, false));
        assert_eq!(all(&[b'x'; 10_000]), (0, 0, false));
        assert_eq!(all(b"Content-Length: 10\r\n\r\n{}"), (0, 0, true));
        assert_eq!(all(b""), (0, 0, true));
    }
}
