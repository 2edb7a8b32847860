//! The state of the analysis: for each class what it depends on, what it can hold, and how to find out more.
//!
//! **Variables.** What an s-op holds at one position of one input is a function of a few *variables* of that position:
//! the index, the length, the token there, and the results of the aggregates and widths ("roots") that read other
//! positions. A class that is a function of one variable has a *column*: its value for each value of the variable. Under
//! a causal mask nothing but the index distinguishes positions, so `length` and the like are functions of the index; under
//! a full mask they are functions of the length, or of both (a *point*).
//!
//! **Invariants.** A class's set holds every typed value that the s-op holds on any input of the domain on which it does
//! not raise. Classes are analysed operands first, and only from what is known of lower classes.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr};
use raspc_lang::graph::{Mask, NodeId, Op};

use super::abs::Abs;
use super::canon::{Class, Dag};
use super::facts::Facts;
use super::intern::{Id, Interner, RAISED, WordMap};
use super::linear::Linear;
use super::selector::Selectors;

/// One of the quantities that together fix what s-ops hold at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Var {
    /// The index of the position.
    Index,
    /// The length of the input (full mask only).
    Length,
    /// Both (full mask only).
    Point,
    /// The token at the position.
    Token,
    /// The result of an aggregate, a width, or of a map that depends on too much to be followed.
    Root(Class),
}

/// What a class depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dep {
    /// Nothing.
    Const,
    /// One variable: the class can have a column.
    One(Var),
    /// Several variables, sorted.
    Many(Arc<[Var]>),
}

/// What is known of a class's values.
#[derive(Clone, Debug)]
pub(super) enum Set {
    /// Not enumerated yet; about (at most, where it can be told) so many tuples would be looked at.
    Lazy(u64),
    /// Typed values in canonical order, without duplicates.
    Known(Arc<[Id]>),
    /// More than the limit: at least so many.
    Exploded(u64),
}

/// A function that raises on arguments which were not excluded.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    /// The map or select.
    pub(super) class: Class,
    /// The arguments (or key and query) and the error; none where the arguments were too many to look at.
    pub(super) found: Option<(Vec<Id>, EvalError)>,
    /// The least length at which the arguments occur, where the position alone decides.
    pub(super) length: Option<usize>,
}

/// The most variables a class is followed through.
const MAX_VARS: usize = 48;

/// Tuples that may be looked at without being asked for.
const BUDGET: u64 = 1 << 23;

/// Members of frontiers that may be looked at without being asked for.
const PLANNING: u64 = 1 << 21;

/// What a function returned for an argument tuple.
type CallMemo = WordMap<Box<[Id]>, Result<Id, EvalError>>;

/// Roots through one selector: the highest of them, the selector, all of them.
type Group = (Class, Class, Vec<Class>);

/// The analysis of one program.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) dag: Dag,
    pub(super) max_len: usize,
    /// Most tuples that may be enumerated for one node on request.
    pub(super) limit: u64,
    /// Tuples that may still be looked at without being asked for.
    pub(super) budget: u64,
    /// Members of frontiers that may still be looked at without being asked for.
    pub(super) planning: Cell<u64>,
    pub(super) vocab: Vec<Id>,
    pub(super) table: Interner,
    /// By function number.
    calls: Vec<CallMemo>,
    pub(super) dep: Vec<Dep>,
    pub(super) set: Vec<Set>,
    pub(super) column: Vec<Option<Arc<[Id]>>>,
    /// The classes that are sums of length and index.
    pub(super) linear: Vec<Option<Linear>>,
    /// Classes that could not be enumerated on request.
    pub(super) tried: Vec<bool>,
    /// Roots through one selector that have too many rows together.
    pub(super) exploded_groups: BTreeSet<Vec<Class>>,
    /// About how many rows roots through one selector have together, by the highest root, the selector and the roots.
    /// Plans ask for the same groups over and over, and each answer needs plans of its own.
    pub(super) estimates: RefCell<BTreeMap<Group, u64>>,
    /// A description of every s-op's values; where the set is known it follows from it.
    pub(super) abs: Vec<Abs>,
    /// For aggregates: whether all selected values are equal.
    pub(super) copies: Vec<bool>,
    pub(super) selectors: Selectors,
    pub(super) facts: Facts,
    pub(super) suspects: Vec<Suspect>,
    /// Maps whose function tells equal values apart, with an argument tuple.
    pub(super) tellers: Vec<(Class, Vec<Id>)>,
    /// Aggregates that may meet several values which have no mean.
    pub(super) mixed_means: Vec<Class>,
}

impl Engine {
    pub(super) fn new(dag: Dag, max_len: usize, vocab: &[raspc_lang::value::Value], limit: usize) -> Self {
        let n = dag.len();
        let mut table = Interner::default();
        let vocab = vocab.iter().map(|v| table.intern(v)).collect();
        let calls = dag.functions.iter().map(|_| CallMemo::default()).collect();
        Self {
            max_len,
            limit: limit as u64,
            budget: BUDGET,
            planning: Cell::new(PLANNING),
            vocab,
            table,
            calls,
            dep: vec![Dep::Const; n],
            set: vec![Set::Lazy(0); n],
            column: vec![None; n],
            linear: vec![None; n],
            tried: vec![false; n],
            exploded_groups: BTreeSet::new(),
            estimates: RefCell::default(),
            abs: vec![Abs::empty(); n],
            copies: vec![false; n],
            selectors: Selectors::new(n),
            facts: Facts::new(n),
            suspects: Vec::new(),
            tellers: Vec::new(),
            mixed_means: Vec::new(),
            dag,
        }
    }

    /// A fresh budget.
    pub(super) fn refill(&mut self) {
        self.budget = BUDGET;
        self.planning.set(PLANNING);
    }

    /// The operation of a class.
    pub(super) fn op(&self, class: Class) -> &Op {
        self.dag.op(class)
    }

    /// Whether positions see every position.
    pub(super) fn full(&self) -> bool {
        self.dag.graph.mask == Mask::Full
    }

    /// The set, where it is known.
    pub(super) fn known(&self, class: Class) -> Option<Arc<[Id]>> {
        match &self.set[class.index()] {
            Set::Known(ids) => Some(ids.clone()),
            _ => None,
        }
    }

    /// The column, where it is known.
    pub(super) fn column(&self, class: Class) -> Option<Arc<[Id]>> {
        self.column[class.index()].clone()
    }

    /// About how many values the class has; very many where they exploded.
    pub(super) fn size(&self, class: Class) -> u64 {
        match &self.set[class.index()] {
            Set::Known(ids) => ids.len() as u64,
            Set::Lazy(about) => (*about).max(1),
            Set::Exploded(_) => u64::MAX,
        }
    }

    /// Whether what a class holds does not depend on the tokens, and is known exactly.
    pub(super) fn by_position(&self, class: Class) -> bool {
        matches!(self.dep[class.index()], Dep::Const | Dep::One(Var::Index | Var::Length | Var::Point))
    }

    /// How many values a variable has; very many where they are not known.
    pub(super) fn domain(&self, var: Var) -> u64 {
        let n = self.max_len as u64;
        match var {
            Var::Index | Var::Length => n,
            Var::Point => n.saturating_mul(n + 1) / 2,
            Var::Token => self.vocab.len() as u64,
            Var::Root(root) => self.size(root),
        }
    }

    /// Records a set, given in any order; `RAISED` is left out.
    pub(super) fn learn(&mut self, class: Class, mut ids: Vec<Id>) {
        ids.retain(|&id| id != RAISED);
        self.table.sort(&mut ids);
        self.abs[class.index()] = Abs::of(&self.table, &ids);
        self.set[class.index()] = Set::Known(ids.into());
        self.forget_above(class);
    }

    /// Drops what was estimated from this class's values: estimates of roots follow from lower classes alone.
    pub(super) fn forget_above(&mut self, class: Class) {
        let above = NodeId(class.0 + 1);
        drop(self.estimates.get_mut().split_off(&(above, NodeId(0), Vec::new())));
    }

    /// Records a column and the set that follows from it.
    pub(super) fn learn_column(&mut self, class: Class, column: Vec<Id>) {
        self.learn(class, self.distinct(&column));
        self.column[class.index()] = Some(column.into());
        self.forget_above(class);
    }

    /// The ids that occur, each once.
    pub(super) fn distinct(&self, ids: &[Id]) -> Vec<Id> {
        let mut seen = vec![false; self.table.len()];
        let fresh = |id: &&Id| **id != RAISED && !std::mem::replace(&mut seen[**id as usize], true);
        ids.iter().filter(fresh).copied().collect()
    }

    /// What a function of the classes depends on; more than can be followed makes it a variable of its own.
    pub(super) fn join(&self, class: Class, args: &[Class]) -> Dep {
        let mut vars: Vec<Var> = Vec::new();
        for arg in args {
            match &self.dep[arg.index()] {
                Dep::Const => {}
                Dep::One(var) => vars.push(*var),
                Dep::Many(more) => vars.extend(more.iter()),
            }
        }
        vars.sort_unstable();
        vars.dedup();
        let positions = vars.iter().filter(|v| matches!(v, Var::Index | Var::Length | Var::Point)).count();
        if positions > 1 {
            vars.retain(|v| !matches!(v, Var::Index | Var::Length | Var::Point));
            vars.push(Var::Point);
            vars.sort_unstable();
        }
        match vars[..] {
            [] => Dep::Const,
            [var] => Dep::One(var),
            _ if vars.len() > MAX_VARS => Dep::One(Var::Root(class)),
            _ => Dep::Many(vars.into()),
        }
    }

    /// Calls a function as an element-wise s-op does: none in, none out.
    pub(super) fn call_strict(&mut self, number: u32, args: &[Id]) -> Result<Id, EvalError> {
        match args.iter().find(|&&a| self.table.value(a).is_none()) {
            Some(&none) if self.dag.functions[number as usize].outcomes().is_none() => Ok(none),
            _ => self.call(number, args),
        }
    }

    /// Calls a function: a host function at most once for each argument tuple.
    pub(super) fn call(&mut self, number: u32, args: &[Id]) -> Result<Id, EvalError> {
        let Self { dag, table, calls, .. } = self;
        let function = &dag.functions[number as usize];
        if let Body::Expr(expr) = &function.body {
            return eval(table, expr, args).map(|v| table.intern(&v));
        }
        if let Some(known) = calls[number as usize].get(args) {
            return known.clone();
        }
        let values: Vec<_> = args.iter().map(|&a| table.value(a).clone()).collect();
        let result = function.apply(&values).map(|v| table.intern(&v));
        calls[number as usize].insert(args.into(), result.clone());
        result
    }
}

/// Evaluates an expression; the common shapes without copying the arguments.
fn eval(table: &Interner, expr: &Expr, args: &[Id]) -> Result<raspc_lang::value::Value, EvalError> {
    let leaf = |e: &Expr| match e {
        Expr::Arg(i) => Some(*i),
        _ => None,
    };
    match expr {
        Expr::Unary(op, a) if leaf(a).is_some() => op.apply(table.value(args[leaf(a).expect("a leaf")])),
        Expr::Binary(op, a, b) => match (leaf(a), leaf(b), &**a, &**b) {
            (Some(i), Some(j), ..) => op.apply(table.value(args[i]), table.value(args[j])),
            (Some(i), None, _, Expr::Const(c)) => op.apply(table.value(args[i]), c),
            (None, Some(j), Expr::Const(c), _) => op.apply(c, table.value(args[j])),
            _ => eval_any(table, expr, args),
        },
        _ => eval_any(table, expr, args),
    }
}

fn eval_any(table: &Interner, expr: &Expr, args: &[Id]) -> Result<raspc_lang::value::Value, EvalError> {
    let values: Vec<_> = args.iter().map(|&a| table.value(a).clone()).collect();
    expr.eval(&values)
}
