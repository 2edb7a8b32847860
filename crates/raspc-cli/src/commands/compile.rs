//! `raspc compile`: the model as a folder, all or nothing.

use raspc_model::files::ALL;

use crate::args::CompileArgs;
use crate::console::Console;
use crate::engine;
use crate::fault::{Fault, Status};
use crate::files::{self, Unwritten};
use crate::inputs::Input;
use crate::subject::Subject;
use crate::{scratch, settings, subject};
use raspc::json::{Certified, Compiled, Sizes};

/// Compiles a program and writes the model.
pub(crate) fn compile(args: &CompileArgs, console: &mut Console) -> Result<Status, Fault> {
    // What cannot be written need not be compiled.
    files::vacant(&args.output, &ALL).map_err(|e| refused(args, &e))?;
    compile_subject(subject::resolve_alone(&args.program)?, args, console)
}

/// Compiles a program that is there already.
pub(crate) fn compile_subject(
    mut subject: Subject,
    args: &CompileArgs,
    console: &mut Console,
) -> Result<Status, Fault> {
    files::vacant(&args.output, &ALL).map_err(|e| refused(args, &e))?;
    let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    let (compilation, time) = engine::build(console, &subject, &settings)?;
    engine::remark_assumptions(console, &compilation.model.assumptions);
    let sizes = Sizes::of(&compilation.model);
    // Who has been told that it was interrupted finds nothing written.
    console.interrupt.check();
    scratch::clear_when_interrupted();
    files::write_folder(&args.output, &compilation.model.to_files()).map_err(|e| refused(args, &e))?;
    let output = args.output.display().to_string();
    if args.json {
        let certificate = compilation.certificate.as_ref().ok().map(Certified::of);
        let (seconds, assumptions) = (time.as_secs_f64(), compilation.model.assumptions);
        console.json(&Compiled { model: sizes, seconds, output, assumptions, certificate })?;
    } else {
        console.line(sizes.line())?;
        if let Ok(certificate) = &compilation.certificate {
            console.line(certificate.line())?;
        }
        console.line(format!("compiled in {time:.1?}, written to {output}"))?;
    }
    Ok(Status::Fine)
}

fn refused(args: &CompileArgs, error: &Unwritten) -> Fault {
    let target = args.output.display();
    match error {
        Unwritten::Occupied(what) => {
            Fault::usage(format!("`{target}` is {what}, and is left as it is"), "choose another name with `-o`")
        }
        Unwritten::System(e) => Fault::System(format!("the model could not be written to `{target}`: {e}")),
    }
}
