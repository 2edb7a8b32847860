//! Printed graphs: deterministic text, and the short description of a node that messages use.
//!
//! Expressions are written as in a program, with the brackets that its precedence needs (`%` is looser than `*`, unary
//! operators bind tightest). Both a depth and, for descriptions, a length bound the work, so that a graph of deep
//! sharing costs no more than the text it gives.

use std::fmt::{self, Display, Write};

use crate::function::{Body, Expr, Function};
use crate::graph::{Graph, Mask, NodeId, Op, Predicate};
use crate::ops::{BinaryOp, UnaryOp};
use crate::value::Value;

/// Most characters of a description.
const DESCRIPTION: usize = 40;

/// Deepest nesting that a description shows; `…` stands for more.
const SHALLOW: usize = 12;

/// Deepest nesting that a printed graph shows.
const DEPTH: usize = 200;

/// What a user calls the node: its name, else the expression it stands for, shortened.
pub(crate) fn describe(graph: &Graph, id: NodeId) -> String {
    let mut short = Short { text: String::new(), left: DESCRIPTION };
    let written = Printer { out: &mut short, depth: SHALLOW }.node(graph, id, Level::In);
    if written.is_err() {
        short.text.pop();
        short.text.push('…');
    }
    short.text
}

/// What a node does: its operation over the names of what it reads, its own name left aside, in about `most` characters.
pub(crate) fn formula(graph: &Graph, id: NodeId, most: usize) -> String {
    let mut short = Short { text: String::new(), left: most };
    let written = Printer { out: &mut short, depth: SHALLOW }.expression(graph, id, Level::In);
    if written.is_err() {
        short.text.pop();
        short.text.push('…');
    }
    short.text
}

/// A value as a program writes it: strings in quotes, `True`, `none`.
pub fn literal(v: &Value) -> impl Display {
    struct Literal<'a>(&'a Value);
    impl Display for Literal<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.0 {
                Value::Bool(b) => f.write_str(if *b { "True" } else { "False" }),
                Value::Str(s) => write!(f, "\"{}\"", Escaped(s, "\"\\")),
                Value::Host(h) => write!(f, "<{}>", Escaped(&h.0.display(), "<>\\")),
                other => write!(f, "{other}"),
            }
        }
    }
    Literal(v)
}

/// Text on one line: control characters and the given ones escaped.
struct Escaped<'a>(&'a str, &'static str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            _ if self.1.contains(c) => write!(f, "\\{c}"),
            _ if c.is_control() => write!(f, "{}", c.escape_default()),
            _ => f.write_char(c),
        })
    }
}

/// One node a line: `n3 = select(keys=n1, queries=n1, <)  # smaller`.
impl Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "mask {}", if self.mask == Mask::Causal { "causal" } else { "full" })?;
        for (id, node) in self.iter() {
            write!(f, "{id} = ")?;
            operation(f, &node.op)?;
            if let Some(annotation) = node.annotation {
                write!(f, "  @{}", format!("{annotation:?}").to_lowercase())?;
            }
            for (i, name) in node.names.iter().enumerate() {
                write!(f, "{}{}", if i == 0 { "  # " } else { ", " }, Escaped(name, ",\\"))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// An operation, with its operands as ids.
fn operation(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match op {
        Op::Tokens => f.write_str("tokens"),
        Op::Indices => f.write_str("indices"),
        Op::Const(v) => write!(f, "const({})", literal(v)),
        Op::Map { function, args } => {
            let mut printer = Printer { out: f, depth: DEPTH };
            printer.out.write_str("map(")?;
            printer.function(function, &mut |p, i, _| write!(p.out, "x{i}"))?;
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            write!(printer.out, "; {})", args.join(", "))
        }
        Op::Select { keys, queries, predicate } => {
            write!(f, "select(keys={keys}, queries={queries}, ")?;
            Printer { out: f, depth: DEPTH }.predicate(predicate)?;
            f.write_str(")")
        }
        Op::And(a, b) => write!(f, "{a} and {b}"),
        Op::Or(a, b) => write!(f, "{a} or {b}"),
        Op::Not(a) => write!(f, "not {a}"),
        Op::Aggregate { selector, values, default } => {
            write!(f, "aggregate({selector}, {values}, default={})", literal(default))
        }
        Op::SelectorWidth(a) => write!(f, "selector_width({a})"),
    }
}

/// How tightly an expression binds, loosest first (section 4 of the language).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    In,
    Ternary,
    Logic,
    Compare,
    Sum,
    Mod,
    Product,
    Power,
    Unary,
    Atom,
}

/// Writes what an argument of an expression stands for.
type Argument<'a> = dyn FnMut(&mut Printer, usize, Level) -> fmt::Result + 'a;

/// Writes expressions, to a bounded depth.
struct Printer<'a> {
    out: &'a mut dyn Write,
    depth: usize,
}

impl Printer<'_> {
    /// A node: its name, or its expression over what it reads.
    fn node(&mut self, graph: &Graph, id: NodeId, level: Level) -> fmt::Result {
        let node = graph.node(id);
        if let Some(name) = node.name() {
            return write!(self.out, "{}", Escaped(name, ""));
        }
        self.expression(graph, id, level)
    }

    /// A node's expression over what it reads, whatever its own name.
    fn expression(&mut self, graph: &Graph, id: NodeId, level: Level) -> fmt::Result {
        self.deeper(|p| match &graph.node(id).op {
            Op::Tokens => p.out.write_str("tokens"),
            Op::Indices => p.out.write_str("indices"),
            Op::Const(v) => p.constant(v, level),
            Op::Map { function, args } => match &function.body {
                Body::Expr(e) => p.expr(e, level, &mut |p, i, level| p.node(graph, args[i], level)),
                _ => p.function(function, &mut |p, i, level| p.node(graph, args[i], level)),
            },
            Op::Select { keys, queries, predicate } => {
                p.call("select", graph, &[*keys, *queries])?;
                p.out.write_str(", ")?;
                p.predicate(predicate)?;
                p.out.write_str(")")
            }
            Op::And(a, b) => p.logic(graph, (*a, "and", *b), level),
            Op::Or(a, b) => p.logic(graph, (*a, "or", *b), level),
            Op::Not(a) => p.bracketed(Level::Unary, level, |p| {
                p.out.write_str("not ")?;
                p.node(graph, *a, Level::Unary)
            }),
            Op::Aggregate { selector, values, default } => {
                p.call("aggregate", graph, &[*selector, *values])?;
                if default.is_none() { p.out.write_str(")") } else { write!(p.out, ", {})", literal(default)) }
            }
            Op::SelectorWidth(a) => {
                p.call("selector_width", graph, &[*a])?;
                p.out.write_str(")")
            }
        })
    }

    /// `name(a, b`, without the closing bracket.
    fn call(&mut self, name: &str, graph: &Graph, args: &[NodeId]) -> fmt::Result {
        write!(self.out, "{name}(")?;
        for (i, &arg) in args.iter().enumerate() {
            self.out.write_str(if i == 0 { "" } else { ", " })?;
            self.node(graph, arg, Level::Ternary)?;
        }
        Ok(())
    }

    fn logic(&mut self, graph: &Graph, (a, symbol, b): (NodeId, &str, NodeId), level: Level) -> fmt::Result {
        self.bracketed(Level::Logic, level, |p| {
            p.node(graph, a, Level::Logic)?;
            write!(p.out, " {symbol} ")?;
            p.node(graph, b, Level::Compare)
        })
    }

    fn predicate(&mut self, predicate: &Predicate) -> fmt::Result {
        match predicate {
            Predicate::Compare(c) => self.out.write_str(c.symbol()),
            Predicate::Function(f) => self.function(f, &mut |p, i, _| p.out.write_str(["key", "query"][i])),
        }
    }

    /// A function over its arguments: an expression, or a call by name.
    fn function(&mut self, function: &Function, arg: &mut Argument) -> fmt::Result {
        match &function.body {
            Body::Expr(e) => return self.expr(e, Level::In, arg),
            Body::Table(t) => write!(self.out, "table[{}](", t.len())?,
            Body::Host(h) => write!(self.out, "{}(", Escaped(&h.name(), ""))?,
        }
        for i in 0..function.arity {
            self.out.write_str(if i == 0 { "" } else { ", " })?;
            arg(self, i, Level::Ternary)?;
        }
        self.out.write_str(")")
    }

    fn expr(&mut self, e: &Expr, level: Level, arg: &mut Argument) -> fmt::Result {
        self.deeper(|p| match e {
            Expr::Arg(i) => arg(p, *i, level),
            Expr::Const(v) => p.constant(v, level),
            Expr::Unary(op, a) => p.unary(*op, a, level, arg),
            Expr::Binary(op, a, b) => {
                let (own, right) = binary_levels(*op);
                p.bracketed(own, level, |p| {
                    p.expr(a, own, arg)?;
                    write!(p.out, " {} ", op.symbol())?;
                    p.expr(b, right, arg)
                })
            }
            Expr::If { cond, then, otherwise } => p.bracketed(Level::Ternary, level, |p| {
                p.expr(then, Level::Logic, arg)?;
                p.out.write_str(" if ")?;
                p.expr(cond, Level::Logic, arg)?;
                p.out.write_str(" else ")?;
                p.expr(otherwise, Level::Logic, arg)
            }),
            Expr::In(a, items) => p.bracketed(Level::In, level, |p| {
                p.expr(a, Level::Ternary, arg)?;
                p.out.write_str(" in ")?;
                p.list(items)
            }),
            Expr::Item(items, i) => {
                p.list(items)?;
                p.index(i, arg)
            }
            Expr::Entry(entries, key) => {
                for (i, (k, v)) in entries.iter().enumerate() {
                    write!(p.out, "{}{}: {}", if i == 0 { "{" } else { ", " }, literal(k), literal(v))?;
                }
                p.out.write_str(if entries.is_empty() { "{}" } else { "}" })?;
                p.index(key, arg)
            }
        })
    }

    fn unary(&mut self, op: UnaryOp, a: &Expr, level: Level, arg: &mut Argument) -> fmt::Result {
        let sign = match op {
            UnaryOp::Not => "not ",
            UnaryOp::Neg => "-",
            UnaryOp::Pos => "+",
            _ => {
                write!(self.out, "{}(", op.symbol())?;
                self.expr(a, Level::In, arg)?;
                return self.out.write_str(")");
            }
        };
        self.bracketed(Level::Unary, level, |p| {
            p.out.write_str(sign)?;
            p.expr(a, Level::Unary, arg)
        })
    }

    /// A constant; a negative number is a number with a sign, which binds as one.
    fn constant(&mut self, v: &Value, level: Level) -> fmt::Result {
        let text = literal(v).to_string();
        let own = if text.starts_with('-') { Level::Unary } else { Level::Atom };
        self.bracketed(own, level, |p| p.out.write_str(&text))
    }

    fn list(&mut self, items: &[Value]) -> fmt::Result {
        self.out.write_str("[")?;
        for (i, item) in items.iter().enumerate() {
            write!(self.out, "{}{}", if i == 0 { "" } else { ", " }, literal(item))?;
        }
        self.out.write_str("]")
    }

    fn index(&mut self, i: &Expr, arg: &mut Argument) -> fmt::Result {
        self.out.write_str("[")?;
        self.expr(i, Level::In, arg)?;
        self.out.write_str("]")
    }

    /// In brackets, if an expression of level `own` stands where `level` or tighter is needed.
    fn bracketed(&mut self, own: Level, level: Level, f: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        if own >= level {
            return f(self);
        }
        self.out.write_str("(")?;
        f(self)?;
        self.out.write_str(")")
    }

    fn deeper(&mut self, f: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        if self.depth == 0 {
            return self.out.write_str("…");
        }
        self.depth -= 1;
        let written = f(self);
        self.depth += 1;
        written
    }
}

/// The level of an operator, and what its right operand needs: all of them associate to the left.
fn binary_levels(op: BinaryOp) -> (Level, Level) {
    match op {
        BinaryOp::Pow => (Level::Power, Level::Unary),
        BinaryOp::Mul | BinaryOp::Div => (Level::Product, Level::Power),
        BinaryOp::Mod => (Level::Mod, Level::Product),
        BinaryOp::Add | BinaryOp::Sub => (Level::Sum, Level::Mod),
        BinaryOp::And | BinaryOp::Or => (Level::Logic, Level::Compare),
        _ => (Level::Compare, Level::Sum),
    }
}

/// Text that ends, with an error, at a number of characters.
struct Short {
    text: String,
    left: usize,
}

impl Write for Short {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        s.chars().try_for_each(|c| {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
            Ok(())
        })
    }
}
