//! A linear program in exact arithmetic: the cheapest whole coefficients under which some combinations stand level and
//! the others at least 1 below.
//!
//! Minimise Σ cost·|c| such that `level`·c = 0 and `apart`·c ≥ 1. With c = p − n and p, n ≥ 0 the costs are not negative,
//! so the dictionary in which all constraints are basic is dual feasible, and the dual simplex method needs no first
//! phase. Bland's rule (the least index among equals) makes it end. The solution is rational; times its common
//! denominator it is whole, and the margins only grow.

use num_integer::Integer as _;

/// A fraction in lowest terms with a positive denominator; operations give nothing where 128 bits do not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fraction {
    above: i128,
    below: i128,
}

impl Fraction {
    fn new(above: i128, below: i128) -> Option<Self> {
        let divisor = above.gcd(&below).max(1) * if below < 0 { -1 } else { 1 };
        (below != 0).then(|| Self { above: above / divisor, below: below / divisor })
    }

    fn whole(n: i64) -> Self {
        Self { above: i128::from(n), below: 1 }
    }

    fn plus(self, other: Self) -> Option<Self> {
        let (a, b) = (self.above.checked_mul(other.below)?, other.above.checked_mul(self.below)?);
        Self::new(a.checked_add(b)?, self.below.checked_mul(other.below)?)
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::new(self.above.checked_mul(other.above)?, self.below.checked_mul(other.below)?)
    }

    fn over(self, other: Self) -> Option<Self> {
        Self::new(self.above.checked_mul(other.below)?, self.below.checked_mul(other.above)?)
    }

    fn negated(self) -> Self {
        Self { above: -self.above, below: self.below }
    }

    fn is_less(self, other: Self) -> Option<bool> {
        Some(self.above.checked_mul(other.below)? < other.above.checked_mul(self.below)?)
    }
}

/// Basic variables as affine functions of the others.
struct Dictionary {
    /// By row: the variable, its constant, its coefficients by column.
    rows: Vec<(usize, Fraction, Vec<Fraction>)>,
    /// By column: the variable and its cost.
    columns: Vec<(usize, Fraction)>,
}

/// The cheapest coefficients, if there are any (and 128 bits suffice to find them).
pub(super) fn solve(level: &[Vec<i64>], apart: &[Vec<i64>], costs: &[i64]) -> Option<Vec<i64>> {
    let n = costs.len();
    let both = |row: &Vec<i64>| -> Vec<Fraction> {
        row.iter().map(|&c| Fraction::whole(c)).chain(row.iter().map(|&c| Fraction::whole(-c))).collect()
    };
    let negative = |row: &Vec<i64>| row.iter().map(|c| -c).collect::<Vec<i64>>();
    let mut constraints: Vec<(i64, Vec<i64>)> = Vec::new();
    constraints.extend(apart.iter().map(|row| (-1, row.clone())));
    constraints.extend(level.iter().flat_map(|row| [(0, row.clone()), (0, negative(row))]));
    constraints.sort();
    constraints.dedup();
    let rows = constraints
        .iter()
        .enumerate()
        .map(|(i, (constant, row))| (2 * n + i, Fraction::whole(*constant), both(row)))
        .collect();
    let columns = costs.iter().chain(costs).enumerate().map(|(i, &c)| (i, Fraction::whole(c))).collect();
    let mut dictionary = Dictionary { rows, columns };
    while let Some(row) = dictionary.leaving() {
        let column = dictionary.entering(row)?;
        dictionary.pivot(row, column)?;
    }
    let mut solution = vec![Fraction::whole(0); 2 * n];
    for (variable, constant, _) in &dictionary.rows {
        if let Some(slot) = solution.get_mut(*variable) {
            *slot = *constant;
        }
    }
    let found: Vec<Fraction> = (0..n).map(|i| solution[i].plus(solution[n + i].negated())).collect::<Option<_>>()?;
    let common = found.iter().try_fold(1i128, |all, f| all.checked_mul(f.below / all.gcd(&f.below)))?;
    found.iter().map(|f| i64::try_from(f.above.checked_mul(common / f.below)?).ok()).collect()
}

impl Dictionary {
    /// The row of the first basic variable that is negative.
    fn leaving(&self) -> Option<usize> {
        let negative = self.rows.iter().enumerate().filter(|(_, r)| r.1.above < 0);
        negative.min_by_key(|(_, r)| r.0).map(|(i, _)| i)
    }

    /// The column that raises the row at the least cost; nothing where no column does: then there is no solution.
    fn entering(&self, row: usize) -> Option<usize> {
        let mut best: Option<(Fraction, usize, usize)> = None;
        for (j, (variable, cost)) in self.columns.iter().enumerate() {
            let coefficient = self.rows[row].2[j];
            if coefficient.above <= 0 {
                continue;
            }
            let ratio = cost.over(coefficient)?;
            let better = match &best {
                None => true,
                Some((least, with, _)) => ratio.is_less(*least)? || (!least.is_less(ratio)? && variable < with),
            };
            if better {
                best = Some((ratio, *variable, j));
            }
        }
        best.map(|b| b.2)
    }

    /// Exchanges a basic variable for another.
    fn pivot(&mut self, row: usize, column: usize) -> Option<()> {
        let (leaving, constant, coefficients) = self.rows[row].clone();
        let pivot = coefficients[column];
        let one = Fraction::whole(1);
        // entering = (leaving − constant − Σ others) / pivot
        let mut solved: Vec<Fraction> = coefficients.iter().map(|c| c.negated().over(pivot)).collect::<Option<_>>()?;
        solved[column] = one.over(pivot)?;
        let constant = constant.negated().over(pivot)?;
        for (i, (_, b, a)) in self.rows.iter_mut().enumerate() {
            let factor = a[column];
            if i == row || factor.above == 0 {
                continue;
            }
            *b = b.plus(factor.times(constant)?)?;
            for (j, s) in solved.iter().enumerate() {
                let here = if j == column { Fraction::whole(0) } else { a[j] };
                a[j] = here.plus(factor.times(*s)?)?;
            }
        }
        let cost = self.columns[column].1;
        for (j, s) in solved.iter().enumerate() {
            let here = if j == column { Fraction::whole(0) } else { self.columns[j].1 };
            self.columns[j].1 = here.plus(cost.times(*s)?)?;
        }
        let entering = self.columns[column].0;
        self.columns[column].0 = leaving;
        self.rows[row] = (entering, constant, solved);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_whole_coefficients() {
        // a or b, never both: a + b.
        assert_eq!(solve(&[vec![1, -1]], &[vec![1, 0]], &[1, 1]), Some(vec![1, 1]));
        // a or b, any combination: no coefficients.
        assert_eq!(solve(&[vec![1, -1], vec![0, 1]], &[vec![1, 0]], &[1, 1]), None);
        // What costs less is used.
        assert_eq!(solve(&[], &[vec![1, 1]], &[5, 1]), Some(vec![0, 1]));
        assert_eq!(solve(&[], &[vec![2, 0], vec![0, 3]], &[1, 1]), Some(vec![3, 2]));
    }
}
