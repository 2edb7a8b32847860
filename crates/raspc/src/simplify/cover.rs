//! Few disjoint conjunctions that together are a formula, from its table.
//!
//! Over at most four variables they are the fewest there are: the conjunction that covers the first truth not yet covered is
//! one of at most 16, and all choices are tried, each remainder once. Over more, one variable is decided after another, and
//! what holds whatever its truth is covered either once or with both.

use super::steps::Table;

/// A conjunction: variables that must be true, and variables that must be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Variables that must be true, as bits.
    pub on: u32,
    /// Variables that must be false, as bits.
    pub off: u32,
}

/// Over so many variables the fewest conjunctions are found.
const EXACT: usize = 4;

/// Disjoint conjunctions whose union is the formula.
pub(super) fn cover(table: &Table) -> Vec<Cell> {
    if table.is_never() {
        return Vec::new();
    }
    let read: Vec<usize> = (0..table.vars).filter(|&i| table.reads(i)).collect();
    if read.len() <= EXACT {
        return exact(table, &read);
    }
    // The variable that leaves least to be decided.
    let left = |i: usize| {
        let of = |truth| {
            let rest = table.fixed(i, truth);
            (0..table.vars).filter(|&j| rest.reads(j)).count()
        };
        of(false) + of(true)
    };
    let pivot = read.iter().copied().min_by_key(|&i| left(i)).expect("it reads some");
    let (without, with) = (table.fixed(pivot, false), table.fixed(pivot, true));
    let both = without.and(&with);
    let split = |off: &Table, on: &Table| {
        let mut cells: Vec<Cell> = cover(off).into_iter().map(|c| Cell { off: c.off | 1 << pivot, ..c }).collect();
        cells.extend(cover(on).into_iter().map(|c| Cell { on: c.on | 1 << pivot, ..c }));
        cells
    };
    let apart = split(&without, &with);
    if both.is_never() {
        return apart;
    }
    let mut shared = cover(&both);
    shared.extend(split(&without.and(&both.not()), &with.and(&both.not())));
    if shared.len() < apart.len() { shared } else { apart }
}

/// The fewest disjoint conjunctions of at most four variables.
fn exact(table: &Table, read: &[usize]) -> Vec<Cell> {
    let n = read.len();
    let bits_of = |small: usize| read.iter().enumerate().fold(0, |bits, (i, &v)| bits | (small >> i & 1) << v);
    let whole: u16 = (0..1usize << n).fold(0, |all, small| all | u16::from(table.at(bits_of(small))) << small);
    let mut search = Search { n, best: vec![None; 1 << (1usize << n)] };
    search.fewest(whole);
    let mut cells = Vec::new();
    let mut rest = whole;
    while rest != 0 {
        let (_, free, covered) = search.best[usize::from(rest)].expect("searched");
        let first = rest.trailing_zeros() as usize;
        let (mut on, mut off) = (0, 0);
        for (i, &v) in read.iter().enumerate().filter(|(i, _)| free >> i & 1 == 0) {
            if first >> i & 1 == 1 { on |= 1 << v } else { off |= 1 << v }
        }
        cells.push(Cell { on, off });
        rest &= !covered;
    }
    cells
}

struct Search {
    n: usize,
    /// By what is left: how many conjunctions it takes, the free variables of the first, and what that covers.
    best: Vec<Option<(u8, u8, u16)>>,
}

impl Search {
    fn fewest(&mut self, rest: u16) -> u8 {
        if rest == 0 {
            return 0;
        }
        if let Some(known) = self.best[usize::from(rest)] {
            return known.0;
        }
        let first = rest.trailing_zeros() as usize;
        let mut best: Option<(u8, u8, u16)> = None;
        // Those with more free variables first: they cover more.
        for free in (0..1usize << self.n).rev() {
            let alike = (0..1usize << self.n).filter(|x| x & !free == first & !free);
            let covered: u16 = alike.fold(0, |all, x| all | 1 << x);
            if covered & !rest != 0 {
                continue;
            }
            let count = 1 + self.fewest(rest & !covered);
            if best.is_none_or(|b| count < b.0) {
                best = Some((count, free as u8, covered));
            }
        }
        self.best[usize::from(rest)] = best;
        best.map_or(0, |b| b.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(vars: usize, truth: impl Fn(usize) -> bool) -> Table {
        let mut words = vec![0u64; 1 << vars.saturating_sub(6)];
        (0..1usize << vars).filter(|&b| truth(b)).for_each(|b| words[b / 64] |= 1 << (b % 64));
        Table { vars, words }
    }

    fn holding(cells: &[Cell], bits: usize) -> usize {
        cells.iter().filter(|c| bits as u32 & c.on == c.on && bits as u32 & c.off == 0).count()
    }

    #[test]
    fn covers_are_disjoint_and_whole() {
        let mut state = 7u64;
        for round in 0..400 {
            let vars = 1 + round % 8;
            let bits: Vec<bool> = (0..1usize << vars)
                .map(|_| {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    state >> 60 > 9
                })
                .collect();
            let cells = cover(&table(vars, |b| bits[b]));
            for (b, &wanted) in bits.iter().enumerate() {
                assert_eq!(holding(&cells, b), usize::from(wanted), "{vars} variables, {b:b}: {cells:?}");
            }
        }
    }

    #[test]
    fn the_fewest() {
        // a or b; a and b or a and c; exactly one of three; all variables but one do not matter.
        for (vars, truth, fewest) in [
            (2, (|b| b & 3 != 0) as fn(usize) -> bool, 2),
            (3, |b| b & 1 == 1 && b & 6 != 0, 2),
            (3, |b: usize| b.is_power_of_two(), 3),
            (3, |b: usize| b.count_ones() >= 2, 3),
            (9, |b| b >> 7 & 1 == 1, 1),
            (8, |b| b != 0, 8),
            (4, |_| true, 1),
            (4, |_| false, 0),
        ] {
            assert_eq!(cover(&table(vars, truth)).len(), fewest, "{vars} variables");
        }
    }
}
