//! What `draw` asks for. The session only says it: who runs the session knows how to draw.

use super::Console;
use super::export::graph_of;
use super::value::text_of;
use crate::graph::{Graph, NodeId};
use crate::value::Value;

/// A picture that a statement has asked for.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// What the reference calls the picture: the s-op with its input, as it is applied.
    pub title: String,
    /// What the s-op is made of; widths are as the library builds them.
    pub graph: Graph,
    /// The s-op.
    pub node: NodeId,
    /// The input.
    pub input: Vec<Value>,
}

impl Console {
    /// The pictures that statements have asked for since this was last called, in their order.
    pub fn take_drawings(&mut self) -> Vec<Drawing> {
        let asked = std::mem::take(&mut self.machine.drawn);
        asked
            .into_iter()
            .map(|(id, input)| {
                let name = self.machine.nodes.name(id).to_owned();
                let (mut graph, node, _) = graph_of(&mut self.machine, id, input.to_vec(), false);
                if graph.node(node).name().is_none() && !graph.op(node).operands().is_empty() {
                    graph.name(node, &name);
                }
                Drawing { title: format!("{name}({})", shown(&input)), graph, node, input: input.to_vec() }
            })
            .collect()
    }
}

/// An input as it is written: a string where it is one, else a list.
fn shown(input: &[Value]) -> String {
    let character = |v: &Value| match v {
        Value::Str(s) if s.chars().nth(1).is_none() => Some(s.to_string()),
        _ => None,
    };
    match input.iter().map(character).collect::<Option<String>>() {
        Some(text) => format!("\"{text}\""),
        None => format!("[{}]", input.iter().map(text_of).collect::<Vec<_>>().join(", ")),
    }
}
