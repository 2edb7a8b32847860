//! Encodings of element-wise nodes.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::function::Function;
use raspc_lang::graph::{Annotation, NodeId, Op};
use raspc_lang::value::Value;

use super::plan::{Gated, Number, OneHot, Plan, Scalar, Sum};
use super::{Encoder, codes};
use crate::formula::signed_cubes;
use crate::gadgets::widths;
use crate::json::counted;
use crate::options::OptLevel;
use crate::values::ValueSet;

/// Tables of at most this many entries are fused across element-wise nodes, which saves layers.
const FUSED: usize = 1 << 12;
/// Larger tables are not built.
const TABLE: usize = 1 << 20;
/// Numbers that categories choose are made by a table up to this size, which is exact, and by gates beyond.
const GATED: usize = 1 << 10;
/// Numbers of a table that are this many times as large as others drown these.
const UNEVEN: f64 = 65_536.0;
/// Larger tables of numbers, whose one-hots must be made by steps first, are not built.
const STEPPED: usize = 1 << 16;

impl Encoder<'_> {
    pub(super) fn map(&mut self, id: NodeId) {
        let Op::Map { function, args } = self.graph.op(id).clone() else { unreachable!("a map") };
        if let Some(terms) = self.forms.counts.get(&id) {
            return self.counts(id, terms.clone());
        }
        let demand = self.demands[id.index()];
        let mut plan = self.planned(id);
        let affine = self.sum(id);
        let (mut onehot, mut number) = (demand.onehot, demand.number);
        if number && let Some(sum) = &affine {
            let materialise = self.options.opt == OptLevel::O0;
            plan.number = Some(Number::Affine { sum: Sum::clone(sum), materialise });
            if demand.lattice == 0 {
                for t in &sum.terms {
                    self.demand_number(t.0, 0);
                }
            } else {
                self.demand_terms(sum);
                for t in &sum.terms {
                    self.demands[t.0.index()].plain |= demand.plain;
                }
            }
            number = false;
        }
        if onehot || number {
            let bit = self.is_bit(id) && self.graph.node(id).annotation != Some(Annotation::OneHot);
            let way = self.way(id, &function, &args, affine.as_deref());
            match way {
                Some(Way::View(base)) => {
                    self.view(id, base, onehot, number, &mut plan);
                    (onehot, number) = (false, false);
                }
                // A bit is held as one number; its one-hot is read off it.
                Some(Way::Steps(scalar)) => {
                    self.steps(id, scalar, onehot && (!bit || plan.number.is_some()), number || bit, &mut plan);
                }
                Some(Way::Table(dims)) => {
                    for &d in &dims {
                        self.demand_onehot(d);
                    }
                    if onehot && (!bit || plan.number.is_some()) {
                        plan.onehot = Some(OneHot::Table { dims: dims.clone() });
                    }
                    if (number || bit) && plan.number.is_none() {
                        plan.number = Some(Number::Table { dims });
                    }
                }
                Some(Way::Gated(gated)) => {
                    for &c in &gated.categories {
                        self.demand_onehot(c);
                    }
                    let open = |a: &NodeId| !gated.categories.contains(a) && !matches!(self.graph.op(*a), Op::Const(_));
                    for a in args.clone().into_iter().filter(open).collect::<Vec<_>>() {
                        self.demand_number(a, 0);
                    }
                    if onehot {
                        plan.onehot = Some(OneHot::Steps(Scalar::Sum(just(id))));
                        plan.lattice = if plan.lattice == 0 { 1 } else { plan.lattice };
                    }
                    plan.number = Some(Number::Gated(gated));
                }
                None => return,
            }
            if onehot && bit && plan.onehot.is_none() {
                plan.onehot = Some(OneHot::Bit);
            }
            debug_assert!(!number || plan.number.is_some());
        }
        self.plans[id.index()] = plan;
        self.settle(id);
    }

    /// A sum of widths with whole factors: of what all their heads say at once where that is close enough to be rounded, else
    /// of the widths, each rounded by itself, a layer later.
    fn counts(&mut self, id: NodeId, terms: Vec<(NodeId, i64)>) {
        let mut plan = self.planned(id);
        plan.onehot = self.demands[id.index()].onehot.then(|| OneHot::Steps(Scalar::Sum(just(id))));
        if self.adds_up_closely(&terms) {
            for t in &terms {
                self.demands[t.0.index()].ratio = true;
            }
            plan.number = Some(Number::Counts(terms));
        } else {
            for t in &terms {
                self.demand_number(t.0, 0);
            }
            plan.number = Some(Number::Added(terms));
        }
        self.plans[id.index()] = plan;
        self.settle(id);
    }

    /// Whether widths times factors, read from the heads of all of them at once, are off by less than a half.
    fn adds_up_closely(&self, terms: &[(NodeId, i64)]) -> bool {
        let heads = |&(w, factor): &(NodeId, i64)| {
            let Op::SelectorWidth(selector) = *self.graph.op(w) else { unreachable!("a width") };
            let count = match (self.forms.sums.get(&selector), self.forms.families.get(&selector)) {
                (Some(_), _) => 1,
                (None, Some(family)) => family.heads.len(),
                (None, None) => signed_cubes(self.graph, selector).map_or(1, |c| c.0.len()),
            };
            std::iter::repeat_n((self.options.max_len, factor as f64), count)
        };
        let sizes: Vec<(usize, f64)> = terms.iter().flat_map(heads).collect();
        widths::sum(&sizes, 2.0 * self.options.max_len as f64).1 < widths::CLOSE
    }

    /// Users that step on this node's scalar read its one-hot instead, if it has one.
    pub(super) fn settle(&mut self, id: NodeId) {
        let users = std::mem::take(&mut self.step_users[id.index()]);
        if !matches!(self.plans[id.index()].onehot, Some(OneHot::Steps(_) | OneHot::Table { .. } | OneHot::Copy)) {
            return;
        }
        for m in users {
            let plan = &mut self.plans[m.index()];
            if matches!(plan.onehot, Some(OneHot::Steps(_) | OneHot::Bit)) {
                plan.onehot = Some(OneHot::View { base: id });
            }
            if matches!(plan.number, Some(Number::Steps(_) | Number::Chords(_))) {
                plan.number = Some(Number::View { base: id });
            }
        }
    }

    fn view(&mut self, id: NodeId, base: NodeId, onehot: bool, number: bool, plan: &mut Plan) {
        plan.onehot = onehot.then_some(OneHot::View { base });
        if number {
            plan.number = Some(Number::View { base });
        }
        if matches!(self.graph.op(base), Op::Tokens | Op::Indices) {
            self.view_users[base.index()].push(id);
        } else {
            self.demand_onehot(base);
            self.demands[base.index()].none_class |= plan.none_class && self.values.can_be_none(base);
        }
    }

    fn steps(&mut self, id: NodeId, scalar: Scalar, onehot: bool, number: bool, plan: &mut Plan) {
        self.demand_scalar(id, &scalar);
        let single = match &scalar {
            Scalar::Reciprocal(w) => Some(*w),
            Scalar::Sum(sum) if sum.terms.len() == 1 => Some(sum.terms[0].0),
            Scalar::Sum(_) => None,
        };
        if let Some(base) = single.filter(|&b| self.options.opt > OptLevel::O0 && b != id) {
            self.step_users[base.index()].push(id);
        }
        if onehot {
            plan.onehot = Some(OneHot::Steps(scalar.clone()));
        }
        if number && plan.number.is_none() {
            let smooth = self.wishes.smooth.contains(&id);
            plan.number = Some(match scalar {
                Scalar::Sum(sum) if smooth => Number::Chords(sum),
                scalar => Number::Steps(scalar),
            });
        }
    }

    /// The way in which a function that is no sum is computed.
    fn way(&mut self, id: NodeId, function: &Function, args: &[NodeId], affine: Option<&Sum>) -> Option<Way> {
        if self.forms.pieces.contains(&id)
            && let Some(gated) = self.gated(id, function, args)
        {
            return Some(Way::Gated(gated));
        }
        let dims = self.dims(id, args);
        if let [base] = dims[..] {
            if let Some(scalar) = self.natural_scalar(base).filter(|_| !self.demands[base.index()].onehot) {
                return Some(Way::Steps(scalar));
            }
            let view = self.options.opt > OptLevel::O0;
            return Some(if view { Way::View(base) } else { Way::Table(dims) });
        }
        let size = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(self.count(d))).unwrap_or(usize::MAX);
        let categorical = dims.iter().all(|&d| !self.is_scalar(d) || self.demands[d.index()].onehot);
        if categorical && size <= TABLE {
            return Some(Way::Table(dims));
        }
        let scalar = affine.cloned().or_else(|| self.tested(id));
        if let Some(sum) = scalar {
            return Some(Way::Steps(Scalar::Sum(sum)));
        }
        // A table of numbers needs all their steps first.
        let untold = dims.iter().any(|d| self.wishes.loose.contains(d));
        if size > GATED || untold || self.is_uneven(id) {
            // A one-hot of what numbers choose would be made by steps on that, which is not exact: by a table, where one fits.
            let number = size > GATED && !self.demands[id.index()].onehot;
            let by_numbers = number || size > STEPPED;
            let gated =
                if by_numbers { self.gated_by_numbers(id, function, args) } else { self.gated(id, function, args) };
            if let Some(gated) = gated {
                return Some(Way::Gated(gated));
            }
        }
        if size <= STEPPED {
            return Some(Way::Table(dims));
        }
        self.no_way(id, &dims, size);
        None
    }

    /// Whether a table over the arguments of a function would be larger than one that gates are not worth while for.
    pub(super) fn is_large(&self, args: &[NodeId]) -> bool {
        let mut dims = args.to_vec();
        dims.sort_unstable();
        dims.dedup();
        dims.iter().try_fold(1usize, |n, &d| n.checked_mul(self.count(d))).is_none_or(|size| size > GATED)
    }

    /// Whether the node is read as a number alone, and some fraction that it holds is lost beside its largest: the units of a
    /// table are added up together, and off by what rounding the largest costs. (Whole numbers add up exactly.)
    fn is_uneven(&self, id: NodeId) -> bool {
        let (ValueSet::Finite(values), false) = (self.values.set(id), self.demands[id.index()].onehot) else {
            return false;
        };
        let numbers = values.iter().filter_map(Value::as_f64).map(f64::abs).filter(|x| *x > 0.0);
        let least = numbers.fold(f64::INFINITY, f64::min);
        !self.is_whole(id) && self.magnitude(id) > UNEVEN * least
    }

    fn no_way(&mut self, id: NodeId, dims: &[NodeId], size: usize) {
        let of: Vec<String> = dims
            .iter()
            .map(|&d| match self.values.enumerate(d) {
                Ok(v) => format!("{} ({})", self.graph.describe(d), counted(v.len(), "value")),
                Err(e) => format!("{} ({} values)", self.graph.describe(d), e.in_words()),
            })
            .collect();
        let count = if size as u64 > 1 << 40 { "too many".to_owned() } else { size.to_string() };
        let message = format!("`{}` needs a table of {count} entries", self.graph.describe(id));
        let diagnostic = Diagnostic::error(codes::EXPLOSION, message)
            .note(None, format!("it is a function of {}", of.join(" and ")))
            .hint("shorten the maximum length or the vocabulary, or map one operand to fewer values first");
        self.error(id, diagnostic);
    }

    /// The nodes that the value is looked up by: bases of the arguments, expanded while the table stays small.
    fn dims(&self, id: NodeId, args: &[NodeId]) -> Vec<NodeId> {
        if self.options.opt == OptLevel::O0 {
            let mut dims: Vec<NodeId> = Vec::new();
            for &a in args {
                if self.base[a.index()].is_some() && !dims.contains(&a) {
                    dims.push(a);
                }
            }
            return dims;
        }
        let mut dims: Vec<NodeId> = args.iter().filter_map(|&a| self.leaf(a)).collect();
        dims.sort_unstable();
        dims.dedup();
        if let Some(base) = self.base[id.index()].filter(|&b| b != id) {
            return vec![base];
        }
        while let Some(wider) = self.expanded(&dims) {
            dims = wider;
        }
        dims
    }

    /// What an argument is looked up by: its base; or itself, where steps make it of a scalar with more values.
    fn leaf(&self, arg: NodeId) -> Option<NodeId> {
        let base = self.base[arg.index()]?;
        let stepped = base != arg
            && self.is_scalar(base)
            && !self.demands[base.index()].onehot
            && self.count(arg) < self.count(base);
        Some(if stepped { arg } else { base })
    }

    /// One inner element-wise node replaced by what it is a function of, if the table stays small.
    fn expanded(&self, dims: &[NodeId]) -> Option<Vec<NodeId>> {
        for &d in dims.iter().rev() {
            let Op::Map { args, .. } = self.graph.op(d) else { continue };
            if self.demands[d.index()].onehot || !self.graph.node(d).names.is_empty() {
                continue;
            }
            let mut wider: Vec<NodeId> = dims.iter().copied().filter(|&x| x != d).collect();
            wider.extend(args.iter().filter_map(|&a| self.leaf(a)));
            wider.sort_unstable();
            wider.dedup();
            let size = wider.iter().try_fold(1usize, |n, &x| n.checked_mul(self.count(x)));
            let plain = wider.iter().all(|&x| !self.is_scalar(x));
            if plain && size.is_some_and(|s| s <= FUSED) {
                return Some(wider);
            }
        }
        None
    }

    /// What steps on this node would read, where a number is its natural form.
    pub(super) fn natural_scalar(&self, id: NodeId) -> Option<Scalar> {
        match self.graph.op(id) {
            Op::SelectorWidth(s) => Some(if self.is_single_head(*s) && self.is_stepped(*s) {
                Scalar::Reciprocal(id)
            } else {
                Scalar::Sum(just(id))
            }),
            _ => self.is_scalar(id).then(|| Scalar::Sum(just(id))),
        }
    }
}

enum Way {
    View(NodeId),
    Steps(Scalar),
    Table(Vec<NodeId>),
    Gated(Gated),
}

fn just(id: NodeId) -> Sum {
    Sum { terms: vec![(id, 1.0)], constant: 0.0 }
}
