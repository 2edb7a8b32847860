//! Writes what the Python tests of the exporters need: `export_cases FOLDER [NAME…]`.
//!
//! For each program a folder with all exports that are not refused, the inputs, and what interpreter and model say of
//! them (`cases.safetensors`); beside it `index.json`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use raspc::compile::{Compilation, compile};
use raspc::convert;
use raspc::options::Options;
use raspc_lang::graph::Mask;
use raspc_lang::input::parse_vocab;
use raspc_lang::interpret::interpret;
use raspc_lang::program::{Program, evaluate_text, parse_program};
use raspc_lang::programs::standard_program;
use raspc_lang::value::Value;
use raspc_model::export::{ExportError, Format, Sink, export};
use raspc_model::forward::Keep;
use raspc_model::token::Token;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value as Json, json};

/// A program and the inputs it is tried on.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    /// A standard program's name, or a text.
    program: &'static str,
    mask: Mask,
    vocab: &'static str,
    max_len: usize,
    /// Inputs to sample; none: all inputs of every length from 1.
    sampled: Option<usize>,
}

const fn case(name: &'static str, program: &'static str, vocab: &'static str, max_len: usize) -> Case {
    Case { name, program, mask: Mask::Full, vocab, max_len, sampled: None }
}

const fn causal(case: Case) -> Case {
    Case { mask: Mask::Causal, ..case }
}

const fn sampled(case: Case, n: usize) -> Case {
    Case { sampled: Some(n), ..case }
}

const FORMULA: &str =
    "chosen = aggregate(select(tokens, tokens, ==) and not select(indices, indices, <), tokens == \"a\");";
const MIXED: &str = "near = select(indices, indices - 1, ==) or select(tokens, tokens, ==); pairs = selector_width(near and not select(indices, indices, >));";
const GAPS: &str = "gaps = aggregate(select(indices, indices - 2, ==), tokens) if tokens == \"b\" else tokens;";
const NUMBER_OR_NONE: &str = "share = aggregate(select(indices, indices, <), indicator(tokens == \"x\"));";

const CASES: &[Case] = &[
    case("reverse", "reverse", "abc", 5),
    case("hist", "hist", "abc", 5),
    case("sort_unique", "sort_unique", "0..5", 4),
    case("sort", "sort", "0..4", 4),
    case("shuffle_dyck2", "shuffle_dyck2", "(){}", 4),
    case("frac_prevs", "frac_prevs", "abx", 5),
    case("shift_by", "shift_by", "abc", 5),
    case("formula", FORMULA, "abc", 5),
    case("mixed", MIXED, "abc", 5),
    case("gaps", GAPS, "abc", 5),
    case("number_or_none", NUMBER_OR_NONE, "abx", 5),
    causal(case("causal_shift_by", "shift_by", "abc", 5)),
    causal(case("causal_hist", "hist", "abc", 5)),
    causal(case("causal_frac_prevs", "frac_prevs", "abx", 5)),
    causal(case("causal_gaps", GAPS, "abc", 5)),
    causal(case("causal_mixed", MIXED, "abc", 5)),
    sampled(case("reverse_40", "reverse", "abc", 40), 60),
    sampled(case("hist_40", "hist", "abc", 40), 60),
    sampled(case("sort_unique_40", "sort_unique", "0..40", 40), 60),
    sampled(case("sort_40", "sort", "0..10", 40), 60),
    sampled(case("shuffle_dyck2_40", "shuffle_dyck2", "(){}", 40), 60),
    sampled(case("frac_prevs_40", "frac_prevs", "abx", 40), 60),
    sampled(case("formula_40", FORMULA, "abc", 40), 60),
    sampled(causal(case("causal_shift_by_40", "shift_by", "abc", 40)), 60),
    sampled(causal(case("causal_frac_prevs_40", "frac_prevs", "abx", 40)), 60),
    sampled(case("reverse_128", "reverse", "abc", 128), 20),
    sampled(case("hist_128", "hist", "abc", 128), 20),
    sampled(case("sort_128", "sort", "0..10", 128), 20),
    sampled(case("shuffle_dyck2_128", "shuffle_dyck2", "(){}", 128), 20),
    sampled(case("frac_prevs_128", "frac_prevs", "abx", 128), 20),
    sampled(causal(case("causal_shift_by_128", "shift_by", "abc", 128)), 20),
    sampled(causal(case("causal_hist_128", "hist", "abc", 128)), 20),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: export_cases FOLDER [NAME…]")?);
    let names: Vec<String> = arguments.collect();
    let mut index = Vec::new();
    for case in CASES.iter().filter(|c| names.is_empty() || names.iter().any(|n| n == c.name)) {
        let start = std::time::Instant::now();
        index.push(write_case(case, &folder.join(case.name)).map_err(|e| format!("{}: {e}", case.name))?);
        eprintln!("{}: {:.1?}", case.name, start.elapsed());
    }
    fs::write(folder.join("index.json"), format!("{:#}\n", Json::Array(index)))?;
    Ok(())
}

fn write_case(case: &Case, folder: &Path) -> Result<Json, Box<dyn Error>> {
    let compiled = compiled(case)?;
    let mut formats = serde_json::Map::new();
    for format in Format::ALL {
        let mut sink = Folder { path: folder.join(format.name()), file: None };
        let outcome = match export(&compiled.model, format, &compiled.graph.to_string(), &mut sink) {
            Ok(()) => Json::Null,
            Err(ExportError::Refused(refusal)) => json!(refusal.code),
            Err(error) => return Err(error.into()),
        };
        formats.insert(format.name().to_owned(), outcome);
    }
    write_inputs(case, &compiled, folder)?;
    let c = &compiled.model.config;
    Ok(json!({
        "name": case.name,
        "causal": c.causal,
        "max_len": c.max_len,
        "output": compiled.model.output_readout(),
        "bound": bound(&compiled),
        "refused": formats,
        "parameters": compiled.model.parameters(),
        "sizes": [c.n_layers, c.n_heads, c.d_model, c.d_head, c.d_mlp],
    }))
}

fn bound(compiled: &Compilation) -> f64 {
    match &compiled.model.output_readout().decode {
        raspc_model::model::Decode::Categorical { .. } => 0.0,
        raspc_model::model::Decode::Numerical { bound, .. } => *bound,
    }
}

fn compiled(case: &Case) -> Result<Compilation, Box<dyn Error>> {
    let loader = &mut |_: &str| Err("no files here".to_owned());
    let program: Program = match standard_program(case.program) {
        Some(p) => parse_program(p.name, p.source, case.mask, loader)?,
        None => evaluate_text(case.program, case.mask, loader)?,
    };
    let vocab = parse_vocab(case.vocab).map_err(|d| d.to_string())?;
    let output = program.output.ok_or("the program has no output")?;
    let options = Options::new(vocab, case.max_len);
    compile(&program.graph, output, &options).map_err(|all| format!("{all:#?}").into())
}

/// Inputs as ids, padded; the interpreter's output; the model's logits and last residual.
fn write_inputs(case: &Case, compiled: &Compilation, folder: &Path) -> Result<(), Box<dyn Error>> {
    let model = &compiled.model;
    let (vocab, width) = (compiled.options.vocab.len(), case.max_len + 1);
    let inputs = match case.sampled {
        None => all_inputs(vocab, case.max_len),
        Some(n) => sampled_inputs(vocab, case.max_len, n),
    };
    let tokens = model.output_tokens();
    let classes: BTreeMap<_, i32> = tokens.iter().map(Token::key).zip(0..).collect();
    let columns = model.output_readout().decode.forms().len();
    let (mut ids, mut lengths, mut expected, mut logits, mut residual) = (vec![], vec![], vec![], vec![], vec![]);
    for input in &inputs {
        let values: Vec<Value> = input.iter().map(|&i| compiled.options.vocab[i as usize].clone()).collect();
        let trace = interpret(&compiled.graph, &values);
        let Ok(said) = trace.values(compiled.output) else { continue };
        let run = model.run(input, Keep::default())?;
        lengths.push(run.n as i32);
        for position in 0..width {
            ids.push(*run.ids.get(position).unwrap_or(&model.pad_id()) as i32);
            let value = position.checked_sub(1).and_then(|p| said.get(p)).map(convert::token);
            expected.push(match value {
                None => f64::NEG_INFINITY,
                Some(token) if tokens.is_empty() => token.number().unwrap_or(f64::NAN),
                Some(token) => f64::from(classes[&token.key()]),
            });
            if position < run.n {
                logits.extend(model.logits(run.last.row(position)));
                residual.extend_from_slice(run.last.row(position));
            } else {
                logits.extend(std::iter::repeat_n(0.0, columns));
                residual.extend(std::iter::repeat_n(0.0, model.config.d_model));
            }
        }
    }
    let n = lengths.len();
    let tensors = [
        ("ids", Dtype::I32, vec![n, width], bytes(&ids, i32::to_le_bytes)),
        ("lengths", Dtype::I32, vec![n], bytes(&lengths, i32::to_le_bytes)),
        ("expected", Dtype::F64, vec![n, width], bytes(&expected, f64::to_le_bytes)),
        ("logits", Dtype::F32, vec![n, width, columns], bytes(&logits, f32::to_le_bytes)),
        ("residual", Dtype::F32, vec![n, width, model.config.d_model], bytes(&residual, f32::to_le_bytes)),
    ];
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>();
    safetensors::serialize_to_file(views?, None, &folder.join("cases.safetensors"))?;
    Ok(())
}

fn bytes<T: Copy, const N: usize>(values: &[T], of: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&v| of(v)).collect()
}

fn all_inputs(vocab: usize, longest: usize) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = Vec::new();
    let mut last = vec![Vec::new()];
    for _ in 0..longest {
        let longer = |input: &Vec<u32>| (0..vocab as u32).map(|id| [&input[..], &[id]].concat()).collect::<Vec<_>>();
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Inputs of random lengths, every fourth as long as possible; every third without repetitions where there are enough tokens.
fn sampled_inputs(vocab: usize, longest: usize, n: usize) -> Vec<Vec<u32>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    (0..n)
        .map(|i| {
            let length = if i % 4 == 0 { longest } else { 1 + below(longest) };
            let mut unused: Vec<u32> = (0..vocab as u32).collect();
            let distinct = i % 3 == 0 && length <= vocab;
            (0..length)
                .map(|_| if distinct { unused.swap_remove(below(unused.len())) } else { below(vocab) as u32 })
                .collect()
        })
        .collect()
}

/// A folder of files, written as they come.
struct Folder {
    path: PathBuf,
    file: Option<io::BufWriter<fs::File>>,
}

impl Sink for Folder {
    fn begin(&mut self, name: &str, _bytes: u64) -> io::Result<()> {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("a folder"))?;
        self.file = Some(io::BufWriter::new(fs::File::create(path)?));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_mut().expect("a file was begun").write_all(bytes)
    }
}
