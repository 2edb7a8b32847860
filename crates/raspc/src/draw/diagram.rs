//! A picture before it is laid out: boxes in bands from top to bottom, tables in boxes, arrows between them.
//!
//! The views make diagrams; [`super::svg`] and [`super::dot`] write them.
//!
//! **Invariants.** Labels are made by [`super::label`]. An arrow goes from a box to one of a later band.

/// A diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Diagram {
    /// What it shows.
    pub(super) title: String,
    /// How to read it, one line each.
    pub(super) notes: Vec<String>,
    /// The bands, from top to bottom.
    pub(super) bands: Vec<Band>,
    /// The boxes, in the order of their bands.
    pub(super) boxes: Vec<Node>,
    /// The arrows.
    pub(super) arrows: Vec<Arrow>,
    /// Whether the boxes of a band stay in their order, even where arrows cross.
    pub(super) in_order: bool,
}

/// What a box or a band is, which its colours tell (and its words, for those who do not see them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// Inputs and the embedding.
    Input,
    /// Attention: selectors and what is moved through them.
    Attention,
    /// MLPs: what is computed at each position.
    Mlp,
    /// The residual stream, outputs, all else.
    #[default]
    Plain,
}

/// Boxes side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Band {
    /// Its name, at the left; may be empty.
    pub(super) label: String,
    /// What it is.
    pub(super) tone: Tone,
}

/// A box.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    /// What it stands for, for programs that read the picture: `n3`, `layer.0.head.1`.
    pub(super) key: String,
    /// Its band.
    pub(super) band: usize,
    /// What it is.
    pub(super) tone: Tone,
    /// Its first line.
    pub(super) title: String,
    /// More lines.
    pub(super) lines: Vec<String>,
    /// Its tables, below each other.
    pub(super) grids: Vec<Grid>,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arrow {
    /// Index of the box it leaves.
    pub(super) from: usize,
    /// Index of the box it reaches.
    pub(super) to: usize,
    /// What it carries; may be empty.
    pub(super) label: String,
}

/// A table: rows of equally many cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Grid {
    /// Its name, above it; may be empty.
    pub(super) caption: String,
    /// The rows.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// Its text; may be empty.
    pub(super) text: String,
    /// How it looks.
    pub(super) look: Look,
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Look {
    /// Nothing but its text.
    #[default]
    Blank,
    /// The name of a row.
    Row,
    /// The name of a column, turned where it is long.
    Column,
    /// A value of an input row or column.
    Value,
    /// A value that is computed here.
    Result,
    /// A cell of a selection: whether it is selected.
    Selected(bool),
    /// A key that the mask hides from the query.
    Hidden,
    /// A weight between 0 and 1, in steps of 1/[`STEPS`].
    Share(u8),
    /// A signed number relative to the largest, in steps of 1/[`STEPS`].
    Signed(i8),
}

/// How many shades there are.
pub(super) const STEPS: f64 = 10.0;

impl Cell {
    /// A cell.
    pub(super) fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look }
    }

    /// An empty cell.
    pub(super) fn blank() -> Self {
        Self::default()
    }
}

impl Look {
    /// The shade of a weight between 0 and 1: whatever is not zero is seen.
    pub(super) fn share(x: f64) -> Self {
        if x <= 0.0 { Self::Share(0) } else { Self::Share((x.min(1.0) * STEPS).round().max(1.0) as u8) }
    }

    /// The shade of a number whose largest companion has absolute value `most`.
    pub(super) fn signed(x: f64, most: f64) -> Self {
        if x == 0.0 || most == 0.0 {
            return Self::Signed(0);
        }
        let step = (x.abs() / most * STEPS).round().clamp(1.0, STEPS) as i8;
        Self::Signed(if x < 0.0 { -step } else { step })
    }

    /// Whether it is a square of a matrix, as opposed to text.
    pub(super) fn is_square(self) -> bool {
        matches!(self, Self::Selected(_) | Self::Hidden | Self::Share(_) | Self::Signed(_))
    }
}

impl Diagram {
    /// A diagram without boxes.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a band.
    pub(super) fn band(&mut self, label: impl Into<String>, tone: Tone) -> usize {
        self.bands.push(Band { label: label.into(), tone });
        self.bands.len() - 1
    }

    /// Adds a box.
    pub(super) fn add(&mut self, node: Node) -> usize {
        self.boxes.push(node);
        self.boxes.len() - 1
    }

    /// Adds an arrow, if it is not there.
    pub(super) fn arrow(&mut self, from: usize, to: usize, label: impl Into<String>) {
        let arrow = Arrow { from, to, label: label.into() };
        if !self.arrows.contains(&arrow) {
            self.arrows.push(arrow);
        }
    }

    /// Asserts every invariant of the module's head.
    ///
    /// # Panics
    /// When one does not hold: a bug of a view.
    pub(super) fn check(&self) {
        for node in &self.boxes {
            assert!(node.band < self.bands.len(), "{} is in a band", node.key);
            for grid in &node.grids {
                let width = grid.rows.first().map_or(0, Vec::len);
                assert!(grid.rows.iter().all(|r| r.len() == width), "{}: rows of one length", node.key);
            }
        }
        for a in &self.arrows {
            let (from, to) = (&self.boxes[a.from], &self.boxes[a.to]);
            assert!(from.band < to.band, "{} -> {}: an arrow goes down", from.key, to.key);
        }
    }
}
