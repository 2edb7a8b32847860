//! Tests of means by counts: the exact fraction path (numerics section 5).
//!
//! Where a function of a mean tells two neighbouring means apart that f32 cannot, it is made of counts. The mean of whole
//! numbers n_v over what is selected is Σ n_v w_v / Σ w_v, where w_v counts the selected keys that hold v. It is above a/b
//! exactly where z = Σ (b n_v − a) w_v > 0, a whole number, and at least a/b where z ≥ 0. A function with few thresholds is a
//! function of the signs of as many z. Between two neighbouring means l < r the threshold is the simplest fraction a/b with
//! l ≤ a/b ≤ r, so z stays small: 3/10 for `mean >= 0.3` and for `mean > 0.3`. (l and r are known to f64; a fraction with a
//! small denominator this close to l is l.)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{Comparison, Graph, NodeId, Op, Predicate};
use raspc_lang::ops::BinaryOp;
use raspc_lang::value::Value;

use super::Forms;
use crate::encode::plan::{Encoded, Number, OneHot, Scalar};
use crate::options::Options;
use crate::simplify::Simplified;
use crate::values::Values;

/// Most values of what is averaged.
const AVERAGED: usize = 64;
/// Most thresholds.
const THRESHOLDS: usize = 8;
/// Largest z: on both sides of the constant that keeps it whole, within that constant's binade (`lower::written`).
const LARGEST: i64 = 1 << 21;

/// The program with a function of a mean replaced by one of counts; nothing where `node` is no such function.
pub fn by_counts(
    simplified: &Simplified,
    values: &Values,
    encoded: &Encoded,
    node: NodeId,
    options: &Options,
) -> Option<Simplified> {
    let plan = encoded.plan(node);
    let ((Some(OneHot::Steps(scalar)), _) | (_, Some(Number::Steps(scalar)))) = (&plan.onehot, &plan.number) else {
        return None;
    };
    let Scalar::Sum(sum) = scalar else { return None };
    let [(mean, _)] = sum.terms[..] else { return None };
    if mean == node {
        return None;
    }
    let test = Test::of(simplified, values, mean, node, options)?;
    Some(simplified.rewritten(|graph, forms, to, id| (id == node).then(|| test.build(graph, to, forms))))
}

/// Takes the counts of what no pair selects (`x != 0` and x = 0) out of the sums that `by_counts` made of them.
///
/// Such a count is 0 on every input, so that the sum is what it was. It leaves the list of factors and the arguments of the
/// sum together: the certificate takes a sum for what its factors say only where these belong to its arguments, one by one.
/// What is left of one term is an element-wise function of its count. Whether anything was dropped: value sets are of the graph
/// as it was.
pub fn drop_empty(counted: &mut Simplified, values: &Values, options: &Options) -> bool {
    let needed = counted.needed();
    let mut dropped = false;
    let Simplified { graph, forms, .. } = counted;
    let is_empty = |graph: &Graph, width: NodeId| match *graph.op(width) {
        Op::SelectorWidth(selector) => needed[width.index()] && values.width_range(selector).1 == 0,
        _ => false,
    };
    forms.counts.retain(|&z, terms| {
        let before = terms.len();
        terms.retain(|t| !is_empty(graph, t.0));
        if terms.len() < before {
            dropped = true;
            let factors: Vec<i64> = terms.iter().map(|t| t.1).collect();
            let longest = options.max_len as i64;
            let function = Function { arity: terms.len(), body: Body::Host(Arc::new(Weighted { factors, longest })) };
            let sum = Op::Map { function, args: terms.iter().map(|t| t.0).collect() };
            graph.node_mut(z).op = if terms.is_empty() { Op::Const(Value::int(0)) } else { sum };
        }
        terms.len() > 1
    });
    dropped
}

/// The fraction `above`/`below`, which means pass: those above it, and it itself where it is `reached`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Threshold {
    above: i64,
    below: i64,
    reached: bool,
}

/// A function of a mean, by its thresholds.
struct Test {
    selector: NodeId,
    averaged: NodeId,
    /// The averaged values as whole numbers.
    weights: Vec<(Value, i64)>,
    /// Ascending.
    thresholds: Vec<Threshold>,
    /// The function's value by the number of thresholds below the mean.
    results: Vec<Value>,
    /// Its value where nothing is selected, if that can be.
    default: Option<Value>,
    longest: i64,
}

impl Test {
    fn of(simplified: &Simplified, values: &Values, mean: NodeId, node: NodeId, options: &Options) -> Option<Self> {
        let Op::Aggregate { selector, values: averaged, default } = simplified.graph.op(mean).clone() else {
            return None;
        };
        let listed = values.enumerate(averaged).ok().filter(|v| v.len() <= AVERAGED)?;
        let numbers: Vec<f64> = listed.iter().map(Value::as_f64).collect::<Option<_>>()?;
        let unit = (0..=16)
            .map(|e| libm::ldexp(1.0, -e))
            .find(|u| numbers.iter().all(|x| (x / u).fract() == 0.0 && (x / u).abs() <= 65_536.0))?;
        let weights = listed.iter().cloned().zip(numbers.iter().map(|x| (x / unit) as i64)).collect();
        let mut pairs: Vec<(f64, Value)> = Vec::new();
        let mut at_default = None;
        for tuple in values.joint(&[mean, node], 1 << 22).ok()? {
            if tuple[0] == default {
                at_default = Some(tuple[1].clone());
            }
            if let Some(x) = tuple[0].as_f64() {
                pairs.push((x / unit, tuple[1].clone()));
            } else if tuple[0] != default {
                return None;
            }
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut results = vec![pairs.first()?.1.clone()];
        let mut thresholds = Vec::new();
        for pair in pairs.windows(2).filter(|p| p[0].1 != p[1].1) {
            // 1 and 1.0 are one share: a host function may tell them apart, and no count does.
            if pair[0].0 == pair[1].0 {
                return None;
            }
            thresholds.push(Threshold::between(pair[0].0, pair[1].0)?);
            results.push(pair[1].1.clone());
        }
        if thresholds.is_empty() || thresholds.len() > THRESHOLDS {
            return None;
        }
        let nothing = values.width_range(selector).0 == 0;
        let default = if nothing { Some(at_default?) } else { None };
        let longest = options.max_len as i64;
        let test = Self { selector, averaged, weights, thresholds, results, default, longest };
        let fits = |t: &Threshold| {
            test.weights.iter().all(|(_, n)| {
                t.below
                    .checked_mul(*n)
                    .and_then(|x| x.checked_sub(t.above))
                    .is_some_and(|f| f.abs().saturating_mul(longest) <= LARGEST)
            })
        };
        test.thresholds.iter().all(fits).then_some(test)
    }

    /// Adds the counts, the tests and the function of them.
    fn build(&self, graph: &mut Graph, to: &[NodeId], forms: &mut Forms) -> NodeId {
        let (selector, averaged) = (to[self.selector.index()], to[self.averaged.index()]);
        let mut counts: BTreeMap<usize, NodeId> = BTreeMap::new();
        for (i, (value, _)) in self.weights.iter().enumerate() {
            let constant = graph.push(Op::Const(value.clone()), None);
            let predicate = Predicate::Compare(Comparison::Eq);
            let holds = graph.push(Op::Select { keys: averaged, queries: constant, predicate }, None);
            let both = graph.push(Op::And(selector, holds), None);
            counts.insert(i, graph.push(Op::SelectorWidth(both), None));
        }
        let against_zero = |op: BinaryOp| {
            let zero = Box::new(Expr::Const(Value::int(0)));
            Function::expr(1, Expr::Binary(op, Box::new(Expr::Arg(0)), zero))
        };
        let mut tests = Vec::new();
        if self.default.is_some() {
            let width = graph.push(Op::SelectorWidth(selector), None);
            tests.push(graph.push(Op::Map { function: against_zero(BinaryOp::Gt), args: vec![width] }, None));
        }
        for t in &self.thresholds {
            let terms: Vec<(NodeId, i64)> = self
                .weights
                .iter()
                .enumerate()
                .map(|(i, (_, n))| (counts[&i], t.below * n - t.above))
                .filter(|t| t.1 != 0)
                .collect();
            let factors: Vec<i64> = terms.iter().map(|t| t.1).collect();
            let sum = Weighted { factors, longest: self.longest };
            let function = Function { arity: terms.len(), body: Body::Host(Arc::new(sum)) };
            let z = graph.push(Op::Map { function, args: terms.iter().map(|t| t.0).collect() }, None);
            forms.counts.insert(z, terms);
            let function = against_zero(if t.reached { BinaryOp::Ge } else { BinaryOp::Gt });
            tests.push(graph.push(Op::Map { function, args: vec![z] }, None));
        }
        let chosen = Chosen { results: self.results.clone(), default: self.default.clone() };
        let function = Function { arity: tests.len(), body: Body::Host(Arc::new(chosen)) };
        graph.push(Op::Map { function, args: tests }, None)
    }
}

impl Threshold {
    /// The simplest that means up to l do not pass, and those from r on do.
    fn between(l: f64, r: f64) -> Option<Self> {
        let near = |x: f64| 1e-12 * x.abs().max(1.0);
        let inner = simplest(l - near(l), r - (r - l) / 4.0).map(|(a, b)| Self { above: a, below: b, reached: false });
        let end = simplest(r - near(r), r + near(r)).map(|(a, b)| Self { above: a, below: b, reached: true });
        [inner, end].into_iter().flatten().min_by_key(|t| (t.below, t.above.unsigned_abs()))
    }
}

/// The simplest fraction a/b from low to high, by continued fractions.
fn simplest(low: f64, high: f64) -> Option<(i64, i64)> {
    if low < 0.0 && high >= 0.0 {
        return Some((0, 1));
    }
    if high < 0.0 {
        return between(-high, -low, 0).map(|(a, b)| (-a, b));
    }
    between(low, high, 0)
}

/// The simplest fraction in [low, high], both not negative.
fn between(low: f64, high: f64, depth: usize) -> Option<(i64, i64)> {
    let whole = low.ceil();
    if whole <= high {
        return Some((whole as i64, 1));
    }
    if depth > 40 {
        return None;
    }
    let floor = low.floor();
    let (a, b) = between(1.0 / (high - floor), 1.0 / (low - floor), depth + 1)?;
    Some(((floor as i64).checked_mul(a)?.checked_add(b)?, a))
}

/// Σ factor · count, where at most `longest` keys are counted in all.
#[derive(Debug)]
struct Weighted {
    factors: Vec<i64>,
    longest: i64,
}

impl Weighted {
    /// Every sum there is, where fewer than `most` combinations of counts are to be looked at: large factors leave most whole
    /// numbers out. (Counts of disjoint selectors are at most `longest` together.)
    fn sums(&self, most: usize) -> Option<BTreeSet<i64>> {
        // By how many are counted: the sums of those. Combinations of k counts number (longest + k choose k).
        let mut combinations = 1.0f64;
        for i in 1..=self.factors.len() {
            combinations *= (self.longest as f64 + i as f64) / i as f64;
        }
        if combinations >= most as f64 {
            return None;
        }
        let mut sums: BTreeSet<(i64, i64)> = BTreeSet::from([(0, 0)]);
        for factor in &self.factors {
            let more = |&(counted, sum): &(i64, i64)| {
                (0..=self.longest - counted).map(move |n| (counted + n, sum + n * factor))
            };
            sums = sums.iter().flat_map(more).collect();
        }
        Some(sums.into_iter().map(|s| s.1).collect())
    }
}

impl HostFunction for Weighted {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let count = |v: &Value| v.as_int().and_then(|i| i.to_i64()).unwrap_or(0);
        Ok(Value::int(args.iter().zip(&self.factors).map(|(v, f)| count(v) * f).sum()))
    }

    fn name(&self) -> String {
        let terms: Vec<String> = self.factors.iter().map(ToString::to_string).collect();
        format!("counts times {}", terms.join(", "))
    }

    // A multiple of one count is what its function says; the values of several counts together are too many to look at.
    fn outcomes(&self) -> Option<Vec<Value>> {
        if self.factors.len() == 1 {
            return None;
        }
        let least = self.factors.iter().copied().min().unwrap_or(0).min(0) * self.longest;
        let greatest = self.factors.iter().copied().max().unwrap_or(0).max(0) * self.longest;
        let all = (least..=greatest).map(Value::int);
        Some(
            self.sums(all.clone().count())
                .map_or_else(|| all.collect(), |few| few.into_iter().map(Value::int).collect()),
        )
    }

    fn is_opaque(&self) -> bool {
        self.factors.len() > 1
    }
}

/// The value for so many thresholds passed.
#[derive(Debug)]
struct Chosen {
    results: Vec<Value>,
    default: Option<Value>,
}

impl HostFunction for Chosen {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let tests = if self.default.is_some() { &args[1..] } else { args };
        let passed = tests.iter().filter(|t| t.truthy()).count();
        Ok(match &self.default {
            Some(default) if !args[0].truthy() => default.clone(),
            _ => self.results[passed].clone(),
        })
    }

    fn name(&self) -> String {
        "thresholds".to_owned()
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        Some(self.results.iter().chain(&self.default).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Threshold, Weighted};

    fn between(l: f64, r: f64) -> (i64, i64, bool) {
        let t = Threshold::between(l, r).expect("there is one");
        (t.above, t.below, t.reached)
    }

    #[test]
    fn simplest_thresholds() {
        assert_eq!(between(0.3, 0.300_293), (3, 10, false), "> 0.3");
        assert_eq!(between(0.299_8, 0.3), (3, 10, true), ">= 0.3");
        assert_eq!(between(0.5, 0.500_5), (1, 2, false));
        assert_eq!(between(-0.25, 0.1), (0, 1, false));
        assert_eq!(between(-2.5, -2.4), (-5, 2, false));
    }

    #[test]
    fn sums_of_counts_are_all_there() {
        let Some(sums) = Weighted { factors: vec![-50_000, 3, 1], longest: 4 }.sums(1 << 20) else { panic!("few") };
        let all =
            (0..=4).flat_map(|a| (0..=4 - a).flat_map(move |b| (0..=4 - a - b).map(move |c| c + 3 * b - 50_000 * a)));
        assert_eq!(sums, all.collect());
        assert!(Weighted { factors: vec![-2, 3, 1], longest: 40 }.sums(200).is_none(), "they are many");
    }

    /// Whole counts on either side, over all fractions with small denominators.
    #[test]
    fn thresholds_tell_neighbours_apart() {
        let mut means: Vec<(i64, i64)> = (1..=24).flat_map(|q| (-q..=3 * q).map(move |p| (p, q))).collect();
        means.sort_by_key(|&(p, q)| p * 5_354_228_880 / q);
        means.dedup_by(|a, b| a.0 * b.1 == b.0 * a.1);
        let f = |(p, q): (i64, i64)| p as f64 / q as f64;
        for pair in means.windows(2) {
            let t = Threshold::between(f(pair[0]), f(pair[1])).expect("there is one");
            let passes = |(p, q): (i64, i64)| {
                let z = t.below * p - t.above * q;
                z > 0 || (t.reached && z == 0)
            };
            assert!(!passes(pair[0]) && passes(pair[1]), "{pair:?}: {t:?}");
        }
    }
}
