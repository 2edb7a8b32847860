//! Linear forms on the residual stream.
//!
//! **Invariant.** Directions ascend; no weight is zero.

use super::{DirId, ONE};

/// A linear form: Σ weight · direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form(Vec<(DirId, f64)>);

impl Form {
    /// The form that is zero everywhere.
    pub fn zero() -> Self {
        Self::default()
    }

    /// One direction with weight 1.
    pub fn of(dir: DirId) -> Self {
        Self(vec![(dir, 1.0)])
    }

    /// A constant at tokens: a multiple of `one`.
    pub fn constant(c: f64) -> Self {
        Self::from_terms(vec![(ONE, c)])
    }

    /// The sum of the terms, in any order, directions repeated or not.
    pub fn from_terms(mut terms: Vec<(DirId, f64)>) -> Self {
        terms.sort_by_key(|t| t.0);
        let mut merged: Vec<(DirId, f64)> = Vec::with_capacity(terms.len());
        for (d, c) in terms {
            match merged.last_mut() {
                Some(last) if last.0 == d => last.1 += c,
                _ => merged.push((d, c)),
            }
        }
        merged.retain(|t| t.1 != 0.0);
        Self(merged)
    }

    /// Σ weight · form.
    pub fn sum<'a>(forms: impl IntoIterator<Item = (&'a Self, f64)>) -> Self {
        Self::from_terms(forms.into_iter().flat_map(|(f, w)| f.0.iter().map(move |&(d, c)| (d, c * w))).collect())
    }

    /// This form plus `weight` times another.
    #[must_use]
    pub fn plus(&self, other: &Self, weight: f64) -> Self {
        Self::sum([(self, 1.0), (other, weight)])
    }

    /// `one` minus this form: the complement of an indicator.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::constant(1.0).plus(self, -1.0)
    }

    /// The form times a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self::sum([(self, factor)])
    }

    /// The terms, directions ascending.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = (DirId, f64)> + '_ {
        self.0.iter().copied()
    }

    /// The directions it reads, ascending.
    pub fn dirs(&self) -> impl Iterator<Item = DirId> + '_ {
        self.0.iter().map(|t| t.0)
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}
