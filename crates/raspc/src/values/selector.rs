//! How many keys a selector selects, and how the widths of two selectors are related.
//!
//! A selector is a formula over selects. A select that compares keys with queries depends only on whether key < query,
//! key = query or key > query in the canonical order (an ordering of values that have no order raises, and then there is
//! nothing to be said); a select by a function is true or false. Selects with the same keys and queries share their
//! *case*. All combinations of cases that the value sets allow are looked at, a superset of what a pair of positions can
//! show; separately for the pair of a position with itself, and for key 0, which every position sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::graph::{Comparison, Op, Predicate};

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::Id;
use super::plan::Budget;
use super::rows::Chunk;

/// Most selects in a formula that is looked at by cases.
const MAX_ATOMS: usize = 8;

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

/// What is known of the selectors.
#[derive(Debug)]
pub(super) struct Selectors {
    width: Vec<(usize, usize)>,
    /// Whether a query never selects its own position.
    never_self: Vec<bool>,
    /// The selects in the formula, sorted; none where there are too many.
    atoms: Vec<Option<Arc<[Class]>>>,
    /// The selectors in the formula, operands first.
    under: Vec<Arc<[Class]>>,
    cases: BTreeMap<(Class, Pairs), u8>,
}

/// How the widths of two selectors at one position are related.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairRule {
    /// No key is selected by both: the sum is at most the visible keys less so many.
    sum_at_most: Option<u32>,
    /// What the first selects the second does: so many less at least.
    first_less: Option<u32>,
    /// What the second selects the first does.
    second_less: Option<u32>,
    /// Each key is selected by one or both.
    covers: bool,
}

impl PairRule {
    /// Whether widths within these bounds can go together, at a position that sees so many keys.
    pub(super) fn allows(self, first: (u32, u32), second: (u32, u32), visible: (u32, u32)) -> bool {
        self.sum_at_most.is_none_or(|d| first.0 + second.0 + d <= visible.1)
            && self.first_less.is_none_or(|d| first.0 + d <= second.1)
            && self.second_less.is_none_or(|d| second.0 + d <= first.1)
            && !(self.covers && first.1 + second.1 < visible.0)
    }
}

impl Selectors {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            width: vec![(0, 0); classes],
            never_self: vec![false; classes],
            atoms: vec![None; classes],
            under: vec![Arc::from([]); classes],
            cases: BTreeMap::new(),
        }
    }

    /// Least and greatest number of selected keys.
    pub(super) fn width(&self, selector: Class) -> (usize, usize) {
        self.width[selector.index()]
    }

    /// How many of the visible keys are never selected.
    pub(super) fn spare(&self, selector: Class) -> u32 {
        u32::from(self.never_self[selector.index()])
    }

    /// The selects of a formula, if they are few.
    pub(super) fn atoms(&self, selector: Class) -> Option<Arc<[Class]>> {
        self.atoms[selector.index()].clone()
    }

    /// The selectors of a formula, operands first.
    pub(super) fn under(&self, selector: Class) -> Arc<[Class]> {
        self.under[selector.index()].clone()
    }
}

impl Engine {
    pub(super) fn analyse_selector(&mut self, class: Class) {
        self.gather(class);
        if matches!(self.op(class), Op::Select { .. }) {
            self.check_predicate(class);
        }
        self.selectors.width[class.index()] = self.width_of(class);
    }

    /// The selects and selectors of the formula.
    fn gather(&mut self, class: Class) {
        let operands: Vec<Class> = match self.op(class) {
            Op::Select { .. } => {
                self.selectors.atoms[class.index()] = Some(Arc::from([class]));
                self.selectors.under[class.index()] = Arc::from([class]);
                return;
            }
            op => op.operands(),
        };
        let all: Option<Vec<Arc<[Class]>>> = operands.iter().map(|o| self.selectors.atoms(*o)).collect();
        let Some(all) = all else { return };
        let union = |lists: Vec<Arc<[Class]>>| -> Vec<Class> {
            let mut union: Vec<Class> = lists.iter().flat_map(|l| l.iter().copied()).collect();
            union.sort_unstable();
            union.dedup();
            union
        };
        let atoms = union(all);
        let mut under = union(operands.iter().map(|o| self.selectors.under(*o)).collect());
        under.push(class);
        if atoms.len() <= MAX_ATOMS && under.len() <= 64 {
            self.selectors.atoms[class.index()] = Some(atoms.into());
            self.selectors.under[class.index()] = under.into();
        }
    }

    /// Bounds of the width.
    fn width_of(&mut self, class: Class) -> (usize, usize) {
        let n = self.max_len;
        if n == 0 {
            return (0, 0);
        }
        let (mut lo, mut hi) = self.width_by_structure(class);
        match self.truths(&[class], Pairs::Any) {
            Some(FALSE) => return (0, 0),
            Some(TRUE) => return (1, n),
            _ => {}
        }
        let same = self.truths(&[class], Pairs::Same);
        let apart = self.truths(&[class], Pairs::Apart);
        if same == Some(TRUE) || self.truths(&[class], Pairs::First) == Some(TRUE) {
            lo = lo.max(1);
        }
        if same == Some(FALSE) {
            self.selectors.never_self[class.index()] = true;
            hi = hi.min(n - 1);
        }
        if apart == Some(FALSE) {
            hi = hi.min(1);
        }
        if let Some((least, most)) = self.scan_widths(class) {
            return (least, most);
        }
        (lo.min(hi), hi)
    }

    /// Bounds from those of the operands: for a conjunction the lesser, for a disjunction the sum.
    fn width_by_structure(&mut self, class: Class) -> (usize, usize) {
        let n = self.max_len;
        let width = |s: &Self, c: Class| s.selectors.width[c.index()];
        match self.op(class).clone() {
            Op::And(a, b) => (0, width(self, a).1.min(width(self, b).1)),
            Op::Or(a, b) => {
                let (a, b) = (width(self, a), width(self, b));
                (a.0.max(b.0), (a.1 + b.1).min(n))
            }
            Op::Select { keys, .. } if self.is_injective(keys) => (0, self.most_matches(class).min(n)),
            _ => (0, n),
        }
    }

    /// How many different key values match one query value at most; where keys are distinct, so many keys.
    fn most_matches(&mut self, class: Class) -> usize {
        let Op::Select { keys, queries, predicate } = self.op(class).clone() else { unreachable!("a select") };
        let everything = self.max_len;
        if let Predicate::Compare(Comparison::Eq) = predicate {
            return 1;
        }
        let (Some(k), Some(q)) = (self.known(keys), self.known(queries)) else { return everything };
        let (k, q) = (self.table.representatives(&k), self.table.representatives(&q));
        let (Some(&least), Some(&most)) = (q.first(), q.last()) else { return 0 };
        let below = |s: &Self, id: Id| k.partition_point(|&key| s.table.cmp_values(key, id).is_lt());
        let upto = |s: &Self, id: Id| k.partition_point(|&key| s.table.cmp_values(key, id).is_le());
        match predicate {
            Predicate::Compare(Comparison::Lt) => below(self, most),
            Predicate::Compare(Comparison::Le) => upto(self, most),
            Predicate::Compare(Comparison::Gt) => k.len() - upto(self, least),
            Predicate::Compare(Comparison::Ge) => k.len() - below(self, least),
            Predicate::Compare(_) => k.len(),
            Predicate::Function(_) if k.len() as u64 * q.len() as u64 > MAX_PAIRS => k.len(),
            Predicate::Function(_) => {
                let (keys, queries) = (self.known(keys).expect("known"), self.known(queries).expect("known"));
                let matches = |s: &mut Self, query: Id| {
                    let mut matched = keys.to_vec();
                    matched.retain(|&key| s.selects(class, key, query) != Some(false));
                    s.table.representatives(&matched).len()
                };
                queries.iter().map(|&query| matches(self, query)).max().unwrap_or(0)
            }
        }
    }

    /// Whether a select selects this key for this query; none where the predicate raises.
    pub(super) fn selects(&mut self, select: Class, key: Id, query: Id) -> Option<bool> {
        match self.op(select) {
            Op::Select { predicate: Predicate::Compare(c), .. } => {
                c.apply(self.table.value(key), self.table.value(query)).ok()
            }
            Op::Select { .. } => {
                let number = self.dag.function[select.index()].expect("a predicate function");
                self.call(number, &[key, query]).ok().map(|id| self.table.value(id).truthy())
            }
            _ => unreachable!("{select} is a select"),
        }
    }

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

    /// How the widths of two selectors are related.
    pub(super) fn pair_rule(&mut self, first: Class, second: Class) -> PairRule {
        let nothing = PairRule { sum_at_most: None, first_less: None, second_less: None, covers: false };
        let (Some(apart), Some(same)) =
            (self.truths(&[first, second], Pairs::Apart), self.truths(&[first, second], Pairs::Same))
        else {
            return nothing;
        };
        // Bits by combination: 0 neither, 1 the first alone, 2 the second alone, 3 both.
        let never = |combination: u8| (apart | same) >> combination & 1 == 0;
        let own = |combination: u8| u32::from(same == 1 << combination);
        PairRule {
            sum_at_most: never(3).then(|| own(0)),
            first_less: never(1).then(|| own(2)),
            second_less: never(2).then(|| own(1)),
            covers: never(0),
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
        rows.retain(|&(k, q)| k != super::intern::RAISED && q != super::intern::RAISED);
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
        first.retain(|&id| id != super::intern::RAISED);
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
        if k.contains(&super::intern::RAISED) || q.contains(&super::intern::RAISED) {
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
