//! What can be wrong with a program that parses, and what each says. Problems keep their parts, so that a console can
//! word them its own way.

use std::sync::Arc;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::error::EvalError;
use crate::value::Value;

use super::value::{MAX_ITEMS, MAX_NESTING, Meta, count, describe_atom};
use super::{MAX_BITS, MAX_CALLS, MAX_NODES, MAX_STEPS, MAX_STRING};

/// What is wrong.
#[derive(Clone, Debug)]
pub enum Problem {
    /// A name that nothing has bound.
    UnknownName {
        /// The name.
        name: Arc<str>,
        /// What to do, where there is a guess.
        hint: Option<String>,
    },
    /// A name that cannot be bound.
    ReservedName(Arc<str>),
    /// An operator met what it does not take.
    Operand {
        /// The operator as written.
        op: &'static str,
        /// The operand.
        got: Meta,
    },
    /// `and` or `or` between a selector and something else.
    MixedSelector {
        /// The operator as written.
        op: &'static str,
        /// The operand that is no selector.
        got: Meta,
        /// Its text, where that is short.
        text: Option<String>,
    },
    /// Something of another kind was expected.
    Expected {
        /// What was expected, with its article.
        expected: &'static str,
        /// Where: `the first argument of aggregate`.
        place: &'static str,
        /// What was there.
        got: Meta,
        /// What to do.
        hint: &'static str,
    },
    /// Only functions are called.
    NotCallable(Meta),
    /// Too many or too few arguments.
    Arity {
        /// The function.
        function: Arc<str>,
        /// Its parameters.
        params: Vec<Arc<str>>,
        /// How many arguments there were.
        got: usize,
        /// Where it is defined.
        defined: Option<Span>,
    },
    /// What is indexed has no items.
    NotIndexable(Meta),
    /// What stands in the brackets is no index of what is indexed.
    BadIndex {
        /// What is indexed.
        object: Meta,
        /// The index.
        index: Meta,
    },
    /// A list or dictionary that is read at run time holds more than atoms.
    NotAtoms {
        /// `a list`, `a dictionary`.
        what: &'static str,
    },
    /// `x in y` with an `x` or `y` that has no members.
    BadMember {
        /// The item.
        item: Meta,
        /// The container.
        container: Meta,
    },
    /// A value does not have as many parts as there are names.
    Unpack {
        /// How many names there are.
        names: usize,
        /// How many parts; none when it has no parts.
        parts: Option<usize>,
        /// The value.
        got: Meta,
    },
    /// `range` takes one to three arguments.
    RangeArity(usize),
    /// `range` in steps of zero.
    RangeStep,
    /// `zip` of lists of different lengths.
    ZipLengths {
        /// Length of the first.
        first: usize,
        /// Which differs, from 1.
        which: usize,
        /// Its length.
        length: usize,
    },
    /// An operator has no result for these atoms.
    Raised {
        /// Why.
        error: EvalError,
        /// The atoms.
        operands: Vec<Value>,
    },
    /// An index beyond the end.
    IndexRange {
        /// The index.
        index: Value,
        /// `list` or `string`.
        what: &'static str,
        /// How many items there are.
        length: usize,
    },
    /// A dictionary without this key.
    MissingKey(Value),
    /// Calls nest too deeply.
    Recursion,
    /// The program does too much.
    Steps,
    /// The graph has too many nodes.
    Nodes,
    /// A list or dictionary is too large.
    TooLarge,
    /// An integer or a string is too large.
    AtomTooLarge,
    /// A file that cannot be read.
    Load {
        /// The path, without `.rasp`.
        path: Arc<str>,
        /// Why.
        reason: String,
    },
    /// A file that loads itself.
    LoadCycle {
        /// The paths, from the first to itself again.
        chain: Vec<Arc<str>>,
    },
    /// Files load files too deeply.
    LoadDepth,
    /// A text is too long.
    TextTooLong,
    /// An example that is no sequence of atoms.
    Example(Meta),
}

impl Problem {
    /// The diagnostic at a place.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        self.unplaced().at(span)
    }

    fn unplaced(&self) -> Diagnostic {
        match self {
            Self::UnknownName { name, hint } => unknown_name(name, hint.as_deref()),
            Self::ReservedName(name) => reserved_name(name),
            Self::Operand { op, got } => operand(op, got),
            Self::MixedSelector { op, got, text } => mixed_selector(op, got, text.as_deref()),
            Self::Expected { expected, place, got, hint } => {
                let message = format!("{place} must be {expected}, not {}", got.describe());
                Diagnostic::error(codes::WRONG_KIND, message).hint(*hint)
            }
            Self::NotCallable(got) => not_callable(got),
            Self::Arity { function, params, got, defined } => arity(function, params, *got, *defined),
            Self::NotIndexable(got) => {
                let message = format!("{} cannot be indexed", got.describe());
                Diagnostic::error(codes::BAD_INDEX, message)
                    .hint("lists, strings, dictionaries and s-ops can; to combine selectors use `and`, `or`, `not`")
            }
            Self::BadIndex { object, index } => bad_index(object, index),
            Self::NotAtoms { what } => {
                let message = format!("an s-op can look up {what} of atoms only, and this one holds other things");
                Diagnostic::error(codes::WRONG_KIND, message).hint(
                    "keep numbers, strings, booleans or none in it; choose between s-ops with `a if condition else b`",
                )
            }
            Self::BadMember { item, container } => bad_member(item, container),
            Self::Unpack { names, parts, got } => unpack(*names, *parts, got),
            Self::RangeArity(n) => {
                Diagnostic::error(codes::WRONG_ARITY, format!("`range` takes one to three integers, not {n}"))
                    .hint("`range(end)`, `range(start, end)` or `range(start, end, step)`")
            }
            Self::RangeStep => Diagnostic::error(codes::RAISED, "`range` cannot count in steps of zero")
                .hint("give a positive or a negative step"),
            Self::ZipLengths { first, which, length } => {
                let message = format!(
                    "`zip` takes lists of one length, and list {which} has {} where the first has {first}",
                    count(*length, "item")
                );
                Diagnostic::error(codes::UNPACK, message).hint("shorten the longer one")
            }
            _ => self.evaluation(),
        }
    }

    /// What fails on particular values.
    fn evaluation(&self) -> Diagnostic {
        match self {
            Self::Raised { error, operands } => {
                let shown: Vec<String> = operands.iter().map(describe_atom).collect();
                let (verb, shown) = (if shown.len() == 1 { "operand is" } else { "operands are" }, shown.join(" and "));
                Diagnostic::error(codes::RAISED, error.message()).hint(format!("the {verb} {shown}"))
            }
            Self::IndexRange { index, what, length } => {
                let message = format!("index {} is out of range for a {what} of length {length}", describe_atom(index));
                let last = length.checked_sub(1).map(|last| format!("its items are 0 to {last}, or -{length} to -1"));
                Diagnostic::error(codes::OUT_OF_RANGE, message).hint(last.unwrap_or("it is empty".to_owned()))
            }
            Self::MissingKey(key) => {
                Diagnostic::error(codes::OUT_OF_RANGE, format!("the dictionary has no key {}", describe_atom(key)))
                    .hint("add it, or ask for another key")
            }
            Self::Example(got) => {
                let message = format!(
                    "an example is a string or a list of numbers, strings and booleans, not {}",
                    got.describe()
                );
                Diagnostic::error(codes::BAD_EXAMPLE, message)
                    .hint("write `set example \"abc\"` or `set example [1, 2]`")
            }
            _ => self.limit(),
        }
    }

    /// What is too much, and what cannot be loaded.
    fn limit(&self) -> Diagnostic {
        match self {
            Self::Recursion => Diagnostic::error(codes::RECURSION, format!("calls nest more than {MAX_CALLS} deep"))
                .hint("does the recursion end? only `a if condition else b` on atoms leaves a branch out; for long lists use `for`"),
            Self::Steps => Diagnostic::error(codes::TOO_MUCH, format!("the program takes more than {MAX_STEPS} steps to unfold"))
                .hint("does every loop and recursion end? s-ops do work on sequences; loops only write it down"),
            Self::Nodes => Diagnostic::error(codes::TOO_MUCH, format!("the program has more than {MAX_NODES} operations"))
                .hint("a loop writes its operations down once for each element: loop over less"),
            Self::TooLarge => {
                let message = format!("a list or dictionary here would hold more than {MAX_ITEMS} values or nest more than {MAX_NESTING} deep");
                Diagnostic::error(codes::TOO_LARGE, message).hint("build a smaller one")
            }
            Self::AtomTooLarge => {
                let message = format!("this value would be larger than {MAX_BITS} bits for an integer or {MAX_STRING} bytes for a string");
                Diagnostic::error(codes::TOO_LARGE, message).hint("compute with smaller ones")
            }
            Self::TextTooLong => Diagnostic::error(codes::TOO_LARGE, "this text is too long to be a program")
                .hint("is it the right file?"),
            Self::Load { path, reason } => {
                let d = Diagnostic::error(codes::LOAD, format!("cannot load \"{path}\": {reason}"));
                d.hint(match path.strip_suffix(".rasp") {
                    Some(stem) => format!("`load` adds `.rasp` itself: write `load \"{stem}\";`"),
                    None => "give the path without `.rasp`, or the name of a standard program".to_owned(),
                })
            }
            Self::LoadCycle { chain } => {
                let message = format!("this file loads itself: {}", chain.join(" → "));
                Diagnostic::error(codes::LOAD_CYCLE, message).hint("move what both need into a third file")
            }
            Self::LoadDepth => Diagnostic::error(codes::TOO_MUCH, "files load files too deeply here")
                .hint("load them from one place"),
            _ => unreachable!("handled by its group"),
        }
    }
}

fn unknown_name(name: &str, hint: Option<&str>) -> Diagnostic {
    let d = Diagnostic::error(codes::UNKNOWN_NAME, format!("unknown name `{name}`"));
    d.hint(hint.unwrap_or("assign it before it is used, or define it with `def`"))
}

fn reserved_name(name: &str) -> Diagnostic {
    Diagnostic::error(codes::RESERVED_NAME, format!("`{name}` belongs to the language and cannot be bound"))
        .hint(format!("choose another name, `{name}_` for instance"))
}

fn operand(op: &str, got: &Meta) -> Diagnostic {
    let d = Diagnostic::error(codes::WRONG_KIND, format!("`{op}` does not apply to {}", got.describe()));
    d.hint(match got {
        Meta::Selector(_) if op == "round" || op == "indicator" => {
            "count what it selects with `selector_width(s)`, or move values through it with `aggregate(s, values)`"
        }
        Meta::Selector(_) => {
            "selectors combine with `and`, `or`, `not`; `selector_width(s)` and `aggregate(s, values)` make s-ops of them"
        }
        Meta::List(_) | Meta::Dict(_) => "take an item of it, or ask whether it holds a value with `x in [...]`",
        Meta::Function(_) | Meta::Builtin(_) => "call it: `f(...)`",
        Meta::Atom(Value::None) => "none is what an undefined position holds; it takes part in no operation",
        Meta::Atom(_) | Meta::SOp(_) => "convert it first: `tokens_int`, `indicator(...)`",
    })
}

fn mixed_selector(op: &str, got: &Meta, text: Option<&str>) -> Diagnostic {
    let message = format!("`{op}` combines two selectors or two s-ops, not a selector and {}", got.describe());
    let d = Diagnostic::error(codes::MIXED_SELECTOR, message);
    d.hint(match (got, text.unwrap_or("x")) {
        (Meta::SOp(_), x) => format!(
            "make a selector of it: `select({x}, True, ==)` if it is a condition on keys, `select(True, {x}, ==)` if it is one on queries"
        ),
        (Meta::Atom(Value::Bool(true)), _) => "`select(True, True, ==)` selects everything".to_owned(),
        (Meta::Atom(Value::Bool(false)), _) => "`select(True, False, ==)` selects nothing".to_owned(),
        (Meta::Atom(_), x) => format!("compare something with it: `select(tokens, {x}, ==)` selects the keys that hold it"),
        (Meta::List(_), x) => format!("ask for what is in it: `select(tokens in {x}, True, ==)` selects the keys whose token is"),
        (Meta::Function(_) | Meta::Builtin(_), f) => format!("call it, if it gives a selector: `{f}(...)`"),
        (Meta::Dict(_) | Meta::Selector(_), _) => "selectors are made by `select(keys, queries, ==)`".to_owned(),
    })
}

fn not_callable(got: &Meta) -> Diagnostic {
    let d = Diagnostic::error(codes::NOT_CALLABLE, format!("{} cannot be called", got.describe()));
    d.hint(match got {
        Meta::SOp(_) | Meta::Selector(_) => {
            "a program describes what is done to any input; an input is given when it is run, or with `set example`"
        }
        _ => "only functions can: is an operator missing before the bracket?",
    })
}

fn arity(function: &str, params: &[Arc<str>], got: usize, defined: Option<Span>) -> Diagnostic {
    let message = format!("`{function}` takes {}, not {got}", count(params.len(), "argument"));
    let d = Diagnostic::error(codes::WRONG_ARITY, message);
    let d = if defined.is_some() { d.note(defined, "defined here") } else { d };
    d.hint(format!("call it as `{function}({})`", params.join(", ")))
}

fn bad_index(object: &Meta, index: &Meta) -> Diagnostic {
    let (what, hint) = match (object, index) {
        (Meta::SOp(_), Meta::SOp(_)) => ("an s-op", "to read at a position that varies use `load_from_location(x, i)`"),
        (Meta::SOp(_), _) => ("an s-op", "an s-op is indexed by one position for all: `x[0]`, `x[-1]`"),
        (Meta::Dict(_), _) => ("a dictionary", "keys are numbers, strings and booleans, or an s-op of them"),
        (Meta::Atom(_), _) => ("a string", "the index is an integer, or an s-op of integers"),
        _ => ("a list", "the index is an integer, or an s-op of integers"),
    };
    Diagnostic::error(codes::BAD_INDEX, format!("{} is no index into {what}", index.describe())).hint(hint)
}

fn bad_member(item: &Meta, container: &Meta) -> Diagnostic {
    let simple = matches!(item, Meta::Atom(_) | Meta::SOp(_));
    if !simple {
        let message = format!("`in` asks about an atom or an s-op, not {}", item.describe());
        return Diagnostic::error(codes::BAD_MEMBER, message).hint("ask about its items one by one");
    }
    let (expected, hint) = match (item, container) {
        (Meta::SOp(_), Meta::SOp(_)) => {
            ("a list of atoms", "to ask where a value of one s-op occurs in another use `has_focus(select(b, a, ==))`")
        }
        (Meta::SOp(_), Meta::Atom(Value::Str(_))) => {
            ("a list of atoms", "write the characters as a list: `[\"a\", \"b\"]`")
        }
        (Meta::SOp(_), _) => ("a list of atoms", "write `x in [1, 2]`"),
        (_, Meta::Dict(_)) => ("a list or an s-op", "list the keys: `x in [k for k in d]`"),
        _ => ("a list or an s-op", "write `x in [1, 2]`, or `x in tokens`"),
    };
    Diagnostic::error(codes::BAD_MEMBER, format!("`in` needs {expected} on its right, not {}", container.describe()))
        .hint(hint)
}

fn unpack(names: usize, parts: Option<usize>, got: &Meta) -> Diagnostic {
    let message = match parts {
        Some(parts) => format!("there are {} for {}", count(names, "name"), count(parts, "value")),
        None => format!("{} cannot be taken apart into {}", got.describe(), count(names, "name")),
    };
    Diagnostic::error(codes::UNPACK, message).hint("write as many names as there are values")
}
