//! Linear forms over domains: what a column of a weight matrix reads, as a function of the program's variables.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::dom::{Affine, Dom, Part, total};
use super::facts::{Classes, Facts, Linear, Var};
use super::number::{Num, Sum};

/// Factors that f32 has rounded differ by this part of them, or less.
pub(super) const ROUNDED: f64 = 4e-7;

/// A linear form: products with constants, and a part for each variable.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) constant: Sum,
    /// Variables ascending.
    pub(super) parts: Vec<(Var, Part)>,
}

/// A form and where its variables stand in rows.
pub(super) struct OverRows<'f> {
    constant: Sum,
    /// (place in the row, classes, part)
    parts: Vec<(usize, Rc<Classes>, &'f Part)>,
}

impl OverRows<'_> {
    /// The products at a row.
    pub(super) fn at(&self, row: &[u32]) -> Sum {
        let mut sum = self.constant;
        for (place, classes, part) in &self.parts {
            sum.add(&part.at(row[*place], classes));
        }
        sum
    }
}

/// Rows up to this many are listed before anything cleverer is tried.
const FEW: usize = 1 << 14;

impl Form {
    /// The form with these weights on these domains.
    pub(super) fn read<'d>(terms: impl Iterator<Item = (f64, &'d Dom)>, facts: &Facts<'_>) -> Self {
        let mut constant = Sum::EMPTY;
        let mut by_var: BTreeMap<Var, Vec<(f64, &Dom)>> = BTreeMap::new();
        for (w, dom) in terms {
            match dom {
                Dom::Const(n) => constant.add(&Sum::term(w, *n)),
                Dom::Table { var, .. } | Dom::Affine(Affine { var, .. }) => {
                    by_var.entry(*var).or_default().push((w, dom));
                }
            }
        }
        let parts = by_var.into_iter().map(|(var, terms)| (var, part(var, &terms, facts))).collect();
        Self { constant, parts }
    }

    /// Whether it is zero at every token.
    pub(super) fn is_zero(&self) -> bool {
        self.parts.is_empty() && self.constant.finish().is_zero()
    }

    pub(super) fn vars(&self) -> impl Iterator<Item = Var> + '_ {
        self.parts.iter().map(|p| p.0)
    }

    /// All products it can have, none included.
    pub(super) fn hull(&self, facts: &Facts<'_>) -> Sum {
        let parts = self.parts.iter().map(|(var, part)| {
            let hull = part.hull(*var, facts);
            if facts.can_be_no_number(*var) { hull.join(&part.none()) } else { hull }
        });
        total(parts.chain([self.constant]))
    }

    /// The form, ready to be read at rows of classes of `vars`, among which all of its own are.
    pub(super) fn over<'f>(&'f self, vars: &[Var], facts: &Facts<'_>) -> OverRows<'f> {
        let place = |var: &Var| vars.iter().position(|v| v == var).expect("the rows have every variable of the form");
        let parts = self.parts.iter().map(|(var, part)| (place(var), facts.listed(*var), part)).collect();
        OverRows { constant: self.constant, parts }
    }

    /// The f32 value of the form as a function of one variable.
    pub(super) fn on(&self, target: Var, facts: &Facts<'_>) -> Dom {
        let form = self.retargeted(target, facts);
        if form.parts.is_empty() {
            return Dom::Const(form.constant.finish());
        }
        if let [(var, part)] = &form.parts[..]
            && *var == target
        {
            return single(target, part, &form.constant, facts);
        }
        let mut vars: Vec<Var> = form.vars().collect();
        if !vars.contains(&target) {
            vars.push(target);
        }
        let sizes = vars.iter().map(|&v| facts.is_listed(v).then(|| facts.classes(v).map_or(usize::MAX, |c| c.len())));
        let few = sizes.clone().try_fold(1usize, |n, s| n.checked_mul(s?)).is_some_and(|n| n <= FEW);
        let listed = || form.by_rows(target, &vars, facts);
        let line = if few { None } else { form.follows(target, facts, 1e-9) };
        // A line that other variables leave far from the form is no answer while the rows can be listed.
        let close =
            line.as_ref().is_some_and(|dom| is_close(dom, target, facts) || !vars.iter().all(|&v| facts.is_listed(v)));
        let found = if close { line } else { listed().or(line).or_else(|| form.follows(target, facts, ROUNDED)) };
        found.unwrap_or_else(|| Dom::Const(form.hull(facts).finish()))
    }

    /// Parts that only say whether their variable is none, said of the target where the two are none together.
    fn retargeted(&self, target: Var, facts: &Facts<'_>) -> Self {
        let mut form = Self { constant: self.constant, parts: Vec::new() };
        for (var, part) in &self.parts {
            let flag = *var != target && facts.can_be_none(*var) && is_flag(part);
            let sayable = facts.is_listed(target) || matches!(part, Part::Affine(_));
            let together = flag
                && sayable
                && matches!((*var, target), (Var::Node(a), Var::Node(b)) if facts.roots(a) == facts.roots(b));
            match form.parts.iter_mut().find(|p| together && p.0 == target) {
                Some((_, own)) => merge(own, part, target, facts),
                None if together => form.parts.push((target, part.clone())),
                None => match form.parts.iter_mut().find(|p| p.0 == *var) {
                    Some((_, own)) => merge(own, part, target, facts),
                    None => form.parts.push((*var, part.clone())),
                },
            }
        }
        form
    }

    fn by_rows(&self, target: Var, vars: &[Var], facts: &Facts<'_>) -> Option<Dom> {
        let rows = facts.rows(vars)?;
        let at = vars.iter().position(|v| *v == target).expect("the target is among them");
        let over = self.over(vars, facts);
        let mut found: Vec<Option<Num>> = vec![None; facts.classes(target)?.len()];
        for row in rows.iter() {
            let number = over.at(row).finish();
            let place = &mut found[row[at] as usize];
            *place = Some(place.map_or(number, |n| n.join(number)));
        }
        Some(Dom::of_classes(target, &found))
    }

    /// The form, where its variables hold numbers, as a sum of variables that are sums of nothing else.
    pub(super) fn linear(&self, facts: &Facts<'_>) -> Option<(Linear, f64)> {
        let mut sum = Linear { constant: f64::midpoint(self.constant.lo, self.constant.hi), ..Linear::default() };
        let mut error = (self.constant.hi - self.constant.lo) / 2.0;
        for (var, part) in &self.parts {
            let (scale, offset, e) = part.linear(*var, facts)?;
            let inner = facts.linear(*var);
            for (&v, &f) in &inner.terms {
                *sum.terms.entry(v).or_default() += f * scale;
            }
            sum.constant += offset + inner.constant * scale;
            sum.slack += inner.slack * scale.abs();
            error += e;
        }
        sum.terms.retain(|_, f| *f != 0.0);
        Some((sum, error))
    }

    /// The form as a multiple of a variable wherever that is defined, plus a constant, within an error: (scale, offset,
    /// error).
    pub(super) fn multiple_of(&self, target: Var, facts: &Facts<'_>) -> Option<(f64, f64, f64)> {
        self.nearly_multiple_of(target, facts, 1e-9)
    }

    /// The same where factors may differ by this part of them, as those do that f32 has rounded. (The difference is bounded all
    /// the same.)
    pub(super) fn nearly_multiple_of(&self, target: Var, facts: &Facts<'_>, part: f64) -> Option<(f64, f64, f64)> {
        // Parts are lines only where their variables hold numbers, also where no trace of them is left in the sum.
        let is_number = |v: Var| facts.is_numeric(v) && facts.is_defined_with(target, v);
        if !facts.is_numeric(target) || !self.vars().all(is_number) {
            return None;
        }
        let (own, error) = self.linear(facts)?;
        let wanted = facts.linear(target);
        let (&first, &factor) = wanted.terms.iter().next()?;
        let scale = own.terms.get(&first)? / factor;
        if own.terms.len() != wanted.terms.len() {
            return None;
        }
        let mut off = own.slack + scale.abs() * wanted.slack;
        for (var, factor) in &own.terms {
            let rest = (factor - scale * wanted.terms.get(var)?).abs();
            if rest > part * factor.abs() {
                return None;
            }
            off += rest * facts.size(*var);
        }
        Some((scale, own.constant - scale * wanted.constant, error + off))
    }

    fn follows(&self, target: Var, facts: &Facts<'_>, part: f64) -> Option<Dom> {
        let (scale, offset, error) = self.nearly_multiple_of(target, facts, part)?;
        let hull = total(self.parts.iter().map(|(v, p)| p.hull(*v, facts)).chain([self.constant]));
        let rounding = hull.rounding();
        let grid = if rounding == 0.0 && hull.grid.is_finite() { hull.grid } else { 0.0 };
        let none = self.hull(facts).finish();
        Some(Dom::Affine(Affine { var: target, scale, offset, error: error + rounding, grid, none }))
    }
}

/// Whether a line is off by no more than a small part of what it spans.
fn is_close(dom: &Dom, target: Var, facts: &Facts<'_>) -> bool {
    let Dom::Affine(a) = dom else { return true };
    let (lo, hi) = facts.range(target);
    a.error * 8192.0 <= a.scale.abs() * (hi - lo)
}

/// Whether a part depends on nothing but whether its variable is none.
fn is_flag(part: &Part) -> bool {
    match part {
        Part::Table { exceptions, .. } => exceptions.iter().all(|e| e.0 == 0),
        Part::Affine(terms) => terms.iter().all(|t| t.1.scale == 0.0),
    }
}

/// Adds another part to one of the same variable. A flag among them is rewritten as its variable's kind asks.
fn merge(own: &mut Part, other: &Part, var: Var, facts: &Facts<'_>) {
    if let (Part::Affine(a), Part::Affine(b)) = (&mut *own, other) {
        a.extend(b.iter().copied());
        return;
    }
    let classes = facts.listed(var);
    let mut exceptions = Vec::with_capacity(classes.len());
    for class in 0..classes.len() as u32 {
        let mut sum = own.at(class, &classes);
        sum.add(&other.at(class, &classes));
        exceptions.push((class, sum));
    }
    *own = Part::Table { default: Sum::EMPTY, exceptions };
}

/// A form of one variable, with its constant, as that variable's domain.
fn single(var: Var, part: &Part, constant: &Sum, facts: &Facts<'_>) -> Dom {
    let with = |sum: &Sum| {
        let mut all = *sum;
        all.add(constant);
        all.finish()
    };
    match part {
        Part::Table { default, exceptions } => {
            let classes = facts.listed(var).len();
            let exceptions = exceptions.iter().map(|(c, s)| (*c, with(s))).collect();
            Dom::table(var, with(default), exceptions, classes)
        }
        Part::Affine(_) => {
            let (scale, offset, error) = part.linear(var, facts).expect("it follows its variable");
            let mut hull = part.hull(var, facts);
            hull.add(constant);
            let rounding = hull.rounding();
            let middle = f64::midpoint(constant.lo, constant.hi);
            let error = error + (constant.hi - constant.lo) / 2.0 + rounding;
            let grid = if rounding == 0.0 && hull.grid.is_finite() { hull.grid } else { 0.0 };
            Dom::Affine(Affine { var, scale, offset: offset + middle, error, grid, none: with(&part.none()) })
        }
    }
}

/// What the directions of one variable add to a form.
fn part(var: Var, terms: &[(f64, &Dom)], facts: &Facts<'_>) -> Part {
    let follows = |(w, dom): &(f64, &Dom)| match dom {
        Dom::Affine(a) => Some((*w, *a)),
        _ => None,
    };
    if let Some(all) = terms.iter().map(follows).collect() {
        return Part::Affine(all);
    }
    if let [(w, Dom::Table { default, exceptions, .. })] = terms {
        let exceptions = exceptions.iter().map(|&(class, n)| (class, Sum::term(*w, n))).collect();
        return Part::Table { default: Sum::term(*w, *default), exceptions };
    }
    let mut default = Sum::EMPTY;
    let size = terms.iter().map(|(_, dom)| if let Dom::Table { exceptions, .. } = dom { exceptions.len() } else { 0 });
    // (class, weight, default of the table, number)
    let mut listed: Vec<(u32, f64, Num, Num)> = Vec::with_capacity(size.sum());
    let mut followed: Vec<(f64, Affine)> = Vec::new();
    let mut tables = 0;
    for (w, dom) in terms {
        match dom {
            Dom::Table { default: d, exceptions, .. } => {
                tables += 1;
                default.add(&Sum::term(*w, *d));
                listed.extend(exceptions.iter().map(|&(class, n)| (class, *w, *d, n)));
            }
            Dom::Affine(a) => followed.push((*w, *a)),
            Dom::Const(_) => unreachable!("constants belong to no variable"),
        }
    }
    // Of one class the tables stay in their order.
    listed.sort_by_key(|e| e.0);
    let sum_at = |entries: &[(u32, f64, Num, Num)]| {
        if let ([(_, w, _, n)], 0) = (entries, default.count) {
            return Sum::term(*w, *n);
        }
        // Where every table has an entry nothing of the default stays, and nothing is taken out of it at a cost.
        let mut sum = if entries.len() == tables { Sum::EMPTY } else { default };
        if sum.count > 0 {
            for (_, w, d, _) in entries {
                sum.remove(&Sum::term(*w, *d));
            }
        }
        for (_, w, _, n) in entries {
            sum.add(&Sum::term(*w, *n));
        }
        sum
    };
    let sums = listed.chunk_by(|a, b| a.0 == b.0).map(|entries| (entries[0].0, sum_at(entries)));
    if followed.is_empty() {
        return Part::Table { default, exceptions: sums.collect() };
    }
    let classes = facts.listed(var);
    let mut sums = sums.peekable();
    let exceptions = (0..classes.len() as u32).map(|class| {
        let mut sum = sums.next_if(|s| s.0 == class).map_or(default, |s| s.1);
        for (w, a) in &followed {
            sum.add(&Sum::term(*w, a.at(classes.numbers[class as usize])));
        }
        (class, sum)
    });
    Part::Table { default, exceptions: exceptions.collect() }
}
