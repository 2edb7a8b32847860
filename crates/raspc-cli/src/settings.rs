//! What a model is compiled for: from the flags, else from what the program says, else from the inputs.
//!
//! What was not said by a flag is remarked on standard error, so that nothing is assumed in silence.

use raspc::certify::precision::Dtype;
use raspc::certify::record::reasons;
use raspc::options::{OptLevel, Options};
use raspc_lang::diagnostic::{Diagnostic, Span};
use raspc_lang::input::parse_vocab;
use raspc_lang::value::Value;

use crate::args::{FloatType, ModelArgs, Opt};
use crate::console::Console;
use crate::fault::Fault;
use crate::inputs::Input;
use crate::show;
use crate::subject::Subject;
use raspc::json::counted;

/// The options of a compilation, and where they came from.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The options.
    pub(crate) options: Options,
    /// Who chose the vocabulary and the length, for hints.
    pub(crate) vocab_from: From,
    /// Who chose the length.
    pub(crate) length_from: From,
    /// Whether the model is there already.
    compiled: bool,
    /// The place of `--vocab` among the subject's sources.
    vocab_span: Option<Span>,
}

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// A flag.
    Flag,
    /// The program or the model.
    Program,
    /// The inputs.
    Inputs,
}

/// Resolves the flags for a subject and its inputs (which may be none).
pub(crate) fn resolve(
    args: &ModelArgs,
    subject: &mut Subject,
    inputs: &[Input],
    console: &mut Console,
) -> Result<Settings, Fault> {
    let settings = quietly(args, subject, inputs)?;
    let Settings { options, vocab_from, length_from, .. } = &settings;
    remark(console, subject.what, (&options.vocab, *vocab_from), (options.max_len, *length_from));
    if let Some(reasons) = subject.model.as_ref().and_then(|model| reasons(&model.certificate)) {
        console.note(format!("the model is not certified{}", because(&reasons)));
    }
    Ok(settings)
}

/// The same, without a remark on what was not said.
pub(crate) fn quietly(args: &ModelArgs, subject: &mut Subject, inputs: &[Input]) -> Result<Settings, Fault> {
    let (vocab, vocab_from, vocab_span) = vocabulary(args, subject, inputs)?;
    let (max_len, length_from) = length(args, subject, inputs)?;
    let mut options = Options::new(vocab, max_len);
    if let Some(opt) = args.opt {
        options.opt = level(opt);
    }
    if let Some(model) = &subject.model {
        options.bos.clone_from(&model.config.bos);
        options.pad.clone_from(&model.config.pad);
    }
    if let Some(bos) = &args.bos {
        options.bos.clone_from(bos);
    }
    if let Some(pad) = &args.pad {
        options.pad.clone_from(pad);
    }
    let limits = &mut options.limits;
    limits.enumerate = args.max_values.unwrap_or(limits.enumerate);
    limits.units = args.max_units.unwrap_or(limits.units);
    limits.bytes = args.max_bytes.unwrap_or(limits.bytes);
    options.dtype = args.dtype.map_or(options.dtype, dtype);
    options.uncertified = args.uncertified;
    let compiled = subject.model.is_some();
    Ok(Settings { options, vocab_from, length_from, compiled, vocab_span })
}

/// The reasons, behind a colon.
fn because(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

fn dtype(float: FloatType) -> Dtype {
    match float {
        FloatType::Float32 => Dtype::Float32,
        FloatType::Tf32 => Dtype::TensorFloat32,
        FloatType::Float16 => Dtype::Float16,
        FloatType::Bfloat16 => Dtype::Bfloat16,
    }
}

fn level(opt: Opt) -> OptLevel {
    match opt {
        Opt::O0 => OptLevel::O0,
        Opt::O1 => OptLevel::O1,
    }
}

type Vocabulary = (Vec<Value>, From, Option<Span>);

fn vocabulary(args: &ModelArgs, subject: &mut Subject, inputs: &[Input]) -> Result<Vocabulary, Fault> {
    if let Some(text) = &args.vocab {
        let source = subject.sources.add("--vocab", text);
        let span = Span { source, start: 0, end: text.len() as u32 };
        return match parse_vocab(text) {
            Ok(vocab) => Ok((vocab, From::Flag, Some(span))),
            Err(diagnostic) => Err(subject.fault(vec![diagnostic.at(span)])),
        };
    }
    if let Some(vocab) = &subject.vocab {
        return Ok((vocab.clone(), From::Program, None));
    }
    let mut tokens: Vec<Value> = inputs.iter().flat_map(|i| i.tokens.iter().cloned()).collect();
    if inputs.is_empty() {
        return Err(Fault::usage(
            "nothing says which tokens the program is for",
            "name them with `--vocab`, or write `# vocab: 0..5` into the program",
        ));
    }
    tokens.sort();
    tokens.dedup();
    Ok((tokens, From::Inputs, None))
}

fn length(args: &ModelArgs, subject: &Subject, inputs: &[Input]) -> Result<(usize, From), Fault> {
    if let Some(n) = args.max_len {
        return Ok((n, From::Flag));
    }
    if let Some(n) = subject.max_len {
        return Ok((n, From::Program));
    }
    match inputs.iter().map(|i| i.tokens.len()).max() {
        // An input without tokens still needs a model, and a model has a position.
        Some(n) => Ok((n.max(1), From::Inputs)),
        None => Err(Fault::usage(
            "nothing says how long inputs may be",
            "say so with `--max-len`, or write `# max_len: 10` into the program",
        )),
    }
}

/// Says what was assumed, and who said it.
fn remark(console: &mut Console, what: &str, vocab: (&[Value], From), length: (usize, From)) {
    let mut said = Vec::new();
    if vocab.1 != From::Flag && !vocab.0.is_empty() {
        said.push((format!("vocabulary {}", show::vocabulary(vocab.0)), vocab.1));
    }
    if length.1 != From::Flag {
        said.push((format!("at most {}", counted(length.0, "token")), length.1));
    }
    for from in [From::Program, From::Inputs] {
        let parts: Vec<&str> = said.iter().filter(|s| s.1 == from).map(|s| s.0.as_str()).collect();
        if !parts.is_empty() {
            let whose = if from == From::Program { what } else { "the inputs" };
            console.note(format!("{} (from {whose})", parts.join(", ")));
        }
    }
}

impl Settings {
    /// The hint for a token that the vocabulary lacks.
    pub(crate) fn vocabulary_hint(&self) -> String {
        let shown = show::vocabulary(&self.options.vocab);
        match self.vocab_from {
            From::Program if self.compiled => {
                format!("the vocabulary is {shown}; for another one compile again, with `--vocab`")
            }
            From::Program => format!("the vocabulary is {shown}; another is given with `--vocab`"),
            From::Flag | From::Inputs => format!("the vocabulary is {shown}"),
        }
    }

    /// The hint for an input of `n` tokens, more than the model takes.
    pub(crate) fn length_hint(&self, n: usize) -> String {
        match self.length_from {
            From::Program if self.compiled => {
                format!("shorten it, or compile again: `raspc compile FOLDER -o NEW --max-len {n}`")
            }
            From::Program => format!("shorten it, or compile for longer inputs with `--max-len {n}`"),
            From::Flag | From::Inputs => "shorten it, or raise `--max-len`".to_owned(),
        }
    }

    /// Gives diagnostics about the vocabulary their place in the flag that named it.
    pub(crate) fn place(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics {
            if diagnostic.span.is_none() && diagnostic.code == raspc::encode::codes::VOCABULARY {
                diagnostic.span = self.vocab_span;
            }
        }
    }
}

/// Refuses flags that a compiled model has decided already.
pub(crate) fn refuse_for_model(args: &ModelArgs) -> Result<(), Fault> {
    let ModelArgs { vocab, max_len, opt, bos, pad, max_values, max_units, max_bytes, dtype, uncertified } = args;
    let given = [
        ("--vocab", vocab.is_some()),
        ("--max-len", max_len.is_some()),
        ("-O", opt.is_some()),
        ("--bos", bos.is_some()),
        ("--pad", pad.is_some()),
        ("--max-values", max_values.is_some()),
        ("--max-units", max_units.is_some()),
        ("--max-bytes", max_bytes.is_some()),
        ("--dtype", dtype.is_some()),
        ("--uncertified", *uncertified),
    ];
    match given.iter().find(|g| g.1) {
        Some((flag, _)) => Err(Fault::usage(
            format!("`{flag}` cannot change a model that is compiled already"),
            "leave it away, or compile again: `raspc compile FOLDER -o NEW` takes these flags",
        )),
        None => Ok(()),
    }
}
