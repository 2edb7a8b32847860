//! `raspc explain`: the six steps of a compilation, in words and tables, or one stage as text.

use raspc::explain::{Stage, emit, explain as story};

use crate::args::{Emit, ExplainArgs};
use crate::console::Console;
use crate::engine;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::subject::Subject;
use crate::{settings, subject};
use raspc::json::Explained;

/// Explains a program or a model.
pub(crate) fn explain(args: &ExplainArgs, console: &mut Console) -> Result<Status, Fault> {
    let subject = subject::resolve_alone(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
    }
    explain_subject(subject, args, console)
}

/// Explains a program that is there already.
pub(crate) fn explain_subject(
    mut subject: Subject,
    args: &ExplainArgs,
    console: &mut Console,
) -> Result<Status, Fault> {
    let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    let c = engine::stages(console, &subject, &settings)?;
    match (args.emit, args.json) {
        (_, true) => console.json(&Explained {
            graph: emit(&c, Stage::Graph),
            encoded: emit(&c, Stage::Encoded),
            circuit: emit(&c, Stage::Circuit),
            schedule: emit(&c, Stage::Schedule),
            model: emit(&c, Stage::Model),
            certificate: c.model.certificate.clone(),
        })?,
        (Some(stage), false) => console.text(emit(&c, chosen(stage)))?,
        (None, false) => console.text(story(&c))?,
    }
    Ok(Status::Fine)
}

fn chosen(stage: Emit) -> Stage {
    match stage {
        Emit::Graph => Stage::Graph,
        Emit::Encoded => Stage::Encoded,
        Emit::Circuit => Stage::Circuit,
        Emit::Schedule => Stage::Schedule,
        Emit::Model => Stage::Model,
        Emit::Certificate => Stage::Certificate,
    }
}
