//! Typed values as small numbers.
//!
//! Functions can tell equal values of different types apart (`str(1)`, `str(1.0)`), so the analysis enumerates *typed*
//! values: `1`, `true` and `1.0` have three ids and one class. Only what leaves the analysis is merged by class.
//!
//! **Invariants.** Two ids are equal exactly when their values have one type and are equal; two classes are equal exactly
//! when the values are. Host values count as one id when they are equal and print alike (their types are the host's).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::FromPrimitive;
use raspc_lang::value::Value;

/// A typed value.
pub(super) type Id = u32;

/// What stands in a column where the function raised (or an operand did): no value at all.
pub(super) const RAISED: Id = u32::MAX;

/// A hasher for keys that are one or two words: multiply and fold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u64(&mut self, word: u64) {
        let product =
            u128::from(self.0.rotate_left(5) ^ word ^ 0x243f_6a88_85a3_08d3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

/// A hash map on words. It is never iterated.
pub(super) type WordMap<K, V> = HashMap<K, V, BuildHasherDefault<WordHasher>>;

/// The table of all typed values seen.
#[derive(Debug, Default)]
pub(super) struct Interner {
    values: Vec<Value>,
    /// For each id, the id that stands for all values equal to it.
    classes: Vec<Id>,
    /// For each class, whether another id has it.
    twins: Vec<bool>,
    ints: WordMap<i64, Id>,
    floats: WordMap<u64, Id>,
    bools: [Option<Id>; 2],
    none: Option<Id>,
    bigs: HashMap<BigInt, Id>,
    strs: HashMap<Arc<str>, Id>,
    /// Host values by the host's hash.
    hosts: WordMap<u64, Vec<Id>>,
}

impl Interner {
    /// The value.
    pub(super) fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// The class: equal for equal values.
    pub(super) fn class(&self, id: Id) -> Id {
        self.classes[id as usize]
    }

    /// Whether an equal value of another type has been seen.
    pub(super) fn has_twin(&self, id: Id) -> bool {
        self.twins[self.class(id) as usize]
    }

    /// How many ids there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The id of a value.
    pub(super) fn intern(&mut self, value: &Value) -> Id {
        match value {
            Value::None => self.none(),
            Value::Bool(b) => self.bool(*b),
            Value::Int(i) => match i.to_i64() {
                Some(i) => self.int(i),
                None => self.big(i.to_big(), value),
            },
            Value::Float(x) => self.float(x.get()),
            Value::Str(s) => self.str(s),
            Value::Host(_) => self.host(value),
        }
    }

    /// The id of none.
    pub(super) fn none(&mut self) -> Id {
        if let Some(id) = self.none {
            return id;
        }
        let id = self.push(Value::None, None);
        self.none = Some(id);
        id
    }

    /// The id of a boolean.
    pub(super) fn bool(&mut self, b: bool) -> Id {
        if let Some(id) = self.bools[usize::from(b)] {
            return id;
        }
        let class = self.int(i64::from(b));
        let id = self.push(Value::Bool(b), Some(class));
        self.bools[usize::from(b)] = Some(id);
        id
    }

    /// The id of a small integer.
    pub(super) fn int(&mut self, i: i64) -> Id {
        if let Some(&id) = self.ints.get(&i) {
            return id;
        }
        let id = self.push(Value::int(i), None);
        self.ints.insert(i, id);
        id
    }

    /// The id of a finite float.
    pub(super) fn float(&mut self, x: f64) -> Id {
        let bits = (x + 0.0).to_bits();
        if let Some(&id) = self.floats.get(&bits) {
            return id;
        }
        let value = Value::float(x).expect("a finite float");
        let class = (x.fract() == 0.0).then(|| self.whole(x));
        let id = self.push(value, class);
        self.floats.insert(bits, id);
        id
    }

    /// The id of the integer that a whole float equals.
    fn whole(&mut self, x: f64) -> Id {
        // 2^63 is exact in f64; below it the conversion is exact.
        if x.abs() < 9_223_372_036_854_775_808.0 {
            return self.int(x as i64);
        }
        let value = Value::from(BigInt::from_f64(x).expect("finite"));
        self.intern(&value)
    }

    fn big(&mut self, big: BigInt, value: &Value) -> Id {
        if let Some(&id) = self.bigs.get(&big) {
            return id;
        }
        let id = self.push(value.clone(), None);
        self.bigs.insert(big, id);
        id
    }

    fn str(&mut self, s: &Arc<str>) -> Id {
        if let Some(&id) = self.strs.get(s) {
            return id;
        }
        let id = self.push(Value::Str(s.clone()), None);
        self.strs.insert(s.clone(), id);
        id
    }

    fn host(&mut self, value: &Value) -> Id {
        let Value::Host(host) = value else { unreachable!("the caller matched a host value") };
        let hash = host.0.hash();
        let peers = self.hosts.get(&hash).cloned().unwrap_or_default();
        let shown = host.0.display();
        let mut class = None;
        for id in peers {
            if self.values[id as usize] == *value {
                class = Some(self.classes[id as usize]);
                if self.values[id as usize].to_string() == shown {
                    return id;
                }
            }
        }
        let id = self.push(value.clone(), class);
        self.hosts.entry(hash).or_default().push(id);
        id
    }

    fn push(&mut self, value: Value, class: Option<Id>) -> Id {
        let id = Id::try_from(self.values.len()).expect("fewer than 2^32 values");
        assert_ne!(id, RAISED, "fewer values than ids");
        self.values.push(value);
        self.classes.push(class.unwrap_or(id));
        self.twins.push(false);
        if let Some(class) = class {
            self.twins[class as usize] = true;
        }
        id
    }

    /// Canonical order of the values, then int before bool before float: strict on typed values, save that host values of
    /// one class keep the order of their ids.
    pub(super) fn cmp(&self, a: Id, b: Id) -> Ordering {
        let (x, y) = (self.value(a), self.value(b));
        self.cmp_values(a, b).then_with(|| x.representative_rank().cmp(&y.representative_rank())).then(a.cmp(&b))
    }

    /// Canonical order of the values alone: equal for equal values.
    pub(super) fn cmp_values(&self, a: Id, b: Id) -> Ordering {
        match (self.value(a), self.value(b)) {
            // The exact comparison of a float with an integer is slow; where both are exact in f64 it is not needed.
            (Value::Float(x), y) if small(y) => x.get().total_cmp(&y.as_f64().expect("a number")),
            (x, Value::Float(y)) if small(x) => x.as_f64().expect("a number").total_cmp(&y.get()),
            (x, y) => x.cmp(y),
        }
    }

    /// Sorts ids canonically and drops duplicates.
    pub(super) fn sort(&self, ids: &mut Vec<Id>) {
        let keys: Option<Vec<(u64, u8, Id)>> = ids.iter().map(|&id| self.sort_key(id)).collect();
        if let Some(mut keys) = keys {
            keys.sort_unstable();
            ids.clear();
            ids.extend(keys.iter().map(|k| k.2));
        } else {
            ids.sort_unstable_by(|&a, &b| self.cmp(a, b));
        }
        ids.dedup();
    }

    /// A number that f64 holds exactly as words in its order: value, then type.
    fn sort_key(&self, id: Id) -> Option<(u64, u8, Id)> {
        let value = self.value(id);
        let bits = value.as_f64().filter(|_| small(value))?.to_bits();
        // Negative floats order backwards by their bits, and below the others.
        let word = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        Some((word, value.representative_rank(), id))
    }

    /// One id for each class of a sorted set: the first, whose type ranks first.
    pub(super) fn representatives(&self, sorted: &[Id]) -> Vec<Id> {
        let mut ids = sorted.to_vec();
        ids.dedup_by_key(|id| self.class(*id));
        ids
    }
}

/// Whether a value is a number that f64 holds exactly without a check of its digits.
fn small(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Float(_) => true,
        Value::Int(i) => i.to_i64().is_some_and(|i| i.unsigned_abs() <= 1 << 53),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_values_differ_and_equal_values_share_a_class() {
        let mut table = Interner::default();
        let (one, yes, float) = (table.int(1), table.bool(true), table.float(1.0));
        assert!(one != yes && yes != float && one != float);
        assert_eq!([table.class(yes), table.class(float)], [one, one]);
        let half = table.float(0.5);
        assert_eq!(table.class(half), half);
        let big = Value::from(BigInt::from(1u8) << 80);
        let (big, wide) = (table.intern(&big), table.float(1_208_925_819_614_629_174_706_176.0));
        assert!(big != wide && table.class(wide) == big);
        let mut ids = vec![big, half, float, yes, one, wide];
        table.sort(&mut ids);
        assert_eq!(ids, [half, one, yes, float, big, wide]);
        assert_eq!(table.representatives(&ids), [half, one, big]);
        assert_eq!(table.float(-0.0), table.float(0.0));
    }
}
