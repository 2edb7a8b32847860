//! The certificate: a proof, made for each model, that it decodes to what the interpreter says on every input of the
//! declared vocabulary up to the declared length. Part of `admit`'s gate, after assembly.
//!
//! **How.** The f32 weights are run, layer by layer, not on an input but on all of them at once: for every direction of the
//! residual stream a *domain* ([`dom::Dom`]) says which f32 numbers it can hold at a token, as a function of the value that
//! an s-op of the program has there. What the circuit, the gadgets and the schedule intended plays no part; they only give
//! the hint which s-op a direction is to be understood by. A wrong hint makes a domain too wide, never too narrow.
//!
//! **What is trusted**: that the graph which is encoded means what the program's does (`simplify` and `formula` rewrite it),
//! the value sets and the facts about selectors (`values`), all held by property tests of their own; and the rules of
//! arithmetic named in [`Certificate::assumptions`]: every matrix product may be summed in any order, with or without fused
//! multiply-add; the residual is added to a half-layer's finished sum.
//!
//! | file | holds |
//! |---|---|
//! | `number.rs` | an f32 number and an f32 sum: what they can be |
//! | `dom.rs`, `form.rs` | a direction, a linear form, as functions of the program's variables |
//! | `facts.rs`, `tuples.rs`, `affine.rs`, `partial.rs`, `selector.rs`, `truth.rs` | what the program says |
//! | `stream.rs` | the residual stream; the embedding |
//! | `attention.rs`, `scores.rs`, `side.rs`, `arrival.rs` | heads |
//! | `mlp.rs`, `units.rs`, `cases.rs`, `run.rs`, `written.rs`, `chosen.rs` | hidden units |
//! | `finite.rs` | that nothing overflows |
//! | `decode.rs`, `nodes.rs` | read-outs and the other nodes |
//! | `causes.rs`, `finding.rs`, `codes.rs` | what stands in the way, told with its cause |
//! | `precision.rs` | other float types |
//! | `report.rs`, `record.rs` | the certificate as text and as data |

mod affine;
mod arrival;
mod attention;
mod cases;
mod causes;
mod chosen;
pub mod codes;
mod decode;
pub mod dom;
mod facts;
mod family;
mod finding;
mod finite;
mod form;
mod mlp;
mod nodes;
pub mod number;
mod partial;
pub mod precision;
pub mod record;
mod report;
mod run;
mod scores;
mod selector;
mod side;
mod stream;
mod truth;
mod tuples;
mod units;
mod written;

use std::collections::BTreeMap;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId};
use raspc_model::forward::Keep;
use raspc_model::model::Model;
use serde::{Deserialize, Serialize};

use crate::assemble::Layout;
use crate::circuit::{Block, Circuit};
use crate::encode::plan::Encoded;
use crate::lower::Lowered;
use crate::options::Options;
use crate::simplify::selector::Cube;
use crate::values::Values;
use causes::Causes;
use facts::Facts;
pub use facts::Var;
use finding::{Finding, Findings};
use stream::Stream;

/// What the certificate is made from.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The program's graph.
    pub graph: &'a Graph,
    /// The graph that was encoded.
    pub encoded: &'a Encoded,
    /// Its value sets.
    pub values: &'a Values,
    /// Which s-op each direction carries, and how s-ops are read.
    pub lowered: &'a Lowered,
    /// Where the directions are.
    pub layout: &'a Layout,
    /// The model.
    pub model: &'a Model,
    /// What was asked for.
    pub options: &'a Options,
}

/// A proof that a model is right, and how closely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The largest bound of any node.
    pub max_error: f64,
    /// How far the nearest wrong decision is from any that is made in decoding; absent where nothing is decoded.
    pub min_margin: Option<f64>,
    /// The float type it holds for.
    pub dtype: String,
    /// What it rests on and does not prove.
    pub assumptions: Vec<String>,
    /// By node of the program, ascending.
    pub nodes: Vec<NodeCertificate>,
}

/// What is proved of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeCertificate {
    /// The node of the program's graph.
    pub node: NodeId,
    /// Its name, or a description.
    pub name: String,
    /// |transformer − ideal|, at most: of each component of a one-hot, or of the number.
    pub bound: f64,
    /// How far the nearest wrong decision is, where the node is decoded.
    pub margin: Option<f64>,
    /// Whether the bound is zero.
    pub exact: bool,
    /// Whether some product on the way to it has a factor of more than 11 significant bits, which TF32 and float16 would
    /// shorten.
    pub needs_true_f32: bool,
}

/// A certificate, or why there is none; and what each direction can hold.
#[derive(Debug)]
pub struct Analysis {
    /// By coordinate of the residual stream.
    pub domains: Vec<dom::Dom>,
    /// By coordinate: what it holds at BOS.
    pub bos: Vec<number::Num>,
    /// The conjunctions whose widths domains are functions of.
    pub cubes: BTreeMap<Var, Cube>,
    /// The nodes of the encoded graph at which something cannot be proved, in the order of the half-layers.
    pub failed: Vec<NodeId>,
    /// The certificate.
    pub certificate: Result<Certificate, Vec<Diagnostic>>,
}

/// Proves that a model decodes to what the interpreter says.
///
/// # Errors
/// What cannot be proved: each with its node, place, figures and what to do.
pub fn certify(parts: &Parts<'_>) -> Result<Certificate, Vec<Diagnostic>> {
    analyse(parts).certificate
}

/// Follows every direction through the model.
pub fn analyse(parts: &Parts<'_>) -> Analysis {
    let facts = Facts::new(&parts.encoded.graph, &parts.encoded.forms, parts.values, parts.options);
    let mut findings = Findings::default();
    let mut causes = Causes::default();
    let stream = follow(parts, &facts, &mut findings, &mut causes);
    let nodes = nodes::nodes(parts, &stream, &facts, &mut findings);
    let all = std::mem::take(&mut findings.all);
    let failed = all.iter().map(|f| f.node).collect();
    let certificate = if all.is_empty() {
        Ok(certificate(parts, nodes, &findings))
    } else {
        let mut told: Vec<Finding> = Vec::new();
        for finding in all {
            let finding = causes.explain(finding, &facts, &findings);
            if told.iter().all(|t| (t.code, t.node) != (finding.code, finding.node)) {
                told.push(finding);
            }
        }
        Err(told.iter().map(|f| f.diagnostic(&parts.encoded.graph)).collect())
    };
    let cube = |var: Var| match var {
        Var::Cube(node, c) => Some((var, facts.cubes(node)?.get(c as usize)?.clone())),
        Var::Node(_) => None,
    };
    let cubes = stream.doms.iter().filter_map(dom::Dom::var).filter_map(cube).collect();
    Analysis { domains: stream.doms, bos: stream.bos, cubes, failed, certificate }
}

/// The residual stream at the end.
fn follow(parts: &Parts<'_>, facts: &Facts<'_>, findings: &mut Findings, causes: &mut Causes) -> Stream {
    let model = parts.model;
    let owners = owners(parts, facts);
    let owner = |d: u32| owners[d as usize];
    let at_bos = model.run(&[], Keep { residuals: true, ..Keep::default() });
    let mut stream = Stream::embed(model, facts, parts.encoded.output);
    let check = |half: usize, stream: &mut Stream, old: Option<Stream>, findings: &mut Findings| {
        if let Some(old) = old {
            for d in 0..stream.doms.len() {
                if stream.doms[d] != old.doms[d] || stream.bos[d] != old.bos[d] {
                    stream.changed[d] = half;
                }
            }
        }
        if let Ok(run) = &at_bos {
            let row = run.residuals[half].row(0);
            let inside = row.iter().zip(&stream.bos).all(|(&x, n)| n.lo <= f64::from(x) && f64::from(x) <= n.hi);
            assert!(inside, "BOS holds after half-layer {half} what the certificate says it cannot");
        }
        let infinite = (0..stream.doms.len()).find(|&d| !stream.doms[d].is_finite(facts) || !stream.bos[d].is_finite());
        if let Some(d) = infinite {
            let node = owner(d as u32).map_or(parts.encoded.output, Var::node);
            let message = format!("{{}} can leave the range of f32, in `{}`", model.labels[d]);
            findings.push(Finding::new(codes::NON_FINITE, node, message, "scale the numbers down"));
        }
    };
    check(0, &mut stream, None, findings);
    let overflow = |finite: bool, l: usize, what: &str, findings: &mut Findings| {
        if !finite {
            let message = format!("{what} of layer {l}, on the way to {{}}, can leave the range of f32");
            findings.push(Finding::new(codes::NON_FINITE, parts.encoded.output, message, "scale the numbers down"));
        }
    };
    for (l, layer) in model.layers.iter().enumerate() {
        parts.options.interrupt.check();
        overflow(finite::heads(layer, &finite::sizes(&stream, facts)), l, "a head", findings);
        let old = stream.clone();
        attention::attend(layer, model.config.causal, &mut stream, &owner, facts, findings);
        check(2 * l + 1, &mut stream, Some(old), findings);
        overflow(finite::units(layer, &finite::sizes(&stream, facts)), l, "the MLP", findings);
        let old = stream.clone();
        mlp::feed_forward(layer, &mut stream, &owner, facts, causes);
        check(2 * l + 2, &mut stream, Some(old), findings);
    }
    stream
}

/// By coordinate: the variable its domain is stated in.
fn owners(parts: &Parts<'_>, facts: &Facts<'_>) -> Vec<Option<Var>> {
    let circuit: &Circuit = &parts.lowered.circuit;
    let of = |&d: &crate::circuit::DirId| {
        let direction = circuit.direction(d);
        let node = direction.origin?;
        let pattern = direction.writer.and_then(|b| match &circuit.blocks[b.index()] {
            Block::Attention(a) => Some(a.pattern),
            Block::Mlp(_) => None,
        });
        let cube = pattern.map(|p| parts.lowered.patterns[p as usize].1 as u32);
        Some(match cube.filter(|_| facts.cubes(node).is_some()) {
            Some(c) => Var::Cube(node, c),
            None => Var::Node(node),
        })
    };
    parts.layout.direction.iter().map(of).collect()
}

/// What the arithmetic of every certificate rests on.
const ARITHMETIC: [&str; 3] = [
    "products of 32-bit floats are true ones (TF32 off); sums may be taken in any order, with or without fused \
     multiply-add, and the residual is added to a half-layer's finished sum",
    "the exponential of 0 is 1, and of −104 or less 0",
    "a division is at most 2 units in the last place off, and one by 1 is exact",
];

fn certificate(parts: &Parts<'_>, nodes: Vec<NodeCertificate>, findings: &Findings) -> Certificate {
    let mut assumptions: Vec<String> = ARITHMETIC.iter().map(|&a| a.to_owned()).collect();
    if findings.masked {
        assumptions.push("keys of padding are masked by the runtime".to_owned());
    }
    assumptions.extend(parts.values.assumptions().iter().map(|a| a.text.clone()));
    let graph = &parts.encoded.graph;
    let equal = findings.equal.iter().map(|&n| graph.describe(n));
    assumptions.extend(equal.map(|n| format!("all keys that one query selects for `{n}` hold equal values")));
    Certificate {
        max_error: nodes.iter().map(|n| n.bound).fold(0.0, f64::max),
        min_margin: nodes.iter().filter_map(|n| n.margin).reduce(f64::min),
        dtype: "float32".to_owned(),
        assumptions,
        nodes,
    }
}
