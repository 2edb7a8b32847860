//! What is told of the word or expression under the pointer: what it is, what it can hold, where it is computed.

use raspc::encode::print::describe;
use raspc::observe::heads::of_compilation;
use raspc_lang::graph::{Kind, NodeId};

use super::document::Document;
use super::loaded::Loaded;
use super::names::{Definition, What, meant, word};
use super::words::{comment_above, words};

/// What is told, as Markdown, and the bytes it is about.
pub(super) fn hover(document: &Document, at: usize) -> Option<(String, std::ops::Range<usize>)> {
    let text = &document.text;
    if let Some((name, range)) = word(text, at) {
        if let Some(definition) = meant(&document.definitions, &name, range.start) {
            return Some((defined(document, definition), range));
        }
        if let Some((loaded, definition)) = document.loaded.iter().rev().find_map(|l| Some((l, l.definition(&name)?))) {
            return Some((defined_in(document, loaded, definition), range));
        }
        if let Some(word) = words().into_iter().find(|w| w.name == name) {
            return Some((format!("{}\n{}", fenced("rasp", &word.form), word.meaning), range));
        }
    }
    let nodes = document.nodes_at(at);
    let program = document.program.as_ref()?;
    let span = program.graph.node(*nodes.first()?).span?;
    Some((about(document, &nodes, None), span.range()))
}

/// What a text that is loaded defines.
fn defined_in(document: &Document, loaded: &Loaded, definition: &Definition) -> String {
    let program = document.program.as_ref();
    let node = program.and_then(|p| p.graph.iter().find(|(_, n)| n.names.iter().any(|n| **n == *definition.name)));
    let told = match (definition.what, node) {
        (What::Variable | What::Loop, Some((id, _))) => about(document, &[id], Some(&definition.name)),
        (What::Function, _) => fenced("rasp", &signature(definition)),
        _ => fenced("rasp", &assigned(&loaded.text, definition)),
    };
    format!("{told}{}\n{}", said(&loaded.text, definition), fenced("text", &format!("from {}", loaded.name)))
}

/// The comment above a definition.
fn said(text: &str, definition: &Definition) -> String {
    let comment = comment_above(text, definition.whole.start);
    if comment.is_empty() { String::new() } else { format!("\n{}", fenced("text", &comment)) }
}

fn signature(definition: &Definition) -> String {
    format!("def {}({})", definition.name, definition.params.join(", "))
}

fn assigned(text: &str, definition: &Definition) -> String {
    let value = definition.value.clone().map_or("…", |v| &text[v]);
    format!("{} = {}", definition.name, shortened(value))
}

fn defined(document: &Document, definition: &Definition) -> String {
    let said = said(&document.text, definition);
    match definition.what {
        What::Function => {
            format!("{}{said}", fenced("rasp", &signature(definition)))
        }
        What::Parameter => fenced("text", &format!("{}: a parameter", definition.name)),
        What::Loop => fenced("text", &format!("{}: takes each value of a loop", definition.name)),
        What::Variable => {
            let nodes = document.nodes_of(definition);
            if !nodes.is_empty() {
                return about(document, &nodes, Some(&definition.name)) + &said;
            }
            fenced("rasp", &assigned(&document.text, definition)) + &said
        }
    }
}

/// One node, and how many more there are.
fn about(document: &Document, nodes: &[NodeId], name: Option<&str>) -> String {
    let Some(program) = &document.program else { return String::new() };
    let (graph, id) = (&program.graph, nodes[0]);
    let name = name.map(str::to_owned).or_else(|| graph.node(id).name().map(str::to_owned));
    let formula = graph.formula(id, 80);
    let head = name.filter(|n| *n != formula).map_or(formula.clone(), |n| format!("{n} = {formula}"));
    let mut lines = vec![match graph.op(id).kind() {
        Kind::SOp => "s-op".to_owned(),
        Kind::Selector => "selector".to_owned(),
    }];
    lines.extend(compiled(document, id));
    if nodes.len() > 1 {
        lines.push(format!("one of {} that this text makes", nodes.len()));
    }
    format!("{}\n{}", fenced("rasp", &head), fenced("text", &lines.join("\n")))
}

/// What the compiler knows of a node.
fn compiled(document: &Document, id: NodeId) -> Vec<String> {
    let Some(c) = &document.compilation else {
        return vec![
            "not compiled: a vocabulary (# vocab:) and a length (# max_len:) are needed, and no errors".to_owned(),
        ];
    };
    let mut lines = Vec::new();
    if c.graph.op(id).kind() == Kind::Selector {
        for head in of_compilation(c).iter().filter(|h| h.selector == Some(id)) {
            lines.push(head.title());
        }
        return lines;
    }
    let Some(here) = c.encoded.of[id.index()] else {
        return vec!["the output does not depend on it, or others took its place".to_owned()];
    };
    let (values, encoding) = describe(&c.encoded, &c.values, here);
    lines.push(format!("values: {}", shortened(&values)));
    lines.push(format!("encoding: {}", shortened(&encoding)));
    if let Some(readout) = c.model.readouts.iter().find(|r| r.node == id.0) {
        lines.push(match readout.after {
            0 => "layer: the embedding holds it".to_owned(),
            half if half % 2 == 1 => format!("layer: {} (after its attention)", (half - 1) / 2),
            half => format!("layer: {} (after its MLP)", (half - 1) / 2),
        });
    }
    lines
}

/// The first line, not too long.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() <= MOST && line.len() == text.len() {
        return line.to_owned();
    }
    format!("{}…", line.chars().take(MOST).collect::<String>())
}

/// Text in a block that it cannot end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_block() {
        assert_eq!(fenced("text", "a```b"), "````text\na```b\n````");
        assert_eq!(fenced("text", ""), "```text\n\n```");
    }
}
