//! The command line of raspc.
fn main() {}
