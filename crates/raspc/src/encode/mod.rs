//! Encode: chooses how each node is held, from the readers back to the sources. Step (2), second half; the first of the
//! two gates of legality.
//!
//! Nodes are visited users first. Each user has by then said what it needs of its operands (`Demand`): a one-hot, a
//! number, a number on a grid, a reciprocal. A plan meets the demand with what is cheapest: first a view (a linear
//! function of something that is there anyway costs nothing), then a sum, then steps on a scalar or a lookup table.

pub mod affine;
mod aggregate;
pub mod codes;
mod gated;
mod map;
pub mod plan;
pub mod print;
mod sums;

use std::collections::BTreeSet;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Annotation, Graph, Kind, NodeId, Op};
use raspc_lang::value::Value;

use crate::formula::{Forms, signed_cubes};
use crate::gadgets::widths::WIDEST_RECIPROCAL;
use crate::options::{OptLevel, Options};
use crate::simplify::Simplified;
use crate::values::{ValueSet, Values};
use plan::{Encoded, Number, OneHot, Plan, Scalar};
use sums::Found;

/// What the readers of a node need. (The flags are independent of each other: each is one reader's wish.)
#[expect(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Demand {
    onehot: bool,
    number: bool,
    plain: bool,
    lattice: i8,
    reach: f64,
    fine: bool,
    reciprocal: bool,
    ratio: bool,
    none_class: bool,
}

/// Nodes that are given another form than the first, because that has too small a margin.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Aggregates whose one-hots are made exactly 0 and 1; others may be off by what a sum of equal weights rounds (see
    /// [`crate::cleanup`]).
    pub clean: BTreeSet<NodeId>,
    /// Nodes whose numbers cannot be told apart: they are read as numbers where nothing but their being read asks for a one-hot.
    pub loose: BTreeSet<NodeId>,
    /// Nodes that take steps on a sum whose terms share no grid that is fine enough: it is added up first, and put on a grid then.
    pub gathered: BTreeSet<NodeId>,
    /// Gated sums of which one category chooses, the others being numbers: units that look at several at once leave more open than
    /// the certificate can follow.
    pub single: BTreeSet<NodeId>,
    /// Functions of a number with very many values that are followed by chords in place of steps.
    pub smooth: BTreeSet<NodeId>,
}

struct Encoder<'a> {
    graph: &'a Graph,
    values: &'a Values,
    options: &'a Options,
    wishes: &'a Wishes,
    /// The node whose value determines this one through element-wise functions alone (itself, if there is no single one).
    base: Vec<Option<NodeId>>,
    demands: Vec<Demand>,
    plans: Vec<Plan>,
    /// Nodes that chose steps on this node's scalar, and become views if it turns out to have a one-hot.
    step_users: Vec<Vec<NodeId>>,
    /// Nodes that chose a view of this source; they may get subspaces of their own instead.
    view_users: Vec<Vec<NodeId>>,
    /// The selectors that one head realises as a sum of selects.
    forms: &'a Forms,
    /// Which nodes are sums.
    found: Found,
    errors: Vec<Diagnostic>,
}

/// Chooses encodings for everything `simplified.output` depends on.
///
/// # Errors
/// What cannot be compiled yet, or explodes: each with its node, place and what to do.
pub fn encode(
    simplified: &Simplified,
    values: &Values,
    options: &Options,
    wishes: &Wishes,
) -> Result<Encoded, Vec<Diagnostic>> {
    let graph = &simplified.graph;
    let n = graph.len();
    let mut encoder = Encoder {
        graph,
        values,
        options,
        wishes,
        base: bases(graph, options.opt),
        demands: vec![Demand::default(); n],
        plans: vec![Plan::default(); n],
        step_users: vec![Vec::new(); n],
        view_users: vec![Vec::new(); n],
        forms: &simplified.forms,
        found: Found::new(n),
        errors: Vec::new(),
    };
    // Folding leaves constants behind that nobody reads.
    let needed = simplified.needed();
    for i in (0..n).rev().filter(|&i| needed[i]) {
        encoder.visit(NodeId(i as u32), simplified.output);
    }
    if encoder.errors.is_empty() {
        // S-ops that another form took the place of are still in the graph, and nobody knows anything of them.
        let alive = |n: NodeId| needed[n.index()] || graph.op(n).kind() == Kind::Selector;
        let of = simplified.of.iter().map(|o| o.filter(|&n| alive(n))).collect();
        let forms = simplified.forms.clone();
        Ok(Encoded { graph: graph.clone(), output: simplified.output, of, plans: encoder.plans, forms })
    } else {
        Err(encoder.errors)
    }
}

/// The base of each s-op: constants have none; at `-O0` every node is its own.
fn bases(graph: &Graph, opt: OptLevel) -> Vec<Option<NodeId>> {
    let mut base: Vec<Option<NodeId>> = Vec::with_capacity(graph.len());
    for (id, node) in graph.iter() {
        base.push(match &node.op {
            Op::Const(_) => None,
            Op::Map { args, .. } => {
                let mut of_args: Vec<NodeId> = args.iter().filter_map(|a| base[a.index()]).collect();
                of_args.sort_unstable();
                of_args.dedup();
                match of_args.as_slice() {
                    [] => None,
                    [one] if opt > OptLevel::O0 => Some(*one),
                    _ => Some(id),
                }
            }
            _ => Some(id),
        });
    }
    base
}

impl Encoder<'_> {
    fn visit(&mut self, id: NodeId, output: NodeId) {
        let node = self.graph.node(id);
        if node.op.kind() == raspc_lang::graph::Kind::Selector {
            return;
        }
        if id == output {
            self.demand_output(id);
        }
        self.demand_wish(id);
        let readable = !node.names.is_empty() || self.options.opt == OptLevel::O0;
        // (Steps on a width's reciprocal make it neither.)
        let held = self.demands[id.index()].onehot || self.demands[id.index()].number;
        if readable && !held && !matches!(node.op, Op::Tokens | Op::Indices) {
            self.demand_default(id);
        }
        // Who looks at the node reads its number too, not only steps.
        self.demands[id.index()].plain |= readable && self.demands[id.index()].number;
        if self.demands[id.index()] == Demand::default() && self.view_users[id.index()].is_empty() {
            return;
        }
        match &node.op {
            Op::Tokens | Op::Indices => self.source(id),
            Op::Const(v) => self.constant(id, v),
            Op::Map { .. } => self.map(id),
            Op::Aggregate { .. } => self.aggregate(id),
            Op::SelectorWidth(_) => self.width(id),
            Op::Select { .. } | Op::And(..) | Op::Or(..) | Op::Not(_) => unreachable!("selectors have no encoding"),
        }
    }

    /// The output is categorical where its values can be listed, so that argmax decodes it; means are numbers.
    fn demand_output(&mut self, id: NodeId) {
        let listed = matches!(self.values.set(id), ValueSet::Finite(v) if v.len() <= 1 << 14);
        let mean = self.is_mean(id);
        let wish = self.graph.node(id).annotation;
        let numerical = match wish {
            Some(Annotation::Numerical) => self.is_numeric(id),
            Some(Annotation::Categorical) => false,
            Some(Annotation::OneHot) => self.is_numeric(id) && !self.is_short(id),
            None => self.is_numeric(id) && (!listed || mean || self.wishes.loose.contains(&id)),
        };
        let demand = &mut self.demands[id.index()];
        if numerical {
            demand.number = true;
            demand.plain = true;
        } else {
            demand.onehot = true;
            demand.none_class = self.values.can_be_none(id);
        }
    }

    /// A named node must be readable: as a number where that is exact and takes one direction, else as a one-hot.
    fn demand_default(&mut self, id: NodeId) {
        let described = !matches!(self.values.set(id), ValueSet::Finite(_));
        let loose = described || self.is_mean(id) || self.wishes.loose.contains(&id);
        let number = self.is_numeric(id) && (self.is_whole(id) || loose);
        let demand = &mut self.demands[id.index()];
        if number { demand.number = true } else { demand.onehot = true }
    }

    /// At `-O0` a node is held as its annotation says, whatever its readers need.
    fn demand_wish(&mut self, id: NodeId) {
        if self.options.opt > OptLevel::O0 {
            return;
        }
        match self.graph.node(id).annotation {
            Some(Annotation::Numerical) if self.is_numeric(id) => self.demands[id.index()].number = true,
            Some(Annotation::OneHot) if self.is_short(id) => self.demands[id.index()].onehot = true,
            _ => {}
        }
    }

    /// Whether the values are few enough for a one-hot that no reader needs. Each value of a mean takes steps.
    fn is_short(&self, id: NodeId) -> bool {
        match self.values.set(id) {
            ValueSet::Finite(v) if !self.is_mean(id) => v.len() <= 1 << 14,
            _ => self.count(id) <= 1 << 10,
        }
    }

    fn source(&mut self, id: NodeId) {
        let demand = self.demands[id.index()];
        let users = std::mem::take(&mut self.view_users[id.index()]);
        let own_cost = |m: &NodeId| {
            let plan = &self.plans[m.index()];
            let classes = if plan.onehot.is_some() { self.count(*m) } else { 0 };
            classes + usize::from(plan.number.is_some())
        };
        let onehot = demand.onehot || users.iter().map(own_cost).sum::<usize>() > self.count(id);
        let plan = &mut self.plans[id.index()];
        plan.onehot = onehot.then_some(OneHot::Embedded { source: id });
        if demand.number {
            // A step reads the number in every unit: one direction beats a sum over all values.
            let own = demand.lattice != 0 || !onehot;
            plan.number = Some(if own { Number::Embedded { source: id } } else { Number::View { base: id } });
        }
        plan.lattice = demand.lattice;
        if !onehot {
            for m in users {
                let plan = &mut self.plans[m.index()];
                plan.onehot = plan.onehot.take().map(|_| OneHot::Embedded { source: id });
                plan.number = plan.number.take().map(|_| Number::Embedded { source: id });
            }
        }
    }

    fn constant(&mut self, id: NodeId, value: &Value) {
        let plan = &mut self.plans[id.index()];
        plan.onehot = Some(OneHot::Constant);
        plan.number = value.is_number().then_some(Number::Constant);
    }

    fn demand_onehot(&mut self, id: NodeId) {
        let d = &mut self.demands[id.index()];
        d.onehot = true;
    }

    fn demand_number(&mut self, id: NodeId, lattice: i8) {
        // (A mean whose default is a string has a number beside the string's stand-in.)
        debug_assert!(
            self.is_numeric(id)
                || matches!(*self.graph.op(id), Op::Aggregate { values, .. } if self.is_numeric(values)),
            "a number is asked of `{}`",
            self.graph.describe(id)
        );
        let d = &mut self.demands[id.index()];
        d.number = true;
        d.plain |= lattice == 0;
        if d.lattice == 0 {
            d.lattice = lattice;
        }
    }

    /// Demands the terms of a sum on a grid, their constants balanced.
    fn demand_terms(&mut self, sum: &plan::Sum) {
        let mut balance = 0.0;
        let size: f64 = sum.terms.iter().map(|t| t.1.abs() * self.magnitude(t.0)).sum();
        let fine = sum.terms.iter().any(|t| !self.is_whole(t.0));
        for &(node, factor) in &sum.terms {
            let demand = &mut self.demands[node.index()];
            demand.fine |= fine;
            demand.reach = demand.reach.max(if factor == 0.0 { 0.0 } else { size / factor.abs() });
            let sign = if balance * factor > 0.0 { -1 } else { 1 };
            self.demand_number(node, sign);
            balance += factor * f64::from(self.demands[node.index()].lattice);
        }
    }

    fn demand_scalar(&mut self, id: NodeId, scalar: &Scalar) {
        match scalar {
            Scalar::Reciprocal(w) => self.demands[w.index()].reciprocal = true,
            Scalar::Sum(sum) if self.wishes.gathered.contains(&id) || self.wishes.smooth.contains(&id) => {
                sum.terms.iter().for_each(|t| self.demand_number(t.0, 0));
            }
            Scalar::Sum(sum) => self.demand_terms(sum),
        }
    }

    /// A plan with the wishes of the node's readers.
    fn planned(&self, id: NodeId) -> Plan {
        let demand = self.demands[id.index()];
        let Demand { lattice, reach, none_class, plain, .. } = demand;
        Plan { lattice, plain, none_class, reach, gathered: self.wishes.gathered.contains(&id), ..Plan::default() }
    }

    /// No number that the node can hold is larger.
    fn magnitude(&self, id: NodeId) -> f64 {
        match self.values.set(id) {
            ValueSet::Finite(v) => v.iter().filter_map(Value::as_f64).map(f64::abs).fold(0.0, f64::max),
            ValueSet::Numbers { lo, hi, .. } => lo.abs().max(hi.abs()),
            ValueSet::Other { .. } => 0.0,
        }
    }

    /// How many values the node has, none apart; very many when they cannot be listed.
    fn count(&self, id: NodeId) -> usize {
        self.values.enumerate(id).map_or(usize::MAX >> 1, |v| v.len())
    }

    /// Whether one head realises the selector.
    fn is_single_head(&self, selector: NodeId) -> bool {
        self.forms.sums.contains_key(&selector)
            || (!self.forms.families.contains_key(&selector)
                && signed_cubes(self.graph, selector).is_some_and(|(c, _)| c.len() == 1))
    }

    /// Whether the width of a selector is few enough keys for steps on 1/(1+w).
    fn is_stepped(&self, selector: NodeId) -> bool {
        self.values.width_range(selector).1 <= WIDEST_RECIPROCAL
    }

    /// Whether all values (but none) are numbers, and an aggregate's are made from numbers: one that is always none, or
    /// always its default, may have strings for its values, which no direction holds as a number.
    fn is_numeric(&self, id: NodeId) -> bool {
        let mut at = id;
        while let Op::Aggregate { values, .. } = *self.graph.op(at) {
            at = values;
        }
        (at == id || self.holds_numbers(at)) && self.holds_numbers(id)
    }

    fn holds_numbers(&self, id: NodeId) -> bool {
        match self.values.set(id) {
            ValueSet::Finite(v) => v.iter().all(|v| v.is_none() || v.is_number()),
            ValueSet::Numbers { .. } => true,
            ValueSet::Other { .. } => false,
        }
    }

    /// Whether all values (but none) are whole numbers that f32 holds exactly.
    fn is_whole(&self, id: NodeId) -> bool {
        match self.values.set(id) {
            ValueSet::Finite(v) => {
                v.iter().all(|v| v.is_none() || v.as_f64().is_some_and(|x| x.fract() == 0.0 && x.abs() <= 16_777_216.0))
            }
            ValueSet::Numbers { .. } | ValueSet::Other { .. } => false,
        }
    }

    /// Whether the node is always 0 or 1.
    fn is_bit(&self, id: NodeId) -> bool {
        match self.values.set(id) {
            ValueSet::Finite(v) => v.iter().all(|v| *v == Value::int(0) || *v == Value::int(1)),
            ValueSet::Numbers { .. } | ValueSet::Other { .. } => false,
        }
    }

    fn error(&mut self, id: NodeId, diagnostic: Diagnostic) {
        let name = self.graph.describe(id);
        self.errors.push(diagnostic.at(self.graph.node(id).span).node(name));
    }
}
