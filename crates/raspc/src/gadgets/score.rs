//! Scores: a select as products of a query form and a key form, with integer logits (numerics R1, sections 2 to 4).
//!
//! A select is a 0/1 matrix over key values and query values. Its score is exactly `top` where it selects and at most
//! `top` − 256 where it does not; so a conjunction is the sum of its selects' scores, BOS half way between
//! ([`Score::default_bos`]) decides whether anything is selected, and BOS level with the selected keys
//! ([`Score::width_bos`]) counts them. All scores are whole multiples of 128 below 2^31: f32 adds them exactly in any
//! order, and after the maximum is subtracted a softmax gives unselected keys exactly 0 (the exponential of −104 or
//! less underflows) and all selected keys the same weight.
//!
//! Two codes. *Groups*: queries with equal rows of the matrix share a dimension; the query has 256 there, each key 1 in
//! the dimensions of the groups that select it (or the same with keys and queries exchanged, whichever has fewer
//! groups). *Signs*: where groups match one to one, d = ⌈log2 groups⌉ dimensions of ±1 hold a group's number in binary;
//! 128 Σ q_b k_b is 128 d where all bits agree, at most 128 (d − 2) else, and 0 for a value in no group, which for
//! d ≥ 2 is at most 128 d − 256 too.

use std::collections::HashMap;

use crate::circuit::{Form, Product};

/// A select's matrix: for each query value the key values it selects, as a bit set.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    keys: usize,
    rows: Vec<Vec<u64>>,
}

/// The score of a conjunction of selects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// The products.
    pub products: Vec<Product>,
    /// The part that every query sees alike, until [`Score::finish`] makes it a product.
    alike: Form,
    /// The score of a selected key.
    pub top: f64,
}

impl Score {
    /// The score of BOS that leaves it alone where nothing is selected: its value is the default.
    pub fn default_bos(&self) -> f64 {
        self.top - 128.0
    }

    /// The score of BOS that counts: its weight is 1/(1 + width).
    pub fn width_bos(&self) -> f64 {
        self.top
    }

    /// Adds a select to the conjunction. `queries` and `keys` have a form for each row and column of the matrix.
    pub fn add(&mut self, matrix: &Matrix, keys: &[&Form], queries: &[&Form]) {
        if matrix.is_full() {
            return;
        }
        let groups = matrix.groups();
        let uniform = groups.len() == 1 && groups[0].0.len() == queries.len();
        if !uniform && groups.len() > 2 && matrix.is_matching(&groups) {
            self.add_signs(&groups, keys, queries);
        } else {
            self.add_groups(matrix, keys, queries);
        }
    }

    /// The select as an exact indicator times 256.
    fn add_groups(&mut self, matrix: &Matrix, keys: &[&Form], queries: &[&Form]) {
        let groups = matrix.groups();
        let key_groups = matrix.transposed().groups();
        self.top += 256.0;
        if groups.len() == 1 && groups[0].0.len() == queries.len() {
            let selected: Vec<&Form> = bits(&groups[0].1).map(|k| keys[k]).collect();
            self.alike = self.alike.plus(&total(&selected), 1.0);
        } else if groups.len() <= key_groups.len() {
            for (members, selected) in &groups {
                let query = total(&members.iter().map(|&q| queries[q]).collect::<Vec<_>>()).scaled(256.0);
                let key = total(&bits(selected).map(|k| keys[k]).collect::<Vec<_>>());
                self.products.push(Product { query, key });
            }
        } else {
            for (members, selecting) in &key_groups {
                let key = total(&members.iter().map(|&k| keys[k]).collect::<Vec<_>>());
                let query = total(&bits(selecting).map(|q| queries[q]).collect::<Vec<_>>()).scaled(256.0);
                self.products.push(Product { query, key });
            }
        }
    }

    /// Adds a multiple of a select's indicator: for sums of selects that are level where a formula holds. Groups only, since
    /// signs are merely lower where the select does not hold.
    pub fn add_times(&mut self, matrix: &Matrix, keys: &[&Form], queries: &[&Form], coefficient: f64) {
        if matrix.is_full() {
            self.alike = self.alike.plus(&Form::constant(1.0), coefficient);
            return;
        }
        let mut one = Self::default();
        one.add_groups(matrix, keys, queries);
        self.alike = self.alike.plus(&one.alike, coefficient);
        self.products
            .extend(one.products.into_iter().map(|p| Product { query: p.query.scaled(coefficient), key: p.key }));
    }

    /// Sets the level of a sum of selects, 256 for each unit, and moves it to at least 256: BOS must lie above 0.
    pub fn level(&mut self, top: f64) {
        let lift = (1.0 - top).max(0.0);
        self.alike = self.alike.plus(&Form::constant(1.0), lift);
        self.top = 256.0 * (top + lift);
    }

    /// The score, complete. A conjunction of nothing selects every key: those too must score more than 0, which is what
    /// tokens score for BOS's own query, so that BOS (between or level) stays above 0 and sees itself alone.
    #[must_use]
    pub fn finish(mut self) -> Self {
        if self.top == 0.0 {
            self.top = 256.0;
            self.alike = Form::constant(1.0);
        }
        if !self.alike.is_zero() {
            self.products.push(Product { query: Form::constant(256.0), key: std::mem::take(&mut self.alike) });
        }
        self
    }

    fn add_signs(&mut self, groups: &[Group], keys: &[&Form], queries: &[&Form]) {
        let d = usize::BITS - (groups.len() - 1).leading_zeros();
        self.top += 128.0 * f64::from(d);
        for bit in 0..d {
            let sign = |g: usize| if g >> bit & 1 == 1 { 1.0 } else { -1.0 };
            let query =
                groups.iter().enumerate().flat_map(|(g, (m, _))| m.iter().map(move |&q| (queries[q], 128.0 * sign(g))));
            let key = groups.iter().enumerate().flat_map(|(g, (_, s))| bits(s).map(move |k| (keys[k], sign(g))));
            self.products.push(Product { query: Form::sum(query), key: Form::sum(key) });
        }
    }
}

/// The queries with one row, and that row.
type Group = (Vec<usize>, Vec<u64>);

fn total(forms: &[&Form]) -> Form {
    Form::sum(forms.iter().map(|f| (*f, 1.0)))
}

fn bits(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(w, &word)| {
        let mut word = word;
        std::iter::from_fn(move || {
            let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
            word &= word - 1;
            Some(w * 64 + bit)
        })
    })
}

impl Matrix {
    /// The matrix of `selected(key, query)`.
    pub fn new(keys: usize, queries: usize, mut selected: impl FnMut(usize, usize) -> bool) -> Self {
        let words = keys.div_ceil(64);
        let row = |q: usize| {
            let mut row = vec![0u64; words];
            (0..keys).filter(|&k| selected(k, q)).for_each(|k| row[k / 64] |= 1 << (k % 64));
            row
        };
        Self { keys, rows: (0..queries).map(row).collect() }
    }

    /// The matrix that selects where both do.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let row = |(a, b): (&Vec<u64>, &Vec<u64>)| a.iter().zip(b).map(|(x, y)| x & y).collect();
        Self { keys: self.keys, rows: self.rows.iter().zip(&other.rows).map(row).collect() }
    }

    fn is_full(&self) -> bool {
        self.rows.iter().all(|r| r.iter().map(|w| w.count_ones() as usize).sum::<usize>() == self.keys)
    }

    fn transposed(&self) -> Self {
        let words = self.rows.len().div_ceil(64);
        let mut rows = vec![vec![0u64; words]; self.keys];
        for (q, row) in self.rows.iter().enumerate() {
            bits(row).for_each(|k| rows[k][q / 64] |= 1 << (q % 64));
        }
        Self { keys: self.rows.len(), rows }
    }

    /// Equal nonzero rows together, in order of first occurrence.
    fn groups(&self) -> Vec<Group> {
        let mut index: HashMap<&[u64], usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (q, row) in self.rows.iter().enumerate().filter(|(_, r)| r.iter().any(|&w| w != 0)) {
            let at = *index.entry(row).or_insert_with(|| {
                groups.push((Vec::new(), row.clone()));
                groups.len() - 1
            });
            groups[at].0.push(q);
        }
        groups
    }

    /// Whether no key is selected by two groups.
    fn is_matching(&self, groups: &[Group]) -> bool {
        let mut seen = vec![0u64; self.keys.div_ceil(64)];
        groups.iter().all(|(_, row)| {
            let free = seen.iter().zip(row).all(|(s, r)| s & r == 0);
            seen.iter_mut().zip(row).for_each(|(s, r)| *s |= r);
            free
        })
    }
}
