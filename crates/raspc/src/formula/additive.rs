//! One head for a formula: a sum of selects with whole coefficients (numerics section 3).
//!
//! The score of a head is a sum, so a formula is realised by one head when some Σ c_i S_i is equal for all pairs that it
//! selects and at least 1 less for all others. Over all truths of m independent selects only conjunctions of selects and
//! their complements are (the argmax sets of linear functions on the cube are its faces); but only the truths that occur
//! together count, and those are few where selects exclude or imply one another: `< or ==`, `<= and not ==`,
//! `previous or first`. The linear program over them decides it exactly.
//!
//! **Exactness.** Each select is an exact indicator over one-hots (`gadgets::score`), so the score is 256 Σ c_i S_i in whole
//! multiples of 256: level for all selected pairs, at least 256 lower for the others. BOS 128 below the level leaves the
//! default where nothing is selected, BOS on the level counts.

use std::collections::BTreeSet;

use raspc_lang::graph::{Graph, NodeId};

use super::simplex;
use super::truth::{Cases, Formula};

/// A formula as a sum of selects: Σ coefficient · select is `top` where it holds and at most `top` − 1 elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Additive {
    /// The selects and their coefficients (none 0), in order of their ids.
    pub terms: Vec<(NodeId, i64)>,
    /// The sum where the formula holds.
    pub top: i64,
}

/// Coefficients larger than this are not used: scores must stay far below 2^24.
const LARGEST: u64 = 1 << 6;

/// The formula as a sum of its atoms, if it is one over the truths that occur together.
pub(super) fn additive(graph: &Graph, formula: Formula, atoms: &[NodeId], cases: &Cases) -> Option<Additive> {
    let occurring = cases.combinations();
    let truth = formula.truth(graph);
    let (on, off): (BTreeSet<u32>, BTreeSet<u32>) = occurring.into_iter().partition(|&bits| truth.holds(bits));
    let row = |bits: u32| -> Vec<i64> { (0..atoms.len()).map(|i| i64::from(bits >> i & 1)).collect() };
    let difference = |a: u32, b: u32| row(a).iter().zip(row(b)).map(|(x, y)| x - y).collect::<Vec<i64>>();
    let Some(&first) = on.first() else {
        // It selects nothing.
        return Some(Additive { terms: Vec::new(), top: 1 });
    };
    let level = independent(on.iter().skip(1).map(|&b| difference(b, first)).collect());
    let apart: Vec<Vec<i64>> = off.iter().map(|&b| difference(first, b)).collect();
    let costs: Vec<i64> = (0..atoms.len()).map(|i| cases.rank(i).max(1)).collect();
    let found = simplex::solve(&level, &apart, &costs)?;
    if found.iter().any(|c| c.unsigned_abs() > LARGEST) {
        return None;
    }
    let sum = |bits: u32| row(bits).iter().zip(&found).map(|(x, c)| x * c).sum::<i64>();
    let top = sum(first);
    assert!(on.iter().all(|&b| sum(b) == top) && off.iter().all(|&b| sum(b) < top), "the solution of the program");
    let terms = atoms.iter().zip(found).filter(|(_, c)| *c != 0).map(|(&a, c)| (a, c)).collect();
    Some(Additive { terms, top })
}

/// Rows that span the same space, by elimination without fractions.
///
/// Nothing overflows: a row that is 0 at the leads of k others is, divided by what its entries have in common, at most a
/// minor of k + 1 of the given rows. Their entries are 0 and ±1 and they are at most 10 long (`super::PROGRAM`), so that
/// minors are at most 10^5 (Hadamard), and the products of two entries below 10^11.
fn independent(rows: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    let mut kept: Vec<(usize, Vec<i64>)> = Vec::new();
    for mut row in rows {
        for (lead, basis) in &kept {
            let (a, b) = (row[*lead], basis[*lead]);
            if a != 0 {
                row = row.iter().zip(basis).map(|(x, y)| x * b - y * a).collect();
                let divisor = row.iter().fold(0, |g, &x| num_integer::gcd(g, x));
                for x in &mut row {
                    *x /= divisor.max(1);
                }
            }
        }
        if let Some(lead) = row.iter().position(|&x| x != 0) {
            kept.push((lead, row));
        }
    }
    kept.into_iter().map(|(_, row)| row).collect()
}
