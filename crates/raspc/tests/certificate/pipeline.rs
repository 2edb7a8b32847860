//! The compiler's steps one by one, so that something can be broken between them.

use std::collections::BTreeSet;

use raspc::assemble::readout::readings;
use raspc::assemble::{assemble, lay_out};
use raspc::certify::certify;
use raspc::circuit::Circuit;
use raspc::compile::Compilation;
use raspc::encode::{Wishes, encode};
use raspc::formula::realise;
use raspc::lower::lower;
use raspc::options::Options;
use raspc::schedule::schedule;
use raspc::simplify::simplify;
use raspc::values::infer;
use raspc_lang::graph::NodeId;

use crate::programs::Made;

/// Compiles without the gate: `clean` says what is cleaned, `change` breaks the circuit.
pub(crate) fn broken(
    made: &Made,
    options: &Options,
    clean: &BTreeSet<NodeId>,
    change: &dyn Fn(&mut Circuit),
) -> Compilation {
    let (graph, output) = (made.0.clone(), made.1);
    let simplified = simplify(&graph, output, options.opt);
    let values = infer(&simplified.graph, simplified.output, options).expect("a program that is fine");
    let (simplified, values) = realise(&simplified, values, options).expect("heads for its selectors");
    let wishes = Wishes { clean: clean.clone(), ..Wishes::default() };
    let encoded = encode(&simplified, &values, options, &wishes).expect("encodings");
    let mut lowered = lower(&encoded, &values, options).expect("constructions");
    change(&mut lowered.circuit);
    let schedule = schedule(&lowered.circuit);
    let (readings, at) = readings(&graph, output, &encoded, &lowered, &values, options);
    let layout = lay_out(&lowered.circuit, &readings);
    let readouts = readings.iter().map(|r| r.place(&lowered.circuit, &schedule, &layout)).collect();
    let (model, placement) = assemble(&lowered.circuit, &schedule, &layout, graph.mask, readouts, at, options);
    let (assumptions, warnings) = (values.assumptions().to_vec(), values.warnings().to_vec());
    let mut compilation = Compilation {
        graph,
        output,
        options: options.clone(),
        values,
        encoded,
        lowered,
        schedule,
        layout,
        placement,
        readings,
        model,
        assumptions,
        certificate: Err(Vec::new()),
        warnings,
    };
    compilation.certificate = certify(&compilation.parts());
    compilation
}
