//! A session on a terminal: what statements and commands lead to, shown to people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use raspc::encode::print;
use raspc::interrupt::Interrupt;
use raspc::observe::heads;
use raspc_lang::console::{Console as Session, Extract, PaperLayers, Reply};
use raspc_lang::graph::Mask;
use raspc_lang::input::{InputMode, parse_input, parse_vocab};
use raspc_lang::source::Sources;
use raspc_lang::value::Value;

use super::words::{self, COMMANDS, Word};
use crate::args::{ExplainArgs, ProgramArgs};
use crate::commands::{compile, draw, explain, run};
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::subject::Subject;
use crate::{engine, render, settings, show};
use raspc::json::Sizes;

/// How often it is asked whether a command is to stop.
const POLL: Duration = Duration::from_millis(30);

/// What there is between two lines.
pub(super) struct Terminal {
    pub(super) session: Session,
    pub(super) interrupt: Arc<AtomicBool>,
    timed: bool,
    statements: usize,
}

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Line,
    End,
}

impl Terminal {
    /// A terminal's session, with what stops it.
    pub(super) fn new(mut session: Session, interrupt: Arc<AtomicBool>) -> Self {
        session.befriend();
        session.interrupt_by(&interrupt);
        Self { session, interrupt, timed: false, statements: 0 }
    }

    /// Carries out a line (or several) that somebody typed.
    pub(super) fn enter(&mut self, text: &str, console: &mut Console) -> Result<Next, Fault> {
        self.interrupt.store(false, Ordering::Relaxed);
        let start = Instant::now();
        let next =
            if text.trim_start().starts_with(':') { self.command(text, console)? } else { self.submit(text, console)? };
        // What `:time` takes is timed by itself.
        if self.timed && !text.trim_start().starts_with(":time") {
            let time = console.paint.dim(&format!("{:.1?}", start.elapsed()));
            console.line(time)?;
        }
        console.flush()?;
        Ok(next)
    }

    fn submit(&mut self, text: &str, console: &mut Console) -> Result<Next, Fault> {
        self.statements += 1;
        let replies = self.session.submit(&format!("input {}", self.statements), text);
        self.show(replies, console)
    }

    /// Loads a file named on the command line or behind `:load`.
    pub(super) fn load(&mut self, path: &str, console: &mut Console) -> Result<Next, Fault> {
        let replies = self.session.load(path.strip_suffix(".rasp").unwrap_or(path));
        self.show(replies, console)
    }

    fn show(&mut self, replies: Vec<Reply>, console: &mut Console) -> Result<Next, Fault> {
        let mut next = Next::Line;
        for reply in replies {
            match reply {
                Reply::Text(text) => console.text(painted(&text, console))?,
                Reply::Fault(d) => render::diagnostics(console, self.session.sources(), &[d]),
                Reply::Interrupted => console.line(console.paint.bad("interrupted"))?,
                Reply::Ended => next = Next::End,
            }
        }
        draw::draw_asked(&mut self.session, console);
        Ok(next)
    }

    fn command(&mut self, line: &str, console: &mut Console) -> Result<Next, Fault> {
        let word = match words::read(line) {
            Ok(word) => word,
            Err(why) => {
                console.line(why.trim_end())?;
                return Ok(Next::Line);
            }
        };
        match word {
            Word::Help => help(console)?,
            Word::Quit => return Ok(Next::End),
            Word::Load(path) => return self.load(&path, console),
            Word::Time(text) if text.is_empty() => {
                self.timed = !self.timed;
                console.line(if self.timed { "times are shown" } else { "times are no longer shown" })?;
            }
            Word::Time(text) => {
                let outer = std::mem::replace(&mut self.timed, true);
                let next = self.enter(&text, console);
                self.timed = outer;
                return next;
            }
            Word::Run(args) => {
                let Some((subject, ..)) =
                    self.subject(&args.program, args.model.vocab.as_deref(), &args.inputs, console)?
                else {
                    return Ok(Next::Line);
                };
                self.work(console, move |console| run::run_subject(subject, &args, console))?;
            }
            Word::Compile(args) => {
                let Some((subject, ..)) = self.subject(&args.program, args.model.vocab.as_deref(), &[], console)?
                else {
                    return Ok(Next::Line);
                };
                self.work(console, move |console| compile::compile_subject(subject, &args, console))?;
            }
            Word::Explain(args) => {
                let Some((subject, ..)) = self.subject(&args.program, args.model.vocab.as_deref(), &[], console)?
                else {
                    return Ok(Next::Line);
                };
                self.work(console, move |console| explain::explain_subject(subject, &args, console))?;
            }
            Word::Type(args) => self.about(*args, console, told_type)?,
            Word::Layers(args) => self.about(*args, console, told_layers)?,
            Word::Sizes(args) => {
                self.about(*args, console, |compiled, _, console| console.line(Sizes::of(&compiled.model).line()))?;
            }
        }
        Ok(Next::Line)
    }

    /// Compiles and tells something about the result.
    fn about(
        &mut self,
        args: ExplainArgs,
        console: &mut Console,
        tell: fn(&raspc::compile::Compilation, &PaperLayers, &mut Console) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let found = self.subject(&args.program, args.model.vocab.as_deref(), &[], console)?;
        let Some((mut subject, paper)) = found else { return Ok(()) };
        self.work(console, move |console| {
            let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
            let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
            if subject.selector.is_some() {
                let reader = subject.graph.describe(subject.output);
                console.note(format!("a selector is computed for what reads it: this is about `{reader}`"));
            }
            let (compilation, _) = engine::build(console, &subject, &settings)?;
            tell(&compilation, &paper, console)?;
            Ok(Status::Fine)
        })
    }

    /// The s-op or selector that a command is about, as a program.
    fn subject(
        &mut self,
        args: &ProgramArgs,
        vocab: Option<&str>,
        inputs: &[String],
        console: &mut Console,
    ) -> Result<Option<(Subject, PaperLayers)>, Fault> {
        let Some(text) = args.program.as_deref().filter(|_| args.eval.is_none() && args.sop.is_none()) else {
            console.line("the s-op stands behind the command: `:run NAME INPUT`")?;
            return Ok(None);
        };
        // The tokens decide which conversions are needed; malformed ones are reported where they are used.
        let tokens: Option<Vec<Value>> = if let Some(vocab) = vocab {
            parse_vocab(vocab).ok()
        } else {
            let read = |i: &String| parse_input(i, InputMode::Auto).ok();
            let all: Vec<Value> = inputs.iter().filter_map(read).flatten().collect();
            Some(all).filter(|all| !all.is_empty())
        };
        let first = inputs.first().and_then(|i| parse_input(i, InputMode::Auto).ok());
        match self.session.extract(text, tokens.as_deref(), first.as_deref()) {
            Ok(extract) => Ok(Some(as_subject(text, extract, args.causal))),
            Err(fault) => {
                render::diagnostics(console, self.session.sources(), &[*fault]);
                Ok(None)
            }
        }
    }

    /// Does something that may take long, so that Ctrl-C ends the wait for it, and soon the work itself.
    fn work(
        &self,
        console: &mut Console,
        job: impl FnOnce(&mut Console) -> Result<Status, Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let (mut inner, written) = console.captured();
        let stop = Arc::new(AtomicBool::new(false));
        inner.interrupt = Interrupt::by(&stop);
        let (sender, done) = std::sync::mpsc::channel();
        let worker = std::thread::Builder::new().stack_size(crate::STACK).spawn(move || {
            let ended = job(&mut inner);
            if let Err(fault) = ended {
                crate::tell(&mut inner, fault);
            }
            let _ = inner.flush();
            // Nobody may be waiting any more.
            let _ = sender.send(());
        });
        worker.map_err(|e| Fault::System(format!("no thread could be started: {e}")))?;
        loop {
            match done.recv_timeout(POLL) {
                Ok(()) => return console.text(written.take()),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    console.text(written.take())?;
                    return console.line("this is a bug of raspc and not of your program; please report it");
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    if self.interrupt.load(Ordering::Relaxed) {
                        stop.store(true, Ordering::Relaxed);
                        return console.line(console.paint.bad("interrupted"));
                    }
                }
            }
        }
    }
}

fn as_subject(text: &str, extract: Extract, causal: bool) -> (Subject, PaperLayers) {
    let Extract { mut graph, node, names, example, paper } = extract;
    if causal {
        graph.mask = Mask::Causal;
    }
    let mut subject = Subject {
        name: text.to_owned(),
        what: "the session",
        sources: Sources::new(),
        graph,
        names,
        output: node,
        selector: None,
        example: Some(example),
        vocab: None,
        max_len: None,
        warnings: Vec::new(),
        model: None,
    };
    subject.take(node);
    (subject, paper)
}

/// What a node can hold and how.
fn told_type(c: &raspc::compile::Compilation, _: &PaperLayers, console: &mut Console) -> Result<(), Fault> {
    let inner = c.encoded.of[c.output.index()].expect("the output is encoded");
    let (set, how) = print::describe(&c.encoded, &c.values, inner);
    console.line(format!("values    {set}"))?;
    console.line(format!("encoding  {how}"))?;
    console.line(format!(
        "for       inputs of {} out of {}",
        show::lengths(c.options.max_len),
        show::vocabulary(&c.options.vocab)
    ))
}

/// Layers and heads, ours and the paper's.
fn told_layers(c: &raspc::compile::Compilation, paper: &PaperLayers, console: &mut Console) -> Result<(), Fault> {
    let mut ours = vec![0; c.model.config.n_layers];
    for head in heads::of_compilation(c) {
        ours[head.layer] += 1;
    }
    let line = |name: &str, heads: &[usize]| {
        let each: Vec<String> = heads.iter().map(ToString::to_string).collect();
        format!("{name:<12} {:>6}   {}", heads.len(), each.join(" ")).trim_end().to_owned()
    };
    console.line(console.paint.dim("             layers   heads in each"))?;
    console.line(line("compiled", &ours))?;
    console.line(line("the paper's", &paper.heads))
}

fn help(console: &mut Console) -> Result<(), Fault> {
    let width = COMMANDS.iter().map(|(name, usage, _)| name.len() + usage.len() + 1).max().unwrap_or(0);
    console.line("Statements: `a = indices;`  `a;`  `a(\"input\");`  `set example \"hello\"`  `load \"file\";`")?;
    for (name, usage, what) in COMMANDS {
        let left = format!("{name} {usage}");
        console.line(format!("  {}  {what}", console.paint.bold(&format!("{left:<width$}"))))?;
    }
    console.line(
        "The flags of `raspc run`, `raspc compile` and `raspc explain` work here, too: `--vocab`, `--max-len`, `-O0`.",
    )?;
    console.line("NAME may be an expression. Tab completes, Ctrl-C interrupts, Ctrl-R searches what was typed.")
}

/// A reply as a terminal shows it: names and labels dim, values in colour.
fn painted(text: &str, console: &Console) -> String {
    if !console.paint.on {
        return text.to_owned();
    }
    let line = |line: &str| match line.split_once(" = ") {
        Some((name, value)) => format!("{} = {}", console.paint.dim(name), console.paint.value(value)),
        None if line.contains('|') || line.starts_with(" \t\t\t") => line.to_owned(),
        None => console.paint.dim(line),
    };
    text.lines().map(|l| line(l) + "\n").collect()
}
