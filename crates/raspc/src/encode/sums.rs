//! Which nodes are sums of others with constant factors, and what such sums are made of; each node is looked at once,
//! however many readers it has and however long the chain below it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use raspc_lang::graph::{NodeId, Op};

use super::Encoder;
use super::affine::{self, Affine};
use super::plan::Sum;
use crate::options::OptLevel;

/// What was found of each node; nothing where nobody has asked.
#[derive(Debug)]
pub(super) struct Found {
    sums: RefCell<HashMap<NodeId, Option<Rc<Sum>>>>,
    means: RefCell<Vec<Option<bool>>>,
    scalars: RefCell<Vec<Option<bool>>>,
}

impl Found {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            sums: RefCell::default(),
            means: RefCell::new(vec![None; nodes]),
            scalars: RefCell::new(vec![None; nodes]),
        }
    }
}

impl Encoder<'_> {
    /// The node as a sum of others, if it is one and all of them are numbers.
    pub(super) fn sum(&self, id: NodeId) -> Option<Rc<Sum>> {
        let known = |n: NodeId| self.found.sums.borrow().get(&n).cloned();
        let mut stack = vec![id];
        while let Some(&at) = stack.last() {
            let sum = match (known(at), self.own_affine(at)) {
                (Some(_), _) => {
                    stack.pop();
                    continue;
                }
                (None, None) => None,
                (None, Some((affine, args))) => {
                    let open: Vec<NodeId> = args.iter().copied().filter(|&a| known(a).is_none()).collect();
                    if self.options.opt > OptLevel::O0 && !open.is_empty() {
                        stack.extend(open);
                        continue;
                    }
                    Some(Rc::new(self.sum_of(&affine, args)))
                }
            };
            self.found.sums.borrow_mut().insert(at, sum);
            stack.pop();
        }
        known(id).expect("just found")
    }

    /// The function of a map as an affine one of its arguments, if all of them are numbers.
    fn own_affine(&self, id: NodeId) -> Option<(Affine, &[NodeId])> {
        let Op::Map { function, args } = self.graph.op(id) else { return None };
        if !args.iter().all(|&a| self.is_numeric(a)) {
            return None;
        }
        affine::affine(function, &|i| self.is_bit(args[i])).map(|a| (a, &args[..]))
    }

    /// The scalar that a comparison tests, as a sum of other nodes.
    pub(super) fn tested(&self, id: NodeId) -> Option<Sum> {
        let Op::Map { function, args } = self.graph.op(id) else { return None };
        if !args.iter().all(|&a| self.is_numeric(a)) {
            return None;
        }
        let tested = affine::tested_scalar(function, &|i| self.is_bit(args[i]))?;
        for &a in args {
            self.sum(a);
        }
        Some(self.sum_of(&tested, args))
    }

    /// A sum of arguments, whose own sums have been found.
    fn sum_of(&self, affine: &Affine, args: &[NodeId]) -> Sum {
        let mut terms: Vec<(NodeId, f64)> = Vec::new();
        let mut constant = affine.constant;
        let mut add = |a: NodeId, f: f64| match terms.iter_mut().find(|t| t.0 == a) {
            Some(t) => t.1 += f,
            None => terms.push((a, f)),
        };
        for (&a, &f) in args.iter().zip(&affine.factors) {
            match self.inexact(a) {
                Some(inner) => {
                    inner.terms.iter().for_each(|t| add(t.0, f * t.1));
                    constant += f * inner.constant;
                }
                None => add(a, f),
            }
        }
        // Nothing times a number that can be none is none where the number is.
        terms.retain(|t| t.1 != 0.0 || self.values.can_be_none(t.0));
        Sum { terms, constant }
    }

    /// A sum whose factors f32 does not hold, such as a third of something: whoever reads it reads its terms, so that all
    /// factors can be made whole together.
    fn inexact(&self, id: NodeId) -> Option<Rc<Sum>> {
        if self.options.opt == OptLevel::O0 {
            return None;
        }
        let sum = self.found.sums.borrow().get(&id).cloned().expect("found before its readers")?;
        is_inexact(&sum).then_some(sum)
    }

    /// Whether the node is a mean, or a sum with a mean in it, chosen by categories or not.
    pub(super) fn is_mean(&self, id: NodeId) -> bool {
        found_through(id, &self.found.means, &|at, known| match self.graph.op(at) {
            Op::Aggregate { .. } => Ok(!self.is_copy(at)),
            Op::Map { function, args } => match self.sum(at) {
                Some(sum) => any(sum.terms.iter().map(|t| t.0), known),
                // (Without a mean among its arguments there is none in its sums.)
                None if any(args.iter().copied(), known)? => {
                    let by_numbers = self.is_large(args);
                    let gated = if by_numbers {
                        self.gated_by_numbers(at, function, args)
                    } else {
                        self.gated(at, function, args)
                    };
                    match gated {
                        Some(gated) => any(gated.groups.iter().flat_map(|g| &g.terms).map(|t| t.0), known),
                        None => Ok(false),
                    }
                }
                None => Ok(false),
            },
            _ => Ok(false),
        })
    }

    /// Whether the node, or a node that it is a sum of, comes as a number.
    pub(super) fn is_scalar(&self, id: NodeId) -> bool {
        found_through(id, &self.found.scalars, &|at, known| match self.graph.op(at) {
            Op::SelectorWidth(_) => Ok(true),
            Op::Aggregate { .. } => Ok(!self.is_copy(at)),
            Op::Map { .. } if self.forms.counts.contains_key(&at) => Ok(true),
            Op::Map { args, .. } => match self.sum(at) {
                // Held by itself, as at `-O0`, a third of something lies on no grid: its values are told apart as categories.
                Some(sum) if self.options.opt == OptLevel::O0 && is_inexact(&sum) && self.is_short(at) => Ok(false),
                Some(sum) => any(sum.terms.iter().map(|t| t.0), known),
                // What categories choose among numbers where a table would be too large: a mean times a count. Steps on it
                // look for what its reader tells apart; one-hots would tell all its values apart, equal ones that 64-bit
                // arithmetic rounds differently too.
                None => Ok(self.is_large(args) && self.is_mean(at)),
            },
            _ => Ok(false),
        })
    }
}

/// Whether f32 does not hold all factors.
fn is_inexact(sum: &Sum) -> bool {
    sum.terms.iter().any(|t| f64::from(t.1 as f32) != t.1)
}

/// What is known of nodes so far.
type Known<'a> = &'a dyn Fn(NodeId) -> Option<bool>;

/// Whether it holds of any of these nodes; the error is one that must be asked first.
fn any(nodes: impl Iterator<Item = NodeId>, known: Known<'_>) -> Result<bool, NodeId> {
    let mut open = None;
    for node in nodes {
        match known(node) {
            Some(true) => return Ok(true),
            Some(false) => {}
            None => open = open.or(Some(node)),
        }
    }
    open.map_or(Ok(false), Err)
}

/// Asks a node, and before it those that its answer depends on; each once.
fn found_through(
    id: NodeId,
    found: &RefCell<Vec<Option<bool>>>,
    ask: &dyn Fn(NodeId, Known<'_>) -> Result<bool, NodeId>,
) -> bool {
    let known = |n: NodeId| found.borrow()[n.index()];
    let mut stack = vec![id];
    while let Some(&at) = stack.last() {
        match known(at).map_or_else(|| ask(at, &known), Ok) {
            Ok(answer) => {
                found.borrow_mut()[at.index()] = Some(answer);
                stack.pop();
            }
            Err(open) => stack.push(open),
        }
    }
    known(id).expect("just found")
}
