//! What the WebAssembly build is compared with: for every standard program and every program of `suite/`, at both levels of
//! optimisation and under both masks, the SHA-256 of each file of the model folder.
//!
//! `cargo run -p raspc --example model_hashes -- FILE`

use std::fs;
use std::path::Path;

use raspc::compile::compile;
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::{Kind, Mask, NodeId};
use raspc_lang::program::{Program, parse_program};
use raspc_lang::programs::standard_programs;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

fn main() {
    let file = std::env::args().nth(1).expect("the file to write to");
    let mut programs: Vec<(String, String)> =
        standard_programs().iter().map(|p| (p.name.to_owned(), p.source.to_owned())).collect();
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite");
    for entry in fs::read_dir(suite).expect("the suite") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "rasp") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            programs.push((name, fs::read_to_string(&path).expect("readable")));
        }
    }
    programs.sort();
    let cases: Vec<Json> = programs.iter().flat_map(|(name, text)| cases(name, text)).collect();
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

/// The program's s-ops that nothing else of it is made from by name: each is worth a model of its own.
fn outputs(program: &Program) -> Vec<(String, NodeId)> {
    let graph = &program.graph;
    let mut read = vec![false; graph.len()];
    graph.iter().flat_map(|(_, n)| n.op.operands()).for_each(|o| read[o.index()] = true);
    let all = program.bindings.iter().filter(|(_, id)| graph.op(**id).kind() == Kind::SOp && !read[id.index()]);
    all.map(|(name, id)| (name.clone(), *id)).collect()
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
