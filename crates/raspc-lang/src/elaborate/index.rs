//! `x[i]` and `x in y`.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::function::Expr;
use crate::graph::{Comparison, Op, Predicate};
use crate::ops::BinaryOp;
use crate::value::Value;

use super::expression::characters;
use super::lift::Arguments;
use super::problem::Problem;
use super::value::Meta;
use super::{Eval, Frame, Operand, Run};

impl Run<'_, '_> {
    /// `object[index]`.
    #[inline(never)]
    pub(super) fn index(&mut self, frame: &Frame, object: &Operand, index: &Operand, span: Span) -> Eval<Meta> {
        match &object.value {
            Meta::List(list) => match &index.value {
                Meta::Atom(i) => self.item(frame, list.items(), i, (object, index), span),
                Meta::SOp(_) => {
                    let problem = Problem::NotAtoms { what: "a list" };
                    let atoms = list.atoms().ok_or_else(|| self.raise(frame, problem, object.span))?;
                    self.item_of_atoms(frame, atoms, index, span)
                }
                _ => self.bad_index(frame, object, index),
            },
            Meta::Atom(Value::Str(s)) => match &index.value {
                Meta::Atom(i) => {
                    let items: Vec<Meta> = characters(s).into_iter().map(Meta::Atom).collect();
                    self.step(frame, span, items.len())?;
                    self.item(frame, &items, i, (object, index), span)
                }
                Meta::SOp(_) => self.item_of_atoms(frame, characters(s).into(), index, span),
                _ => self.bad_index(frame, object, index),
            },
            Meta::Dict(_) => self.entry_of(frame, object, index, span),
            Meta::SOp(_) => self.position(frame, object, index, span),
            _ => Err(self.raise(frame, Problem::NotIndexable(object.value.clone()), object.span)),
        }
    }

    fn bad_index(&mut self, frame: &Frame, object: &Operand, index: &Operand) -> Eval<Meta> {
        let problem = Problem::BadIndex { object: object.value.clone(), index: index.value.clone() };
        Err(self.raise(frame, problem, index.span))
    }

    /// The item at an integer, negative ones from the end.
    fn item(
        &mut self,
        frame: &Frame,
        items: &[Meta],
        index: &Value,
        (object, at): (&Operand, &Operand),
        span: Span,
    ) -> Eval<Meta> {
        let Some(i) = index.as_int() else {
            return self.bad_index(frame, object, at);
        };
        let length = items.len();
        let i = i.to_i64().map(|i| if i < 0 { i + length as i64 } else { i });
        let item = i.and_then(|i| usize::try_from(i).ok()).and_then(|i| items.get(i));
        item.cloned().ok_or_else(|| {
            let what = if matches!(object.value, Meta::List(_)) { "list" } else { "string" };
            self.raise(frame, Problem::IndexRange { index: index.clone(), what, length }, span)
        })
    }

    /// An item chosen by an s-op, element by element.
    fn item_of_atoms(&mut self, frame: &Frame, atoms: Arc<[Value]>, index: &Operand, span: Span) -> Eval<Meta> {
        self.step(frame, span, atoms.len())?;
        let mut args = Arguments::default();
        let leaf = args.leaf(index).expect("an s-op");
        self.push_map(frame, args, Expr::Item(atoms, Box::new(leaf)), span)
    }

    /// The entry of a dictionary, now or element by element.
    fn entry_of(&mut self, frame: &Frame, object: &Operand, index: &Operand, span: Span) -> Eval<Meta> {
        let Meta::Dict(dict) = &object.value else { unreachable!("a dictionary") };
        match &index.value {
            Meta::Atom(key) => {
                let found = dict.entries().get(key).cloned();
                found.ok_or_else(|| self.raise(frame, Problem::MissingKey(key.clone()), span))
            }
            Meta::SOp(_) => {
                self.step(frame, span, dict.entries().len())?;
                let pairs = dict.entries().iter().map(|(k, v)| Some((k.clone(), v.as_atom()?.clone())));
                let problem = Problem::NotAtoms { what: "a dictionary" };
                let pairs: Option<Arc<[(Value, Value)]>> = pairs.collect();
                let pairs = pairs.ok_or_else(|| self.raise(frame, problem, object.span))?;
                let mut args = Arguments::default();
                let leaf = args.leaf(index).expect("an s-op");
                self.push_map(frame, args, Expr::Entry(pairs, Box::new(leaf)), span)
            }
            _ => self.bad_index(frame, object, index),
        }
    }

    /// The value of an s-op at one position, everywhere: `aggregate(select(indices, i, ==), x)`, where a negative `i`
    /// counts from the end.
    fn position(&mut self, frame: &Frame, object: &Operand, index: &Operand, span: Span) -> Eval<Meta> {
        let Some(i) = index.value.as_atom().and_then(Value::as_int) else {
            return self.bad_index(frame, object, index);
        };
        let Meta::SOp(values) = object.value else { unreachable!("an s-op") };
        let keys = self.base(frame, "indices", span)?;
        let queries = if i < 0.into() {
            let length = self.library_name(frame, "length", span)?;
            let (length, i) = (Operand::new(length, span), Operand::new(Meta::Atom(Value::Int(i)), span));
            let from_end = self.binary(frame, BinaryOp::Add, &length, &i, span)?;
            self.sop(frame, &Operand::new(from_end, span), "a position")?
        } else {
            self.node(frame, Op::Const(Value::Int(i)), index.span)?
        };
        let predicate = Predicate::Compare(Comparison::Eq);
        let selector = self.node(frame, Op::Select { keys, queries, predicate }, span)?;
        let default = self.session.dialect.default.clone();
        self.node(frame, Op::Aggregate { selector, values, default }, span).map(Meta::SOp)
    }

    /// `item in container`.
    #[inline(never)]
    pub(super) fn member(&mut self, frame: &Frame, item: &Operand, container: &Operand, span: Span) -> Eval<Meta> {
        match (&item.value, &container.value) {
            (Meta::SOp(_), Meta::List(list)) => {
                self.step(frame, span, list.items().len())?;
                let problem = Problem::NotAtoms { what: "a list" };
                let atoms = list.atoms().ok_or_else(|| self.raise(frame, problem, container.span))?;
                let mut args = Arguments::default();
                let leaf = args.leaf(item).expect("an s-op");
                self.push_map(frame, args, Expr::In(Box::new(leaf), atoms), span)
            }
            (Meta::Atom(_), Meta::List(list)) => {
                self.step(frame, span, list.items().len())?;
                Ok(Meta::Atom(Value::Bool(list.items().iter().any(|m| m.equals(&item.value)))))
            }
            (Meta::Atom(_), Meta::SOp(_)) => self.occurs(frame, item, container, span),
            _ => {
                let simple = matches!(item.value, Meta::Atom(_) | Meta::SOp(_));
                let place = if simple { container.span } else { item.span };
                let problem = Problem::BadMember { item: item.value.clone(), container: container.value.clone() };
                Err(self.raise(frame, problem, place))
            }
        }
    }

    /// Whether an atom occurs in an s-op: `selector_width(select(x, atom, ==)) > 0`.
    fn occurs(&mut self, frame: &Frame, atom: &Operand, sop: &Operand, span: Span) -> Eval<Meta> {
        let selector = self.select(frame, sop, atom, Comparison::Eq, span)?;
        let Meta::Selector(selector) = selector else { unreachable!("a selector") };
        let width = Meta::SOp(self.node(frame, Op::SelectorWidth(selector), span)?);
        let (width, zero) = (Operand::new(width, span), Operand::new(Meta::Atom(Value::int(0)), span));
        self.binary(frame, BinaryOp::Gt, &width, &zero, span)
    }
}
