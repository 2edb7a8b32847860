//! Measured against certified: what the model holds in every direction, whatever the order of its sums, lies within what
//! the certificate says it can hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc::certify::dom::Dom;
use raspc::certify::{Analysis, Var};
use raspc::compile::Compilation;
use raspc_lang::interpret::{Trace, interpret};
use raspc_lang::value::Value;
use raspc_model::forward::Keep;
use raspc_model::order::Order;

/// The orders in which sums are taken.
pub(crate) const ORDERS: [Order; 5] =
    [Order::Forward, Order::Reverse, Order::Pairwise, Order::Shuffled(3), Order::Shuffled(17)];

/// What a variable holds at each position, and its values.
struct Held {
    values: Vec<Value>,
    listed: Arc<[Value]>,
}

/// Checks one input in all orders; the error says what lies outside.
pub(crate) fn check(c: &Compilation, analysis: &Analysis, ids: &[u32]) -> Result<(), String> {
    let input: Vec<Value> = ids.iter().map(|&i| c.options.vocab[i as usize].clone()).collect();
    let trace = interpret(&c.encoded.graph, &input);
    if trace.values(c.encoded.output).is_err() {
        return Ok(());
    }
    let mut known: BTreeMap<Var, Option<Held>> = BTreeMap::new();
    for dom in &analysis.domains {
        if let Some(var) = dom.var() {
            known.entry(var).or_insert_with(|| held(c, analysis, var, &trace, ids.len()));
        }
    }
    for order in ORDERS {
        let run = c.model.run_in_order(ids, Keep::default(), order).map_err(|e| e.to_string())?;
        for (d, dom) in analysis.domains.iter().enumerate() {
            let label = &c.model.labels[d];
            let at_bos = f64::from(run.last.row(0)[d]);
            if analysis.bos[d].distance(at_bos) > analysis.bos[d].hi - analysis.bos[d].lo {
                return Err(format!("{label} at BOS: {at_bos}, certified {:?}", analysis.bos[d]));
            }
            for p in 0..ids.len() {
                let found = f64::from(run.last.row(p + 1)[d]);
                inside(dom, &known, p, found).map_err(|e| format!("{order:?} {ids:?} {label} at {p}: {e}"))?;
            }
        }
    }
    Ok(())
}

fn inside(dom: &Dom, known: &BTreeMap<Var, Option<Held>>, p: usize, found: f64) -> Result<(), String> {
    let num = match dom.var() {
        None => dom.at_value(&Value::None, &[]),
        Some(var) => {
            let Some(held) = &known[&var] else { return Ok(()) };
            let value = &held.values[p];
            Some(dom.at_value(value, &held.listed).ok_or_else(|| format!("{value} is no value of its s-op"))?)
        }
    };
    let num = num.expect("checked above");
    let on_grid = num.grid == 0.0 || num.grid.is_infinite() || (found / num.grid).fract() == 0.0;
    if num.lo <= found && found <= num.hi && on_grid { Ok(()) } else { Err(format!("{found}, certified {num:?}")) }
}

fn held(c: &Compilation, analysis: &Analysis, var: Var, trace: &Trace, n: usize) -> Option<Held> {
    match var {
        Var::Node(node) => {
            let values = trace.values(node).ok()?.to_vec();
            Some(Held { values, listed: c.values.enumerate(node).unwrap_or_else(|_| Arc::from([])) })
        }
        Var::Cube(node, cube) => {
            let cube = &analysis.cubes[&Var::Cube(node, cube)];
            let literal = |l: &raspc::simplify::selector::Literal, q: usize, k: usize| {
                trace.pattern(l.select).ok().map(|p| p.get(q, k) != l.negated)
            };
            let visible = |q: usize, k: usize| c.encoded.graph.mask == raspc_lang::graph::Mask::Full || k <= q;
            let width = |q: usize| -> Option<Value> {
                let mut count = 0;
                for k in (0..n).filter(|&k| visible(q, k)) {
                    let all: Option<Vec<bool>> = cube.iter().map(|l| literal(l, q, k)).collect();
                    count += i64::from(all?.into_iter().all(|b| b));
                }
                Some(Value::int(count))
            };
            let values = (0..n).map(width).collect::<Option<_>>()?;
            Some(Held { values, listed: (0..=c.options.max_len as i64).map(Value::int).collect() })
        }
    }
}
