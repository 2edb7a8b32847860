//! The residual stream as a direct sum of named subspaces.
//!
//! Without an input: who writes and who reads each subspace. With one: what each holds, position by position. Every
//! direction is filled by one half-layer, so that what a half-layer writes is what the stream holds there from then on.

use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::Keep;

use super::diagram::{Cell, Diagram, Grid, Look, Node, Tone};
use super::label::{called, label, number};
use super::parts::{Part, Subspace, parts, read_halves, subspaces};
use super::run::{Shown, run};
use crate::circuit::{Form, ONE};
use crate::compile::Compilation;

const NAME: usize = 34;
/// More subspaces are not drawn one by one.
const MOST: usize = 120;
/// More directions are drawn by subspace.
const MOST_DIRECTIONS: usize = 120;

/// The diagram of the residual stream.
pub(super) fn residual(c: &Compilation, input: Option<&[Value]>) -> Result<Diagram, InputError> {
    let name = called(&c.graph, c.output, NAME);
    let mut diagram = Diagram::new(format!("Residual stream of {name}: {} directions", c.model.config.d_model));
    match input {
        None => table(c, &mut diagram),
        Some(input) => {
            let shown = run(c, input, Keep { residuals: true, patterns: false, mlp: false })?;
            held(c, &shown, &mut diagram);
        }
    }
    Ok(diagram)
}

/// What a half-layer is called: 0 is the embedding.
fn half_name(half: usize) -> String {
    match half {
        0 => "embedding".to_owned(),
        h => format!("layer {} {}", (h - 1) / 2, if h % 2 == 1 { "attention" } else { "MLP" }),
    }
}

fn half_tone(half: usize) -> Tone {
    match half {
        0 => Tone::Input,
        h if h % 2 == 1 => Tone::Attention,
        _ => Tone::Mlp,
    }
}

/// A line for each subspace, a column for each half-layer.
fn table(c: &Compilation, diagram: &mut Diagram) {
    let all = subspaces(c);
    let halves = 2 * c.schedule.layers + 1;
    let parts: Vec<(Part, _)> = parts(c);
    let reads = read_halves(c, &parts, &all);
    diagram.notes = vec![
        "Each line is a subspace: what it holds, its directions, and which half-layer writes (W) and which read (R) it.".to_owned(),
        "The subspaces are orthogonal, and each direction is filled by one half-layer, some on top of a constant of W_E.".to_owned(),
    ];
    if all.len() > MOST {
        diagram.notes.push(format!("The first {MOST} of {} subspaces are shown.", all.len()));
    }
    let band = diagram.band("", Tone::Plain);
    let mut head = vec![Cell::new("holds", Look::Row), Cell::new("directions", Look::Row), Cell::blank()];
    head.extend((0..halves).map(|h| Cell::new(half_name(h), Look::Column)));
    head.push(Cell::new("output", Look::Column));
    let mut rows = vec![head];
    let output: Vec<u32> = c.model.output_readout().decode.forms().into_iter().flatten().map(|t| t.0).collect();
    for (s, read) in all.iter().zip(&reads).take(MOST) {
        let place =
            if s.span.len() == 1 { s.span.start.to_string() } else { format!("{}–{}", s.span.start, s.span.end - 1) };
        let values = values(c, s);
        let mut row = vec![
            Cell::new(label(&s.name, NAME), Look::Row),
            Cell::new(place, Look::Row),
            Cell::new(values, Look::Blank),
        ];
        row.extend((0..halves).map(|h| {
            if h == s.written {
                Cell::new("W", Look::Selected(true))
            } else if read.contains(&h) {
                Cell::new("R", Look::Share(2))
            } else {
                Cell::new("", Look::Share(0))
            }
        }));
        let read_out = output.iter().any(|&d| s.span.contains(&(d as usize)));
        row.push(if read_out { Cell::new("R", Look::Share(2)) } else { Cell::new("", Look::Share(0)) });
        rows.push(row);
    }
    let grids = vec![Grid { rows, ..Grid::default() }];
    diagram.add(Node { key: "residual".to_owned(), band, grids, ..Node::default() });
}

/// The values of a one-hot's directions.
fn values(c: &Compilation, s: &Subspace) -> String {
    if s.span.len() == 1 {
        return String::new();
    }
    let shown: Vec<String> = s.span.clone().take(8).map(|d| label(suffix(c, s, d), 24)).collect();
    let more = if s.span.len() > 8 { ", …" } else { "" };
    label(&format!("{}{more}", shown.join(", ")), 60)
}

/// What a direction stands for within its subspace.
fn suffix<'a>(c: &'a Compilation, s: &Subspace, direction: usize) -> &'a str {
    let text = c.model.labels[direction].as_str();
    text.strip_prefix(s.name.as_str()).and_then(|r| r.strip_prefix(':')).unwrap_or(text)
}

/// What the stream holds after each half-layer.
fn held(c: &Compilation, shown: &Shown, diagram: &mut Diagram) {
    let all = subspaces(c);
    let by_direction = c.model.labels.len() <= MOST_DIRECTIONS;
    diagram.notes = vec![
        "Columns: positions. Rows: directions, under the half-layer that fills them, some on top of a constant of W_E; each stays."
            .to_owned(),
        "Vermillion: positive, blue: negative (marked −); the stronger, the larger.".to_owned(),
    ];
    if !by_direction {
        diagram.notes = vec![
            "Columns: positions. Rows: subspaces, under the half-layer that fills them, some on top of a constant of W_E; each stays.".to_owned(),
            "A one-hot shows the value whose direction is set.".to_owned(),
        ];
    }
    if all.len() > MOST {
        diagram.notes.push(format!("The first {MOST} of {} subspaces are shown.", all.len()));
    }
    diagram.notes.extend(shown.window.note());
    for half in 0..=2 * c.schedule.layers {
        let mine: Vec<&Subspace> = all.iter().take(MOST).filter(|s| s.written == half).collect();
        if mine.is_empty() {
            continue;
        }
        let mut rows = vec![header(shown)];
        let residual = &shown.run.residuals[half];
        for s in mine {
            if by_direction {
                rows.extend(s.span.clone().map(|d| direction(c, shown, residual, d)));
            } else {
                rows.push(subspace(c, shown, residual, s));
            }
        }
        let band = diagram.band(half_name(half), half_tone(half));
        let grids = vec![Grid { rows, ..Grid::default() }];
        diagram.add(Node { key: format!("half.{half}"), band, tone: half_tone(half), grids, ..Node::default() });
    }
}

fn header(shown: &Shown) -> Vec<Cell> {
    let mut row = vec![Cell::new("token", Look::Row)];
    row.extend(shown.positions().into_iter().map(|p| Cell::new(shown.text(p), Look::Value)));
    row
}

fn direction(c: &Compilation, shown: &Shown, residual: &raspc_model::matrix::Matrix, d: usize) -> Vec<Cell> {
    // A value that is kept near a constant, so that sums stay exact, is shown without it.
    let offset = offset(c, d);
    let at = |p: usize| f64::from(residual.row(p)[d]) + offset * f64::from(residual.row(p)[ONE.index()]);
    let most = (0..residual.rows).map(|p| at(p).abs()).fold(1.0, f64::max);
    let name = label(&c.model.labels[d], NAME);
    let name = if offset == 0.0 { name } else { format!("{name} {}", signed(offset)) };
    let mut row = vec![Cell::new(name, Look::Row)];
    row.extend(shown.positions().into_iter().map(|p| match p {
        None => Cell::new("…", Look::Row),
        Some(p) => {
            let x = at(p);
            let text = if x == 0.0 { String::new() } else { number(x).replace("0.", ".").replace('-', "−") };
            Cell::new(text, Look::signed(x, most))
        }
    }));
    row
}

/// `− 96`.
fn signed(x: f64) -> String {
    format!("{} {}", if x < 0.0 { "−" } else { "+" }, number(x.abs()))
}

/// What is added to a direction where its node is read: the constant of the form that is this direction and a constant.
fn offset(c: &Compilation, d: usize) -> f64 {
    let dir = c.layout.direction[d];
    let Some(origin) = c.lowered.circuit.direction(dir).origin else { return 0.0 };
    let onehot = c.lowered.onehots[origin.index()].iter().flat_map(|o| o.classes.iter().map(|k| &k.1).chain(&o.none));
    let number = c.lowered.numbers[origin.index()].iter().map(|n| &n.value);
    let constant = |form: &Form| {
        let mut constant = None;
        for (at, weight) in form.terms() {
            match at {
                ONE => constant = Some(weight),
                at if at == dir && weight == 1.0 => {}
                _ => return None,
            }
        }
        constant.filter(|_| form.dirs().any(|at| at == dir))
    };
    onehot.chain(number).find_map(constant).unwrap_or(0.0)
}

fn subspace(c: &Compilation, shown: &Shown, residual: &raspc_model::matrix::Matrix, s: &Subspace) -> Vec<Cell> {
    let mut row = vec![Cell::new(label(&s.name, NAME), Look::Row)];
    row.extend(shown.positions().into_iter().map(|p| {
        let Some(p) = p else { return Cell::new("…", Look::Row) };
        let at = |d: usize| {
            let row = residual.row(p);
            f64::from(row[d]) + offset(c, d) * f64::from(row[ONE.index()])
        };
        if s.span.len() == 1 {
            return Cell::new(number(at(s.span.start)), Look::Value);
        }
        let set = s.span.clone().filter(|&d| at(d) > 0.5);
        let texts: Vec<&str> = set.map(|d| suffix(c, s, d)).collect();
        Cell::new(label(&texts.join(" "), 9), Look::Value)
    }));
    row
}
