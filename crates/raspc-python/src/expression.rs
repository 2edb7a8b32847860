//! Built-in expressions as Python hands them over: nested tuples, the operator's name first.
//!
//! `("arg", i)`, `("const", v)`, `(unary, e)`, `(binary, e, e)`, `("if", cond, then, otherwise)`, `("in", e, values)`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use raspc_lang::function::Expr;
use raspc_lang::ops::{BinaryOp, UnaryOp};

use crate::errors;
use crate::registry::Registry;

/// Deeper expressions than this are not built: whoever writes one uses several s-ops.
const DEEPEST: usize = 100;

const UNARY: &[(&str, UnaryOp)] = &[
    ("not", UnaryOp::Not),
    ("neg", UnaryOp::Neg),
    ("pos", UnaryOp::Pos),
    ("round", UnaryOp::Round),
    ("indicator", UnaryOp::Indicator),
    ("str", UnaryOp::ToStr),
    ("int", UnaryOp::ToInt),
    ("float", UnaryOp::ToFloat),
    ("bool", UnaryOp::ToBool),
];

const BINARY: &[(&str, BinaryOp)] = &[
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Sub),
    ("*", BinaryOp::Mul),
    ("/", BinaryOp::Div),
    ("%", BinaryOp::Mod),
    ("**", BinaryOp::Pow),
    ("==", BinaryOp::Eq),
    ("!=", BinaryOp::Ne),
    ("<", BinaryOp::Lt),
    ("<=", BinaryOp::Le),
    (">", BinaryOp::Gt),
    (">=", BinaryOp::Ge),
    ("and", BinaryOp::And),
    ("or", BinaryOp::Or),
];

/// The expression that a nested tuple is.
pub(crate) fn expression(registry: &Registry, tree: &Bound<'_, PyAny>) -> PyResult<Expr> {
    read(registry, tree, 0)
}

fn read(registry: &Registry, tree: &Bound<'_, PyAny>, depth: usize) -> PyResult<Expr> {
    let py = tree.py();
    let wrong = || errors::usage(py, format!("{tree} is no expression"), "see `raspc._native.Graph.apply`");
    if depth > DEEPEST {
        return Err(errors::usage(py, "an expression is nested too deep", "use several s-ops"));
    }
    let parts = tree.cast::<PyTuple>().map_err(|_| wrong())?;
    let operator: String = parts.get_item(0)?.extract()?;
    let part = |i: usize| read(registry, &parts.get_item(i)?, depth + 1).map(Box::new);
    let unary = UNARY.iter().find(|(name, _)| *name == operator).map(|(_, op)| *op);
    let binary = BINARY.iter().find(|(name, _)| *name == operator).map(|(_, op)| *op);
    Ok(match (operator.as_str(), parts.len()) {
        ("arg", 2) => Expr::Arg(parts.get_item(1)?.extract()?),
        ("const", 2) => Expr::Const(registry.value(&parts.get_item(1)?)?),
        ("if", 4) => Expr::If { cond: part(1)?, then: part(2)?, otherwise: part(3)? },
        ("in", 3) => Expr::In(part(1)?, registry.values(&parts.get_item(2)?)?.into()),
        (_, 2) => Expr::Unary(unary.ok_or_else(wrong)?, part(1)?),
        (_, 3) => Expr::Binary(binary.ok_or_else(wrong)?, part(1)?, part(2)?),
        _ => return Err(wrong()),
    })
}
