//! Ranks: selectors by which every position selects the keys before its own in some order.
//!
//! Let a selector's truth depend only on how the values x of some s-ops at the key compare with the values y of the same
//! s-ops at the query, and let it be lexicographic: true (false) where the first s-op's x < y, false (true) where x > y,
//! and where they are equal decided by the next one in the same way; constant where all are equal. Then it is "x before
//! y" for a total order of the tuples, strict or not. Under a full mask every position sees the same keys, so if y is
//! before y', the keys selected by y are among those selected by y', and one more is: the position of y itself where the
//! order is strict, that of y' where it is not. Equal widths therefore mean equal tuples: the width determines each s-op.
//!
//! A predicate that is a function is treated alike when on the value set it is a comparison of ranks r(x) and r(y); where
//! r tells all values apart, the s-op itself is determined, else only its rank, which is no s-op.

use std::collections::BTreeMap;

use raspc_lang::graph::{Op, Predicate};

use super::canon::Class;
use super::cases::{EQUAL, GREATER, LESS, holds};
use super::engine::Engine;
use super::intern::Id;

/// Most s-ops compared in one order.
const MAX_KEYS: usize = 4;

/// Most pairs of values a function is asked for to see whether it is an order.
const MAX_PAIRS: usize = 1 << 20;

/// The truth of a select by how key and query compare.
type Cases = [bool; 3];

const ALL: [u8; 3] = [LESS, EQUAL, GREATER];

fn slot(case: u8) -> usize {
    case.trailing_zeros() as usize
}

/// The selects of one s-op with itself.
struct Compared {
    class: Class,
    /// By select.
    atoms: BTreeMap<Class, Cases>,
    /// Whether "equal" means equal values.
    fine: bool,
}

impl Engine {
    /// The s-ops that the width of a selector determines.
    pub(super) fn ranked_by(&mut self, selector: Class) -> Vec<Class> {
        let Some(atoms) = self.selectors.atoms(selector).filter(|_| self.full()) else { return Vec::new() };
        let mut by_class: BTreeMap<Class, Vec<Class>> = BTreeMap::new();
        for &atom in atoms.iter() {
            match self.op(atom) {
                Op::Select { keys, queries, .. } if keys == queries => by_class.entry(*keys).or_default().push(atom),
                _ => return Vec::new(),
            }
        }
        if by_class.len() > MAX_KEYS {
            return Vec::new();
        }
        let compared: Option<Vec<Compared>> =
            by_class.into_iter().map(|(class, atoms)| self.compared(class, &atoms)).collect();
        let Some(compared) = compared else { return Vec::new() };
        let truth = self.truth_by_cases(selector, &compared);
        if lexicographic(&truth, compared.len(), &mut Vec::new()) {
            compared.iter().filter(|c| c.fine).map(|c| c.class).collect()
        } else {
            Vec::new()
        }
    }

    /// The selects of one s-op as functions of how key and query compare, in the values' order or in that of a function.
    fn compared(&mut self, class: Class, atoms: &[Class]) -> Option<Compared> {
        let comparison = |s: &Self, atom: Class| match s.op(atom) {
            Op::Select { predicate: Predicate::Compare(c), .. } => Some(*c),
            _ => None,
        };
        let all: Option<Vec<_>> = atoms.iter().map(|&a| comparison(self, a)).collect();
        if let Some(all) = all {
            let cases = |c| ALL.map(|case| holds(c, case));
            let atoms = atoms.iter().copied().zip(all.into_iter().map(cases)).collect();
            return Some(Compared { class, atoms, fine: true });
        }
        let set = self.known(class)?;
        if set.len() * set.len() > MAX_PAIRS {
            return None;
        }
        let first = atoms.iter().copied().find(|&a| comparison(self, a).is_none())?;
        let ranks: Option<Vec<usize>> = set
            .iter()
            .map(|&query| set.iter().try_fold(0, |n, &key| Some(n + usize::from(self.selects(first, key, query)?))))
            .collect();
        let ranks = ranks?;
        let cases: Option<BTreeMap<Class, Cases>> =
            atoms.iter().map(|&a| Some((a, self.cases_of_ranks(a, &set, &ranks)?))).collect();
        let same = |(i, a): (usize, &Id)| {
            set[i + 1..]
                .iter()
                .zip(&ranks[i + 1..])
                .all(|(b, r)| *r != ranks[i] || self.table.class(*a) == self.table.class(*b))
        };
        let fine = set.iter().enumerate().all(same);
        Some(Compared { class, atoms: cases?, fine })
    }

    /// A select's truth by how the ranks compare, if that decides it.
    fn cases_of_ranks(&mut self, atom: Class, set: &[Id], ranks: &[usize]) -> Option<Cases> {
        let mut cases: [Option<bool>; 3] = [None; 3];
        for (&key, x) in set.iter().zip(ranks) {
            for (&query, y) in set.iter().zip(ranks) {
                let truth = self.selects(atom, key, query)?;
                // Less, equal, greater: the order of the bits.
                let case = &mut cases[(x.cmp(y) as i8 + 1) as usize];
                if *case.get_or_insert(truth) != truth {
                    return None;
                }
            }
        }
        Some(cases.map(|c| c.unwrap_or(false)))
    }

    /// The selector's truth by combination: the s-ops' cases are the digits of the index, base 3.
    fn truth_by_cases(&self, selector: Class, compared: &[Compared]) -> Vec<bool> {
        let under = self.selectors.under(selector);
        let combination = |mut number: usize| {
            let mut truth: BTreeMap<Class, bool> = BTreeMap::new();
            for c in compared {
                truth.extend(c.atoms.iter().map(|(&atom, cases)| (atom, cases[number % 3])));
                number /= 3;
            }
            for &class in under.iter() {
                let value = match self.op(class) {
                    Op::And(a, b) => truth[a] && truth[b],
                    Op::Or(a, b) => truth[a] || truth[b],
                    Op::Not(a) => !truth[a],
                    _ => continue,
                };
                truth.insert(class, value);
            }
            truth[&selector]
        };
        (0..3usize.pow(compared.len() as u32)).map(combination).collect()
    }
}

/// Whether a truth table is lexicographic in some order of the s-ops; `decided` are those that are equal so far.
fn lexicographic(truth: &[bool], keys: usize, decided: &mut Vec<usize>) -> bool {
    if decided.len() == keys {
        return true;
    }
    let digit = |number: usize, key: usize| number / 3usize.pow(key as u32) % 3;
    (0..keys).filter(|k| !decided.contains(k)).collect::<Vec<_>>().into_iter().any(|key| {
        let within = |number: &usize| decided.iter().all(|&d| digit(*number, d) == slot(EQUAL));
        let always = |case: u8, value: bool| {
            (0..truth.len()).filter(within).filter(|n| digit(*n, key) == slot(case)).all(|n| truth[n] == value)
        };
        if !(always(LESS, true) && always(GREATER, false) || always(LESS, false) && always(GREATER, true)) {
            return false;
        }
        decided.push(key);
        let rest = lexicographic(truth, keys, decided);
        decided.pop();
        rest
    })
}
