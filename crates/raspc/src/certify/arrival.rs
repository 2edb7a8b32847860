//! What arrives at a query: the value of one selected key, a mean, a default, or a count.

use std::cell::OnceCell;
use std::rc::Rc;

use raspc_lang::graph::{Annotation, NodeId};
use raspc_lang::value::Value;

use super::dom::{Affine, Dom};
use super::facts::{Classes, Facts, Var};
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
    var: Var,
    meaning: Meaning,
    /// Absent where the scores are not those of the selector: then anything can arrive.
    weights: Option<Weights>,
    /// The same for all directions, and found when the first asks.
    origins: OnceCell<Origins>,
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

impl Arrival {
    pub(super) fn new(var: Var, meaning: Meaning, weights: Option<Weights>) -> Self {
        Self { var, meaning, weights, origins: OnceCell::new() }
    }

    /// What arrives of `value` (at tokens) and `bos`, as a function of the variable; and whether weights that are not 1
    /// are involved. Nothing where the weights are not known.
    pub(super) fn arrives(
        &self,
        value: &Form,
        bos: Num,
        facts: &Facts<'_>,
        findings: &mut Findings,
    ) -> Option<(Dom, bool)> {
        let weights = self.weights.as_ref()?;
        Some(match &self.meaning {
            Meaning::Width => count(self.var, value, bos, weights, facts),
            Meaning::Aggregate { node, selector, values, default } if !weights.counts => {
                let widths = facts.values.width_range(*selector);
                let proved = widths.1 <= 1 || facts.selects_equal(*selector, *values);
                let wished = facts.graph.node(*node).annotation == Some(Annotation::Categorical);
                if wished && !proved {
                    findings.assume_equal(*node);
                }
                let moved = Moved {
                    var: self.var,
                    from: Var::Node(*values),
                    dom: value.on(Var::Node(*values), facts),
                    value,
                    bos,
                    default,
                    widths,
                    equal: proved || wished,
                    weights,
                    facts,
                    origins: &self.origins,
                };
                let weighted = widths.1 > 1 && !value.hull(facts).finish().is_zero();
                (moved.domain(*node, findings), weighted)
            }
            Meaning::Aggregate { .. } => {
                let all = value.hull(facts).finish().join(bos);
                (Dom::Const(Weights::anything(all, facts.options.max_len)), true)
            }
        })
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

/// What can arrive at a class of the target.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Origin {
    /// The default, which BOS brings.
    defaults: bool,
    /// What selected keys hold.
    held: bool,
    /// A number: of several keys a mean.
    number: bool,
}

/// Where the classes of a target come from.
struct Origins {
    /// By class of the target.
    all: Vec<Origin>,
    /// By class of the target: the class of the source, if keys hold the value.
    source: Vec<Option<u32>>,
    /// By class of the source: the class of the target.
    class_of: Vec<Option<u32>>,
    /// The most frequent origin of classes at which something arrives, if anything does.
    common: Option<Origin>,
    /// The classes of another.
    rare: Vec<u32>,
}

impl Origins {
    fn of(moved: &Moved<'_>, classes: &Classes, sources: &Classes) -> Self {
        let mut class_of = vec![None; sources.len()];
        let (mut all, mut source) = (Vec::new(), Vec::new());
        for (class, value) in (0..).zip(classes.values.iter()) {
            let found = if moved.widths.1 == 0 { None } else { sources.find(value) };
            if let Some(from) = found {
                class_of[from as usize] = Some(class);
            }
            source.push(found);
            let defaults = moved.widths.0 == 0 && value == moved.default;
            all.push(Origin { defaults, held: found.is_some(), number: value.is_number() });
        }
        let count = |o: &Origin| all.iter().filter(|a| *a == o).count();
        let kinds = [false, true].into_iter().flat_map(|defaults| {
            [false, true]
                .into_iter()
                .flat_map(move |held| [false, true].map(|number| Origin { defaults, held, number }))
        });
        let common = kinds.filter(|o| (o.defaults || o.held) && count(o) > 0).max_by_key(count);
        let rare = (0..).zip(&all).filter(|c| Some(*c.1) != common).map(|c| c.0).collect();
        Self { all, source, class_of, common, rare }
    }
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
    origins: &'a OnceCell<Origins>,
}

impl Moved<'_> {
    fn domain(&self, node: NodeId, findings: &mut Findings) -> Dom {
        if !self.facts.is_listed(self.var)
            && !self.is_constant()
            && let Some(affine) = self.follows()
        {
            return Dom::Affine(affine);
        }
        let Some(classes) = self.facts.classes(self.var) else {
            let all = self.value.hull(self.facts).finish().join(self.bos);
            return Dom::Const(Weights::anything(all, self.widths.1));
        };
        let averages = self.widths.1 > 1 && !self.equal;
        if !averages && let Some(table) = self.table(&classes) {
            return table;
        }
        let mean = averages.then(|| self.mean(node, findings));
        let means = self.means();
        let at = |value: &Value| {
            let default = (self.widths.0 == 0 && value == self.default).then_some(self.bos);
            let one = if self.widths.1 == 0 { None } else { self.one(value) };
            let several = match &mean {
                Some(mean) => value.as_f64().filter(|x| means.0 <= *x && *x <= means.1).map(mean),
                None => one.filter(|_| self.widths.1 > 1 && value.is_number()).map(|n| self.blurred(n)),
            };
            [default, one, several].into_iter().flatten().reduce(Num::join)
        };
        let numbers: Vec<Option<Num>> = classes.values.iter().map(at).collect();
        Dom::of_classes(self.var, &numbers)
    }

    /// Whether all keys hold one value: what arrives is that or the default, two values that no line of slope 0 goes through.
    fn is_constant(&self) -> bool {
        self.facts.is_listed(self.from) && self.facts.listed(self.from).len() <= 1
    }

    /// The mean of several keys that bring this number.
    fn blurred(&self, n: Num) -> Num {
        self.weights.mean(n, self.widths.1)
    }

    /// The domain where all selected keys hold the same, by what the source holds at its classes: these say the same of
    /// most directions of a one-hot, and only where they do not is a direction looked at class by class.
    fn table(&self, classes: &Classes) -> Option<Dom> {
        let (default, exceptions): (Num, &[(u32, Num)]) = match &self.dom {
            Dom::Const(n) => (*n, &[]),
            Dom::Table { default, exceptions, .. } => (*default, exceptions),
            Dom::Affine(_) => return None,
        };
        let sources = self.sources()?;
        let origins = self.origins.get_or_init(|| Origins::of(self, classes, &sources));
        let at = |origin: Origin, source: Num| {
            let default = origin.defaults.then_some(self.bos);
            let one = origin.held.then_some(source);
            let several = one.filter(|_| self.widths.1 > 1 && origin.number).map(|n| self.blurred(n));
            [default, one, several].into_iter().flatten().reduce(Num::join)
        };
        let Some(common) = origins.common.and_then(|o| at(o, default)) else { return Some(Dom::Const(Num::ZERO)) };
        let listed = exceptions.iter().filter_map(|&(source, n)| {
            let class = origins.class_of[source as usize]?;
            Some((class, at(origins.all[class as usize], n)?))
        });
        let is_exception = |class: u32| {
            let source = origins.source[class as usize];
            source.is_some_and(|s| exceptions.binary_search_by_key(&s, |e| e.0).is_ok())
        };
        let others = origins.rare.iter().filter(|&&class| !is_exception(class));
        let others = others.filter_map(|&class| Some((class, at(origins.all[class as usize], default)?)));
        let mut all: Vec<(u32, Num)> = listed.chain(others).collect();
        all.sort_unstable_by_key(|e| e.0);
        Some(Dom::table(self.var, common, all, classes.len()))
    }

    /// The values of what is moved, where each arrives as the number that its class has.
    fn sources(&self) -> Option<Rc<Classes>> {
        // What is copied holds no value that its source does not; a listed copy has a source that can be listed.
        let copied = self.widths.1 <= 1 && self.facts.is_listed(self.var);
        let listed = self.facts.is_listed(self.from) || matches!(self.dom, Dom::Table { .. }) || copied;
        if listed { self.facts.classes(self.from) } else { None }
    }

    /// What one selected key brings that holds this value.
    fn one(&self, value: &Value) -> Option<Num> {
        if let Some(classes) = self.sources() {
            return classes.find(value).map(|class| self.dom.at(class, &classes.numbers));
        }
        match self.dom {
            Dom::Affine(a) => Some(a.at(value.as_f64().unwrap_or(f64::NAN))),
            ref dom => Some(dom.hull(self.facts)),
        }
    }

    /// Least and greatest mean of several keys: of what is no number there is none (the program has no value where several such
    /// keys are selected), and a mean lies between the least and the greatest number that keys hold. (Rounding to f64 keeps
    /// their order.) Where keys hold no number the greatest is less than the least.
    fn means(&self) -> (f64, f64) {
        let Some(classes) = self.sources() else { return self.facts.range(self.from) };
        let numbers = classes.numbers.iter().filter(|x| !x.is_nan());
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &x| (lo.min(x), hi.max(x)))
    }

    /// What several keys bring that differ and whose mean is this.
    fn mean(&self, node: NodeId, findings: &mut Findings) -> impl Fn(f64) -> Num {
        let line = self.line();
        let all = self.numbers();
        if line.is_none() && !all.is_point() {
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
        // What one selected key brings that holds no number.
        let other = match self.dom {
            _ if !self.facts.can_be_no_number(self.from) => None,
            Dom::Const(n) => Some(n),
            _ if self.facts.is_numeric(self.from) => Some(self.one(&Value::None)?),
            // A line says nothing of strings.
            _ => return None,
        };
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
        let none = [none, other].into_iter().flatten().reduce(Num::join).unwrap_or(Num::ZERO);
        let grid = if grid.is_finite() { grid } else { 0.0 };
        Some(Affine { var: self.var, scale, offset, error, grid, none })
    }
}
