//! Distinct values of a column and distinct tuples of several, in the order in which they first occur.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};

use crate::value::Value;

/// Up to this many positions a search is quicker than a hash.
const FEW: usize = 16;

/// A column by its distinct values.
#[derive(Debug)]
pub(super) struct Interned {
    /// Per position: the index of its value.
    pub(super) ids: Vec<u32>,
    /// The distinct values.
    pub(super) distinct: Vec<Value>,
}

/// A value with its kind: `1`, `1.0` and `true` differ.
struct Exact<'a>(&'a Value);

impl PartialEq for Exact<'_> {
    fn eq(&self, other: &Self) -> bool {
        discriminant(self.0) == discriminant(other.0) && self.0 == other.0
    }
}

impl Eq for Exact<'_> {}

impl Hash for Exact<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Interned {
    pub(super) fn new(values: &[Value]) -> Self {
        if values.len() > FEW {
            let mut seen = IndexSet::new();
            let ids = values.iter().map(|v| seen.insert_full(Exact(v)).0 as u32).collect();
            return Self { ids, distinct: seen.into_iter().map(|v| v.0.clone()).collect() };
        }
        let mut interned = Self { ids: Vec::with_capacity(values.len()), distinct: Vec::new() };
        for v in values {
            let found = interned.distinct.iter().position(|d| Exact(d) == Exact(v));
            interned.ids.push(found.unwrap_or(interned.distinct.len()) as u32);
            if found.is_none() {
                interned.distinct.push(v.clone());
            }
        }
        interned
    }

    /// The value at a position.
    pub(super) fn at(&self, position: usize) -> &Value {
        &self.distinct[self.ids[position] as usize]
    }
}

/// The distinct tuples of several columns.
#[derive(Debug)]
pub(super) struct Tuples {
    /// Per position: the index of its tuple.
    pub(super) ids: Vec<u32>,
    /// Per distinct tuple: the first position that has it.
    pub(super) first: Vec<usize>,
}

impl Tuples {
    /// Column by column: a longer tuple is the pair of a shorter one and a value.
    pub(super) fn new(columns: &[Rc<Interned>]) -> Self {
        let mut ids = vec![0; columns.first().map_or(0, |c| c.ids.len())];
        let mut first = Vec::new();
        for column in columns {
            let mut seen: IndexMap<(u32, u32), usize> = IndexMap::new();
            for (position, (tuple, value)) in ids.iter_mut().zip(&column.ids).enumerate() {
                let entry = seen.entry((*tuple, *value));
                *tuple = entry.index() as u32;
                entry.or_insert(position);
            }
            first = seen.into_values().collect();
        }
        Self { ids, first }
    }
}
