//! Numbers that categories choose, where their values are too many to list: `mean if flag else 0`, `mean * length`.
//!
//! For each row of values that the categories hold together the program's function is a sum of the numbers that are left
//! ([`super::partial`]), and each group of units adds nothing, or follows a line of its scalar on all that this can be there. The
//! difference of the two sums is bounded term by term; the largest over all rows is how far a direction can be from the
//! s-op's number.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use raspc_lang::function::{Body, Expr};
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::dom::{Affine, Dom, Part, total};
use super::facts::{Classes, Facts, Linear, Rows, Var};
use super::form::Form;
use super::mlp::Target;
use super::number::Sum;
use super::partial::{Partial, partial};
use super::stream::Stream;
use super::units::Group;

/// Most rows of categories.
const ROWS: usize = 1 << 16;

/// What the program says of a target, by row of its categories.
pub(super) struct Chosen<'a> {
    target: &'a Target<'a>,
    facts: &'a Facts<'a>,
    /// The categories, ascending.
    vars: Vec<Var>,
    classes: Vec<Rc<Classes>>,
    /// (row, what the target is there), where it is a number.
    sums: Vec<(Vec<u32>, Linear)>,
}

/// What the target is at a row.
enum At {
    Sum(Linear),
    /// None, or nothing that an input reaches.
    NoNumber,
}

impl<'a> Chosen<'a> {
    /// The rows of a target, if its units read categories and numbers, and its function is a sum of numbers at each row.
    pub(super) fn of(target: &'a Target<'a>, facts: &'a Facts<'a>) -> Option<Self> {
        let Var::Node(node) = target.var else { return None };
        let Op::Map { function, args } = facts.graph.op(node) else { return None };
        let Body::Expr(expr) = &function.body else { return None };
        if !facts.is_numeric(target.var) {
            return None;
        }
        let is_number = |var: Var| facts.is_numeric(var) && facts.is_defined_with(target.var, var);
        let mut categories: BTreeSet<Var> =
            args.iter().map(|&a| Var::Node(a)).filter(|&a| facts.is_listed(a)).collect();
        for (var, part) in target.groups.iter().flat_map(|g| &g.form.parts) {
            if facts.is_listed(*var) {
                categories.insert(*var);
            } else if !is_number(*var) || !matches!(part, Part::Affine(_)) {
                return None;
            }
        }
        if !args.iter().all(|&a| facts.is_listed(Var::Node(a)) || is_number(Var::Node(a))) {
            return None;
        }
        let vars: Vec<Var> = categories.into_iter().collect();
        let classes: Vec<Rc<Classes>> = vars.iter().map(|&v| facts.classes(v)).collect::<Option<_>>()?;
        let rows: Rc<Rows> = facts.rows(&vars).filter(|rows| rows.len() <= ROWS)?;
        let mut found = Self { target, facts, vars, classes, sums: Vec::new() };
        for row in rows.iter() {
            if let At::Sum(sum) = found.sum(expr, args, row)? {
                found.sums.push((row.to_vec(), sum));
            }
        }
        Some(found)
    }

    /// The target at a row, as a sum of numbers that are sums of nothing else, if it is such a sum.
    fn sum(&self, expr: &Expr, args: &[NodeId], row: &[u32]) -> Option<At> {
        let value = |a: NodeId| {
            let place = self.vars.binary_search(&Var::Node(a)).ok()?;
            Some(self.classes[place].values[row[place] as usize].clone())
        };
        let known: Vec<Option<Value>> = args.iter().map(|&a| value(a)).collect();
        // None in, none out.
        if known.iter().flatten().any(Value::is_none) {
            return Some(At::NoNumber);
        }
        let size = |a: NodeId| self.facts.size(Var::Node(a));
        let sizes: Vec<f64> = args.iter().zip(&known).map(|(&a, v)| if v.is_some() { 0.0 } else { size(a) }).collect();
        let open = match partial(expr, &known, &sizes)? {
            Partial::Raises => return Some(At::NoNumber),
            Partial::Known(v) if v.is_none() => return Some(At::NoNumber),
            other => other.open(args.len())?,
        };
        let mut sum = Linear { constant: open.constant, slack: open.off, ..Linear::default() };
        for (&arg, &factor) in args.iter().zip(&open.factors).filter(|f| *f.1 != 0.0) {
            sum.add(factor, &self.facts.linear(Var::Node(arg)));
        }
        // Of what the row says the number is known.
        let of_row: Vec<(Var, f64)> =
            sum.terms.iter().filter(|t| self.vars.binary_search(t.0).is_ok()).map(|(&v, &f)| (v, f)).collect();
        for (var, factor) in of_row {
            let place = self.vars.binary_search(&var).ok()?;
            let number = self.classes[place].numbers[row[place] as usize];
            if number.is_nan() {
                return None;
            }
            sum.terms.remove(&var);
            sum.constant += factor * number;
            sum.slack += 4.0 * f64::EPSILON * (sum.constant.abs() + (factor * number).abs());
        }
        Some(At::Sum(sum))
    }

    /// What a direction holds that nothing has written yet, as the target's number, a constant apart: where at every row the
    /// groups that write it add up to that.
    pub(super) fn direction(&self, dir: u32, stream: &Stream) -> Option<(u32, Dom, u8)> {
        let Dom::Const(old) = stream.doms[dir as usize] else { return None };
        let groups: Vec<(&Group, &[(u32, f64)])> =
            self.target.groups.iter().filter_map(|g| Some((*g, &g.writes.get(&dir)?[..]))).collect();
        let mut anything = Sum::EMPTY;
        for (group, writes) in &groups {
            anything.add(&group.adds(writes, &group.form.hull(self.facts)));
        }
        let (lo, hi) = self.facts.range(self.target.var);
        let (mut error, mut grid) = (0.0f64, f64::INFINITY);
        let mut bits = anything.bits;
        for (row, wanted) in &self.sums {
            self.facts.options.interrupt.check();
            let (off, mut products) = self.added(&groups, row, wanted)?;
            (products.lo, products.hi) = (lo - off, hi + off);
            bits = bits.max(products.bits);
            let mut with_old = Sum::term(1.0, products.finish());
            with_old.add(&Sum::term(1.0, old));
            let rounding = with_old.rounding();
            error = error.max(off + products.rounding() + rounding);
            grid = grid.min(if rounding == 0.0 { with_old.grid } else { 0.0 });
        }
        error += (old.hi - old.lo) / 2.0;
        let grid = if grid.is_finite() { grid } else { 0.0 };
        // The rows say nothing of where the target is no number.
        let none = old.plus(anything.finish());
        let offset = f64::midpoint(old.lo, old.hi);
        error.is_finite().then(|| {
            let dom = Dom::Affine(Affine { var: self.target.var, scale: 1.0, offset, error, grid, none });
            (dir, dom, bits)
        })
    }

    /// How far from `wanted` the exact sum can be of what groups add at a row, all units rounded as they are; and the products.
    fn added(&self, groups: &[(&Group, &[(u32, f64)])], row: &[u32], wanted: &Linear) -> Option<(f64, Sum)> {
        let mut products = Sum::EMPTY;
        let mut terms: BTreeMap<Var, f64> = wanted.terms.iter().map(|(&v, &f)| (v, -f)).collect();
        let size = |var: Var| self.facts.size(var);
        let (mut constant, mut off) = (-wanted.constant, wanted.slack);
        // Magnitudes of all that is added up here, in f64.
        let mut sizes = constant.abs() + wanted.terms.iter().map(|(&v, f)| f.abs() * size(v)).sum::<f64>();
        for &(group, writes) in groups {
            let form = self.at_row(&group.form, row);
            let scalar = total(form.parts.iter().map(|(v, p)| p.hull(*v, self.facts)).chain([form.constant]));
            if group.is_silent(&scalar) {
                continue;
            }
            let (factor, added, all) = group.line(writes, &scalar)?;
            let (linear, error) = form.linear(self.facts)?;
            for (&v, &f) in &linear.terms {
                *terms.entry(v).or_default() += factor * f;
                sizes += (factor * f).abs() * size(v);
            }
            constant += factor * linear.constant + added;
            sizes += (factor * linear.constant).abs() + added.abs();
            off += factor.abs() * (error + linear.slack) + all.hi;
            products.add(&all);
        }
        off += constant.abs() + terms.iter().map(|(&v, f)| f.abs() * size(v)).filter(|x| *x != 0.0).sum::<f64>();
        off += 64.0 * f64::EPSILON * sizes;
        Some((off, products))
    }

    /// A form of which the categories are known.
    fn at_row(&self, form: &Form, row: &[u32]) -> Form {
        let mut at = Form { constant: form.constant, parts: Vec::new() };
        for (var, part) in &form.parts {
            match self.vars.binary_search(var) {
                Ok(place) => at.constant.add(&part.at(row[place], &self.classes[place])),
                Err(_) => at.parts.push((*var, part.clone())),
            }
        }
        at
    }
}
