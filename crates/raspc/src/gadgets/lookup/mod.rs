//! Lookup tables: a function of several one-hots as one layer of ReLU units with as few units as we can find.

/// A function of `dims.len()` one-hot arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How many values each argument has (none, if it can occur, is not among them: it is the all-zero vector).
    pub dims: Vec<usize>,
    /// Whether each argument can be none. Where an argument is none the output must be all-zero.
    pub nullable: Vec<bool>,
    /// How many output classes.
    pub classes: usize,
    /// Row-major over `dims`: the class, or no class (all-zero output), or anything (unreachable).
    pub entries: Vec<Entry>,
}

/// What the table says of one argument tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// This class.
    Class(u32),
    /// No class: the output is none.
    Nothing,
    /// No input reaches this tuple.
    Any,
}

/// A hidden unit: `relu(Σ weight · x[arg][value] + bias)`, added to the classes with these weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// (argument, value, weight)
    pub reads: Vec<(u32, u32, f64)>,
    /// The bias.
    pub bias: f64,
    /// (class, weight)
    pub writes: Vec<(u32, f64)>,
}

/// The units of a table: class c's component is `constant[c] + Σ writes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The hidden units.
    pub units: Vec<Unit>,
    /// What each class's direction holds before the units are added (placed by the embedding at every token).
    pub constant: Vec<f64>,
    /// Which construction was chosen, for `explain`.
    pub method: &'static str,
}

/// The cheapest construction found for a table.
pub fn lookup(table: &Table) -> Lookup {
    let _ = table;
    todo!()
}
