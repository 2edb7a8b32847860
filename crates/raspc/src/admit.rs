//! Admit: the budget. What a program would need is estimated before anything of that size is allocated.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};

use crate::encode::codes;
use crate::encode::plan::{Encoded, Number, OneHot};
use crate::gadgets::chords::KNOTS;
use crate::options::Options;
use crate::simplify::Simplified;
use crate::values::Values;

/// Bytes of a stored weight: its column and its value.
const NONZERO: u64 = 8;
/// Bytes that each pair of a key's and a query's value takes while the model is proved right.
const PAIR: u64 = 32;

/// Refuses a program that compares more values with more values than can be looked at pair by pair, before any pair is.
///
/// # Errors
/// The select that needs most, with the figures.
pub fn admit_pairs(simplified: &Simplified, values: &Values, options: &Options) -> Result<(), Vec<Diagnostic>> {
    let graph = &simplified.graph;
    let needed = simplified.needed();
    // What is not listed yet is asked for, and refused, where a head reads it.
    let listed = |n: NodeId| values.listed(n).unwrap_or(0) as u64;
    let mut worst = (options.limits.bytes.max(LEAST), None);
    for (id, node) in graph.iter().filter(|(id, _)| needed[id.index()]) {
        let Op::Select { keys, queries, .. } = node.op else { continue };
        let (k, q) = (listed(keys), listed(queries));
        let bytes = k.saturating_mul(q).saturating_mul(PAIR);
        if bytes > worst.0 {
            worst = (bytes, Some((id, k, q)));
        }
    }
    let (bytes, Some((id, k, q))) = worst else { return Ok(()) };
    let name = graph.describe(id);
    let (needs, budget) = (in_bytes(bytes), in_bytes(options.limits.bytes));
    let message = format!("proving what `{name}` selects would need about {needs}, and the budget is {budget}");
    let note = format!("it compares {k} values with {q}, and each pair is looked at");
    let hint = "shorten the maximum length or the vocabulary, compare something with fewer values, or raise the budget";
    let diagnostic = Diagnostic::error(codes::BUDGET, message).at(graph.node(id).span).node(name);
    Err(vec![diagnostic.note(None, note).hint(hint)])
}

/// So many bytes may be taken on the way whatever the budget of weights.
const LEAST: u64 = 1 << 28;

/// A number of bytes, for people.
fn in_bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        0x10_0000..0x400_0000_0000 => format!("{} MiB", bytes.div_ceil(1 << 20)),
        _ => format!("{} TiB", bytes.div_ceil(1 << 40)),
    }
}

/// Refuses a program whose model would exceed the byte budget.
///
/// # Errors
/// The node that needs most, with the figures.
pub fn admit(encoded: &Encoded, values: &Values, options: &Options) -> Result<(), Vec<Diagnostic>> {
    let mut total: u64 = 0;
    let mut worst: (u64, Option<NodeId>) = (0, None);
    for (id, _) in encoded.graph.iter() {
        let bytes = estimate(encoded, values, id);
        total = total.saturating_add(bytes);
        if bytes > worst.0 {
            worst = (bytes, Some(id));
        }
    }
    let budget = options.limits.bytes;
    if total <= budget {
        return Ok(());
    }
    let message =
        format!("the model would need about {} of weights, and the budget is {}", in_bytes(total), in_bytes(budget));
    let mut diagnostic = Diagnostic::error(codes::BUDGET, message)
        .hint("shorten the maximum length or the vocabulary, or raise the budget");
    if let Some(id) = worst.1 {
        let name = encoded.graph.describe(id);
        diagnostic = diagnostic
            .note(encoded.graph.node(id).span, format!("`{name}` alone needs about {}", in_bytes(worst.0)))
            .node(name)
            .at(encoded.graph.node(id).span);
    }
    Err(vec![diagnostic])
}

/// Stored bytes that a node's blocks take, roughly.
fn estimate(encoded: &Encoded, values: &Values, id: NodeId) -> u64 {
    let plan = encoded.plan(id);
    let count = |n: NodeId| values.enumerate(n).map_or(u64::from(u32::MAX), |v| v.len() as u64);
    let mut nonzeros: u64 = 0;
    match &plan.onehot {
        Some(OneHot::Table { dims }) => nonzeros += product(dims.iter().map(|&d| count(d))),
        Some(OneHot::Steps(_)) => nonzeros += 8 * count(id),
        Some(OneHot::Embedded { source }) => nonzeros += count(*source),
        Some(OneHot::Copy) => nonzeros += 2 * count(id),
        _ => {}
    }
    match &plan.number {
        Some(Number::Table { dims }) => nonzeros += product(dims.iter().map(|&d| count(d))),
        Some(Number::Chords(_)) => nonzeros += 8 * KNOTS as u64,
        Some(Number::Steps(_) | Number::Width) => nonzeros += 8 * count(id),
        _ => {}
    }
    let literals = plan.cubes.iter().flatten().map(|l| (l.select, l.negated));
    let terms = plan.additive.iter().flat_map(|a| a.terms.iter().map(|t| (t.0, true)));
    for (select, indicator) in literals.chain(terms) {
        let Op::Select { keys, queries, predicate } = encoded.graph.op(select) else { continue };
        let sparse = matches!(predicate, Predicate::Compare(Comparison::Eq)) && !indicator;
        let pair = [count(*keys), count(*queries)];
        nonzeros = nonzeros.saturating_add(if sparse { 24 * (pair[0] + pair[1]) } else { product(pair.into_iter()) });
    }
    nonzeros.saturating_mul(NONZERO)
}

fn product(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(1, u64::saturating_mul)
}

#[cfg(test)]
mod tests {
    use super::in_bytes;

    #[test]
    fn small_budgets_are_told_in_bytes() {
        assert_eq!(in_bytes(10), "10 bytes");
        assert_eq!(in_bytes(1500), "2 KiB");
        assert_eq!(in_bytes(2 << 30), "2048 MiB");
        assert_eq!(in_bytes(32_000_000_000_000), "30 TiB");
    }
}
