//! Operators, indexing, membership, and the forms with brackets: `select(`, `aggregate(`, `range(`, `zip(`, `len(`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::complex::Complex;
use super::float;
use super::machine::{Frame, Machine};
use super::node::{NodeId, Op};
use super::value::{Eval, Fail, Item, text_of};
use crate::graph::Comparison;
use crate::ops::{BinaryOp, UnaryOp, order};
use crate::syntax::ast::{ExprId, ExprKind};
use crate::value::Value;

/// Longest list that an operator makes.
const MAX_LENGTH: usize = super::value::MAX_ITEMS;

impl Machine {
    /// An operand of something element-wise: an s-op, or an atom as a constant one.
    pub(super) fn operand(&mut self, item: &Item) -> Eval<NodeId> {
        match item {
            Item::SOp(id) => Ok(*id),
            Item::Atom(v) => {
                self.step(super::node::large(v))?;
                self.nodes.push(Op::Const(v.clone()), &text_of(v))
            }
            _ => Err(Fail::Rasp(format!("Expected s-op or atom, got: {}", item.describe(&self.nodes)))),
        }
    }

    #[inline(never)]
    pub(super) fn unary(&mut self, op: UnaryOp, item: &Item) -> Eval<Item> {
        match (item, op) {
            (Item::SOp(id), _) => {
                let a = self.nodes.name(*id);
                let name =
                    if op == UnaryOp::Indicator { format!("I({a})") } else { format!("( {} {a} )", op.symbol()) };
                self.nodes.push(Op::Unary(op, *id), &name).map(Item::SOp)
            }
            (Item::Selector(id), UnaryOp::Not) => self.nodes.push(Op::Not(*id), "plain select").map(Item::Selector),
            (_, UnaryOp::Indicator) => {
                let got = item.bare(&self.nodes);
                Err(Fail::Rasp(format!("indicator operator expects s-op, got: {got}")))
            }
            (_, UnaryOp::Not) => Ok(Item::Atom(Value::Bool(!item.truthy()))),
            (Item::Atom(v), _) => float::unary(op, v).map(Item::Atom).map_err(|e| Fail::Wrong(e.message().to_owned())),
            (_, UnaryOp::Round) => Err(Fail::Wrong(format!("type {} doesn't define __round__ method", item.kind()))),
            _ => Err(Fail::Wrong(format!("bad operand type for unary {}: '{}'", op.symbol(), item.kind()))),
        }
    }

    #[inline(never)]
    pub(super) fn binary(&mut self, op: BinaryOp, left: &Item, right: &Item) -> Eval<Item> {
        let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
        match (left, right) {
            (Item::Selector(a), Item::Selector(b)) if logical => {
                let op = if op == BinaryOp::And { Op::And(*a, *b) } else { Op::Or(*a, *b) };
                self.nodes.push(op, "plain select").map(Item::Selector)
            }
            (Item::Selector(_), _) | (_, Item::Selector(_)) => Err(Fail::Rasp(if logical {
                "Cannot apply and/or between selector and non-selector".to_owned()
            } else {
                format!("Cannot apply {} to selector(s)", op.symbol())
            })),
            (Item::SOp(_), _) | (_, Item::SOp(_)) => self.elementwise(op, left, right),
            _ if logical => Ok(if left.truthy() == (op == BinaryOp::Or) { left } else { right }.clone()),
            _ => self.immediate(op, left, right),
        }
    }

    fn elementwise(&mut self, op: BinaryOp, left: &Item, right: &Item) -> Eval<Item> {
        // A list beside an s-op fails as it does beside the s-op's first element.
        let first = |machine: &mut Self, id: NodeId| {
            let input = machine.input.clone();
            machine.nodes.compute(id, &input).map(|c| match c {
                super::node::Computed::Sequence(s) => Item::Atom(s.values[0].clone()),
                super::node::Computed::Matrix(_) => unreachable!("an s-op"),
            })
        };
        let plain = |item: &Item| matches!(item, Item::SOp(_) | Item::Atom(_));
        if !plain(left) || !plain(right) {
            let left = if let Item::SOp(id) = left { first(self, *id)? } else { left.clone() };
            let right = if let Item::SOp(id) = right { first(self, *id)? } else { right.clone() };
            self.immediate(op, &left, &right)?;
            return Err(Fail::Rasp("Cannot apply an operator element by element to lists or dicts".to_owned()));
        }
        let mirrored = match op {
            BinaryOp::Eq | BinaryOp::Ne => Some(op),
            BinaryOp::Lt => Some(BinaryOp::Gt),
            BinaryOp::Le => Some(BinaryOp::Ge),
            BinaryOp::Gt => Some(BinaryOp::Lt),
            BinaryOp::Ge => Some(BinaryOp::Le),
            _ => None,
        };
        let (op, left, right) = match mirrored.filter(|_| matches!(left, Item::Atom(_))) {
            Some(mirrored) => (mirrored, right, left),
            None => (op, left, right),
        };
        let (a, b) = (self.operand(left)?, self.operand(right)?);
        let (l, r) = (self.nodes.name(a), self.nodes.name(b));
        let name = match op {
            BinaryOp::And | BinaryOp::Or => format!("( {l} {} {r})", op.symbol()),
            BinaryOp::Pow => format!("( {l} pow {r} )"),
            _ => format!("( {l} {} {r} )", op.symbol()),
        };
        self.nodes.push(Op::Binary(op, a, b), &name).map(Item::SOp)
    }

    /// An operator on atoms, lists and dictionaries.
    fn immediate(&mut self, op: BinaryOp, left: &Item, right: &Item) -> Eval<Item> {
        let symbol = if op == BinaryOp::Pow { "** or pow()" } else { op.symbol() };
        let (l, r) = (left.kind(), right.kind());
        match (op, left, right) {
            (BinaryOp::Eq | BinaryOp::Ne, Item::Atom(a), Item::Atom(b))
                if float::special(a).is_some() || float::special(b).is_some() =>
            {
                let value = float::binary(op, a, b).map_err(|e| Fail::Wrong(e.message().to_owned()))?;
                Ok(Item::Atom(value))
            }
            (BinaryOp::Eq | BinaryOp::Ne, _, _) => {
                self.step(left.effort())?;
                let mut budget = MAX_LENGTH;
                Ok(Item::Atom(Value::Bool(left.equals(right, &mut budget) == (op == BinaryOp::Eq))))
            }
            (BinaryOp::Pow, Item::Atom(a), Item::Atom(b)) if Complex::power(a, b).is_some() => {
                Ok(Item::Atom(Complex::power(a, b).expect("asked just now")))
            }
            (_, Item::Atom(a), Item::Atom(b)) => {
                let value = float::binary(op, a, b).map_err(|e| Fail::Wrong(e.message().to_owned()))?;
                if let Value::Int(i) = &value {
                    self.step(usize::try_from(i.bits() / 64).unwrap_or(usize::MAX))?;
                }
                if let Value::Str(s) = &value {
                    self.step(s.len() / 16)?;
                }
                Ok(Item::Atom(value))
            }
            (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, _, _) => {
                self.step(left.effort())?;
                let order = compare(op.symbol(), left, right)?;
                Ok(Item::Atom(Value::Bool(match op {
                    BinaryOp::Lt => order.is_lt(),
                    BinaryOp::Le => order.is_le(),
                    BinaryOp::Gt => order.is_gt(),
                    _ => order.is_ge(),
                })))
            }
            (BinaryOp::Add, Item::List(a), Item::List(b)) => {
                self.step(a.len() + b.len())?;
                Item::list(a.iter().chain(b.iter()).cloned().collect())
            }
            (BinaryOp::Add, Item::List(_), _) => {
                Err(Fail::Wrong(format!("can only concatenate list (not \"{r}\") to list")))
            }
            (BinaryOp::Add, Item::Atom(Value::Str(_)), _) => {
                Err(Fail::Wrong(format!("can only concatenate str (not \"{r}\") to str")))
            }
            (BinaryOp::Mul, Item::List(items), Item::Atom(n)) | (BinaryOp::Mul, Item::Atom(n), Item::List(items)) => {
                let Some(n) = n.as_int() else {
                    let kind = crate::ops::kind_name(n);
                    return Err(Fail::Wrong(format!("can't multiply sequence by non-int of type '{kind}'")));
                };
                let times = n.to_i64().map_or(if n > 0.into() { usize::MAX } else { 0 }, |n| n.max(0) as usize);
                let length = times.saturating_mul(items.len());
                if length > MAX_LENGTH {
                    return Err(Fail::Wrong("this list or dict is too large".to_owned()));
                }
                self.step(length)?;
                Item::list(items.iter().cycle().take(length).cloned().collect())
            }
            (BinaryOp::Mod, Item::Atom(Value::Str(_)), _) => {
                Err(Fail::Wrong("not all arguments converted during string formatting".to_owned()))
            }
            _ => Err(Fail::Wrong(format!("unsupported operand type(s) for {symbol}: '{l}' and '{r}'"))),
        }
    }

    #[inline(never)]
    pub(super) fn select(&mut self, frame: &Frame, keys: ExprId, queries: ExprId, by: Comparison) -> Eval<Item> {
        let (keys, queries) = (self.eval(frame, keys)?, self.eval(frame, queries)?);
        let (keys, queries) = (self.operand(&keys)?, self.operand(&queries)?);
        self.nodes.push(Op::Select { keys, queries, comparison: by }, "plain select").map(Item::Selector)
    }

    #[inline(never)]
    pub(super) fn aggregate(
        &mut self,
        frame: &Frame,
        selector: ExprId,
        values: ExprId,
        default: Option<ExprId>,
    ) -> Eval<Item> {
        let (selector, values) = (self.eval(frame, selector)?, self.eval(frame, values)?);
        let default = default.map(|d| self.eval(frame, d)).transpose()?;
        let Item::Selector(selector) = selector else {
            return Err(Fail::Rasp(format!("Expected selector, got: {}", selector.describe(&self.nodes))));
        };
        let default = match default {
            None => Value::int(0),
            Some(Item::Atom(v)) => v,
            Some(other) => return Err(Fail::Rasp(format!("Expected atom, got: {}", other.describe(&self.nodes)))),
        };
        let values = self.operand(&values)?;
        self.nodes.push(Op::Aggregate { selector, values, default }, "s-op").map(Item::SOp)
    }

    #[inline(never)]
    pub(super) fn index(&mut self, frame: &Frame, object_id: ExprId, index_id: ExprId) -> Eval<Item> {
        let (object, index) = (self.eval(frame, object_id)?, self.eval(frame, index_id)?);
        let paren = |id| matches!(frame.module.expr(id).kind, ExprKind::Paren(_));
        // Scripts get what the reference does with brackets there; people get what they mean.
        if paren(object_id) && !self.friendly {
            return Err(Fail::Wrong(format!("'{}' object has no attribute 'val'", object.kind())));
        }
        if paren(index_id) && !self.friendly {
            return Err(Fail::Wrong(format!("'{}' object has no attribute 'name'", index.kind())));
        }
        let name = format!("{}[{}]", variable(frame, object_id), variable(frame, index_id));
        match &object {
            Item::List(_) | Item::Atom(Value::Str(_)) => self.index_items(&object, &index, &name),
            Item::Dict(entries) => match &index {
                Item::Atom(key) if self.step(super::node::large(key)).is_err() => Err(super::machine::too_long()),
                Item::Atom(key) => entries
                    .get(key)
                    .cloned()
                    .ok_or_else(|| Fail::Rasp(format!("index [ {} ] not in dict.", index.describe(&self.nodes)))),
                Item::SOp(id) => {
                    let atoms = entries.iter().map(|(k, v)| match v {
                        Item::Atom(v) => Some((k.clone(), v.clone())),
                        _ => None,
                    });
                    let atoms: Option<_> = atoms.collect();
                    let Some(atoms) = atoms else { return Err(not_atoms()) };
                    self.nodes.push(Op::Entry(Arc::new(atoms), *id), &name).map(Item::SOp)
                }
                _ => Err(Fail::Rasp(format!(
                    "index into dict has to be s-op or atom (i.e., string, int, float, bool), got: {}",
                    index.describe(&self.nodes)
                ))),
            },
            Item::SOp(id) => self.position(frame, *id, &index),
            _ => {
                let got = object.describe(&self.nodes);
                Err(Fail::Rasp(format!("can only index into a list, dict, string,or sequence, but instead got: {got}")))
            }
        }
    }

    fn index_items(&mut self, object: &Item, index: &Item, name: &str) -> Eval<Item> {
        let string = matches!(object, Item::Atom(_));
        let what = if string { "string" } else { "list" };
        let items = object.parts().expect("a list or a string");
        self.step(items.len())?;
        let out_of_range =
            |shown: String| Fail::Rasp(format!("index {shown} out of range for {what} of length {}", items.len()));
        match index {
            Item::SOp(id) => {
                let atoms = items.iter().map(|i| if let Item::Atom(v) = i { Some(v.clone()) } else { None });
                let Some(atoms) = atoms.collect::<Option<Vec<_>>>() else { return Err(not_atoms()) };
                let node = self.nodes.push(Op::Item { items: atoms.into(), string, index: *id }, name)?;
                self.try_on_input(&Item::SOp(node)).map_err(|fail| match fail {
                    Fail::Wrong(text) if text.ends_with("index out of range") => out_of_range(self.nodes.object(*id)),
                    fail => fail,
                })?;
                Ok(Item::SOp(node))
            }
            Item::Atom(v) if v.as_int().is_some() => {
                let i = v.as_int().and_then(|i| i.to_i64());
                let i = i.map(|i| if i < 0 { i.saturating_add(items.len() as i64) } else { i });
                let found = i.and_then(|i| usize::try_from(i).ok()).and_then(|i| items.get(i)).cloned();
                found.ok_or_else(|| out_of_range(text_of(v)))
            }
            _ => {
                let got = index.describe(&self.nodes);
                Err(Fail::Rasp(format!("index into {what} has to be s-op or integer, got: {got}")))
            }
        }
    }

    /// `aggregate(select(indices, i, ==), x)`, where a negative `i` counts from the end.
    fn position(&mut self, frame: &Frame, values: NodeId, index: &Item) -> Eval<Item> {
        let Some(i) = (if let Item::Atom(v) = index { v.as_int() } else { None }) else {
            let got = index.describe(&self.nodes);
            return Err(Fail::Rasp(format!("index into sequence has to be integer, got: {got}")));
        };
        let query = if i < 0.into() {
            let length = self.lookup(frame.scope, "length")?;
            self.binary(BinaryOp::Add, &length, index)?
        } else {
            index.clone()
        };
        let indices = self.lookup(0, "indices")?;
        let (keys, queries) = (self.operand(&indices)?, self.operand(&query)?);
        let op = Op::Select { keys, queries, comparison: Comparison::Eq };
        let selector = self.nodes.push(op, "plain select")?;
        let name = format!("{}[{}]", self.nodes.name(values), index.bare(&self.nodes));
        self.nodes.push(Op::Aggregate { selector, values, default: Value::int(0) }, &name).map(Item::SOp)
    }

    /// `item in container`.
    #[inline(never)]
    pub(super) fn member(&mut self, frame: &Frame, at: ExprId, item: &Item, container: &Item) -> Eval<Item> {
        let fail = |text: String| Err(Fail::Rasp(text));
        let atoms = |items: &[Item]| -> Option<Vec<Value>> {
            items.iter().map(|i| if let Item::Atom(v) = i { Some(v.clone()) } else { None }).collect()
        };
        let same = "is contained in list/dict: unless exact same instance, unable to check equivalence of";
        match (item, container) {
            (Item::Selector(_), _) => fail(format!("don't check if select {same} selects")),
            (Item::Function(_), _) => fail(format!("don't check if function {same} functions")),
            (Item::SOp(id), Item::List(list)) => {
                let Some(values) = atoms(list) else {
                    let got = container.describe(&self.nodes);
                    return fail(format!(
                        "\"[s-op] in X\" expects X to be list of atoms, but got list with values: {got}"
                    ));
                };
                let shown = match &frame.module.expr(at).kind {
                    ExprKind::Name(name) => name.to_string(),
                    _ => container.repr(&self.nodes),
                };
                let name = format!("{} in {shown}", self.nodes.name(*id));
                self.nodes.push(Op::InList(*id, values.into()), &name).map(Item::SOp)
            }
            (Item::SOp(_), _) => {
                let got = container.describe(&self.nodes);
                fail(format!("\"[s-op] in X\" expects X to be list of atoms, but got non-list: {got}"))
            }
            (Item::Atom(_), Item::List(list)) => {
                let mut budget = MAX_LENGTH;
                self.step(container.effort())?;
                Ok(Item::Atom(Value::Bool(list.iter().any(|i| i.equals(item, &mut budget)))))
            }
            (Item::Atom(v), Item::SOp(id)) => {
                self.nodes.push(Op::Occurs(*id, v.clone()), "( s-op > 0 )").map(Item::SOp)
            }
            (Item::Atom(_), _) => {
                let got = container.describe(&self.nodes);
                fail(format!("\"[atom] in X\" expects X to be list or s-op, but got: {got}"))
            }
            _ => {
                let got = item.describe(&self.nodes);
                fail(format!("\"A in X\" expects A to be s-op or atom, but got A: {got}"))
            }
        }
    }

    #[inline(never)]
    pub(super) fn range(&mut self, frame: &Frame, args: &[ExprId]) -> Eval<Item> {
        let args = self.eval_all(frame, args)?;
        if args.len() > 3 {
            let got = args.len();
            return Err(Fail::Rasp(format!("wrong number of inputs to range, expected: 1, 2, or 3, got: {got}")));
        }
        let ints = args.iter().map(|a| if let Item::Atom(v) = a { v.as_int() } else { None });
        let Some(ints) = ints.collect::<Option<Vec<_>>>() else {
            let got = Item::list(args)?.describe(&self.nodes);
            return Err(Fail::Rasp(format!("range expects all integer inputs, but got: {got}")));
        };
        let too_large = || Fail::Wrong("this list or dict is too large".to_owned());
        let bounds: Option<Vec<i128>> = ints.iter().map(|i| i.to_i64().map(i128::from)).collect();
        let (start, end, step) = match bounds.ok_or_else(too_large)?[..] {
            [end] => (0, end, 1),
            [start, end] => (start, end, 1),
            [start, end, step] => (start, end, step),
            _ => unreachable!("one to three"),
        };
        if step == 0 {
            return Err(Fail::Wrong("range() arg 3 must not be zero".to_owned()));
        }
        let length = ((end - start + step - step.signum()) / step).max(0);
        if length > MAX_LENGTH as i128 {
            return Err(too_large());
        }
        self.step(length as usize)?;
        Item::list((0..length).map(|k| Item::int((start + k * step) as i64)).collect())
    }

    #[inline(never)]
    pub(super) fn zip(&mut self, frame: &Frame, args: &[ExprId]) -> Eval<Item> {
        let args = self.eval_all(frame, args)?;
        let mut lists = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let Item::List(list) = arg else {
                let got = arg.describe(&self.nodes);
                return Err(Fail::Rasp(format!(
                    "attempting to zip lists, but {} -th element is not list: {got}",
                    i + 1
                )));
            };
            lists.push(list);
        }
        let length = lists[0].len();
        if let Some((i, list)) = lists.iter().enumerate().find(|(_, l)| l.len() != length) {
            let (which, got) = (i + 1, list.len());
            let text = format!("attempting to zip lists of length {length} , but {which} -th list has length {got}");
            return Err(Fail::Rasp(text));
        }
        self.step(length * lists.len())?;
        let rows: Eval<Vec<Item>> =
            (0..length).map(|i| Item::list(lists.iter().map(|l| l[i].clone()).collect())).collect();
        Item::list(rows?)
    }

    #[inline(never)]
    pub(super) fn len(&mut self, frame: &Frame, of: ExprId) -> Eval<Item> {
        match self.eval(frame, of)? {
            Item::List(list) => Ok(Item::int(list.len() as i64)),
            other => {
                let got = other.describe(&self.nodes);
                Err(Fail::Rasp(format!("attempting to compute length of non-list: {got}")))
            }
        }
    }
}

fn not_atoms() -> Fail {
    Fail::Rasp("can only index by s-op into lists and dicts of atoms".to_owned())
}

/// The name of a bare variable, `out` for anything else.
fn variable(frame: &Frame, id: ExprId) -> &str {
    if let ExprKind::Name(name) = &frame.module.expr(id).kind { name } else { "out" }
}

/// The order of two values, lists item by item.
fn compare(symbol: &str, left: &Item, right: &Item) -> Eval<Ordering> {
    match (left, right) {
        (Item::Atom(a), Item::Atom(b)) => order(symbol, a, b).map_err(|e| Fail::Wrong(e.message().to_owned())),
        (Item::List(a), Item::List(b)) => {
            let mut budget = MAX_LENGTH;
            match a.iter().zip(b.iter()).find(|(a, b)| !a.equals(b, &mut budget)) {
                Some((a, b)) => compare(symbol, a, b),
                None => Ok(a.len().cmp(&b.len())),
            }
        }
        _ => {
            let (l, r) = (left.kind(), right.kind());
            Err(Fail::Wrong(format!("'{symbol}' not supported between instances of '{l}' and '{r}'")))
        }
    }
}
