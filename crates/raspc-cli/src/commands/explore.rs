//! `raspc explore`: the page that shows a program turning into a transformer and running, written, opened or served.

mod serve;

use std::path::{Path, PathBuf};

use raspc::compile::Compilation;
use raspc::explore::{Subject as Shown, page};

use crate::args::ExploreArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::settings::Settings;
use crate::subject::{self, Subject};
use crate::{engine, files, inputs, settings};

/// Explores a program or a model.
pub(crate) fn explore(args: &ExploreArgs, console: &mut Console) -> Result<Status, Fault> {
    // With `-e` no word is the program: the first one is an input.
    let first_is_input = args.program.eval.is_some();
    let mut subject = subject::resolve(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
    }
    let words = args.program.program.iter().filter(|_| first_is_input).chain(&args.inputs);
    let words: Vec<&str> = words.map(String::as_str).collect();
    let inputs = if words.is_empty() {
        subject.example.iter().cloned().map(Input::example).collect()
    } else {
        inputs::read(&words, &args.input, &mut subject)?
    };
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    // An example that a flag has made impossible is no reason to refuse: the page has its own field for inputs.
    let inputs = if words.is_empty() { fitting(inputs, &subject, &settings) } else { inputs };
    inputs::check(&inputs, &subject, &settings)?;
    let compilation = engine::stages(console, &subject, &settings)?;
    engine::remark_assumptions(console, &compilation.model.assumptions);
    if args.serve {
        return serve::serve(&subject, &settings, &compilation, &inputs, args, console);
    }
    let text = render(&subject, &compilation, &inputs, false);
    match &args.output {
        Some(path) => write(path, &text, console),
        None => open(&subject.name, &text, console),
    }
}

fn fitting(inputs: Vec<Input>, subject: &Subject, settings: &Settings) -> Vec<Input> {
    if inputs::check(&inputs, subject, settings).is_ok() { inputs } else { Vec::new() }
}

/// The page of a subject on these inputs.
fn render(subject: &Subject, compilation: &Compilation, inputs: &[Input], served: bool) -> String {
    let inputs: Vec<_> = inputs.iter().map(|i| i.tokens.clone()).collect();
    let sources = subject.model.is_none().then_some(&subject.sources);
    page(&Shown { name: &subject.name, compilation, sources, inputs: &inputs, served })
}

fn write(path: &Path, text: &str, console: &mut Console) -> Result<Status, Fault> {
    files::write_file(path, text.as_bytes())
        .map_err(|e| Fault::System(format!("`{}` could not be written: {e}", path.display())))?;
    console.line(format!("explored in {}, {} kB", path.display(), text.len().div_ceil(1000)))?;
    Ok(Status::Fine)
}

/// Writes the page to a temporary folder and opens it.
fn open(name: &str, text: &str, console: &mut Console) -> Result<Status, Fault> {
    let stem = Path::new(name).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let plain: String = stem.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).take(40).collect();
    let path: PathBuf = std::env::temp_dir().join(format!("raspc-{plain}-{}.html", std::process::id()));
    files::write_file(&path, text.as_bytes())
        .map_err(|e| Fault::System(format!("`{}` could not be written: {e}", path.display())))?;
    console.line(format!("explored in {}, {} kB", path.display(), text.len().div_ceil(1000)))?;
    console.flush()?;
    opener::open(&path).map_err(|e| {
        Fault::System(format!("no browser could be started ({e}): open the file yourself, or name one with `-o`"))
    })?;
    Ok(Status::Fine)
}
