//! The attention half of a layer.
//!
//! Of each head: that its scores tell selected keys from the others, BOS between them (the value of BOS is what arrives
//! where nothing is selected) or level with them (its weight counts the selected keys); that BOS sees itself alone; that
//! PAD loses. Then what arrives at each target, as a function of what the target is in the program.

use std::collections::BTreeMap;

use raspc_lang::graph::{NodeId, Op};
use raspc_model::model::{Head, Layer};

use super::arrival::{Arrival, Meaning, Weights};
use super::codes;
use super::dom::Dom;
use super::facts::{Facts, Var};
use super::finding::{Finding, Findings};
use super::form::Form;
use super::number::{Num, Sum};
use super::scores::{APART, Dimensions, Scores, Unknown, product};
use super::selector::Formula;
use super::stream::{Stream, columns};

/// A head, read at tokens, at BOS and at PAD.
pub(super) struct Reads {
    tokens: Dimensions,
    /// By dimension: all that queries, and keys, at tokens hold.
    hulls: (Vec<Num>, Vec<Num>),
    bos: (Vec<Num>, Vec<Num>),
    pad_keys: Vec<Num>,
    /// The dimensions that are written somewhere, at tokens.
    values: BTreeMap<u32, Form>,
    values_bos: BTreeMap<u32, Num>,
    values_pad: BTreeMap<u32, Num>,
    /// Whether BOS is proved to see itself alone.
    bos_alone: bool,
    bits: u8,
}

/// Runs the attention of a layer.
pub(super) fn attend(
    layer: &Layer,
    causal: bool,
    stream: &mut Stream,
    owner: &dyn Fn(u32) -> Option<Var>,
    facts: &Facts<'_>,
    findings: &mut Findings,
) {
    let mut arriving: BTreeMap<u32, Arriving> = BTreeMap::new();
    for head in layer.heads.iter().filter(|h| !h.w_o.is_zero()) {
        let mut reads = Reads::of(head, stream, facts);
        let (own, tokens, _) = reads.bos_scores(causal);
        reads.bos_alone = own.lo - tokens >= APART;
        let outputs = columns(&head.w_o);
        let mut by_var: BTreeMap<Option<Var>, Vec<u32>> = BTreeMap::new();
        let written = outputs.iter().enumerate().filter(|(_, o)| !o.is_empty());
        for (d, _) in written {
            by_var.entry(owner(d as u32)).or_default().push(d as u32);
        }
        let mut known: Vec<(Formula, Option<Weights>)> = Vec::new();
        for (var, dirs) in by_var {
            let meaning = var.and_then(|v| meaning(v, facts).map(|m| (v, m)));
            let arrival = meaning.map(|(var, (formula, meaning))| {
                let found = known.iter().find(|k| k.0 == formula).map(|k| k.1.clone());
                let weights = found.unwrap_or_else(|| {
                    let weights = reads.weights(&formula, var, causal, facts, findings);
                    known.push((formula.clone(), weights.clone()));
                    weights
                });
                Arrival::new(var, meaning, weights)
            });
            for d in dirs {
                let to = arriving.entry(d).or_default();
                for &(dim, w) in &outputs[d as usize] {
                    let moved = reads.moved(dim, arrival.as_ref(), facts, findings);
                    to.add(w, moved, &reads.at_bos(dim, facts), &reads.at_pad(dim, facts), reads.bits);
                }
            }
        }
    }
    for (dir, arriving) in arriving {
        arriving.land(dir, owner(dir), stream, facts);
    }
}

/// What heads write into one direction.
#[derive(Default)]
struct Arriving {
    /// (weight, what arrives)
    terms: Vec<(f64, Dom)>,
    bos: Vec<(f64, Num)>,
    pad: Vec<(f64, Num)>,
    bits: u8,
}

impl Arriving {
    fn add(&mut self, weight: f64, (dom, bits): (Dom, u8), bos: &Num, pad: &Num, read: u8) {
        self.terms.push((weight, dom));
        self.bos.push((weight, *bos));
        self.pad.push((weight, *pad));
        self.bits = self.bits.max(bits).max(read);
    }

    fn land(self, dir: u32, var: Option<Var>, stream: &mut Stream, facts: &Facts<'_>) {
        let d = dir as usize;
        let on = |form: Form| match var {
            Some(var) => form.on(var, facts),
            None => Dom::Const(form.hull(facts).finish()),
        };
        let out = on(Form::read(self.terms.iter().map(|(w, dom)| (*w, dom)), facts));
        let new = on(Form::read([(1.0, &stream.doms[d]), (1.0, &out)].into_iter(), facts));
        stream.doms[d] = new;
        let add = |terms: &[(f64, Num)]| super::dom::total(terms.iter().map(|&(w, n)| Sum::term(w, n))).finish();
        stream.bos[d] = stream.bos[d].plus(add(&self.bos));
        stream.pad[d] = stream.pad[d].plus(add(&self.pad));
        stream.bits[d] = stream.bits[d].max(self.bits);
    }
}

/// What a variable is in the program, if heads can compute it: the selector, and what comes of it.
fn meaning(var: Var, facts: &Facts<'_>) -> Option<(Formula, Meaning)> {
    let node = var.node();
    match (var, facts.graph.op(node)) {
        (Var::Node(_), Op::Aggregate { selector, values, default }) => {
            let meaning = Meaning::Aggregate { node, selector: *selector, values: *values, default: default.clone() };
            Some((Formula::Whole(*selector), meaning))
        }
        (Var::Node(_), Op::SelectorWidth(selector)) => Some((Formula::Whole(*selector), Meaning::Width)),
        (Var::Cube(_, c), Op::SelectorWidth(_)) => {
            let cube = facts.cubes(node)?.get(c as usize)?.clone();
            Some((Formula::Cube(cube), Meaning::Width))
        }
        _ => None,
    }
}

impl Reads {
    fn of(head: &Head, stream: &Stream, facts: &Facts<'_>) -> Self {
        let (q, k, v) = (columns(&head.w_q), columns(&head.w_k), columns(&head.w_v));
        let bias = |dim: usize| {
            let at = head.b_k.binary_search_by_key(&(dim as u32), |b| b.0);
            at.map_or(Sum::EMPTY, |at| Sum::term(1.0, Num::point(head.b_k[at].1)))
        };
        let form = |column: &Vec<(u32, f64)>| Form::read(stream.terms(column), facts);
        let sum = |column: &[(u32, f64)], row: &[Num], bias: Sum| {
            let terms = column.iter().map(|&(d, w)| Sum::term(w, row[d as usize]));
            super::dom::total(terms.chain([bias]))
        };
        let at = |column: &[(u32, f64)], row: &[Num], bias: Sum| sum(column, row, bias).finish();
        let key_form = |(dim, column): (usize, &Vec<(u32, f64)>)| {
            let mut form = form(column);
            form.constant.add(&bias(dim));
            form
        };
        let written = head.w_o.stored_rows();
        let values: BTreeMap<u32, Form> = written.iter().map(|&m| (m, form(&v[m as usize]))).collect();
        let value_at = |row: &[Num]| written.iter().map(|&m| (m, at(&v[m as usize], row, Sum::EMPTY))).collect();
        let tokens =
            Dimensions { queries: q.iter().map(form).collect(), keys: k.iter().enumerate().map(key_form).collect() };
        let hulls = |forms: &[Form]| forms.iter().map(|form| form.hull(facts)).collect::<Vec<Sum>>();
        let (queries, keys) = (hulls(&tokens.queries), hulls(&tokens.keys));
        let numbers = |hulls: &[Sum]| hulls.iter().map(Sum::finish).collect::<Vec<Num>>();
        let hulls = (numbers(&queries), numbers(&keys));
        let compared = (0..queries.len()).filter(|&i| !tokens.queries[i].is_zero() && !tokens.keys[i].is_zero());
        let bits_of = |hull: &Sum, number: &Num| hull.bits.max(number.bits());
        let bits = compared.map(|i| bits_of(&queries[i], &hulls.0[i]).max(bits_of(&keys[i], &hulls.1[i])));
        let inherited = q.iter().chain(&k).map(|c| stream.bits_of(c));
        let bits = bits.chain(inherited).chain(written.iter().map(|&m| stream.bits_of(&v[m as usize])));
        // BOS is a key, a query and a value like others, and has weights of its own.
        let all = q.iter().chain(&k).chain(written.iter().map(|&m| &v[m as usize]));
        let at_bos = all.map(|c| sum(c, &stream.bos, Sum::EMPTY)).map(|s| s.bits.max(s.finish().bits()));
        let bits = bits.chain(at_bos).max();
        let keys = |row: &[Num]| k.iter().enumerate().map(|(i, c)| at(c, row, bias(i))).collect::<Vec<_>>();
        Self {
            bos: (q.iter().map(|c| at(c, &stream.bos, Sum::EMPTY)).collect(), keys(&stream.bos)),
            pad_keys: keys(&stream.pad),
            values_bos: value_at(&stream.bos),
            values_pad: value_at(&stream.pad),
            bos_alone: false,
            bits: bits.unwrap_or(0),
            hulls,
            tokens,
            values,
        }
    }

    /// What tokens' queries score with a key that is known dimension by dimension.
    fn score_of(&self, key: &[Num]) -> Num {
        super::dom::total(self.hulls.0.iter().zip(key).map(|(q, k)| product(*q, *k))).finish()
    }

    /// What the query of BOS scores: with itself, and at most with anything else it sees.
    fn bos_scores(&self, causal: bool) -> (Num, f64, f64) {
        let with = |keys: &[Num]| super::dom::total(self.bos.0.iter().zip(keys).map(|(q, k)| product(*q, *k))).finish();
        let most = if causal { f64::NEG_INFINITY } else { with(&self.hulls.1).hi };
        let pad = if causal { f64::NEG_INFINITY } else { with(&self.pad_keys).hi };
        (with(&self.bos.1), most, pad)
    }

    /// How the head weighs keys, where its scores are those of the formula; else what is wrong with them.
    fn weights(
        &self,
        formula: &Formula,
        var: Var,
        causal: bool,
        facts: &Facts<'_>,
        findings: &mut Findings,
    ) -> Option<Weights> {
        let node = var.node();
        let (own, tokens, pad) = self.bos_scores(causal);
        if own.lo - tokens < APART {
            findings.push(Finding::bos_attends(node, own.lo, tokens));
            return None;
        }
        let bos = self.score_of(&self.bos.1);
        if own.lo - pad < APART || bos.lo - self.score_of(&self.pad_keys).hi < APART {
            findings.pad_must_be_masked();
        }
        let judged = |scores: Result<Scores, Unknown>| match scores {
            Ok(scores) => judge(node, &scores, bos),
            Err(unknown) => (None, Some(unproved(node, &unknown, facts))),
        };
        let (found, wrong) = judged(self.tokens.scores(formula, facts));
        // What selects compare may exclude each other's truths: `tokens == 1` and `tokens + indices == 3`.
        let (found, wrong) = match wrong {
            None => (found, None),
            Some(wrong) => match judged(self.tokens.joint_scores(formula, facts)) {
                (joint, None) => (joint, None),
                _ => (found, Some(wrong)),
            },
        };
        if let Some(finding) = wrong {
            findings.push(finding);
        }
        found
    }

    /// What arrives through a dimension, and the significant bits that takes.
    fn moved(&self, dim: u32, arrival: Option<&Arrival>, facts: &Facts<'_>, findings: &mut Findings) -> (Dom, u8) {
        let (value, bos) = (&self.values[&dim], self.values_bos[&dim]);
        let hull = value.hull(facts);
        let bits = hull.bits.max(hull.finish().bits()).max(bos.bits());
        if let Some((dom, weighted)) = arrival.and_then(|a| a.arrives(value, bos, facts, findings)) {
            (dom, if weighted { 24 } else { bits })
        } else {
            let all = hull.finish().join(bos);
            (Dom::Const(Weights::anything(all, facts.options.max_len)), 24)
        }
    }

    /// At BOS its own value arrives, or anything where it might see others.
    fn at_bos(&self, dim: u32, facts: &Facts<'_>) -> Num {
        let own = self.values_bos[&dim];
        if self.bos_alone {
            return own;
        }
        Weights::anything(own.join(self.values[&dim].hull(facts).finish()), facts.options.max_len)
    }

    /// At PAD anything may arrive.
    fn at_pad(&self, dim: u32, facts: &Facts<'_>) -> Num {
        let tokens = self.values[&dim].hull(facts).finish();
        let all = tokens.join(self.values_bos[&dim]).join(self.values_pad[&dim]);
        Weights::anything(all, facts.options.max_len)
    }
}

/// From scores to weights: BOS between or level; and what is wrong with them.
fn judge(node: NodeId, scores: &Scores, bos: Num) -> (Option<Weights>, Option<Finding>) {
    let others = scores.others.unwrap_or(f64::NEG_INFINITY);
    let (lo, hi) = scores.selected.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    if bos.lo - others < APART {
        let below = "keys that are not selected";
        return (None, Some(Finding::margin(node, codes::SCORE_MARGIN, "BOS", bos.lo, below, others)));
    }
    if scores.selected.is_none() || lo - bos.hi >= APART {
        let nothing = scores.selected.is_none();
        return (Some(Weights { counts: false, nothing, spread: (hi - lo).max(0.0) }), None);
    }
    let spread = hi.max(bos.hi) - lo.min(bos.lo);
    let level = Some(Weights { counts: true, nothing: false, spread });
    if spread == 0.0 {
        return (level, None);
    }
    if spread < 1.0 {
        return (level, Some(Finding::uneven(node, spread)));
    }
    (None, Some(Finding::margin(node, codes::BOS_SCORE, "selected keys", lo, "BOS", bos.hi)))
}

fn unproved(node: NodeId, unknown: &Unknown, facts: &Facts<'_>) -> Finding {
    match unknown {
        Unknown::Foreign { reads } => {
            let names: Vec<String> = reads.iter().map(|v| facts.graph.describe(v.node())).collect();
            Finding::unproved(node, &format!("its head compares {}, which its selector does not", names.join(" and ")))
        }
        Unknown::Large { pairs } => {
            let count = if pairs.is_finite() { format!("{pairs}") } else { "too many".to_owned() };
            Finding::unproved(node, &format!("its selector compares {count} pairs of values"))
        }
    }
}
