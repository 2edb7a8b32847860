//! Which step a compilation is at, told to whoever waits for it.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// A step of a compilation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// (1) The graph, simplified.
    Graph,
    /// (2) What each s-op can hold.
    Values,
    /// (2) How it is held.
    Encoding,
    /// (3) Attention and MLP blocks.
    Blocks,
    /// (4) Which layer each block is in.
    Layers,
    /// (5) The directions of the residual stream.
    Stream,
    /// (6) The weight matrices.
    Weights,
    /// What is proved of them.
    Certificate,
}

impl Step {
    /// What is being made, as it is told to people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Graph => "the graph",
            Self::Values => "value sets",
            Self::Encoding => "encodings",
            Self::Blocks => "blocks",
            Self::Layers => "layers",
            Self::Stream => "the residual stream",
            Self::Weights => "weights",
            Self::Certificate => "the certificate",
        }
    }
}

/// Who is told when a step begins. Where the model can not be certified as it is, nodes are given other forms, and the steps
/// from [`Step::Values`] or [`Step::Encoding`] on are told again.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(Step) + Send + Sync + UnwindSafe + RefUnwindSafe>>);

impl Progress {
    /// Tells this function, on the thread that compiles.
    pub fn to(told: impl Fn(Step) + Send + Sync + UnwindSafe + RefUnwindSafe + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    /// A step begins.
    pub(crate) fn tell(&self, step: Step) {
        if let Some(told) = &self.0 {
            told(step);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(told)" } else { "Progress(untold)" })
    }
}
