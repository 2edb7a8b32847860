//! Which nodes are sums of others with constant factors, and what such sums are made of; each node is looked at once,
//! however many readers it has and however long the chain below it is.

use std::cell::RefCell;
use std::rc::Rc;

use raspc_lang::graph::{NodeId, Op};

use super::Encoder;
use super::affine::{self, Affine};
use super::plan::Sum;
use crate::options::OptLevel;

/// What was found of each node; nothing where nobody has asked.
#[derive(Debug)]
pub(super) struct Found {
    sums: RefCell<Vec<Option<Option<Rc<Sum>>>>>,
    means: RefCell<Vec<Option<bool>>>,
    scalars: RefCell<Vec<Option<bool>>>,
}

impl Found {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            sums: RefCell::new(vec![None; nodes]),
            means: RefCell::new(vec![None; nodes]),
            scalars: RefCell::new(vec![None; nodes]),
        }
    }
}

impl Encoder<'_> {
    /// The node as a sum of others, if it is one and all of them are numbers.
    pub(super) fn sum(&self, id: NodeId) -> Option<Rc<Sum>> {
        let known = |n: NodeId| self.found.sums.borrow()[n.index()].clone();
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
            self.found.sums.borrow_mut()[at.index()] = Some(sum);
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
        args.iter().for_each(|&a| {
            self.sum(a);
        });
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
        let sum = self.found.sums.borrow()[id.index()].clone().expect("found before its readers")?;
        sum.terms.iter().any(|t| f64::from(t.1 as f32) != t.1).then_some(sum)
    }

    /// Whether the node is a mean, or a sum with a mean in it.
    pub(super) fn is_mean(&self, id: NodeId) -> bool {
        self.through_sums(id, &self.found.means, &|at| match self.graph.op(at) {
            Op::Aggregate { .. } => Some(!self.is_copy(at)),
            Op::Map { .. } => None,
            _ => Some(false),
        })
    }

    /// Whether the node, or a node that it is a sum of, comes as a number.
    pub(super) fn is_scalar(&self, id: NodeId) -> bool {
        self.through_sums(id, &self.found.scalars, &|at| match self.graph.op(at) {
            Op::SelectorWidth(_) => Some(true),
            Op::Aggregate { .. } => Some(!self.is_copy(at)),
            Op::Map { .. } if self.forms.counts.contains_key(&at) => Some(true),
            Op::Map { .. } => None,
            _ => Some(false),
        })
    }

    /// Whether `own` holds of a node or, where it has no answer, of a term of the node's sum.
    fn through_sums(
        &self,
        id: NodeId,
        known: &RefCell<Vec<Option<bool>>>,
        own: &dyn Fn(NodeId) -> Option<bool>,
    ) -> bool {
        let answer = |n: NodeId| known.borrow()[n.index()];
        let mut stack = vec![id];
        while let Some(&at) = stack.last() {
            let found = answer(at).or_else(|| own(at)).or_else(|| {
                let Some(sum) = self.sum(at) else { return Some(false) };
                if sum.terms.iter().any(|t| answer(t.0) == Some(true)) {
                    return Some(true);
                }
                let open = sum.terms.iter().find(|t| answer(t.0).is_none());
                stack.extend(open.map(|t| t.0));
                if open.is_some() { None } else { Some(false) }
            });
            if found.is_some() {
                known.borrow_mut()[at.index()] = found;
                stack.pop();
            }
        }
        answer(id).expect("just found")
    }
}
