//! `raspc draw`: pictures of a program, of its run on an input, and of the transformer that it becomes.

use std::path::{Path, PathBuf};

use raspc::draw::{self, DrawError, Picture, View};
use raspc_lang::console::Console as Session;
use raspc_lang::diagnostic::Diagnostic;

use crate::args::{DrawArgs, DrawView};
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::{self, Input};
use crate::subject::{self, Subject};
use crate::{codes, engine, files, settings, show};

/// Where a session's pictures go, as the reference's do.
const FLOWS: &str = "comp_flows";

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Svg,
    Dot,
}

/// Draws a program.
pub(crate) fn draw(args: &DrawArgs, console: &mut Console) -> Result<Status, Fault> {
    let format = format(&args.output)?;
    let mut subject = subject::resolve(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
    }
    let view = chosen(args.view);
    let input = input(args, view, &mut subject, console)?;
    let picture = match view {
        View::Flow => {
            let input = input.as_ref().ok_or_else(|| no_input(view))?;
            draw::flow(&subject.graph, subject.output, &input.tokens)
        }
        View::Graph => graph(args, &mut subject, console),
        _ => compiled(args, view, input.as_ref(), &mut subject, console)?,
    };
    let text = match format {
        Format::Svg => picture.svg(),
        Format::Dot => picture.dot(),
    };
    if args.output == Path::new("-") {
        console.text(text)?;
    } else {
        files::write_file(&args.output, text.as_bytes())
            .map_err(|e| Fault::System(format!("{} could not be written: {e}", args.output.display())))?;
        console.line(format!("{} of {}, written to {}", view.name(), subject.name, args.output.display()))?;
    }
    Ok(Status::Fine)
}

fn chosen(view: DrawView) -> View {
    match view {
        DrawView::Flow => View::Flow,
        DrawView::Graph => View::Graph,
        DrawView::Layers => View::Layers,
        DrawView::Residual => View::Residual,
        DrawView::Attention => View::Attention,
        DrawView::Weights => View::Weights,
    }
}

/// The format that a path asks for.
fn format(path: &Path) -> Result<Format, Fault> {
    if path == Path::new("-") {
        return Ok(Format::Svg);
    }
    match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("dot" | "gv") => Ok(Format::Dot),
        _ => Err(Fault::usage(
            format!("`{}` does not say what to write", path.display()),
            "end it in `.svg`, or in `.dot` for Graphviz; `-` writes SVG to standard output",
        )),
    }
}

/// The input that was given; else the program's example, for views of a run.
fn input(args: &DrawArgs, view: View, subject: &mut Subject, console: &mut Console) -> Result<Option<Input>, Fault> {
    // With `-e` no word is the program: the first one is the input.
    let first = args.program.program.iter().filter(|_| args.program.eval.is_some());
    let words: Vec<&str> = first.chain(&args.input).map(String::as_str).collect();
    if words.len() > 1 {
        return Err(Fault::usage("a picture shows one input", "draw the inputs one by one"));
    }
    if !words.is_empty() {
        let mut read = inputs::read(&words, &args.mode, subject)?;
        if read.len() != 1 {
            return Err(Fault::usage("a picture shows one input", "draw the inputs one by one"));
        }
        return Ok(read.pop());
    }
    let example = subject.example.clone().filter(|_| view.needs_input());
    if let Some(example) = &example {
        console.note(format!("input {} (from {})", show::sequence(example), subject.what));
    }
    Ok(example.map(Input::example))
}

fn no_input(view: View) -> Fault {
    Fault::usage(
        format!("{}, and the program has no example", DrawError::NoInput(view)),
        "put an input behind the program, or write `set example \"abc\"` into it",
    )
}

/// The graph, with value sets and encodings where the program can be compiled.
fn graph(args: &DrawArgs, subject: &mut Subject, console: &mut Console) -> Picture {
    let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let compilation = settings::resolve(&args.model, subject, &inputs, console)
        .and_then(|settings| engine::stages(console, subject, &settings));
    if let Ok(c) = compilation {
        return draw::draw(&c, View::Graph, None).expect("a graph needs no input");
    }
    console.note("drawn without value sets: it was not compiled, and `raspc explain` says why");
    draw::graph(&subject.graph, subject.output)
}

/// A view of the compiled model.
fn compiled(
    args: &DrawArgs,
    view: View,
    input: Option<&Input>,
    subject: &mut Subject,
    console: &mut Console,
) -> Result<Picture, Fault> {
    let example: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let inputs = input.map_or(&example[..], std::slice::from_ref);
    let settings = settings::resolve(&args.model, subject, inputs, console)?;
    if let Some(input) = input {
        inputs::check(std::slice::from_ref(input), subject, &settings)?;
    }
    let c = engine::stages(console, subject, &settings)?;
    let tokens = input.map(|i| &i.tokens[..]);
    draw::draw(&c, view, tokens).map_err(|e| match e {
        DrawError::NoInput(view) => no_input(view),
        DrawError::Input(e) => {
            let message = format!("the transformer cannot run on this input: {e}");
            subject.fault(vec![Diagnostic::error(codes::MODEL, message)])
        }
    })
}

/// Draws what a session's statements have asked for, into files of the current folder. What cannot be written is said,
/// and the session goes on.
pub(crate) fn draw_asked(session: &mut Session, console: &mut Console) {
    for drawing in session.take_drawings() {
        let picture = draw::flow(&drawing.graph, drawing.node, &drawing.input);
        let stem = file_name(&drawing.title);
        let svg = PathBuf::from(FLOWS).join(format!("{stem}.svg"));
        let written = files::write_file(&svg, picture.svg().as_bytes())
            .and_then(|()| files::write_file(&svg.with_file_name(format!("{stem}.dot")), picture.dot().as_bytes()));
        match written {
            Ok(()) => console.note(format!("drawn: {} (and .dot)", svg.display())),
            Err(e) => console.note(format!("{} could not be written: {e}", svg.display())),
        }
    }
}

/// A title as the name of a file: letters, digits and a few marks as they are, all else replaced; never too long, and
/// never a path. Where the title is not the whole name, a number keeps different titles apart.
fn file_name(title: &str) -> String {
    const MOST: usize = 60;
    let kept =
        |c: char| c.is_alphanumeric() || matches!(c, '(' | ')' | '[' | ']' | '"' | '-' | '_' | '+' | ',' | '=' | ' ');
    let name: String = title.chars().take(MOST).map(|c| if kept(c) { c } else { '_' }).collect();
    if name == title {
        return name;
    }
    // FNV-1a: the same on every machine.
    let number = title.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    format!("{name}-{number:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names_of_files_and_no_paths() {
        assert_eq!(file_name("hist(\"hello\")"), "hist(\"hello\")");
        let path = file_name("../../etc/passwd(\"\u{0}\n\")");
        assert!(path.starts_with("______etc_passwd(\"__\")-") && !path.contains(['/', '.']), "{path}");
        assert_ne!(file_name("f(\"<\")"), file_name("f(\">\")"));
        assert_ne!(file_name(&"x".repeat(500)), file_name(&"x".repeat(501)));
        assert!(file_name(&"x".repeat(5000)).len() < 100);
    }
}
