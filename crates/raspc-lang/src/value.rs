//! Values: what an s-op holds at one position.
//!
//! **Invariants.** `Value` equality is the language's: `1 == 1.0 == true`; hash and order agree with it. Floats are
//! finite and never −0.0 (the console apart). Small integers are always stored inline, so one integer has one form. The order is the
//! canonical order of value sets: none, numbers by value, strings by code point, host values as given.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Signed, ToPrimitive};

use crate::error::EvalError;
use crate::ops::python_float_repr;

/// One value of an s-op.
#[derive(Clone, Debug)]
pub enum Value {
    /// Undefined.
    None,
    /// A boolean; equal to the integer 0 or 1.
    Bool(bool),
    /// An integer of any size.
    Int(Int),
    /// A finite float.
    Float(Float),
    /// A string of Unicode code points.
    Str(Arc<str>),
    /// A value of the host language (any hashable of Python).
    Host(HostValue),
}

/// An integer of any size; small ones are inline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Small(i64),
    /// Never within the range of `i64`.
    Big(Arc<BigInt>),
}

/// A finite float. −0.0 is the console's alone, which shows it as Python does; it equals 0.0 in every way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Float(f64);

/// A value of the host language: equality, hash, order and display are the host's.
#[derive(Clone, Debug)]
pub struct HostValue(pub Arc<dyn HostObject>);

/// What the host must say about one of its values.
pub trait HostObject: fmt::Debug + Send + Sync {
    /// Whether two host values are equal. Must agree with [`HostObject::hash`].
    fn equals(&self, other: &dyn HostObject) -> bool;
    /// A hash that is the same in every run.
    fn hash(&self) -> u64;
    /// Canonical order among host values ("as given": usually the order in which the host first handed them over).
    fn order(&self, other: &dyn HostObject) -> Ordering;
    /// How the value is shown.
    fn display(&self) -> String;
    /// For the host to find its own type again.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Int {
    /// The integer as `i64`, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(i) => Some(*i),
            Repr::Big(_) => None,
        }
    }

    /// The integer as a big integer.
    pub fn to_big(&self) -> BigInt {
        match &self.0 {
            Repr::Small(i) => BigInt::from(*i),
            Repr::Big(b) => (**b).clone(),
        }
    }

    /// The nearest float (ties to even); infinite when out of range.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(i) => *i as f64,
            Repr::Big(b) => b.to_f64().unwrap_or(if b.is_negative() { f64::NEG_INFINITY } else { f64::INFINITY }),
        }
    }

    /// How many bits its magnitude has; 0 for 0.
    pub fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small(i) => u64::from(i64::BITS - i.unsigned_abs().leading_zeros()),
            Repr::Big(b) => b.bits(),
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0 == Repr::Small(0)
    }
}

impl From<i64> for Int {
    fn from(i: i64) -> Self {
        Self(Repr::Small(i))
    }
}

impl From<BigInt> for Int {
    fn from(b: BigInt) -> Self {
        match b.to_i64() {
            Some(i) => Self(Repr::Small(i)),
            None => Self(Repr::Big(Arc::new(b))),
        }
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Big(a), Repr::Big(b)) => a.cmp(b),
            (Repr::Small(_), Repr::Big(b)) => {
                if b.is_negative() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Repr::Big(a), Repr::Small(_)) => {
                if a.is_negative() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(i) => write!(f, "{i}"),
            Repr::Big(b) => write!(f, "{b}"),
        }
    }
}

impl Float {
    /// The float, if it is finite; −0.0 becomes 0.0.
    pub fn new(x: f64) -> Option<Self> {
        x.is_finite().then_some(Self(x + 0.0))
    }

    /// Zero with a sign.
    pub(crate) fn negative_zero() -> Self {
        Self(-0.0)
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Value {
    /// An integer value.
    pub fn int(i: i64) -> Self {
        Self::Int(Int::from(i))
    }

    /// A string value.
    pub fn str(s: impl AsRef<str>) -> Self {
        Self::Str(Arc::from(s.as_ref()))
    }

    /// A float value.
    ///
    /// # Errors
    /// NaN and infinity are an evaluation error.
    pub fn float(x: f64) -> Result<Self, EvalError> {
        Float::new(x).map(Self::Float).ok_or_else(|| EvalError::new(format!("the result {x} is not a finite number")))
    }

    /// Whether this is none.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether this is a number (booleans are).
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::Float(_))
    }

    /// The nearest float of a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Int(i) => Some(i.to_f64()),
            Self::Float(x) => Some(x.0),
            Self::None | Self::Str(_) | Self::Host(_) => None,
        }
    }

    /// The integer of a boolean or an integer (not of a float that happens to be integral).
    pub fn as_int(&self) -> Option<Int> {
        match self {
            Self::Bool(b) => Some(Int::from(i64::from(*b))),
            Self::Int(i) => Some(i.clone()),
            _ => None,
        }
    }

    /// Truthiness: false, 0, 0.0, "" and none are false.
    pub fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(b) => *b,
            Self::Int(i) => !i.is_zero(),
            Self::Float(x) => x.0 != 0.0,
            Self::Str(s) => !s.is_empty(),
            Self::Host(_) => true,
        }
    }

    /// Rank of the kinds in the canonical order.
    fn rank(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => 1,
            Self::Str(_) => 2,
            Self::Host(_) => 3,
        }
    }

    /// Rank of the types among equal values: int before bool before float (DESIGN: "its representative is fixed").
    pub fn representative_rank(&self) -> u8 {
        match self {
            Self::Int(_) => 0,
            Self::Bool(_) => 1,
            Self::Float(_) => 2,
            _ => 3,
        }
    }
}

/// Exact comparison of two numbers.
fn compare_numbers(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Float(x), Value::Float(y)) => x.0.partial_cmp(&y.0).expect("both are finite"),
        (Value::Float(x), _) => compare_float_int(x.0, &b.as_int().expect("a number")),
        (_, Value::Float(y)) => compare_float_int(y.0, &a.as_int().expect("a number")).reverse(),
        _ => a.as_int().expect("a number").cmp(&b.as_int().expect("a number")),
    }
}

/// Exact comparison of a finite float with an integer: no rounding of either.
fn compare_float_int(x: f64, i: &Int) -> Ordering {
    let floor = libm::floor(x);
    whole(floor).cmp(i).then(if x > floor { Ordering::Greater } else { Ordering::Equal })
}

/// The integer that an integral float is.
pub(crate) fn whole(x: f64) -> Int {
    // 2^63 is a float, so below it the conversion to i64 is exact.
    if x.abs() < 9_223_372_036_854_775_808.0 {
        Int(Repr::Small(x as i64))
    } else {
        Int::from(BigInt::from_f64(x).expect("values are finite"))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(Int(Repr::Small(a))), Self::Int(Int(Repr::Small(b)))) => a.cmp(b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Host(a), Self::Host(b)) => {
                if a.0.equals(&*b.0) {
                    Ordering::Equal
                } else {
                    a.0.order(&*b.0)
                }
            }
            _ if self.is_number() && other.is_number() => compare_numbers(self, other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(Int(Repr::Small(a))), Self::Int(Int(Repr::Small(b)))) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Host(a), Self::Host(b)) => a.0.equals(&*b.0),
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::None => 0u8.hash(state),
            Self::Bool(b) => i64::from(*b).hash(state),
            Self::Int(Int(Repr::Small(i))) => i.hash(state),
            Self::Int(Int(Repr::Big(b))) => b.hash(state),
            Self::Float(x) => hash_float(x.0, state),
            Self::Str(s) => s.hash(state),
            Self::Host(h) => h.0.hash().hash(state),
        }
    }
}

/// Hashes an integral float as the integer it equals.
fn hash_float<H: Hasher>(x: f64, state: &mut H) {
    if x.fract() != 0.0 {
        return x.to_bits().hash(state);
    }
    match whole(x).0 {
        Repr::Small(i) => i.hash(state),
        Repr::Big(b) => b.hash(state),
    }
}

/// As a user reads it: strings bare, booleans `true`/`false`, floats as Python's `repr` (the
/// shortest digits that round-trip).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => f.write_str(&python_float_repr(x.0)),
            Self::Str(s) => f.write_str(s),
            Self::Host(h) => f.write_str(&h.0.display()),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::int(i)
    }
}

impl From<i32> for Value {
    fn from(i: i32) -> Self {
        Self::int(i64::from(i))
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::str(s)
    }
}

impl From<BigInt> for Value {
    fn from(b: BigInt) -> Self {
        Self::Int(Int::from(b))
    }
}
