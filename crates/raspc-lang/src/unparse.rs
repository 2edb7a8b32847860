//! Programs of graphs: RASP text that says what a graph does, statement by statement.
//!
//! Graphs that Python or Rust built have no text of their own; a link to the playground needs one. Functions of the host
//! language have no text, and neither have strings with a double quote.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::function::Body;
use crate::graph::{Graph, NodeId, Op, Predicate};
use crate::program::parse_program;

/// Longer expressions are not written.
const LONGEST: usize = 100_000;

/// Words that a statement may need with their own meaning.
const TAKEN: &[&str] = &["select", "aggregate", "selector_width", "tokens", "indices", "length"];

/// A program whose output is the node.
///
/// # Errors
/// The description of a node that has no text.
///
/// # Examples
/// ```
/// use raspc_lang::graph::Mask;
/// use raspc_lang::program::parse_program;
/// use raspc_lang::unparse::unparse;
///
/// let text = "same = select(tokens, tokens, ==);\nhist = selector_width(same);";
/// let program = parse_program("hist.rasp", text, Mask::Full, &mut |_| Err("no files here".into()))?;
/// assert_eq!(unparse(&program.graph, program.bindings["hist"]).as_deref(), Ok(&*format!("{text}\n")));
/// # Ok::<(), raspc_lang::program::Failure>(())
/// ```
pub fn unparse(graph: &Graph, output: NodeId) -> Result<String, String> {
    let needed = needed(graph, output);
    if let Some(&id) = needed.iter().find(|&&id| !has_text(&graph.node(id).op)) {
        return Err(graph.describe(id));
    }
    let named = named(graph, &needed, output);
    let mut text = String::new();
    for &id in &needed {
        let Some(name) = named.node(id).name() else { continue };
        let _ = writeln!(text, "{name} = {};", named.formula(id, LONGEST));
    }
    // What was written is read again: a string or a number that RASP cannot write is seen here.
    match parse_program("", &text, graph.mask, &mut |_| Err(String::new())) {
        Ok(_) => Ok(text),
        Err(failure) => {
            let line = failure.diagnostics.iter().find_map(|d| d.span).map(|s| failure.sources.location(s).line);
            let at = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default();
            Err(at.trim_end_matches(';').chars().take(80).collect())
        }
    }
}

/// The nodes that the output depends on, and itself, operands first.
fn needed(graph: &Graph, output: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut open = vec![output];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(graph.op(id).operands());
        }
    }
    found
}

fn has_text(op: &Op) -> bool {
    match op {
        Op::Map { function, .. } => matches!(function.body, Body::Expr(_)),
        Op::Select { predicate, .. } => matches!(predicate, Predicate::Compare(_)),
        _ => true,
    }
}

/// The graph with one name a node that can be assigned: its own, if that is a name and no other node's, else a new one.
/// Constants, the tokens and the indices are written where they are read.
fn named(graph: &Graph, needed: &BTreeSet<NodeId>, output: NodeId) -> Graph {
    let mut named = graph.clone();
    let mut taken: BTreeSet<String> = TAKEN.iter().map(|&t| t.to_owned()).collect();
    for &id in needed {
        let own = graph.node(id).name().filter(|n| is_name(n) && !taken.contains(*n)).map(str::to_owned);
        let leaf = matches!(graph.op(id), Op::Tokens | Op::Indices | Op::Const(_)) && id != output;
        let names = if leaf { None } else { Some(own.unwrap_or_else(|| fresh(graph, &taken, id))) };
        taken.extend(names.clone());
        named.node_mut(id).names = names.into_iter().map(Arc::from).collect();
    }
    named
}

fn fresh(graph: &Graph, taken: &BTreeSet<String>, id: NodeId) -> String {
    let all = |name: &String| graph.iter().any(|(_, n)| n.names.iter().any(|x| **x == **name));
    let names = (0..).map(|i| if i == 0 { format!("x{}", id.index()) } else { format!("x{}_{i}", id.index()) });
    names.into_iter().find(|n| !taken.contains(n) && !all(n)).expect("endlessly many names")
}

/// Whether a program can assign to it; what is reserved is seen when the text is read.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let statement = || format!("{name} = 1;");
    let word = begins && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    word && parse_program("", &statement(), crate::graph::Mask::Full, &mut |_| Err(String::new())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Mask;
    use crate::interpret::interpret;
    use crate::programs::standard_programs;
    use crate::value::Value;

    /// Every standard program, written from its graph, means the same on inputs of its vocabulary.
    #[test]
    fn standard_programs_come_back() {
        let read = |name: &str, text: &str| {
            parse_program(name, text, Mask::Full, &mut |_| Err(String::new())).unwrap_or_else(|e| panic!("{text}\n{e}"))
        };
        for program in standard_programs() {
            let one = read(program.name, program.source);
            let output = one.output.expect("an output");
            let text = unparse(&one.graph, output).unwrap_or_else(|e| panic!("{}: {e}", program.name));
            let two = read(program.name, &text);
            let vocab = one.vocab.expect("a vocabulary");
            for seed in 0..20_usize {
                let input: Vec<Value> =
                    (0..seed % 7).map(|i| vocab[(seed * 7 + i * i * 3) % vocab.len()].clone()).collect();
                let [a, b] = [(&one.graph, output), (&two.graph, two.output.expect("an output"))]
                    .map(|(graph, id)| interpret(graph, &input).values(id).map(<[Value]>::to_vec));
                assert_eq!(a, b, "{} on {input:?}\n{text}", program.name);
            }
        }
    }

    #[test]
    fn names_that_cannot_be_assigned_are_replaced() {
        let mut graph = Graph::new(Mask::Full);
        let tokens = graph.push(Op::Tokens, None);
        let same = graph.push(
            Op::Select { keys: tokens, queries: tokens, predicate: Predicate::Compare(crate::graph::Comparison::Eq) },
            None,
        );
        let width = graph.push(Op::SelectorWidth(same), None);
        for (id, name) in [(tokens, "in"), (same, "has a blank"), (width, "indices")] {
            graph.name(id, name);
        }
        let text = "x1 = select(tokens, tokens, ==);\nx2 = selector_width(x1);\n";
        assert_eq!(unparse(&graph, width).as_deref(), Ok(text));
        let quote = graph.push(Op::Const(Value::str("\"")), None);
        assert!(unparse(&graph, quote).is_err());
    }
}
