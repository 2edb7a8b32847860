//! An observation as people read it.

use crate::console::{Console, Paint};
use crate::matrix::{Drawing, MOST_POSITIONS, selected, weight};
use crate::show;
use crate::subject::Subject;
use crate::table::{self, Row, Tone, left};

use raspc::observe::agree::{ROUGHLY, ROUGHLY_SAYS};
use raspc::observe::{Attention, Machine, Observation, Selector, Sop, Traced};

/// Everything that is shown for one input.
pub(super) fn page(seen: &Observation, machine: &Machine, subject: &Subject, console: &Console) -> String {
    let labels = Labels::of(seen, machine);
    let mut parts = Vec::new();
    if let Some(sop) = &seen.output {
        parts.push(output(seen, sop, console));
    }
    if let Some(selector) = &seen.selector {
        parts.push(pair(selector, &labels, console));
    }
    if let Some(trace) = &seen.trace {
        parts.push(sops(seen, &trace.sops, console));
        parts.extend(patterns(trace, subject, &labels, console));
    }
    parts.join("\n")
}

/// The model's sizes in a line.
pub(super) fn sizes(machine: &Machine, console: &Console) -> String {
    console.paint.dim(&machine.sizes.line())
}

/// What stands beside rows and above columns of matrices.
struct Labels {
    /// The tokens.
    tokens: Vec<String>,
    /// BOS and the tokens.
    with_bos: Vec<String>,
}

impl Labels {
    fn of(seen: &Observation, _machine: &Machine) -> Self {
        let tokens = show::values(&seen.input);
        let with_bos = std::iter::once("BOS".to_owned()).chain(tokens.iter().cloned()).collect();
        Self { tokens, with_bos }
    }
}

/// Input, both outputs, and a mark for each position.
fn output(seen: &Observation, sop: &Sop, console: &Console) -> String {
    if seen.input.is_empty() {
        return "input        no tokens, and so no output\n".to_owned();
    }
    let mut rows = vec![Row::new("input", show::values(&seen.input), Tone::Dim)];
    if let Some(got) = &sop.got {
        rows.push(Row::new("transformer", show::values(got), Tone::Bold));
    }
    if let Ok(expected) = &sop.expected {
        rows.push(Row::new("interpreter", show::values(expected), Tone::Plain));
    }
    let marks = sop.marks.as_ref().map(|marks| judged(sop, marks));
    let coarse = marks.as_ref().is_some_and(|m| m.iter().any(|m| m == ROUGHLY));
    if let Some(marks) = marks {
        rows.push(Row::new("", marks, Tone::Marks));
    }
    let mut text = table::rows(&rows, console.width, console.paint);
    if coarse {
        text += &format!("{ROUGHLY} {ROUGHLY_SAYS}\n");
    }
    text
}

/// A mark for each position.
fn judged(sop: &Sop, marks: &[bool]) -> Vec<String> {
    let roughly = sop.roughly().unwrap_or_default();
    let marked = |(i, &agrees): (usize, &bool)| if roughly.get(i) == Some(&true) { ROUGHLY } else { mark(agrees) };
    marks.iter().enumerate().map(|m| marked(m).to_owned()).collect()
}

fn mark(agrees: bool) -> &'static str {
    if agrees { "✓" } else { "✗" }
}

/// Every s-op on both sides: in one line where all fit, else in two.
fn sops(seen: &Observation, sops: &[Sop], console: &Console) -> String {
    let tokens = show::values(&seen.input);
    let sides: Vec<[Vec<String>; 2]> = sops.iter().map(|s| [expected_cells(s), got_cells(s)]).collect();
    let all = || sides.iter().flatten().chain([&tokens]);
    let widths: Vec<usize> = (0..tokens.len())
        .map(|i| all().filter_map(|c| c.get(i)).map(|c| table::columns(c)).max().unwrap_or(0))
        .collect();
    let label = sops.iter().map(|s| table::columns(&s.name)).chain(["s-op".len()]).max().unwrap_or(0);
    let side = (widths.iter().sum::<usize>() + widths.len()).max("transformer".len() + 1);
    if label + 2 * side + 8 > console.width {
        return stacked(sops, &sides, &tokens, console);
    }
    let cells = |cells: &[String]| -> String {
        let line: String = cells.iter().zip(&widths).map(|(c, &w)| format!(" {}", table::right(c, w))).collect();
        left(&line, side)
    };
    let paint = console.paint;
    let row =
        |a: &str, b: &str, c: &str, d: &str| format!("{}  {}  {} {d}", left(a, label), left(b, side), left(c, side));
    let mut lines = vec![
        paint.bold(row("s-op", " interpreter", " transformer", "").trim_end()),
        paint.dim(row("", &cells(&tokens), &cells(&tokens), "").trim_end()),
    ];
    for (sop, [expected, got]) in sops.iter().zip(&sides) {
        let mark = sop.agree().map_or(String::new(), |a| painted_mark(a, paint));
        lines.push(row(&sop.name, &cells(expected), &cells(got), &mark).trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

fn painted_mark(agrees: bool, paint: Paint) -> String {
    if agrees { paint.good(mark(true)) } else { paint.bad(mark(false)) }
}

fn expected_cells(sop: &Sop) -> Vec<String> {
    match &sop.expected {
        Ok(values) => show::values(values),
        Err(error) => vec![format!("({error})")],
    }
}

fn got_cells(sop: &Sop) -> Vec<String> {
    sop.got.as_deref().map_or_else(|| vec!["(not held)".to_owned()], show::values)
}

fn stacked(sops: &[Sop], sides: &[[Vec<String>; 2]], tokens: &[String], console: &Console) -> String {
    let mut rows = vec![Row::new("input", tokens.to_vec(), Tone::Dim)];
    for (sop, [expected, got]) in sops.iter().zip(sides) {
        rows.push(Row::new(sop.name.clone(), expected.clone(), Tone::Plain));
        rows.push(Row::new("  transformer", got.clone(), Tone::Bold));
        if let Some(marks) = sop.marks.as_ref().filter(|m| m.contains(&false)) {
            rows.push(Row::new("", marks.iter().map(|&m| mark(m).to_owned()).collect(), Tone::Marks));
        }
    }
    table::rows(&rows, console.width, console.paint)
}

/// Each head's matrix, beside that of the selector it realises.
fn patterns(trace: &Traced, subject: &Subject, labels: &Labels, console: &Console) -> Vec<String> {
    let of = |attention: &Attention| {
        let name = attention.head.selector.map(|s| subject.graph.describe(s))?;
        trace.selectors.iter().find(|s| s.name == name)
    };
    let draw = |attention: &Attention| {
        let drawn = head(attention, labels, console);
        match of(attention) {
            Some(s) => table::beside(&matrix(s, labels, console), &drawn, console.width),
            None => drawn,
        }
    };
    trace.heads.iter().map(draw).collect()
}

/// A selector's matrix beside those of the heads that realise it.
fn pair(selector: &Selector, labels: &Labels, console: &Console) -> String {
    let mut text = matrix(selector, labels, console);
    for attention in &selector.heads {
        text = table::beside(&text, &head(attention, labels, console), console.width);
    }
    text += &match (selector.heads.len(), selector.agree) {
        (0, _) => "no head realises this selector on its own\n".to_owned(),
        (_, None) => String::new(),
        (_, Some(true)) => {
            format!("{} the head attends to exactly the selected keys (and BOS)\n", painted_mark(true, console.paint))
        }
        (_, Some(false)) => format!("{} the head attends to other keys\n", painted_mark(false, console.paint)),
    };
    text
}

fn matrix(selector: &Selector, labels: &Labels, console: &Console) -> String {
    let title = format!("selector {}", selector.name);
    match &selector.pattern {
        Err(error) => format!("{title}: {error}\n"),
        Ok(pattern) if pattern.len() > MOST_POSITIONS => too_large(&title, pattern.len()),
        Ok(pattern) => {
            let cell = |q: usize, k: usize| selected(pattern[q][k]);
            Drawing { title, queries: &labels.tokens, keys: &labels.tokens, cell: &cell }.lines(console.paint)
        }
    }
}

/// A head's pattern; the query BOS is left out, since it attends to itself in every head.
fn head(attention: &Attention, labels: &Labels, console: &Console) -> String {
    let title = attention.head.title();
    if labels.tokens.len() > MOST_POSITIONS {
        return too_large(&title, labels.tokens.len());
    }
    let cell = |q: usize, k: usize| weight(attention.pattern[q + 1][k]);
    Drawing { title, queries: &labels.tokens, keys: &labels.with_bos, cell: &cell }.lines(console.paint)
}

fn too_large(title: &str, n: usize) -> String {
    format!("{title}: {n} by {n}, too large to be drawn; `--json` prints it\n")
}
