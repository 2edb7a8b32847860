//! Selector formulas: how one head realises any and/or/not of selects. Between the value sets and the encodings, since
//! which truths occur together decides what is possible.
//!
//! A conjunction of selects and their complements is one head as it stands. Any other formula that an aggregate reads, and
//! one whose width would take too many conjunctions, becomes a sum of selects ([`Additive`]); the cheapest that fits:
//!
//! | file | holds |
//! |---|---|
//! | `truth.rs` | which truths of the selects occur together |
//! | `additive.rs`, `simplex.rs` | the formula's own selects with whole coefficients, by linear programming |
//! | `classes.rs` | one select over the classes of its keys and of its queries |
//! | `bits.rs` | a bit for each value of a shared side; a bit for each position |
//! | `fraction.rs` | functions of means by counts, where f32 cannot tell the means apart |
//! | `pieces.rs` | functions of one number that are lines between few places |
//! | `chords.rs` | functions of one number that are smooth |
//! | `totals.rs` | functions of a sum of several numbers |
//! | `merged.rs` | values that no select tells apart, as one |
//! | `prefix.rs` | widths of `<` over many values, bit by bit |
//!
//! The formula itself stays in the graph, and with it all that is known of what it selects; the selects that realise it,
//! and the s-ops these compare, are added beside it.

mod additive;
mod bits;
mod chords;
mod classes;
mod fraction;
mod merged;
mod pieces;
mod prefix;
mod simplex;
mod totals;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId, Op};

pub use additive::Additive;
use additive::additive;
use bits::Shared;
pub use chords::by_chords;
use classes::Classes;
pub use fraction::{by_counts, drop_empty};
pub use merged::by_classes;
pub use pieces::by_pieces;
pub use prefix::Family;
pub use totals::by_total;
use truth::{Cases, Formula, atoms};

use crate::encode::codes;
use crate::options::Options;
use crate::simplify::Simplified;
use crate::simplify::selector::{Cube, few_cubes};
use crate::values::{Values, infer_needed};

/// The element-wise functions that a node is made of, one of another, itself among them.
pub(crate) fn maps_behind(graph: &Graph, node: NodeId) -> BTreeSet<NodeId> {
    let (mut found, mut stack) = (BTreeSet::new(), vec![node]);
    while let Some(at) = stack.pop() {
        if let Op::Map { args, .. } = graph.op(at)
            && found.insert(at)
        {
            stack.extend(args);
        }
    }
    found
}

/// How selectors are realised that are not, as they stand, a conjunction or few.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forms {
    /// By selector: the sum of selects that one head realises it by.
    pub sums: BTreeMap<NodeId, Additive>,
    /// By selector: the heads of its width.
    pub families: BTreeMap<NodeId, Family>,
    /// By s-op that is a sum of widths with whole factors: the widths and their factors.
    pub counts: BTreeMap<NodeId, Vec<(NodeId, i64)>>,
    /// The s-ops that are sums which categories choose, whatever else they are a function of.
    pub pieces: BTreeSet<NodeId>,
}

impl Forms {
    /// Takes over what is said of s-ops of another graph; `to` says where its nodes are. (Selectors are realised anew.)
    pub(crate) fn carry(&mut self, old: &Self, to: &[NodeId]) {
        for (z, terms) in &old.counts {
            self.counts.insert(to[z.index()], terms.iter().map(|&(w, f)| (to[w.index()], f)).collect());
        }
        self.pieces.extend(old.pieces.iter().map(|p| to[p.index()]));
    }

    /// The selects that realise a selector, beside those in its formula.
    pub fn selects(&self, selector: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let sum = self.sums.get(&selector).into_iter().flat_map(|s| s.terms.iter().map(|t| t.0));
        let family = self.families.get(&selector).into_iter().flat_map(|f| &f.heads);
        sum.chain(family.flat_map(|h| h.0.iter().map(|l| l.select)))
    }
}

/// Formulas over more selects than this are not realised.
const ATOMS: usize = 20;
/// The linear program is asked of formulas over at most this many.
const PROGRAM: usize = 10;
/// Bits of a shared side are made of formulas over at most this many.
const BITS: usize = 8;
/// A width is the sum of at most this many conjunctions' widths.
pub const HEADS: usize = 16;
/// Tables of classes have at most this many entries.
const ENTRIES: usize = 1 << 16;
/// A shared side has at most this many values.
const SHARED: usize = 1 << 10;
/// Position bits are made up to this length: their means are listed.
const POSITIONS: usize = 48;

/// Realises the formulas of a simplified program that no conjunction is.
///
/// # Errors
/// A formula for which every way is too large, with the figures.
pub fn realise(
    simplified: &Simplified,
    values: Values,
    options: &Options,
) -> Result<(Simplified, Values), Vec<Diagnostic>> {
    let wanted = wanted(simplified);
    let graph = &simplified.graph;
    let mut ways: BTreeMap<NodeId, Vec<Way>> = BTreeMap::new();
    let mut errors = Vec::new();
    for (selector, aggregated) in wanted {
        let formula = Formula { node: selector, negated: false };
        match ways_of(graph, &values, formula, aggregated, options) {
            Some(Ok(found)) => {
                ways.insert(selector, found);
            }
            Some(Err(diagnostic)) => errors.push(*diagnostic),
            None => {}
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let realised = build(simplified, &values, &ways, options);
    let adds = realised.graph.len() > graph.len();
    let values = if adds { infer_needed(&realised.graph, &realised.needed(), options)? } else { values };
    Ok((realised, values))
}

/// How a part of a formula is realised.
enum Way {
    Sum(Additive),
    Classes(Classes),
    Shared(Shared, Formula, Vec<NodeId>),
    Positions(Vec<Cube>),
}

/// The selectors that are no conjunction, and whether an aggregate reads them.
fn wanted(simplified: &Simplified) -> BTreeMap<NodeId, bool> {
    let graph = &simplified.graph;
    let needed = simplified.needed();
    let mut wanted = BTreeMap::new();
    for (_, node) in graph.iter().filter(|(id, _)| needed[id.index()]) {
        let (selector, aggregated) = match node.op {
            Op::Aggregate { selector, .. } => (selector, true),
            Op::SelectorWidth(selector) => (selector, false),
            _ => continue,
        };
        if few_cubes(graph, selector, false, HEADS).is_none_or(|cubes| cubes.len() != 1) {
            *wanted.entry(selector).or_insert(false) |= aggregated;
        }
    }
    wanted
}

/// The selectors that widths read.
fn counted(simplified: &Simplified) -> BTreeSet<NodeId> {
    let needed = simplified.needed();
    let widths = simplified.graph.iter().filter(|(id, _)| needed[id.index()]).filter_map(|(_, n)| match n.op {
        Op::SelectorWidth(selector) => Some(selector),
        _ => None,
    });
    widths.collect()
}

/// How a formula is realised; nothing where a sum of widths is the cheapest way.
fn ways_of(
    graph: &Graph,
    values: &Values,
    formula: Formula,
    aggregated: bool,
    options: &Options,
) -> Option<Result<Vec<Way>, Box<Diagnostic>>> {
    let whole = atoms(graph, formula.node, ATOMS);
    let cases = whole.as_ref().and_then(|a| Cases::of(graph, values, a));
    if let (Some(atoms), Some(cases)) = (&whole, &cases)
        && atoms.len() <= PROGRAM
        && let Some(sum) = additive(graph, formula, atoms, cases)
    {
        return Some(Ok(vec![Way::Sum(sum)]));
    }
    if !aggregated && signed_cubes(graph, formula.node).is_some() {
        return None;
    }
    let factors = formula.factors(graph);
    let ways = if factors.len() > 1 {
        factors.into_iter().map(|f| way_of(graph, values, f, options)).collect()
    } else {
        way_of(graph, values, formula, options).map(|w| vec![w])
    };
    Some(ways)
}

/// How a formula, or one factor of it, is realised.
fn way_of(graph: &Graph, values: &Values, formula: Formula, options: &Options) -> Result<Way, Box<Diagnostic>> {
    if let Op::Select { .. } = graph.op(formula.node) {
        let (coefficient, top) = if formula.negated { (-1, 0) } else { (1, 1) };
        return Ok(Way::Sum(Additive { terms: vec![(formula.node, coefficient)], top }));
    }
    let Some(atoms) = atoms(graph, formula.node, ATOMS) else {
        return Err(too_large(graph, formula, &format!("it is made of more than {ATOMS} selects"), options));
    };
    let cases = Cases::of(graph, values, &atoms);
    if let Some(cases) = &cases {
        if atoms.len() <= PROGRAM
            && let Some(sum) = additive(graph, formula, &atoms, cases)
        {
            return Ok(Way::Sum(sum));
        }
        let classes = Classes::of(graph, formula, cases);
        if classes.entries() <= ENTRIES {
            return Ok(Way::Classes(classes));
        }
    }
    if let Some(shared) = shared(graph, values, &atoms) {
        return Ok(Way::Shared(shared, formula, atoms));
    }
    if options.max_len <= POSITIONS
        && let Some(cubes) = few_cubes(graph, formula.node, formula.negated, HEADS)
    {
        return Ok(Way::Positions(cubes));
    }
    Err(too_large(graph, formula, "the values that its keys and queries hold together are too many to list", options))
}

/// The smaller side that is one s-op, if one is.
fn shared(graph: &Graph, values: &Values, atoms: &[NodeId]) -> Option<Shared> {
    let side = |keys: bool| {
        let mut nodes: Vec<NodeId> = atoms
            .iter()
            .map(|&a| match *graph.op(a) {
                Op::Select { keys: k, queries: q, .. } => {
                    if keys {
                        k
                    } else {
                        q
                    }
                }
                ref op => panic!("{op:?} is no select"),
            })
            .collect();
        nodes.dedup();
        let [node] = nodes[..] else { return None };
        let values = values.enumerate(node).ok()?.to_vec();
        (values.len() <= SHARED && atoms.len() <= BITS).then_some(Shared { node, values, keys })
    };
    [side(true), side(false)].into_iter().flatten().min_by_key(|s| s.values.len())
}

fn too_large(graph: &Graph, formula: Formula, why: &str, options: &Options) -> Box<Diagnostic> {
    let name = graph.describe(formula.node);
    let message = format!("one attention head cannot realise the selector `{name}`: {why}");
    Box::new(
        Diagnostic::error(codes::SELECTOR, message)
            .at(graph.node(formula.node).span)
            .node(name)
            .note(
                None,
                format!(
                    "its selects are no sum that is level where it holds; a bit for each position is made up to length {POSITIONS}, and this is {}",
                    options.max_len
                ),
            )
            .hint("let it compare s-ops with fewer values, shorten the maximum length, or split it into several aggregates"),
    )
}

/// The graph with what the ways need added before its first reader.
fn build(simplified: &Simplified, values: &Values, ways: &BTreeMap<NodeId, Vec<Way>>, options: &Options) -> Simplified {
    let old = &simplified.graph;
    let mut graph = Graph::new(old.mask);
    let mut to: Vec<NodeId> = Vec::with_capacity(old.len());
    let mut forms = Forms::default();
    let counted = counted(simplified);
    for (id, node) in old.iter() {
        let new = graph.push(node.op.with_operands(|o| to[o.index()]), node.span);
        node.names.iter().for_each(|n| graph.name(new, n));
        graph.node_mut(new).annotation = node.annotation;
        to.push(new);
        // All that a selector reads is there when it is, and its readers come later.
        let Some(ways) = ways.get(&id) else {
            if counted.contains(&id)
                && let Some(family) = prefix::split(old, values, id, options, &mut graph, &to)
            {
                forms.families.insert(new, family);
            }
            continue;
        };
        let mut form = Additive { terms: Vec::new(), top: 0 };
        for way in ways {
            let part = match way {
                Way::Sum(sum) => {
                    let terms = sum.terms.iter().map(|&(s, c)| (to[s.index()], c)).collect();
                    Additive { terms, top: sum.top }
                }
                Way::Classes(classes) => Additive { terms: vec![(classes.build(&mut graph, &to), 1)], top: 1 },
                Way::Shared(shared, formula, atoms) => shared.build(old, *formula, atoms, &mut graph, &to),
                Way::Positions(cubes) => bits::positions(cubes, options.max_len, &mut graph, &to),
            };
            form.top += part.top;
            form.terms.extend(part.terms);
        }
        form.terms = merged(form.terms);
        forms.sums.insert(new, form);
    }
    forms.carry(&simplified.forms, &to);
    let of = simplified.of.iter().map(|o| o.map(|o| to[o.index()])).collect();
    Simplified { output: to[simplified.output.index()], graph, of, forms }
}

/// Each select once, those that cancel left out.
fn merged(mut terms: Vec<(NodeId, i64)>) -> Vec<(NodeId, i64)> {
    terms.sort_unstable();
    let mut all: Vec<(NodeId, i64)> = Vec::with_capacity(terms.len());
    for (select, c) in terms {
        match all.last_mut() {
            Some(last) if last.0 == select => last.1 += c,
            _ => all.push((select, c)),
        }
    }
    all.retain(|t| t.1 != 0);
    all
}

/// A width as a signed sum of widths of conjunctions: of the formula's own, or of all keys (the empty conjunction, first)
/// less those of its complement, whichever are fewer; and whether it is the second. Nothing where both are too many.
pub fn signed_cubes(graph: &Graph, selector: NodeId) -> Option<(Vec<Cube>, bool)> {
    let of = |negated| few_cubes(graph, selector, negated, HEADS);
    match (of(false), of(true)) {
        (Some(own), Some(others)) if others.len() + 1 < own.len() => Some((complement(others), true)),
        (Some(own), _) => Some((own, false)),
        (None, Some(others)) if others.len() < HEADS => Some((complement(others), true)),
        _ => None,
    }
}

fn complement(others: Vec<Cube>) -> Vec<Cube> {
    std::iter::once(Cube::new()).chain(others).collect()
}
