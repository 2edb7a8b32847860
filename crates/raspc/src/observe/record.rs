//! An observation as JSON.

use raspc_lang::error::EvalError;

use crate::json::{self, HeadTrace, RunLine, SelectorTrace, SopTrace, Trace};

use super::{Attention, Machine, Observation, Selector, Sop, View};

/// The object of one input.
pub fn line(seen: &Observation, machine: &Machine, view: View<'_>) -> RunLine {
    let output = seen.output.as_ref();
    RunLine {
        input: json::values(&seen.input),
        output: output.and_then(|o| o.got.as_deref()).map(json::values),
        expected: output.and_then(|o| o.expected.as_deref().ok()).map(json::values),
        agree: seen.agree(),
        raised: seen.raised().map(EvalError::to_string),
        model: machine.sizes.clone(),
        selector: seen.selector.as_ref().map(|s| selector(s, true)),
        trace: seen.trace.as_ref().map(|t| Trace {
            causal: view.graph.mask == raspc_lang::graph::Mask::Causal,
            sops: t.sops.iter().map(sop).collect(),
            selectors: t.selectors.iter().map(|s| selector(s, false)).collect(),
            heads: t.heads.iter().map(head).collect(),
        }),
    }
}

fn sop(sop: &Sop) -> SopTrace {
    SopTrace {
        name: sop.name.clone(),
        expected: sop.expected.as_deref().ok().map(json::values),
        output: sop.got.as_deref().map(json::values),
        agree: sop.agree(),
    }
}

fn selector(selector: &Selector, with_heads: bool) -> SelectorTrace {
    let heads = selector.heads.iter().filter(|_| with_heads).map(head).collect();
    SelectorTrace { name: selector.name.clone(), pattern: selector.pattern.as_ref().ok().cloned(), heads }
}

fn head(attention: &Attention) -> HeadTrace {
    let head = &attention.head;
    let (layer, index, computes) = (head.layer, head.index, head.computes.clone());
    HeadTrace { layer, head: index, computes, pattern: attention.pattern.clone() }
}
