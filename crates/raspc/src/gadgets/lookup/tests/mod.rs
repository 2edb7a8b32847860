//! Tests of the lookups: every returned lookup is run on every combination of arguments.

mod constructions;
mod counts;
mod numbers;
mod random;
mod run;
mod two_layers;
