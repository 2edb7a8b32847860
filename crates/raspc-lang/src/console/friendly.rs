//! The console for people: what a terminal needs beyond the lines of the reference. Statements as program files write
//! them, several at a time; errors as diagnostics with their place; what an unfinished text waits for; interrupts.
//!
//! **Invariants.** Values and what they are shown as are the same as in a script's session.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Console;
use super::machine::{Frame, Machine};
use super::statement::Outcome;
use super::value::{Fail, Item};
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::elaborate::names::nearest;
use crate::source::Sources;
use crate::syntax::parser::{Grammar, parse};

/// What a statement leads to.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What is shown.
    Text(String),
    /// What is wrong, with places in [`Console::sources`].
    Fault(Diagnostic),
    /// The statement was interrupted.
    Interrupted,
    /// The session is over.
    Ended,
}

impl Console {
    /// Makes the session one for people; before that it is the reference's.
    pub fn befriend(&mut self) {
        self.machine.friendly = true;
    }

    /// Stops what runs as soon as the flag is set; who sets it clears it.
    pub fn interrupt_by(&mut self, flag: &Arc<AtomicBool>) {
        self.machine.interrupt_by(flag);
    }

    /// The texts that places in replies are in.
    pub fn sources(&self) -> &Sources {
        &self.machine.sources
    }

    /// Carries out the statements of a text, up to the first that fails.
    pub fn submit(&mut self, name: &str, text: &str) -> Vec<Reply> {
        let machine = &mut self.machine;
        let source = machine.sources.add(name, text);
        let parsed = parse(source, text, Grammar::SNIPPET);
        let errors: Vec<Diagnostic> =
            parsed.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        if !errors.is_empty() {
            return errors.into_iter().map(Reply::Fault).collect();
        }
        let module = Arc::new(parsed.module);
        let frame = Frame { module: module.clone(), scope: machine.console };
        for statement in &module.statements {
            machine.begin();
            let scopes = machine.scopes.len();
            let result = machine.execute(&frame, statement);
            machine.end_scopes(scopes);
            machine.say();
            match result {
                Ok(Outcome::Exit) => {
                    machine.replies.push(Reply::Ended);
                    break;
                }
                Ok(Outcome::Text(text)) => machine.replies.push(Reply::Text(text)),
                Ok(Outcome::Values(values)) => {
                    for (name, item) in values {
                        match machine.show(&name, &item) {
                            (text, false) => machine.replies.push(Reply::Text(text)),
                            (text, true) => machine.complain(&unshown(&text), statement.span),
                        }
                    }
                }
                Err(fail) => {
                    machine.complain(&fail, statement.span);
                    break;
                }
            }
        }
        std::mem::take(&mut machine.replies)
    }

    /// Loads the file with this path (without `.rasp`), as the statement does.
    pub fn load(&mut self, path: &str) -> Vec<Reply> {
        let machine = &mut self.machine;
        machine.begin();
        let source = machine.sources.add("the command line", path);
        let frame = Frame { module: Arc::default(), scope: machine.console };
        let result = machine.load(&frame, path);
        machine.say();
        if let Err(fail) = result {
            machine.complain(&fail, Span { source, start: 0, end: path.len() as u32 });
        }
        std::mem::take(&mut machine.replies)
    }
}

/// What a text waits for, if it is the beginning of something: words such as "`)` for the `(` in line 2".
pub fn waiting(text: &str) -> Option<String> {
    let parsed = parse(0, text, Grammar::SNIPPET);
    let first = parsed.diagnostics.iter().find(|d| d.severity == Severity::Error)?;
    let end = text.trim_end_matches([' ', '\t', '\r', '\n']);
    let last_comment = parsed.comments.last().filter(|c| c.range().end == end.len());
    // What follows the last word of the program does not count, comments included.
    let words = last_comment.map_or(end.len(), |c| text[..c.range().start].trim_end().len());
    let at = first.span?;
    if (at.start as usize) < words || first.code == codes::UNTERMINATED_STRING {
        return None;
    }
    if let Some((Some(open), _)) = first.notes.first()
        && first.code == codes::UNCLOSED_BRACKET
    {
        let bracket = &text[open.range()];
        let close = match bracket {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        let line = text[..open.range().start].matches('\n').count() + 1;
        let place = if text.contains('\n') { format!(" in line {line}") } else { String::new() };
        return Some(format!("`{close}` for the `{bracket}`{place}"));
    }
    let wanted = first.message.strip_prefix("expected ").and_then(|m| m.split_once(", found"));
    Some(wanted.map_or_else(|| "the rest of the statement".to_owned(), |(what, _)| what.to_owned()))
}

/// The failure behind what a script is told about a value that cannot be shown.
fn unshown(text: &str) -> Fail {
    let reason = text.strip_prefix("something went wrong: ");
    let reason = reason.or_else(|| text.split_once("fails on evaluation:").map(|(_, reason)| reason));
    Fail::Wrong(reason.unwrap_or(text).trim().to_owned())
}

impl Machine {
    /// Hands over what has been printed so far.
    pub(super) fn say(&mut self) {
        if !self.printed.is_empty() {
            let text = std::mem::take(&mut self.printed);
            self.replies.push(Reply::Text(text));
        }
    }

    /// Says that something failed, where it did.
    pub(super) fn complain(&mut self, fail: &Fail, statement: Span) {
        let at = self.failed_at.take().unwrap_or(statement);
        if *fail == Fail::Interrupted {
            return self.replies.push(Reply::Interrupted);
        }
        let d = self.diagnose(fail);
        self.replies.push(Reply::Fault(d.at(at)));
    }

    fn diagnose(&self, fail: &Fail) -> Diagnostic {
        let text = match fail {
            Fail::Rasp(text) | Fail::Wrong(text) => text.trim(),
            Fail::NotImplemented => {
                let hint = "functions can be called, s-ops and selectors be applied to an input";
                return Diagnostic::error(codes::NOT_CALLABLE, "this cannot be called").hint(hint);
            }
            Fail::Interrupted => "interrupted",
        };
        if let Some(name) = text.strip_prefix("Error: Undefined variable: ") {
            let d = Diagnostic::error(codes::UNKNOWN_NAME, format!("unknown name `{name}`"));
            let known = self.scopes[..3.min(self.scopes.len())].iter().flat_map(|s| s.names.keys().map(AsRef::as_ref));
            return d.hint(match nearest(name, known) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "assign it first, or `load` the file that defines it".to_owned(),
            });
        }
        if let Some(name) = text.strip_prefix("Error: Cannot set reserved name: ") {
            let d = Diagnostic::error(codes::RESERVED_NAME, format!("`{name}` cannot be given another meaning here"));
            return d.hint(format!("choose another name, `{name}_` for instance"));
        }
        let limits = [
            (
                "maximum recursion depth exceeded",
                codes::RECURSION,
                "end the recursion earlier, with `a if condition else b`",
            ),
            ("this takes too long", codes::TOO_MUCH, "do less in one statement"),
            ("this needs too much memory", codes::TOO_LARGE, "use shorter inputs or smaller values"),
            ("this list or dict is too large", codes::TOO_LARGE, "make it smaller"),
            (
                "could not find file",
                codes::LOAD,
                "paths are seen from the folder that raspc was started in, without `.rasp`",
            ),
        ];
        for (begin, code, hint) in limits {
            if text.starts_with(begin) {
                return Diagnostic::error(code, text).hint(hint);
            }
        }
        if text.starts_with("Exceeds the limit") {
            let d = Diagnostic::error(codes::TOO_LARGE, "this integer has more than 4300 digits: too many to be shown");
            return d.hint("show its end: `x % 10 ^ 20`");
        }
        let message = text.strip_prefix("Error: ").unwrap_or(text);
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        Diagnostic::error(codes::RAISED, message).hint(format!(
            "everything is tried on the example {}; `set example \"…\"` changes it",
            self.sop_example.shown
        ))
    }

    /// Runs the statements of a file, with examples off; what they show is collected, what fails is said at once.
    pub(super) fn run_friendly_file(&mut self, path: &str, text: &str, scope: usize) {
        let source = self.sources.add(format!("{path}.rasp"), text);
        let parsed = parse(source, text, Grammar::PROGRAM);
        let errors: Vec<Diagnostic> =
            parsed.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        if !errors.is_empty() {
            self.say();
            return self.replies.extend(errors.into_iter().map(Reply::Fault));
        }
        let shown = (self.show_sop_examples, self.show_selector_examples);
        (self.show_sop_examples, self.show_selector_examples) = (false, false);
        let module = Arc::new(parsed.module);
        let frame = Frame { module: module.clone(), scope };
        for statement in &module.statements {
            self.failed_at = None;
            match self.execute(&frame, statement) {
                Ok(Outcome::Exit) => break,
                Ok(outcome) => self.collect(outcome),
                Err(fail) => {
                    self.flush_collected();
                    self.say();
                    self.complain(&fail, statement.span);
                    if fail == Fail::Interrupted {
                        break;
                    }
                }
            }
        }
        (self.show_sop_examples, self.show_selector_examples) = shown;
    }

    /// Keeps what a file's statement has to show.
    pub(super) fn collect(&mut self, outcome: Outcome) {
        let values = match outcome {
            Outcome::Exit => return,
            Outcome::Text(text) => {
                let collected = super::show::Collected { name: None, text, error: false };
                return self.collected.push(collected);
            }
            Outcome::Values(values) => values,
        };
        for (name, item) in values {
            if name.starts_with('_') || &*name == "out" || matches!(item, Item::Applied(_)) {
                continue;
            }
            let (text, error) = self.show(&name, &item);
            self.collected.push(super::show::Collected { name: Some(name), text, error });
        }
    }
}
