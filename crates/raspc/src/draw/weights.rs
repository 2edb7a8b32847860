//! The weight matrices as heat maps: only rows and columns that hold something, their axes named by what they stand for.
//!
//! W_QK and W_OV stand for the four matrices of a head: what is looked for, and what is moved. A matrix with more rows
//! or columns than a reader can tell apart is shown in bins, each as its largest entry.

use raspc_model::matrix::SparseMatrix;
use raspc_model::model::{Head, Layer};

use super::diagram::{Cell, Diagram, Grid, Look, Node, Tone};
use super::label::{called, label, number, value};
use super::parts::subspaces;
use crate::compile::Compilation;
use crate::convert;
use crate::json::Sizes;

const NAME: usize = 26;
/// Most heads of a layer that are drawn.
const MOST_HEADS: usize = 12;
/// Most squares of a picture, and the least and most that an axis has.
const SQUARES: usize = 40_000;
const SIDE: (usize, usize) = (8, 40);
/// Numbers are written into the cells of matrices with at most this many columns.
const WRITTEN: usize = 14;

/// Names of the rows or columns of a matrix.
struct Names {
    each: Vec<String>,
    /// What bins are named by, where the names are too many.
    groups: Vec<String>,
}

/// An axis: what it is made of, and its names.
type Axis<'a> = (&'static str, &'a Names);

/// The diagram of the weights.
pub(super) fn weights(c: &Compilation) -> Diagram {
    let model = &c.model;
    let config = &model.config;
    let mut diagram = Diagram::new(format!("Weights of {}", called(&c.graph, c.output, NAME)));
    diagram.notes = notes(c);
    let matrices: usize = c.placement.heads.iter().map(|h| 2 * h.len().min(MOST_HEADS) + 2).sum();
    let fits = |side: &usize| side * side * (matrices + 3) <= SQUARES;
    let side = (SIDE.0..=SIDE.1).rev().find(fits).unwrap_or(SIDE.0);
    let stream = stream(c);
    let direction = ("direction", &stream);
    let band = diagram.band("embedding", Tone::Input);
    let vocab = vocabulary(c);
    let positions = Names::each(config.max_len + 1, |p| if p == 0 { "BOS".to_owned() } else { (p - 1).to_string() });
    add(&mut diagram, band, "W_E", heat(&model.w_e, ("token", &vocab), direction, side));
    add(&mut diagram, band, "W_pos", heat(&model.w_pos, ("position", &positions), direction, side));
    for (l, layer) in model.layers.iter().enumerate() {
        attention(c, &mut diagram, (l, layer), &stream, side);
        if !layer.w_in.is_zero() {
            let band = diagram.band(format!("layer {l} MLP"), Tone::Mlp);
            let neurons = Names::each(config.d_mlp, |n| n.to_string());
            let neuron = ("neuron", &neurons);
            add(&mut diagram, band, &format!("layer.{l} W_in"), heat(&layer.w_in, direction, neuron, side));
            add(&mut diagram, band, &format!("layer.{l} W_out"), heat(&layer.w_out, neuron, direction, side));
        }
    }
    let band = diagram.band("output", Tone::Plain);
    let unembed = model.unembed();
    let tokens = model.output_tokens();
    let classes = Names::each(unembed.cols(), |i| match tokens.get(i) {
        Some(t) => value(&convert::value(t), NAME),
        None => ["number", "defined"][i.min(1)].to_owned(),
    });
    add(&mut diagram, band, "W_U", heat(&unembed, direction, ("value", &classes), side));
    diagram
}

fn notes(c: &Compilation) -> Vec<String> {
    let sizes = format!("{}.", Sizes::of(&c.model).line());
    let colours = "Rows and columns of zeros are left out. Vermillion: positive, blue: negative (marked −); the stronger, the larger.";
    let bias = "W_QK holds the bias of the keys too, in the rows of one and bos (it makes padding lose).";
    vec![sizes, colours.to_owned(), bias.to_owned()]
}

/// The two products of each head.
fn attention(c: &Compilation, diagram: &mut Diagram, (l, layer): (usize, &Layer), stream: &Names, side: usize) {
    let used = c.placement.heads[l].len();
    if used == 0 {
        return;
    }
    let band = diagram.band(format!("layer {l} attention"), Tone::Attention);
    for (h, head) in layer.heads.iter().enumerate().take(used.min(MOST_HEADS)) {
        let qk = product(&head.w_q, &keys(head).transposed());
        let ov = product(&head.w_v, &head.w_o);
        let name = format!("layer.{l}.head.{h}");
        add(diagram, band, &format!("{name} W_QK"), heat(&qk, ("query", stream), ("key", stream), side));
        add(diagram, band, &format!("{name} W_OV"), heat(&ov, ("reads", stream), ("writes", stream), side));
    }
    if used > MOST_HEADS {
        let title = format!("… {} more heads", used - MOST_HEADS);
        diagram.add(Node { band, tone: Tone::Attention, title, ..Node::default() });
    }
}

impl Names {
    fn each(count: usize, name: impl Fn(usize) -> String) -> Self {
        let each: Vec<String> = (0..count).map(name).collect();
        Self { groups: each.clone(), each }
    }
}

/// Names of the directions of the residual stream.
fn stream(c: &Compilation) -> Names {
    let mut groups = vec![String::new(); c.model.labels.len()];
    for s in subspaces(c) {
        s.span.for_each(|d| groups[d] = label(&s.name, NAME));
    }
    Names { each: c.model.labels.iter().map(|l| label(l, NAME)).collect(), groups }
}

/// Names of the rows of W_E.
fn vocabulary(c: &Compilation) -> Names {
    Names::each(c.model.vocab.len() + 2, |id| match id - id.min(c.model.vocab.len()) {
        0 if id < c.model.vocab.len() => value(&convert::value(&c.model.vocab[id]), NAME),
        0 => "BOS".to_owned(),
        _ => "PAD".to_owned(),
    })
}

fn add(diagram: &mut Diagram, band: usize, key: &str, grid: Grid) {
    let tone = diagram.bands[band].tone;
    let title = key.strip_prefix("layer.").and_then(|k| k.split_once('.')).map_or(key, |k| k.1).replace('.', " ");
    let title = if key.contains("head") { title } else { key.rsplit(' ').next().unwrap_or(key).to_owned() };
    diagram.add(Node { key: key.to_owned(), band, tone, title, grids: vec![grid], ..Node::default() });
}

/// W_K with its bias in the rows of `one` and `bos`, the first two directions: one of them is 1 at every token, none at
/// PAD, which the bias makes lose.
fn keys(head: &Head) -> SparseMatrix {
    let w_k = &head.w_k;
    let others = w_k.entries().filter(|e| e.0 > 1);
    let mut entries: Vec<(u32, u32, f32)> = others.collect();
    for row in 0..2 {
        for column in 0..w_k.cols() as u32 {
            let bias = head.b_k.iter().find(|b| b.0 == column).map_or(0.0, |b| b.1);
            entries.push((row, column, w_k.get(row as usize, column as usize) + bias));
        }
    }
    SparseMatrix::from_entries(w_k.rows(), w_k.cols(), entries)
}

/// The product of two sparse matrices, with sums in f64 and rounded once.
fn product(a: &SparseMatrix, b: &SparseMatrix) -> SparseMatrix {
    let mut entries = Vec::new();
    let mut sums = vec![0.0_f64; b.cols()];
    for &r in a.stored_rows() {
        let (inner, factors) = a.row(r as usize);
        let mut touched: Vec<u32> = Vec::new();
        for (&i, &x) in inner.iter().zip(factors) {
            let (columns, values) = b.row(i as usize);
            for (&c, &y) in columns.iter().zip(values) {
                sums[c as usize] += f64::from(x) * f64::from(y);
                touched.push(c);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for c in touched {
            let sum = std::mem::take(&mut sums[c as usize]) as f32;
            if sum != 0.0 {
                entries.push((r, c, sum));
            }
        }
    }
    SparseMatrix::from_entries(a.rows(), b.cols(), entries)
}

/// An axis in bins: the bin of each index that holds something, and the names of the bins.
struct Bins {
    of: Vec<Option<usize>>,
    names: Vec<String>,
    binned: bool,
}

fn bins(used: &[bool], axis: &Names, side: usize) -> Bins {
    let indices: Vec<usize> = (0..used.len()).filter(|&i| used[i]).collect();
    let binned = indices.len() > side;
    let count = indices.len().min(side);
    let mut of = vec![None; used.len()];
    let mut names: Vec<String> = vec![String::new(); count];
    let mut last = "";
    for (k, &i) in indices.iter().enumerate() {
        let bin = k * count / indices.len();
        of[i] = Some(bin);
        if !binned {
            names[bin].clone_from(&axis.each[i]);
        } else if names[bin].is_empty() && axis.groups[i] != last {
            names[bin].clone_from(&axis.groups[i]);
            last = &axis.groups[i];
        }
    }
    Bins { of, names, binned }
}

/// A matrix as squares.
fn heat(matrix: &SparseMatrix, rows: Axis, columns: Axis, side: usize) -> Grid {
    let (mut used_rows, mut used_columns) = (vec![false; matrix.rows()], vec![false; matrix.cols()]);
    for (r, c, _) in matrix.entries() {
        used_rows[r as usize] = true;
        used_columns[c as usize] = true;
    }
    let (down, across) = (bins(&used_rows, rows.1, side), bins(&used_columns, columns.1, side));
    let mut largest = vec![vec![0.0_f32; across.names.len()]; down.names.len()];
    for (r, c, x) in matrix.entries() {
        if let (Some(r), Some(c)) = (down.of[r as usize], across.of[c as usize]) {
            let at: &mut f32 = &mut largest[r][c];
            if x.abs() > at.abs() {
                *at = x;
            }
        }
    }
    let most = largest.iter().flatten().fold(0.0_f32, |m, x| m.max(x.abs()));
    let written = !(down.binned || across.binned) && across.names.len() <= WRITTEN;
    let mut head = vec![Cell::new(format!("{} ↓  {} →", rows.0, columns.0), Look::Row)];
    head.extend(across.names.iter().map(|n| Cell::new(n.clone(), Look::Column)));
    let mut all = vec![head];
    for (name, row) in down.names.iter().zip(&largest) {
        let mut cells = vec![Cell::new(name.clone(), Look::Row)];
        cells.extend(row.iter().map(|&x| {
            let text = match x {
                0.0 => String::new(),
                x if written => number(f64::from(x)).replace('-', "−"),
                x if x < 0.0 => "−".to_owned(),
                _ => String::new(),
            };
            Cell::new(text, Look::signed(f64::from(x), f64::from(most)))
        }));
        all.push(cells);
    }
    let shape =
        format!("[{}, {}], {} not zero", grouped(matrix.rows()), grouped(matrix.cols()), grouped(matrix.nonzeros()));
    let caption = if matrix.is_zero() {
        format!("{shape}: nothing")
    } else if down.binned || across.binned {
        format!("{shape}, up to {}; a cell is the largest of several", number(f64::from(most)))
    } else {
        format!("{shape}, up to {}", number(f64::from(most)))
    };
    Grid { caption, rows: if matrix.is_zero() { Vec::new() } else { all } }
}

/// A count with its digits in threes.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
