//! The tokens of the console's grammar, as the reference lexes them: `select(` and its like are one token, the longest
//! match wins, and at equal length a literal beats the rules.
//!
//! **Invariants.** A token's kind is its place in the order in which messages list token sets (`<EOF>` apart, which
//! comes first), so that a set is the bits of a [`Set`]. The last token is `EOF`; after a [`BAD`] one nothing is lexed.

/// A token's kind.
pub(super) type Kind = u8;

/// A set of kinds.
pub(super) type Set = u64;

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

const LITERALS: [&str; 53] = [
    ";",
    "set",
    "s-op",
    "selector",
    "example",
    "show",
    "full seq display",
    "on",
    "off",
    "examples",
    "exit()",
    "exit",
    "quit",
    "quit()",
    "load",
    "=",
    "draw",
    "(",
    ",",
    ")",
    ":",
    "def",
    "{",
    "}",
    "for",
    "in",
    "return",
    "aggregate(",
    "[",
    "]",
    "not",
    "-",
    "+",
    "round",
    "indicator",
    "^",
    "*",
    "/",
    "%",
    "==",
    "<=",
    ">=",
    ">",
    "<",
    "select(",
    "!=",
    "and",
    "or",
    "if",
    "else",
    "range(",
    "zip(",
    "len(",
];

macro_rules! kinds {
    ($($name:ident $kind:literal)*) => { $(pub(super) const $name: Kind = $kind;)* };
}
kinds! {
    SEMICOLON 0 SET 1 SOP 2 SELECTOR 3 EXAMPLE 4 SHOW 5 FULL 6 ON 7 OFF 8 EXAMPLES 9 EXIT_CALL 10 EXIT 11 QUIT 12
    QUIT_CALL 13 LOAD 14 ASSIGN 15 DRAW 16 OPEN 17 COMMA 18 CLOSE 19 COLON 20 DEF 21 OPEN_BRACE 22 CLOSE_BRACE 23
    FOR 24 IN 25 RETURN 26 AGGREGATE 27 OPEN_BRACKET 28 CLOSE_BRACKET 29 NOT 30 MINUS 31 PLUS 32 ROUND 33
    INDICATOR 34 CARET 35 STAR 36 SLASH 37 PERCENT 38 EQ 39 LE 40 GE 41 GT 42 LT 43 SELECT 44 NE 45 AND 46 OR 47 IF 48
    ELSE 49 RANGE 50 ZIP 51 LEN 52 FLOAT 53 INT 54 STRING 55 COMMENT 56 ID 57 EOF 58 BAD 59
}

/// The set of these kinds.
pub(super) const fn set(kinds: &[Kind]) -> Set {
    let (mut bits, mut i) = (0, 0);
    while i < kinds.len() {
        bits |= 1 << kinds[i];
        i += 1;
    }
    bits
}

/// What an expression starts with.
pub(super) const EXPR: Set = set(&[
    OPEN,
    OPEN_BRACE,
    AGGREGATE,
    OPEN_BRACKET,
    NOT,
    MINUS,
    PLUS,
    ROUND,
    INDICATOR,
    SELECT,
    RANGE,
    ZIP,
    LEN,
    FLOAT,
    INT,
    STRING,
    ID,
]);
/// What a statement of a block starts with.
pub(super) const BODY: Set = EXPR | set(&[LOAD, DRAW, DEF, FOR, COMMENT]);
/// What a statement starts with.
pub(super) const STATEMENT: Set =
    BODY | set(&[SET, SOP, SELECTOR, SHOW, FULL, EXAMPLES, EXIT_CALL, EXIT, QUIT, QUIT_CALL]);
/// What continues a complete operand.
pub(super) const SUFFIX: Set =
    set(&[CARET, STAR, SLASH, PERCENT, PLUS, MINUS, EQ, LE, GE, GT, LT, AND, OR, IF, IN, OPEN_BRACKET, OPEN]);
/// The comparisons that `select` takes.
pub(super) const COMPARISON: Set = set(&[EQ, LE, GE, GT, LT, NE]);

/// A set as messages show it: one member alone, several in braces.
pub(super) fn show(set: Set) -> String {
    let mut names: Vec<String> = Vec::new();
    if set & 1 << EOF != 0 {
        names.push("<EOF>".to_owned());
    }
    for kind in (0..EOF).filter(|k| set & 1 << k != 0) {
        names.push(match LITERALS.get(usize::from(kind)) {
            Some(text) => format!("'{text}'"),
            None => ["Float", "PosInt", "String", "Comment", "ID"][usize::from(kind - FLOAT)].to_owned(),
        });
    }
    if names.len() == 1 { names.remove(0) } else { format!("{{{}}}", names.join(", ")) }
}

/// The tokens of a text, up to its end or to the first that no rule accepts.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let rest = &text[at..];
        let (kind, length) = if rest.is_empty() { (EOF, 0) } else { longest(rest) };
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
        if matches!(kind, EOF | BAD) {
            return tokens;
        }
    }
}

fn prefix(text: &str, test: impl Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

/// The kind and length of the longest token at the start of a text that is not empty.
fn longest(rest: &str) -> (Kind, usize) {
    let literal = (0..).zip(LITERALS).filter(|(_, text)| rest.starts_with(text)).max_by_key(|(_, text)| text.len());
    let (mut kind, mut length) = literal.map_or((BAD, 0), |(kind, text)| (kind, text.len()));
    let (other, long) = match rest.as_bytes()[0] {
        b'0'..=b'9' => number(rest),
        b'"' => {
            let body = prefix(&rest[1..], |c| !matches!(c, '"' | '\r' | '\n'));
            if rest[1 + body..].starts_with('"') { (STRING, body + 2) } else { (BAD, unaccepted(rest)) }
        }
        b'#' => (COMMENT, prefix(rest, |c| c != '\r' && c != '\n')),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => (ID, prefix(rest, |c| c.is_ascii_alphanumeric() || c == '_')),
        _ => (BAD, unaccepted(rest)),
    };
    if length == 0 || (other != BAD && long > length) {
        (kind, length) = (other, long);
    }
    (kind, length)
}

fn number(rest: &str) -> (Kind, usize) {
    let whole = prefix(rest, |c| c.is_ascii_digit());
    let fraction = rest[whole..].strip_prefix('.').map_or(0, |f| prefix(f, |c| c.is_ascii_digit()));
    if fraction > 0 { (FLOAT, whole + 1 + fraction) } else { (INT, whole) }
}

/// How far the lexer reads before it gives up: including the character that ends the last candidate.
fn unaccepted(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    match chars.next().expect("not empty").1 {
        '"' => chars.find(|(_, c)| matches!(c, '\r' | '\n')).map_or(rest.len(), |(i, _)| i + 1),
        '!' => chars.next().map_or(1, |(i, c)| i + c.len_utf8()),
        c => c.len_utf8(),
    }
}
