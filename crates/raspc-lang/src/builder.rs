//! A builder of graphs that reads like RASP.
//!
//! ```
//! use raspc_lang::builder::GraphBuilder;
//! use raspc_lang::graph::{Comparison, Mask};
//! use raspc_lang::interpret::interpret;
//! use raspc_lang::value::Value;
//!
//! let b = GraphBuilder::new(Mask::Full);
//! let smaller = b.select(b.tokens(), b.tokens(), Comparison::Lt);
//! let target = b.selector_width(smaller).named("target_pos");
//! let here = b.select(target, b.indices(), Comparison::Eq);
//! let sort = b.aggregate(here, b.tokens(), Value::None).named("sort").id();
//! let graph = b.finish();
//!
//! let trace = interpret(&graph, &[3, 1, 2].map(Value::from));
//! assert_eq!(trace.values(sort).unwrap(), [1, 2, 3].map(Value::from));
//! ```
//!
//! S-ops take part in arithmetic with each other and with constants; selectors combine with `&`, `|` and `!`. A constant
//! operand becomes part of the function (`x0 + 1`); none as an operand becomes an s-op, since none in is none out.

mod handles;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use crate::error::EvalError;
use crate::function::{Body, Expr, Function, HostFunction};
use crate::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use crate::ops::BinaryOp;
use crate::value::Value;

pub use handles::{Operand, SOp, Selector};

/// A graph under construction.
#[derive(Debug)]
pub struct GraphBuilder {
    graph: RefCell<Graph>,
    tokens: Cell<Option<NodeId>>,
    indices: Cell<Option<NodeId>>,
    full: Cell<Option<NodeId>>,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new(mask: Mask) -> Self {
        Self {
            graph: RefCell::new(Graph::new(mask)),
            tokens: Cell::default(),
            indices: Cell::default(),
            full: Cell::default(),
        }
    }

    /// The graph. Take the ids of the handles that are still needed ([`SOp::id`]) before.
    pub fn finish(self) -> Graph {
        self.graph.into_inner()
    }

    /// The input.
    pub fn tokens(&self) -> SOp<'_> {
        self.sop(self.shared(&self.tokens, || Op::Tokens))
    }

    /// 0, 1, 2, …
    pub fn indices(&self) -> SOp<'_> {
        self.sop(self.shared(&self.indices, || Op::Indices))
    }

    /// The same value at each position.
    pub fn constant(&self, v: impl Into<Value>) -> SOp<'_> {
        self.sop(self.push(Op::Const(v.into())))
    }

    /// The selector `keys[k] comparison queries[q]`.
    pub fn select<'b>(
        &'b self,
        keys: impl Into<Operand<'b>>,
        queries: impl Into<Operand<'b>>,
        comparison: Comparison,
    ) -> Selector<'b> {
        self.select_by(keys, queries, Predicate::Compare(comparison))
    }

    /// The selector `predicate(keys[k], queries[q])`.
    ///
    /// # Panics
    /// When the predicate is a function of other than two arguments.
    pub fn select_by<'b>(
        &'b self,
        keys: impl Into<Operand<'b>>,
        queries: impl Into<Operand<'b>>,
        predicate: Predicate,
    ) -> Selector<'b> {
        if let Predicate::Function(f) = &predicate {
            assert_eq!(f.arity, 2, "a predicate is of key and query");
        }
        let (keys, queries) = (self.node(keys.into()), self.node(queries.into()));
        self.selector(self.push(Op::Select { keys, queries, predicate }))
    }

    /// The selector of everything (that the mask lets be seen).
    pub fn full(&self) -> Selector<'_> {
        let always = || {
            let one = self.push(Op::Const(Value::int(1)));
            Op::Select { keys: one, queries: one, predicate: Predicate::Compare(Comparison::Eq) }
        };
        self.selector(self.shared(&self.full, always))
    }

    /// The value at the selected key; the mean of several numbers; the default where nothing is selected.
    pub fn aggregate<'b>(
        &'b self,
        selector: Selector<'b>,
        values: impl Into<Operand<'b>>,
        default: impl Into<Value>,
    ) -> SOp<'b> {
        let (selector, values) = (self.own(selector.builder, selector.id), self.node(values.into()));
        self.sop(self.push(Op::Aggregate { selector, values, default: default.into() }))
    }

    /// How many keys are selected.
    pub fn selector_width<'b>(&'b self, selector: Selector<'b>) -> SOp<'b> {
        self.sop(self.push(Op::SelectorWidth(self.own(selector.builder, selector.id))))
    }

    /// How many positions there are (under a causal mask: up to here).
    pub fn length(&self) -> SOp<'_> {
        self.selector_width(self.full())
    }

    /// A Rust function of s-ops, element by element; none in, none out.
    ///
    /// # Panics
    /// Without arguments.
    pub fn map<'b, F>(&'b self, name: &str, args: &[SOp<'b>], f: F) -> SOp<'b>
    where
        F: Fn(&[Value]) -> Result<Value, EvalError> + Send + Sync + 'static,
    {
        let body = Body::Host(Arc::new(Closure { name: name.to_owned(), f }));
        self.apply(Function { arity: args.len(), body }, args)
    }

    /// A function of s-ops, element by element; none in, none out.
    ///
    /// # Panics
    /// Without arguments, or with another number of them than the function takes.
    pub fn apply<'b>(&'b self, function: Function, args: &[SOp<'b>]) -> SOp<'b> {
        assert!(!args.is_empty() && args.len() == function.arity, "a function gets as many arguments as it takes");
        let args = args.iter().map(|a| self.own(a.builder, a.id)).collect();
        self.sop(self.push(Op::Map { function, args }))
    }

    /// `then` where the condition is truthy, `otherwise` elsewhere. Where an s-op among the three is none, so is the
    /// result, chosen or not; a constant none is given only where it is chosen.
    pub fn choose<'b>(
        &'b self,
        cond: SOp<'b>,
        then: impl Into<Operand<'b>>,
        otherwise: impl Into<Operand<'b>>,
    ) -> SOp<'b> {
        let mut args = vec![cond];
        let [then, otherwise] = [then.into(), otherwise.into()].map(|x| Box::new(self.branch(x, &mut args)));
        self.apply(Function::expr(args.len(), Expr::If { cond: Box::new(Expr::Arg(0)), then, otherwise }), &args)
    }

    /// A branch may be none: a function may give none where it chooses to.
    fn branch<'b>(&'b self, x: Operand<'b>, args: &mut Vec<SOp<'b>>) -> Expr {
        if let Operand::Const(Value::None) = x { Expr::Const(Value::None) } else { self.argument(x, args) }
    }

    fn binary<'b>(&'b self, op: BinaryOp, a: Operand<'b>, b: Operand<'b>) -> SOp<'b> {
        let mut args = Vec::new();
        let (a, b) = (self.argument(a, &mut args), self.argument(b, &mut args));
        self.apply(Function::expr(args.len(), Expr::Binary(op, Box::new(a), Box::new(b))), &args)
    }

    /// An operand inside an expression: a further argument, or a constant.
    fn argument<'b>(&'b self, x: Operand<'b>, args: &mut Vec<SOp<'b>>) -> Expr {
        match x {
            Operand::Const(v) if !v.is_none() => Expr::Const(v),
            x => {
                args.push(self.sop(self.node(x)));
                Expr::Arg(args.len() - 1)
            }
        }
    }

    fn push(&self, op: Op) -> NodeId {
        self.graph.borrow_mut().push(op, None)
    }

    fn shared(&self, cell: &Cell<Option<NodeId>>, op: impl FnOnce() -> Op) -> NodeId {
        let id = cell.get().unwrap_or_else(|| self.push(op()));
        cell.set(Some(id));
        id
    }

    fn node(&self, x: Operand<'_>) -> NodeId {
        match x {
            Operand::SOp(x) => self.own(x.builder, x.id),
            Operand::Const(v) => self.push(Op::Const(v)),
        }
    }

    fn own(&self, builder: &Self, id: NodeId) -> NodeId {
        assert!(std::ptr::eq(self, builder), "a handle is used with the builder that made it");
        id
    }

    fn sop(&self, id: NodeId) -> SOp<'_> {
        SOp { builder: self, id }
    }

    fn selector(&self, id: NodeId) -> Selector<'_> {
        Selector { builder: self, id }
    }
}

/// A Rust closure as a host function.
struct Closure<F> {
    name: String,
    f: F,
}

impl<F> fmt::Debug for Closure<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F: Fn(&[Value]) -> Result<Value, EvalError> + Send + Sync> HostFunction for Closure<F> {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        (self.f)(args)
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
