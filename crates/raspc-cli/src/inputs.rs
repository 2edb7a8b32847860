//! INPUT: the words of the command line, or the lines of standard input, as sequences of tokens with their places.

use std::ops::Range;

use raspc_lang::diagnostic::{Diagnostic, Span};
use raspc_lang::input::{InputMode, parse_input};
use raspc_lang::value::Value;

use crate::args::InputArgs;
use crate::fault::Fault;
use crate::files::{self, Unreadable};
use crate::settings::Settings;
use crate::subject::Subject;
use crate::{codes, show};

/// One input.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Its tokens.
    pub(crate) tokens: Vec<Value>,
    /// Where it was written, if it was.
    place: Option<Place>,
}

/// Where an input was written.
#[derive(Clone, Debug)]
struct Place {
    source: u32,
    /// Of the whole.
    whole: Range<usize>,
    /// Of each token; empty where that is not known.
    tokens: Vec<Range<usize>>,
}

impl Place {
    fn span(&self, range: &Range<usize>) -> Span {
        Span { source: self.source, start: range.start as u32, end: range.end as u32 }
    }
}

impl Input {
    /// An input that nobody typed.
    pub(crate) fn example(tokens: Vec<Value>) -> Self {
        Self { tokens, place: None }
    }

    /// Where the tokens from one to another (excluded) were written.
    fn span(&self, first: usize, end: usize) -> Option<Span> {
        let place = self.place.as_ref()?;
        match (place.tokens.get(first), place.tokens.get(end.saturating_sub(1))) {
            (Some(a), Some(b)) => Some(place.span(&(a.start..b.end))),
            _ => Some(place.span(&place.whole)),
        }
    }
}

/// Reads the inputs; `-` stands for the lines of standard input.
pub(crate) fn read(words: &[&str], args: &InputArgs, subject: &mut Subject) -> Result<Vec<Input>, Fault> {
    let mode = match args {
        InputArgs { chars: true, .. } => InputMode::Chars,
        InputArgs { words: true, .. } => InputMode::Words,
        _ => InputMode::Auto,
    };
    let mut inputs = Vec::new();
    let mut diagnostics = Vec::new();
    for word in words {
        let (name, text) = match *word {
            "-" => ("standard input", standard_input()?),
            word => ("input", word.to_owned()),
        };
        let ranges: Vec<Range<usize>> =
            if *word == "-" { lines(&text) } else { std::iter::once(0..text.len()).collect() };
        let source = subject.sources.add(name, text.as_str());
        for whole in ranges {
            match one(&text, whole, source, mode) {
                Ok(input) => inputs.push(input),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
    }
    if diagnostics.is_empty() { Ok(inputs) } else { Err(subject.fault(diagnostics)) }
}

fn standard_input() -> Result<String, Fault> {
    files::standard_input().map_err(|e| match e {
        Unreadable::System(e) => Fault::System(format!("standard input could not be read: {e}")),
        Unreadable::NoText(why) => {
            let message = format!("standard input cannot be read: {why}");
            let diagnostic = Diagnostic::error(codes::TEXT, message).hint("write one input a line, in UTF-8");
            Fault::Diagnosed { sources: raspc_lang::source::Sources::new(), diagnostics: vec![diagnostic] }
        }
    })
}

/// The lines of a text, without their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut all = Vec::new();
    for line in text.split_inclusive('\n') {
        let length = line.trim_end_matches(['\n', '\r']).len();
        all.push(start..start + length);
        start += line.len();
    }
    all
}

fn one(text: &str, whole: Range<usize>, source: u32, mode: InputMode) -> Result<Input, Box<Diagnostic>> {
    let line = &text[whole.clone()];
    let place = Place { source, whole: whole.clone(), tokens: Vec::new() };
    let tokens = parse_input(line, mode).map_err(|d| Box::new(d.at(place.span(&whole))))?;
    let found: Vec<_> =
        token_ranges(line, mode).into_iter().map(|r| r.start + whole.start..r.end + whole.start).collect();
    let known = if found.len() == tokens.len() { found } else { Vec::new() };
    Ok(Input { tokens, place: Some(Place { tokens: known, ..place }) })
}

/// Where each token is written. (Of a JSON string with escapes nobody can tell without reading it again.)
fn token_ranges(line: &str, mode: InputMode) -> Vec<Range<usize>> {
    match (mode, line.as_bytes().first()) {
        (InputMode::Words, _) => words(line),
        (InputMode::Auto, Some(b'[')) => items(line),
        (InputMode::Auto, Some(b'"')) if line.contains('\\') => Vec::new(),
        (InputMode::Auto, Some(b'"')) => characters(line.trim_end()).into_iter().skip(1).rev().skip(1).rev().collect(),
        _ => characters(line),
    }
}

fn characters(text: &str) -> Vec<Range<usize>> {
    text.char_indices().map(|(i, c)| i..i + c.len_utf8()).collect()
}

fn words(text: &str) -> Vec<Range<usize>> {
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|word| offset(word)..offset(word) + word.len()).collect()
}

/// The items of a well-formed JSON array without nesting.
fn items(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let (mut start, mut quoted, mut escaped) = (1, false, false);
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b']' if !quoted => {
                let item = &text[start..i];
                let begin = start + (item.len() - item.trim_start().len());
                let trimmed = item.trim();
                if !trimmed.is_empty() {
                    all.push(begin..begin + trimmed.len());
                }
                start = i + 1;
            }
            _ => {}
        }
    }
    all
}

/// Refuses inputs that the model cannot take.
pub(crate) fn check(inputs: &[Input], subject: &Subject, settings: &Settings) -> Result<(), Fault> {
    let mut diagnostics = Vec::new();
    let mut vocab: Vec<&Value> = settings.options.vocab.iter().collect();
    vocab.sort();
    for input in inputs {
        diagnostics.extend(too_long(input, settings));
        let outside = input.tokens.iter().enumerate().filter(|(_, token)| vocab.binary_search(token).is_err());
        for (position, token) in outside.take(3) {
            let message = format!("`{}` is not in the vocabulary", show::value(token));
            let diagnostic = Diagnostic::error(codes::TOKEN, message).at(input.span(position, position + 1));
            diagnostics.push(diagnostic.hint(token_hint(token, &vocab, settings)));
        }
    }
    if diagnostics.is_empty() { Ok(()) } else { Err(subject.fault(diagnostics)) }
}

fn too_long(input: &Input, settings: &Settings) -> Option<Diagnostic> {
    let (n, most) = (input.tokens.len(), settings.options.max_len);
    // That no input is short enough for a length of 0 is not the input's fault.
    if n <= most || most == 0 {
        return None;
    }
    let diagnostic =
        Diagnostic::error(codes::TOO_LONG, format!("the input has {n} tokens, and the model takes at most {most}"));
    Some(diagnostic.at(input.span(most, n)).hint(settings.length_hint(n)))
}

/// What to do about a token: a digit that was meant as a number is the usual slip.
fn token_hint(token: &Value, vocab: &[&Value], settings: &Settings) -> String {
    let number = match token {
        Value::Str(s) => s.parse::<i64>().ok().map(Value::int),
        _ => None,
    };
    if number.is_some_and(|n| vocab.binary_search(&&n).is_ok()) {
        return "it is a character here; numbers are given as JSON, `[3,1,4]`, or with `--words`".to_owned();
    }
    settings.vocabulary_hint()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, mode: InputMode) -> Vec<&str> {
        token_ranges(line, mode).into_iter().map(|r| &line[r]).collect()
    }

    #[test]
    fn places_are_those_of_the_tokens() {
        assert_eq!(texts("aéc", InputMode::Auto), ["a", "é", "c"]);
        assert_eq!(texts(" one  2 ", InputMode::Words), ["one", "2"]);
        assert_eq!(texts(r#"[ 3, "a,]", "\"" ,true]"#, InputMode::Auto), ["3", r#""a,]""#, r#""\"""#, "true"]);
        assert_eq!(texts(r#""ab""#, InputMode::Auto), ["a", "b"]);
        assert_eq!(texts(r#""""#, InputMode::Auto), Vec::<&str>::new());
        assert_eq!(texts("[]", InputMode::Auto), Vec::<&str>::new());
        assert_eq!(texts("[1", InputMode::Chars), ["[", "1"]);
    }

    #[test]
    fn places_are_as_many_as_tokens() {
        let lines = ["", "abc", "[]", "[1,2]", r#"["a", "b\"", "c,d", 4.5, false]"#, r#""x\ny""#, r#""xyz""#, "é 漢 z"];
        for line in lines {
            for mode in [InputMode::Auto, InputMode::Chars, InputMode::Words] {
                let tokens = parse_input(line, mode).expect("well formed");
                let places = token_ranges(line, mode);
                assert!(places.len() == tokens.len() || line.contains('\\'), "{line} {mode:?}: {places:?}");
            }
        }
    }

    #[test]
    fn lines_end_without_their_ends() {
        let text = "ab\r\n\nc";
        let shown: Vec<&str> = lines(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(shown, ["ab", "", "c"]);
    }
}
