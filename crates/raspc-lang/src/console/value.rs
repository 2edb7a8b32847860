//! What a name of the console stands for, and its texts in messages.

use std::sync::Arc;

use indexmap::IndexMap;

use super::node::{Computed, NodeId, Nodes};
use crate::ops::{kind_name, python_repr};
use crate::syntax::ast::{FunctionDef, Module};
use crate::value::Value;

/// Most bytes of a list or dictionary in a message.
const MAX_MESSAGE: usize = 1 << 16;

/// Deepest nesting of lists and dictionaries.
const MAX_NESTING: usize = 64;
/// Most items of a list or dictionary, those of inner ones included.
pub(super) const MAX_ITEMS: usize = 1 << 21;

/// A value of the console.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Atom(Value),
    List(Arc<Nested<Vec<Item>>>),
    Dict(Arc<Nested<IndexMap<Value, Item>>>),
    SOp(NodeId),
    Selector(NodeId),
    Function(Arc<Function>),
    /// What an application gives: it can only be printed.
    Applied(Arc<Applied>),
}

/// What holds items, with how deep it nests and how many items it holds, those of inner ones included.
///
/// **Invariant.** Both are bounded, so that printing, comparing and dropping it are.
#[derive(Debug)]
pub(super) struct Nested<T> {
    inner: T,
    depth: usize,
    weight: usize,
}

impl<T> std::ops::Deref for Nested<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

/// How deep what holds these items nests, and how many it holds.
fn extent<'i>(items: impl Iterator<Item = &'i Item>) -> Eval<(usize, usize)> {
    let (mut depth, mut weight) = (1, 1_usize);
    for item in items {
        let (inner_depth, inner_weight) = item.extent();
        depth = depth.max(inner_depth + 1);
        weight = weight.saturating_add(inner_weight);
    }
    if depth > MAX_NESTING || weight > MAX_ITEMS {
        return Err(Fail::Wrong("this list or dict is too large".to_owned()));
    }
    Ok((depth, weight))
}

/// A function with the scope that it was defined in.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) def: Arc<FunctionDef>,
    pub(super) module: Arc<Module>,
    pub(super) scope: usize,
    /// Whose it is: `console`, the path of a file.
    pub(super) creator: Arc<str>,
}

/// An s-op or selector on an input.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) result: Computed,
    pub(super) input: Arc<[Value]>,
}

/// Why a statement fails, with what the reference says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fail {
    /// The language's own errors.
    Rasp(String),
    /// What surfaces from below.
    Wrong(String),
    /// Something was called that cannot be.
    NotImplemented,
    /// Somebody asked to stop.
    Interrupted,
}

pub(super) type Eval<T> = Result<T, Fail>;

impl Function {
    pub(super) fn text(&self) -> String {
        let params: Vec<&str> = self.def.params.iter().map(|p| &*p.name).collect();
        format!("{} function: {}({})", self.creator, self.def.name.name, params.join(", "))
    }
}

/// Whether Python refuses to write the integer out: that it has more than 4300 digits.
pub(super) fn too_long(value: &Value) -> bool {
    // 10^4300 has 14285 bits; who has as many is written out and counted.
    match value {
        Value::Int(i) if i.bits() >= 14_285 => i.bits() > 14_290 || i.to_string().trim_start_matches('-').len() > 4300,
        _ => false,
    }
}

/// An atom as Python's `repr` writes it.
pub(super) fn atom_repr(value: &Value) -> String {
    if too_long(value) { "(int)".to_owned() } else { python_repr(value) }
}

/// An atom as Python's `str` writes it.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Str(s) => s.to_string(),
        _ => atom_repr(value),
    }
}

/// An atom with a string in double quotes.
pub(super) fn quoted(value: &Value) -> String {
    match value {
        Value::Str(s) => format!("\"{s}\""),
        _ => atom_repr(value),
    }
}

impl Item {
    pub(super) fn int(i: i64) -> Self {
        Self::Atom(Value::int(i))
    }

    pub(super) fn list(items: Vec<Item>) -> Eval<Self> {
        let (depth, weight) = extent(items.iter())?;
        Ok(Self::List(Arc::new(Nested { inner: items, depth, weight })))
    }

    pub(super) fn dict(entries: IndexMap<Value, Item>) -> Eval<Self> {
        let (depth, weight) = extent(entries.values())?;
        Ok(Self::Dict(Arc::new(Nested { inner: entries, depth, weight })))
    }

    fn extent(&self) -> (usize, usize) {
        match self {
            Self::List(l) => (l.depth, l.weight),
            Self::Dict(d) => (d.depth, d.weight),
            _ => (0, 1),
        }
    }

    pub(super) fn is_node(&self) -> bool {
        matches!(self, Self::SOp(_) | Self::Selector(_))
    }

    /// Python's truthiness; of what is no atom, list or dictionary, true.
    pub(super) fn truthy(&self) -> bool {
        match self {
            Self::Atom(v) => v.truthy(),
            Self::List(l) => !l.is_empty(),
            Self::Dict(d) => !d.is_empty(),
            _ => true,
        }
    }

    /// What Python calls its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Atom(v) => kind_name(v),
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
            Self::SOp(_) => "UnfinishedSequence",
            Self::Selector(_) => "UnfinishedSelect",
            Self::Function(_) => "RASPFunction",
            Self::Applied(a) => match a.result {
                Computed::Sequence(_) => "Sequence",
                Computed::Matrix(_) => "Select",
            },
        }
    }

    /// The items of a list, the keys of a dictionary, the characters of a string.
    pub(super) fn parts(&self) -> Option<Vec<Item>> {
        match self {
            Self::List(l) => Some(l.to_vec()),
            Self::Dict(d) => Some(d.keys().cloned().map(Item::Atom).collect()),
            Self::Atom(Value::Str(s)) => {
                Some(s.chars().map(|c| Item::Atom(Value::str(c.encode_utf8(&mut [0; 4])))).collect())
            }
            _ => None,
        }
    }

    /// The parts as an input, where they are one.
    pub(super) fn input(&self) -> Option<Arc<[Value]>> {
        let parts: Option<Vec<Value>> =
            self.parts()?.into_iter().map(|p| if let Item::Atom(v) = p { Some(v) } else { None }).collect();
        parts.filter(|p| !p.is_empty()).map(Into::into)
    }

    /// Structural equality; s-ops, selectors and functions are equal to themselves.
    pub(super) fn equals(&self, other: &Self, budget: &mut usize) -> bool {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        match (self, other) {
            (Self::Atom(a), Self::Atom(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b, budget))
            }
            (Self::Dict(a), Self::Dict(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| v.equals(w, budget)))
            }
            (Self::SOp(a), Self::SOp(b)) | (Self::Selector(a), Self::Selector(b)) => a == b,
            (Self::Function(a), Self::Function(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The steps that reading all of it takes, large values counting more.
    pub(super) fn effort(&self) -> usize {
        match self {
            Self::Atom(v) => 1 + super::node::large(v),
            Self::List(l) => l.iter().map(Self::effort).fold(1, usize::saturating_add),
            Self::Dict(d) => d.values().map(Self::effort).fold(1, usize::saturating_add),
            _ => 1,
        }
    }

    /// As messages say what they got: strings in double quotes, s-ops by name.
    pub(super) fn describe(&self, nodes: &Nodes) -> String {
        self.describe_up_to(nodes, MAX_MESSAGE)
    }

    /// The same, of a list or dictionary broken off after so many bytes.
    pub(super) fn describe_up_to(&self, nodes: &Nodes, most: usize) -> String {
        let mut out = String::new();
        self.write(nodes, &mut out, false, most);
        out
    }

    /// As Python's `repr` writes a list or dictionary.
    pub(super) fn repr(&self, nodes: &Nodes) -> String {
        self.repr_up_to(nodes, MAX_MESSAGE)
    }

    /// As Python's `repr` writes it, broken off after so many bytes.
    pub(super) fn repr_up_to(&self, nodes: &Nodes, most: usize) -> String {
        let mut out = String::new();
        self.write(nodes, &mut out, true, most);
        out
    }

    /// As Python's `str`: strings bare.
    pub(super) fn bare(&self, nodes: &Nodes) -> String {
        match self {
            Self::Atom(v) => text_of(v),
            Self::SOp(id) | Self::Selector(id) => nodes.object(*id),
            _ => self.repr(nodes),
        }
    }

    /// Nesting is bounded, and so is the recursion.
    fn write(&self, nodes: &Nodes, out: &mut String, python: bool, most: usize) {
        match self {
            Self::Atom(v) => out.push_str(&if python { atom_repr(v) } else { quoted(v) }),
            Self::List(l) => {
                out.push('[');
                for (i, item) in l.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    if out.len() > most {
                        out.push_str("...");
                        break;
                    }
                    item.write(nodes, out, python, most);
                }
                out.push(']');
            }
            Self::Dict(d) => {
                out.push('{');
                for (i, (k, v)) in d.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    if out.len() > most {
                        out.push_str("...");
                        break;
                    }
                    out.push_str(&if python { atom_repr(k) } else { quoted(k) });
                    out.push_str(": ");
                    v.write(nodes, out, python, most);
                }
                out.push('}');
            }
            Self::SOp(id) | Self::Selector(id) => out.push_str(nodes.name(*id)),
            Self::Function(f) => out.push_str(&f.text()),
            Self::Applied(a) => out.push_str(&match &a.result {
                Computed::Sequence(s) => s.text(),
                Computed::Matrix(_) => "select".to_owned(),
            }),
        }
    }
}
