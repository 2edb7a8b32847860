//! `raspc test`: the expectations that programs carry, on interpreter and transformer; or recorded sessions.

mod sessions;

use std::path::Path;

use raspc::expect::{Checker, Verdict};
use raspc_lang::diagnostic::{Diagnostic, Span};
use raspc_lang::expect::{Expectation, expectations};
use raspc_lang::graph::Mask;
use raspc_lang::source::Sources;
use serde::Serialize;

use crate::args::TestArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::subject::{self, Subject, similar};
use crate::{codes, files, render, settings};
use raspc::json::counted;

/// Checks files and sums up.
pub(crate) fn test(args: &TestArgs, console: &mut Console) -> Result<Status, Fault> {
    if args.sessions {
        return sessions::replay_all(args, console);
    }
    let files = files::rasp_files(&args.files)?;
    let mut tally = Tally::default();
    for path in &files {
        match file(path, args, console) {
            Ok(counts) => tally.add(&counts),
            // One file's fault does not keep the others from being checked.
            Err(Fault::Diagnosed { sources, diagnostics }) => {
                render::diagnostics(console, &sources, &diagnostics);
                tally.broken += 1;
            }
            Err(fault) => return Err(fault),
        }
    }
    if !args.json {
        console.line(tally.line(files.len(), console))?;
    }
    Ok(if tally.fine() { Status::Fine } else { Status::Disagreed })
}

/// How many expectations there were, and how many were met.
#[derive(Default)]
struct Tally {
    all: usize,
    met: usize,
    /// Files that are no programs.
    broken: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.all += other.all;
        self.met += other.met;
    }

    fn fine(&self) -> bool {
        self.all > 0 && self.met == self.all && self.broken == 0
    }

    fn line(&self, files: usize, console: &Console) -> String {
        let Self { all, met, broken } = *self;
        let mark = if self.fine() { console.paint.good("✓") } else { console.paint.bad("✗") };
        let mut line = format!("{mark} {} in {}", counted(all, "expectation"), counted(files, "file"));
        match all - met {
            0 if all == 0 => line += ": nothing was checked",
            0 => line += ": all met, by interpreter and transformer",
            n => line += &format!(": {n} not met"),
        }
        if broken > 0 {
            line += &format!("; {} could not be checked", counted(broken, "file"));
        }
        line
    }
}

/// What `--json` prints of an expectation.
#[derive(Serialize)]
struct Record<'a> {
    file: &'a str,
    line: usize,
    expectation: &'a str,
    met: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Checks a file's expectations.
fn file(path: &Path, args: &TestArgs, console: &mut Console) -> Result<Tally, Fault> {
    let mask = if args.causal { Mask::Causal } else { Mask::Full };
    let mut subject = match subject::file(path, mask) {
        Ok(subject) => subject,
        // A file for others to load: there is nothing to compile in it, and nothing is expected of it.
        Err(Fault::Diagnosed { sources, diagnostics }) if only_loaded(&sources, &diagnostics) => {
            return Ok(Tally::default());
        }
        Err(fault) => return Err(fault),
    };
    let all = expectations(0, &subject.sources.get(0).text).map_err(|d| subject.fault(d))?;
    if all.is_empty() {
        console
            .note(format!("`{}` has no expectations: lines such as `#? NAME(INPUT) = [VALUE, VALUE]`", subject.name));
        return Ok(Tally::default());
    }
    let inputs: Vec<Input> = all.iter().map(|e| Input::example(e.input.clone())).collect();
    let settings = settings::quietly(&args.model, &mut subject, &inputs)?;
    let mut checker = Checker::new(&subject.graph, &settings.options);
    let mut tally = Tally { all: all.len(), ..Tally::default() };
    let mut complaints = Vec::new();
    for expectation in &all {
        let found = subject.names.iter().find(|(name, _)| *name == expectation.name);
        let unmet = match found {
            Some(&(_, node)) => unmet(checker.check(node, expectation), expectation, &subject),
            None => Some(vec![unknown(expectation, &subject)]),
        };
        tally.met += usize::from(unmet.is_none());
        if args.json {
            let line = subject.sources.location(expectation.span).line;
            let (file, text) = (subject.name.as_str(), expectation.text.as_str());
            let why = unmet.as_ref().map(|all| all[0].message.clone());
            console.json(&Record { file, line, expectation: text, met: unmet.is_none(), why })?;
        } else {
            complaints.extend(unmet.into_iter().flatten());
        }
    }
    render::diagnostics(console, &subject.sources, &complaints);
    Ok(tally)
}

/// Whether a text defines nothing to compile, and expects nothing.
fn only_loaded(sources: &Sources, diagnostics: &[Diagnostic]) -> bool {
    let nothing = matches!(diagnostics, [d] if d.code == codes::SOP);
    nothing && expectations(0, &sources.get(0).text).is_ok_and(|all| all.is_empty())
}

/// Why an expectation is not met, at its place.
fn unmet(verdict: Verdict, expectation: &Expectation, subject: &Subject) -> Option<Vec<Diagnostic>> {
    let span = expectation.span;
    let complain = |message: String, hint: String| {
        let wanted = format!("expected `{}`", expectation.text);
        vec![Diagnostic::error(codes::UNMET, message).at(span).note(Some(span), wanted).hint(hint)]
    };
    let run = || {
        let shown = crate::show::sequence(&expectation.input).replace('\'', "'\\''");
        format!("`raspc run {} --sop {} '{shown}' --trace` shows every step", subject.name, expectation.name)
    };
    match verdict {
        Verdict::Met => None,
        Verdict::Interpreter(got) => {
            let hint = if long_number(&got) { format!("{EVERY_DIGIT}; {}", run()) } else { run() };
            Some(complain(format!("`{}` gives {got}", expectation.name), hint))
        }
        Verdict::Transformer(m) => {
            let node = subject.graph.describe(m.node);
            let (level, position) = (m.level, m.position);
            let message = format!(
                "the {level} says {} where the interpreter says {}: `{node}` at position {position}",
                m.got, m.expected
            );
            Some(complain(message, "this is a fault of raspc: please report it with the program".to_owned()))
        }
        Verdict::Input(why) => Some(complain(
            format!("the input is outside of what is compiled: {why}"),
            "widen `# vocab:` or `# max_len:`".to_owned(),
        )),
        Verdict::Refused(diagnostics) => {
            let mut all =
                complain(format!("`{}` cannot be compiled", expectation.name), "the next error says why".to_owned());
            all.extend(diagnostics.iter().cloned());
            Some(all)
        }
    }
}

/// What those may not know who wrote what a session shows.
const EVERY_DIGIT: &str = "numbers are compared to their last digit, and a mean can be written as a fraction: `2/3`";

/// Whether some number has more digits than a session shows.
fn long_number(values: &str) -> bool {
    let mut after_dots = values.split('.').skip(1);
    after_dots.any(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() > 3)
}

fn unknown(expectation: &Expectation, subject: &Subject) -> Diagnostic {
    let name = &expectation.name;
    let hint = match similar(name, subject.names.iter().map(|(n, _)| n.as_str())) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "expectations are about s-ops and selectors that have names".to_owned(),
    };
    let span: Span = expectation.span;
    Diagnostic::error(codes::SOP, format!("the program has no s-op or selector `{name}`")).at(span).hint(hint)
}
