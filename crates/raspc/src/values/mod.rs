//! Value sets: what each s-op can hold, for every input of the declared vocabulary up to the declared length. Step (2),
//! first half.
//!
//! Sets are supersets. They are enumerated only when a reader asks.
//!
//! The parts: `intern` (typed values as numbers), `canon` (equal operations merged), `engine` (the state), `sets` (the
//! forward pass), `request` (enumeration on request), `maps`, `plan`, `rows` and `product` (joint values of several
//! s-ops), `position` (what does not depend on the tokens),
//! `linear` (sums of length and index), `means`, `lattice` and `multisets` (aggregates), `selector` and
//! `cases` (widths), `order` (ranks), `facts`, `copies`, `abs` and `abs_eval` (descriptions), `raise` (functions that
//! raise).

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId, Op};
use raspc_lang::value::Value;

use crate::interrupt::Interrupt;
use crate::options::Options;
use crate::simplify::reachable;
use abs::{Abs, Kinds};
use canon::Class;
use engine::{Engine, Set};
use intern::{Id, RAISED};
use plan::Budget;
use rows::Chunk;
use sink::RowSink;

mod abs;
mod abs_eval;
mod canon;
mod cases;
pub mod codes;
mod copies;
mod engine;
mod facts;
mod host;
mod intern;
mod lattice;
mod linear;
mod maps;
mod means;
mod multisets;
mod order;
mod plan;
mod position;
mod product;
mod raise;
mod request;
mod rows;
mod selector;
mod sets;
mod sink;

/// What one s-op can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSet {
    /// Enumerated, in canonical order, without duplicates (none first, where it can occur).
    Finite(Arc<[Value]>),
    /// Numbers that are described and not enumerated yet.
    Numbers {
        /// Least number.
        lo: f64,
        /// Greatest number.
        hi: f64,
        /// Whether none can occur too.
        none: bool,
        /// In words, for `explain`: `mean of {0, 1} over at most 5 positions`.
        description: String,
    },
    /// Values of any kind, too many to enumerate unasked.
    Other {
        /// Whether none can occur.
        none: bool,
        /// In words, for `explain`.
        description: String,
    },
}

/// More tuples than the limit allows: how many would have to be looked at (more than the limit; saturating).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explosion {
    /// How many.
    pub count: u64,
}

impl Explosion {
    /// How many values that makes, in words, to follow *can hold*: `more than 65536`.
    pub fn in_words(self) -> String {
        // Counts that large are products of estimates.
        if self.count > 1 << 40 { "very many".to_owned() } else { format!("more than {}", self.count) }
    }
}

/// Something the compiler relies on without having proved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The node.
    pub node: NodeId,
    /// What is assumed, as a sentence.
    pub text: String,
}

/// The value sets of a graph and the facts that follow from them.
///
/// The methods panic when asked for a node that the output does not depend on.
#[derive(Debug)]
pub struct Values {
    engine: Mutex<Engine>,
    interrupt: Interrupt,
    class_of: Vec<Option<Class>>,
    /// By class.
    sets: Vec<OnceLock<ValueSet>>,
    /// By class.
    enumerated: Vec<OnceLock<Result<Arc<[Value]>, Explosion>>>,
    assumptions: Vec<Assumption>,
    warnings: Vec<Diagnostic>,
}

/// The most positions or tokens, whatever the limits.
const MOST: usize = 1 << 28;

/// Infers the value sets of every node that `output` depends on.
///
/// # Errors
/// A function that raises on arguments which some input is proved to reach; a length or vocabulary beyond the limit of
/// what may be enumerated.
pub fn infer(graph: &Graph, output: NodeId, options: &Options) -> Result<Values, Vec<Diagnostic>> {
    infer_needed(graph, &reachable(graph, output), options)
}

/// As [`infer`], for these nodes (and whatever they read is among them).
///
/// # Errors
/// As [`infer`].
pub fn infer_needed(graph: &Graph, needed: &[bool], options: &Options) -> Result<Values, Vec<Diagnostic>> {
    let largest = options.max_len.max(options.vocab.len());
    if largest > options.limits.enumerate.min(MOST) {
        let message = format!(
            "{largest} positions or tokens are more than may be enumerated ({})",
            options.limits.enumerate.min(MOST)
        );
        let error = Diagnostic::error(codes::TOO_LARGE, message);
        return Err(vec![error.hint("lower the greatest length, shorten the vocabulary, or raise the limit")]);
    }
    let dag = canon::merge(graph, needed);
    let class_of = dag.class_of.clone();
    let classes = dag.len();
    let mut engine = Engine::new(dag, options.max_len, &options.vocab, options.limits.enumerate);
    for class in 0..classes {
        options.interrupt.check();
        engine.analyse(NodeId(class as u32));
    }
    let findings = engine.findings(graph);
    if !findings.errors.is_empty() {
        return Err(findings.errors);
    }
    Ok(Values {
        engine: Mutex::new(engine),
        interrupt: options.interrupt.clone(),
        class_of,
        sets: (0..classes).map(|_| OnceLock::new()).collect(),
        enumerated: (0..classes).map(|_| OnceLock::new()).collect(),
        assumptions: findings.assumptions,
        warnings: findings.warnings,
    })
}

impl Values {
    fn class(&self, node: NodeId) -> Class {
        self.class_of[node.index()].unwrap_or_else(|| panic!("the output does not depend on {node}"))
    }

    /// The engine, with a fresh budget for what somebody asks for.
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.interrupt.check();
        let mut engine = self.engine.lock().expect("no analysis panicked before");
        engine.refill();
        engine
    }

    /// What the s-op can hold.
    pub fn set(&self, node: NodeId) -> &ValueSet {
        let class = self.class(node);
        self.sets[class.index()].get_or_init(|| self.engine().value_set(class))
    }

    /// The s-op's values, enumerated (canonical order, none first where it can occur); memoised.
    ///
    /// # Errors
    /// More values than the limit.
    pub fn enumerate(&self, node: NodeId) -> Result<Arc<[Value]>, Explosion> {
        let class = self.class(node);
        self.enumerated[class.index()].get_or_init(|| self.engine().enumerate(class)).clone()
    }

    /// How many values the s-op has, where they are listed already.
    pub fn listed(&self, node: NodeId) -> Option<usize> {
        self.engine().known(self.class(node)).map(|set| set.len())
    }

    /// A superset of the tuples of values that these s-ops hold together at one position, without duplicates, in
    /// lexicographic canonical order. Tuples on which a function raises are left out (see [`Values::assumptions`]).
    ///
    /// # Errors
    /// More tuples than `limit`.
    pub fn joint(&self, nodes: &[NodeId], limit: usize) -> Result<Vec<Box<[Value]>>, Explosion> {
        let classes: Vec<Class> = nodes.iter().map(|&n| self.class(n)).collect();
        if classes.is_empty() {
            return Ok(vec![Box::default()]);
        }
        self.engine().joint(&classes, limit as u64).map_err(|count| Explosion { count })
    }

    /// Whether none can occur.
    pub fn can_be_none(&self, node: NodeId) -> bool {
        let engine = self.engine();
        engine.abs[self.class(node).index()].range(&engine.table).kinds.meets(Kinds::NONE)
    }

    /// Numbers between which all numbers lie that the s-op can hold, other values apart; the first is the greater where it
    /// holds no number.
    pub fn range(&self, node: NodeId) -> (f64, f64) {
        let engine = self.engine();
        let range = engine.abs[self.class(node).index()].range(&engine.table);
        (range.lo, range.hi)
    }

    /// Whether every number that the s-op can hold is whole.
    pub fn is_whole(&self, node: NodeId) -> bool {
        if let ValueSet::Finite(values) = self.set(node) {
            return values.iter().filter_map(Value::as_f64).all(|x| x.fract() == 0.0);
        }
        let engine = self.engine();
        !engine.abs[self.class(node).index()].range(&engine.table).kinds.meets(Kinds::FLOAT)
    }

    /// Whether the s-op holds the same value at every position of one input.
    pub fn is_uniform(&self, node: NodeId) -> bool {
        self.engine().is_uniform(self.class(node))
    }

    /// Whether equal values of `a` at two positions of one input imply equal values of `b` there.
    pub fn determines(&self, a: NodeId, b: NodeId) -> bool {
        self.engine().determines(self.class(a), self.class(b))
    }

    /// Whether no two positions of one input hold the same value of `a`.
    pub fn is_injective(&self, a: NodeId) -> bool {
        self.engine().is_injective(self.class(a))
    }

    /// Least and greatest number of keys that a selector can select.
    pub fn width_range(&self, selector: NodeId) -> (usize, usize) {
        self.engine().selectors.width(self.class(selector))
    }

    /// Whether all keys that one query selects through `selector` hold equal values of `values`.
    pub fn selects_equal(&self, selector: NodeId, values: NodeId) -> bool {
        self.engine().selects_equal(self.class(selector), self.class(values))
    }

    /// What was assumed and not proved, in the order of the nodes.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// Warnings found on the way (a function that tells equal values apart).
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl Engine {
    /// What a class can hold, enumerated or described.
    fn value_set(&self, class: Class) -> ValueSet {
        let range = self.abs[class.index()].range(&self.table);
        let none = range.kinds.meets(Kinds::NONE);
        let numeric = !range.kinds.meets(Kinds::ANY.without(Kinds::NUMBER.or(Kinds::NONE))) && range.lo <= range.hi;
        if let Some(set) = self.known(class)
            && !(numeric && self.is_mean(class))
        {
            return ValueSet::Finite(self.values_of_ids(&self.table.representatives(&set)));
        }
        if !numeric {
            let description = "values that are too many to enumerate unasked".to_owned();
            return ValueSet::Other { none, description };
        }
        let description =
            self.mean_in_words(class).unwrap_or_else(|| format!("numbers from {} to {}", range.lo, range.hi));
        ValueSet::Numbers { lo: range.lo, hi: range.hi, none, description }
    }

    /// Whether a class is an aggregate of several values that may differ.
    fn is_mean(&self, class: Class) -> bool {
        matches!(self.op(class), Op::Aggregate { selector, .. } if self.selectors.width(*selector).1 > 1)
            && !self.copies[class.index()]
    }

    /// What an aggregate averages.
    fn mean_in_words(&self, class: Class) -> Option<String> {
        let Op::Aggregate { selector, values, .. } = self.op(class) else { return None };
        let most = self.selectors.width(*selector).1;
        let of = match (&self.set[values.index()], &self.abs[values.index()]) {
            (Set::Known(_), Abs::Few(ids)) if ids.len() <= 8 => {
                let shown: Vec<String> = ids.iter().map(|&id| show(self.table.value(id))).collect();
                format!("{{{}}}", shown.join(", "))
            }
            (_, abs) => {
                let range = abs.range(&self.table);
                format!("numbers from {} to {}", range.lo, range.hi)
            }
        };
        Some(format!("mean of {of} over at most {most} positions"))
    }

    fn values_of_ids(&self, ids: &[Id]) -> Arc<[Value]> {
        ids.iter().map(|&id| self.table.value(id).clone()).collect()
    }

    /// All values of a class.
    fn enumerate(&mut self, class: Class) -> Result<Arc<[Value]>, Explosion> {
        if self.known(class).is_none() {
            self.force(class, self.on_request());
        }
        match &self.set[class.index()] {
            Set::Known(set) if set.len() as u64 <= self.limit => {
                Ok(self.values_of_ids(&self.table.representatives(set)))
            }
            Set::Known(set) => Err(Explosion { count: set.len() as u64 }),
            Set::Lazy(count) | Set::Exploded(count) => Err(Explosion { count: *count }),
        }
    }

    /// All tuples of values of some classes at one position.
    fn joint(&mut self, classes: &[Class], limit: u64) -> Result<Vec<Box<[Value]>>, u64> {
        let budget = Budget { cap: self.limit.max(limit), eager: false };
        let exploded = self.exploded_groups.len();
        let plan = loop {
            let plan = self.plan(classes, budget)?;
            let needs = self.plan_needs(&plan, budget);
            if needs.is_empty() {
                break plan;
            }
            for need in needs {
                self.force(need, self.on_request());
            }
        };
        let mut sink = RowSink::new(classes.len());
        let visited = self.visit(&plan, &mut |_: &mut Self, chunk: &Chunk| {
            let columns: Vec<&[Id]> = classes.iter().map(|&c| chunk.column(c)).collect();
            for row in 0..chunk.len {
                if columns.iter().all(|c| c[row] != RAISED) {
                    sink.push(columns.iter().map(|c| c[row]));
                }
            }
            sink.check(limit)
        });
        if self.exploded_groups.len() > exploded {
            // What goes together there is taken apart now.
            return self.joint(classes, limit);
        }
        visited?;
        let rows = sink.finish();
        let found = (rows.len() / classes.len()) as u64;
        let rows = self.merge_rows(&rows, classes.len());
        if rows.len() as u64 > limit { Err(found) } else { Ok(rows) }
    }

    /// Rows of values from rows of ids: equal rows merged, in canonical order.
    fn merge_rows(&self, data: &[Id], arity: usize) -> Vec<Box<[Value]>> {
        let mut places = Vec::new();
        let mut shown = Vec::new();
        for axis in 0..arity {
            let mut ids = self.distinct(&data.iter().skip(axis).step_by(arity).copied().collect::<Vec<_>>());
            self.table.sort(&mut ids);
            let firsts = self.table.representatives(&ids);
            let mut place = intern::WordMap::default();
            firsts.iter().enumerate().for_each(|(i, &id)| {
                place.insert(self.table.class(id), i as u32);
            });
            places.push(place);
            shown.push(firsts);
        }
        let mut sink = RowSink::new(arity);
        for row in data.chunks(arity) {
            sink.push(row.iter().zip(&places).map(|(&id, place)| place[&self.table.class(id)]));
        }
        let value = |(place, firsts): (&u32, &Vec<Id>)| self.table.value(firsts[*place as usize]).clone();
        sink.finish().chunks(arity).map(|row| row.iter().zip(&shown).map(value).collect()).collect()
    }
}

/// A value as messages show it: strings in quotes.
fn show(value: &Value) -> String {
    match value {
        Value::Str(s) => format!("{s:?}"),
        other => other.to_string(),
    }
}
