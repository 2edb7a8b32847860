//! The MLP half of a layer: `x += relu(x W_in + b_in) W_out`.
//!
//! The directions that an s-op owns are followed over the *cases* of the program: the rows of values that the s-op and
//! whatever its units read hold together at one position ([`Cases`]). In each case the scalar of every group of units lies
//! between two ends, and so does what the group adds. Where a sum of numbers is read (a difference of two s-ops), the
//! cases are the values of an s-op that is the same sum, if the program has one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use raspc_model::model::Layer;

use super::cases::Cases;
use super::causes::Causes;
use super::chosen::Chosen;
use super::dom::{Affine, Dom, Part, total};
use super::facts::{Facts, Var};
use super::form::{Form, ROUNDED};
use super::number::{Num, Sum};
use super::run::Run;
use super::stream::Stream;
use super::units::{Group, group};

/// The target of one half-layer: a variable and the directions that follow it.
pub(super) struct Target<'a> {
    pub(super) var: Var,
    /// Directions, ascending.
    pub(super) dirs: Vec<u32>,
    /// The groups that write them.
    pub(super) groups: Vec<&'a Group>,
}

/// Runs the MLP of a layer. `owner` says which variable a direction follows.
pub(super) fn feed_forward(
    layer: &Layer,
    stream: &mut Stream,
    owner: &dyn Fn(u32) -> Option<Var>,
    facts: &Facts<'_>,
    causes: &mut Causes,
) {
    let groups = group(layer, stream, facts);
    let mut targets: BTreeMap<Var, BTreeSet<u32>> = BTreeMap::new();
    let mut unowned: BTreeSet<u32> = BTreeSet::new();
    let mut by_dir: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    groups.iter().enumerate().for_each(|(g, group)| {
        for &d in group.writes.keys() {
            by_dir.entry(d).or_default().push(g);
        }
    });
    for (&dir, of) in &by_dir {
        let found = owner(dir).map(|var| narrowed(var, of.iter().map(|&g| &groups[g]), facts));
        match found {
            Some(var) => drop(targets.entry(var).or_default().insert(dir)),
            None => drop(unowned.insert(dir)),
        }
    }
    let mut new: Vec<(u32, Dom, u8)> = Vec::new();
    for (var, dirs) in targets {
        let writers: BTreeSet<usize> = dirs.iter().flat_map(|d| by_dir[d].iter().copied()).collect();
        let groups = writers.iter().map(|&g| &groups[g]).collect();
        let target = Target { var, dirs: dirs.into_iter().collect(), groups };
        new.extend(follow(&target, stream, facts, causes));
    }
    for dir in unowned {
        let of = by_dir[&dir].iter().map(|&g| groups[g].adds(&groups[g].writes[&dir], &groups[g].form.hull(facts)));
        let out = total(of);
        let dom = stream.doms[dir as usize].hull(facts).plus(out.finish());
        new.push((dir, Dom::Const(dom), out.bits));
    }
    let at_bos = constants(&groups, &stream.bos);
    let at_pad = constants(&groups, &stream.pad);
    let hulls: Vec<Sum> = groups.iter().map(|g| g.form.hull(facts)).collect();
    for (dir, dom, bits) in new {
        let d = dir as usize;
        let inherited = by_dir[&dir].iter().map(|&g| groups[g].bits(dir, &hulls[g], stream)).max().unwrap_or(0);
        stream.bits[d] = stream.bits[d].max(bits).max(inherited).max(at_bos[&dir].bits);
        stream.doms[d] = dom;
        stream.bos[d] = stream.bos[d].plus(at_bos[&dir].finish());
        stream.pad[d] = stream.pad[d].plus(at_pad[&dir].finish());
    }
}

/// A direction of a width that only reads one conjunction follows that.
fn narrowed<'a>(var: Var, groups: impl Iterator<Item = &'a Group>, facts: &Facts<'_>) -> Var {
    let Var::Node(node) = var else { return var };
    if facts.cubes(node).is_none() {
        return var;
    }
    let mut read: Vec<Var> = groups.flat_map(|g| g.form.vars()).collect();
    read.dedup();
    match read[..] {
        [cube @ Var::Cube(of, _)] if of == node => cube,
        _ => var,
    }
}

/// What the groups add at a position whose directions are known one by one.
fn constants(groups: &[Group], at: &[Num]) -> HashMap<u32, Sum> {
    let mut out: HashMap<u32, Sum> = HashMap::new();
    for group in groups {
        for (dir, sum) in group.adds_at(at) {
            out.entry(dir).or_insert(Sum::EMPTY).add(&sum);
        }
    }
    out
}

/// Targets of more groups than this are followed by their categories, where they have any.
const MANY: usize = 64;

/// The new domains of a target's directions.
fn follow(target: &Target<'_>, stream: &Stream, facts: &Facts<'_>, causes: &mut Causes) -> Vec<(u32, Dom, u8)> {
    if !facts.is_listed(target.var)
        && let Some(lines) = lines(target, stream, facts)
    {
        return lines;
    }
    if let Var::Node(node) = target.var
        && facts.is_count(node)
        && let Some(sums) = separate(target, stream, facts)
    {
        return sums;
    }
    let listed = |causes: &mut Causes| {
        let cases = Cases::of(target.var, &target.groups, facts)?;
        let classes = facts.classes(target.var)?;
        let mut run = Run::new(target, stream, facts, classes.len());
        run.all(&cases, causes).then(|| run.domains())
    };
    let chosen = || {
        let rows = Chosen::of(target, facts)?;
        Some(target.dirs.iter().map(|&dir| (dir, rows.direction(dir, stream))).collect::<Vec<_>>())
    };
    // Of very many units each is not looked at with each value, if the values need not be listed.
    let many = target.groups.len() > MANY && !facts.is_listed(target.var);
    let early = many.then(chosen);
    let complete = early.iter().flatten().any(|all| all.iter().all(|d| d.1.is_some()));
    if !complete && let Some(domains) = listed(causes) {
        return domains;
    }
    let hull = |dir: u32| {
        let of = target.groups.iter().filter_map(|g| Some(g.adds(g.writes.get(&dir)?, &g.form.hull(facts))));
        let out = total(of);
        let old = stream.doms[dir as usize].hull(facts);
        (dir, Dom::Const(old.plus(out.finish())), out.bits)
    };
    let found = early.unwrap_or_else(chosen).unwrap_or_else(|| target.dirs.iter().map(|&dir| (dir, None)).collect());
    found.into_iter().map(|(dir, known)| known.unwrap_or_else(|| hull(dir))).collect()
}

/// Directions to which each conjunction of a width adds on its own: the sum of what each adds at its own width.
fn separate(target: &Target<'_>, stream: &Stream, facts: &Facts<'_>) -> Option<Vec<(u32, Dom, u8)>> {
    let classes = facts.classes(target.var)?;
    let sum = |&dir: &u32| {
        let Dom::Const(old) = stream.doms[dir as usize] else { return None };
        let mut parts: BTreeMap<Var, Vec<Sum>> = BTreeMap::new();
        for group in &target.groups {
            let Some(writes) = group.writes.get(&dir) else { continue };
            let [(var, part)] = &group.form.parts[..] else { return None };
            let listed = facts.classes(*var)?;
            let sums = parts.entry(*var).or_insert_with(|| vec![Sum::EMPTY; listed.len()]);
            for (class, all) in (0..).zip(sums.iter_mut()) {
                let mut scalar = part.at(class, &listed);
                scalar.add(&group.form.constant);
                all.add(&group.adds(writes, &scalar));
            }
        }
        let bounds = Growth::of(&parts.values().collect::<Vec<_>>());
        let tables = parts.into_iter().map(|(var, sums)| {
            let exceptions = (0..).zip(sums).collect();
            (var, Part::Table { default: Sum::EMPTY, exceptions })
        });
        let form = Form { constant: Sum::EMPTY, parts: tables.collect() };
        let (scale, offset, error) = form.multiple_of(target.var, facts)?;
        let hull = form.hull(facts);
        let plain = facts.is_plain_sum(target.var.node());
        let at = |x: f64| {
            let middle = scale * x + offset;
            let sum = Sum { lo: middle - error, hi: middle + error, ..hull };
            old.plus(if plain { bounds.at(x, sum) } else { sum }.finish())
        };
        let numbers: Vec<Option<Num>> = classes.numbers.iter().map(|&x| (!x.is_nan()).then(|| at(x))).collect();
        Some((dir, Dom::of_classes(target.var, &numbers), hull.bits))
    };
    target.dirs.iter().map(sum).collect()
}

/// Bounds of the products that several conjunctions add, by the sum of their widths: none grows faster than the width
/// times a factor, plus a constant.
struct Growth {
    pos: (f64, f64),
    neg: (f64, f64),
    count: (f64, f64),
}

impl Growth {
    /// `parts` holds the products of each conjunction, by its width.
    fn of(parts: &[&Vec<Sum>]) -> Self {
        let line = |of: &dyn Fn(&Sum) -> f64| {
            let steepest = |sums: &[Sum]| sums.last().map_or(0.0, |s| of(s) / (sums.len() as f64 - 1.0).max(1.0));
            let factor = parts.iter().map(|sums| steepest(sums)).fold(0.0, f64::max);
            let above =
                |sums: &[Sum]| sums.iter().enumerate().map(|(w, s)| of(s) - factor * w as f64).fold(0.0, f64::max);
            (factor, parts.iter().map(|sums| above(sums)).sum::<f64>())
        };
        Self { pos: line(&|s| s.pos), neg: line(&|s| s.neg), count: line(&|s| f64::from(s.count)) }
    }

    fn at(&self, width: f64, sum: Sum) -> Sum {
        let bound = |(factor, constant): (f64, f64)| factor * width + constant;
        Sum {
            pos: sum.pos.min(bound(self.pos)),
            neg: sum.neg.min(bound(self.neg)),
            count: sum.count.min(bound(self.count).ceil() as u32 + 1),
            ..sum
        }
    }
}

/// Directions that every unit moves along a line, whatever the number: copies of sums.
fn lines(target: &Target<'_>, stream: &Stream, facts: &Facts<'_>) -> Option<Vec<(u32, Dom, u8)>> {
    let line = |&dir: &u32| {
        let Dom::Const(old) = stream.doms[dir as usize] else { return None };
        let (mut scale, mut offset, mut error) = (0.0, 0.0, 0.0);
        let (mut products, mut anything) = (Sum::EMPTY, Sum::EMPTY);
        for group in &target.groups {
            let Some(writes) = group.writes.get(&dir) else { continue };
            let hull = group.form.hull(facts);
            anything.add(&group.adds(writes, &hull));
            let exactly = group.form.multiple_of(target.var, facts);
            let (k, o, e) = exactly.or_else(|| group.form.nearly_multiple_of(target.var, facts, ROUNDED))?;
            let (factor, constant, all) = group.line(writes, &hull)?;
            scale += factor * k;
            offset += factor * o + constant;
            error += factor.abs() * e + all.hi;
            products.add(&all);
        }
        let (lo, hi) = facts.range(target.var);
        let ends = (scale * lo + offset, scale * hi + offset);
        (products.lo, products.hi) = (ends.0.min(ends.1) - error, ends.0.max(ends.1) + error);
        let written = products.finish();
        let mut with_old = Sum::term(1.0, written);
        with_old.add(&Sum::term(1.0, old));
        error += products.rounding() + with_old.rounding() + (old.hi - old.lo) / 2.0;
        let grid = if with_old.rounding() == 0.0 && with_old.grid.is_finite() { with_old.grid } else { 0.0 };
        // The line says nothing of where the variable is none.
        let none = if facts.can_be_no_number(target.var) { old.plus(anything.finish()) } else { with_old.finish() };
        let offset = offset + f64::midpoint(old.lo, old.hi);
        let dom = Dom::Affine(Affine { var: target.var, scale, offset, error, grid, none });
        Some((dir, dom, products.bits))
    };
    target.dirs.iter().map(line).collect()
}
