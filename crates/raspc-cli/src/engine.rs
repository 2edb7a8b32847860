//! Compiling for a command: warnings said, faults placed, and a folder's model put where a compilation has its own.

use std::time::{Duration, Instant};

use raspc::certify::precision::{Dtype, certify_for};
use raspc::certify::record::record;
use raspc::compile::Compilation;
use raspc::options::{OptLevel, Options};
use raspc_lang::diagnostic::Diagnostic;

use crate::codes;
use crate::console::Console;
use crate::fault::Fault;
use crate::progress::told;
use crate::render;
use crate::settings::Settings;
use crate::subject::Subject;

/// Compiles the subject's output; says warnings on standard error. The time is the compilation's alone.
pub(crate) fn build(
    console: &mut Console,
    subject: &Subject,
    settings: &Settings,
) -> Result<(Compilation, Duration), Fault> {
    let start = Instant::now();
    let options = Options { interrupt: console.interrupt.clone(), ..settings.options.clone() };
    let compiled = told(console, &subject.graph, subject.output, options);
    let time = start.elapsed();
    match compiled {
        Ok(compilation) => {
            render::diagnostics(console, &subject.sources, &subject.warnings);
            render::diagnostics(console, &subject.sources, &compilation.warnings);
            if let Err(reasons) = &compilation.certificate {
                for reason in reasons {
                    console.note(format!("not certified: {} {}", reason.code, reason.message));
                }
            }
            Ok((compilation, time))
        }
        Err(mut diagnostics) => {
            settings.place(&mut diagnostics);
            diagnostics.extend(subject.warnings.iter().cloned());
            Err(subject.fault(diagnostics))
        }
    }
}

/// Says what a model rests on that was not proved.
pub(crate) fn remark_assumptions(console: &mut Console, assumptions: &[String]) {
    for assumption in assumptions {
        console.note(format!("not proved, assumed: {assumption}"));
    }
}

/// Every stage of the subject's compilation: a program's, or the one a folder's model came from, with the folder's own
/// weights in it.
pub(crate) fn stages(console: &mut Console, subject: &Subject, settings: &Settings) -> Result<Compilation, Fault> {
    let Some(model) = &subject.model else {
        return build(console, subject, settings).map(|built| built.0);
    };
    // Compilations are deterministic and a folder does not say its level: the one that lays the residual stream out as
    // the folder does is the one it came from.
    for opt in [OptLevel::O1, OptLevel::O0] {
        let interrupt = console.interrupt.clone();
        let options = Options { opt, uncertified: true, interrupt, ..settings.options.clone() };
        if let Ok(mut compilation) = told(console, &subject.graph, subject.output, options.clone())
            && compilation.made(model)
        {
            compilation.model = model.clone();
            // What is proved is proved of these weights, for the float type that the folder was made for.
            let recorded = model.certificate.get("dtype").and_then(|d| d.as_str()).and_then(Dtype::named);
            let dtype = recorded.unwrap_or(options.dtype);
            compilation.certificate = certify_for(&compilation.parts(), dtype);
            compilation.model.certificate = record(&compilation.certificate, dtype);
            compilation.options.dtype = dtype;
            return Ok(compilation);
        }
    }
    let message = format!("`{}` was not compiled from its graph by this version of raspc", subject.name);
    let hint = "compile it again: `raspc compile FOLDER -o NEW`; `raspc run` works on it as it is";
    Err(subject.fault(vec![Diagnostic::error(codes::MODEL, message).hint(hint)]))
}
