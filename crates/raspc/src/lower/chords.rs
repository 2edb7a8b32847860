//! Functions of a number with very many values, as chords ([`crate::gadgets::chords`]).

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::NodeId;
use raspc_lang::value::Value;

use super::repr::{NumberForm, U, measure};
use super::{Lowering, Result};
use crate::circuit::{Form, Range, Unit};
use crate::encode::codes;
use crate::encode::plan::Sum;
use crate::gadgets::chords::{Chords, chords};
use crate::json::counted;

impl Lowering<'_> {
    /// The number as chords on a sum of others.
    pub(super) fn chords(&mut self, id: NodeId, sum: &Sum) -> Result<NumberForm> {
        let form = self.total(&sum.terms, 0.0, false);
        let inherited: f64 = sum.terms.iter().map(|t| t.1.abs() * self.number_of(t.0).error).sum();
        let measured = measure(&self.circuit, &form);
        let mut nodes: Vec<NodeId> = sum.terms.iter().map(|t| t.0).collect();
        nodes.push(id);
        let points = points(&self.joint(&nodes)?, sum);
        // (Ideal values are added in f64, in whatever order.)
        let off = inherited.max(measured.error) + measured.sum * 4.0 * f64::EPSILON;
        let Chords { constant, ramps, error } = chords(&points, off).map_err(|error| self.too_steep(id, off, error))?;
        let (lo, hi) = points.iter().fold((constant, constant), |(lo, hi), p| (lo.min(p.1), hi.max(p.1)));
        let error = error + 2.0 * U * lo.abs().max(hi.abs());
        if !f64::from(hi.max(-lo) as f32).is_finite() {
            return Err(self.too_large(id, hi.max(-lo)));
        }
        let to = self.direction(self.label(id), id, Range { lo: lo - error, hi: hi + error, grid: None, error });
        self.circuit.directions[to.index()].embedding.constant = constant;
        let unit = |r: &crate::gadgets::chords::Ramp| {
            let (sign, bias) = if r.rises { (1.0, -r.at) } else { (-1.0, r.at) };
            Unit::new(&form.scaled(sign), bias, vec![(to, r.weight)])
        };
        let units = ramps.iter().map(unit).collect();
        self.mlp(id, units, counted(ramps.len(), "chord"));
        let defined = self.defined_with(id, sum);
        Ok(NumberForm { value: Form::of(to), defined, error })
    }

    fn too_steep(&self, id: NodeId, off: f64, error: f64) -> Box<Diagnostic> {
        let message = format!(
            "`{}` may be off by {error:.3e}: it changes that fast with a number that is off by up to {off:.3e}",
            self.label(id)
        );
        Box::new(
            Diagnostic::error(codes::MARGIN, message).hint("shorten the maximum length, or round before it changes"),
        )
    }
}

/// A node as a function of a sum: from tuples of the values of its terms and of the node. Where one of them is none it is none.
pub(crate) fn points(tuples: &[Box<[Value]>], sum: &Sum) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for tuple in tuples {
        let numbers: Option<Vec<f64>> = tuple.iter().map(Value::as_f64).collect();
        points.extend(numbers.map(|n| {
            let (y, terms) = n.split_last().expect("the node is among them");
            (terms.iter().zip(&sum.terms).map(|(x, t)| x * t.1).sum::<f64>(), *y)
        }));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    points
}
