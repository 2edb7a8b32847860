//! Programs that are compiled already: a model's folder holds the graph beside the weights.

use std::path::Path;

use raspc::convert;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Kind, NodeId};
use raspc_lang::serial::graph_from_json;
use raspc_lang::source::Sources;
use raspc_lang::value::Value;
use raspc_model::model::Model;

use crate::fault::Fault;
use crate::{codes, files};

use super::Subject;

/// How many tokens the input has that is taken where none is given.
const SHOWN: usize = 8;

/// Reads a model's folder.
pub(super) fn read(path: &Path) -> Result<Subject, Fault> {
    let name = path.display().to_string();
    let damaged = |why: String| {
        let message = format!("the model in `{name}` cannot be read: {why}");
        let diagnostic = Diagnostic::error(codes::MODEL, message).hint("write it again with `raspc compile`");
        Fault::Diagnosed { sources: Sources::new(), diagnostics: vec![diagnostic] }
    };
    let model = Model::from_files(&mut |file| files::bytes(&path.join(file))).map_err(|e| damaged(e.to_string()))?;
    let graph = graph_from_json(&model.graph).map_err(|e| damaged(format!("its graph: {e}")))?;
    let output = NodeId(model.output_readout().node);
    let s_op = |node: u32| (node as usize) < graph.len() && graph.op(NodeId(node)).kind() == Kind::SOp;
    if !model.readouts.iter().all(|r| s_op(r.node)) {
        return Err(damaged("it reads nodes that its graph does not have".to_owned()));
    }
    let named = graph.iter().flat_map(|(id, node)| node.names.iter().map(move |n| (n.to_string(), id)));
    let names = named.collect();
    let vocab: Vec<Value> = model.vocab.iter().map(convert::value).collect();
    let max_len = model.config.max_len;
    // A folder keeps no example; the first tokens of the vocabulary show as much.
    let example = vocab.iter().take(max_len.min(SHOWN)).cloned().collect();
    Ok(Subject {
        name,
        what: "the model",
        sources: Sources::new(),
        graph,
        names,
        output,
        selector: None,
        example: Some(example),
        vocab: Some(vocab),
        max_len: Some(max_len),
        warnings: Vec::new(),
        model: Some(model),
    })
}
