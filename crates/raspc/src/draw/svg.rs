//! A diagram as SVG: well-formed XML without scripts, styles, links or identifiers, so that it can stand alone, in a
//! paper, or in a page beside others.
//!
//! Boxes carry `data-key`: what they stand for, for a page that links pictures with each other.

use std::fmt::Write as _;

use super::diagram::{Cell, Diagram, Grid, Look, Node, Tone};
use super::label::{escaped, width};
use super::layout::{LABEL, Laid, Place, lay_out};
use super::paint;
use super::table::{LEADING, Measured, PAD, TEXT, TITLE, above, measure, size};

/// Around everything.
const MARGIN: f64 = 16.0;
/// Size of the title.
const HEAD: f64 = 15.0;
/// Size of the notes.
const NOTE: f64 = 11.0;
/// Around the boxes of a band.
const BAND: f64 = 9.0;
/// Fonts that every system has one of.
const MONO: &str = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace";
const SANS: &str = "DejaVu Sans,Helvetica,Arial,sans-serif";

/// The diagram as an SVG document.
pub(super) fn svg(diagram: &Diagram) -> String {
    let sizes = sizes(diagram);
    let laid = lay_out(diagram, &sizes);
    let names = diagram.bands.iter().map(|b| width(&b.label, TEXT)).fold(0.0, f64::max);
    let names = if names > 0.0 { names + 22.0 } else { 0.0 };
    let head = MARGIN + HEAD + 6.0 + diagram.notes.len() as f64 * LEADING + 12.0;
    let texts = diagram.notes.iter().map(|n| width(n, NOTE)).chain([width(&diagram.title, HEAD)]).fold(0.0, f64::max);
    let total = (names + laid.size.0 + 2.0 * BAND).max(texts) + 2.0 * MARGIN;
    let height = head + laid.size.1 + 2.0 * BAND + MARGIN;
    let mut out = String::new();
    let (w, h) = (n(total), n(height));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" font-family=\"{MONO}\" \
         fill=\"{}\">",
        paint::INK
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&diagram.title));
    let _ = writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", paint::PAPER);
    let _ = writeln!(out, "<g font-family=\"{SANS}\">");
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{HEAD}\" font-weight=\"bold\">{}</text>",
        n(MARGIN),
        n(MARGIN + HEAD - 3.0),
        escaped(&diagram.title)
    );
    for (i, note) in diagram.notes.iter().enumerate() {
        let y = MARGIN + HEAD + 6.0 + (i as f64 + 0.7) * LEADING;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{NOTE}\" fill=\"{}\">{}</text>",
            n(MARGIN),
            n(y),
            paint::DIM,
            escaped(note)
        );
    }
    out.push_str("</g>\n");
    // Where the text above is wider, the boxes stand in the middle.
    let spare = total - 2.0 * MARGIN - names - 2.0 * BAND - laid.size.0;
    let origin = (MARGIN + names + BAND + spare / 2.0, head + BAND);
    bands(diagram, &laid, (origin.1, total), &mut out);
    arrows(diagram, &laid, origin, &mut out);
    for (node, place) in diagram.boxes.iter().zip(&laid.boxes) {
        let place = Place { x: place.x + origin.0, y: place.y + origin.1, ..*place };
        draw_box(node, place, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

/// A length with one decimal.
fn n(x: f64) -> String {
    let text = format!("{x:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The sizes of the boxes: each as wide as its content and the labels of the arrows that reach it.
fn sizes(diagram: &Diagram) -> Vec<(f64, f64)> {
    let mut sizes: Vec<(f64, f64)> = diagram.boxes.iter().map(size).collect();
    for (b, size) in sizes.iter_mut().enumerate() {
        let labels = diagram.arrows.iter().filter(|a| a.to == b).map(|a| width(&a.label, LABEL) + 10.0);
        let (count, widest) = labels.fold((0.0, 0.0_f64), |(n, most), w| (n + 1.0, most.max(w)));
        // The last label may stand beyond the box.
        size.0 = size.0.max((count - 1.0) * widest + 30.0);
    }
    sizes
}

/// The grounds and names of bands, from margin to margin.
fn bands(diagram: &Diagram, laid: &Laid, (origin, total): (f64, f64), out: &mut String) {
    let named =
        diagram.bands.iter().zip(&laid.bands).filter(|(band, (_, height))| !band.label.is_empty() && *height > 0.0);
    for (band, (top, height)) in named {
        let [border, _, fill] = paint::tone(band.tone);
        let (x, y) = (MARGIN, origin + top - BAND);
        let (w, h) = (total - 2.0 * MARGIN, height + 2.0 * BAND);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"{fill}\"/>",
            n(x),
            n(y),
            n(w),
            n(h)
        );
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{TEXT}\" font-weight=\"bold\" fill=\"{border}\">{}</text>",
            n(x + 10.0),
            n(y + BAND + 11.0),
            escaped(&band.label)
        );
    }
}

fn arrows(diagram: &Diagram, laid: &Laid, origin: (f64, f64), out: &mut String) {
    if diagram.arrows.is_empty() {
        return;
    }
    let _ = writeln!(out, "<g fill=\"none\" stroke=\"{}\" stroke-width=\"1.1\">", paint::DIM);
    let ends = || laid.arrows.iter().map(|p| p.iter().map(|&(x, y)| (x + origin.0, y + origin.1)).collect::<Vec<_>>());
    for points in ends() {
        let _ = write!(out, "<path d=\"M{} {}", n(points[0].0), n(points[0].1));
        let last = points.len() - 1;
        for (i, pair) in points.windows(2).enumerate() {
            let [(ax, ay), (bx, by)] = [pair[0], pair[1]];
            // The head takes the last units.
            let by = if i + 1 == last { by - 5.0 } else { by };
            if ax == bx {
                let _ = write!(out, "V{}", n(by));
            } else {
                let (a, b) = (ay + (by - ay) * 0.55, ay + (by - ay) * 0.45);
                let _ = write!(out, "C{} {} {} {} {} {}", n(ax), n(a), n(bx), n(b), n(bx), n(by));
            }
        }
        out.push_str("\"/>\n");
    }
    let _ = write!(out, "</g>\n<path fill=\"{}\" d=\"", paint::DIM);
    for points in ends() {
        let (x, y) = points[points.len() - 1];
        let _ = write!(out, "M{} {}l-3.2 -6.5h6.4z", n(x), n(y));
    }
    let _ = writeln!(out, "\"/>\n<g font-size=\"{LABEL}\" fill=\"{}\">", paint::DIM);
    for (arrow, points) in diagram.arrows.iter().zip(ends()).filter(|(a, _)| !a.label.is_empty()) {
        let (x, y) = points[points.len() - 1];
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\">{}</text>", n(x + 5.0), n(y - 5.0), escaped(&arrow.label));
    }
    out.push_str("</g>\n");
}

fn draw_box(node: &Node, place: Place, out: &mut String) {
    let [border, fill, _] = paint::tone(node.tone);
    let _ = writeln!(out, "<g data-key=\"{}\">", escaped(&node.key));
    let corner = if node.tone == Tone::Input { 9 } else { 3 };
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{corner}\" fill=\"{fill}\" stroke=\"{border}\" stroke-width=\"1.2\"/>",
        n(place.x),
        n(place.y),
        n(place.w),
        n(place.h)
    );
    let (x, mut y) = (place.x + PAD, place.y + PAD - 3.0);
    let mut line = |text: &str, size: f64, style: &str, y: f64| {
        let _ =
            writeln!(out, "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{style}>{}</text>", n(x), n(y), escaped(text));
    };
    if !node.title.is_empty() {
        line(&node.title, TITLE, " font-weight=\"bold\"", y + 12.0);
        y += LEADING;
    }
    let dim = format!(" fill=\"{}\"", paint::DIM);
    for text in &node.lines {
        line(text, TEXT, &dim, y + 11.0);
        y += LEADING;
    }
    for grid in &node.grids {
        let measured = measure(grid);
        let room = above(grid);
        if !grid.caption.is_empty() {
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" font-size=\"{TEXT}\" font-weight=\"bold\" fill=\"{}\">{}</text>",
                n(x),
                n(y + room - 5.0),
                paint::DIM,
                escaped(&grid.caption)
            );
        }
        y += room;
        squares(grid, &measured, (x, y), out);
        texts(grid, &measured, (x, y), out);
        y += measured.size().1;
    }
    out.push_str("</g>\n");
}

/// The grounds of all cells: one path a colour.
fn squares(grid: &Grid, measured: &Measured, origin: (f64, f64), out: &mut String) {
    let mut colours: Vec<(String, String)> = Vec::new();
    for (r, row) in grid.rows.iter().enumerate() {
        let mut c = 0;
        while c < row.len() {
            let Some(colour) = paint::ground(row[c].look) else {
                c += 1;
                continue;
            };
            // Neighbours of one colour are one rectangle where squares are many and small.
            let same = |cell: &&Cell| paint::ground(cell.look).as_ref() == Some(&colour);
            let run = if measured.small { row[c..].iter().take_while(same).count() } else { 1 };
            let (x, y) = (origin.0 + measured.x[c], origin.1 + measured.y[r]);
            let (w, h) = (measured.x[c + run] - measured.x[c], measured.y[r + 1] - measured.y[r]);
            let at = colours.iter().position(|k| k.0 == colour).unwrap_or_else(|| {
                colours.push((colour, String::new()));
                colours.len() - 1
            });
            let _ = write!(colours[at].1, "M{} {}h{}v{}h{}z", n(x), n(y), n(w), n(h), n(-w));
            c += run;
        }
    }
    for (colour, path) in colours {
        let _ = writeln!(out, "<path fill=\"{colour}\" stroke=\"{}\" stroke-width=\"0.6\" d=\"{path}\"/>", paint::LINE);
    }
}

fn texts(grid: &Grid, measured: &Measured, origin: (f64, f64), out: &mut String) {
    let size = measured.text;
    let _ = writeln!(out, "<g font-size=\"{}\" text-anchor=\"middle\">", n(size));
    for (r, row) in grid.rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate().filter(|(_, c)| !c.text.is_empty()) {
            let (left, right) = (origin.0 + measured.x[c], origin.0 + measured.x[c + 1]);
            let (top, bottom) = (origin.1 + measured.y[r], origin.1 + measured.y[r + 1]);
            let (text, middle) = (escaped(&cell.text), f64::midpoint(left, right));
            let base = f64::midpoint(top, bottom) + 0.36 * size;
            let fill = paint::text(cell.look);
            let fill = if fill == paint::INK { String::new() } else { format!(" fill=\"{fill}\"") };
            let _ = match cell.look {
                Look::Row => {
                    writeln!(
                        out,
                        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\"{fill}>{text}</text>",
                        n(right - 4.0),
                        n(base)
                    )
                }
                Look::Blank => {
                    writeln!(
                        out,
                        "<text x=\"{}\" y=\"{}\" text-anchor=\"start\"{fill}>{text}</text>",
                        n(left + 3.0),
                        n(base)
                    )
                }
                Look::Column if measured.turned => {
                    let (x, y) = (n(middle + 0.36 * size), n(bottom - 3.0));
                    writeln!(
                        out,
                        "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"start\"{fill}>{text}</text>"
                    )
                }
                _ => writeln!(out, "<text x=\"{}\" y=\"{}\"{fill}>{text}</text>", n(middle), n(base)),
            };
        }
    }
    out.push_str("</g>\n");
}
