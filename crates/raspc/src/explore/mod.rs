//! Explore: one self-contained page that shows a program turning into a transformer and running.
//!
//! An observer: a pure function from a compilation and inputs to the text of a page. What the page shows is data
//! ([`data`]); what shows it are the JavaScript modules and the style sheet in `page/`, embedded as they are.
//!
//! **Invariants.** Nothing of a program can become markup or script: all of it travels in one block of JSON in which `<`
//! does not occur, and the page makes text of it by text nodes alone. The page's Content-Security-Policy names the hashes of
//! its script and its style and allows nothing else: no network, no inline handler, no second script.

mod blocks;
mod changes;
mod graph;
mod html;
mod weights;

use raspc_lang::interpret::{Column, interpret};
use raspc_lang::serial::value_to_json;
use raspc_lang::source::Sources;
use raspc_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::compile::Compilation;
use crate::convert;
use crate::explain::{Stage, emit};
use crate::options::OptLevel;

/// What a page is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the program is called.
    pub name: &'a str,
    /// The compiled program.
    pub compilation: &'a Compilation,
    /// The texts its spans point into; the first is the program's own. None where only the graph is left.
    pub sources: Option<&'a Sources>,
    /// Inputs to show it on: tokens of the vocabulary, no more than the maximum length.
    pub inputs: &'a [Vec<Value>],
    /// Whether the page is served and may ask its own address for other inputs.
    pub served: bool,
}

/// The page, as HTML.
pub fn page(subject: &Subject<'_>) -> String {
    html::page(subject.name, &data(subject), subject.served)
}

/// Everything the page knows.
pub fn data(subject: &Subject<'_>) -> Json {
    let c = subject.compilation;
    json!({
        "name": subject.name,
        "served": subject.served,
        "level": if c.options.opt == OptLevel::O0 { "-O0" } else { "-O1" },
        "config": c.model.config,
        "parameters": c.model.parameters(),
        "nonzeros": c.model.nonzeros(),
        "source": graph::source(subject.sources),
        "vocab": c.options.vocab.iter().map(value_to_json).collect::<Vec<_>>(),
        "graph": c.model.graph,
        "nodes": graph::nodes(c, subject.sources),
        "output": c.output,
        "encoded": graph::encoded(c),
        "blocks": blocks::blocks(c),
        "layers": c.schedule.layers,
        "heads": blocks::heads(c),
        "units": blocks::units(c),
        "dirs": graph::directions(c),
        "readouts": graph::readouts(c),
        "weights": weights::pack(&c.model),
        "printed": emit(c, Stage::Graph),
        "assumptions": c.model.assumptions,
        "changes": changes::changes(c),
        "inputs": subject.inputs.iter().map(|tokens| input(c, tokens)).collect::<Vec<_>>(),
    })
}

/// An input with what the interpreter says of every read-out's node: values, or the error that left it without any.
fn input(c: &Compilation, tokens: &[Value]) -> Json {
    let trace = interpret(&c.graph, tokens);
    let expected = c.readings.iter().map(|r| match trace.column(r.node) {
        Column::Values(values) => values.iter().map(value_to_json).collect(),
        Column::Raised(error) => json!({ "error": error.message() }),
        Column::Pattern(_) => unreachable!("selectors have no read-out"),
    });
    json!({
        "tokens": tokens.iter().map(value_to_json).collect::<Vec<_>>(),
        "expected": expected.collect::<Vec<Json>>(),
    })
}

/// The token of a model as the page's values are written.
fn token_to_json(token: &raspc_model::token::Token) -> Json {
    value_to_json(&convert::value(token))
}
