//! The handles of a builder: what a program in Rust holds, names and combines.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Rem, Sub};

use super::GraphBuilder;
use crate::function::{Expr, Function};
use crate::graph::{Annotation, NodeId, Op};
use crate::ops::{BinaryOp, UnaryOp};
use crate::value::Value;

/// An s-op of a [`GraphBuilder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SOp<'b> {
    pub(super) builder: &'b GraphBuilder,
    pub(super) id: NodeId,
}

/// A selector of a [`GraphBuilder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Selector<'b> {
    pub(super) builder: &'b GraphBuilder,
    pub(super) id: NodeId,
}

/// What stands where an s-op is wanted: an s-op, or a constant.
#[derive(Clone, Debug)]
pub enum Operand<'b> {
    /// An s-op.
    SOp(SOp<'b>),
    /// The same value everywhere.
    Const(Value),
}

impl<'b> From<SOp<'b>> for Operand<'b> {
    fn from(x: SOp<'b>) -> Self {
        Self::SOp(x)
    }
}

impl From<f64> for Operand<'_> {
    /// # Panics
    /// On infinity and NaN, which are no values.
    fn from(x: f64) -> Self {
        Self::Const(Value::float(x).expect("a constant is finite"))
    }
}

macro_rules! constants {
    ($($t:ty)*) => {$(
        impl From<$t> for Operand<'_> {
            fn from(x: $t) -> Self {
                Self::Const(Value::from(x))
            }
        }
    )*};
}

constants!(Value bool i32 i64 &str);

impl<'b> SOp<'b> {
    /// The node.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Gives the s-op a (further) name.
    pub fn named(self, name: &str) -> Self {
        self.builder.graph.borrow_mut().name(self.id, name);
        self
    }

    /// Asks for an encoding.
    pub fn annotated(self, annotation: Annotation) -> Self {
        self.builder.graph.borrow_mut().node_mut(self.id).annotation = Some(annotation);
        self
    }

    /// `self == other`, element by element.
    pub fn equals(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Eq, self.into(), other.into())
    }

    /// `self != other`, element by element.
    pub fn differs(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Ne, self.into(), other.into())
    }

    /// `self < other`, element by element.
    pub fn lt(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Lt, self.into(), other.into())
    }

    /// `self <= other`, element by element.
    pub fn le(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Le, self.into(), other.into())
    }

    /// `self > other`, element by element.
    pub fn gt(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Gt, self.into(), other.into())
    }

    /// `self >= other`, element by element.
    pub fn ge(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Ge, self.into(), other.into())
    }

    /// Both truthy: a boolean.
    pub fn and(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::And, self.into(), other.into())
    }

    /// One or both truthy: a boolean.
    pub fn or(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Or, self.into(), other.into())
    }

    /// `self ^ other`: the power.
    pub fn pow(self, other: impl Into<Operand<'b>>) -> Self {
        self.builder.binary(BinaryOp::Pow, self.into(), other.into())
    }

    /// The nearest integer, ties to even.
    pub fn round(self) -> Self {
        self.unary(UnaryOp::Round)
    }

    /// 1 where truthy, else 0.
    pub fn indicator(self) -> Self {
        self.unary(UnaryOp::Indicator)
    }

    /// Whether the value is one of the items.
    pub fn is_in<V: Into<Value>>(self, items: impl IntoIterator<Item = V>) -> Self {
        let items = items.into_iter().map(Into::into).collect();
        self.builder.apply(Function::expr(1, Expr::In(Box::new(Expr::Arg(0)), items)), &[self])
    }

    /// An operator with one operand, element by element.
    pub fn unary(self, op: UnaryOp) -> Self {
        self.builder.apply(Function::unary(op), &[self])
    }
}

impl Selector<'_> {
    /// The node.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Gives the selector a (further) name.
    pub fn named(self, name: &str) -> Self {
        self.builder.graph.borrow_mut().name(self.id, name);
        self
    }

    fn combine(self, other: Self, op: fn(NodeId, NodeId) -> Op) -> Self {
        let other = self.builder.own(other.builder, other.id);
        self.builder.selector(self.builder.push(op(self.id, other)))
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident $op:ident;)*) => {$(
        impl<'b, T: Into<Operand<'b>>> $trait<T> for SOp<'b> {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                self.builder.binary(BinaryOp::$op, self.into(), other.into())
            }
        }

        // One integer type only, so that a literal has it.
        arithmetic!(@constant $trait $method $op Value bool i64 f64 &str);
    )*};
    (@constant $trait:ident $method:ident $op:ident $($t:ty)*) => {$(
        impl<'b> $trait<SOp<'b>> for $t {
            type Output = SOp<'b>;

            fn $method(self, other: SOp<'b>) -> SOp<'b> {
                other.builder.binary(BinaryOp::$op, self.into(), other.into())
            }
        }
    )*};
}

arithmetic! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
    Rem rem Mod;
}

impl Neg for SOp<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(UnaryOp::Neg)
    }
}

impl Not for SOp<'_> {
    type Output = Self;

    fn not(self) -> Self {
        self.unary(UnaryOp::Not)
    }
}

impl BitAnd for Selector<'_> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.combine(other, Op::And)
    }
}

impl BitOr for Selector<'_> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.combine(other, Op::Or)
    }
}

impl Not for Selector<'_> {
    type Output = Self;

    fn not(self) -> Self {
        self.builder.selector(self.builder.push(Op::Not(self.id)))
    }
}
