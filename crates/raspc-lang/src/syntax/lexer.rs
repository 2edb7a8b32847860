//! Text to tokens. Total: every text gives tokens that end in one `Eof`. What is no token is reported and becomes what
//! was meant (`&&` is `and`) or [`TokenKind::Bad`], beside which the parser reports nothing.
//!
//! The forms that the reference glues to their bracket (`select(`, `range(`, …) are plain names here; the parser knows
//! them, and can insist on the missing blank since tokens carry spans.

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::MAX_ERRORS;
use crate::syntax::token::{MARKS, Token, TokenKind};

/// Tokens (comments among them, `Eof` last) and what was wrong.
#[derive(Debug)]
pub struct Lexed {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Lexical errors, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Splits a text into tokens.
pub fn lex(source: u32, text: &str) -> Lexed {
    let mut lexer = Lexer { source, text, at: 0, out: Lexed { tokens: Vec::new(), diagnostics: Vec::new() } };
    while lexer.at < text.len() && lexer.out.diagnostics.len() < MAX_ERRORS {
        lexer.next();
    }
    lexer.emit(TokenKind::Eof, 0);
    lexer.out
}

struct Lexer<'t> {
    source: u32,
    text: &'t str,
    at: usize,
    out: Lexed,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Characters that take no place on the screen, or look like a blank.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Characters that look like a blank.
fn is_blank(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii()
}

/// What a character stands for elsewhere, as it is written here.
fn looks_like(c: char) -> Option<&'static str> {
    const FULL_WIDTH: &str = "!\"#$%&'()*+,-./0123456789:;<=>?";
    Some(match c {
        '≠' => "!=",
        '≤' | '⩽' => "<=",
        '≥' | '⩾' => ">=",
        '×' | '·' | '⋅' | '∗' => "*",
        '÷' | '∕' => "/",
        '−' | '–' | '—' => "-",
        '∧' => "and",
        '∨' => "or",
        '¬' => "not",
        '∈' => "in",
        '、' => ",",
        '。' => ";",
        '【' | '［' => "[",
        '】' | '］' => "]",
        '｛' => "{",
        '｝' => "}",
        '＾' => "^",
        '！'..='？' => {
            let at = (u32::from(c) - u32::from('！')) as usize;
            // Quotes, digits and what has no meaning here are told of as what they are.
            FULL_WIDTH.get(at..=at).filter(|plain| MARKS.iter().any(|(_, mark)| mark == plain))?
        }
        _ => return None,
    })
}

/// How many bytes at the start of `text` satisfy `test`.
fn prefix(text: &str, test: impl Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn span(&self, length: usize) -> Span {
        Span { source: self.source, start: self.at as u32, end: (self.at + length) as u32 }
    }

    fn emit(&mut self, kind: TokenKind, length: usize) {
        let span = self.span(length);
        self.out.tokens.push(Token { kind, span });
        self.at += length;
    }

    /// Reads one token, one stretch of blanks, or one error.
    fn next(&mut self) {
        let rest = self.rest();
        let first = rest.chars().next().expect("not at the end");
        match first {
            ' ' | '\t' | '\r' | '\n' => self.at += prefix(rest, |c| matches!(c, ' ' | '\t' | '\r' | '\n')),
            '#' => self.emit(TokenKind::Comment, prefix(rest, |c| c != '\n' && c != '\r')),
            '"' => self.string('"'),
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            // Some editors begin files with a mark of their encoding.
            '\u{feff}' if self.at == 0 => self.at += first.len_utf8(),
            _ => match MARKS.iter().find(|(_, text)| rest.starts_with(text)) {
                Some((kind, text)) => self.emit(*kind, text.len()),
                None => self.unknown(first),
            },
        }
    }

    /// A string up to its closing quote, which must be on the same line.
    fn string(&mut self, quote: char) {
        let rest = self.rest();
        let body = prefix(&rest[quote.len_utf8()..], |c| c != quote && c != '\n' && c != '\r');
        let length = quote.len_utf8() + body;
        if rest[length..].starts_with(quote) {
            return self.emit(TokenKind::Str, length + quote.len_utf8());
        }
        let d = Diagnostic::error(codes::UNTERMINATED_STRING, "this string has no closing quote").at(self.span(length));
        self.out.diagnostics.push(d.hint("close it with `\"` on the same line; there are no escapes"));
        self.emit(TokenKind::Bad, length);
    }

    /// Digits, or digits, a dot and digits.
    fn number(&mut self) {
        let rest = self.rest();
        let whole = prefix(rest, |c| c.is_ascii_digit());
        let fraction = rest[whole..].strip_prefix('.').map_or(0, |f| prefix(f, |c| c.is_ascii_digit()));
        let length = if fraction > 0 { whole + 1 + fraction } else { whole };
        let glued = prefix(&rest[length..], is_word);
        if glued > 0 {
            let all = length + glued;
            let message = format!("malformed number `{}`", shorten(&rest[..all]));
            let d = Diagnostic::error(codes::MALFORMED_NUMBER, message).at(self.span(all));
            self.out
                .diagnostics
                .push(d.hint("numbers are digits, or digits, a dot and digits; powers of ten are written `10 ^ 5`"));
            return self.emit(TokenKind::Bad, all);
        }
        self.emit(if fraction > 0 { TokenKind::Float } else { TokenKind::Int }, length);
    }

    /// A keyword or a name; the console's keywords of several parts as the reference reads them.
    fn word(&mut self) {
        const LONG: [(TokenKind, &str); 4] = [
            (TokenKind::FullDisplay, "full seq display"),
            (TokenKind::SOp, "s-op"),
            (TokenKind::ExitCall, "exit()"),
            (TokenKind::QuitCall, "quit()"),
        ];
        let rest = self.rest();
        for (kind, text) in LONG {
            let ends = |after: &str| text.ends_with(')') || !after.starts_with(is_word);
            if rest.strip_prefix(text).is_some_and(ends) {
                return self.emit(kind, text.len());
            }
        }
        let length = prefix(rest, is_word);
        self.emit(TokenKind::keyword(&rest[..length]).unwrap_or(TokenKind::Ident), length);
    }

    /// A character that starts no token: reported, and read as what was meant where that is plain.
    fn unknown(&mut self, first: char) {
        if let Some(plain) = looks_like(first) {
            return self.alike(first, plain);
        }
        let rest = self.rest();
        let (length, meant, hint) = match first {
            '\'' | '“' | '”' | '‘' | '’' | '`' => return self.quoted(first),
            '!' | '~' => (1, TokenKind::Not, "negation is written `not x`"),
            '&' => (prefix(rest, |c| c == '&'), TokenKind::And, "write `and`"),
            '|' => (prefix(rest, |c| c == '|'), TokenKind::Or, "write `or`"),
            '.' => {
                (1, TokenKind::Bad, "a float needs digits on both sides of its dot; there are no attributes or methods")
            }
            '?' => (1, TokenKind::Bad, "a choice is written `a if condition else b`"),
            '$' => (1, TokenKind::Bad, "names begin with a letter or `_`, and need no mark"),
            '@' => (1, TokenKind::Bad, "there are no decorators and no products of matrices; `*` multiplies"),
            '\\' => (1, TokenKind::Bad, "remove it: a statement goes on in the next line by itself, up to its `;`"),
            c if is_blank(c) => (prefix(rest, is_blank), TokenKind::Bad, "write an ordinary blank in its place"),
            c if is_invisible(c) || c.is_control() => {
                (prefix(rest, |d| d == c), TokenKind::Bad, "remove this invisible character")
            }
            c if c.is_alphabetic() => {
                let word = prefix(rest, |c| c.is_alphanumeric() || c == '_');
                (word, TokenKind::Bad, "names are made of the letters a to z, A to Z, digits and `_`")
            }
            c => (
                prefix(rest, |d| d == c),
                TokenKind::Bad,
                "remove it; text in programs stands in double quotes or after `#`",
            ),
        };
        let shown = if first.is_control() || is_invisible(first) {
            format!("U+{:04X}", u32::from(first))
        } else {
            shorten(&rest[..length])
        };
        let d = Diagnostic::error(codes::UNKNOWN_CHARACTER, format!("`{shown}` is not part of the language"));
        self.out.diagnostics.push(d.at(self.span(length)).hint(hint));
        self.emit(meant, length);
    }

    /// A character that another stands for in mathematics, in other keyboards' layouts or in word processors: read as that.
    fn alike(&mut self, first: char, plain: &'static str) {
        let d = Diagnostic::error(codes::UNKNOWN_CHARACTER, format!("`{first}` is not part of the language"));
        self.out.diagnostics.push(d.at(self.span(first.len_utf8())).hint(format!("write `{plain}`")));
        let mark = MARKS.iter().find(|(_, text)| *text == plain).map(|(kind, _)| *kind);
        self.emit(mark.or_else(|| TokenKind::keyword(plain)).unwrap_or(TokenKind::Bad), first.len_utf8());
    }

    /// A string in the wrong quotes.
    fn quoted(&mut self, open: char) {
        let rest = self.rest();
        let after = &rest[open.len_utf8()..];
        let body = prefix(after, |c| !matches!(c, '\'' | '“' | '”' | '‘' | '’' | '`' | '\n' | '\r' | ';'));
        let close = after[body..].chars().next().filter(|c| !matches!(c, '\n' | '\r' | ';')).map_or(0, char::len_utf8);
        let length = open.len_utf8() + body + close;
        let mark = if open == '`' { "a backtick".to_owned() } else { format!("`{open}`") };
        let d = Diagnostic::error(codes::UNKNOWN_CHARACTER, format!("{mark} does not quote strings"));
        let hint = format!("write \"{}\"", shorten(&after[..body]));
        self.out.diagnostics.push(d.at(self.span(length)).hint(hint));
        self.emit(TokenKind::Bad, length);
    }
}

/// A text short enough for a message.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 24 {
        return text.to_owned();
    }
    text.chars().take(24).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let lexed = lex(0, text);
        assert!(lexed.diagnostics.is_empty(), "{:?}", lexed.diagnostics);
        lexed.tokens.iter().map(|t| t.kind.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn errors(text: &str) -> Vec<String> {
        lex(0, text).diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect()
    }

    #[test]
    fn longest_match_wins() {
        assert_eq!(kinds("a<=b"), "a name `<=` a name the end of the text");
        assert_eq!(kinds("setx set selectors"), "a name `set` a name the end of the text");
        assert_eq!(kinds("007 1.50"), "an integer a float the end of the text");
        assert_eq!(kinds("exit() exit ()"), "`exit()` `exit` `(` `)` the end of the text");
        assert_eq!(kinds("s-op s-opx s - op"), "`s-op` a name `-` a name a name `-` a name the end of the text");
        assert_eq!(kinds("full seq display full seq"), "`full seq display` a name a name the end of the text");
        assert_eq!(kinds("\"a\\\" # \"x"), "a string a comment the end of the text");
    }

    #[test]
    fn what_is_no_token_is_reported_once() {
        assert_eq!(errors("a = 'b';"), ["E0101 `'` does not quote strings"]);
        assert_eq!(errors("a && b"), ["E0101 `&&` is not part of the language"]);
        assert_eq!(errors("\"abc\nx"), ["E0102 this string has no closing quote"]);
        assert_eq!(errors("1e5 + 1_000"), ["E0103 malformed number `1e5`", "E0103 malformed number `1_000`"]);
        assert_eq!(errors("é = 3;"), ["E0101 `é` is not part of the language"]);
        assert_eq!(errors(".5"), ["E0101 `.` is not part of the language"]);
        assert_eq!(errors("`b`"), ["E0101 a backtick does not quote strings"]);
        assert_eq!(
            errors("a\u{a0}= 1;\0"),
            ["E0101 `U+00A0` is not part of the language", "E0101 `U+0000` is not part of the language"]
        );
        assert_eq!(errors("\u{feff}a = 1;"), [""; 0]);
        assert_eq!(errors("a\u{feff} = 1;"), ["E0101 `U+FEFF` is not part of the language"]);
    }

    #[test]
    fn what_looks_like_a_token_is_read_as_that() {
        let read = |text: &str| {
            let lexed = lex(0, text);
            let kinds = lexed.tokens.iter().map(|t| t.kind.to_string()).collect::<Vec<_>>().join(" ");
            let hints = lexed.diagnostics.iter().map(|d| d.hint.clone().unwrap_or_default()).collect::<Vec<_>>();
            (kinds, hints.join("; "))
        };
        let cases = [
            ("a ≤ b", "a name `<=` a name the end of the text", "write `<=`"),
            ("a × 2；", "a name `*` an integer `;` the end of the text", "write `*`; write `;`"),
            ("f（a，b）", "a name `(` a name `,` a name `)` the end of the text", "write `(`; write `,`; write `)`"),
            (
                "a − b ∧ ¬ c",
                "a name `-` a name `and` `not` a name the end of the text",
                "write `-`; write `and`; write `not`",
            ),
        ];
        for (text, kinds, hints) in cases {
            assert_eq!(read(text), (kinds.to_owned(), hints.to_owned()), "{text}");
        }
        assert_eq!(read("a\u{a0}= 1").1, "write an ordinary blank in its place");
        assert_eq!(read("a\u{200b}= 1").1, "remove this invisible character");
        assert!(read("$x").1.starts_with("names begin with a letter"));
        // A full-width digit or letter is no mark: it is told of as it is.
        assert_eq!(read("３").0, "something malformed the end of the text");
    }
}
