//! Work on each row of a matrix: one after another, or in parallel with the feature `rayon`.
//!
//! A row's result depends on nothing but its index, so both give the same bits.

use crate::matrix::Matrix;

/// Calls `work(scratch, r, row)` for every row; `scratch` makes what the calls may reuse between rows.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_rows<S>(matrix: &mut Matrix, scratch: impl Fn() -> S, work: impl Fn(&mut S, usize, &mut [f32])) {
    let mut scratch = scratch();
    // A matrix without columns has rows, but nothing in them.
    let cols = matrix.cols.max(1);
    for (r, row) in matrix.data.chunks_exact_mut(cols).enumerate() {
        work(&mut scratch, r, row);
    }
}

/// Calls `work(scratch, r, row)` for every row; `scratch` makes what the calls of one thread may reuse between rows.
#[cfg(feature = "rayon")]
pub(crate) fn for_rows<S>(
    matrix: &mut Matrix,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, usize, &mut [f32]) + Sync + Send,
) {
    use rayon::prelude::*;
    let cols = matrix.cols.max(1);
    let rows = matrix.data.par_chunks_exact_mut(cols).enumerate();
    rows.for_each_init(scratch, |scratch, (r, row)| work(scratch, r, row));
}

/// The results of `work` on every item, in order; the first error by the item's index.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_all<T, R, E>(items: &[T], work: impl Fn(usize, &T) -> Result<R, E>) -> Result<Vec<R>, E> {
    items.iter().enumerate().map(|(i, item)| work(i, item)).collect()
}

/// The results of `work` on every item, in order; the first error by the item's index.
#[cfg(feature = "rayon")]
pub(crate) fn map_all<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, E> + Sync + Send,
) -> Result<Vec<R>, E> {
    use rayon::prelude::*;
    // Collected before it is searched: which error is reported must not depend on which thread was first.
    let results: Vec<Result<R, E>> = items.par_iter().enumerate().map(|(i, item)| work(i, item)).collect();
    results.into_iter().collect()
}
