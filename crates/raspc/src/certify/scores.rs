//! The scores of a head, against the selector it stands for.
//!
//! For every pair of a query's and a key's values the score of the head and the truth of the selector are compared. Of a
//! conjunction the selects are looked at one by one, since their scores are added: of each group of dimensions that reads
//! what a select compares, the score is known where the select holds and where it does not, and then of their sums.

use std::collections::BTreeSet;

use raspc_lang::graph::{Graph, NodeId, Op};

use super::facts::{Facts, Rows, Var};
use super::form::Form;
use super::number::{Num, Sum, gamma};
use super::selector::Formula;
use super::side::{Side, side};
use super::truth::{RAISES, Truth};

/// Scores this far below the largest have weight exactly 0: the f32 exponential of −104 or less is 0.
pub(super) const APART: f64 = 104.0;
/// More pairs of rows than this are not looked at.
const PAIRS: usize = 1 << 27;
/// Multiples of a grid up to this many are f32 numbers.
const MULTIPLES: f64 = 16_777_216.0;

/// A head's queries and keys at tokens.
pub(super) struct Dimensions {
    /// By dimension.
    pub(super) queries: Vec<Form>,
    /// By dimension.
    pub(super) keys: Vec<Form>,
}

/// The scores of tokens as keys of tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scores {
    /// Least and greatest of selected keys; nothing where no key can be selected.
    pub(super) selected: Option<(f64, f64)>,
    /// Greatest of the others; nothing where every key is selected.
    pub(super) others: Option<f64>,
}

/// Why the scores are not known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unknown {
    /// A dimension reads something that no select compares.
    Foreign {
        /// What it reads.
        reads: Vec<Var>,
    },
    /// There is too much to look at.
    Large {
        /// How many pairs of values.
        pairs: f64,
    },
}

/// Dimensions that read what certain selects compare, and those selects.
struct Part {
    dims: Vec<usize>,
    selects: Vec<usize>,
}

/// The scores of a part for one combination of truths.
#[derive(Clone, Copy, Debug)]
struct Level {
    truth: u32,
    lo: f64,
    hi: f64,
}

impl Dimensions {
    /// The scores of keys that a formula selects, and of those it does not. Selects that compare different s-ops are looked
    /// at apart, as if any of their truths could occur together.
    pub(super) fn scores(&self, formula: &Formula, facts: &Facts<'_>) -> Result<Scores, Unknown> {
        let graph = facts.graph;
        let Some(selects) = formula.selects(graph) else { return Err(Unknown::Large { pairs: f64::INFINITY }) };
        let split = match formula {
            // A sum of selects that is level only for the truths that occur together.
            Formula::Whole(selector) if facts.forms.sums.contains_key(selector) => self.together(&selects),
            // A dimension may read what several selects compare: then all are looked at together.
            _ => self.parts(&selects, graph).or_else(|unknown| match unknown {
                Unknown::Foreign { reads } if self.compared(&reads, &selects, graph) => Ok(self.together(&selects)),
                unknown => Err(unknown),
            })?,
        };
        self.scores_of(formula, &selects, split, facts)
    }

    /// The same, all selects looked at together: only truths that occur together count, and more pairs are visited.
    pub(super) fn joint_scores(&self, formula: &Formula, facts: &Facts<'_>) -> Result<Scores, Unknown> {
        let Some(selects) = formula.selects(facts.graph) else { return Err(Unknown::Large { pairs: f64::INFINITY }) };
        self.scores_of(formula, &selects, self.together(&selects), facts)
    }

    fn scores_of(
        &self,
        formula: &Formula,
        selects: &[NodeId],
        (parts, fixed): (Vec<Part>, Vec<usize>),
        facts: &Facts<'_>,
    ) -> Result<Scores, Unknown> {
        let mut levels: Vec<Vec<Level>> = Vec::new();
        let mut exactness = Exactness::new();
        for part in &parts {
            levels.push(self.levels(part, selects, facts, &mut exactness)?);
        }
        let mut constant = Sum::EMPTY;
        for i in fixed {
            let (q, k) = (self.queries[i].constant.finish(), self.keys[i].constant.finish());
            let score = product(q, k);
            exactness.add(&score);
            constant.add(&score);
        }
        let rounding = exactness.rounding();
        let mut scores = Scores { selected: None, others: None };
        let truths = formula.truth(facts.graph);
        each_combination(&levels, &mut |truth, lo, hi| {
            let (lo, hi) = (lo + constant.lo - rounding, hi + constant.hi + rounding);
            if truths.holds(selects, truth) {
                let old = scores.selected.unwrap_or((lo, hi));
                scores.selected = Some((old.0.min(lo), old.1.max(hi)));
            } else {
                scores.others = Some(scores.others.map_or(hi, |o| o.max(hi)));
            }
        });
        Ok(scores)
    }

    /// Whether some select compares each of these.
    fn compared(&self, reads: &[Var], selects: &[NodeId], graph: &Graph) -> bool {
        debug_assert!(self.queries.len() == self.keys.len());
        let sides = selects.iter().map(|&s| compares(graph, s)).flat_map(|(k, q)| [inputs(graph, k), inputs(graph, q)]);
        let all: BTreeSet<NodeId> = sides.flatten().collect();
        reads.iter().all(|v| matches!(v, Var::Node(n) if all.contains(n)))
    }

    /// All dimensions and selects as one part.
    fn together(&self, selects: &[NodeId]) -> (Vec<Part>, Vec<usize>) {
        let read = |i: &usize| !(self.queries[*i].is_zero() || self.keys[*i].is_zero());
        let open = |i: &usize| !(self.queries[*i].parts.is_empty() && self.keys[*i].parts.is_empty());
        let (dims, fixed) = (0..self.queries.len()).filter(read).partition(open);
        (vec![Part { dims, selects: (0..selects.len()).collect() }], fixed)
    }

    /// Assigns each dimension to the selects that compare what it reads; dimensions that read nothing are apart.
    fn parts(&self, selects: &[NodeId], graph: &Graph) -> Result<(Vec<Part>, Vec<usize>), Unknown> {
        let sides: Vec<_> = selects
            .iter()
            .map(|&s| match graph.op(s) {
                Op::Select { keys, queries, .. } => (inputs(graph, *keys), inputs(graph, *queries)),
                op => panic!("{op:?} is no select"),
            })
            .collect();
        // Selects of the same keys and queries are looked at together, whether or not a dimension reads these.
        let mut parts: Vec<Part> = Vec::new();
        for s in 0..selects.len() {
            let same = |p: &&mut Part| compares(graph, selects[p.selects[0]]) == compares(graph, selects[s]);
            match parts.iter_mut().find(same) {
                Some(part) => part.selects.push(s),
                None => parts.push(Part { dims: Vec::new(), selects: vec![s] }),
            }
        }
        let mut fixed = Vec::new();
        for i in 0..self.queries.len() {
            let (queries, keys) = (&self.queries[i], &self.keys[i]);
            if queries.is_zero() || keys.is_zero() {
                continue;
            }
            if queries.parts.is_empty() && keys.parts.is_empty() {
                fixed.push(i);
                continue;
            }
            let fits = |s: usize| within(keys, &sides[s].0) && within(queries, &sides[s].1);
            let (mut here, rest): (Vec<Part>, Vec<Part>) =
                parts.into_iter().partition(|p| p.selects.iter().any(|&s| fits(s)));
            parts = rest;
            let Some(mut joined) = here.pop() else {
                return Err(Unknown::Foreign { reads: queries.vars().chain(keys.vars()).collect() });
            };
            for other in here {
                joined.dims.extend(other.dims);
                joined.selects.extend(other.selects);
            }
            joined.dims.push(i);
            parts.push(joined);
        }
        Ok((parts, fixed))
    }

    /// The scores of a part for each combination of truths that some pair of values has.
    fn levels(
        &self,
        part: &Part,
        selects: &[NodeId],
        facts: &Facts<'_>,
        exactness: &mut Exactness,
    ) -> Result<Vec<Level>, Unknown> {
        let large = || Unknown::Large { pairs: f64::INFINITY };
        let compared = |s: &usize| match facts.graph.op(selects[*s]) {
            Op::Select { keys, queries, .. } => (Var::Node(*keys), Var::Node(*queries)),
            op => panic!("{op:?} is no select"),
        };
        let queries: Vec<&Form> = part.dims.iter().map(|&i| &self.queries[i]).collect();
        let keys: Vec<&Form> = part.dims.iter().map(|&i| &self.keys[i]).collect();
        let vars = |forms: &[&Form], named: &mut dyn Iterator<Item = Var>| -> Vec<Var> {
            let all: BTreeSet<Var> = forms.iter().flat_map(|f| f.vars()).chain(named).collect();
            all.into_iter().collect()
        };
        let key_vars = vars(&keys, &mut part.selects.iter().map(|s| compared(s).0));
        let query_vars = vars(&queries, &mut part.selects.iter().map(|s| compared(s).1));
        let (key_rows, query_rows) =
            (facts.rows(&key_vars).ok_or_else(large)?, facts.rows(&query_vars).ok_or_else(large)?);
        let pairs = key_rows.len().saturating_mul(query_rows.len());
        if pairs > PAIRS {
            return Err(Unknown::Large { pairs: pairs as f64 });
        }
        let key_side = side(&keys, &key_vars, &key_rows, facts);
        let query_side = side(&queries, &query_vars, &query_rows, facts);
        exactness.see(&query_side, &key_side);
        let mut truths = Vec::new();
        for &s in &part.selects {
            let (key, query) = compared(&s);
            let at = |vars: &[Var], var: Var| vars.iter().position(|v| *v == var).expect("named above");
            let truth = Truth::of(selects[s], facts).ok_or_else(large)?;
            truths.push(Compared { truth, bit: s, key: at(&key_vars, key), query: at(&query_vars, query) });
        }
        Ok(levels(&query_side, &key_side, &query_rows, &key_rows, &truths))
    }
}

/// A select of a part: its table, its bit, and where the rows hold what it compares.
struct Compared {
    truth: Truth,
    bit: usize,
    key: usize,
    query: usize,
}

fn levels(queries: &Side, keys: &Side, query_rows: &Rows, key_rows: &Rows, selects: &[Compared]) -> Vec<Level> {
    let n = key_rows.len();
    let by_query = queries.by_row(query_rows.len());
    let (off_query, off_key) = (queries.spread(keys, query_rows.len()), keys.spread(queries, n));
    let off: f64 = queries.dims.iter().zip(&keys.dims).map(|(q, k)| q.radius * k.radius).sum();
    // Of what is not finite nothing is known.
    let off = if off.is_nan() { f64::INFINITY } else { off };
    let mut scores = vec![0.0; n];
    // By truth of the part's selects, and whether one of them raises.
    let mut truths = vec![0u32; n];
    let raises = 1u32 << selects.len();
    let mut found = vec![(f64::INFINITY, f64::NEG_INFINITY); 2 << selects.len()];
    for (q, query) in query_rows.iter().enumerate() {
        scores.fill(0.0);
        for &(dim, value) in &by_query[q] {
            keys.dims[dim as usize].entries.iter().for_each(|&(k, key)| scores[k as usize] += value * key);
        }
        truths.fill(0);
        for (bit, s) in selects.iter().enumerate() {
            let of_query = s.truth.of_query(query[s.query]);
            for (truth, key) in truths.iter_mut().zip(key_rows.iter()) {
                let said = of_query[key[s.key] as usize];
                *truth |= if said == RAISES { raises } else { u32::from(said) << bit };
            }
        }
        let off = off_query[q] + off;
        for ((&truth, &score), &off_key) in truths.iter().zip(&scores).zip(&off_key) {
            let level = &mut found[truth as usize];
            let error = off_key + off;
            (level.0, level.1) = (level.0.min(score - error), level.1.max(score + error));
        }
    }
    // No input that has an output reaches a pair where a select raises.
    let met = (0..raises).zip(found).filter(|(_, (lo, hi))| lo <= hi);
    let bits = |local: u32| selects.iter().enumerate().map(|(i, s)| (local >> i & 1) << s.bit).sum();
    met.map(|(local, (lo, hi))| Level { truth: bits(local), lo, hi }).collect()
}

/// Visits every combination of the parts' levels: (truth, least, greatest).
fn each_combination(levels: &[Vec<Level>], see: &mut dyn FnMut(u32, f64, f64)) {
    fn walk(levels: &[Vec<Level>], at: Level, see: &mut dyn FnMut(u32, f64, f64)) {
        match levels {
            [] => see(at.truth, at.lo, at.hi),
            [first, rest @ ..] => {
                for l in first {
                    let next = Level { truth: at.truth | l.truth, lo: at.lo + l.lo, hi: at.hi + l.hi };
                    walk(rest, next, see);
                }
            }
        }
    }
    walk(levels, Level { truth: 0, lo: 0.0, hi: 0.0 }, see);
}

/// Whether the f32 sums of scores are exact, over all dimensions of a head.
struct Exactness {
    dims: u32,
    size: f64,
    grid: f64,
    exact: bool,
}

impl Exactness {
    fn new() -> Self {
        Self { dims: 0, size: 0.0, grid: f64::INFINITY, exact: true }
    }

    fn see(&mut self, queries: &Side, keys: &Side) {
        for (q, k) in queries.dims.iter().zip(&keys.dims) {
            let (size, grid) = (q.size * k.size, q.grid * k.grid);
            if size > 0.0 {
                self.dims += 1;
                self.size += size;
                self.grid = self.grid.min(grid);
                self.exact &= grid > 0.0 && size <= MULTIPLES * grid;
            }
        }
    }

    fn add(&mut self, score: &Sum) {
        self.dims += score.count;
        self.size += score.pos.max(score.neg);
        self.grid = self.grid.min(score.grid);
        self.exact &= score.rounded == 0 && score.grid > 0.0;
    }

    /// How far a score can be from its exact sum: nothing on a grid, else a part of Σ |products|.
    fn rounding(&self) -> f64 {
        if self.exact && self.size <= MULTIPLES * self.grid {
            return 0.0;
        }
        gamma(self.dims) * self.size * 1.001
    }
}

/// The product of two numbers.
pub(super) fn product(a: Num, b: Num) -> Sum {
    if a.is_point() {
        return Sum::term(a.lo, b);
    }
    if b.is_point() {
        return Sum::term(b.lo, a);
    }
    let ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
    let (lo, hi) = ends.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &e| (lo.min(e), hi.max(e)));
    Sum { lo, hi, pos: hi.max(0.0), neg: (-lo).max(0.0), grid: 0.0, count: 1, rounded: 1, bits: 24 }
}

/// The keys and queries of a select.
fn compares(graph: &Graph, select: NodeId) -> (NodeId, NodeId) {
    match *graph.op(select) {
        Op::Select { keys, queries, .. } => (keys, queries),
        ref op => panic!("{op:?} is no select"),
    }
}

fn within(form: &Form, nodes: &BTreeSet<NodeId>) -> bool {
    form.vars().all(|v| matches!(v, Var::Node(n) if nodes.contains(&n)))
}

/// The node and everything it is an element-wise function of.
fn inputs(graph: &Graph, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::from([node]);
    let mut stack = vec![node];
    while let Some(at) = stack.pop() {
        if let Op::Map { args, .. } = graph.op(at) {
            stack.extend(args.iter().filter(|a| found.insert(**a)));
        }
    }
    found
}
