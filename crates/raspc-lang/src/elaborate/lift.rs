//! From values of the elaborator to nodes: atoms become constants of an element-wise function, or constant s-ops.

use crate::function::{Expr, Function};
use crate::graph::{NodeId, Op};

use super::problem::Problem;
use super::value::Meta;
use super::{Eval, Frame, Operand, Run, Stop};
use crate::diagnostic::Span;

/// The arguments of an element-wise function while it is built. Each use of an s-op is an argument of its own, as
/// written; atoms become constants of the expression.
#[derive(Default)]
pub(super) struct Arguments {
    nodes: Vec<NodeId>,
}

impl Arguments {
    /// The operand as a leaf of the expression; none when it is neither an s-op nor an atom.
    pub(super) fn leaf(&mut self, operand: &Operand) -> Option<Expr> {
        match &operand.value {
            Meta::SOp(id) => {
                self.nodes.push(*id);
                Some(Expr::Arg(self.nodes.len() - 1))
            }
            Meta::Atom(value) => Some(Expr::Const(value.clone())),
            _ => None,
        }
    }

    /// The element-wise operation.
    pub(super) fn map(self, expr: Expr) -> Op {
        assert!(!self.nodes.is_empty(), "an element-wise function has an s-op among its arguments");
        Op::Map { function: Function::expr(self.nodes.len(), expr), args: self.nodes }
    }
}

impl Run<'_, '_> {
    /// The element-wise operation as a value.
    pub(super) fn push_map(&mut self, frame: &Frame, args: Arguments, expr: Expr, span: Span) -> Eval<Meta> {
        self.node(frame, args.map(expr), span).map(Meta::SOp)
    }

    /// A leaf, or the problem that the operator does not take such an operand.
    pub(super) fn leaf(&self, frame: &Frame, args: &mut Arguments, op: &'static str, operand: &Operand) -> Eval<Expr> {
        args.leaf(operand).ok_or_else(|| {
            let problem = Problem::Operand { op, got: operand.value.clone() };
            self.raise(frame, problem, operand.span)
        })
    }

    /// The operand as an s-op: an atom becomes a constant one.
    #[inline(never)]
    pub(super) fn sop(&mut self, frame: &Frame, operand: &Operand, place: &'static str) -> Eval<NodeId> {
        match &operand.value {
            Meta::SOp(id) => Ok(*id),
            Meta::Atom(value) => self.node(frame, Op::Const(value.clone()), operand.span),
            _ => Err(self.expected(frame, operand, "an s-op or an atom", place)),
        }
    }

    /// The operand as a selector.
    #[inline(never)]
    pub(super) fn selector(&mut self, frame: &Frame, operand: &Operand, place: &'static str) -> Eval<NodeId> {
        match operand.value {
            Meta::Selector(id) => Ok(id),
            _ => Err(self.expected(frame, operand, "a selector", place)),
        }
    }

    /// The problem that the operand is of the wrong kind.
    #[inline(never)]
    pub(super) fn expected(
        &self,
        frame: &Frame,
        operand: &Operand,
        expected: &'static str,
        place: &'static str,
    ) -> Stop {
        let hint = match (expected, &operand.value) {
            ("a selector", Meta::SOp(_)) => "make one of it: `select(x, True, ==)` selects where `x` is true",
            ("a selector", _) => "write `select(keys, queries, ==)`",
            (_, Meta::Selector(_)) => "`selector_width(s)` and `aggregate(s, values)` make s-ops of selectors",
            (_, Meta::List(_) | Meta::Dict(_)) => "take an item of it: `x[0]`",
            (_, Meta::Function(_) | Meta::Builtin(_)) => "call it: `f(...)`",
            ("an atom", Meta::SOp(_)) => {
                "write a number, a string, True, False or none; it is the same at every position"
            }
            ("an integer", _) => "write an integer; `round(x)` makes one of a float",
            ("a list", _) => "write `[...]`",
            ("a list, a string or a dictionary", _) => {
                "write `range(n)` or `[...]`; an s-op holds for all positions at once, without a loop"
            }
            _ => "give another value",
        };
        self.raise(frame, Problem::Expected { expected, place, got: operand.value.clone(), hint }, operand.span)
    }
}
