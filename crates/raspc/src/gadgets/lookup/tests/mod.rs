//! Tests of the lookups: every returned lookup is run on every combination of arguments.

mod counts;
mod numbers;
mod random;
mod run;
mod timing;
mod two_layers;
