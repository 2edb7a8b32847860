//! Encodings of aggregates and widths, and what their selectors read.

use raspc_lang::graph::{Annotation, NodeId, Op};

use super::Encoder;
use super::plan::{Number, OneHot, Plan, Scalar, Sum};
use crate::simplify::selector::{Cube, cubes};
use crate::values::ValueSet;

impl Encoder<'_> {
    /// Whether an aggregate moves one value unchanged (or several equal ones).
    pub(super) fn is_copy(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        let Op::Aggregate { selector, values, .. } = node.op else { return false };
        self.values.width_range(selector).1 <= 1
            || self.values.selects_equal(selector, values)
            || !self.is_numeric(values)
            || node.annotation == Some(Annotation::Categorical)
    }

    pub(super) fn aggregate(&mut self, id: NodeId) {
        let Op::Aggregate { selector, values, ref default } = *self.graph.op(id) else { unreachable!("an aggregate") };
        if !default.is_none() && !default.is_number() && !self.is_copy(id) {
            return self.no_mixture(id);
        }
        let demand = self.demands[id.index()];
        let mut plan = Plan { lattice: demand.lattice, none_class: demand.none_class, ..Plan::default() };
        plan.cubes = self.selector(selector);
        // A soft one-hot is cleaned by moving the number instead and taking steps on it.
        let sharp = self.values.width_range(selector).1 <= 1 || !self.is_numeric(values);
        let copy = self.is_copy(id) && (sharp || !self.clean.contains(&id));
        if demand.onehot && copy {
            plan.onehot = Some(OneHot::Copy);
            self.demand_onehot(values);
        } else if demand.onehot {
            plan.onehot = Some(OneHot::Steps(Scalar::Sum(Sum { terms: vec![(id, 1.0)], constant: 0.0 })));
        }
        let steps = matches!(plan.onehot, Some(OneHot::Steps(_)));
        if demand.number || steps {
            plan.number = Some(Number::Mean);
            if steps && plan.lattice == 0 {
                plan.lattice = 1;
            }
            self.demand_number(values, 0);
        }
        self.plans[id.index()] = plan;
        self.settle(id);
    }

    pub(super) fn width(&mut self, id: NodeId) {
        let Op::SelectorWidth(selector) = *self.graph.op(id) else { unreachable!("a width") };
        let demand = self.demands[id.index()];
        let mut plan = Plan { lattice: demand.lattice, none_class: demand.none_class, ..Plan::default() };
        plan.cubes = self.selector(selector);
        let single = plan.cubes.len() == 1;
        plan.reciprocal = single && (demand.reciprocal || demand.onehot);
        if demand.onehot {
            let sum = Scalar::Sum(Sum { terms: vec![(id, 1.0)], constant: 0.0 });
            plan.onehot = Some(OneHot::Steps(if single { Scalar::Reciprocal(id) } else { sum }));
        }
        if demand.number || (demand.onehot && !single) {
            plan.number = Some(Number::Width);
        }
        self.plans[id.index()] = plan;
        self.settle(id);
    }

    /// A mean lives in one direction, where a default that is no number has no place.
    fn no_mixture(&mut self, id: NodeId) {
        let message = "this aggregate can be a mean of numbers, and its default is no number";
        let diagnostic = raspc_lang::diagnostic::Diagnostic::error(super::codes::FUNCTION, message)
            .hint("give it a number or none as default, or select at most one key");
        self.error(id, diagnostic);
    }

    /// Demands the one-hots that a selector's conjunctions read.
    fn selector(&mut self, selector: NodeId) -> Vec<Cube> {
        let cubes = cubes(self.graph, selector);
        for literal in cubes.iter().flatten() {
            let Op::Select { keys, queries, .. } = *self.graph.op(literal.select) else { unreachable!("a literal") };
            for side in [keys, queries] {
                if let (ValueSet::Numbers { .. } | ValueSet::Other { .. }, Err(explosion)) =
                    (self.values.set(side), self.values.enumerate(side))
                {
                    self.explodes(side, literal.select, explosion);
                }
                self.demand_onehot(side);
            }
        }
        cubes
    }

    fn explodes(&mut self, side: NodeId, reader: NodeId, explosion: crate::values::Explosion) {
        let (name, reader_name) = (self.graph.describe(side), self.graph.describe(reader));
        let message =
            format!("`{name}` can hold more than {} values, and `{reader_name}` compares them", explosion.count);
        let diagnostic = raspc_lang::diagnostic::Diagnostic::error(super::codes::EXPLOSION, message)
            .note(self.graph.node(reader).span, "read here")
            .hint("compare something with fewer values (round it, or test it against thresholds), or shorten the maximum length");
        self.error(side, diagnostic);
    }
}
