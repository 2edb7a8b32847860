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
        if *fail == Fail::Interrupted {
            return self.replies.push(Reply::Interrupted);
        }
        let d = self.diagnosed(fail, statement);
        self.replies.push(Reply::Fault(d));
    }

    /// A failure of a statement as a diagnostic, where it happened.
    pub(super) fn diagnosed(&mut self, fail: &Fail, statement: Span) -> Diagnostic {
        let at = self.failed_at.take().unwrap_or(statement);
        let mut d = self.diagnose(fail).at(at);
        self.failed_on_example = false;
        // What failed inside a function was called from somewhere.
        if at.source != statement.source || !(statement.start..=statement.end).contains(&at.start) {
            d = d.note(Some(statement), "from here");
        }
        d
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
            self.failed_on_example = false;
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
