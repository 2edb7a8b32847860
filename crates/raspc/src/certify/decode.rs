//! Read-outs: how far what is decoded can be from what the program says.

use std::collections::BTreeMap;

use raspc_lang::graph::{NodeId, Op};
use raspc_model::model::{Decode, LinearForm, Readout};
use raspc_model::token::{Token, TokenKey};

use super::codes;
use super::dom::Dom;
use super::facts::{Classes, Facts, Var};
use super::finding::Finding;
use super::form::Form;
use super::stream::Stream;
use crate::convert;

/// What is known of a read-out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decoded {
    /// |transformer − ideal|, at most: of each component of a one-hot, or of the number.
    pub(super) bound: f64,
    /// How far the nearest wrong decision is; nothing for a number without a list of values.
    pub(super) margin: Option<f64>,
}

/// Classes and their arguments are listed together up to this many.
const LISTED: usize = 1 << 18;

/// A number may be known less well than the compiler states by this factor: its own bound is then what is stated.
const LOOSER: f64 = 16.0;

/// Checks a read-out of a node.
pub(super) fn decode(node: NodeId, readout: &Readout, stream: &Stream, facts: &Facts<'_>) -> Result<Decoded, Finding> {
    let read = |form: &LinearForm| on(form, Var::Node(node), stream, facts);
    let changed = |form: &LinearForm| form.iter().any(|&(d, _)| stream.changed[d as usize] > readout.after);
    match &readout.decode {
        Decode::Categorical { classes } => {
            if classes.iter().any(|c| changed(&c.1)) {
                return Err(too_early(node));
            }
            let forms: Vec<(&Token, Dom)> = classes.iter().map(|(t, form)| (t, read(form))).collect();
            categorical(node, &forms, facts)
        }
        Decode::Numerical { value, defined, bound, values } => {
            if changed(value) || defined.as_ref().is_some_and(changed) {
                return Err(too_early(node));
            }
            let number = read(value);
            let flag = defined.as_ref().map(read);
            numerical(node, &number, flag.as_ref(), *bound, values.as_deref(), facts)
        }
    }
}

/// A form of the model as a function of a node.
pub(super) fn on(form: &[(u32, f32)], var: Var, stream: &Stream, facts: &Facts<'_>) -> Dom {
    let column: Vec<(u32, f64)> = form.iter().map(|&(d, w)| (d, f64::from(w))).collect();
    Form::read(stream.terms(&column), facts).on(var, facts)
}

fn too_early(node: NodeId) -> Finding {
    Finding::new(
        codes::DECODE_MARGIN,
        node,
        "{} is read before it is complete".to_owned(),
        "this is a fault of the compiler: please report the program",
    )
}

fn categorical(node: NodeId, forms: &[(&Token, Dom)], facts: &Facts<'_>) -> Result<Decoded, Finding> {
    let Some(classes) = facts.classes(Var::Node(node)) else {
        return Err(Finding::unproved(node, "its values cannot be listed"));
    };
    // Sets are supersets: a value that its arguments never give together need not be readable.
    at_classes(node, forms, &classes, &vec![true; classes.len()]).or_else(|finding| {
        let reached = reached(node, &classes, facts).ok_or(finding)?;
        at_classes(node, forms, &classes, &reached)
    })
}

/// Which classes of a node its arguments give, if they do not give all, and can be listed together.
fn reached(node: NodeId, classes: &Classes, facts: &Facts<'_>) -> Option<Vec<bool>> {
    let Op::Map { args, .. } = facts.graph.op(node) else { return None };
    let mut vars: Vec<Var> = args.iter().map(|&a| Var::Node(a)).chain([Var::Node(node)]).collect();
    vars.sort_unstable();
    vars.dedup();
    let sizes = vars.iter().map(|&v| facts.is_listed(v).then(|| facts.listed(v).len()));
    let few = sizes.into_iter().try_fold(1usize, |n, size| n.checked_mul(size?)).is_some_and(|n| n <= LISTED);
    let rows = if few { facts.rows(&vars)? } else { return None };
    let place = vars.binary_search(&Var::Node(node)).expect("it is among them");
    let mut reached = vec![false; classes.len()];
    rows.iter().for_each(|row| reached[row[place] as usize] = true);
    reached.contains(&false).then_some(reached)
}

/// The read-out of a category at the classes that are reached.
fn at_classes(node: NodeId, forms: &[(&Token, Dom)], classes: &Classes, reached: &[bool]) -> Result<Decoded, Finding> {
    let tokens: Vec<Token> = classes.values.iter().map(convert::token).collect();
    let place: BTreeMap<TokenKey<'_>, u32> = tokens.iter().map(Token::key).zip(0..).collect();
    let mut found = Decoded { bound: 0.0, margin: Some(0.5) };
    let mut readable = vec![false; classes.len()];
    for (token, dom) in forms {
        let own = place.get(&token.key()).copied();
        let (one, rest) = component(dom, own, classes, reached);
        if let Some(own) = own {
            readable[own as usize] = true;
        }
        if let Some(one) = one {
            found.see(1.0, one, one.0 - 0.5);
        }
        if let Some(rest) = rest {
            found.see(0.0, rest, 0.5 - rest.1);
        }
    }
    let missing = (0..).zip(readable.iter().zip(reached)).find(|&(c, (r, met))| !r && *met && !classes.is_none(c));
    if let Some((class, _)) = missing {
        let message = format!("no component stands for the value {} of {{}}", classes.values[class as usize]);
        return Err(Finding::new(codes::DECODE_MARGIN, node, message, "please report the program"));
    }
    found.checked(node)
}

/// Least and greatest value of a component at its own class, and at all others.
type Ends = (f64, f64);

fn component(dom: &Dom, own: Option<u32>, classes: &Classes, reached: &[bool]) -> (Option<Ends>, Option<Ends>) {
    let met = |class: u32| reached[class as usize];
    let one = own.filter(|&c| met(c)).map(|c| dom.at(c, &classes.numbers)).map(|n| (n.lo, n.hi));
    let widen = |ends: Option<Ends>, n: super::number::Num| {
        Some(ends.map_or((n.lo, n.hi), |(lo, hi)| (lo.min(n.lo), hi.max(n.hi))))
    };
    let rest = if let Dom::Table { default, exceptions, .. } = dom {
        let others = exceptions.iter().filter(|e| Some(e.0) != own && met(e.0));
        let alone = own.is_some_and(|c| met(c) && exceptions.iter().all(|e| e.0 != c));
        let listed = exceptions.iter().filter(|e| met(e.0)).count() + usize::from(alone);
        let all = reached.iter().filter(|r| **r).count();
        let start = if listed < all { Some((default.lo, default.hi)) } else { None };
        others.fold(start, |ends, e| widen(ends, e.1))
    } else {
        let others = (0..classes.len() as u32).filter(|c| Some(*c) != own && met(*c));
        others.fold(None, |ends, c| widen(ends, dom.at(c, &classes.numbers)))
    };
    (one, rest)
}

impl Decoded {
    fn see(&mut self, ideal: f64, (lo, hi): Ends, margin: f64) {
        self.bound = self.bound.max(hi - ideal).max(ideal - lo);
        self.margin = self.margin.map(|m| m.min(margin));
    }

    fn checked(self, node: NodeId) -> Result<Self, Finding> {
        if self.margin.is_none_or(|m| m > 0.0) && self.bound.is_finite() {
            return Ok(self);
        }
        let message = format!("{{}} may be off by {:.3e}, too much to be decoded", self.bound);
        Err(Finding::new(codes::DECODE_MARGIN, node, message, "shorten the maximum length or the vocabulary"))
    }
}

fn numerical(
    node: NodeId,
    number: &Dom,
    flag: Option<&Dom>,
    stated: f64,
    values: Option<&[Token]>,
    facts: &Facts<'_>,
) -> Result<Decoded, Finding> {
    let var = Var::Node(node);
    if !facts.is_numeric(var) {
        let message = "{} is decoded as a number, and can hold something else".to_owned();
        return Err(Finding::new(codes::DECODE_MARGIN, node, message, "please report the program"));
    }
    let mut found = Decoded { bound: error_of(number, var, facts), margin: None };
    let (lo, hi) = facts.range(var);
    let most = LOOSER * stated + lo.abs().max(hi.abs()) / 1_048_576.0;
    if found.bound.is_nan() || found.bound > most {
        let message = format!("{{}} may be off by {:.3e}, where {stated:.3e} is stated", found.bound);
        return Err(Finding::new(codes::DECODE_MARGIN, node, message, "shorten the maximum length or the vocabulary"));
    }
    // Neighbours that a whole number cannot be told from are other answers, however large it is.
    if found.bound >= 0.5 && facts.holds_whole(node) {
        let message = format!("{{}} is a whole number, and may be off by {:.3e}", found.bound);
        return Err(Finding::new(codes::DECODE_MARGIN, node, message, "shorten the maximum length or the vocabulary"));
    }
    if let Some((value, error)) = illegible(number, var, facts) {
        let message = format!(
            "{{}} may be off by {error:.3e} where it is {value}, and most of what else it can be lies as close: the number would say nothing"
        );
        let hint =
            "let it hold numbers of about one size: what is added or is the default may be far larger than the rest";
        return Err(Finding::new(codes::DECODE_MARGIN, node, message, hint));
    }
    if let Some(values) = values {
        let listed: Vec<f64> = values.iter().filter_map(Token::number).collect();
        let gap = listed.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        if gap.is_finite() {
            found.margin = Some(gap / 2.0 - found.bound);
        }
        let classes = facts.classes(var);
        let held = classes.iter().flat_map(|c| c.numbers.iter().zip(c.values.iter())).filter(|h| !h.0.is_nan());
        if let Some((_, value)) = held.into_iter().find(|h| !listed.contains(h.0)) {
            let message = format!("{value} is not among the values that {{}} is decoded to");
            return Err(Finding::new(codes::DECODE_MARGIN, node, message, "please report the program"));
        }
    }
    if facts.can_be_none(var) {
        let Some(flag) = flag else {
            let message = "{} can be none, and nothing says where".to_owned();
            return Err(Finding::new(codes::DECODE_MARGIN, node, message, "please report the program"));
        };
        let (none, some) = flag_of(flag, var, facts);
        let margin = (0.5 - none).min(some.map_or(f64::INFINITY, |s| s - 0.5));
        found.margin = Some(found.margin.map_or(margin, |m| m.min(margin)));
        found.bound = found.bound.max(none.abs()).max(some.map_or(0.0, |s| (1.0 - s).abs()));
    } else if let Some(flag) = flag {
        let margin = flag.hull(facts).lo - 0.5;
        found.margin = Some(found.margin.map_or(margin, |m| m.min(margin)));
    }
    found.checked(node)
}

/// A number says something where a few times its error is less than the distance to half of what else it can be; or where the
/// error is a small part of the number itself.
const FEW_TIMES: f64 = 8.0;
/// What part of a number is small.
const SMALL_PART: f64 = 1.0 / 64.0;

/// A value at which the number says nothing, and its error there: most other values lie about as close as the error.
fn illegible(number: &Dom, var: Var, facts: &Facts<'_>) -> Option<(f64, f64)> {
    let small = |error: f64, x: f64| error <= SMALL_PART * x.abs();
    let Some(classes) = facts.classes(var).filter(|_| facts.is_listed(var)) else {
        let error = error_of(number, var, facts);
        let (lo, hi) = facts.range(var);
        let blurred = 2.0 * FEW_TIMES * error > hi - lo && !small(error, lo.abs().max(hi.abs()));
        return blurred.then_some((lo, error));
    };
    let mut held: Vec<f64> = classes.numbers.iter().copied().filter(|x| !x.is_nan()).collect();
    held.sort_by(f64::total_cmp);
    let mut each = (0..).zip(&classes.numbers).filter(|c| !c.1.is_nan());
    each.find_map(|(class, &x)| {
        let error = number.at(class, &classes.numbers).distance(x);
        let reach = FEW_TIMES * error;
        let near = held.partition_point(|&y| y <= x + reach) - held.partition_point(|&y| y < x - reach);
        (!small(error, x) && 2 * near.saturating_sub(1) > held.len() - 1).then_some((x, error))
    })
}

/// How far a number can be from its variable's.
pub(super) fn error_of(number: &Dom, var: Var, facts: &Facts<'_>) -> f64 {
    let (lo, hi) = facts.range(var);
    match number {
        Dom::Affine(a) => {
            let at = |x: f64| ((a.scale - 1.0) * x + a.offset).abs();
            a.error + at(lo).max(at(hi))
        }
        _ => match facts.classes(var) {
            Some(classes) => {
                let held = (0..).zip(&classes.numbers).filter(|c| !c.1.is_nan());
                held.map(|(c, &x)| number.at(c, &classes.numbers).distance(x)).fold(0.0, f64::max)
            }
            None => number.hull(facts).distance(lo).max(number.hull(facts).distance(hi)),
        },
    }
}

/// The greatest value of a flag where the node is none, and the least where it is not (if it ever is not).
fn flag_of(flag: &Dom, var: Var, facts: &Facts<'_>) -> (f64, Option<f64>) {
    match flag {
        Dom::Affine(a) => (a.none.hi, Some(a.hull(facts).lo)),
        _ => match facts.classes(var) {
            Some(classes) => {
                let at = |c: u32| flag.at(c, &classes.numbers);
                (at(0).hi, (1..classes.len() as u32).map(|c| at(c).lo).reduce(f64::min))
            }
            None => (flag.hull(facts).hi, Some(flag.hull(facts).lo)),
        },
    }
}
