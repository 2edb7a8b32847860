//! `raspc export`: the model in the format of another runtime, whole or not at all.

use std::time::Instant;

use raspc_lang::diagnostic::{Code, Diagnostic};

use crate::args::ExportArgs;
use crate::console::Console;
use crate::engine;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::sink::{Unexported, write_export};
use crate::subject::Subject;
use crate::{scratch, settings, subject};
use raspc::json::{Exported, ExportedFile, Sizes, counted};

/// Compiles a program, or takes a compiled model, and exports it.
pub(crate) fn export(args: &ExportArgs, console: &mut Console) -> Result<Status, Fault> {
    let mut subject = subject::resolve_alone(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
        if args.program.sop.is_some() {
            return Err(Fault::usage(
                "an export holds the output that the model was compiled for",
                "compile the folder for another s-op first: `raspc compile FOLDER --sop NAME -o NEW`",
            ));
        }
    }
    let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    let model = match subject.model.take() {
        Some(model) => model,
        None => engine::build(console, &subject, &settings)?.0.model,
    };
    engine::remark_assumptions(console, &model.assumptions);
    let start = Instant::now();
    scratch::clear_when_interrupted();
    let written = write_export(&model, &subject.graph.to_string(), args.format, &args.output)
        .map_err(|e| refused(args, &subject, e))?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes = written.iter().map(|f| f.1).sum();
    let sizes = Sizes::of(&model);
    let output = args.output.display().to_string();
    if args.json {
        let files = written.into_iter().map(|(name, bytes)| ExportedFile { name, bytes }).collect();
        console.json(&Exported { model: sizes, format: args.format.name(), output, bytes, files, seconds })?;
    } else {
        console.line(sizes.line())?;
        let files = counted(written.len(), "file");
        console.line(format!("exported as {} to {output}: {files}, {}", args.format, size(bytes)))?;
    }
    Ok(Status::Fine)
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn refused(args: &ExportArgs, subject: &Subject, error: Unexported) -> Fault {
    let target = args.output.display();
    match error {
        Unexported::Refused(refusal) => {
            let message = format!("no {}: {}", args.format, refusal.message);
            subject.fault(vec![Diagnostic::error(Code(refusal.code), message).hint(refusal.hint)])
        }
        Unexported::Occupied(what) => {
            Fault::usage(format!("`{target}` is {what}, and is left as it is"), "choose another name with `-o`")
        }
        Unexported::System(e) => Fault::System(format!("the export could not be written to `{target}`: {e}")),
    }
}
