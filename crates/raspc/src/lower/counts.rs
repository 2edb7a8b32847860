//! Widths as numbers: what the heads of a selector count, added up and rounded to a whole number.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{NodeId, Op};

use super::repr::NumberForm;
use super::written::{Term, Written, settle};
use super::{BIT, Lowering, Result};
use crate::circuit::{DirId, Form, Unit};
use crate::encode::codes;
use crate::gadgets::widths::{self, Knot};
use crate::json::counted;

impl Lowering<'_> {
    /// The width as a number: the sum over the conjunctions of what each 1/(1+w) says, rounded to a whole number where it
    /// is written.
    pub(super) fn width(&mut self, id: NodeId) -> Result<NumberForm> {
        let Op::SelectorWidth(selector) = *self.graph.op(id) else { unreachable!("a width") };
        let complement = self.encoded.plan(id).complement;
        let widest = self.values.width_range(selector).1;
        let mut heads = self.counted(id, 1.0);
        heads.sort_by_key(|h| std::cmp::Reverse(h.longest));
        // Conjunctions are disjoint: what they count in all is at most the keys there are (twice, where some are taken away).
        let most = self.options.max_len as f64 * if complement { 2.0 } else { 1.0 };
        let sum = Counts::of(&heads, most);
        if sum.error >= 0.5 {
            return Err(self.too_wide(id, heads.len(), sum.error));
        }
        let values: Vec<f64> = (0..=widest).map(|w| w as f64).collect();
        let to = self.direction(self.label(id), id, BIT);
        let written = Written { to, constant: 0.0, values: &values, terms: &[], error: sum.error };
        let (value, error) = settle(&mut self.circuit, &written)?;
        if error > 0.0 {
            return Err(self.not_sharp(id, error));
        }
        let units = sum.units.iter().map(|u| u.to(to)).collect();
        self.mlp(id, units, format!("width read from 1/(1+w) of {}", counted(heads.len(), "pattern")));
        Ok(NumberForm { value, defined: None, error: 0.0 })
    }

    /// The heads of a width, each of its keys counted so often.
    fn counted(&self, id: NodeId, factor: f64) -> Vec<Counted> {
        let Op::SelectorWidth(selector) = *self.graph.op(id) else { unreachable!("a width") };
        let complement = self.encoded.plan(id).complement;
        let widest = self.values.width_range(selector).1;
        let head = |(i, &from): (usize, &DirId)| {
            let longest = if complement { self.options.max_len } else { self.head_width(selector, i).min(widest) };
            // All keys less those of the others, or the sum.
            Counted { from, longest, factor: if complement && i > 0 { -factor } else { factor } }
        };
        self.ratios[id.index()].iter().enumerate().map(head).collect()
    }

    /// Widths of disjoint selectors with whole factors, added up and rounded to a whole number where it is written.
    pub(super) fn counts(&mut self, id: NodeId, terms: &[(NodeId, i64)]) -> Result<NumberForm> {
        let heads: Vec<Counted> = terms.iter().flat_map(|&(w, factor)| self.counted(w, factor as f64)).collect();
        let twice = terms.iter().any(|t| self.encoded.plan(t.0).complement);
        let sum = Counts::of(&heads, self.options.max_len as f64 * if twice { 2.0 } else { 1.0 });
        if sum.error >= 0.5 {
            return Err(self.too_wide(id, heads.len(), sum.error));
        }
        let largest = |sign: f64| heads.iter().map(|h| sign * h.factor).fold(0.0, f64::max);
        let longest = self.options.max_len as f64;
        let values = [-largest(-1.0) * longest, largest(1.0) * longest, 1.0];
        let to = self.direction(self.label(id), id, BIT);
        let written = Written { to, constant: 0.0, values: &values, terms: &[], error: sum.error };
        let (value, error) = settle(&mut self.circuit, &written)?;
        let units = sum.units.iter().map(|u| u.to(to)).collect();
        self.mlp(id, units, format!("counts of {} patterns, added", heads.len()));
        if error > 0.0 {
            return Err(self.not_sharp(id, error));
        }
        Ok(NumberForm { value, defined: None, error })
    }

    /// Widths times whole factors, added: a unit copies each, which is a whole number without error and not negative.
    ///
    /// The widths are of disjoint selectors, so that no partial sum is larger than the largest factor times the length:
    /// below 2^24 whole numbers add up exactly in any order.
    pub(super) fn added(&mut self, id: NodeId, terms: &[(NodeId, i64)]) -> Result<NumberForm> {
        let longest = self.options.max_len as f64;
        let largest = |sign: f64| terms.iter().map(|t| sign * t.1 as f64).fold(0.0, f64::max) * longest;
        let values = [-largest(-1.0), largest(1.0), 1.0];
        let to = self.direction(self.label(id), id, BIT);
        let whole = Term { weight: 1.0, largest: largest(1.0).max(largest(-1.0)), grid: 1.0 };
        let written = Written { to, constant: 0.0, values: &values, terms: &[whole], error: 0.0 };
        let (value, error) = settle(&mut self.circuit, &written)?;
        if error > 0.0 {
            return Err(self.not_sharp(id, error));
        }
        let copy = |&(w, factor): &(NodeId, i64)| Unit::new(&self.number_of(w).value, 0.0, vec![(to, factor as f64)]);
        let units = terms.iter().map(copy).collect();
        self.mlp(id, units, format!("{} counts, added", terms.len()));
        Ok(NumberForm { value, defined: None, error })
    }

    /// The most keys that one head of a width counts.
    fn head_width(&self, selector: NodeId, head: usize) -> usize {
        let family = self.encoded.forms.families.get(&selector);
        family.map_or(self.options.max_len, |f| f.heads[head].1)
    }

    fn too_wide(&self, id: NodeId, heads: usize, error: f64) -> Box<Diagnostic> {
        let message = format!(
            "`{}` counts up to {} keys through {}, and 32-bit floats would be off by up to {error:.3}",
            self.label(id),
            self.options.max_len,
            counted(heads, "attention pattern")
        );
        Box::new(
            Diagnostic::error(codes::WIDTH, message)
                .hint("shorten the maximum length, or count with a simpler selector"),
        )
    }
}

/// A head that counts up to `longest` keys: the direction that holds its 1/(1+w).
struct Counted {
    from: DirId,
    longest: usize,
    /// How often each counts.
    factor: f64,
}

/// A unit that counts by one head.
struct Counting {
    from: DirId,
    knot: Knot,
}

impl Counting {
    fn to(&self, to: DirId) -> Unit {
        let Knot { bias, factor, weight } = self.knot;
        Unit::new(&Form::of(self.from).scaled(factor), bias, vec![(to, weight)])
    }
}

/// The units that add what several heads count, and how far their sum can be from it.
struct Counts {
    units: Vec<Counting>,
    error: f64,
}

impl Counts {
    fn of(heads: &[Counted], most: f64) -> Self {
        let sizes: Vec<(usize, f64)> = heads.iter().map(|h| (h.longest, h.factor)).collect();
        let (knots, error) = widths::sum(&sizes, most);
        let own = heads.iter().zip(knots);
        let units = own.flat_map(|(h, knots)| knots.into_iter().map(|knot| Counting { from: h.from, knot })).collect();
        Self { units, error }
    }
}
