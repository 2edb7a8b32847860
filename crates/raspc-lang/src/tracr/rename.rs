//! Names of a Python program that mean something else in RASP: `out` and `range` belong to the language, `draw` is a word of it,
//! and where a program calls its own s-op `tokens`, that is not the input, `rasp.tokens`, any more.

use std::collections::{BTreeMap, BTreeSet};

use super::token::{Kind, Token};
use crate::elaborate::names::is_reserved;
use crate::syntax::token::TokenKind;

/// Names that the translation itself writes, and that a program can give to something else.
const WRITTEN: [&str; 3] = ["tokens", "length", "selector_width"];

/// The text with such names followed by `_`; nothing where it has none.
pub(super) fn renamed(text: &str, tokens: &[Token<'_>]) -> Option<String> {
    let names: BTreeSet<&str> = tokens.iter().filter_map(|t| name(t.kind)).collect();
    let other = |n: &str| {
        let mut other = n.to_owned() + "_";
        while names.contains(&*other) {
            other.push('_');
        }
        other
    };
    let bound = bound(tokens).into_iter().filter(|n| clashes(n, tokens));
    let others: BTreeMap<&str, String> = bound.map(|n| (n, other(n))).collect();
    if others.is_empty() {
        return None;
    }
    let (mut out, mut done) = (String::new(), 0);
    for (i, token) in tokens.iter().enumerate() {
        // Of `rasp.tokens` the last is no name of the program's.
        if let Some(other) = name(token.kind).and_then(|n| others.get(n)).filter(|_| !after(tokens, i, ".")) {
            out += &text[done..token.at.start];
            out += other;
            done = token.at.end;
        }
    }
    Some(out + &text[done..])
}

fn name(kind: Kind<'_>) -> Option<&str> {
    if let Kind::Name(n) = kind { Some(n) } else { None }
}

/// Whether a mark stands before a token.
fn after(tokens: &[Token<'_>], i: usize, mark: &str) -> bool {
    i > 0 && tokens[i - 1].kind == Kind::Mark(mark)
}

/// The names that the program gives to s-ops, functions and parameters.
fn bound<'t>(tokens: &[Token<'t>]) -> BTreeSet<&'t str> {
    let mut all = BTreeSet::new();
    let mut header = false;
    for (i, token) in tokens.iter().enumerate() {
        let first = i == 0 || matches!(tokens[i - 1].kind, Kind::Line(_));
        header = (header && !matches!(token.kind, Kind::Line(_))) || token.kind == Kind::Name("def");
        let assigned = first && tokens.get(i + 1).is_some_and(|t| matches!(t.kind, Kind::Mark("=" | ":")));
        let defined = i > 0 && tokens[i - 1].kind == Kind::Name("def");
        let parameter = header && (after(tokens, i, "(") || after(tokens, i, ","));
        all.extend(name(token.kind).filter(|_| assigned || defined || parameter));
    }
    all
}

/// Whether a name means something else in the translation.
fn clashes(n: &str, tokens: &[Token<'_>]) -> bool {
    let of_rasp =
        |w: &[Token<'_>]| w[0].kind == Kind::Name("rasp") && w[1].kind == Kind::Mark(".") && w[2].kind == Kind::Name(n);
    let written = WRITTEN.contains(&n) && (n == "selector_width" || tokens.windows(3).any(of_rasp));
    written || is_reserved(n) || TokenKind::keyword(n).is_some()
}
