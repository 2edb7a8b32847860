//! Admit: the budget. What a program would need is estimated before anything of that size is allocated.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Comparison, NodeId, Op, Predicate};

use crate::encode::codes;
use crate::encode::plan::{Encoded, Number, OneHot};
use crate::options::Options;
use crate::values::Values;

/// Bytes of a stored weight: its column and its value.
const NONZERO: u64 = 8;

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
    let mib = |b: u64| b.div_ceil(1 << 20);
    let message =
        format!("the model would need about {} MiB of weights, and the budget is {} MiB", mib(total), mib(budget));
    let mut diagnostic = Diagnostic::error(codes::BUDGET, message)
        .hint("shorten the maximum length or the vocabulary, or raise the budget");
    if let Some(id) = worst.1 {
        let name = encoded.graph.describe(id);
        diagnostic = diagnostic
            .note(encoded.graph.node(id).span, format!("`{name}` alone needs about {} MiB", mib(worst.0)))
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
