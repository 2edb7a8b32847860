//! Encodings of aggregates and widths, and what their selectors read.

use std::collections::BTreeSet;

use raspc_lang::graph::{Annotation, NodeId, Op};

use super::Encoder;
use super::plan::{Number, OneHot, Plan, Scalar, Sum};
use crate::formula::signed_cubes;
use crate::options::OptLevel;
use crate::values::ValueSet;

/// A width up to this is read as a weighted sum of its one-hot where it is added to other numbers.
const VIEWED: usize = 128;

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
        let mixed = !default.is_none() && !default.is_number() && self.is_numeric(values);
        let read = !self.graph.node(id).names.is_empty() || self.options.opt == OptLevel::O0;
        // The number alone would be read as a number where it is the default.
        self.demands[id.index()].onehot |= mixed && read;
        let demand = self.demands[id.index()];
        let mut plan = self.planned(id);
        if mixed {
            // Beyond everything that a mean of these can be.
            plan.stand_in = Some(2.0 * crate::lower::repr::power_above(self.magnitude(values).max(1.0)));
        }
        self.selector(selector, &mut plan, false);
        // A soft one-hot is cleaned by moving the number instead and taking steps on it.
        let sharp = self.values.width_range(selector).1 <= 1 || !self.is_numeric(values);
        let copy = self.is_copy(id) && (sharp || !self.wishes.clean.contains(&id));
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
        let mut plan = self.planned(id);
        self.selector(selector, &mut plan, true);
        plan.ratio = demand.ratio;
        // Beyond what steps on 1/(1+w) can tell, they are taken on the width as a number, a layer later.
        let single = plan.heads() == 1 && self.is_stepped(selector);
        plan.reciprocal = single && (demand.reciprocal || demand.onehot);
        if demand.onehot {
            let sum = Scalar::Sum(Sum { terms: vec![(id, 1.0)], constant: 0.0 });
            plan.onehot = Some(OneHot::Steps(if single { Scalar::Reciprocal(id) } else { sum }));
        }
        // What is added to fractions must not bring a large constant with it: an exact one-hot has none.
        let exact = single && demand.fine && self.values.width_range(selector).1 <= VIEWED;
        if demand.number && exact {
            plan.onehot.get_or_insert(OneHot::Steps(Scalar::Reciprocal(id)));
            plan.reciprocal = true;
            plan.number = Some(Number::View { base: id });
        } else if demand.number || (demand.onehot && !single) {
            plan.number = Some(Number::Width);
        }
        self.plans[id.index()] = plan;
        self.settle(id);
    }

    /// Plans the heads of a selector and demands the one-hots that they read.
    fn selector(&mut self, selector: NodeId, plan: &mut Plan, counts: bool) {
        if let Some(additive) = self.forms.sums.get(&selector) {
            plan.additive = Some(additive.clone());
        } else if let Some(family) = self.forms.families.get(&selector).filter(|_| counts) {
            plan.cubes = family.heads.iter().map(|h| h.0.clone()).collect();
            plan.complement = family.complement;
        } else {
            (plan.cubes, plan.complement) = signed_cubes(self.graph, selector).expect("realised where they are many");
        }
        let terms = plan.additive.iter().flat_map(|a| a.terms.iter().map(|t| t.0));
        // Each select once, however many cubes it is part of, and each side once.
        let selects: BTreeSet<NodeId> = terms.chain(plan.cubes.iter().flatten().map(|l| l.select)).collect();
        for select in selects {
            let Op::Select { keys, queries, .. } = *self.graph.op(select) else { unreachable!("a select") };
            for side in BTreeSet::from([keys, queries]) {
                if let (ValueSet::Numbers { .. } | ValueSet::Other { .. }, Err(explosion)) =
                    (self.values.set(side), self.values.enumerate(side))
                {
                    self.explodes(side, select, explosion);
                }
                self.demand_onehot(side);
            }
        }
    }

    fn explodes(&mut self, side: NodeId, reader: NodeId, explosion: crate::values::Explosion) {
        let (name, reader_name) = (self.graph.describe(side), self.graph.describe(reader));
        let message = format!("`{name}` can hold {} values, and `{reader_name}` compares them", explosion.in_words());
        let diagnostic = raspc_lang::diagnostic::Diagnostic::error(super::codes::EXPLOSION, message)
            .note(self.graph.node(reader).span, "read here")
            .hint("compare something with fewer values (round it, or test it against thresholds), or shorten the maximum length");
        self.error(side, diagnostic);
    }
}
