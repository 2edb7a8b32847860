//! `raspc run`: the transformer's output beside the interpreter's, at every position.

mod human;
mod observe;
mod record;

use crate::args::RunArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::{self, Input};
use crate::settings::{self, Settings};
use crate::subject::{self, Subject};
use crate::{engine, heads};

use self::observe::{Machine, Observation, observe};

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
        let observation = observe(&machine, &subject, input, args.trace)?;
        if args.json {
            console.json(&record::line(&observation, &machine, &subject))?;
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
    if let Some(model) = &subject.model {
        return Machine::new(model.clone(), heads::of_model(model, &subject.graph), subject);
    }
    let (compilation, _) = engine::build(console, subject, settings)?;
    let heads = heads::of_compilation(&compilation);
    Machine::new(compilation.model, heads, subject)
}

/// Says what went wrong on an input; whether nothing did.
fn report(observation: &Observation, subject: &Subject, console: &mut Console) -> bool {
    if let Some(diagnostic) = observation.diagnostic(subject) {
        crate::render::diagnostics(console, &subject.sources, &[diagnostic]);
        return false;
    }
    true
}
