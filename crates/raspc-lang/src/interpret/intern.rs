//! What is distinct: values of a column, tuples of several columns, rows of a pattern.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::value::Value;

/// Up to this many positions a search is quicker than a hash.
const FEW: usize = 32;

/// Positions grouped by what they hold, in the order of first occurrence.
#[derive(Clone, Debug)]
pub(super) struct Distinct {
    /// Per position: the index of its group.
    pub(super) ids: Vec<u32>,
    /// Per group: its first position.
    pub(super) first: Vec<usize>,
}

impl Distinct {
    /// Groups the positions `0..n` by a key.
    pub(super) fn new<K: Hash + Eq>(n: usize, key: impl Fn(usize) -> K) -> Self {
        if n > FEW {
            let mut seen: IndexMap<K, usize> = IndexMap::new();
            let id = |position| {
                let entry = seen.entry(key(position));
                let id = entry.index() as u32;
                entry.or_insert(position);
                id
            };
            let ids = (0..n).map(id).collect();
            return Self { ids, first: seen.into_values().collect() };
        }
        let mut groups = Self { ids: Vec::with_capacity(n), first: Vec::with_capacity(n) };
        for position in 0..n {
            let own = key(position);
            let found = groups.first.iter().position(|&first| key(first) == own);
            groups.ids.push(found.unwrap_or(groups.first.len()) as u32);
            if found.is_none() {
                groups.first.push(position);
            }
        }
        groups
    }

    /// A column, from a result for each group, made at its first position.
    pub(super) fn column<E>(&self, result_at: impl Fn(usize) -> Result<Value, E>) -> Result<Arc<[Value]>, E> {
        let results = self.first.iter().map(|&position| result_at(position)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.ids.iter().map(|&id| results[id as usize].clone()).collect())
    }
}

/// A column by its distinct values.
#[derive(Debug)]
pub(super) struct Interned {
    /// The groups of equal values.
    pub(super) groups: Distinct,
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
        let groups = Distinct::new(values.len(), |position| Exact(&values[position]));
        let distinct = groups.first.iter().map(|&position| values[position].clone()).collect();
        Self { groups, distinct }
    }

    /// Per position: the index of its value.
    pub(super) fn ids(&self) -> &[u32] {
        &self.groups.ids
    }

    /// The value at a position.
    pub(super) fn at(&self, position: usize) -> &Value {
        &self.distinct[self.groups.ids[position] as usize]
    }
}

/// The distinct tuples of several columns, column by column: a longer tuple is the pair of a shorter one and a value.
pub(super) fn tuples(columns: &[Rc<Interned>]) -> Distinct {
    let (first, rest) = columns.split_first().expect("a function has an argument");
    rest.iter().fold(first.groups.clone(), |tuples, column| {
        Distinct::new(tuples.ids.len(), |position| (tuples.ids[position], column.ids()[position]))
    })
}
