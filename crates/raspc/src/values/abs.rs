//! Descriptions of values that are not enumerated: a few values, or kinds and an interval.
//!
//! **Invariant.** A description holds every value it stands for: the result of an operator on described arguments holds
//! each result on arguments that they hold. Rounding to f64 is monotone, so the interval of an f64 operation is that of
//! its end points; where an end point of an integer cannot be represented it is moved outward.

use super::intern::{Id, Interner};

/// Up to so many values are described one by one.
pub(super) const FEW: usize = 64;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) u8);

impl Kinds {
    pub(super) const NOTHING: Self = Self(0);
    pub(super) const NONE: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INT: Self = Self(4);
    pub(super) const FLOAT: Self = Self(8);
    pub(super) const STR: Self = Self(16);
    pub(super) const HOST: Self = Self(32);
    pub(super) const NUMBER: Self = Self(2 | 4 | 8);
    pub(super) const ANY: Self = Self(63);

    /// Whether some kind is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The kinds of either.
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds that are not in the other.
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The kind of a value.
    pub(super) fn of(table: &Interner, id: Id) -> Self {
        use raspc_lang::value::Value;
        match table.value(id) {
            Value::None => Self::NONE,
            Value::Bool(_) => Self::BOOL,
            Value::Int(_) => Self::INT,
            Value::Float(_) => Self::FLOAT,
            Value::Str(_) => Self::STR,
            Value::Host(_) => Self::HOST,
        }
    }
}

/// A description.
#[derive(Clone, Debug)]
pub(super) enum Abs {
    /// These values, sorted; at most [`FEW`].
    Few(Vec<Id>),
    /// Values of these kinds, the numbers among them within the interval.
    Range(Range),
}

/// Kinds and an interval (empty, `lo > hi`, where no kind is a number).
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) kinds: Kinds,
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Range {
    pub(super) const EMPTY: Self = Self { kinds: Kinds::NOTHING, lo: f64::INFINITY, hi: f64::NEG_INFINITY };
    pub(super) const ANY: Self = Self { kinds: Kinds::ANY, lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// Numbers of these kinds within an interval; bounds that are no numbers are unknown.
    pub(super) fn numbers(kinds: Kinds, lo: f64, hi: f64) -> Self {
        let lo = if lo.is_nan() { f64::NEG_INFINITY } else { outward(lo, f64::next_down) };
        let hi = if hi.is_nan() { f64::INFINITY } else { outward(hi, f64::next_up) };
        Self { kinds, lo, hi }
    }

    /// Values of kinds that are no numbers.
    pub(super) fn kinds(kinds: Kinds) -> Self {
        Self { kinds, ..Self::EMPTY }
    }

    /// Either.
    pub(super) fn or(self, other: Self) -> Self {
        Self { kinds: self.kinds.or(other.kinds), lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Whether all values are numbers.
    pub(super) fn only_numbers(self) -> bool {
        !self.kinds.meets(Kinds::ANY.without(Kinds::NUMBER))
    }

    /// Whether every value is a number of at most this size.
    pub(super) fn within(self, size: f64) -> bool {
        self.only_numbers() && self.lo >= -size && self.hi <= size
    }
}

/// Integers beyond 2^53 are not all represented, so a bound there may have been rounded inward.
fn outward(x: f64, step: impl Fn(f64) -> f64) -> f64 {
    if x.abs() < 9_007_199_254_740_992.0 { x } else { step(x) }
}

impl Abs {
    /// No values.
    pub(super) fn empty() -> Self {
        Self::Few(Vec::new())
    }

    /// Exactly these values (sorted), or a range that holds them.
    pub(super) fn of(table: &Interner, sorted: &[Id]) -> Self {
        if sorted.len() <= FEW { Self::Few(sorted.to_vec()) } else { Self::Range(range_of(table, sorted)) }
    }

    /// As a range.
    pub(super) fn range(&self, table: &Interner) -> Range {
        match self {
            Self::Few(ids) => range_of(table, ids),
            Self::Range(r) => *r,
        }
    }

    /// Either.
    pub(super) fn or(self, other: Self, table: &Interner) -> Self {
        match (self, other) {
            (Self::Few(mut a), Self::Few(b)) => {
                a.extend(b);
                table.sort(&mut a);
                Self::of(table, &a)
            }
            (a, b) => Self::Range(a.range(table).or(b.range(table))),
        }
    }

    /// Without none, and whether there was one.
    pub(super) fn split_none(&self, table: &Interner) -> (Self, bool) {
        match self {
            Self::Few(ids) => {
                let some: Vec<Id> = ids.iter().copied().filter(|&id| !table.value(id).is_none()).collect();
                let had = some.len() < ids.len();
                (Self::Few(some), had)
            }
            Self::Range(r) => {
                let had = r.kinds.meets(Kinds::NONE);
                (Self::Range(Range { kinds: r.kinds.without(Kinds::NONE), ..*r }), had)
            }
        }
    }

    /// Whether it holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(ids) => ids.is_empty(),
            Self::Range(r) => r.kinds == Kinds::NOTHING,
        }
    }
}

/// The least range that holds the values.
fn range_of(table: &Interner, ids: &[Id]) -> Range {
    let one = |&id: &Id| match table.value(id).as_f64() {
        Some(x) => Range::numbers(Kinds::of(table, id), x, x),
        None => Range::kinds(Kinds::of(table, id)),
    };
    ids.iter().map(one).fold(Range::EMPTY, Range::or)
}
