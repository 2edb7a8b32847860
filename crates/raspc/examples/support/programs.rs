//! The programs that other implementations of ours are compared on, and the s-ops of each that are worth a model.

use std::fs;
use std::path::Path;

use raspc_lang::graph::{Kind, NodeId};
use raspc_lang::program::Program;
use raspc_lang::programs::standard_programs;

/// Every standard program and every program of `suite/`: names and texts, in order.
pub(crate) fn programs() -> Vec<(String, String)> {
    let mut programs: Vec<(String, String)> =
        standard_programs().iter().map(|p| (p.name.to_owned(), p.source.to_owned())).collect();
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite");
    for entry in fs::read_dir(suite).expect("the suite") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "rasp") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            programs.push((name, fs::read_to_string(&path).expect("readable")));
        }
    }
    programs.sort();
    programs
}

/// The program's s-ops that nothing else of it is made from by name: each is worth a model of its own.
pub(crate) fn outputs(program: &Program) -> Vec<(String, NodeId)> {
    let graph = &program.graph;
    let mut read = vec![false; graph.len()];
    graph.iter().flat_map(|(_, n)| n.op.operands()).for_each(|o| read[o.index()] = true);
    let all = program.bindings.iter().filter(|(_, id)| graph.op(**id).kind() == Kind::SOp && !read[id.index()]);
    all.map(|(name, id)| (name.clone(), *id)).collect()
}
