//! Long inputs: the programs of numerics.md, over as many numbers as there are positions.

use raspc::compile::compile;
use raspc::options::Options;
use raspc_lang::graph::Mask;

use crate::programs::{Made, hist, ints, length, reverse, sort};

/// (length, numbers)
const SHORT: [(usize, i64); 3] = [(16, 16), (256, 256), (1024, 1024)];
const LONG: [(usize, i64); 2] = [(1600, 1600), (4096, 64)];

fn programs() -> [(&'static str, Made); 5] {
    [
        ("length", length()),
        ("hist", hist(Mask::Full)),
        ("reverse", reverse()),
        ("sort", sort(true)),
        ("sort_unique", sort(false)),
    ]
}

fn certify(sizes: &[(usize, i64)]) {
    for &(n, numbers) in sizes {
        for (name, made) in programs() {
            let c = compile(&made.0, made.1, &Options::new(ints(numbers), n))
                .unwrap_or_else(|e| panic!("{name} at {n}: {e:#?}"));
            let certificate = c.certificate.expect("it was compiled");
            // Equal tokens have one rank: several keys are selected, whose weights add up to nearly 1 (numerics section 2:
            // gamma of w + 2, and 4u).
            let most = if name == "sort_unique" { (n as f64 + 8.0) / 16_777_216.0 * 1.01 } else { 0.0 };
            assert!(certificate.max_error <= most, "{name} at {n}: {certificate}");
            assert!(certificate.min_margin.is_some_and(|m| m > 0.49), "{name} at {n}: {certificate}");
        }
    }
}

#[test]
fn up_to_a_thousand() {
    certify(&SHORT);
}

#[test]
fn beyond_a_thousand() {
    certify(&LONG);
}
