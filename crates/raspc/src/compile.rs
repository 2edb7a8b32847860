//! The six steps in order.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Kind, NodeId, Op};
use raspc_lang::serial::graph_to_json;
use raspc_lang::value::Value;
use raspc_model::model::{Decode, Model};

use crate::admit::{admit, admit_pairs};
use crate::assemble::readout::{Reading, Way, readings};
use crate::assemble::{Layout, Placement, assemble, lay_out, truth};
use crate::certify::precision::analyse_for;
use crate::certify::record::record;
use crate::certify::{Analysis, Certificate, Parts};
use crate::cleanup::{nearest, soft};
use crate::encode::plan::{Encoded, Number, OneHot, Scalar};
use crate::encode::{Wishes, codes, encode};
use crate::formula::{by_chords, by_classes, by_counts, by_pieces, by_total, drop_empty, maps_behind, realise};
use crate::lower::{Lowered, Refused, lower};
use crate::options::Options;
use crate::progress::{Progress, Step};
use crate::schedule::{Schedule, schedule};
use crate::simplify::{reachable, simplify};
use crate::values::{Assumption, Values, infer, infer_needed};

/// A compiled program: every stage, and the model.
#[derive(Debug)]
pub struct Compilation {
    /// The program's graph, as given.
    pub graph: Graph,
    /// The s-op that was compiled.
    pub output: NodeId,
    /// What was asked for.
    pub options: Options,
    /// Value sets and facts, of the encoded graph's nodes.
    pub values: Values,
    /// (2) the encoded graph.
    pub encoded: Encoded,
    /// (3) the circuit and how nodes are read from it.
    pub lowered: Lowered,
    /// (4) the layers.
    pub schedule: Schedule,
    /// (5) the residual stream.
    pub layout: Layout,
    /// Where each block is in the model.
    pub placement: Placement,
    /// How each named node is read.
    pub readings: Vec<Reading>,
    /// (6) the model.
    pub model: Model,
    /// What the model rests on that was not proved.
    pub assumptions: Vec<Assumption>,
    /// The proof that the model is right, or why there is none (only with [`Options::uncertified`]).
    pub certificate: Result<Certificate, Vec<Diagnostic>>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

impl Compilation {
    /// Whether a model from a folder is the one that this compilation makes: under the same labels, or with the same weights.
    ///
    /// Labels of s-ops without a name tell of host functions by their names, which the folder's tables do not have; and whoever
    /// changes the weights in a folder leaves the labels as they are.
    pub fn made(&self, model: &Model) -> bool {
        let own = &self.model;
        let weights = || (&own.w_e, &own.w_pos, &own.layers) == (&model.w_e, &model.w_pos, &model.layers);
        own.config == model.config && (own.labels == model.labels || weights())
    }

    /// What the certificate is made from.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            graph: &self.graph,
            encoded: &self.encoded,
            values: &self.values,
            lowered: &self.lowered,
            layout: &self.layout,
            model: &self.model,
            options: &self.options,
        }
    }
}

/// Compiles the s-op `output` of a graph.
///
/// # Errors
/// Diagnostics that name node, place and what to do.
pub fn compile(graph: &Graph, output: NodeId, options: &Options) -> Result<Compilation, Vec<Diagnostic>> {
    check_options(options)?;
    assert_eq!(graph.op(output).kind(), Kind::SOp, "a selector is compiled through its width");
    if cfg!(debug_assertions) {
        graph.check();
    }
    let tell = |step| options.progress.tell(step);
    tell(Step::Graph);
    let simplified = simplify(graph, output, options.opt);
    tell(Step::Values);
    let values = infer(&simplified.graph, simplified.output, options)?;
    tell(Step::Encoding);
    admit_pairs(&simplified, &values, options)?;
    let (mut simplified, mut values) = realise(&simplified, values, options)?;
    let mut wishes = Wishes::default();
    let mut tries = 0;
    loop {
        options.interrupt.check();
        tell(Step::Encoding);
        let encoded = encode(&simplified, &values, options, &wishes)?;
        admit(&encoded, &values, options)?;
        let mut soft = soft(&encoded, &values);
        soft.retain(|id| !wishes.clean.contains(id));
        // First what is soft is cleaned, each time something more; then the node that fails is given another form, a bounded
        // number of times: its sum added up before it is put on a grid, and an s-op of its own; chosen by one category; made of
        // counts; made of lines, or of chords; read as a number; its values merged that no reader tells apart.
        let built = build(graph, output, &encoded, &values, options);
        let (wanted, failed) = match &built {
            Err(refused) => {
                let about = refused.diagnostic.code;
                let marginal = Some(refused.node).filter(|_| [codes::MARGIN, codes::LATTICE].contains(&about));
                (soft, marginal)
            }
            Ok((_, analysis)) => {
                let failed = analysis.failed.first().copied();
                (failed.map_or_else(BTreeSet::new, |node| nearest(&encoded, &soft, node)), failed)
            }
        };
        if !wanted.is_empty() {
            wishes.clean.extend(wanted);
            continue;
        }
        tries += 1;
        let again = failed.filter(|_| tries <= FORMS);
        if again.is_some_and(|node| adds_up(&encoded, node) && wishes.gathered.insert(node)) {
            continue;
        }
        let several = again.map_or_else(Vec::new, |node| chosen_by_several(&encoded, node));
        if several.into_iter().fold(false, |new, id| wishes.single.insert(id) | new) {
            continue;
        }
        let total = again.filter(|node| wishes.gathered.contains(node));
        let total = total.and_then(|node| by_total(&simplified, &values, &encoded, node));
        let counted =
            again.filter(|_| total.is_none()).and_then(|node| by_counts(&simplified, &values, &encoded, node, options));
        let untold = again.filter(|_| built.is_err() && counted.is_none() && total.is_none());
        if untold.is_some_and(|node| is_stepped(&encoded, node) && wishes.loose.insert(node)) {
            continue;
        }
        let pieces = again
            .filter(|_| total.is_none() && counted.is_none())
            .and_then(|node| by_pieces(&simplified, &values, &encoded, node));
        let chords = again.filter(|_| total.is_none() && counted.is_none() && pieces.is_none());
        if let Some(smooth) = chords.and_then(|node| by_chords(&simplified, &values, &encoded, node)) {
            wishes.smooth.insert(smooth);
            continue;
        }
        let other =
            total.or(counted).or(pieces).or_else(|| untold.and_then(|node| by_classes(&simplified, &values, node)));
        let Some(mut other) = other else {
            let (built, analysis) = built.map_err(|refused| vec![*refused.diagnostic])?;
            return finish((graph, output), options, values, encoded, built, analysis.certificate);
        };
        tell(Step::Values);
        let mut known = infer_needed(&other.graph, &other.needed(), options)?;
        if drop_empty(&mut other, &known, options) {
            known = infer_needed(&other.graph, &other.needed(), options)?;
        }
        tell(Step::Encoding);
        (simplified, values) = realise(&other, known, options)?;
        wishes = Wishes::default();
    }
}

/// Whether the node's one-hot is made by steps on a number.
fn is_stepped(encoded: &Encoded, node: NodeId) -> bool {
    matches!(encoded.plan(node).onehot, Some(OneHot::Steps(Scalar::Sum(_))))
}

/// Whether the node is made by steps on a sum of several numbers, or on a number that is such a sum.
fn adds_up(encoded: &Encoded, node: NodeId) -> bool {
    let plan = encoded.plan(node);
    let is_sum = |id: NodeId| id != node && matches!(encoded.plan(id).number, Some(Number::Affine { .. }));
    let several = |scalar: &Scalar| matches!(scalar, Scalar::Sum(sum) if sum.terms.len() > 1 || sum.terms.iter().any(|t| is_sum(t.0)));
    matches!(&plan.onehot, Some(OneHot::Steps(s)) if several(s))
        || matches!(&plan.number, Some(Number::Steps(s)) if several(s))
}

/// The gated sums that several categories choose, among what the node is an element-wise function of.
fn chosen_by_several(encoded: &Encoded, node: NodeId) -> Vec<NodeId> {
    let several = |id: &NodeId| matches!(&encoded.plan(*id).number, Some(Number::Gated(g)) if g.categories.len() > 1);
    maps_behind(&encoded.graph, node).into_iter().filter(several).collect()
}

/// What comes after the encoded graph.
struct Built {
    lowered: Lowered,
    schedule: Schedule,
    layout: Layout,
    placement: Placement,
    readings: Vec<Reading>,
    model: Model,
}

/// Steps (3) to (6), and what can be proved of the model.
fn build(
    graph: &Graph,
    output: NodeId,
    encoded: &Encoded,
    values: &Values,
    options: &Options,
) -> Result<(Built, Analysis), Refused> {
    let tell = |step| options.progress.tell(step);
    tell(Step::Blocks);
    let lowered = lower(encoded, values, options)?;
    options.interrupt.check();
    tell(Step::Layers);
    let schedule = schedule(&lowered.circuit);
    if cfg!(debug_assertions) {
        encoded.graph.check();
        lowered.circuit.check();
        schedule.check(&lowered.circuit);
    }
    tell(Step::Stream);
    let (readings, at) = readings(graph, output, encoded, &lowered, values, options);
    let layout = lay_out(&lowered.circuit, &readings);
    let readouts = readings.iter().map(|r| r.place(&lowered.circuit, &schedule, &layout)).collect();
    tell(Step::Weights);
    let (model, placement) = assemble(&lowered.circuit, &schedule, &layout, graph.mask, readouts, at, options);
    options.interrupt.check();
    tell(Step::Certificate);
    let parts = Parts { graph, encoded, values, lowered: &lowered, layout: &layout, model: &model, options };
    let analysis = analyse_for(&parts, options.dtype);
    Ok((Built { lowered, schedule, layout, placement, readings, model }, analysis))
}

/// The compilation, unless it is refused.
fn finish(
    (graph, output): (&Graph, NodeId),
    options: &Options,
    values: Values,
    encoded: Encoded,
    built: Built,
    certificate: Result<Certificate, Vec<Diagnostic>>,
) -> Result<Compilation, Vec<Diagnostic>> {
    if let Err(errors) = &certificate
        && !options.uncertified
    {
        return Err(errors.clone());
    }
    let Built { lowered, schedule, layout, placement, mut readings, mut model } = built;
    model.graph = tabulated(graph, output, &encoded, &values, options);
    model.circuit =
        truth::truth(&encoded.graph, &lowered.circuit, &schedule, &layout, &placement, &readings[model.output]);
    let assumptions = values.assumptions().to_vec();
    model.assumptions = assumptions.iter().map(|a| a.text.clone()).collect();
    let warnings = values.warnings().to_vec();
    model.certificate = record(&certificate, options.dtype);
    if let Ok(certificate) = &certificate {
        state_bounds(certificate, &mut readings, &mut model);
    }
    // Who waited for this compilation does not wait for others with its options.
    let options = Options { progress: Progress::default(), ..options.clone() };
    let graph = graph.clone();
    Ok(Compilation {
        graph,
        output,
        options,
        values,
        encoded,
        lowered,
        schedule,
        layout,
        placement,
        readings,
        model,
        assumptions,
        certificate,
        warnings,
    })
}

/// What is proved of a number is what its read-outs state.
pub fn state_bounds(certificate: &Certificate, readings: &mut [Reading], model: &mut Model) {
    for node in &certificate.nodes {
        let stated = readings.iter_mut().filter(|r| r.node == node.node).map(|r| &mut r.way);
        for way in stated {
            if let Way::Numerical { bound, .. } = way {
                *bound = node.bound;
            }
        }
        for readout in model.readouts.iter_mut().filter(|r| r.node == node.node.0) {
            if let Decode::Numerical { bound, .. } = &mut readout.decode {
                *bound = node.bound;
            }
        }
    }
}

/// The program's graph with its host functions as tables of everything their arguments can hold together. Functions
/// whose arguments are too many to list, or that the output does not depend on, are kept by name.
fn tabulated(
    graph: &Graph,
    output: NodeId,
    encoded: &Encoded,
    values: &Values,
    options: &Options,
) -> serde_json::Value {
    let reached = reachable(graph, output);
    // Where another form took the place of an argument, what it can hold is found anew, in the program as it is given.
    let given = OnceCell::new();
    graph_to_json(graph, &mut |id| {
        let op = graph.op(id);
        let replaced = |n: &NodeId| reached[n.index()] && encoded.of[n.index()].is_none();
        if reached[id.index()] && op.operands().iter().any(replaced) {
            let given = given.get_or_init(|| infer(graph, output, options).ok()).as_ref()?;
            return arguments(op, &|n| Some(n), given, options);
        }
        arguments(op, &|n| encoded.of[n.index()], values, options)
    })
}

/// What a host function is tabulated for; `here` says where `values` know a node.
fn arguments(
    op: &Op,
    here: &dyn Fn(NodeId) -> Option<NodeId>,
    values: &Values,
    options: &Options,
) -> Option<Vec<Vec<Value>>> {
    let tuples = match op {
        Op::Map { args, .. } => {
            let args: Vec<NodeId> = args.iter().map(|&a| here(a)).collect::<Option<_>>()?;
            values.joint(&args, options.limits.enumerate.min(1 << 22)).ok()?.into_iter().map(Vec::from).collect()
        }
        Op::Select { keys, queries, .. } => {
            let (keys, queries) = (values.enumerate(here(*keys)?).ok()?, values.enumerate(here(*queries)?).ok()?);
            keys.iter().flat_map(|k| queries.iter().map(|q| vec![k.clone(), q.clone()])).collect()
        }
        _ => return None,
    };
    Some(tuples)
}

/// Most nodes that are given another form where the first has too small a margin.
const FORMS: usize = 16;

/// The longest input that can be asked for; positions are stored as u32 and half-layers of this length never end.
pub const LONGEST: usize = 1 << 16;

fn check_options(options: &Options) -> Result<(), Vec<Diagnostic>> {
    let fail = |code, message: String, hint: &str| Err(vec![Diagnostic::error(code, message).hint(hint)]);
    if options.vocab.is_empty() {
        return fail(
            codes::VOCABULARY,
            "the vocabulary is empty".to_owned(),
            "name at least one token, as in `--vocab abc`",
        );
    }
    if options.max_len == 0 || options.max_len > LONGEST {
        let message = format!("the maximum length is {}, and must lie between 1 and {LONGEST}", options.max_len);
        return fail(codes::LENGTH, message, "set it with `--max-len`");
    }
    let mut sorted: Vec<&Value> = options.vocab.iter().collect();
    sorted.sort();
    if let Some((twice, _)) = sorted.iter().zip(&sorted[1..]).find(|(a, b)| a == b) {
        let message = format!("the vocabulary holds {twice} twice (equal values are one token)");
        return fail(codes::VOCABULARY, message, "name each token once; 1, 1.0 and true are equal");
    }
    if sorted.iter().any(|v| v.is_none()) {
        return fail(codes::VOCABULARY, "the vocabulary holds none".to_owned(), "none is no token: leave it out");
    }
    for reserved in [&options.bos, &options.pad] {
        if options.vocab.iter().any(|v| v.to_string() == *reserved) {
            let message =
                format!("the vocabulary holds `{reserved}`, which marks the beginning or the padding of an input");
            return fail(
                codes::VOCABULARY,
                message,
                "rename the token, or choose another text with `--bos` or `--pad`",
            );
        }
    }
    if options.bos == options.pad {
        return fail(
            codes::VOCABULARY,
            "BOS and PAD have the same text".to_owned(),
            "choose two texts with `--bos` and `--pad`",
        );
    }
    Ok(())
}
