//! Tests of the lookups: every returned lookup is run on every combination of arguments.

mod counts;
mod random;
mod run;
mod timing;
