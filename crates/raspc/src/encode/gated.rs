//! Gated sums: functions that are sums of means (or of other numbers that cannot be listed), each time with the factors
//! that some categories choose: `mean if flag else 0`, `mean * sign`, `a if tokens == "x" else b`.
//!
//! A built-in expression is evaluated with the categories known and the numbers left open; where what remains is affine for
//! every combination of the categories, the combinations with equal factors and constant are one *group*.
//!
//! A number with few values can be a category too: `mean * length` is, for each length, a multiple of the mean.

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use super::Encoder;
use super::plan::{Gated, Group};

/// Most combinations of categories.
const COMBINATIONS: usize = 1 << 12;
/// Most groups.
const GROUPS: usize = 1 << 8;

/// An expression with some arguments known.
enum Partial {
    Known(Value),
    /// Σ factor · argument + constant.
    Open(Vec<f64>, f64),
    /// No value: no input gets here.
    Raises,
}

/// The expression with these arguments known; nothing where what remains is not affine.
fn partial(expr: &Expr, known: &[Option<Value>]) -> Option<Partial> {
    let apply = |result: Result<Value, _>| result.map_or(Partial::Raises, Partial::Known);
    let both = |a: &Expr, b: &Expr| Some((partial(a, known)?, partial(b, known)?));
    Some(match expr {
        Expr::Arg(i) => match &known[*i] {
            Some(v) => Partial::Known(v.clone()),
            None => Partial::Open((0..known.len()).map(|j| f64::from(u8::from(j == *i))).collect(), 0.0),
        },
        Expr::Const(v) => Partial::Known(v.clone()),
        Expr::Unary(op, a) => match (op, partial(a, known)?) {
            (_, Partial::Raises) => Partial::Raises,
            // Equal numbers are one category, and have several texts.
            (UnaryOp::ToStr, Partial::Known(v)) if v.is_number() => return None,
            (_, Partial::Known(v)) => apply(op.apply(&v)),
            (UnaryOp::Neg, Partial::Open(f, c)) => Partial::Open(f.iter().map(|x| -x).collect(), -c),
            (UnaryOp::Pos | UnaryOp::ToFloat, open) => open,
            _ => return None,
        },
        Expr::Binary(op, a, b) => match both(a, b)? {
            (Partial::Raises, _) | (_, Partial::Raises) => Partial::Raises,
            (Partial::Known(a), Partial::Known(b)) => apply(op.apply(&a, &b)),
            (a, b) => combined(*op, &a.open(known.len())?, &b.open(known.len())?)?,
        },
        Expr::If { cond, then, otherwise } => match partial(cond, known)? {
            Partial::Known(c) => partial(if c.truthy() { then } else { otherwise }, known)?,
            Partial::Raises => Partial::Raises,
            Partial::Open(..) => return None,
        },
        Expr::In(a, _) | Expr::Item(_, a) | Expr::Entry(_, a) => match partial(a, known)? {
            Partial::Raises => Partial::Raises,
            Partial::Open(..) => return None,
            Partial::Known(v) => {
                let of = |inner| match expr {
                    Expr::In(_, items) => Expr::In(inner, items.clone()),
                    Expr::Item(items, _) => Expr::Item(items.clone(), inner),
                    Expr::Entry(entries, _) => Expr::Entry(entries.clone(), inner),
                    _ => unreachable!("matched above"),
                };
                apply(of(Box::new(Expr::Const(v))).eval(&[]))
            }
        },
    })
}

impl Partial {
    fn open(self, arity: usize) -> Option<(Vec<f64>, f64)> {
        match self {
            Self::Open(factors, constant) => Some((factors, constant)),
            Self::Known(v) => v.as_f64().map(|x| (vec![0.0; arity], x)),
            Self::Raises => None,
        }
    }
}

fn combined(op: BinaryOp, a: &(Vec<f64>, f64), b: &(Vec<f64>, f64)) -> Option<Partial> {
    let scaled = |(f, c): &(Vec<f64>, f64), by: f64| Partial::Open(f.iter().map(|x| x * by).collect(), c * by);
    let constant = |(f, c): &(Vec<f64>, f64)| f.iter().all(|x| *x == 0.0).then_some(*c);
    let sum = |sign: f64| Partial::Open(a.0.iter().zip(&b.0).map(|(x, y)| x + sign * y).collect(), a.1 + sign * b.1);
    match op {
        BinaryOp::Add => Some(sum(1.0)),
        BinaryOp::Sub => Some(sum(-1.0)),
        BinaryOp::Mul => match (constant(a), constant(b)) {
            (Some(c), _) => Some(scaled(b, c)),
            (_, Some(c)) => Some(scaled(a, c)),
            _ => None,
        },
        BinaryOp::Div => constant(b).filter(|c| *c != 0.0).map(|c| scaled(a, 1.0 / c)),
        _ => None,
    }
}

impl Encoder<'_> {
    /// The function as a gated sum, if it is one and all its values are numbers.
    pub(super) fn gated(&self, id: NodeId, function: &Function, args: &[NodeId]) -> Option<Gated> {
        let categories = distinct(args.iter().copied().filter(|&a| !self.is_open(a)));
        if self.wishes.single.contains(&id) {
            let one = |&c: &NodeId| self.gated_by(id, function, args, vec![c], GROUPS);
            if let Some(gated) = categories.iter().find_map(one) {
                return Some(gated);
            }
        }
        self.gated_by(id, function, args, categories, GROUPS)
    }

    /// The same, where no category chooses a sum but numbers do, each by its values: as few of them as it takes, those with
    /// the fewest values first. The number with the most stays a number.
    pub(super) fn gated_by_numbers(&self, id: NodeId, function: &Function, args: &[NodeId]) -> Option<Gated> {
        if let Some(gated) = self.gated(id, function, args) {
            return Some(gated);
        }
        let is_number = |a: NodeId| self.is_open(a) && self.constant_value(a).is_none();
        let mut numbers: Vec<(usize, NodeId)> =
            distinct(args.iter().copied().filter(|&a| is_number(a))).into_iter().map(|a| (self.count(a), a)).collect();
        numbers.sort_unstable();
        numbers.pop();
        let few: Vec<NodeId> = numbers.iter().take_while(|c| c.0 <= COMBINATIONS).map(|c| c.1).collect();
        let with = |n: usize| distinct(args.iter().copied().filter(|a| !self.is_open(*a) || few[..n].contains(a)));
        (1..=few.len()).find_map(|n| self.gated_by(id, function, args, with(n), COMBINATIONS))
    }

    /// Whether gated sums are made of the node, unless it is made a category.
    fn is_open(&self, id: NodeId) -> bool {
        self.is_numeric(id) && (self.is_scalar(id) || self.count(id) > COMBINATIONS)
    }

    fn constant_value(&self, id: NodeId) -> Option<&Value> {
        if let Op::Const(value) = self.graph.op(id) { Some(value) } else { None }
    }

    /// The sums that these categories choose, constants apart, at most so many; all other arguments are numbers.
    fn gated_by(
        &self,
        id: NodeId,
        function: &Function,
        args: &[NodeId],
        mut categories: Vec<NodeId>,
        most: usize,
    ) -> Option<Gated> {
        let Body::Expr(expr) = &function.body else { return None };
        categories.retain(|&c| self.constant_value(c).is_none());
        let constant = |a: NodeId| self.constant_value(a).cloned();
        let mut rest = args.iter().filter(|&&a| !categories.contains(&a) && constant(a).is_none());
        if categories.is_empty() || !self.is_numeric(id) || !rest.all(|&a| self.is_numeric(a)) {
            return None;
        }
        let mut gated = Gated { categories, groups: Vec::new(), nones: false };
        for tuple in self.values.joint(&gated.categories, COMBINATIONS).ok()? {
            // None in, none out.
            if tuple.iter().any(Value::is_none) {
                continue;
            }
            let value = |a: NodeId| gated.categories.binary_search(&a).ok().map(|i| tuple[i].clone());
            let known: Vec<Option<Value>> = args.iter().map(|&a| constant(a).or_else(|| value(a))).collect();
            let (factors, constant) = match partial(expr, &known)? {
                Partial::Raises => continue,
                Partial::Known(v) if v.is_none() => {
                    gated.nones = true;
                    continue;
                }
                other => other.open(args.len())?,
            };
            let mut terms: Vec<(NodeId, f64)> = Vec::new();
            for (&a, f) in args.iter().zip(factors).filter(|(_, f)| *f != 0.0) {
                match terms.iter_mut().find(|t| t.0 == a) {
                    Some(t) => t.1 += f,
                    None => terms.push((a, f)),
                }
            }
            match gated.groups.iter_mut().find(|g| (&g.terms, g.constant) == (&terms, constant)) {
                Some(group) => group.tuples.push(tuple),
                None => gated.groups.push(Group { terms, constant, tuples: vec![tuple] }),
            }
        }
        (gated.groups.len() <= most).then_some(gated)
    }
}

fn distinct(nodes: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = nodes.collect();
    all.sort_unstable();
    all.dedup();
    all
}
