//! Domains: what one direction of the residual stream holds at tokens, as a function of a variable of the program.
//!
//! A domain says: on every input, at every token where the variable has this value, the f32 number in this direction is
//! one of these. Most classes of a one-hot share a value, so only the others are listed.

use raspc_lang::value::Value;

use super::facts::{Classes, Facts, Var};
use super::number::{Num, Sum, grid_of};

/// What a direction holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Dom {
    /// The same everywhere.
    Const(Num),
    /// By the class of a listed variable.
    Table {
        /// The variable.
        var: Var,
        /// At every class that is not among the exceptions.
        default: Num,
        /// (class, number), classes ascending.
        exceptions: Vec<(u32, Num)>,
    },
    /// `scale · value + offset`.
    Affine(Affine),
}

/// A number that follows a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// The variable.
    pub var: Var,
    /// The factor.
    pub scale: f64,
    /// The constant.
    pub offset: f64,
    /// How far it can be off.
    pub error: f64,
    /// A power of two of which all numbers are multiples; 0 where none is known.
    pub grid: f64,
    /// What is there where the variable is none, or anything else that is no number.
    pub none: Num,
}

impl Affine {
    /// The number where the variable has this value (not a number: none).
    pub fn at(&self, value: f64) -> Num {
        if value.is_nan() {
            return self.none;
        }
        let at = self.scale * value + self.offset;
        let error = self.error + slack(self.scale * value, self.offset, grid_of(self.scale) * grid_of(value));
        Num::new(at - error, at + error, self.grid)
    }

    /// All numbers, what is there where the variable is no number apart.
    pub(super) fn hull(&self, facts: &Facts<'_>) -> Num {
        if self.scale == 0.0 {
            return self.at(0.0);
        }
        let (lo, hi) = facts.range(self.var);
        let (a, b) = (self.at(lo), self.at(hi));
        // The ends may lie on coarser grids than what is between them.
        Num { grid: 0.0, ..a.join(b) }.on(self.grid)
    }
}

impl Num {
    /// Known to lie on this grid as well.
    fn on(self, grid: f64) -> Self {
        Self::new(self.lo, self.hi, self.grid.max(grid))
    }
}

/// What f64 may round in `product + offset`: nothing where both are multiples of one grid that f64 can hold.
pub(super) fn slack(product: f64, offset: f64, grid: f64) -> f64 {
    let grid = grid.min(grid_of(offset));
    let size = product.abs() + offset.abs();
    if size == 0.0 || size <= 4e15 * grid { 0.0 } else { 4.0 * f64::EPSILON * size }
}

impl Dom {
    /// What the direction holds at a class.
    pub fn at(&self, class: u32, classes: &[f64]) -> Num {
        match self {
            Self::Const(n) => *n,
            Self::Table { default, exceptions, .. } => {
                exceptions.binary_search_by_key(&class, |e| e.0).map_or(*default, |i| exceptions[i].1)
            }
            Self::Affine(a) => a.at(classes[class as usize]),
        }
    }

    /// What the direction holds where the variable has this value, one of `listed` (its values in canonical order);
    /// nothing where no input gives it this value.
    pub fn at_value(&self, value: &Value, listed: &[Value]) -> Option<Num> {
        match self {
            Self::Const(n) => Some(*n),
            Self::Table { .. } => listed.binary_search(value).ok().map(|class| self.at(class as u32, &[])),
            Self::Affine(a) => Some(a.at(value.as_f64().unwrap_or(f64::NAN))),
        }
    }

    /// Whether all that it can be is a finite number. (Of an error that is no number a hull would say nothing.)
    pub(super) fn is_finite(&self, facts: &Facts<'_>) -> bool {
        let known = if let Self::Affine(a) = self { (a.scale + a.offset + a.error).is_finite() } else { true };
        known && self.hull(facts).is_finite()
    }

    /// The variable, if it is a function of one.
    pub fn var(&self) -> Option<Var> {
        match self {
            Self::Const(_) => None,
            Self::Table { var, .. } => Some(*var),
            Self::Affine(a) => Some(a.var),
        }
    }

    /// Everything the direction can hold.
    pub(super) fn hull(&self, facts: &Facts<'_>) -> Num {
        match self {
            Self::Const(n) => *n,
            Self::Table { default, exceptions, .. } => exceptions.iter().fold(*default, |n, e| n.join(e.1)),
            Self::Affine(a) if facts.can_be_no_number(a.var) => a.hull(facts).join(a.none),
            Self::Affine(a) => a.hull(facts),
        }
    }

    /// A table; of the numbers in it the most frequent becomes the default.
    pub(super) fn table(var: Var, default: Num, mut exceptions: Vec<(u32, Num)>, classes: usize) -> Self {
        exceptions.retain(|e| e.1 != default);
        if exceptions.len() * 2 <= classes {
            return if exceptions.is_empty() { Self::Const(default) } else { Self::Table { var, default, exceptions } };
        }
        let mut sorted: Vec<Num> = exceptions.iter().map(|e| e.1).collect();
        sorted.sort_by(|a, b| a.lo.total_cmp(&b.lo).then(a.hi.total_cmp(&b.hi)).then(a.grid.total_cmp(&b.grid)));
        let runs = sorted.chunk_by(|a, b| a == b);
        let (count, common) = runs.map(|r| (r.len(), r[0])).max_by_key(|r| r.0).expect("there are exceptions");
        if count <= classes - exceptions.len() {
            return Self::Table { var, default, exceptions };
        }
        let mut all = vec![default; classes];
        for e in &exceptions {
            all[e.0 as usize] = e.1;
        }
        let listed = (0..).zip(all).filter(|e| e.1 != common).collect();
        Self::Table { var, default: common, exceptions: listed }
    }

    /// The table of a number for each class; a class without one is reached by no input.
    pub(super) fn of_classes(var: Var, numbers: &[Option<Num>]) -> Self {
        let Some(default) = numbers.iter().flatten().next() else { return Self::Const(Num::ZERO) };
        let exceptions = (0..).zip(numbers).filter_map(|(c, n)| n.map(|n| (c, n))).collect();
        Self::table(var, *default, exceptions, numbers.len())
    }
}

/// What a linear form reads from the directions of one variable.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// By class.
    Table {
        /// At every class that is not among the exceptions.
        default: Sum,
        /// (class, sum), classes ascending.
        exceptions: Vec<(u32, Sum)>,
    },
    /// (weight, number) of directions that follow the variable.
    Affine(Vec<(f64, Affine)>),
}

impl Part {
    /// The products where the variable has this class.
    pub(super) fn at(&self, class: u32, classes: &Classes) -> Sum {
        match self {
            Self::Table { default, exceptions } => {
                exceptions.binary_search_by_key(&class, |e| e.0).map_or(*default, |i| exceptions[i].1)
            }
            Self::Affine(_) => self.at_value(classes.numbers[class as usize]),
        }
    }

    /// The products of directions that follow the variable, at a value.
    pub(super) fn at_value(&self, value: f64) -> Sum {
        let Self::Affine(terms) = self else { unreachable!("a part that follows its variable") };
        total(terms.iter().map(|(w, a)| Sum::term(*w, a.at(value))))
    }

    /// All products, those where the variable is none apart.
    pub(super) fn hull(&self, var: Var, facts: &Facts<'_>) -> Sum {
        match self {
            Self::Table { default, exceptions } => {
                let none = facts.can_be_none(var);
                let rest = exceptions.iter().filter(|e| !(none && e.0 == 0)).map(|e| e.1);
                rest.fold(*default, |s, e| s.join(&e))
            }
            Self::Affine(terms) => total(terms.iter().map(|(w, a)| Sum::term(*w, a.hull(facts)))),
        }
    }

    /// The products where the variable is none.
    pub(super) fn none(&self) -> Sum {
        match self {
            Self::Table { default, exceptions } => exceptions.first().filter(|e| e.0 == 0).map_or(*default, |e| e.1),
            Self::Affine(terms) => total(terms.iter().map(|(w, a)| Sum::term(*w, a.none))),
        }
    }

    /// (scale, offset, error) of the part as a function of the variable's number, where it is close to one. Of classes that
    /// are no numbers it says nothing.
    pub(super) fn linear(&self, var: Var, facts: &Facts<'_>) -> Option<(f64, f64, f64)> {
        match self {
            Self::Affine(terms) => Some(terms.iter().fold((0.0, 0.0, 0.0), |(s, o, e), (w, a)| {
                let slack = 4.0 * f64::EPSILON * (o.abs() + (w * a.offset).abs());
                let exact =
                    o == 0.0 || grid_of(o).min(grid_of(w * a.offset)) * 4e15 > o.abs().max((w * a.offset).abs());
                (s + w * a.scale, o + w * a.offset, e + w.abs() * a.error + if exact { 0.0 } else { slack })
            })),
            Self::Table { .. } => self.fit(&*facts.classes(var)?),
        }
    }

    fn fit(&self, classes: &Classes) -> Option<(f64, f64, f64)> {
        let listed = || (0..).zip(&classes.numbers).filter(|c| !c.1.is_nan());
        let (first, last) = (listed().next()?, listed().last()?);
        let middle = |class: u32| {
            let s = self.at(class, classes);
            f64::midpoint(s.lo, s.hi)
        };
        let scale = if first.0 == last.0 { 0.0 } else { (middle(last.0) - middle(first.0)) / (last.1 - first.1) };
        let along = |scale: f64, offset: f64| {
            let error = listed().map(|(class, x)| {
                let (s, at) = (self.at(class, classes), scale * x + offset);
                (s.hi - at).max(at - s.lo).max(0.0)
            });
            let error = error.fold(0.0, f64::max);
            (error <= 0.3 * scale.abs() || first.0 == last.0).then_some((scale, offset, error))
        };
        // A line through whole numbers says the same of every part that is one, whatever their errors.
        let whole = (scale.round(), (middle(first.0) - scale.round() * first.1).round());
        along(whole.0, whole.1).or_else(|| along(scale, middle(first.0) - scale * first.1))
    }
}

/// The products of several.
pub(super) fn total(parts: impl Iterator<Item = Sum>) -> Sum {
    parts.fold(Sum::EMPTY, |mut all, part| {
        all.add(&part);
        all
    })
}
