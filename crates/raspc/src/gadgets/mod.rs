//! Gadgets: the constructions that turn one node into MLP units or attention heads, one file each, with the argument for
//! its exactness.

pub mod chords;
pub mod lookup;
pub mod score;
pub mod steps;
pub mod widths;
