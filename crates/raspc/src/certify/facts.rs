//! What the *program* says: the values of s-ops, alone and together at one position, and which s-ops are sums of others.
//!
//! Everything here comes from the graph and its value sets; nothing from the circuit. A [`Var`] is what the domains of
//! the residual stream are stated in: the value of an s-op, or the width of one conjunction of a width's selector.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use raspc_lang::graph::{Graph, NodeId, Op};
use raspc_lang::value::Value;

use super::affine::affine;
use super::family::Family;
use crate::formula::Forms;
use crate::options::Options;
use crate::simplify::selector::Cube;
use crate::values::{ValueSet, Values};

/// What a domain is a function of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Var {
    /// The value of an s-op.
    Node(NodeId),
    /// The width of one of several disjoint conjunctions, the sum of which is the width of this node.
    Cube(NodeId, u32),
}

impl Var {
    /// The node.
    pub fn node(self) -> NodeId {
        match self {
            Self::Node(n) | Self::Cube(n, _) => n,
        }
    }
}

/// The values of a variable, listed.
#[derive(Debug)]
pub(super) struct Classes {
    pub(super) values: Arc<[Value]>,
    /// The numbers among them, NaN for anything else.
    pub(super) numbers: Vec<f64>,
    /// The class of none: the first, if it is there.
    pub(super) none: bool,
}

impl Classes {
    fn new(values: Arc<[Value]>) -> Self {
        let numbers = values.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect();
        let none = values.first().is_some_and(Value::is_none);
        Self { values, numbers, none }
    }

    #[cfg(test)]
    pub(super) fn for_tests(values: &[Value]) -> Self {
        Self::new(values.into())
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn find(&self, value: &Value) -> Option<u32> {
        self.values.binary_search(value).ok().map(|i| i as u32)
    }

    pub(super) fn is_none(&self, class: u32) -> bool {
        self.none && class == 0
    }
}

/// A sum of variables: exact over the values of one position, but for `slack`.
#[derive(Clone, Debug, Default)]
pub(super) struct Linear {
    pub(super) terms: BTreeMap<Var, f64>,
    pub(super) constant: f64,
    /// How far the interpreter's f64 arithmetic can make the value differ.
    pub(super) slack: f64,
}

impl Linear {
    /// Adds a multiple of another sum.
    pub(super) fn add(&mut self, factor: f64, other: &Self) {
        for (&v, &f) in &other.terms {
            *self.terms.entry(v).or_default() += f * factor;
        }
        self.constant += other.constant * factor;
        self.slack += other.slack * factor.abs();
    }
}

/// Rows of classes that variables hold together at one position, ascending: those of one class of the first are together.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) arity: usize,
    pub(super) data: Vec<u32>,
}

impl Rows {
    fn sorted(arity: usize, data: Vec<u32>) -> Self {
        if data.chunks_exact(arity).is_sorted() {
            return Self { arity, data };
        }
        let mut rows: Vec<&[u32]> = data.chunks_exact(arity).collect();
        rows.sort_unstable();
        rows.dedup();
        Self { arity, data: rows.concat() }
    }

    /// The rows; of no variables there is one, the empty one.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let empty: Option<&[u32]> = (self.arity == 0).then_some(&[]);
        self.data.chunks_exact(self.arity.max(1)).chain(empty)
    }

    pub(super) fn len(&self) -> usize {
        self.data.len().checked_div(self.arity).unwrap_or(1)
    }
}

/// Where a none can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    /// The s-op itself.
    Node(NodeId),
    /// The selector selects nothing.
    Selector(NodeId),
}

/// The program's side of the certificate.
pub(super) struct Facts<'a> {
    pub(super) graph: &'a Graph,
    /// How selectors are realised that are no conjunction: a hint like the rest, and checked where it is used.
    pub(super) forms: &'a Forms,
    pub(super) values: &'a Values,
    pub(super) options: &'a Options,
    classes: RefCell<HashMap<Var, Option<Rc<Classes>>>>,
    rows: RefCell<HashMap<Vec<Var>, Option<Rc<Rows>>>>,
    linear: RefCell<HashMap<Var, Rc<Linear>>>,
    families: RefCell<HashMap<NodeId, Option<Rc<Family>>>>,
    /// By selector and what is moved. (It is asked for at every direction.)
    equal: RefCell<HashMap<(NodeId, NodeId), bool>>,
    roots: RefCell<HashMap<NodeId, Rc<BTreeSet<Root>>>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(graph: &'a Graph, forms: &'a Forms, values: &'a Values, options: &'a Options) -> Self {
        let (classes, rows, linear, families, equal, roots) = Default::default();
        Self { graph, forms, values, options, classes, rows, linear, families, equal, roots }
    }

    /// Whether all keys that one query selects hold equal values.
    pub(super) fn selects_equal(&self, selector: NodeId, values: NodeId) -> bool {
        let mut known = self.equal.borrow_mut();
        *known.entry((selector, values)).or_insert_with(|| self.values.selects_equal(selector, values))
    }

    /// Whether the variable's values are listed without further ado.
    pub(super) fn is_listed(&self, var: Var) -> bool {
        match var {
            Var::Cube(..) => true,
            Var::Node(n) => matches!(self.values.set(n), ValueSet::Finite(_)),
        }
    }

    /// The variable's values, if they can be listed.
    pub(super) fn classes(&self, var: Var) -> Option<Rc<Classes>> {
        let known = self.classes.borrow().get(&var).cloned();
        known.unwrap_or_else(|| {
            let listed = match var {
                Var::Node(n) => self.values.enumerate(n).ok(),
                Var::Cube(n, c) => Some((0..=self.widest(n, c) as i64).map(Value::int).collect()),
            };
            let classes = listed.map(|v| Rc::new(Classes::new(v)));
            self.classes.borrow_mut().insert(var, classes.clone());
            classes
        })
    }

    /// The values of a variable that is known to be listed.
    pub(super) fn listed(&self, var: Var) -> Rc<Classes> {
        self.classes(var).expect("a domain over classes has a listed variable")
    }

    /// Least and greatest number a variable can hold (both 0 where it holds none).
    pub(super) fn range(&self, var: Var) -> (f64, f64) {
        let of = |numbers: &[f64]| {
            let fold = numbers.iter().filter(|x| !x.is_nan());
            fold.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &x| (lo.min(x), hi.max(x)))
        };
        let (lo, hi) = match var {
            Var::Node(n) => match self.values.set(n) {
                ValueSet::Numbers { lo, hi, .. } => (*lo, *hi),
                ValueSet::Finite(_) => of(&self.listed(var).numbers),
                ValueSet::Other { .. } => self.values.range(n),
            },
            Var::Cube(n, c) => (0.0, self.widest(n, c) as f64),
        };
        if lo <= hi { (lo, hi) } else { (0.0, 0.0) }
    }

    /// No number that the variable can hold is larger.
    pub(super) fn size(&self, var: Var) -> f64 {
        let (lo, hi) = self.range(var);
        lo.abs().max(hi.abs())
    }

    /// Whether every value of the variable is a number or none.
    pub(super) fn is_numeric(&self, var: Var) -> bool {
        match var {
            Var::Cube(..) => true,
            Var::Node(n) => match self.values.set(n) {
                ValueSet::Finite(v) => v.iter().all(|v| v.is_none() || v.is_number()),
                ValueSet::Numbers { .. } => true,
                ValueSet::Other { .. } => false,
            },
        }
    }

    /// Whether the variable can hold what is no number: none, or a string.
    pub(super) fn can_be_no_number(&self, var: Var) -> bool {
        self.can_be_none(var) || !self.is_numeric(var)
    }

    pub(super) fn can_be_none(&self, var: Var) -> bool {
        matches!(var, Var::Node(n) if self.values.can_be_none(n))
    }

    /// The rows of classes these variables hold together, if they can be listed within the limit.
    pub(super) fn rows(&self, vars: &[Var]) -> Option<Rc<Rows>> {
        let known = self.rows.borrow().get(vars).cloned();
        known.unwrap_or_else(|| {
            let rows = self.list_rows(vars).map(Rc::new);
            self.rows.borrow_mut().insert(vars.to_vec(), rows.clone());
            rows
        })
    }

    fn list_rows(&self, vars: &[Var]) -> Option<Rows> {
        let arity = vars.len();
        if vars.is_empty() {
            return Some(Rows { arity, data: Vec::new() });
        }
        let classes: Vec<Rc<Classes>> = vars.iter().map(|&v| self.classes(v)).collect::<Option<_>>()?;
        if let [_] = vars {
            return Some(Rows { arity, data: (0..classes[0].len() as u32).collect() });
        }
        let nodes: Vec<NodeId> = vars
            .iter()
            .map(|v| match v {
                Var::Node(n) => Some(*n),
                Var::Cube(..) => None,
            })
            .collect::<Option<_>>()?;
        let roots: Vec<_> = nodes.iter().map(|&n| self.roots(n)).collect();
        let tuples = super::tuples::tuples(&nodes, self)?;
        let mut data = Vec::with_capacity(tuples.len() * arity);
        let mut found = vec![0u32; arity];
        for tuple in tuples {
            let places = tuple.iter().zip(&classes).zip(&mut found);
            let known = places.fold(true, |known, ((v, c), place)| {
                let at = c.find(v);
                *place = at.unwrap_or(0);
                known & at.is_some()
            });
            // A value outside of its own set is reached by no input.
            if known && agree(&tuple, &roots) {
                data.extend_from_slice(&found);
            }
        }
        Some(Rows::sorted(arity, data))
    }

    /// The disjoint conjunctions of a width's selector, if there are several.
    pub(super) fn cubes(&self, node: NodeId) -> Option<Vec<Cube>> {
        self.family(node).map(|f| f.cubes.clone())
    }

    /// The conjunctions of a width's selector, if there are several, and how often each counts.
    pub(super) fn family(&self, node: NodeId) -> Option<Rc<Family>> {
        let Op::SelectorWidth(selector) = *self.graph.op(node) else { return None };
        let known = self.families.borrow().get(&node).cloned();
        known.unwrap_or_else(|| {
            let family = Family::of(selector, self).map(Rc::new);
            self.families.borrow_mut().insert(node, family.clone());
            family
        })
    }

    /// The most keys that a conjunction of a width selects.
    fn widest(&self, node: NodeId, cube: u32) -> usize {
        let family = self.family(node);
        family.and_then(|f| f.widest.get(cube as usize).copied()).unwrap_or(self.options.max_len)
    }

    /// Whether the value is a sum of counts, each of which a direction can hold a part of.
    pub(super) fn is_count(&self, node: NodeId) -> bool {
        self.forms.counts.contains_key(&node) || self.family(node).is_some()
    }

    /// Whether the counts that it is a sum of are of disjoint selectors, each counted once.
    pub(super) fn is_plain_sum(&self, node: NodeId) -> bool {
        self.family(node).is_some_and(|f| f.factors.iter().all(|&f| f == 1.0))
    }

    /// The variable as a sum of variables that are sums of nothing else.
    pub(super) fn linear(&self, var: Var) -> Rc<Linear> {
        let known = self.linear.borrow().get(&var).cloned();
        known.unwrap_or_else(|| {
            let linear = Rc::new(
                self.expand(var).unwrap_or_else(|| Linear { terms: BTreeMap::from([(var, 1.0)]), ..Linear::default() }),
            );
            self.linear.borrow_mut().insert(var, linear.clone());
            linear
        })
    }

    fn expand(&self, var: Var) -> Option<Linear> {
        let Var::Node(node) = var else { return None };
        if let Op::Const(v) = self.graph.op(node) {
            let slack = |c: f64| if c.abs() < 1e15 { 0.0 } else { c.abs() * f64::EPSILON };
            return v.as_f64().map(|constant| Linear { constant, slack: slack(constant), ..Linear::default() });
        }
        if let Some(family) = self.family(node) {
            let terms = (0..).zip(&family.factors).map(|(c, &factor)| (Var::Cube(node, c), factor)).collect();
            return Some(Linear { terms, ..Linear::default() });
        }
        if let Some(counts) = self.forms.counts.get(&node).filter(|c| self.is_weighted(node, c)) {
            let mut sum = Linear::default();
            for &(width, factor) in counts {
                for (&v, &f) in &self.linear(Var::Node(width)).terms {
                    *sum.terms.entry(v).or_default() += f * factor as f64;
                }
            }
            return Some(sum);
        }
        let Op::Map { function, args } = self.graph.op(node) else { return None };
        if !args.iter().all(|&a| self.is_numeric(Var::Node(a))) {
            return None;
        }
        let (factors, constant) = affine(function, &|i| self.range(Var::Node(args[i])), &|i| self.is_bit(args[i]))?;
        let mut sum = Linear { constant, ..Linear::default() };
        let mut magnitude = constant.abs();
        let mut whole = constant.fract() == 0.0;
        for (&arg, &factor) in args.iter().zip(&factors) {
            let inner = self.linear(Var::Node(arg));
            sum.add(factor, &inner);
            magnitude += factor.abs() * self.size(Var::Node(arg));
            whole &= factor.fract() == 0.0 && inner.slack == 0.0 && self.is_whole(Var::Node(arg));
        }
        sum.terms.retain(|_, f| *f != 0.0);
        // Whole numbers add up exactly; anything else rounds a few times in f64, here and in the interpreter.
        if !whole || magnitude > 1e15 {
            sum.slack += 16.0 * f64::EPSILON * magnitude;
        }
        Some(sum)
    }

    /// Whether a node's function is the sum of its arguments with these factors, as far as asking it can tell.
    fn is_weighted(&self, node: NodeId, counts: &[(NodeId, i64)]) -> bool {
        let Op::Map { function, args } = self.graph.op(node) else { return false };
        let most = self.options.max_len as i64;
        let is = |at: &dyn Fn(usize) -> i64| {
            let values: Vec<Value> = (0..args.len()).map(|i| Value::int(at(i))).collect();
            let wanted: i64 = counts.iter().enumerate().map(|(i, c)| c.1 * at(i)).sum();
            function.apply(&values).is_ok_and(|v| v == Value::int(wanted))
        };
        args.iter().eq(counts.iter().map(|c| &c.0))
            && (0..args.len()).all(|one| [1, most].iter().all(|&x| is(&|i| if i == one { x } else { 0 })))
            && is(&|_| 0)
            && is(&|_| most)
    }

    fn is_bit(&self, node: NodeId) -> bool {
        match self.values.set(node) {
            ValueSet::Finite(v) => v.iter().all(|v| *v == Value::int(0) || *v == Value::int(1)),
            _ => false,
        }
    }

    /// Whether every number that the node can hold is whole.
    pub(super) fn holds_whole(&self, node: NodeId) -> bool {
        self.values.is_whole(node)
    }

    /// Whether every number is whole and small enough for f64.
    fn is_whole(&self, var: Var) -> bool {
        if !self.is_listed(var) {
            return false;
        }
        self.listed(var).numbers.iter().all(|x| x.is_nan() || (x.fract() == 0.0 && x.abs() < 1e15))
    }

    /// Whether `var` is defined wherever `target` is.
    pub(super) fn is_defined_with(&self, target: Var, var: Var) -> bool {
        let (Var::Node(node), Var::Node(target)) = (var, target) else { return !self.can_be_none(var) };
        if !self.values.can_be_none(node) {
            return true;
        }
        let roots = self.roots(node);
        let (mut stack, mut seen) = (vec![target], BTreeSet::from([target]));
        while let Some(at) = stack.pop() {
            if at == node || roots.is_subset(&self.roots(at)) {
                return true;
            }
            // An element-wise function of none is none: its arguments are defined where it is.
            match self.graph.op(at) {
                Op::Map { function, args } if function.outcomes().is_none() => {
                    stack.extend(args.iter().filter(|&&a| seen.insert(a)));
                }
                _ => {}
            }
        }
        false
    }

    /// Where a node's none comes from: it is none exactly where one of these is.
    pub(super) fn roots(&self, node: NodeId) -> Rc<BTreeSet<Root>> {
        if let Some(known) = self.roots.borrow().get(&node) {
            return known.clone();
        }
        let found = Rc::new(self.find_roots(node));
        self.roots.borrow_mut().insert(node, found.clone());
        found
    }

    fn find_roots(&self, node: NodeId) -> BTreeSet<Root> {
        if !self.values.can_be_none(node) {
            return BTreeSet::new();
        }
        match self.graph.op(node) {
            Op::Aggregate { selector, values, default } if default.is_none() && !self.values.can_be_none(*values) => {
                BTreeSet::from([Root::Selector(*selector)])
            }
            Op::Map { function, args } => {
                let total = affine(function, &|i| self.range(Var::Node(args[i])), &|i| self.is_bit(args[i])).is_some();
                if total {
                    args.iter().flat_map(|&a| self.roots(a).iter().copied().collect::<Vec<_>>()).collect()
                } else {
                    BTreeSet::from([Root::Node(node)])
                }
            }
            _ => BTreeSet::from([Root::Node(node)]),
        }
    }
}

/// S-ops whose nones have the same roots are none together.
fn agree(tuple: &[Value], roots: &[Rc<BTreeSet<Root>>]) -> bool {
    let pairs = (0..tuple.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs
        .into_iter()
        .all(|(i, j)| roots[i].is_empty() || roots[i] != roots[j] || tuple[i].is_none() == tuple[j].is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever follows rows joins what those of one class say, and takes a class for done when the next one begins.
    #[test]
    fn rows_of_one_class_are_together() {
        let rows = Rows::sorted(2, vec![1, 0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(rows.data, [0, 0, 0, 1, 1, 0]);
    }
}
