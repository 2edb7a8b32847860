//! What a name stands for while a program is elaborated: atoms, lists, dictionaries and functions exist only here;
//! s-ops and selectors are nodes of the graph.
//!
//! **Invariants.** Lists and dictionaries are immutable and shared; their nesting is at most [`MAX_NESTING`] and the
//! number of values they hold, counted through every sharing, at most [`MAX_ITEMS`], so that comparing, printing and
//! dropping one is bounded.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::graph::NodeId;
use crate::syntax::ast::{FunctionDef, Module};
use crate::value::Value;

use super::scope::ScopeId;

/// Most values in one list or dictionary, those of inner ones included.
pub const MAX_ITEMS: usize = 1_000_000;
/// Deepest nesting of lists and dictionaries.
pub const MAX_NESTING: u32 = 64;

/// A value of the elaborator.
#[derive(Clone, Debug)]
pub enum Meta {
    /// A value of the language.
    Atom(Value),
    /// A list.
    List(Arc<List>),
    /// A dictionary.
    Dict(Arc<Dict>),
    /// A function that a program defined.
    Function(Arc<Closure>),
    /// A function that the language has.
    Builtin(Builtin),
    /// An s-op.
    SOp(NodeId),
    /// A selector.
    Selector(NodeId),
}

/// A list.
#[derive(Debug)]
pub struct List {
    items: Vec<Meta>,
    extent: Extent,
}

/// A dictionary, in the order of insertion.
#[derive(Debug)]
pub struct Dict {
    entries: IndexMap<Value, Meta>,
    extent: Extent,
}

/// How deep a value nests and how many values it holds.
#[derive(Clone, Copy, Debug)]
struct Extent {
    depth: u32,
    items: usize,
}

/// A function with the scope that it was defined in.
#[derive(Debug)]
pub struct Closure {
    /// The function.
    pub def: Arc<FunctionDef>,
    /// The text it belongs to.
    pub module: Arc<Module>,
    /// Where its free names are looked up.
    pub scope: ScopeId,
    /// Whose text that is.
    pub origin: Origin,
}

/// Whose text it is: it decides which names reach the graph and where errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user's: the program, what it loads, the standard programs.
    Program,
    /// The library's: its locals name nothing, and its errors are shown where it was called.
    Library,
}

/// A function that the language has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `selector_width(sel)`.
    SelectorWidth,
}

impl Builtin {
    /// Its name in programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::SelectorWidth => "selector_width",
        }
    }
}

/// A value is too large: more than [`MAX_ITEMS`] values or deeper than [`MAX_NESTING`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl Extent {
    fn of<'a>(items: impl Iterator<Item = &'a Meta>) -> Result<Self, TooLarge> {
        let mut extent = Self { depth: 1, items: 0 };
        for item in items {
            let inner = item.extent();
            extent.depth = extent.depth.max(inner.depth + 1);
            extent.items = extent.items.saturating_add(inner.items);
            if extent.depth > MAX_NESTING || extent.items > MAX_ITEMS {
                return Err(TooLarge);
            }
        }
        Ok(extent)
    }
}

impl Meta {
    /// A list.
    ///
    /// # Errors
    /// When it is too large.
    pub fn list(items: Vec<Meta>) -> Result<Self, TooLarge> {
        let extent = Extent::of(items.iter())?;
        Ok(Self::List(Arc::new(List { items, extent })))
    }

    /// A dictionary.
    ///
    /// # Errors
    /// When it is too large.
    pub fn dict(entries: IndexMap<Value, Meta>) -> Result<Self, TooLarge> {
        let extent = Extent::of(entries.values())?;
        Ok(Self::Dict(Arc::new(Dict { entries, extent })))
    }

    fn extent(&self) -> Extent {
        match self {
            Self::List(l) => Extent { items: l.extent.items + 1, ..l.extent },
            Self::Dict(d) => Extent { items: d.extent.items + 1, ..d.extent },
            _ => Extent { depth: 0, items: 1 },
        }
    }

    /// How many values it holds, itself included: what comparing it costs.
    pub fn weight(&self) -> usize {
        self.extent().items
    }

    /// The atom, if it is one.
    pub fn as_atom(&self) -> Option<&Value> {
        match self {
            Self::Atom(v) => Some(v),
            _ => None,
        }
    }

    /// Whether it is a node of the graph.
    pub fn is_node(&self) -> bool {
        matches!(self, Self::SOp(_) | Self::Selector(_))
    }

    /// Truthiness: empty lists and dictionaries are false; functions are true. Nodes have none.
    pub fn truthy(&self) -> Option<bool> {
        match self {
            Self::Atom(v) => Some(v.truthy()),
            Self::List(l) => Some(!l.items.is_empty()),
            Self::Dict(d) => Some(!d.entries.is_empty()),
            Self::Function(_) | Self::Builtin(_) => Some(true),
            Self::SOp(_) | Self::Selector(_) => None,
        }
    }

    /// What a message calls it.
    pub fn describe(&self) -> String {
        match self {
            Self::Atom(v) => describe_atom(v),
            Self::List(l) => format!("a list of {}", count(l.items.len(), "item")),
            Self::Dict(d) => {
                format!(
                    "a dictionary of {} {}",
                    d.entries.len(),
                    if d.entries.len() == 1 { "entry" } else { "entries" }
                )
            }
            Self::Function(f) => format!("the function `{}`", f.def.name.name),
            Self::Builtin(b) => format!("the function `{}`", b.name()),
            Self::SOp(_) => "an s-op".to_owned(),
            Self::Selector(_) => "a selector".to_owned(),
        }
    }

    /// Equality: atoms by value, lists and dictionaries by structure, all else by identity.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Atom(a), Self::Atom(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(|(x, y)| x.equals(y)))
            }
            (Self::Dict(a), Self::Dict(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries.iter().all(|(k, v)| b.entries.get(k).is_some_and(|w| v.equals(w)))
            }
            (Self::Function(a), Self::Function(b)) => Arc::ptr_eq(a, b),
            (Self::Builtin(a), Self::Builtin(b)) => a == b,
            (Self::SOp(a), Self::SOp(b)) | (Self::Selector(a), Self::Selector(b)) => a == b,
            _ => false,
        }
    }

    /// Order: numbers by value, strings by code point, lists item by item; none of anything else.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Atom(a), Self::Atom(b)) => {
                let both = |test: fn(&Value) -> bool| test(a) && test(b);
                (both(Value::is_number) || both(|v| matches!(v, Value::Str(_)))).then(|| a.cmp(b))
            }
            (Self::List(a), Self::List(b)) => {
                let pairs = a.items.iter().zip(&b.items);
                for (x, y) in pairs {
                    if !x.equals(y) {
                        return x.compare(y);
                    }
                }
                Some(a.items.len().cmp(&b.items.len()))
            }
            _ => None,
        }
    }
}

impl List {
    /// The items.
    pub fn items(&self) -> &[Meta] {
        &self.items
    }

    /// The items, when all are atoms.
    pub fn atoms(&self) -> Option<Arc<[Value]>> {
        self.items.iter().map(|m| m.as_atom().cloned()).collect()
    }
}

impl Dict {
    /// The entries.
    pub fn entries(&self) -> &IndexMap<Value, Meta> {
        &self.entries
    }
}

/// What a message calls an atom: strings in quotes, long ones shortened.
pub fn describe_atom(value: &Value) -> String {
    let shorten = |text: String| match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    match value {
        Value::None => "none".to_owned(),
        Value::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Value::Str(s) => format!("\"{}\"", shorten(s.to_string())),
        other => shorten(other.to_string()),
    }
}

/// `1 item`, `2 items`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[i64]) -> Meta {
        Meta::list(items.iter().map(|&i| Meta::Atom(Value::int(i))).collect()).unwrap()
    }

    #[test]
    fn sharing_is_counted_in_full() {
        let mut doubled = list(&[1]);
        let mut steps = 0;
        while let Ok(next) = Meta::list(vec![doubled.clone(), doubled.clone()]) {
            doubled = next;
            steps += 1;
        }
        assert!((15..=20).contains(&steps), "{steps}");
    }

    #[test]
    fn nesting_is_bounded() {
        let mut nested = list(&[]);
        let mut depth = 1;
        while let Ok(next) = Meta::list(vec![nested.clone()]) {
            nested = next;
            depth += 1;
        }
        assert_eq!(depth, MAX_NESTING);
    }

    #[test]
    fn lists_compare_item_by_item() {
        assert_eq!(list(&[1, 2]).compare(&list(&[1, 3])), Some(Ordering::Less));
        assert_eq!(list(&[1, 2]).compare(&list(&[1])), Some(Ordering::Greater));
        assert_eq!(list(&[1]).compare(&Meta::Atom(Value::int(1))), None);
        assert!(list(&[1]).equals(&Meta::list(vec![Meta::Atom(Value::Bool(true))]).unwrap()));
    }
}
