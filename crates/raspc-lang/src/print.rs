//! Printed graphs: deterministic text, and the short description of a node that messages use.

use crate::graph::{Graph, NodeId};

/// What a user calls the node: its name, else the expression it stands for, shortened.
pub(crate) fn describe(graph: &Graph, id: NodeId) -> String {
    graph.node(id).name().map_or_else(|| id.to_string(), ToString::to_string)
}
