//! A diagram as text for Graphviz: one node a box with its tables as an HTML-like label, one cluster a band.

use std::fmt::Write as _;

use super::diagram::{Diagram, Grid, Look, Node};
use super::label::escaped;
use super::paint;

/// The diagram as a DOT document.
pub(super) fn dot(diagram: &Diagram) -> String {
    let mut out = String::from("digraph raspc {\n");
    let head: Vec<String> = std::iter::once(format!("<B>{}</B>", entity(&diagram.title)))
        .chain(diagram.notes.iter().map(|n| entity(n)))
        .collect();
    let _ = writeln!(
        out,
        "  graph [rankdir=TB, labelloc=t, labeljust=l, fontname=\"Helvetica\", label=<{}<BR ALIGN=\"LEFT\"/>>];",
        head.join("<BR ALIGN=\"LEFT\"/>")
    );
    out.push_str("  node [shape=plain, fontname=\"monospace\", fontsize=10];\n");
    let _ = writeln!(out, "  edge [color=\"{}\", fontname=\"Helvetica\", fontsize=9];", paint::DIM);
    let filled = |b: usize| diagram.boxes.iter().any(|n| n.band == b);
    let bands: Vec<usize> = (0..diagram.bands.len()).filter(|&b| filled(b)).collect();
    for &b in &bands {
        let band = &diagram.bands[b];
        let [border, _, fill] = paint::tone(band.tone);
        let framed = !band.label.is_empty();
        if framed {
            let _ = writeln!(out, "  subgraph cluster_{b} {{");
            let _ = writeln!(
                out,
                "    graph [label=<{}>, fontcolor=\"{border}\", style=\"filled,rounded\", color=\"{fill}\", fillcolor=\"{fill}\"];",
                entity(&band.label)
            );
        } else {
            out.push_str("  { rank=same;\n");
        }
        for (i, node) in diagram.boxes.iter().enumerate().filter(|(_, n)| n.band == b) {
            let _ = writeln!(out, "    b{i} [label=<{}>];", table(node));
        }
        out.push_str("  }\n");
    }
    for arrow in &diagram.arrows {
        let label = if arrow.label.is_empty() { String::new() } else { format!(" [label=<{}>]", entity(&arrow.label)) };
        let _ = writeln!(out, "  b{} -> b{}{label};", arrow.from, arrow.to);
    }
    // Bands without arrows between them keep their order.
    for pair in bands.windows(2) {
        let first = |b: usize| diagram.boxes.iter().position(|n| n.band == b).expect("it is filled");
        let _ = writeln!(out, "  b{} -> b{} [style=invis];", first(pair[0]), first(pair[1]));
    }
    out.push_str("}\n");
    out
}

/// Text in an HTML-like label. An empty one is no label to Graphviz.
fn entity(text: &str) -> String {
    if text.is_empty() { " ".to_owned() } else { escaped(text).replace("&#39;", "'") }
}

fn table(node: &Node) -> String {
    let [border, fill, _] = paint::tone(node.tone);
    let mut out = format!(
        "<TABLE BORDER=\"1\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"3\" COLOR=\"{border}\" BGCOLOR=\"{fill}\">"
    );
    let _ = write!(out, "<TR><TD ALIGN=\"LEFT\"><B>{}</B></TD></TR>", entity(&node.title));
    for line in &node.lines {
        let _ = write!(out, "<TR><TD ALIGN=\"LEFT\">{}</TD></TR>", entity(line));
    }
    for g in &node.grids {
        if !g.caption.is_empty() {
            let _ = write!(out, "<TR><TD ALIGN=\"LEFT\">{}</TD></TR>", entity(&g.caption));
        }
        let _ = write!(out, "<TR><TD ALIGN=\"LEFT\">{}</TD></TR>", grid(g));
    }
    out.push_str("</TABLE>");
    out
}

fn grid(grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return " ".to_owned();
    }
    let mut out = String::from("<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"1\" CELLPADDING=\"1\">");
    for row in &grid.rows {
        out.push_str("<TR>");
        for cell in row {
            let ground = paint::ground(cell.look).map_or(String::new(), |c| format!(" BGCOLOR=\"{c}\""));
            let colour = paint::text(cell.look);
            let align = match cell.look {
                Look::Row => " ALIGN=\"RIGHT\"",
                Look::Blank => " ALIGN=\"LEFT\"",
                _ => "",
            };
            let size = if cell.look.is_square() { " WIDTH=\"12\" HEIGHT=\"12\"" } else { "" };
            let text = entity(&cell.text);
            let text = if colour == paint::INK { text } else { format!("<FONT COLOR=\"{colour}\">{text}</FONT>") };
            let _ = write!(out, "<TD{ground}{align}{size}>{text}</TD>");
        }
        out.push_str("</TR>");
    }
    out.push_str("</TABLE>");
    out
}
