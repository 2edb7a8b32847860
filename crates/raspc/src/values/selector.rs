//! How many keys a selector selects, and how the widths of two selectors are related.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::graph::{Comparison, Op, Predicate};

use super::canon::Class;
use super::cases::{FALSE, MAX_PAIRS, Pairs, TRUE};
use super::engine::{Engine, Var};
use super::intern::Id;

/// Most selects in a formula that is looked at by cases.
const MAX_ATOMS: usize = 8;

/// What is known of the selectors.
#[derive(Debug)]
pub(super) struct Selectors {
    width: Vec<(usize, usize)>,
    /// Whether a query never selects its own position.
    never_self: Vec<bool>,
    /// Bounds of the width by the position alone: from selectors that select more and do not depend on the tokens.
    ceilings: Vec<Vec<Ceiling>>,
    /// The selects in the formula, sorted; none where there are too many.
    atoms: Vec<Option<Arc<[Class]>>>,
    /// The selectors in the formula, operands first.
    under: Vec<Arc<[Class]>>,
    /// By select: the cases that it can show.
    pub(super) cases: BTreeMap<(Class, Pairs), u8>,
}

/// At most how many keys are selected, by the value of a variable of the position.
#[derive(Clone, Debug)]
pub(super) struct Ceiling {
    pub(super) var: Var,
    pub(super) cells: Vec<u32>,
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
            ceilings: vec![Vec::new(); classes],
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

    /// Bounds of the width by the position.
    pub(super) fn ceilings(&self, selector: Class) -> &[Ceiling] {
        &self.ceilings[selector.index()]
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
        for ceiling in self.find_ceilings(class) {
            hi = hi.min(ceiling.cells.iter().copied().max().map_or(0, |most| most as usize));
            self.selectors.ceilings[class.index()].push(ceiling);
        }
        (lo.min(hi), hi)
    }

    /// Widths of parts of the formula that select at least what the whole does, and that the position decides.
    fn find_ceilings(&mut self, class: Class) -> Vec<Ceiling> {
        if !self.dag.consumed[class.index()] {
            return Vec::new();
        }
        let mut found = Vec::new();
        for &part in self.selectors.under(class).iter().filter(|&&part| part != class) {
            if let Some(less) = self.pair_rule(part, class).second_less
                && let Some(mut ceiling) = self.scan_ceiling(part)
            {
                ceiling.cells.iter_mut().for_each(|w| *w = w.saturating_sub(less));
                found.push(ceiling);
            }
        }
        found
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
            Op::Select { keys, queries, predicate: Predicate::Compare(Comparison::Eq) }
                if self.finds_one(keys, queries) =>
            {
                (1, 1)
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
}
