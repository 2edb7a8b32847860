//! The attention pattern of every head on an input, keys and queries labelled by what the head compares.

use raspc_lang::graph::{Graph, NodeId};
use raspc_lang::interpret::{Trace, interpret};
use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::Keep;

use super::diagram::{Cell, Diagram, Grid, Look, Node, Tone};
use super::label::{called, fraction, joined, value};
use super::run::{Shown, run};
use super::selector::variables;
use crate::assemble::PlacedHead;
use crate::compile::Compilation;

const NAME: usize = 44;
const VALUE: usize = 9;
/// More heads are not drawn.
const MOST: usize = 48;
/// Weights are written into the cells of inputs of at most this many tokens.
const WRITTEN: usize = 16;

/// The diagram of the patterns.
pub(super) fn attention(c: &Compilation, input: &[Value]) -> Result<Diagram, InputError> {
    let shown = run(c, input, Keep { residuals: false, patterns: true, mlp: false })?;
    let trace = interpret(&c.encoded.graph, input);
    let title = format!("Attention of {} on an input of length {}", called(&c.graph, c.output, NAME), input.len());
    let mut diagram = Diagram::new(title);
    let mut notes = vec![
        "Rows: queries (the position that looks). Columns: keys (the position looked at). Cells: softmax weights; a row \
         adds up to 1."
            .to_owned(),
        "BOS stands before every input: a head whose query selects no key attends to it.".to_owned(),
    ];
    if c.model.config.causal {
        notes.push("Causal: grey cells are hidden from the query.".to_owned());
    }
    notes.extend(shown.window.note());
    let all: Vec<(usize, usize)> =
        c.placement.heads.iter().enumerate().flat_map(|(l, heads)| (0..heads.len()).map(move |h| (l, h))).collect();
    if all.len() > MOST {
        notes.push(format!("The first {MOST} of {} heads are shown.", all.len()));
    }
    diagram.notes = notes;
    let mut bands: Vec<Option<usize>> = vec![None; c.schedule.layers];
    for (l, h) in all.into_iter().take(MOST) {
        let band = *bands[l].get_or_insert_with(|| diagram.band(format!("layer {l}"), Tone::Attention));
        let placed = &c.placement.heads[l][h];
        let (selector, part) = c.lowered.patterns[placed.pattern as usize];
        let graph = &c.encoded.graph;
        let mut lines = vec![format!("computes {}", computed(graph, placed))];
        let through = called(graph, selector, NAME);
        let parts = c.lowered.patterns.iter().filter(|p| p.0 == selector).count();
        lines.push(if parts > 1 { format!("through {through}, part {part}") } else { format!("through {through}") });
        let grid = pattern(&shown, &shown.run.patterns[l][h], (graph, &trace, selector), c.model.config.causal);
        let key = format!("layer.{l}.head.{h}");
        let title = format!("head {h}");
        diagram.add(Node { key, band, tone: Tone::Attention, title, lines, grids: vec![grid] });
    }
    Ok(diagram)
}

fn computed(graph: &Graph, head: &PlacedHead) -> String {
    let mut names: Vec<String> = Vec::new();
    for &o in &head.origins {
        let name = called(graph, o, NAME);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    joined(&names, NAME)
}

/// The weights, with a row for each s-op of the keys above and a column for each of the queries at the left.
fn pattern(
    shown: &Shown,
    weights: &raspc_model::matrix::Matrix,
    (graph, trace, selector): (&Graph, &Trace, NodeId),
    causal: bool,
) -> Grid {
    let positions = shown.positions();
    let (mut keys, mut queries) = variables(graph, selector);
    keys.truncate(4);
    queries.truncate(4);
    let text = |id: NodeId, p: Option<usize>| match (p, trace.values(id)) {
        (None, _) => "…".to_owned(),
        (Some(0), _) => "BOS".to_owned(),
        (Some(p), Ok(values)) => value(&values[p - 1], VALUE),
        (Some(_), Err(_)) => "!".to_owned(),
    };
    let name = |id: NodeId| called(graph, id, NAME);
    let left = queries.len().max(1);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let across = |title: String, texts: Vec<String>, look: Look| {
        let mut row: Vec<Cell> = (1..left).map(|_| Cell::blank()).collect();
        row.push(Cell::new(title, Look::Row));
        row.extend(texts.into_iter().map(|t| Cell::new(t, look)));
        row
    };
    for &key in &keys {
        let texts = positions.iter().map(|&p| text(key, p)).collect();
        rows.push(across(format!("key: {}", name(key)), texts, Look::Value));
    }
    if keys.is_empty() {
        rows.push(across("key".to_owned(), positions.iter().map(|&p| shown.text(p)).collect(), Look::Value));
    }
    let titles = queries.iter().map(|&q| format!("query: {}", name(q)));
    let mut titles: Vec<Cell> = titles.map(|t| Cell::new(t, Look::Row)).collect();
    if titles.is_empty() {
        titles.push(Cell::new("query", Look::Row));
    }
    titles.extend(positions.iter().map(|_| Cell::blank()));
    rows.push(titles);
    for &q in &positions {
        let mut row: Vec<Cell> = queries.iter().map(|&id| Cell::new(text(id, q), Look::Row)).collect();
        if row.is_empty() {
            row.push(Cell::new(shown.text(q), Look::Row));
        }
        row.extend(positions.iter().map(|&k| match (q, k) {
            (Some(q), Some(k)) if causal && k > q => Cell::new("", Look::Hidden),
            (Some(q), Some(k)) => {
                let w = f64::from(weights.row(q)[k]);
                let text = if shown.tokens.len() <= WRITTEN { fraction(w) } else { String::new() };
                Cell::new(text, Look::share(w))
            }
            _ => Cell::new("…", Look::Row),
        }));
        rows.push(row);
    }
    Grid { rows, ..Grid::default() }
}
