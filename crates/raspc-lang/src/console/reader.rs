//! Lines to statements: when a text is complete, unfinished or wrong.

use super::grammar::{Reject, check};

/// Most bytes read again and again for one statement: each further line reads all before it.
const MAX_WORK: usize = 100 << 20;

/// The text of a statement so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    text: String,
    work: usize,
}

/// What a line has made of the text.
#[derive(Debug)]
pub(super) enum Read {
    /// More is needed.
    More,
    /// It is wrong; this is to be printed.
    Wrong(String),
    /// It is complete.
    Complete(String),
}

impl Reader {
    /// Whether nothing has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many functions are being written, as the prompt counts them.
    pub(super) fn definitions(&self) -> usize {
        self.text.split_whitespace().filter(|word| *word == "def").count()
    }

    /// Drops the text.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a line. A line that is a comment is left out.
    pub(super) fn push(&mut self, line: &str) -> Read {
        if !line.trim().starts_with('#') {
            self.text.push_str(line);
        }
        self.work = self.work.saturating_add(self.text.len());
        if self.work > MAX_WORK {
            self.clear();
            return Read::Wrong("\t!! antlr exception: this statement is too long \t-- ignoring input\n".to_owned());
        }
        match check(&self.text) {
            Ok(()) => {
                let text = std::mem::take(&mut self.text);
                self.clear();
                Read::Complete(text)
            }
            Err(Reject::Unfinished) => {
                self.text.push(' ');
                Read::More
            }
            Err(Reject::Wrong(message)) => {
                self.clear();
                Read::Wrong(format!("\t!! antlr exception: {message} \t-- ignoring input\n"))
            }
        }
    }
}
