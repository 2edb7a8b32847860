//! `raspc run`: the transformer's output beside the interpreter's, at every position.

mod human;

use raspc::observe::{Machine, Observation, Unobserved, heads, observe, record};
use raspc_lang::diagnostic::Diagnostic;

use crate::args::RunArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::{self, Input};
use crate::settings::{self, Settings};
use crate::subject::{self, Subject};
use crate::{codes, engine};

/// Runs a program on inputs.
pub(crate) fn run(args: &RunArgs, console: &mut Console) -> Result<Status, Fault> {
    // With `-e` no word is the program: the first one is an input.
    let first_is_input = args.program.eval.is_some();
    let subject = subject::resolve(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
    }
    let words = args.program.program.iter().filter(|_| first_is_input).chain(&args.inputs);
    let words: Vec<&str> = words.map(String::as_str).collect();
    run_on(subject, &words, args, console)
}

/// Runs an s-op of a session on the inputs behind it.
pub(crate) fn run_subject(subject: Subject, args: &RunArgs, console: &mut Console) -> Result<Status, Fault> {
    let words: Vec<&str> = args.inputs.iter().map(String::as_str).collect();
    run_on(subject, &words, args, console)
}

fn run_on(mut subject: Subject, words: &[&str], args: &RunArgs, console: &mut Console) -> Result<Status, Fault> {
    let inputs = inputs_of(words, args, &mut subject, console)?;
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    inputs::check(&inputs, &subject, &settings)?;
    let machine = machine(console, &subject, &settings)?;
    engine::remark_assumptions(console, &machine.model.assumptions);
    let mut status = Status::Fine;
    for (i, input) in inputs.iter().enumerate() {
        let seen = observe(&machine, subject.view(), &input.tokens, args.trace);
        let observation = seen.map_err(|e| unobserved(&subject, input, &e))?;
        if args.json {
            console.json(&record::line(&observation, &machine, subject.view()))?;
        } else {
            if i > 0 {
                console.line("")?;
            }
            console.text(human::page(&observation, &machine, &subject, console))?;
        }
        if !report(&observation, &subject, console) {
            status = Status::Disagreed;
        }
    }
    if !args.json && !inputs.is_empty() {
        console.line("")?;
        console.line(human::sizes(&machine, console))?;
    }
    Ok(status)
}

/// The inputs: the words, else the program's example.
fn inputs_of(
    words: &[&str],
    args: &RunArgs,
    subject: &mut Subject,
    console: &mut Console,
) -> Result<Vec<Input>, Fault> {
    if !words.is_empty() {
        return inputs::read(words, &args.input, subject);
    }
    match &subject.example {
        Some(example) => {
            console.note(format!("input {} (from {})", crate::show::sequence(example), subject.what));
            Ok(vec![Input::example(example.clone())])
        }
        None => Err(Fault::usage(
            "there is no input, and the program has no example",
            "put an input behind the program, or write `set example \"abc\"` into it",
        )),
    }
}

/// What runs: the folder's model, or one that is compiled now.
fn machine(console: &mut Console, subject: &Subject, settings: &Settings) -> Result<Machine, Fault> {
    let (model, heads) = if let Some(model) = &subject.model {
        (model.clone(), heads::of_model(model, &subject.graph))
    } else {
        let (compilation, _) = engine::build(console, subject, settings)?;
        let heads = heads::of_compilation(&compilation);
        (compilation.model, heads)
    };
    let held: Vec<String> = model.readouts.iter().map(|r| r.name.clone()).collect();
    Machine::new(model, heads, subject.view()).ok_or_else(|| {
        let message = format!("the model does not hold `{}`", subject.graph.describe(subject.output));
        let hint = format!("it holds {}", held.join(", "));
        subject.fault(vec![Diagnostic::error(codes::SOP, message).hint(hint)])
    })
}

/// The fault of an input that could not be observed.
fn unobserved(subject: &Subject, input: &Input, why: &Unobserved) -> Fault {
    match why {
        Unobserved::TooMuch(bytes) => Fault::usage(
            format!("a trace of {} tokens would take {} MiB", input.tokens.len(), bytes >> 20),
            "trace a shorter input",
        ),
        // Only a model that did not come from the compiler does that.
        Unobserved::Input(error) => {
            let message = format!("the transformer cannot run on this input: {error}");
            subject.fault(vec![Diagnostic::error(codes::MODEL, message)])
        }
    }
}

/// Says what went wrong on an input; whether nothing did.
fn report(observation: &Observation, subject: &Subject, console: &mut Console) -> bool {
    if let Some(diagnostic) = diagnostic(observation, subject) {
        crate::render::diagnostics(console, &subject.sources, &[diagnostic]);
        return false;
    }
    true
}

/// What is wrong with this input or with the transformer, if anything is.
fn diagnostic(seen: &Observation, subject: &Subject) -> Option<Diagnostic> {
    if let Some(error) = seen.raised() {
        let at = seen.raised_at();
        let message = format!("on this input the program has no defined output: {error}");
        let hint = "what the transformer computes there means nothing: keep such inputs away, or change the program";
        let diagnostic =
            Diagnostic::error(codes::RAISED, message).at(at.and_then(|id| subject.graph.node(id).span)).hint(hint);
        return Some(match at {
            Some(id) => diagnostic.node(subject.graph.describe(id)),
            None => diagnostic,
        });
    }
    let untrue = seen.disagreeing();
    if seen.agree() != Some(false) && untrue.is_none() {
        return None;
    }
    let mut message = "the transformer disagrees with the interpreter".to_owned();
    if let Some(sop) = untrue {
        let position = sop.marks.as_ref().and_then(|m| m.iter().position(|m| !m)).unwrap_or(0);
        message += &format!(": `{}` at position {position}", sop.name);
    }
    Some(Diagnostic::error(codes::DISAGREES, message).hint("`raspc verify` finds the first node that is wrong"))
}
