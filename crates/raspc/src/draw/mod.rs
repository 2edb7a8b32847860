//! Pictures: what a program computes and what it becomes, as SVG or as text for Graphviz.
//!
//! A view makes a `diagram` (boxes in bands, tables, arrows); `svg` lays it out and writes it, `dot` leaves the
//! layout to Graphviz. No file is written here.
//!
//! **Invariants.** The same arguments give the same bytes. Names and values are data: whatever they hold, the SVG is
//! well-formed XML without scripts and the DOT text is what Graphviz reads. However large the program, its input or its
//! model, a picture stays small: what it leaves out, it says.
//!
//! ```
//! use raspc::draw;
//! use raspc_lang::graph::Mask;
//! use raspc_lang::program::parse_program;
//!
//! let text = "same = select(tokens, tokens, ==);\nhist = selector_width(same);";
//! let program = parse_program("hist.rasp", text, Mask::Full, &mut |_| Err("no files here".into()))?;
//! let picture = draw::graph(&program.graph, program.bindings["hist"]);
//! assert!(picture.svg().starts_with("<svg ") && picture.dot().starts_with("digraph "));
//! # Ok::<(), raspc_lang::program::Failure>(())
//! ```

mod attention;
mod diagram;
mod dot;
mod flow;
mod graph;
mod label;
mod layers;
mod layout;
mod paint;
pub mod paper;
mod parts;
mod residual;
mod run;
mod selector;
mod svg;
mod table;
mod weights;
mod window;

use std::fmt;

use raspc_lang::graph::{Graph, NodeId};
use raspc_lang::value::Value;
use raspc_model::error::InputError;

use crate::compile::Compilation;
use diagram::Diagram;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The program on an input: layers and heads as "Thinking Like Transformers" counts them, each selection matrix
    /// with its keys and queries, what is moved, and what is computed at each position.
    Flow,
    /// The computational graph, with value sets and encodings.
    Graph,
    /// The transformer's layers: which head and which neurons compute what, and what they read from each other.
    Layers,
    /// The residual stream: its subspaces, who writes and who reads them; with an input, what they hold after each
    /// half-layer.
    Residual,
    /// The attention pattern of every head on an input.
    Attention,
    /// The weight matrices, their axes named by directions.
    Weights,
}

impl View {
    /// All views, in the order of the tables that list them.
    pub const ALL: [Self; 6] = [Self::Flow, Self::Graph, Self::Layers, Self::Residual, Self::Attention, Self::Weights];

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Graph => "graph",
            Self::Layers => "layers",
            Self::Residual => "residual",
            Self::Attention => "attention",
            Self::Weights => "weights",
        }
    }

    /// The view of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.name() == name)
    }

    /// Whether it shows a run, so that an input is needed.
    pub fn needs_input(self) -> bool {
        matches!(self, Self::Flow | Self::Attention)
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture(Diagram);

impl Picture {
    fn new(diagram: Diagram) -> Self {
        if cfg!(debug_assertions) {
            diagram.check();
        }
        Self(diagram)
    }

    /// As an SVG document. Boxes carry `data-key`, what they stand for: a node (`n3`) or a component (`layer.0.head.1`).
    pub fn svg(&self) -> String {
        svg::svg(&self.0)
    }

    /// As a document for Graphviz.
    pub fn dot(&self) -> String {
        dot::dot(&self.0)
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq)]
pub enum DrawError {
    /// The view shows a run, and there is no input.
    NoInput(View),
    /// The model does not take the input.
    Input(InputError),
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInput(view) => write!(f, "the view `{}` shows a run, and there is no input", view.name()),
            Self::Input(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DrawError {}

/// A view of a compiled program.
///
/// # Errors
/// An input that is missing or that the model does not take.
pub fn draw(c: &Compilation, view: View, input: Option<&[Value]>) -> Result<Picture, DrawError> {
    let needed = || input.ok_or(DrawError::NoInput(view));
    match view {
        View::Flow => Ok(flow(&c.graph, c.output, needed()?)),
        View::Graph => Ok(Picture::new(graph::graph(&c.graph, c.output, Some(c)))),
        View::Layers => Ok(Picture::new(layers::layers(c))),
        View::Residual => residual::residual(c, input).map(Picture::new).map_err(DrawError::Input),
        View::Attention => attention::attention(c, needed()?).map(Picture::new).map_err(DrawError::Input),
        View::Weights => Ok(Picture::new(weights::weights(c))),
    }
}

/// The flow of a program on an input. It need not compile: an s-op without a value on this input says so.
pub fn flow(graph: &Graph, output: NodeId, input: &[Value]) -> Picture {
    Picture::new(flow::flow(graph, output, input))
}

/// The computational graph that a node depends on. It need not compile.
pub fn graph(graph: &Graph, output: NodeId) -> Picture {
    Picture::new(graph::graph(graph, output, None))
}
