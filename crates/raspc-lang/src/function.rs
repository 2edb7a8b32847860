//! Functions: what an element-wise s-op does to its arguments, and what a selector's predicate does to key and query.
//!
//! A function is a built-in expression, a table, or a host function. All are pure: same arguments, same result; a
//! caller may (and does) call them at most once per argument tuple. The rule "none in, none out" belongs to the
//! element-wise node ([`Function::apply_strict`]), not to the function: a predicate is called with none like any value.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::error::EvalError;
use crate::ops::{BinaryOp, UnaryOp};
use crate::value::Value;

/// A function of a fixed number of values.
#[derive(Clone, Debug)]
pub struct Function {
    /// How many arguments it takes (at least one).
    pub arity: usize,
    /// What it does.
    pub body: Body,
}

/// What a function does.
#[derive(Clone, Debug)]
pub enum Body {
    /// A built-in expression over the arguments.
    Expr(Arc<Expr>),
    /// A table: argument tuple to result. An argument tuple that is not in it raises.
    Table(Arc<IndexMap<Vec<Value>, Result<Value, EvalError>>>),
    /// A function of the host language.
    Host(Arc<dyn HostFunction>),
}

/// A function of the host language.
pub trait HostFunction: fmt::Debug + Send + Sync {
    /// Calls it.
    ///
    /// # Errors
    /// What the host's function raised.
    fn call(&self, args: &[Value]) -> Result<Value, EvalError>;
    /// Its name, for messages and printed graphs.
    fn name(&self) -> String;
    /// Everything it can return, where it is called with none like with any value and never raises: functions that the
    /// compiler itself makes of the classes of a selector's keys. None for a program's functions: none in, none out.
    fn outcomes(&self) -> Option<Vec<Value>> {
        None
    }
    /// Whether its outcomes are all that is to be known of its values: what they have to do with its arguments, which can
    /// hold too many combinations, is not looked at.
    fn is_opaque(&self) -> bool {
        false
    }
}

/// A built-in expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// The argument with this index.
    Arg(usize),
    /// A constant.
    Const(Value),
    /// An operator with one operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator with two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `then if cond else otherwise`, on truthiness; only the chosen branch is evaluated.
    If {
        /// The condition.
        cond: Box<Expr>,
        /// The value where it is truthy.
        then: Box<Expr>,
        /// The value elsewhere.
        otherwise: Box<Expr>,
    },
    /// Whether the operand equals one of the items.
    In(Box<Expr>, Arc<[Value]>),
    /// The item of a list at an integer index, negative ones from the end.
    Item(Arc<[Value]>, Box<Expr>),
    /// The entry of a dictionary.
    Entry(Arc<[(Value, Value)]>, Box<Expr>),
}

impl Function {
    /// A built-in expression of `arity` arguments.
    pub fn expr(arity: usize, expr: Expr) -> Self {
        Self { arity, body: Body::Expr(Arc::new(expr)) }
    }

    /// `op` applied to the one argument.
    pub fn unary(op: UnaryOp) -> Self {
        Self::expr(1, Expr::Unary(op, Box::new(Expr::Arg(0))))
    }

    /// `op` applied to the two arguments.
    pub fn binary(op: BinaryOp) -> Self {
        Self::expr(2, Expr::Binary(op, Box::new(Expr::Arg(0)), Box::new(Expr::Arg(1))))
    }

    /// Calls the function with any values, none included.
    ///
    /// # Errors
    /// An evaluation error where the function has no result.
    pub fn apply(&self, args: &[Value]) -> Result<Value, EvalError> {
        assert_eq!(args.len(), self.arity, "a function is called with as many arguments as it takes");
        match &self.body {
            Body::Expr(e) => e.eval(args),
            Body::Table(t) => t.get(args).cloned().unwrap_or_else(|| {
                let shown: Vec<String> = args.iter().map(ToString::to_string).collect();
                Err(EvalError::new(format!("the table has no entry for ({})", shown.join(", "))))
            }),
            Body::Host(h) => h.call(args),
        }
    }

    /// Whether it reads no argument beyond those it takes.
    pub fn is_well_formed(&self) -> bool {
        match &self.body {
            Body::Expr(e) => e.reads_below(self.arity),
            Body::Table(t) => t.keys().all(|args| args.len() == self.arity),
            Body::Host(_) => true,
        }
    }

    /// Calls the function as an element-wise s-op does: none in, none out.
    ///
    /// # Errors
    /// As [`Function::apply`].
    pub fn apply_strict(&self, args: &[Value]) -> Result<Value, EvalError> {
        if self.outcomes().is_none() && args.iter().any(Value::is_none) { Ok(Value::None) } else { self.apply(args) }
    }

    /// As [`HostFunction::is_opaque`].
    pub fn is_opaque(&self) -> bool {
        matches!(&self.body, Body::Host(h) if h.is_opaque())
    }

    /// As [`HostFunction::outcomes`].
    pub fn outcomes(&self) -> Option<Vec<Value>> {
        match &self.body {
            Body::Host(h) => h.outcomes(),
            Body::Expr(_) | Body::Table(_) => None,
        }
    }
}

/// Structural for expressions and tables, by identity for host functions.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.arity == other.arity
            && match (&self.body, &other.body) {
                (Body::Expr(a), Body::Expr(b)) => a == b,
                (Body::Table(a), Body::Table(b)) => Arc::ptr_eq(a, b) || a == b,
                (Body::Host(a), Body::Host(b)) => Arc::ptr_eq(a, b),
                _ => false,
            }
    }
}

impl Expr {
    /// Evaluates the expression.
    ///
    /// # Errors
    /// An evaluation error of one of its operators.
    pub fn eval(&self, args: &[Value]) -> Result<Value, EvalError> {
        match self {
            Self::Arg(i) => Ok(args[*i].clone()),
            Self::Const(v) => Ok(v.clone()),
            Self::Unary(op, a) => op.apply(&a.eval(args)?),
            Self::Binary(op, a, b) => op.apply(&a.eval(args)?, &b.eval(args)?),
            Self::If { cond, then, otherwise } => {
                if cond.eval(args)?.truthy() {
                    then.eval(args)
                } else {
                    otherwise.eval(args)
                }
            }
            Self::In(a, items) => {
                let v = a.eval(args)?;
                Ok(Value::Bool(items.contains(&v)))
            }
            Self::Item(items, i) => item(items, &i.eval(args)?),
            Self::Entry(entries, key) => {
                let key = key.eval(args)?;
                let found = entries.iter().find(|(k, _)| *k == key);
                found.map(|(_, v)| v.clone()).ok_or_else(|| EvalError::new(format!("the dictionary has no key {key}")))
            }
        }
    }
}

impl Expr {
    fn reads_below(&self, arity: usize) -> bool {
        match self {
            Self::Arg(i) => *i < arity,
            Self::Const(_) => true,
            Self::Unary(_, a) | Self::In(a, _) | Self::Item(_, a) | Self::Entry(_, a) => a.reads_below(arity),
            Self::Binary(_, a, b) => a.reads_below(arity) && b.reads_below(arity),
            Self::If { cond, then, otherwise } => [cond, then, otherwise].iter().all(|e| e.reads_below(arity)),
        }
    }
}

/// The item of a list at an index, negative ones from the end.
fn item(items: &[Value], index: &Value) -> Result<Value, EvalError> {
    let of = |n: usize| if n == 1 { "1 item".to_owned() } else { format!("{n} items") };
    let out_of_range = || EvalError::new(format!("index {index} is out of range for {}", of(items.len())));
    let i = index.as_int().ok_or_else(|| EvalError::new(format!("an index must be an integer, got {index}")))?;
    let i = i.to_i64().ok_or_else(out_of_range)?;
    let i = if i < 0 { i + items.len() as i64 } else { i };
    usize::try_from(i).ok().and_then(|i| items.get(i).cloned()).ok_or_else(out_of_range)
}
