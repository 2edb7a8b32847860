//! The flow of a program on an input: layer by layer, heads with their selection matrices and what they move, and the
//! tables of what is computed at each position.

use raspc_lang::error::EvalError;
use raspc_lang::graph::{Graph, Kind, Mask, NodeId, Op};
use raspc_lang::interpret::{Trace, interpret};
use raspc_lang::value::Value;

use super::diagram::{Cell, Diagram, Grid, Look, Node, Tone};
use super::label::{called, does, label, value};
use super::paper::{Paper, paper};
use super::selector::variables;
use super::window::Window;
use crate::simplify::reachable;

/// Longest names and values.
const NAME: usize = 34;
const VALUE: usize = 9;
const FORMULA: usize = 60;
/// More layers, and more heads or rows of one layer, are not drawn.
const MOST_LAYERS: usize = 40;
const MOST_HEADS: usize = 24;
const MOST_ROWS: usize = 40;

struct Flow {
    /// The program's graph, its unnamed s-ops numbered.
    graph: Graph,
    trace: Trace,
    paper: Paper,
    needed: Vec<bool>,
    /// By node: the nodes that read it.
    users: Vec<Vec<NodeId>>,
    window: Window,
    causal: bool,
    diagram: Diagram,
    /// By node: the box that holds its values.
    made_in: Vec<Option<usize>>,
    raised: Option<EvalError>,
}

/// The diagram of a flow.
pub(super) fn flow(graph: &Graph, output: NodeId, input: &[Value]) -> Diagram {
    let needed = reachable(graph, output);
    let mut users = vec![Vec::new(); graph.len()];
    for (id, node) in graph.iter().filter(|(id, _)| needed[id.index()]) {
        node.op.operands().into_iter().for_each(|o| users[o.index()].push(id));
    }
    let graph = &numbered(graph, &needed, &users, output);
    let title = format!("{} on an input of length {}", called(graph, output, NAME), input.len());
    let mut flow = Flow {
        graph: graph.clone(),
        trace: interpret(graph, input),
        paper: paper(graph, output),
        needed,
        users,
        window: Window::new(input.len()),
        causal: graph.mask == Mask::Causal,
        diagram: Diagram::new(title),
        made_in: vec![None; graph.len()],
        raised: None,
    };
    flow.diagram.in_order = true;
    flow.inputs();
    flow.feed_forward(0);
    for layer in 1..=flow.paper.heads.len().min(MOST_LAYERS) {
        flow.attention(layer);
        flow.feed_forward(layer);
    }
    flow.output(output);
    flow.notes();
    flow.diagram
}

/// Whether the node is a step that is not worth a row: a constant, or an inner expression of one other step.
fn minor(graph: &Graph, users: &[Vec<NodeId>], id: NodeId) -> bool {
    match graph.op(id) {
        Op::Const(_) => true,
        Op::Map { .. } => {
            let users = &users[id.index()];
            let inner = users.first().is_some_and(|u| matches!(graph.op(*u), Op::Map { .. }));
            graph.node(id).name().is_none() && users.len() == 1 && inner
        }
        _ => false,
    }
}

/// The graph with a number for each s-op that has a row and no name: `(1)`, `(2)`.
fn numbered(graph: &Graph, needed: &[bool], users: &[Vec<NodeId>], output: NodeId) -> Graph {
    let mut named = graph.clone();
    let mut number = 0;
    for (id, node) in graph.iter().filter(|(id, _)| needed[id.index()] && *id != output) {
        let makes = matches!(node.op, Op::Map { .. } | Op::Aggregate { .. } | Op::SelectorWidth(_));
        if makes && node.name().is_none() && !minor(graph, users, id) {
            number += 1;
            named.name(id, &format!("({number})"));
        }
    }
    named
}

impl Flow {
    fn notes(&mut self) {
        let heads = self.paper.heads.iter().map(Vec::len).max().unwrap_or(0);
        let layers = self.paper.heads.len();
        let mut notes = vec![
            format!(
                "{layers} layer{}, at most {heads} head{} in a layer, as \"Thinking Like Transformers\" counts them.",
                plural(layers),
                plural(heads)
            ),
            "Matrices: each row is a query (the position that looks), each column a key (the position looked at); \
             filled cells are selected."
                .to_owned(),
        ];
        if layers > MOST_LAYERS {
            notes.push(format!("The first {MOST_LAYERS} layers are shown, and the output."));
        }
        if self.causal {
            notes.push("Causal: a position sees itself and earlier ones; grey cells are hidden from it.".to_owned());
        }
        notes.extend(self.window.note());
        if let Some(error) = &self.raised {
            notes.push(format!("! marks values that are not defined on this input: {}", label(&error.to_string(), 90)));
        }
        self.diagram.notes = notes;
    }

    fn name(&self, id: NodeId) -> String {
        called(&self.graph, id, NAME)
    }

    /// The node's values at the shown positions.
    fn values(&mut self, id: NodeId, look: Look) -> Vec<Cell> {
        let values = self.trace.values(id).map(<[Value]>::to_vec);
        if let Err(e) = &values {
            self.raised.get_or_insert(e.clone());
        }
        let cell = |at: &Option<usize>| match (&values, at) {
            (_, None) => Cell::new("…", Look::Row),
            (Ok(values), Some(p)) => Cell::new(value(&values[*p], VALUE), look),
            (Err(_), Some(_)) => Cell::new("!", look),
        };
        self.window.shown.iter().map(cell).collect()
    }

    /// A row: its name, its values, and empty cells.
    fn row(&mut self, name: String, id: NodeId, look: Look, blanks: usize) -> Vec<Cell> {
        let mut row = vec![Cell::new(name, Look::Row)];
        row.extend(self.values(id, look));
        row.extend((0..blanks).map(|_| Cell::blank()));
        row
    }

    fn positions(&self) -> Vec<Cell> {
        let cell = |p: &Option<usize>| Cell::new(p.map_or("…".to_owned(), |p| p.to_string()), Look::Column);
        std::iter::once(Cell::new("position", Look::Row)).chain(self.window.shown.iter().map(cell)).collect()
    }

    fn inputs(&mut self) {
        let inputs: Vec<NodeId> = self
            .graph
            .iter()
            .filter(|(id, n)| self.needed[id.index()] && matches!(n.op, Op::Tokens | Op::Indices))
            .map(|(id, _)| id)
            .collect();
        let band = self.diagram.band("input", Tone::Input);
        let mut rows = vec![self.positions()];
        for &id in &inputs {
            let name = self.name(id);
            rows.push(self.row(name, id, Look::Value, 0));
        }
        let grid = Grid { rows, ..Grid::default() };
        let at = self.diagram.add(Node {
            key: "input".to_owned(),
            band,
            tone: Tone::Input,
            title: "input".to_owned(),
            grids: vec![grid],
            ..Node::default()
        });
        self.made(&inputs, at);
    }

    /// Remembers which box holds the nodes' values.
    fn made(&mut self, nodes: &[NodeId], at: usize) {
        for id in nodes {
            self.made_in[id.index()] = Some(at);
        }
    }

    /// Arrows from what holds the nodes' values.
    fn reads(&mut self, nodes: &[NodeId], to: usize) {
        let mut from: Vec<usize> = nodes.iter().filter_map(|n| self.made_in[n.index()]).filter(|&b| b != to).collect();
        from.sort_unstable();
        from.dedup();
        for b in from {
            self.diagram.arrow(b, to, "");
        }
    }

    /// The heads of a layer.
    fn attention(&mut self, layer: usize) {
        let heads = self.paper.heads[layer - 1].clone();
        let band = self.diagram.band(format!("layer {layer} attention"), Tone::Attention);
        for (i, &selector) in heads.iter().enumerate().take(MOST_HEADS) {
            self.head(layer, i, selector, band);
        }
        if heads.len() > MOST_HEADS {
            let title = format!("… {} more heads", heads.len() - MOST_HEADS);
            self.diagram.add(Node { key: String::new(), band, tone: Tone::Attention, title, ..Node::default() });
        }
    }

    fn head(&mut self, layer: usize, i: usize, selector: NodeId, band: usize) {
        let results: Vec<NodeId> = self.users[selector.index()]
            .iter()
            .copied()
            .filter(|&u| self.paper.layer[u.index()] == Some(layer) && self.graph.op(u).kind() == Kind::SOp)
            .collect();
        let (mut keys, queries) = variables(&self.graph, selector);
        let grid = self.matrix(selector, &results, &keys, &queries);
        let title = format!("head {i}: {}", self.name(selector));
        let formula = does(&self.graph, selector, 60);
        let mut lines = if self.graph.node(selector).name().is_some() { vec![formula] } else { Vec::new() };
        let mut moved = Vec::new();
        for &r in &results {
            let (name, formula) = (self.name(r), does(&self.graph, r, FORMULA));
            lines.push(if name == formula { name } else { format!("{name} = {formula}") });
            if let Op::Aggregate { values, default, .. } = self.graph.op(r) {
                moved.push(*values);
                if !default.is_none() {
                    lines.push(format!("  default: {}", value(default, VALUE)));
                }
            }
        }
        let at = self.diagram.add(Node {
            key: selector.to_string(),
            band,
            tone: Tone::Attention,
            title,
            lines,
            grids: vec![grid],
        });
        keys.extend(queries);
        keys.extend(moved);
        self.reads(&keys, at);
        self.made(&results, at);
    }

    /// Keys and what is moved across, queries down, results at the right.
    fn matrix(&mut self, selector: NodeId, results: &[NodeId], keys: &[NodeId], queries: &[NodeId]) -> Grid {
        let left = queries.len().max(1);
        let right = results.len();
        let mut rows = Vec::new();
        let mut header = |flow: &mut Self, name: String, id: Option<NodeId>| {
            let mut row: Vec<Cell> = (1..left).map(|_| Cell::blank()).collect();
            if let Some(id) = id {
                row.extend(flow.row(name, id, Look::Value, right));
            } else {
                row.extend(flow.positions());
                row[left - 1] = Cell::new(name, Look::Row);
                row.extend((0..right).map(|_| Cell::blank()));
            }
            rows.push(row);
        };
        for &key in keys {
            let name = format!("key: {}", self.name(key));
            header(self, name, Some(key));
        }
        if keys.is_empty() {
            header(self, "key: any".to_owned(), None);
        }
        let moved: Vec<NodeId> = results
            .iter()
            .filter_map(|&r| match self.graph.op(r) {
                Op::Aggregate { values, .. } => Some(*values),
                _ => None,
            })
            .collect();
        let mut seen: Vec<NodeId> = Vec::new();
        for id in moved {
            if !seen.contains(&id) {
                seen.push(id);
                let name = format!("moves: {}", self.name(id));
                header(self, name, Some(id));
            }
        }
        rows.push(self.names_of_columns(results, queries));
        self.squares(selector, results, queries, &mut rows);
        Grid { rows, ..Grid::default() }
    }

    /// The line between keys and matrix: the names of the queries at the left, those of the results at the right.
    fn names_of_columns(&self, results: &[NodeId], queries: &[NodeId]) -> Vec<Cell> {
        let mut row: Vec<Cell> =
            queries.iter().map(|&q| Cell::new(format!("query: {}", self.name(q)), Look::Row)).collect();
        if row.is_empty() {
            row.push(Cell::new("query: any", Look::Row));
        }
        row.extend(self.window.shown.iter().map(|_| Cell::blank()));
        row.extend(results.iter().map(|&r| Cell::new(self.name(r), Look::Blank)));
        row
    }

    fn squares(&mut self, selector: NodeId, results: &[NodeId], queries: &[NodeId], rows: &mut Vec<Vec<Cell>>) {
        let mut left: Vec<Vec<Cell>> = queries.iter().map(|&q| self.values(q, Look::Row)).collect();
        if left.is_empty() {
            left.push(self.positions().split_off(1).into_iter().map(|c| Cell { look: Look::Row, ..c }).collect());
        }
        let right: Vec<Vec<Cell>> = results.iter().map(|&r| self.values(r, Look::Result)).collect();
        let pattern = self.trace.pattern(selector).cloned();
        if let Err(e) = &pattern {
            self.raised.get_or_insert(e.clone());
        }
        for (i, q) in self.window.shown.iter().enumerate() {
            let mut row: Vec<Cell> = left.iter().map(|column| column[i].clone()).collect();
            row.extend(self.window.shown.iter().map(|k| match (q, k, &pattern) {
                (Some(q), Some(k), _) if self.causal && k > q => Cell::new("", Look::Hidden),
                (Some(q), Some(k), Ok(p)) => Cell::new("", Look::Selected(p.get(*q, *k))),
                (Some(_), Some(_), Err(_)) => Cell::new("!", Look::Selected(false)),
                _ => Cell::new("…", Look::Row),
            }));
            row.extend(right.iter().map(|column| column[i].clone()));
            rows.push(row);
        }
    }

    /// What is computed at each position of a layer.
    fn feed_forward(&mut self, layer: usize) {
        let mine = |id: NodeId, op: &Op| {
            self.needed[id.index()] && self.paper.layer[id.index()] == Some(layer) && matches!(op, Op::Map { .. })
        };
        let steps: Vec<NodeId> = self
            .graph
            .iter()
            .filter(|(id, n)| mine(*id, &n.op) && !minor(&self.graph, &self.users, *id))
            .map(|(id, _)| id)
            .collect();
        if steps.is_empty() {
            return;
        }
        let mut reads: Vec<NodeId> = Vec::new();
        for &step in &steps {
            let mut todo = self.graph.op(step).operands();
            todo.reverse();
            while let Some(id) = todo.pop() {
                if minor(&self.graph, &self.users, id) {
                    todo.extend(self.graph.op(id).operands().into_iter().rev());
                } else if !reads.contains(&id) && !steps.contains(&id) {
                    reads.push(id);
                }
            }
        }
        let name = if layer == 0 { "element-wise".to_owned() } else { format!("layer {layer} feed-forward") };
        let band = self.diagram.band(name, Tone::Mlp);
        let grid = self.steps(&reads, &steps);
        let title = "at each position".to_owned();
        let key = format!("layer.{layer}.mlp");
        let at = self.diagram.add(Node { key, band, tone: Tone::Mlp, title, grids: vec![grid], ..Node::default() });
        self.reads(&reads, at);
        self.made(&steps, at);
    }

    /// Input rows, then results with what they are.
    fn steps(&mut self, reads: &[NodeId], steps: &[NodeId]) -> Grid {
        let mut header = self.positions();
        header.push(Cell::blank());
        let mut rows = vec![header];
        for &id in reads.iter().take(MOST_ROWS) {
            let name = format!("reads {}", self.name(id));
            rows.push(self.row(name, id, Look::Value, 1));
        }
        for &id in steps.iter().take(MOST_ROWS) {
            let (name, formula) = (self.name(id), does(&self.graph, id, FORMULA));
            let mut row = self.row(name.clone(), id, Look::Result, 0);
            row.push(Cell::new(if name == formula { String::new() } else { format!("= {formula}") }, Look::Blank));
            rows.push(row);
        }
        let left_out = reads.len().saturating_sub(MOST_ROWS) + steps.len().saturating_sub(MOST_ROWS);
        if left_out > 0 {
            let width = rows[0].len();
            let mut row = vec![Cell::new(format!("… {left_out} more rows"), Look::Row)];
            row.resize(width, Cell::blank());
            rows.push(row);
        }
        Grid { rows, ..Grid::default() }
    }

    fn output(&mut self, output: NodeId) {
        let band = self.diagram.band("output", Tone::Plain);
        let name = self.name(output);
        let rows = vec![self.positions(), self.row(name.clone(), output, Look::Result, 0)];
        let grids = vec![Grid { rows, ..Grid::default() }];
        let title = format!("output: {name}");
        let at = self.diagram.add(Node {
            key: output.to_string(),
            band,
            title,
            grids,
            tone: Tone::Plain,
            ..Node::default()
        });
        self.reads(&[output], at);
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}
