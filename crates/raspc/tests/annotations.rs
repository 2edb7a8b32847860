//! Annotations at `-O0`: a node is held as it is asked for, whatever its readers need.

use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::builder::{GraphBuilder, SOp};
use raspc_lang::graph::{Annotation, Comparison, Mask};
use raspc_lang::value::Value;

fn compiled(build: for<'b> fn(&'b GraphBuilder) -> SOp<'b>) -> Compilation {
    let b = GraphBuilder::new(Mask::Full);
    let output = build(&b).id();
    let options = Options { opt: OptLevel::O0, ..Options::new([0, 1, 2].map(Value::from).to_vec(), 4) };
    let c = compile(&b.finish(), output, &options).expect("compiles");
    let report = verify(&c, Plan { inputs: 1000, seed: 0 }, &mut |_, _| {});
    assert_eq!((report.mismatches, report.exhaustive), (0, true), "{:?}", report.first);
    c
}

fn labels(c: &Compilation, node: &str) -> Vec<String> {
    let own = |l: &&String| **l == node || l.starts_with(&format!("{node}:"));
    c.model.labels.iter().filter(own).cloned().collect()
}

#[test]
fn a_one_hot_has_a_direction_for_each_value() {
    let c = compiled(|b| {
        // A bit, which is else held as one number, and integers, which nobody reads as a one-hot.
        let bit = b.tokens().equals(1).named("bit").annotated(Annotation::OneHot);
        (bit + b.indices()).named("sum").annotated(Annotation::OneHot)
    });
    assert_eq!(labels(&c, "bit"), ["bit:false", "bit:true"]);
    assert_eq!(labels(&c, "sum"), ["sum:0", "sum:1", "sum:2", "sum:3", "sum:4"]);
}

#[test]
fn a_one_hot_of_a_mean_assumes_nothing() {
    // Several keys can be selected: the one-hot is over the means, not over the values that are averaged.
    let c = compiled(|b| {
        let same = b.select(b.tokens(), b.tokens(), Comparison::Eq);
        b.aggregate(same, b.indices(), Value::None).named("mean").annotated(Annotation::OneHot)
    });
    assert!(labels(&c, "mean").contains(&"mean:0.5".to_owned()), "{:?}", labels(&c, "mean"));
    assert!(c.assumptions.is_empty());
}

#[test]
fn a_number_has_one_direction() {
    let c = compiled(|b| {
        let bit = b.tokens().equals(1).named("bit").annotated(Annotation::Numerical);
        b.aggregate(b.full(), bit, 0).named("fraction").annotated(Annotation::Numerical)
    });
    assert_eq!(labels(&c, "bit"), ["bit"]);
    assert_eq!(labels(&c, "fraction"), ["fraction"]);
}
