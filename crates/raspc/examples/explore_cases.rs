//! What the explorer's own forward pass and interpreter are tested against: for every standard program and every program
//! of `suite/`, at both levels, the page's data and what the Rust side makes of several inputs, as one JSON file each.
//!
//! `cargo run -p raspc --example explore_cases -- FOLDER`

#[path = "support/programs.rs"]
mod programs;

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use programs::{outputs, programs};
use raspc::compile::{Compilation, compile};
use raspc::convert;
use raspc::explore::{Subject, data};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::{Mask, NodeId};
use raspc_lang::interpret::{Column, interpret};
use raspc_lang::program::{Program, parse_program};
use raspc_lang::serial::value_to_json;
use raspc_lang::value::Value;
use raspc_model::forward::Keep;
use serde_json::{Value as Json, json};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder to write to"));
    fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in &programs() {
        for mask in [Mask::Full, Mask::Causal] {
            let program = parse_program(name, text, mask, &mut |p| Err(format!("no file {p}")));
            let program = program.unwrap_or_else(|e| panic!("{name}: {e}"));
            for (opt, level) in [(OptLevel::O0, "O0"), (OptLevel::O1, "O1")] {
                for (binding, id) in outputs(&program) {
                    let Some(case) = case(&program, id, opt) else { continue };
                    let mask = if mask == Mask::Causal { ".causal" } else { "" };
                    let file = folder.join(format!("{name}.{binding}{mask}.{level}.json"));
                    fs::write(file, case.to_string()).expect("written");
                }
            }
        }
    }
}

fn case(program: &Program, output: NodeId, opt: OptLevel) -> Option<Json> {
    let mut options = Options::new(program.vocab.clone()?, program.max_len?);
    options.opt = opt;
    // Under the other mask a program may be refused: then there is no page either.
    let c = compile(&program.graph, output, &options).ok()?;
    let subject =
        Subject { name: "case", compilation: &c, sources: Some(&program.sources), inputs: &[], served: false };
    let mut runs: Vec<Json> = program.example.iter().map(|e| run(&c, &ids_of(&c, e))).collect();
    runs.extend((0..8).map(|seed| run(&c, &sample(&c, seed))));
    Some(json!({ "data": data(&subject), "runs": runs }))
}

fn ids_of(c: &Compilation, tokens: &[Value]) -> Vec<u32> {
    c.model.ids(&tokens.iter().map(convert::token).collect::<Vec<_>>()).expect("in the vocabulary")
}

/// An input by a small generator: lengths from nothing to the longest.
fn sample(c: &Compilation, seed: u64) -> Vec<u32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut draw = |n: usize| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        ((state >> 33) % n as u64) as u32
    };
    let n = if seed == 0 { 0 } else { 1 + draw(c.options.max_len) };
    (0..n).map(|_| draw(c.options.vocab.len())).collect()
}

/// What the Rust side makes of an input: every residual bit by bit, the decoded read-outs, every node of the program.
fn run(c: &Compilation, ids: &[u32]) -> Json {
    let keep = Keep { residuals: true, patterns: true, mlp: true };
    let run = c.model.run(ids, keep).expect("a compiled model runs");
    let bits = |m: &raspc_model::matrix::Matrix| {
        STANDARD.encode(m.data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
    };
    let tokens: Vec<Value> = ids.iter().map(|&i| c.options.vocab[i as usize].clone()).collect();
    let trace = interpret(&c.graph, &tokens);
    let nodes = c.graph.iter().map(|(id, _)| match trace.column(id) {
        Column::Values(v) => json!({ "values": v.iter().map(value_to_json).collect::<Vec<_>>() }),
        Column::Pattern(p) => {
            let row = |q: usize| (0..p.len()).map(|k| p.get(q, k)).collect::<Vec<_>>();
            json!({ "rows": (0..p.len()).map(row).collect::<Vec<_>>() })
        }
        Column::Raised(e) => json!({ "error": e.message() }),
    });
    let decoded = c.model.readouts.iter().map(|r| {
        let values = c.model.decode_node(r, &run).expect("residuals are kept");
        values.iter().map(|t| value_to_json(&convert::value(t))).collect::<Vec<_>>()
    });
    json!({
        "ids": ids,
        "residuals": run.residuals.iter().map(bits).collect::<Vec<_>>(),
        "patterns": run.patterns.iter().map(|l| l.iter().map(bits).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "mlp": run.mlp.iter().map(bits).collect::<Vec<_>>(),
        "nodes": nodes.collect::<Vec<_>>(),
        "decoded": decoded.collect::<Vec<_>>(),
    })
}
