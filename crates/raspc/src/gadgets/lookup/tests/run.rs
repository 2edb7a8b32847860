//! Runs a lookup as an f32 layer would, in several orders of summation, and compares with the table.

use crate::gadgets::lookup::{Entry, Lookup, Table, Unit};

/// A table from a function of the values.
pub(super) fn table(dims: &[usize], nullable: &[bool], classes: usize, f: impl Fn(&[usize]) -> Entry) -> Table {
    let mut entries = Vec::new();
    let size: usize = dims.iter().product();
    for mut index in 0..size {
        let mut at = vec![0; dims.len()];
        for (v, &dim) in at.iter_mut().zip(dims).rev() {
            *v = index % dim;
            index /= dim;
        }
        entries.push(f(&at));
    }
    Table { dims: dims.to_vec(), nullable: nullable.to_vec(), classes, entries }
}

/// A table of two arguments that are never none, from a function that gives the class.
pub(super) fn square(n: usize, m: usize, f: impl Fn(i64, i64) -> i64) -> Table {
    let classes =
        (0..n).flat_map(|a| (0..m).map(move |b| (a, b))).map(|(a, b)| f(a as i64, b as i64)).max().unwrap_or(0);
    table(&[n, m], &[false; 2], classes as usize + 1, |at| Entry::Class(f(at[0] as i64, at[1] as i64) as u32))
}

/// The argument tuples, none being `None`.
pub(super) fn inputs(table: &Table) -> Vec<Vec<Option<usize>>> {
    let mut out = vec![vec![]];
    for (&dim, &nullable) in table.dims.iter().zip(&table.nullable) {
        let values: Vec<Option<usize>> = (0..dim).map(Some).chain(nullable.then_some(None)).collect();
        out = out
            .iter()
            .flat_map(|head| values.iter().map(move |&v| head.iter().copied().chain([v]).collect()))
            .collect();
    }
    out
}

/// The table's entry for the arguments.
pub(super) fn entry(table: &Table, at: &[Option<usize>]) -> Entry {
    let index = at.iter().zip(&table.dims).try_fold(0, |index, (v, &dim)| v.map(|v| index * dim + v));
    index.map_or(Entry::Nothing, |index| table.entries[index])
}

/// Sums in f32 in the order given, reversed, by size (largest first), and pairwise.
fn in_all_orders(terms: &[f32]) -> [f32; 4] {
    let mut sorted = terms.to_vec();
    sorted.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    [
        terms.iter().sum(),
        terms.iter().rev().sum(),
        // All positive terms, then all negative ones: the largest partial sums there are.
        sorted.iter().filter(|t| **t > 0.0).chain(sorted.iter().filter(|t| **t <= 0.0)).sum(),
        pairwise(terms),
    ]
}

fn pairwise(terms: &[f32]) -> f32 {
    match terms {
        [] => 0.0,
        [one] => *one,
        _ => pairwise(&terms[..terms.len() / 2]) + pairwise(&terms[terms.len() / 2..]),
    }
}

/// A lookup laid out for running: each unit's terms by argument and value.
struct Layer<'a> {
    units: Vec<(&'a Unit, Vec<Vec<f32>>)>,
    constant: &'a [f64],
}

impl<'a> Layer<'a> {
    fn new(table: &Table, units: &'a [Unit], constant: &'a [f64]) -> Self {
        let dense = |unit: &'a Unit| {
            let mut weights: Vec<Vec<f32>> = table.dims.iter().map(|&dim| vec![0.0; dim]).collect();
            for &(arg, value, w) in &unit.reads {
                assert_eq!(weights[arg as usize][value as usize], 0.0, "a value read twice");
                assert_eq!(f64::from(w as f32), w);
                weights[arg as usize][value as usize] = w as f32;
            }
            assert!(unit.writes.iter().all(|&(class, w)| (class as usize) < constant.len() && w != 0.0));
            (unit, weights)
        };
        Self { units: units.iter().map(dense).collect(), constant }
    }

    /// The outputs in each order of summation.
    fn outputs(&self, at: &[Option<usize>]) -> [Vec<f32>; 4] {
        let mut terms: [Vec<Vec<f32>>; 4] =
            std::array::from_fn(|_| self.constant.iter().map(|&c| vec![c as f32]).collect());
        for (unit, weights) in &self.units {
            let read = at.iter().zip(weights).filter_map(|(v, weights)| v.map(|v| weights[v]));
            let sums = in_all_orders(&read.chain([unit.bias as f32]).collect::<Vec<_>>());
            for (terms, h) in terms.iter_mut().zip(sums.map(|z| z.max(0.0))).filter(|(_, h)| *h != 0.0) {
                unit.writes.iter().for_each(|&(class, w)| terms[class as usize].push(w as f32 * h));
            }
        }
        let mut order = 0..;
        terms.map(|terms| {
            let order = order.next().unwrap_or(0);
            terms.iter().map(|terms| in_all_orders(terms)[order]).collect()
        })
    }
}

/// Each input gives exactly the output wanted (nothing wanted: anything goes), in every order.
pub(super) fn verify_against(
    table: &Table,
    units: &[Unit],
    constant: &[f64],
    inputs: impl IntoIterator<Item = Vec<Option<usize>>>,
    wanted: impl Fn(Entry) -> Option<Vec<f32>>,
) {
    let layer = Layer::new(table, units, constant);
    for at in inputs {
        let Some(wanted) = wanted(entry(table, &at)) else { continue };
        for found in layer.outputs(&at) {
            assert_eq!(found, wanted, "at {at:?}: {units:?} + {constant:?} for {table:?}");
        }
    }
}

/// As above, the output wanted being the one-hot of the table's entry.
pub(super) fn verify_at(table: &Table, lookup: &Lookup, inputs: impl IntoIterator<Item = Vec<Option<usize>>>) {
    assert_eq!(lookup.constant.len(), table.classes);
    let one_hot =
        |class: Option<u32>| (0..table.classes).map(|c| if class == Some(c as u32) { 1.0 } else { 0.0 }).collect();
    verify_against(table, &lookup.units, &lookup.constant, inputs, |entry| match entry {
        Entry::Class(class) => Some(one_hot(Some(class))),
        Entry::Nothing => Some(one_hot(None)),
        Entry::Any => None,
    });
}

/// As above, for every combination of arguments.
pub(super) fn verify(table: &Table, lookup: &Lookup) {
    verify_at(table, lookup, inputs(table));
}
