//! What the WebAssembly build is compared with: for every standard program and every program of `suite/`, at both levels of
//! optimisation and under both masks, the SHA-256 of each file of the model folder.
//!
//! `cargo run -p raspc --example model_hashes -- FILE`

#[path = "support/programs.rs"]
mod programs;

use std::fs;

use programs::{outputs, programs};
use raspc::compile::compile;
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::{Mask, NodeId};
use raspc_lang::program::{Program, parse_program};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

fn main() {
    let file = std::env::args().nth(1).expect("the file to write to");
    let cases: Vec<Json> = programs().iter().flat_map(|(name, text)| cases(name, text)).collect();
    fs::write(file, Json::from(cases).to_string()).expect("written");
}

/// A program's cases: requests as a page makes them, each with the hashes, or with none where it is not compiled.
fn cases(name: &str, text: &str) -> Vec<Json> {
    let mut all = Vec::new();
    for (mask, causal) in [(Mask::Full, false), (Mask::Causal, true)] {
        let program = parse_program(name, text, mask, &mut |p| Err(format!("no file {p}")));
        let program = program.unwrap_or_else(|e| panic!("{name}: {e}"));
        for (opt, level) in [(OptLevel::O0, 0), (OptLevel::O1, 1)] {
            for (sop, id) in outputs(&program) {
                let request = json!({ "source": text, "name": name, "causal": causal, "opt": level, "sop": sop });
                all.extend(hashes(&program, id, opt).map(|hashes| json!({ "request": request, "hashes": hashes })));
            }
        }
    }
    all
}

/// The hash of each file of the model folder; null where the program is not compiled, nothing where it is meant for no
/// vocabulary or length.
fn hashes(program: &Program, output: NodeId, opt: OptLevel) -> Option<Json> {
    let mut options = Options::new(program.vocab.clone()?, program.max_len?);
    options.opt = opt;
    let Ok(compilation) = compile(&program.graph, output, &options) else { return Some(Json::Null) };
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |hex, b| format!("{hex}{b:02x}"));
    let hash = |(name, bytes): (String, Vec<u8>)| (name, Json::from(hex(&Sha256::digest(&bytes))));
    Some(Json::from(compilation.model.to_files().into_iter().map(hash).collect::<Map<String, Json>>()))
}
