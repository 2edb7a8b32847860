//! The command line's words: every command, flag and default, as clap reads them.
//!
//! One struct a group of flags, so that a flag means the same wherever it is accepted. Nothing is resolved here: a flag
//! that was not given is `None`, and `settings` says what then holds.

mod language;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use raspc_model::export::Format;

pub(crate) use self::language::{FmtArgs, ReplArgs, TestArgs};

/// Compile RASP programs into the weights of exact transformers.
#[derive(Debug, Parser)]
#[command(
    name = "raspc",
    version,
    disable_help_subcommand = true,
    after_help = "`raspc help CODE` explains a diagnostic such as E0101; `raspc list` shows the standard programs."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Whether to use colours [default: only on a terminal, and not where NO_COLOR is set].
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = false)]
    pub(crate) color: Option<ColorWhen>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile a program, run the transformer, and show its output beside the interpreter's.
    Run(RunArgs),
    /// Compile a program and write the model as a folder.
    Compile(CompileArgs),
    /// Check that interpreter, circuit and transformer agree at every named node and position.
    Verify(VerifyArgs),
    /// Tell the six steps of a compilation, in words and tables.
    Explain(ExplainArgs),
    /// Show a program turning into a transformer and running, as one self-contained page.
    Explore(ExploreArgs),
    /// Write the model in the format of another runtime.
    Export(ExportArgs),
    /// Check the expectations written into programs (`#? rev("abc") = [c, b, a]`) on interpreter and transformer.
    Test(TestArgs),
    /// Lay out programs in one way, comments kept.
    Fmt(FmtArgs),
    /// A session: statements of RASP and what they mean on an example input.
    Repl(ReplArgs),
    /// Draw a program, its run on an input, or the transformer it becomes.
    Draw(DrawArgs),
    /// Serve an editor: the language server protocol on standard input and output.
    Lsp,
    /// List the standard programs, or show the source of one.
    List(ListArgs),
    /// Explain a diagnostic's code, or a command.
    Help(HelpArgs),
    /// Print the completions of a shell.
    Completions(CompletionsArgs),
}

/// Which program, and which of its s-ops.
#[derive(Debug, Args)]
pub(crate) struct ProgramArgs {
    /// A `.rasp` file, the name of a standard program (see `raspc list`), or the folder of a compiled model.
    #[arg(value_name = "PROGRAM", required_unless_present = "eval")]
    pub(crate) program: Option<String>,
    /// The program itself, in place of PROGRAM: an expression, or statements.
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) eval: Option<String>,
    /// The s-op or selector to compile [default: the last one defined].
    #[arg(long, value_name = "NAME")]
    pub(crate) sop: Option<String>,
    /// Let each position see itself and earlier ones only.
    #[arg(long)]
    pub(crate) causal: bool,
}

/// What the model is compiled for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Compilation")]
pub(crate) struct ModelArgs {
    /// The tokens: a range (`0..40`, `0..=9`), a list (`a,b,c`), a JSON array or string, or characters
    /// [default: the program's, else the inputs' tokens].
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    pub(crate) vocab: Option<String>,
    /// The longest input, without BOS [default: the program's, else the longest input's].
    #[arg(long, value_name = "N")]
    pub(crate) max_len: Option<usize>,
    /// How small the model is made: 0 keeps one block for each operation as written, 1 optimises all but named nodes
    /// [default: 1].
    #[arg(short = 'O', long = "opt", value_name = "LEVEL")]
    pub(crate) opt: Option<Opt>,
    /// Text of the token that begins every input [default: compiler_bos].
    #[arg(long, value_name = "TEXT")]
    pub(crate) bos: Option<String>,
    /// Text of the token that fills a batch [default: compiler_pad].
    #[arg(long, value_name = "TEXT")]
    pub(crate) pad: Option<String>,
    /// Most values or tuples enumerated for one node; more is an error.
    #[arg(long, value_name = "N")]
    pub(crate) max_values: Option<usize>,
    /// Most hidden units of one block; more is an error.
    #[arg(long, value_name = "N")]
    pub(crate) max_units: Option<usize>,
    /// Most bytes of stored weights, estimated before any is made; more is an error.
    #[arg(long, value_name = "N")]
    pub(crate) max_bytes: Option<u64>,
    /// The float type of the runtime's matrix products [default: float32].
    #[arg(long, value_name = "TYPE")]
    pub(crate) dtype: Option<FloatType>,
    /// Make a model even where it cannot be certified; its folder says so.
    #[arg(long)]
    pub(crate) uncertified: bool,
}

/// How small the model is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Opt {
    /// One block and one labelled subspace for each operation as written.
    #[value(name = "0")]
    O0,
    /// Every named node stays readable; the rest is optimised.
    #[value(name = "1")]
    O1,
}

/// A float type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FloatType {
    /// 32 bits, with true 32-bit products.
    #[value(alias = "f32")]
    Float32,
    /// 32 bits, products of 11 significant bits.
    Tf32,
    /// 16 bits, 11 of them significant.
    #[value(alias = "f16")]
    Float16,
    /// 16 bits, 8 of them significant.
    #[value(alias = "bf16")]
    Bfloat16,
}

/// How the words of the command line become inputs.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Read inputs as characters, one token each, whatever they start with.
    #[arg(long, conflicts_with = "words")]
    pub(crate) chars: bool,
    /// Split inputs at blanks, numbers as numbers.
    #[arg(long)]
    pub(crate) words: bool,
}

/// `raspc run`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc run [OPTIONS] <PROGRAM> [INPUT]...\n       raspc run [OPTIONS] -e <TEXT> [INPUT]...",
    after_help = "Exit status: 0 when transformer and interpreter agree everywhere, 1 when they do not or the program or an \
                  input is at fault, 2 for wrong usage."
)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Inputs: characters, or JSON where it starts with `[` or `"`; `-` reads one a line [default: the program's example].
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Show every named s-op on both sides, and every head's attention pattern.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Print one JSON object an input.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// `raspc compile`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc compile [OPTIONS] <PROGRAM> -o <DIR>\n       raspc compile [OPTIONS] -e <TEXT> -o <DIR>"
)]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// The folder to write; a model that is there already is replaced.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Print the sizes as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// `raspc verify`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc verify [OPTIONS] <PROGRAM>\n       raspc verify [OPTIONS] -e <TEXT>",
    after_help = "Exit status: 0 when everything agrees, 1 when something does not, 2 for wrong usage."
)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// How many inputs: all are checked when there are at most this many, else this many are sampled.
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) samples: u64,
    /// Seed of the samples.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// `raspc explain`
#[derive(Debug, Args)]
#[command(override_usage = "raspc explain [OPTIONS] <PROGRAM>\n       raspc explain [OPTIONS] -e <TEXT>")]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Print one stage as deterministic text, instead of the whole story.
    #[arg(long, value_name = "STAGE")]
    pub(crate) emit: Option<Emit>,
    /// Print the story's stages as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// A stage of a compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// (1) the computational graph
    Graph,
    /// (2) value sets and encodings
    Encoded,
    /// (3) blocks
    Circuit,
    /// (4) layers
    Schedule,
    /// (5) and (6): residual stream and weights
    Model,
    /// what is proved of the model: error and margin of each node
    Certificate,
}

/// `raspc explore`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc explore [OPTIONS] <PROGRAM> [INPUT]...\n       raspc explore [OPTIONS] -e <TEXT> [INPUT]...",
    after_help = "The page needs no network and no other file; inputs can also be typed into it. Without -o and --serve it is \
                  written to a temporary folder and opened in the browser."
)]
pub(crate) struct ExploreArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Inputs: characters, or JSON where it starts with `[` or `"`; `-` reads one a line [default: the program's example].
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The file to write [default: a temporary one, opened in the browser].
    #[arg(short, long, value_name = "FILE", conflicts_with = "serve")]
    pub(crate) output: Option<PathBuf>,
    /// Serve the page on the loopback address until interrupted; raspc itself runs the inputs it is asked for.
    #[arg(long)]
    pub(crate) serve: bool,
    /// The port to serve on [default: one that is free].
    #[arg(long, value_name = "PORT", requires = "serve")]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// `raspc draw`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc draw [OPTIONS] <PROGRAM> [INPUT] -o <FILE>\n       raspc draw [OPTIONS] -e <TEXT> [INPUT] -o <FILE>"
)]
pub(crate) struct DrawArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// The input of a view that shows a run [default: the program's example].
    #[arg(value_name = "INPUT")]
    pub(crate) input: Option<String>,
    #[command(flatten)]
    pub(crate) mode: InputArgs,
    /// What to draw.
    #[arg(long, value_name = "VIEW", default_value = "flow")]
    pub(crate) view: DrawView,
    /// The picture to write: a name that ends in `.svg`, or in `.dot` for Graphviz; `-` writes SVG to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DrawView {
    /// layers and heads on an input, as "Thinking Like Transformers" draws them
    Flow,
    /// the computational graph, with value sets and encodings
    Graph,
    /// the transformer's layers: what each head and group of neurons computes
    Layers,
    /// the subspaces of the residual stream; with an INPUT, what they hold after each half-layer
    Residual,
    /// the attention pattern of every head on an input
    Attention,
    /// the weight matrices
    Weights,
}

/// `raspc export`
#[derive(Debug, Args)]
#[command(
    override_usage = "raspc export [OPTIONS] <PROGRAM> --format <FORMAT> -o <PATH>\n       raspc export [OPTIONS] -e <TEXT> --format <FORMAT> -o <PATH>",
    after_help = "Exit status: 0 when it is written, 1 when the program is at fault or the format cannot represent the model \
                  exactly, 2 for wrong usage. Whatever fails, nothing half-written is left."
)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// The format.
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) format: Format,
    /// The file (onnx, safetensors) or folder to write; an older export that is there already is replaced.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: PathBuf,
    /// Print what was written as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// Reads the name of a format.
fn formats() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|f| PossibleValue::new(f.name()).help(f.summary()));
    PossibleValuesParser::new(values).map(|name| Format::from_name(&name).expect("one of the possible values"))
}

/// `raspc list`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// A standard program, to see its source.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `raspc help`
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// A code such as E0101, `codes` for all of them, or a command.
    #[arg(value_name = "CODE|COMMAND")]
    pub(crate) topic: Option<String>,
    /// Everything at once as JSON: the language, its library, the commands and all codes.
    #[arg(long, conflicts_with = "topic")]
    pub(crate) json: bool,
}

/// `raspc completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
