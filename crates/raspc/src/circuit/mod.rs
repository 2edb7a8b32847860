//! The circuit: blocks that read and write named directions of the residual stream (the Craft model). Step (3).
//!
//! **Invariants** ([`Circuit::check`]). A direction has exactly one writing block, or none when the embedding alone
//! fills it, on top of a constant that the embedding may place at tokens: single assignment for the residual stream.
//! A block reads only directions that are complete before it: blocks are in an order in which writers come before
//! readers. At BOS every direction holds a known constant ([`Direction::bos`]): there attention sees BOS alone and
//! every hidden unit is off, so the constant is what the embedding or the attention block's BOS value put there.

pub mod form;
pub mod print;
pub mod run;

use raspc_lang::graph::NodeId;

pub use form::Form;

/// Index of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DirId(pub u32);

/// Index of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

impl DirId {
    /// The index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl BlockId {
    /// The index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The direction that is 1 at every token and 0 at BOS and PAD.
pub const ONE: DirId = DirId(0);
/// The direction that is 1 at BOS and 0 elsewhere.
pub const BOS: DirId = DirId(1);

/// A named direction of the residual stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// `sort:3`, `target_pos`.
    pub label: String,
    /// The node whose value it carries; none for `one` and `bos`.
    pub origin: Option<NodeId>,
    /// What the embedding puts there.
    pub embedding: Embedding,
    /// The block that writes it, if any.
    pub writer: Option<BlockId>,
    /// Its value at BOS once complete.
    pub bos: f64,
    /// What is known of its values at tokens.
    pub range: Range,
}

/// What is known of the values a direction holds at tokens, in the f32 model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Least value.
    pub lo: f64,
    /// Greatest value.
    pub hi: f64,
    /// Every value is an exact multiple of this power of two, where known.
    pub grid: Option<f64>,
    /// How far a value can be from the ideal one.
    pub error: f64,
}

impl Range {
    /// Greatest absolute value.
    pub fn max(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }
}

/// What the embedding puts into a direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// Added at every token (not at BOS, not at PAD).
    pub constant: f64,
    /// By vocabulary id: (id, value).
    pub tokens: Vec<(u32, f64)>,
    /// By position without BOS: (position, value).
    pub positions: Vec<(u32, f64)>,
}

/// A block: one attention head (or several of one pattern) or a group of hidden units.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// An attention head.
    Attention(Attention),
    /// Hidden units of one MLP.
    Mlp(Mlp),
}

/// An attention head: one pattern, several values moved through it.
///
/// score(q, k) = Σ over `scores` of `query(x_q) · key(x_k)`; BOS as a key scores `bos_score`, which is above zero; every
/// form is corrected at BOS so that queries and keys there are exactly zero apart from that, and BOS sees itself alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Identity of the pattern: heads with equal keys here have equal scores and can be one.
    pub pattern: u32,
    /// The products of the score.
    pub scores: Vec<Product>,
    /// The score of BOS.
    pub bos_score: f64,
    /// What is moved.
    pub moves: Vec<Move>,
    /// The nodes it computes.
    pub origins: Vec<NodeId>,
    /// What it does, in words.
    pub gadget: String,
}

/// One product of a score: a dimension of queries and keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Read at the query.
    pub query: Form,
    /// Read at the key.
    pub key: Form,
}

/// A value moved by a head: a dimension of W_OV.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Read at each key token.
    pub value: Form,
    /// The value at BOS: what arrives where nothing is selected.
    pub bos: f64,
    /// Where it is written.
    pub to: DirId,
}

/// A group of hidden units.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The units.
    pub units: Vec<Unit>,
    /// The nodes it computes.
    pub origins: Vec<NodeId>,
    /// What it does, in words.
    pub gadget: String,
}

/// A hidden unit: `relu(reads·x + bias)`; off at BOS.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The pre-activation's linear part.
    pub reads: Form,
    /// Its bias.
    pub bias: f64,
    /// (direction, weight)
    pub writes: Vec<(DirId, f64)>,
}

/// A circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circuit {
    /// The directions; the first two are [`ONE`] and [`BOS`].
    pub directions: Vec<Direction>,
    /// The blocks, writers before readers.
    pub blocks: Vec<Block>,
}

impl Unit {
    /// A unit whose constant part, wherever it stands, is its bias.
    pub fn new(reads: &Form, bias: f64, writes: Vec<(DirId, f64)>) -> Self {
        let constant: f64 = reads.terms().filter(|t| t.0 == ONE).map(|t| t.1).sum();
        Self { reads: reads.plus(&Form::of(ONE), -constant), bias: bias + constant, writes }
    }
}

impl Block {
    /// The directions it reads, ascending.
    pub fn reads(&self) -> Vec<DirId> {
        let mut dirs: Vec<DirId> = match self {
            Self::Attention(a) => {
                let scores = a.scores.iter().flat_map(|p| [&p.query, &p.key]);
                let forms = scores.chain(a.moves.iter().map(|m| &m.value));
                forms.flat_map(Form::dirs).collect()
            }
            Self::Mlp(m) => m.units.iter().flat_map(|u| u.reads.dirs()).collect(),
        };
        dirs.sort_unstable();
        dirs.dedup();
        dirs
    }

    /// The directions it writes, ascending.
    pub fn writes(&self) -> Vec<DirId> {
        let mut dirs: Vec<DirId> = match self {
            Self::Attention(a) => a.moves.iter().map(|m| m.to).collect(),
            Self::Mlp(m) => m.units.iter().flat_map(|u| u.writes.iter().map(|w| w.0)).collect(),
        };
        dirs.sort_unstable();
        dirs.dedup();
        dirs
    }

    /// The nodes it computes.
    pub fn origins(&self) -> &[NodeId] {
        match self {
            Self::Attention(a) => &a.origins,
            Self::Mlp(m) => &m.origins,
        }
    }

    /// What it does, in words.
    pub fn gadget(&self) -> &str {
        match self {
            Self::Attention(a) => &a.gadget,
            Self::Mlp(m) => &m.gadget,
        }
    }

    /// Whether it is an attention block.
    pub fn is_attention(&self) -> bool {
        matches!(self, Self::Attention(_))
    }
}

impl Circuit {
    /// A circuit with the directions `one` and `bos` alone.
    pub fn new() -> Self {
        let exact = Range { lo: 0.0, hi: 1.0, grid: Some(1.0), error: 0.0 };
        let direction = |label: &str, constant: f64, bos: f64| Direction {
            label: label.to_owned(),
            origin: None,
            embedding: Embedding { constant, ..Embedding::default() },
            writer: None,
            bos,
            range: exact,
        };
        Self { directions: vec![direction("one", 1.0, 0.0), direction("bos", 0.0, 1.0)], blocks: Vec::new() }
    }

    /// The direction.
    pub fn direction(&self, id: DirId) -> &Direction {
        &self.directions[id.index()]
    }

    /// Adds a direction.
    pub fn add_direction(&mut self, direction: Direction) -> DirId {
        self.directions.push(direction);
        DirId(self.directions.len() as u32 - 1)
    }

    /// Adds a block and makes it the writer of what it writes.
    pub fn add_block(&mut self, block: Block) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        for dir in block.writes() {
            let direction = &mut self.directions[dir.index()];
            assert!(direction.writer.is_none(), "{} is written twice", direction.label);
            direction.writer = Some(id);
        }
        self.blocks.push(block);
        id
    }

    /// The value a form has at BOS.
    pub fn at_bos(&self, form: &Form) -> f64 {
        form.terms().map(|(d, c)| c * self.direction(d).bos).sum()
    }

    /// Asserts every invariant of the module's head.
    ///
    /// # Panics
    /// When one does not hold: a bug of `lower`.
    pub fn check(&self) {
        for (i, block) in self.blocks.iter().enumerate() {
            for dir in block.reads() {
                let writer = self.direction(dir).writer;
                assert!(
                    writer.is_none_or(|w| w.index() < i),
                    "block {i} reads {}, not yet complete",
                    self.direction(dir).label
                );
            }
            for dir in block.writes() {
                assert_eq!(self.direction(dir).writer, Some(BlockId(i as u32)), "one writer for a direction");
                assert!(dir != ONE && dir != BOS, "one and bos belong to the embedding");
            }
            if let Block::Attention(a) = block {
                assert!(a.bos_score >= 128.0, "BOS must see itself alone");
                assert_eq!(a.moves.len(), block.writes().len(), "a head writes each direction once");
                for m in &a.moves {
                    assert_eq!(m.bos, self.direction(m.to).bos, "{}: value at BOS", self.direction(m.to).label);
                }
            }
        }
        for d in &self.directions {
            assert!(
                d.bos.is_finite() && d.range.lo.is_finite() && d.range.hi.is_finite() && d.range.error.is_finite(),
                "{}: finite",
                d.label
            );
        }
    }
}
