//! What a failure is for people: the reference's words become a diagnostic with a code and with what to do.
//!
//! The words are those that scripts get (`machine.rs`, `operator.rs`, `node.rs`); what is not in the table is an operation
//! without a result.

use super::machine::Machine;
use super::value::Fail;
use crate::codes;
use crate::diagnostic::{Code, Diagnostic};
use crate::elaborate::names::nearest;

/// How a message begins, what it is, and what to do about it.
const KNOWN: &[(&str, Code, &str)] = &[
    ("maximum recursion depth exceeded", codes::RECURSION, "end the recursion earlier, with `a if condition else b`"),
    ("this takes too long", codes::TOO_MUCH, "do less in one statement"),
    ("more than 64 pictures", codes::TOO_MUCH, "draw fewer in one statement"),
    ("too many s-ops and selectors", codes::TOO_MUCH, "build fewer in one statement"),
    ("too many scopes", codes::TOO_MUCH, "keep fewer functions that are defined inside others"),
    ("this needs too much memory", codes::TOO_LARGE, "use shorter inputs or smaller values"),
    ("this list or dict is too large", codes::TOO_LARGE, "make it smaller"),
    ("this session holds too much", codes::TOO_LARGE, "assign something small to the names of what is large"),
    ("this is too much to show", codes::TOO_LARGE, "show a part of it, or turn examples off: `examples off`"),
    ("the integer result is too large", codes::TOO_LARGE, "make it smaller"),
    ("the string result is too long", codes::TOO_LARGE, "make it shorter"),
    ("this nests more than", codes::NESTING, "give inner parts names of their own"),
    (
        "wrong number of inputs to range",
        codes::WRONG_ARITY,
        "range(stop), range(start, stop) or range(start, stop, step)",
    ),
    (
        "index into sequence has to be",
        codes::BAD_INDEX,
        "`load_from_location(x, i)` reads an s-op at varying positions",
    ),
    ("index into", codes::BAD_INDEX, "lists and strings take integers or s-ops, dictionaries atoms or s-ops"),
    ("can only index into", codes::BAD_INDEX, "lists, dictionaries, strings and s-ops have items"),
    ("index ", codes::OUT_OF_RANGE, "use one that is there"),
    ("list index out of range", codes::OUT_OF_RANGE, "use one that is there"),
    ("string index out of range", codes::OUT_OF_RANGE, "use one that is there"),
    ("list indices must be", codes::BAD_INDEX, "the index has to hold integers"),
    ("string indices must be", codes::BAD_INDEX, "the index has to hold integers"),
    ("\"[s-op] in X\"", codes::BAD_MEMBER, "write a list of atoms on the right"),
    ("\"[atom] in X\"", codes::BAD_MEMBER, "write a list or an s-op on the right"),
    ("\"A in X\"", codes::BAD_MEMBER, "write an atom or an s-op on the left"),
    ("don't check if", codes::BAD_MEMBER, "selectors and functions are not compared"),
    ("iterating with", codes::UNPACK, "write as many names as there are parts"),
    ("expected ", codes::UNPACK, "write as many names as there are values"),
    ("object of type", codes::UNPACK, "one name takes the value as it is"),
    ("attempting to zip lists of", codes::UNPACK, "the lists have to be of one length"),
    ("attempting to zip", codes::WRONG_KIND, "`zip` takes lists"),
    ("attempting to compute length", codes::WRONG_KIND, "`len` takes a list; `length` is the length of the input"),
    (
        "Cannot apply and/or",
        codes::MIXED_SELECTOR,
        "make a selector of the condition: `select(x, True, ==)` for one of keys, `select(True, x, ==)` for one of queries",
    ),
    ("Cannot apply", codes::WRONG_KIND, "selectors take `and`, `or`, `not`; `selector_width(s)` makes an s-op of one"),
    ("Cannot use a selector", codes::WRONG_KIND, "a condition is an s-op or an atom"),
    ("Expected selector", codes::WRONG_KIND, "`select(keys, queries, ==)` makes a selector"),
    ("Expected atom", codes::WRONG_KIND, "a default is a number, a string or a boolean"),
    ("Expected s-op or atom", codes::WRONG_KIND, "s-ops, numbers, strings and booleans have a value at each position"),
    ("indicator operator expects", codes::WRONG_KIND, "`1 if x else 0` does it for an atom"),
    ("draw expects", codes::WRONG_KIND, "draw an s-op: `draw(selector_width(s), \"abc\")`"),
    ("list comprehension should", codes::WRONG_KIND, "loop over a list or a dictionary"),
    ("dict comprehension should", codes::WRONG_KIND, "loop over a list or a dictionary"),
    ("for loop needs", codes::WRONG_KIND, "loop over a list or a dictionary: `range(3)`"),
    ("range expects", codes::WRONG_KIND, "give it integers"),
    ("range() arg 3", codes::RAISED, "count up by a positive step, down by a negative one"),
    ("dictionary keys", codes::WRONG_KIND, "keys are numbers, strings and booleans"),
    ("example not iterable", codes::BAD_EXAMPLE, "an example is a string or a list: `set example \"abc\"`"),
    ("RASP sequences/selectors expect", codes::BAD_INPUT, "an input is a string or a list with something in it"),
];

/// What to do about an operation that has no result on some values, whatever the example.
const RAISED: &[(&str, &str)] = &[
    ("division by zero", "divide by something else"),
    ("modulo", "divide by something else"),
    ("negative power", "raise something else"),
    ("unsupported operand", "bring both sides to one type"),
    ("can only concatenate", "bring both sides to one type"),
    ("not supported between", "compare values of one type"),
    ("can't multiply", "repeat a string or a list by an integer"),
    ("vals of different types", "give all positions values of one type: another default, for instance"),
    ("asked to average", "select at most one position, or average numbers"),
];

impl Machine {
    pub(super) fn diagnose(&self, fail: &Fail) -> Diagnostic {
        let text = match fail {
            Fail::Rasp(text) | Fail::Wrong(text) => text.trim(),
            Fail::NotImplemented => {
                let hint = "functions can be called, s-ops and selectors be applied to an input";
                return Diagnostic::error(codes::NOT_CALLABLE, "this cannot be called").hint(hint);
            }
            Fail::Interrupted => "interrupted",
        };
        if let Some(name) = text.strip_prefix("Error: Undefined variable: ") {
            return self.unknown(name);
        }
        if let Some(name) = text.strip_prefix("Error: Cannot set reserved name: ") {
            let d = Diagnostic::error(codes::RESERVED_NAME, format!("`{name}` cannot be given another meaning here"));
            return d.hint(format!("choose another name, `{name}_` for instance"));
        }
        if let Some(d) = arity(text).or_else(|| self.unloaded(text)) {
            return d;
        }
        if text.starts_with("Exceeds the limit") {
            let d = Diagnostic::error(codes::TOO_LARGE, "this integer has more than 4300 digits: too many to be shown");
            return d.hint("show its end: `x % 10 ^ 20`");
        }
        let message = text.strip_prefix("Error: ").unwrap_or(text);
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((_, code, hint)) = KNOWN.iter().find(|(begin, ..)| text.starts_with(begin)) {
            return Diagnostic::error(*code, message).hint(*hint);
        }
        let known = RAISED.iter().find(|(part, _)| text.contains(part)).map(|(_, hint)| *hint);
        let hint = match known {
            _ if self.failed_on_example => format!(
                "everything is tried on the example {}; `set example \"…\"` changes it",
                shortened(&self.sop_example.shown)
            ),
            Some(hint) => hint.to_owned(),
            None => "these values have no result here".to_owned(),
        };
        Diagnostic::error(codes::RAISED, message).hint(hint)
    }

    pub(super) fn unknown(&self, name: &str) -> Diagnostic {
        let d = Diagnostic::error(codes::UNKNOWN_NAME, format!("unknown name `{name}`"));
        let known = self.scopes[..3.min(self.scopes.len())].iter().flat_map(|s| s.names.keys().map(AsRef::as_ref));
        d.hint(match nearest(name, known) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "assign it first, or `load` the file that defines it".to_owned(),
        })
    }

    /// A file that could not be loaded, with the reason.
    fn unloaded(&self, text: &str) -> Option<Diagnostic> {
        let file = text.strip_prefix("could not find file: ")?;
        if let Some(again) = &self.loads_itself {
            let d = Diagnostic::error(codes::LOAD_CYCLE, format!("`{again}` loads itself"));
            return Some(d.hint("move what both need into a third file"));
        }
        let why = self.unread.as_deref().unwrap_or("there is no such file");
        let d = Diagnostic::error(codes::LOAD, format!("cannot load `{file}`: {why}"));
        Some(d.hint("paths are seen from the folder that raspc was started in, without `.rasp`"))
    }
}

/// `wrong number of args for NAME- expected: 2, got: 1.`
fn arity(text: &str) -> Option<Diagnostic> {
    let (name, counts) = text.strip_prefix("wrong number of args for ")?.split_once("- expected: ")?;
    let (expected, got) = counts.trim_end_matches('.').split_once(", got: ")?;
    let s = if expected == "1" { "" } else { "s" };
    Some(if name == "evaluate unfinished" {
        let message = format!("an s-op or selector is applied to one input, not {got}");
        Diagnostic::error(codes::WRONG_ARITY, message).hint("write one string or list: `tokens(\"abc\")`")
    } else {
        let message = format!("`{name}` takes {expected} argument{s}, not {got}");
        Diagnostic::error(codes::WRONG_ARITY, message).hint(format!("`{name};` shows what it takes"))
    })
}

/// A text that does not fill the line.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().nth(MOST).is_none() {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(MOST).collect::<String>())
}
