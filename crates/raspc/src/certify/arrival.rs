//! What arrives at a query: the value of one selected key, a mean, a default, or a count.

use raspc_lang::graph::{Annotation, NodeId};
use raspc_lang::value::Value;

use super::dom::{Affine, Dom};
use super::facts::{Facts, Var};
use super::finding::Findings;
use super::form::Form;
use super::number::{Num, U, gamma};

/// What a head computes.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// An aggregate.
    Aggregate {
        /// The aggregate.
        node: NodeId,
        /// Its selector.
        selector: NodeId,
        /// What is moved.
        values: NodeId,
        /// The value where nothing is selected.
        default: Value,
    },
    /// 1/(1+w) of a width, or of one conjunction of it.
    Width,
}

/// How a head weighs keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    /// BOS scores as selected keys do, and so counts them; else it has all weight where nothing is selected, and none
    /// elsewhere.
    pub(super) counts: bool,
    /// No key is ever selected: BOS alone has weight, and counts nothing.
    pub(super) nothing: bool,
    /// How far the scores of keys of weight can lie apart.
    pub(super) spread: f64,
}

/// What arrives at one variable's directions.
pub(super) struct Arrival {
    pub(super) var: Var,
    pub(super) meaning: Meaning,
    /// Absent where the scores are not those of the selector: then anything can arrive.
    pub(super) weights: Option<Weights>,
}

impl Weights {
    /// The relative error of Σ weight · value over at most `n` keys: each weight is one division (2 ulp are allowed), the
    /// sum is in any order; scores that differ make weights that differ.
    fn blur(&self, n: usize) -> f64 {
        let exponentials = if self.spread > 0.0 { libm::expm1(2.0 * self.spread) + 16.0 * U } else { 0.0 };
        exponentials + 4.0 * U + gamma(n as u32 + 2)
    }

    /// A mean of numbers, over at most `n` keys.
    fn mean(&self, of: Num, n: usize) -> Num {
        if of.is_zero() {
            return of;
        }
        let error = of.size() * self.blur(n);
        Num::new(of.lo - error, of.hi + error, 0.0)
    }

    /// Any weighted mean.
    pub(super) fn anything(of: Num, n: usize) -> Num {
        Self { counts: false, nothing: false, spread: 0.0 }.mean(of, n + 1)
    }

    /// The weight of BOS beside `w` keys that score as it does: 1 beside none, else a division.
    fn share(&self, w: f64) -> Num {
        if w == 0.0 {
            return Num::point(1.0);
        }
        let grown = libm::exp(self.spread);
        let slack = if self.spread > 0.0 { 16.0 * U + gamma(w as u32 + 2) } else { 4.0 * U };
        Num::new((1.0 - slack) / (1.0 + w * grown), (1.0 + slack) / (1.0 + w / grown), 0.0)
    }
}

impl Meaning {
    /// What arrives of `value` (at tokens) and `bos`, as a function of the variable; and whether weights that are not 1
    /// are involved.
    pub(super) fn arrives(
        &self,
        var: Var,
        value: &Form,
        bos: Num,
        weights: &Weights,
        facts: &Facts<'_>,
        findings: &mut Findings,
    ) -> (Dom, bool) {
        match self {
            Self::Width => count(var, value, bos, weights, facts),
            Self::Aggregate { node, selector, values, default } if !weights.counts => {
                let widths = facts.values.width_range(*selector);
                let proved = widths.1 <= 1 || facts.values.selects_equal(*selector, *values);
                let wished = facts.graph.node(*node).annotation == Some(Annotation::Categorical);
                if wished && !proved {
                    findings.assume_equal(*node);
                }
                let moved = Moved {
                    var,
                    from: Var::Node(*values),
                    dom: value.on(Var::Node(*values), facts),
                    value,
                    bos,
                    default,
                    widths,
                    equal: proved || wished,
                    weights,
                    facts,
                };
                let weighted = widths.1 > 1 && !value.hull(facts).finish().is_zero();
                (moved.domain(*node, findings), weighted)
            }
            Self::Aggregate { .. } => {
                let all = value.hull(facts).finish().join(bos);
                (Dom::Const(Weights::anything(all, facts.options.max_len)), true)
            }
        }
    }
}

/// The weight of BOS times its value, where tokens bring nothing.
fn count(var: Var, value: &Form, bos: Num, weights: &Weights, facts: &Facts<'_>) -> (Dom, bool) {
    let tokens = value.hull(facts).finish();
    let Some(classes) = facts.classes(var).filter(|_| tokens.is_zero() && (weights.counts || weights.nothing)) else {
        return (Dom::Const(Weights::anything(tokens.join(bos), facts.options.max_len)), true);
    };
    let at = |w: f64| {
        let share = weights.share(w);
        if bos.is_point() {
            super::number::Sum::term(bos.lo, share).finish()
        } else {
            Weights::anything(bos.join(Num::ZERO), 1)
        }
    };
    let numbers: Vec<Option<Num>> = classes.numbers.iter().map(|&w| (!w.is_nan()).then(|| at(w))).collect();
    (Dom::of_classes(var, &numbers), true)
}

/// A value on its way from keys to queries.
struct Moved<'a> {
    var: Var,
    from: Var,
    /// The value as a function of what is moved.
    dom: Dom,
    value: &'a Form,
    bos: Num,
    default: &'a Value,
    widths: (usize, usize),
    /// Whether all selected keys hold the same.
    equal: bool,
    weights: &'a Weights,
    facts: &'a Facts<'a>,
}

impl Moved<'_> {
    fn domain(&self, node: NodeId, findings: &mut Findings) -> Dom {
        if !self.facts.is_listed(self.var)
            && let Some(affine) = self.follows()
        {
            return Dom::Affine(affine);
        }
        let Some(classes) = self.facts.classes(self.var) else {
            let all = self.value.hull(self.facts).finish().join(self.bos);
            return Dom::Const(Weights::anything(all, self.widths.1));
        };
        let mean = self.mean(node, findings);
        let at = |value: &Value| {
            let default = (self.widths.0 == 0 && value == self.default).then_some(self.bos);
            let one = if self.widths.1 == 0 { None } else { self.one(value) };
            // Several keys have a mean only if they hold numbers.
            let several = if self.widths.1 < 2 || !value.is_number() {
                None
            } else if self.equal {
                one.map(|n| self.weights.mean(n, self.widths.1))
            } else {
                value.as_f64().map(&mean)
            };
            [default, one, several].into_iter().flatten().reduce(Num::join)
        };
        let numbers: Vec<Option<Num>> = classes.values.iter().map(at).collect();
        Dom::of_classes(self.var, &numbers)
    }

    /// What one selected key brings that holds this value.
    fn one(&self, value: &Value) -> Option<Num> {
        // What is copied holds no value that its source does not; a listed copy has a source that can be listed.
        let copied = self.widths.1 <= 1 && self.facts.is_listed(self.var);
        if (self.facts.is_listed(self.from) || matches!(self.dom, Dom::Table { .. }) || copied)
            && let Some(classes) = self.facts.classes(self.from)
        {
            return classes.find(value).map(|class| self.dom.at(class, &classes.numbers));
        }
        match self.dom {
            Dom::Affine(a) => Some(a.at(value.as_f64().unwrap_or(f64::NAN))),
            ref dom => Some(dom.hull(self.facts)),
        }
    }

    /// What several keys bring whose mean is this.
    fn mean(&self, node: NodeId, findings: &mut Findings) -> impl Fn(f64) -> Num {
        let line = self.line();
        let all = self.numbers();
        let averages = self.widths.1 > 1 && !self.equal;
        if averages && line.is_none() && !all.is_point() {
            findings.averages_categories(node);
        }
        let (weights, widest) = (self.weights.clone(), self.widths.1);
        move |mean| match line {
            Some((scale, offset, error)) => {
                let blur = error + all.size() * weights.blur(widest);
                if all.is_zero() { Num::ZERO } else { Num::around(scale * mean + offset, blur) }
            }
            None => weights.mean(all, widest),
        }
    }

    /// All that keys bring that hold numbers.
    fn numbers(&self) -> Num {
        match &self.dom {
            Dom::Affine(a) => a.hull(self.facts),
            Dom::Const(n) => *n,
            Dom::Table { .. } => {
                let classes = self.facts.listed(self.from);
                let held = (0..).zip(&classes.numbers).filter(|c| !c.1.is_nan());
                let all = held.map(|(class, _)| self.dom.at(class, &classes.numbers));
                all.reduce(Num::join).unwrap_or(Num::ZERO)
            }
        }
    }

    /// The value as a line over the number that is moved: (scale, offset, error).
    fn line(&self) -> Option<(f64, f64, f64)> {
        if let Dom::Const(n) = self.dom {
            return Some((0.0, f64::midpoint(n.lo, n.hi), (n.hi - n.lo) / 2.0));
        }
        let form = Form::read(std::iter::once((1.0, &self.dom)), self.facts);
        let (linear, error) = form.linear(self.facts)?;
        if linear.terms.is_empty() {
            return Some((0.0, linear.constant, error + linear.slack));
        }
        form.multiple_of(self.from, self.facts)
    }

    /// The aggregate's own line, where its values are not listed.
    fn follows(&self) -> Option<Affine> {
        let (scale, offset, mut error) = self.line()?;
        let all = self.numbers();
        let several = self.widths.1 > 1;
        if several {
            error += all.size() * self.weights.blur(self.widths.1);
        }
        let mut none = None;
        let mut grid = if several && !all.is_zero() { 0.0 } else { all.grid };
        if self.widths.0 == 0 {
            match self.default.as_f64() {
                Some(d) => {
                    error = error.max(self.bos.distance(scale * d + offset));
                    grid = grid.min(self.bos.grid);
                }
                None => none = Some(self.bos),
            }
        }
        if self.facts.can_be_none(self.from) {
            let own = self.one(&Value::None)?;
            none = Some(none.map_or(own, |n| n.join(own)));
        }
        let none = none.unwrap_or(Num::ZERO);
        let grid = if grid.is_finite() { grid } else { 0.0 };
        Some(Affine { var: self.var, scale, offset, error, grid, none })
    }
}
