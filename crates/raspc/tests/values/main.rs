//! Value inference: observed values are inferred ones, and every fact holds, on all inputs of small domains.

mod build;
mod check;
mod cost;
mod generated;
mod programs;
mod random;
mod refusals;
