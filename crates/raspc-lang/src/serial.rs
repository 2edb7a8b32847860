//! Graphs to and from JSON: what a model folder carries, so that everything works on a folder somebody sent you.
//!
//! Built-in expressions keep their structure (in postfix, so nothing is nested deeply); functions of the host language
//! become tables over the argument tuples that can occur. Spans are left out. **Invariant:** whatever is read has passed
//! every check that [`Graph::check`] makes; hostile input is an error, costs memory in proportion to its size, and never
//! recurses by its depth.

mod function;
mod value;

use serde_json::{Map, Value as Json, json};

use crate::error::EvalError;
use crate::function::{Body, Function};
use crate::graph::{Graph, Kind, Mask, Node, NodeId, Op, Predicate};
use crate::value::Value;

use self::function::{function_from_json, function_to_json};
use self::value::value_from_json;

pub use self::value::{TextObject, value_to_json};

/// Version of the format.
const FORMAT: u64 = 1;

/// Says for which argument tuples a node's host function (or predicate: key and query) is to be tabulated.
pub type Tabulate<'a> = dyn FnMut(NodeId) -> Option<Vec<Vec<Value>>> + 'a;

impl Graph {
    /// The graph with host functions replaced by tables. Each is called once for each of its tuples (an element-wise
    /// one not for tuples with none, which it never sees); what it raises is kept. One without tuples stays.
    ///
    /// # Panics
    /// When a tuple is not as long as the function has arguments.
    #[must_use]
    pub fn with_tables(&self, tabulate: &mut Tabulate) -> Self {
        let mut graph = self.clone();
        for (id, node) in self.iter() {
            let (function, strict) = match &node.op {
                Op::Map { function, .. } => (function, true),
                Op::Select { predicate: Predicate::Function(function), .. } => (function, false),
                _ => continue,
            };
            if !matches!(function.body, Body::Host(_)) {
                continue;
            }
            let Some(mut tuples) = tabulate(id) else { continue };
            tuples.retain(|t| !(strict && t.contains(&Value::None)));
            let table = function.tabulated(tuples);
            match &mut graph.node_mut(id).op {
                Op::Map { function, .. } | Op::Select { predicate: Predicate::Function(function), .. } => {
                    *function = table;
                }
                _ => unreachable!("it is the same operation"),
            }
        }
        graph
    }
}

impl Function {
    /// The same function as a table over these argument tuples; each distinct one is asked once.
    fn tabulated(&self, tuples: Vec<Vec<Value>>) -> Self {
        let mut table: indexmap::IndexMap<Vec<Value>, Result<Value, EvalError>> = indexmap::IndexMap::new();
        for tuple in tuples {
            if !table.contains_key(&tuple) {
                let result = self.apply(&tuple);
                table.insert(tuple, result);
            }
        }
        Self { arity: self.arity, body: Body::Table(table.into()) }
    }
}

/// The graph as JSON. Host functions are tabulated as by [`Graph::with_tables`]; one without tuples is written by name, and
/// raises when a graph that was read calls it.
pub fn graph_to_json(graph: &Graph, tabulate: &mut Tabulate) -> Json {
    let graph = graph.with_tables(tabulate);
    let nodes: Vec<Json> = graph.iter().map(|(_, node)| node_to_json(node)).collect();
    json!({ "format": FORMAT, "mask": graph.mask, "nodes": nodes })
}

fn node_to_json(node: &Node) -> Json {
    let mut json = match &node.op {
        Op::Tokens => json!({ "op": "tokens" }),
        Op::Indices => json!({ "op": "indices" }),
        Op::Const(v) => json!({ "op": "const", "value": value_to_json(v) }),
        Op::Map { function, args } => json!({ "op": "map", "args": args, "function": function_to_json(function) }),
        Op::Select { keys, queries, predicate } => {
            let predicate = match predicate {
                Predicate::Compare(c) => json!({ "compare": c }),
                Predicate::Function(f) => json!({ "function": function_to_json(f) }),
            };
            json!({ "op": "select", "keys": keys, "queries": queries, "predicate": predicate })
        }
        Op::And(a, b) => json!({ "op": "and", "args": [a, b] }),
        Op::Or(a, b) => json!({ "op": "or", "args": [a, b] }),
        Op::Not(a) => json!({ "op": "not", "args": [a] }),
        Op::Aggregate { selector, values, default } => json!({
            "op": "aggregate", "selector": selector, "values": values, "default": value_to_json(default),
        }),
        Op::SelectorWidth(a) => json!({ "op": "selector_width", "args": [a] }),
    };
    if !node.names.is_empty() {
        json["names"] = node.names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().into();
    }
    if let Some(annotation) = node.annotation {
        json["annotation"] = json!(annotation);
    }
    json
}

/// Reads a graph.
///
/// # Errors
/// A message that names the node and what is wrong with it.
pub fn graph_from_json(json: &Json) -> Result<Graph, String> {
    let json = object(json, "a graph")?;
    if json.get("format").and_then(Json::as_u64) != Some(FORMAT) {
        return Err(format!("the graph is not of format {FORMAT}"));
    }
    let mut graph = Graph::new(read::<Mask>(json, "mask")?);
    for (i, node) in array(field(json, "nodes")?, "nodes")?.iter().enumerate() {
        add_node(&mut graph, node).map_err(|e| format!("node {i}: {e}"))?;
    }
    Ok(graph)
}

fn add_node(graph: &mut Graph, json: &Json) -> Result<(), String> {
    let json = object(json, "a node")?;
    let op = op_from_json(graph, json)?;
    let id = graph.push(op, None);
    for name in json.get("names").map_or(Ok(&[][..]), |names| array(names, "names"))? {
        graph.name(id, name.as_str().ok_or("a name is a string")?);
    }
    if json.contains_key("annotation") {
        graph.node_mut(id).annotation = Some(read(json, "annotation")?);
    }
    Ok(())
}

fn op_from_json(graph: &Graph, json: &Map<String, Json>) -> Result<Op, String> {
    let sop = |name| operand(graph, field(json, name)?, Kind::SOp);
    let selectors = |count: usize| {
        let args = operands(graph, json, Kind::Selector)?;
        if args.len() == count { Ok(args) } else { Err(format!("it takes {count} selectors, not {}", args.len())) }
    };
    let name = field(json, "op")?.as_str().ok_or("op is a string")?;
    Ok(match name {
        "tokens" => Op::Tokens,
        "indices" => Op::Indices,
        "const" => Op::Const(value_from_json(field(json, "value")?)?),
        "map" => {
            let args = operands(graph, json, Kind::SOp)?;
            if args.is_empty() {
                return Err("a map has an argument".to_owned());
            }
            Op::Map { function: function_from_json(field(json, "function")?, args.len())?, args }
        }
        "select" => {
            let predicate = predicate_from_json(object(field(json, "predicate")?, "a predicate")?)?;
            Op::Select { keys: sop("keys")?, queries: sop("queries")?, predicate }
        }
        "and" => selectors(2).map(|args| Op::And(args[0], args[1]))?,
        "or" => selectors(2).map(|args| Op::Or(args[0], args[1]))?,
        "not" => selectors(1).map(|args| Op::Not(args[0]))?,
        "aggregate" => Op::Aggregate {
            selector: operand(graph, field(json, "selector")?, Kind::Selector)?,
            values: sop("values")?,
            default: value_from_json(field(json, "default")?)?,
        },
        "selector_width" => selectors(1).map(|args| Op::SelectorWidth(args[0]))?,
        _ => return Err(format!("there is no operation {name:?}")),
    })
}

fn predicate_from_json(json: &Map<String, Json>) -> Result<Predicate, String> {
    match json.get("function") {
        Some(function) => Ok(Predicate::Function(function_from_json(function, 2)?)),
        None => Ok(Predicate::Compare(read(json, "compare")?)),
    }
}

/// An operand: a node of this kind that is there already.
fn operand(graph: &Graph, json: &Json, kind: Kind) -> Result<NodeId, String> {
    let id = json.as_u64().and_then(|i| u32::try_from(i).ok()).map(NodeId).filter(|id| id.index() < graph.len());
    let id = id.ok_or_else(|| format!("{json} is no earlier node"))?;
    if graph.op(id).kind() == kind { Ok(id) } else { Err(format!("it reads {id}, which is no {kind:?}")) }
}

fn operands(graph: &Graph, json: &Map<String, Json>, kind: Kind) -> Result<Vec<NodeId>, String> {
    array(field(json, "args")?, "args")?.iter().map(|a| operand(graph, a, kind)).collect()
}

fn field<'a>(json: &'a Map<String, Json>, name: &str) -> Result<&'a Json, String> {
    json.get(name).ok_or_else(|| format!("{name:?} is missing"))
}

fn object<'a>(json: &'a Json, what: &str) -> Result<&'a Map<String, Json>, String> {
    json.as_object().ok_or_else(|| format!("{what} is an object"))
}

fn array<'a>(json: &'a Json, what: &str) -> Result<&'a [Json], String> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| format!("{what} is an array"))
}

/// A field that is one of a fixed set of words.
fn read<T: serde::de::DeserializeOwned>(json: &Map<String, Json>, name: &str) -> Result<T, String> {
    word(field(json, name)?).map_err(|e| format!("{name}: {e}"))
}

/// One of a fixed set of words. Anything longer is refused before it is copied.
fn word<T: serde::de::DeserializeOwned>(json: &Json) -> Result<T, String> {
    let text = json.as_str().filter(|s| s.len() < 64).ok_or("it is a word")?;
    serde_json::from_value(Json::from(text)).map_err(|e| e.to_string())
}
