//! Everything that raspc says of itself, as JSON: `raspc help --json`, from which the site's reference is made.
//!
//! Commands come from clap's own definitions, codes from their tables, words from what the language server says of them,
//! the library from the comments above its definitions, programs from their own text. What has no other place, how the
//! statements and operators of the language are written, is here.

use clap::{Arg, Command, CommandFactory as _};
use serde::Serialize;

use raspc::json::Listed;
use raspc_lang::codes::CodeDoc;
use raspc_lang::programs::standard_programs;

use crate::args::Cli;
use crate::codes;
use crate::commands::list::listed;
use crate::commands::repl;
use crate::fault::Fault;
use crate::lsp;

/// How statements and comments are written, and what they do.
const STATEMENTS: &[(&str, &str)] = &[
    ("NAME = EXPRESSION;", "Gives a value a name. Several at once: `a, b = 1, 2;`. A name may be given again."),
    (
        "def NAME(PARAMETERS) { STATEMENTS return EXPRESSION; }",
        "Defines a function. It ends in its one `return`; names in it are its own, and it may use those around it.",
    ),
    (
        "for NAME in LIST { STATEMENTS }",
        "Runs the statements once for each item while the program is read: a loop over positions does not exist.",
    ),
    ("load \"PATH\";", "Reads another file, without its `.rasp`, beside this one."),
    ("set example \"hello\"", "The input that commands use where none is given."),
    ("EXPRESSION;", "As the last statement: what the program computes. Else that is what was defined last."),
    ("# …", "A comment, to the end of the line."),
    ("# vocab: 0..5", "The tokens the program is meant for: a range, a list (`a, b, c`) or JSON."),
    ("# max_len: 5", "The longest input it is meant for, without BOS."),
    ("#? NAME(INPUT) = [VALUES]", "An expectation, which `raspc test` checks on interpreter and transformer."),
];

/// The operators of expressions, tightest first; those of one group bind alike, from left to right.
const OPERATORS: &[(&[&str], &str)] = &[
    (&["x[i]", "f(x)"], "An item of a list or dictionary; a call."),
    (&["not x", "-x", "+x"], "Truth negated (of a selector: its complement); the number negated; the number itself."),
    (&["a ^ b"], "Power: `2 ^ 3 ^ 2` is 64."),
    (
        &["a * b", "a / b"],
        "Product; quotient, always a float. Numbers at each position; a string times a number is repeated.",
    ),
    (&["a % b"], "Remainder, with the sign of the divisor. Looser than `*`: `2 * 3 % 4` is 2."),
    (&["a + b", "a - b"], "Sum (of two strings: one after the other); difference."),
    (
        &["a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b"],
        "Comparisons of two numbers or two strings. Equality takes any two values; none equals only itself.",
    ),
    (
        &["a and b", "a or b"],
        "Of s-ops: whether both, or at least one, are true. Of selectors: what both, or at least one, select. One level: use brackets.",
    ),
    (&["a if c else b"], "`a` where `c` is true, else `b`."),
    (&["x in list"], "Whether the list holds the value."),
    (
        &["[x, y]", "{k: v}", "[e for x in list]", "{k: v for x in list}"],
        "Lists and dictionaries; they exist only while the program is read. A dictionary indexed by an s-op is a function of it.",
    ),
];

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    version: &'static str,
    statements: Vec<Entry>,
    operators: Vec<Entry>,
    keywords: &'static [&'static str],
    forms: Vec<Entry>,
    library: Vec<Entry>,
    programs: Vec<Listed>,
    session: Vec<Entry>,
    commands: Vec<CommandDoc>,
    codes: Vec<CodePage>,
}

/// Something written, and what it means.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    forms: Vec<String>,
    meaning: String,
}

impl Entry {
    fn new(form: &str, meaning: &str) -> Self {
        Self { name: form.to_owned(), forms: vec![form.to_owned()], meaning: meaning.to_owned() }
    }
}

/// A command.
#[derive(Debug, Serialize)]
struct CommandDoc {
    name: String,
    about: String,
    usage: String,
    arguments: Vec<ArgumentDoc>,
    after: Option<String>,
}

/// An argument or a flag.
#[derive(Debug, Serialize)]
struct ArgumentDoc {
    /// As it is written: `-e, --eval <TEXT>`.
    form: String,
    heading: Option<String>,
    help: String,
    values: Vec<Entry>,
}

/// A diagnostic's code.
#[derive(Debug, Serialize)]
struct CodePage {
    code: String,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    wrong: &'static str,
    right: &'static str,
}

impl Reference {
    /// What there is.
    pub(crate) fn new() -> Result<Self, Fault> {
        let mut cli = Cli::command();
        cli.build();
        let entries = |rows: &[(&str, &str)]| rows.iter().map(|(form, meaning)| Entry::new(form, meaning)).collect();
        let operators = OPERATORS.iter().map(|(forms, meaning)| Entry {
            name: forms[0].to_owned(),
            forms: forms.iter().map(|&f| f.to_owned()).collect(),
            meaning: (*meaning).to_owned(),
        });
        let (library, forms) = lsp::words().into_iter().partition::<Vec<_>, _>(|w| w.library);
        let words = |words: Vec<lsp::Word>| {
            let entry = |w: lsp::Word| Entry { name: w.name, forms: vec![w.form], meaning: w.meaning };
            words.into_iter().map(entry).collect()
        };
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            statements: entries(STATEMENTS),
            operators: operators.collect(),
            keywords: lsp::KEYWORDS,
            forms: words(forms),
            library: words(library),
            programs: standard_programs().iter().map(listed).collect::<Result<_, _>>()?,
            session: repl::COMMANDS
                .iter()
                .map(|(name, takes, does)| Entry {
                    name: (*name).to_owned(),
                    forms: vec![format!("{name} {takes}").trim_end().to_owned()],
                    meaning: (*does).to_owned(),
                })
                .collect(),
            commands: std::iter::once(command(&cli)).chain(cli.get_subcommands().map(command)).collect(),
            codes: codes::all().map(code).collect(),
        })
    }
}

fn code(doc: &CodeDoc) -> CodePage {
    let CodeDoc { code, title, why, fix, wrong, right } = *doc;
    CodePage { code: code.to_string(), title, why, fix, wrong, right }
}

fn command(command: &Command) -> CommandDoc {
    let shown = |a: &&Arg| !a.is_hide_set();
    let text = |s: Option<&clap::builder::StyledStr>| s.map(ToString::to_string);
    let usage = command.clone().render_usage().to_string();
    let lines = usage.trim_start_matches("Usage:").lines().map(str::trim).filter(|l| !l.is_empty());
    CommandDoc {
        name: command.get_name().to_owned(),
        about: text(command.get_long_about().or(command.get_about())).unwrap_or_default(),
        usage: lines.collect::<Vec<_>>().join("\n"),
        arguments: command.get_arguments().filter(shown).map(argument).collect(),
        after: text(command.get_after_long_help().or(command.get_after_help())),
    }
}

fn argument(arg: &Arg) -> ArgumentDoc {
    let written = arg.to_string();
    let form = match arg.get_short() {
        Some(short) if arg.get_long().is_some() => format!("-{short}, {written}"),
        _ => written,
    };
    let values = arg.get_possible_values().into_iter().filter(|v| !v.is_hide_set());
    let values = values.map(|v| Entry::new(v.get_name(), &v.get_help().map(ToString::to_string).unwrap_or_default()));
    let takes_values = arg.get_action().takes_values() && !arg.is_hide_possible_values_set();
    ArgumentDoc {
        form,
        heading: arg.get_help_heading().map(str::to_owned),
        help: arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default(),
        values: if takes_values { values.collect() } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use raspc_lang::graph::Mask;
    use raspc_lang::ops::{BinaryOp, UnaryOp};
    use raspc_lang::program::parse_program;

    use super::*;

    #[test]
    fn every_operator_and_function_is_explained() {
        let reference = Reference::new().expect("no fault");
        let forms: Vec<&String> =
            [&reference.operators, &reference.forms].into_iter().flatten().flat_map(|e| &e.forms).collect();
        for op in BinaryOp::ALL {
            let form = format!("a {} b", op.symbol());
            assert!(forms.iter().any(|f| **f == form), "{form}");
        }
        // Conversions are written as names: `tokens_int`.
        for op in [UnaryOp::Not, UnaryOp::Neg, UnaryOp::Pos, UnaryOp::Round, UnaryOp::Indicator] {
            assert!(forms.iter().any(|f| f.starts_with(op.symbol())), "{op:?}");
        }
    }

    #[test]
    fn operators_bind_as_their_table_says() {
        // Where the condition does not hold, the list has no such item.
        let holds = |text: &str| {
            let program = format!("x = [indices][0 if {text} else 1];");
            parse_program("x.rasp", &program, Mask::Full, &mut |_| Err("no files".into())).is_ok()
        };
        for text in ["2 ^ 3 ^ 2 == 64", "2 * 3 % 4 == 2", "-2 ^ 2 == 4", "1 in [1, 2]", "5 - 3 - 1 == 1"] {
            assert!(holds(text), "{text}");
        }
        assert!(!holds("2 ^ 3 ^ 2 == 512") && !holds("2 * 3 % 4 == 6"));
    }

    #[test]
    fn nothing_is_without_a_text() {
        let reference = Reference::new().expect("no fault");
        for command in &reference.commands {
            assert!(!command.about.is_empty() && command.usage.starts_with("raspc"), "{command:?}");
            for argument in &command.arguments {
                assert!(!argument.help.is_empty(), "{}: {argument:?}", command.name);
            }
        }
        let counted = [reference.codes.len(), reference.programs.len(), reference.commands.len()];
        assert_eq!(
            counted,
            [codes::all().count(), standard_programs().len(), Cli::command().get_subcommands().count() + 1]
        );
        assert!(
            reference.library.iter().any(|w| w.name == "count") && reference.forms.iter().any(|w| w.name == "select")
        );
    }
}
