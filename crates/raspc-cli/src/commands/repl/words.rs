//! The session's own commands: `:run NAME INPUT` and the like.
//!
//! What they take is what `raspc run`, `raspc compile` and `raspc explain` take, with an s-op of the session, or an
//! expression, in the place of PROGRAM.

use clap::Parser as _;

use crate::args::{Cli, Command, CompileArgs, ExplainArgs, RunArgs};

/// Name, what it takes, what it does.
pub(crate) const COMMANDS: &[(&str, &str, &str)] = &[
    (":help", "", "this list"),
    (":type", "NAME", "what the s-op can hold, and how a transformer would hold it"),
    (":compile", "NAME [-o DIR]", "compile it: the model's sizes, or the model as a folder"),
    (":layers", "NAME", "layers and heads: of the compiled model, and as the RASP paper counts them"),
    (":run", "NAME INPUT", "the compiled transformer beside the interpreter; --trace shows every step"),
    (":explain", "NAME", "the six steps of the compilation; --emit STAGE shows one"),
    (":load", "FILE", "load a file of statements"),
    (":time", "[STATEMENT]", "how long a statement takes; alone: after each, or no longer"),
    (":quit", "", "end the session (so do `exit` and Ctrl-D)"),
];

/// A command, read.
#[derive(Debug)]
pub(super) enum Word {
    Help,
    Quit,
    Load(String),
    /// With the text behind it.
    Time(String),
    Type(Box<ExplainArgs>),
    Layers(Box<ExplainArgs>),
    /// Sizes only.
    Sizes(Box<ExplainArgs>),
    Compile(Box<CompileArgs>),
    Run(Box<RunArgs>),
    Explain(Box<ExplainArgs>),
}

/// Reads a command line that starts with `:`.
pub(super) fn read(line: &str) -> Result<Word, String> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(n, r)| (n, r.trim()));
    let found = COMMANDS.iter().find(|(known, ..)| *known == name);
    let Some((name, usage, _)) = found else {
        let close = crate::subject::similar(name, COMMANDS.iter().map(|(name, ..)| *name));
        let hint = close.map_or_else(|| "`:help` lists what there is".to_owned(), |c| format!("did you mean `{c}`?"));
        return Err(format!("there is no command `{name}`: {hint}"));
    };
    match *name {
        ":help" => return Ok(Word::Help),
        ":quit" => return Ok(Word::Quit),
        ":time" => return Ok(Word::Time(rest.to_owned())),
        ":load" if !rest.is_empty() => return Ok(Word::Load(rest.trim_matches('"').to_owned())),
        _ => {}
    }
    let words = split(rest);
    if words.is_empty() {
        return Err(format!("`{name}` takes more: `{name} {usage}`"));
    }
    let writes = words.iter().any(|w| w == "-o" || w == "--output" || w.starts_with("--output="));
    let command = match *name {
        ":run" => "run",
        ":compile" if writes => "compile",
        _ => "explain",
    };
    let parsed = Cli::try_parse_from(["raspc", command].into_iter().map(str::to_owned).chain(words));
    let parsed = parsed.map_err(|e| {
        let text = e.to_string();
        if e.use_stderr() {
            // The usage is the session's, and not that of the command line.
            let what = text.split("\n\n").next().unwrap_or(&text);
            format!("{what}\n\nUsage: {name} {usage}, where an expression with blanks stands in brackets: `(a + b)`")
        } else {
            text
        }
    })?;
    Ok(match (parsed.command, *name) {
        (Command::Run(args), _) => Word::Run(Box::new(args)),
        (Command::Compile(args), _) => Word::Compile(Box::new(args)),
        (Command::Explain(args), ":type") => Word::Type(Box::new(args)),
        (Command::Explain(args), ":layers") => Word::Layers(Box::new(args)),
        (Command::Explain(args), ":compile") => Word::Sizes(Box::new(args)),
        (Command::Explain(args), _) => Word::Explain(Box::new(args)),
        _ => unreachable!("these three commands are parsed"),
    })
}

/// Words between blanks; blanks in brackets and in double quotes do not count, single quotes group and go away.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut depth) = (Vec::new(), None::<String>, 0_usize);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' if depth == 0 => {
                word.get_or_insert_default().extend(chars.by_ref().take_while(|c| *c != '\''));
                continue;
            }
            '"' => {
                let word = word.get_or_insert_default();
                word.push('"');
                while let Some(c) = chars.next() {
                    word.push(c);
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        _ => {}
                    }
                }
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            c if c.is_whitespace() && depth == 0 => {
                words.extend(word.take());
                continue;
            }
            _ => {}
        }
        word.get_or_insert_default().push(c);
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_meant() {
        assert_eq!(split("hist  hello"), ["hist", "hello"]);
        assert_eq!(split("sort(tokens, tokens) [1, 2] \"a b\""), ["sort(tokens, tokens)", "[1, 2]", "\"a b\""]);
        assert_eq!(split("x 'a b' \"a\\\" b\" "), ["x", "a b", "\"a\\\" b\""]);
        assert_eq!(split("x '' "), ["x", ""]);
    }

    #[test]
    fn commands_take_what_the_command_line_takes() {
        assert!(
            matches!(read(":run hist hello --trace"), Ok(Word::Run(args)) if args.trace && args.inputs == ["hello"])
        );
        assert!(matches!(read(" :compile hist -o dir"), Ok(Word::Compile(_))));
        assert!(matches!(read(":compile hist --max-len 3"), Ok(Word::Sizes(args)) if args.model.max_len == Some(3)));
        assert!(matches!(read(":time 3;"), Ok(Word::Time(text)) if text == "3;"));
        assert!(read(":rum").expect_err("unknown").contains("did you mean `:run`?"));
        assert!(read(":layers").expect_err("nothing").contains(":layers NAME"));
        assert!(read(":run hist --what").expect_err("unknown flag").contains("--what"));
    }
}
