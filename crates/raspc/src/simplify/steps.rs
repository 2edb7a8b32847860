//! A selector formula as steps over its selects: each part once, however often it is shared; evaluated for many truths of
//! the selects at a time.

use std::collections::BTreeSet;

use raspc_lang::graph::{Graph, NodeId, Op};

/// A formula over selects.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The selects it is made of, in order of their ids.
    pub selects: Vec<NodeId>,
    /// Operands before users; the last is the formula.
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Select(usize),
    And(usize, usize),
    Or(usize, usize),
    Not(usize),
}

/// A formula over few selects by its value for all their truths: bit b is its value where select i has the truth that bit i
/// of b says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// How many selects.
    pub vars: usize,
    /// 2^vars bits; those beyond are 0.
    pub words: Vec<u64>,
}

/// The truth of select i < 6 in the bits of a word.
const PATTERNS: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

impl Steps {
    /// The steps of a selector.
    pub fn of(graph: &Graph, selector: NodeId) -> Self {
        let mut under = BTreeSet::new();
        let mut stack = vec![selector];
        while let Some(at) = stack.pop() {
            if under.insert(at) && !matches!(graph.op(at), Op::Select { .. }) {
                stack.extend(graph.op(at).operands());
            }
        }
        let nodes: Vec<NodeId> = under.into_iter().collect();
        let place = |n: &NodeId| nodes.binary_search(n).expect("operands are under it");
        let mut selects = Vec::new();
        let steps = nodes.iter().map(|&node| match graph.op(node) {
            Op::Select { .. } => {
                selects.push(node);
                Step::Select(selects.len() - 1)
            }
            Op::And(a, b) => Step::And(place(a), place(b)),
            Op::Or(a, b) => Step::Or(place(a), place(b)),
            Op::Not(a) => Step::Not(place(a)),
            op => panic!("{op:?} is no selector"),
        });
        let steps = steps.collect();
        Self { selects, steps }
    }

    /// Its truth, given that of its (at most 32) selects as bits.
    pub fn holds(&self, bits: u32) -> bool {
        self.word(&|i| if bits >> i & 1 == 1 { u64::MAX } else { 0 }) & 1 == 1
    }

    /// Its value for 64 truths of each select.
    fn word(&self, select: &dyn Fn(usize) -> u64) -> u64 {
        let mut found: Vec<u64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            found.push(match *step {
                Step::Select(i) => select(i),
                Step::And(a, b) => found[a] & found[b],
                Step::Or(a, b) => found[a] | found[b],
                Step::Not(a) => !found[a],
            });
        }
        found.last().copied().expect("a formula has a step")
    }

    /// Its table, where it is made of at most `most` selects.
    pub fn table(&self, most: usize) -> Option<Table> {
        let vars = self.selects.len();
        if vars > most {
            return None;
        }
        let words = (0..1usize << vars.saturating_sub(6)).map(|w| self.word(&|i| pattern(i, w))).collect();
        Some(Table { vars, words }.trimmed())
    }
}

/// The truth of variable i in a word of a table.
fn pattern(i: usize, word: usize) -> u64 {
    match PATTERNS.get(i) {
        Some(&pattern) => pattern,
        None if word >> (i - 6) & 1 == 1 => u64::MAX,
        None => 0,
    }
}

impl Table {
    /// The table that is its variable i.
    pub fn variable(vars: usize, i: usize) -> Self {
        let words = (0..1usize << vars.saturating_sub(6)).map(|w| pattern(i, w)).collect();
        Self { vars, words }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        if self.vars < 6 {
            self.words[0] &= (1 << (1u32 << self.vars)) - 1;
        }
        self
    }

    /// Its value for one truth of the variables.
    pub fn at(&self, bits: usize) -> bool {
        self.words[bits / 64] >> (bits % 64) & 1 == 1
    }

    /// Whether it is true nowhere.
    pub fn is_never(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    /// Either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    /// The complement.
    #[must_use]
    pub fn not(&self) -> Self {
        Self { vars: self.vars, words: self.words.iter().map(|w| !w).collect() }.trimmed()
    }

    fn with(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| f(*a, *b)).collect();
        Self { vars: self.vars, words }
    }

    /// With one variable's truth fixed; it depends on that variable no more.
    #[must_use]
    pub fn fixed(&self, i: usize, truth: bool) -> Self {
        let words = if i < 6 {
            let (shift, mask) = (1u32 << i, PATTERNS[i]);
            let spread =
                |w: u64| if truth { (w & mask) | (w & mask) >> shift } else { (w & !mask) | (w & !mask) << shift };
            self.words.iter().map(|w| spread(*w)).collect()
        } else {
            let bit = 1 << (i - 6);
            (0..self.words.len()).map(|w| self.words[if truth { w | bit } else { w & !bit }]).collect()
        };
        Self { vars: self.vars, words }.trimmed()
    }

    /// Whether it depends on a variable.
    pub fn reads(&self, i: usize) -> bool {
        self.fixed(i, false) != self.fixed(i, true)
    }

    /// The same function of other variables: variable i becomes `to[i]` of `vars`.
    #[must_use]
    pub fn moved(&self, to: &[usize], vars: usize) -> Self {
        let mut words = vec![0; 1usize << vars.saturating_sub(6)];
        for bits in 0..1usize << vars {
            let own = to.iter().enumerate().fold(0, |own, (i, &t)| own | (bits >> t & 1) << i);
            words[bits / 64] |= u64::from(self.at(own)) << (bits % 64);
        }
        Self { vars, words }
    }
}
