//! The command line as a user meets it: commands with their recorded output, errors and exit status.
//!
//! `sessions/*.txt` hold them. A line `$ raspc …` is a command; below it stand what it printed (behind `| `), what it said
//! on standard error (behind `! `), and its exit status where that is not 0 (`? 1`). Other lines are remarks. The README's
//! `console` blocks are read too: commands, and what a terminal shows. `RASPC_BLESS=1` records anew; review the difference.
//!
//! Commands run in `programs/`. `$TMP` stands for a folder that one file's commands share. Times are replaced by `[time]`,
//! and in the sessions a model's sizes by `[sizes]` and an export's or a page's by `[bytes]`: other tests hold those.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod support;

/// A command with what was recorded of it.
#[derive(Debug, Default)]
struct Step {
    /// Remarks and empty lines before it.
    before: String,
    /// The line behind `$ `.
    command: String,
    /// What is recorded.
    recorded: Said,
}

/// What a command said.
#[derive(Debug, Default)]
struct Said {
    out: String,
    err: String,
    status: i32,
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bless() -> bool {
    std::env::var_os("RASPC_BLESS").is_some()
}

#[test]
fn sessions() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(home().join("tests/sessions")).expect("sessions").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = String::new();
    for file in files {
        let temporary = tempfile::tempdir().expect("a folder");
        let text = fs::read_to_string(&file).expect("a session");
        let (steps, after) = parse(&text, Marks::Session);
        let mut recorded = String::new();
        for step in &steps {
            let said = perform(&step.command, temporary.path());
            let said = said.without_sizes();
            let (now, then) = (write(step, &said, Marks::Session), write(step, &step.recorded, Marks::Session));
            if now != then {
                let _ = writeln!(wrong, "{}:\n{now}recorded:\n{then}", file.display());
            }
            recorded += &step.before;
            recorded += &now;
        }
        recorded += &after;
        if bless() {
            fs::write(&file, recorded).expect("written");
        }
    }
    assert!(bless() || wrong.is_empty(), "RASPC_BLESS=1 records anew\n{wrong}");
}

#[test]
fn the_readme_is_true() {
    let file = home().join("../../README.md");
    let text = fs::read_to_string(&file).expect("the README");
    let temporary = tempfile::tempdir().expect("a folder");
    let mut shown = String::new();
    let mut commands = 0;
    let mut block: Option<String> = None;
    for line in text.lines() {
        match &mut block {
            Some(inside) if line == "```" => {
                let (steps, _) = parse(inside, Marks::Console);
                for step in &steps {
                    push(&mut shown, &readme_step(step, temporary.path()));
                }
                commands += steps.len();
                block = None;
            }
            Some(inside) => push(inside, line),
            None if line == "```console" => block = Some(String::new()),
            None => {}
        }
        if block.is_none() || line == "```console" {
            push(&mut shown, line);
        }
    }
    six_lines_do_what_the_command_shows(&text, temporary.path());
    assert!(commands >= 3, "the README shows {commands} commands");
    if bless() {
        fs::write(&file, shown).expect("written");
    } else {
        assert_eq!(text, shown, "RASPC_BLESS=1 records anew");
    }
}

/// A command of the README and what a terminal shows, without the last line's end; what differs in times only stays.
fn readme_step(step: &Step, folder: &Path) -> String {
    let said = perform_in(&step.command, folder, folder);
    assert_eq!(said.status, 0, "{}: {}", step.command, said.err);
    let times = |text: &str| text.lines().map(without_times).collect::<Vec<_>>();
    let recorded = write(step, &step.recorded, Marks::Console);
    let now = write(step, &said, Marks::Console);
    let same = times(&recorded) == times(&now);
    (if same { recorded } else { now }).trim_end_matches('\n').to_owned()
}

/// The README's program is the one whose output stands below it.
fn six_lines_do_what_the_command_shows(readme: &str, temporary: &Path) {
    let program = readme.split("```rasp\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    assert_eq!(program.lines().count(), 6);
    fs::write(temporary.join("sort.rasp"), program).expect("written");
    let lines = |command: &str| perform(command, temporary).out.lines().take(4).map(str::to_owned).collect::<Vec<_>>();
    let shown = lines("raspc run sort_unique '[3,1,4,2]'");
    assert_eq!(shown.len(), 4);
    assert_eq!(lines("raspc run $TMP/sort.rasp '[3,1,4,2]'"), shown);
}

/// How output is marked in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// `| ` before standard output, `! ` before standard error, `? ` before the status; other lines are remarks.
    Session,
    /// Everything below a command is what a terminal shows: standard error and standard output.
    Console,
}

/// The steps of a text, and what stands behind the last one.
fn parse(text: &str, marks: Marks) -> (Vec<Step>, String) {
    let mut steps: Vec<Step> = Vec::new();
    let mut before = String::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (before, command) = (std::mem::take(&mut before), command.to_owned());
            steps.push(Step { before, command, ..Step::default() });
            continue;
        }
        let said = steps.last_mut().map(|s| &mut s.recorded);
        let behind = |mark: &str| line.strip_prefix(mark).map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
        match said {
            Some(said) if marks == Marks::Console => push(&mut said.out, line),
            Some(said) if line.starts_with('|') => push(&mut said.out, behind("|").unwrap_or_default()),
            Some(said) if line.starts_with('!') => push(&mut said.err, behind("!").unwrap_or_default()),
            Some(said) if line.starts_with('?') => {
                said.status = behind("?").and_then(|s| s.parse().ok()).expect("an exit status");
            }
            _ => push(&mut before, line),
        }
    }
    (steps, before)
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn write(step: &Step, said: &Said, marks: Marks) -> String {
    let mut text = format!("$ {}\n", step.command);
    if marks == Marks::Console {
        // Remarks come first on a terminal too: they are made before anything is compiled.
        return text + &said.err + &said.out;
    }
    for (mark, lines) in [('|', &said.out), ('!', &said.err)] {
        for line in lines.lines() {
            push(&mut text, format!("{mark} {line}").trim_end());
        }
    }
    if said.status != 0 {
        let _ = writeln!(text, "? {}", said.status);
    }
    text
}

/// Runs a command line: words in single or double quotes, `< 'text'` as standard input.
fn perform(line: &str, temporary: &Path) -> Said {
    let said = perform_in(line, &home().join("tests/programs"), temporary);
    let timeless = |text: &str| text.lines().map(|line| without_times(line) + "\n").collect();
    Said { out: timeless(&said.out), err: timeless(&said.err), ..said }
}

/// Runs a command line in a folder.
fn perform_in(line: &str, folder: &Path, temporary: &Path) -> Said {
    let tmp = temporary.to_str().expect("a path in UTF-8");
    let line =
        line.strip_prefix("cargo run --release -- ").map_or_else(|| line.to_owned(), |rest| format!("raspc {rest}"));
    let mut words = support::words(&line.replace("$TMP", tmp));
    let mut input = None;
    if let Some(at) = words.iter().position(|w| w == "<") {
        input = words.get(at + 1).map(|text| text.replace("\\n", "\n"));
        words.truncate(at);
    }
    let program = words.remove(0);
    let mut command = match program.as_str() {
        "raspc" => Command::new(env!("CARGO_BIN_EXE_raspc")),
        "cat" | "ls" => Command::new(program),
        _ => panic!("`{program}` is not run here"),
    };
    command.args(words).current_dir(folder);
    command.env_remove("NO_COLOR").env_remove("RUST_BACKTRACE").env("COLUMNS", "100").env("LC_ALL", "C");
    let output = support::run(&mut command, input.as_deref().unwrap_or_default());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8").replace(tmp, "$TMP");
    let status = output.status.code().expect("an exit status, not a signal");
    Said { out: text(&output.stdout), err: text(&output.stderr), status }
}

impl Said {
    /// Lines that are a model's sizes, and sizes in JSON, replaced.
    fn without_sizes(self) -> Self {
        let mut out = String::new();
        for line in self.out.lines() {
            let shown = if line.starts_with("exported as ") || line.starts_with("explored in ") {
                format!("{}, [bytes]", line.rsplit_once(", ").map_or(line, |x| x.0))
            } else if line.ends_with(" of them not zero") {
                "[sizes]".to_owned()
            } else if let Some((before, rest)) = line.split_once("\"layers\":") {
                let after = rest.split_once("\"nonzeros\":").map_or("", |x| x.1);
                before.to_owned() + "[sizes]" + after.trim_start_matches(|c: char| c.is_ascii_digit())
            } else {
                line.to_owned()
            };
            push(&mut out, &shown);
        }
        Self { out, ..self }
    }
}

/// Durations replaced: a number followed by a unit of time, and the value of `seconds`.
fn without_times(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | '-'))).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let unit = ["ns", "µs", "ms", "s"].into_iter().find(|u| {
            let next = after.strip_prefix(u).map(|a| a.chars().next());
            next.is_some_and(|c| c.is_none_or(|c| !c.is_alphanumeric()))
        });
        text += before;
        if let Some(unit) = unit.filter(|_| number.contains('.')) {
            text += "[time]";
            rest = &after[unit.len()..];
        } else {
            text += if before.ends_with("\"seconds\":") { "[time]" } else { number };
            rest = after;
        }
    }
    text + rest
}

#[test]
fn lines_are_read_as_meant() {
    assert_eq!(support::words("raspc run -e 'a b' \"[1, 2]\" ''"), ["raspc", "run", "-e", "a b", "[1, 2]", ""]);
    assert_eq!(without_times("compiled in 3.2ms, 12 layers, 5s"), "compiled in [time], 12 layers, 5s");
    assert_eq!(without_times("{\"seconds\":0.003,\"x\":1}"), "{\"seconds\":[time],\"x\":1}");
}
