//! Selectors by cases: which truth values they can have together.
//!
//! A select that compares keys with queries depends only on whether key < query, key = query or key > query in the
//! canonical order (an ordering of values that have no order raises, and then there is nothing to be said); a select by a
//! function is true or false. Selects with the same keys and queries share their *case*. All combinations of cases that
//! the value sets allow are looked at, a superset of what a pair of positions can show; separately for the pair of a
//! position with itself, and for key 0, which every position sees.

use std::collections::BTreeMap;

use raspc_lang::graph::{Comparison, Op, Predicate};

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED};
use super::plan::Budget;
use super::rows::Chunk;

/// Most combinations of cases, times selectors in the formula.
const MAX_CASES: usize = 1 << 16;

/// Most pairs of values compared one by one for one select.
pub(super) const MAX_PAIRS: u64 = 1 << 16;

/// Which pairs of a key and a query are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pairs {
    /// Every key that a position sees.
    Any,
    /// Keys at other positions than the query's.
    Apart,
    /// The key at the query's own position.
    Same,
    /// The first key.
    First,
}

/// A comparison's three cases as bits.
pub(super) const LESS: u8 = 1;
pub(super) const EQUAL: u8 = 2;
pub(super) const GREATER: u8 = 4;

/// A function's two cases as bits.
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
impl Engine {
    /// Which truth values selectors can have together for some pairs: bit b of the result stands for the combination in
    /// which the i-th selector is true where bit i of b is set. None where the formulas are too large to tell.
    pub(super) fn truths(&mut self, selectors: &[Class], pairs: Pairs) -> Option<u8> {
        let mut atoms = Vec::new();
        let mut under = Vec::new();
        for &selector in selectors {
            atoms.extend(self.selectors.atoms(selector)?.iter().copied());
            under.extend(self.selectors.under(selector).iter().copied());
        }
        for list in [&mut atoms, &mut under] {
            list.sort_unstable();
            list.dedup();
        }
        let groups = Groups::of(self, &atoms, pairs);
        if groups.combinations().saturating_mul(under.len()) > MAX_CASES {
            return None;
        }
        let mut truth: BTreeMap<Class, bool> = BTreeMap::new();
        let mut found = 0;
        groups.each(|cases| {
            self.evaluate(&groups, cases, &under, &mut truth);
            let bits = selectors.iter().enumerate().fold(0, |b, (i, s)| b | u8::from(truth[s]) << i);
            found |= 1 << bits;
        });
        Some(found)
    }

    /// The truth of each selector of a formula in one combination of cases.
    pub(super) fn evaluate(&self, groups: &Groups, cases: &[u8], under: &[Class], truth: &mut BTreeMap<Class, bool>) {
        for &class in under {
            let value = match self.op(class) {
                Op::Select { predicate: Predicate::Compare(c), .. } => holds(*c, cases[groups.index[&class]]),
                Op::Select { .. } => cases[groups.index[&class]] == TRUE,
                Op::And(a, b) => truth[a] && truth[b],
                Op::Or(a, b) => truth[a] || truth[b],
                Op::Not(a) => !truth[a],
                _ => unreachable!("{class} is a selector"),
            };
            truth.insert(class, value);
        }
    }

    /// Which cases a select can show for some pairs.
    fn cases(&mut self, atom: Class, pairs: Pairs) -> u8 {
        if let Some(&known) = self.selectors.cases.get(&(atom, pairs)) {
            return known;
        }
        let Op::Select { keys, queries, predicate } = self.op(atom).clone() else { unreachable!("a select") };
        let compare = matches!(predicate, Predicate::Compare(_));
        let everything = if compare { LESS | EQUAL | GREATER } else { FALSE | TRUE };
        let found = match pairs {
            Pairs::Same if keys == queries && compare => EQUAL,
            Pairs::Same => self.cases_of_rows(atom, keys, queries).unwrap_or(everything),
            Pairs::First => match self.first_keys(keys) {
                Some(first) => self.cases_of_sets(atom, Some(&first), self.known(queries).as_deref()),
                None => everything,
            },
            Pairs::Any | Pairs::Apart => match self.cases_by_index(atom, pairs) {
                Some(cases) => cases,
                None => self.cases_of_pairs(atom, keys, queries, pairs),
            },
        };
        self.selectors.cases.insert((atom, pairs), found);
        found
    }

    /// Cases of keys and queries at positions that nothing is known of.
    fn cases_of_pairs(&mut self, atom: Class, keys: Class, queries: Class, pairs: Pairs) -> u8 {
        let mut cases = self.cases_of_sets(atom, self.known(keys).as_deref(), self.known(queries).as_deref());
        let compare = matches!(self.op(atom), Op::Select { predicate: Predicate::Compare(_), .. });
        if keys == queries && compare && pairs == Pairs::Apart && self.is_injective(keys) {
            cases &= !EQUAL;
        }
        cases
    }

    /// Cases of any key value with any query value.
    fn cases_of_sets(&mut self, atom: Class, keys: Option<&[Id]>, queries: Option<&[Id]>) -> u8 {
        let Op::Select { predicate, .. } = self.op(atom) else { unreachable!("a select") };
        let compare = matches!(predicate, Predicate::Compare(_));
        let (Some(keys), Some(queries)) = (keys, queries) else {
            return if compare { LESS | EQUAL | GREATER } else { FALSE | TRUE };
        };
        let (Some(&k0), Some(&k1), Some(&q0), Some(&q1)) = (keys.first(), keys.last(), queries.first(), queries.last())
        else {
            return 0;
        };
        if !compare {
            if keys.len() as u64 * queries.len() as u64 > MAX_PAIRS {
                return FALSE | TRUE;
            }
            let pairs = queries.iter().flat_map(|&q| keys.iter().map(move |&k| (k, q)));
            return pairs.fold(0, |cases, (k, q)| cases | self.case(atom, k, q));
        }
        let mut cases = 0;
        if self.table.cmp_values(k0, q1).is_lt() {
            cases |= LESS;
        }
        if self.table.cmp_values(k1, q0).is_gt() {
            cases |= GREATER;
        }
        let (small, large) = if keys.len() < queries.len() { (keys, queries) } else { (queries, keys) };
        if small.iter().any(|&s| large.binary_search_by(|&l| self.table.cmp_values(l, s)).is_ok()) {
            cases |= EQUAL;
        }
        cases
    }

    /// The case of one key and query; nothing where a function raises.
    fn case(&mut self, atom: Class, key: Id, query: Id) -> u8 {
        let Op::Select { predicate, .. } = self.op(atom) else { unreachable!("a select") };
        if let Predicate::Compare(_) = predicate {
            return match self.table.cmp_values(key, query) {
                std::cmp::Ordering::Less => LESS,
                std::cmp::Ordering::Equal => EQUAL,
                std::cmp::Ordering::Greater => GREATER,
            };
        }
        match self.selects(atom, key, query) {
            Some(false) => FALSE,
            Some(true) => TRUE,
            None => 0,
        }
    }

    /// Cases of the key and query that one position holds, where they can be enumerated.
    fn cases_of_rows(&mut self, atom: Class, keys: Class, queries: Class) -> Option<u8> {
        let budget = Budget { cap: MAX_PAIRS.min(self.budget / 2), eager: true };
        let plan = self.plan(&[keys, queries], budget).ok()?;
        if !self.plan_needs(&plan, budget).is_empty() {
            return None;
        }
        self.budget = self.budget.saturating_sub(plan.cost);
        let mut rows: Vec<(Id, Id)> = Vec::new();
        let see = &mut |_: &mut Self, chunk: &Chunk| {
            rows.extend(chunk.column(keys).iter().copied().zip(chunk.column(queries).iter().copied()));
            Ok(())
        };
        self.visit(&plan, see).ok()?;
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|&(k, q)| k != RAISED && q != RAISED);
        Some(rows.into_iter().fold(0, |cases, (k, q)| cases | self.case(atom, k, q)))
    }

    /// What the key at the first position can be, where the position alone decides.
    fn first_keys(&self, keys: Class) -> Option<Vec<Id>> {
        let column = self.column(keys)?;
        let mut first: Vec<Id> = match self.dep[keys.index()] {
            Dep::Const | Dep::One(Var::Index) => vec![column[0]],
            Dep::One(Var::Length) => column.to_vec(),
            Dep::One(Var::Point) => (1..=self.max_len).map(|n| column[n * (n - 1) / 2]).collect(),
            _ => return None,
        };
        first.retain(|&id| id != RAISED);
        self.table.sort(&mut first);
        Some(first)
    }

    /// Cases of keys and queries that the index decides: pair by pair, or for keys in order under a causal mask.
    fn cases_by_index(&mut self, atom: Class, pairs: Pairs) -> Option<u8> {
        let Op::Select { keys, queries, predicate } = self.op(atom).clone() else { unreachable!("a select") };
        let index = |s: &Self, c: Class| match s.dep[c.index()] {
            Dep::Const => s.column(c).map(|column| vec![column[0]; s.max_len]),
            Dep::One(Var::Index) => s.column(c).map(|column| column.to_vec()),
            _ => None,
        };
        let (k, q) = (index(self, keys)?, index(self, queries)?);
        if k.contains(&RAISED) || q.contains(&RAISED) {
            return None;
        }
        let n = self.max_len;
        if !self.full() && keys == queries && matches!(predicate, Predicate::Compare(_)) {
            let ascending = k.windows(2).all(|w| self.table.cmp_values(w[0], w[1]).is_lt());
            if ascending {
                return Some(if pairs == Pairs::Any { LESS | EQUAL } else { LESS });
            }
        }
        if n as u64 * n as u64 > MAX_PAIRS {
            return None;
        }
        let mut cases = 0;
        for (query, &qid) in q.iter().enumerate() {
            for (key, &kid) in k.iter().enumerate() {
                let seen = self.full() || key <= query;
                if seen && !(pairs == Pairs::Apart && key == query) {
                    cases |= self.case(atom, kid, qid);
                }
            }
        }
        Some(cases)
    }
}

/// Whether a comparison holds in a case.
pub(super) fn holds(c: Comparison, case: u8) -> bool {
    match c {
        Comparison::Eq => case == EQUAL,
        Comparison::Ne => case != EQUAL,
        Comparison::Lt => case == LESS,
        Comparison::Le => case != GREATER,
        Comparison::Gt => case == GREATER,
        Comparison::Ge => case != LESS,
    }
}

/// Selects that share their case.
#[derive(Debug)]
pub(super) struct Groups {
    /// By select: its group.
    index: BTreeMap<Class, usize>,
    /// By group: the cases to look at.
    cases: Vec<Vec<u8>>,
}

impl Groups {
    /// The groups of some selects, with the cases that pairs can show.
    pub(super) fn of(engine: &mut Engine, atoms: &[Class], pairs: Pairs) -> Self {
        let mut names: Vec<(Class, Class, Option<u32>)> = Vec::new();
        let mut groups = Self { index: BTreeMap::new(), cases: Vec::new() };
        for &atom in atoms {
            let Op::Select { keys, queries, .. } = engine.op(atom) else { unreachable!("a select") };
            let name = (*keys, *queries, engine.dag.function[atom.index()]);
            let cases = engine.cases(atom, pairs);
            let group = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                names.push(name);
                groups.cases.push((0..3).map(|i| 1 << i).filter(|c| cases & c != 0).collect());
                names.len() - 1
            });
            groups.index.insert(atom, group);
        }
        groups
    }

    /// How many combinations of cases there are.
    pub(super) fn combinations(&self) -> usize {
        self.cases.iter().fold(1, |n, c| n.saturating_mul(c.len()))
    }

    /// Calls with each combination: one case for each group.
    pub(super) fn each(&self, mut see: impl FnMut(&[u8])) {
        let mut at = vec![0; self.cases.len()];
        if self.combinations() == 0 {
            return;
        }
        loop {
            let cases: Vec<u8> = at.iter().zip(&self.cases).map(|(&i, c)| c[i]).collect();
            see(&cases);
            let Some(next) = (0..at.len()).find(|&g| at[g] + 1 < self.cases[g].len()) else { return };
            at[next] += 1;
            at[..next].fill(0);
        }
    }
}
