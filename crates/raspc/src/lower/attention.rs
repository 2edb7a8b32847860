//! Aggregates and widths: attention blocks.
//!
//! **BOS** is a key like any other whose score and value we choose: half way between selected and unselected keys its
//! value is the default of an aggregate; level with the selected keys, with value 1 against 0 elsewhere, its weight is
//! 1/(1+w) (numerics sections 1 and 2).

use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::repr::{NumberForm, OneHotForms, U, gamma, measure, power_above};
use super::{BIT, Lowering, Result};
use crate::circuit::{Attention, Block, DirId, Form, Move, Range};
use crate::encode::plan::{Number, Plan};
use crate::formula::Additive;
use crate::gadgets::score::{Matrix, Score};
use crate::simplify::selector::{Cube, Literal};

/// Where the constant that keeps a mean on a grid is more than this many times what is averaged, because the default or what
/// readers add to it is so large, who reads the number itself gets it without.
pub(super) const SWAMPED: f64 = 128.0;

impl Lowering<'_> {
    fn selector_of(&self, id: NodeId) -> NodeId {
        match *self.graph.op(id) {
            Op::Aggregate { selector, .. } | Op::SelectorWidth(selector) => selector,
            ref op => panic!("{op:?} has no selector"),
        }
    }

    /// The score of one of a selector's heads.
    fn head(&self, plan: &Plan, head: usize) -> Score {
        match &plan.additive {
            Some(additive) => self.sum_of_selects(additive),
            None => self.score(&plan.cubes[head]),
        }
    }

    /// The score of a sum of selects.
    fn sum_of_selects(&self, additive: &Additive) -> Score {
        let mut score = Score::default();
        for &(select, coefficient) in &additive.terms {
            let (keys, queries) = self.sides(select);
            let (keys, queries) = (self.with_none(keys), self.with_none(queries));
            let matrix = self.matrix(&vec![Literal { select, negated: false }], 0);
            let forms = |side: &'_ [(Value, Form)]| side.iter().map(|c| c.1.clone()).collect::<Vec<_>>();
            let (keys, queries) = (forms(&keys), forms(&queries));
            score.add_times(
                &matrix,
                &keys.iter().collect::<Vec<_>>(),
                &queries.iter().collect::<Vec<_>>(),
                coefficient as f64,
            );
        }
        score.level(additive.top as f64);
        score.finish()
    }

    /// The score of a conjunction.
    fn score(&self, cube: &Cube) -> Score {
        let mut score = Score::default();
        let mut done = vec![false; cube.len()];
        for i in 0..cube.len() {
            if done[i] {
                continue;
            }
            // Selects of the same keys and queries are one matrix.
            let (keys, queries) = self.sides(cube[i].select);
            let mut matrix = self.matrix(cube, i);
            for j in i + 1..cube.len() {
                if self.sides(cube[j].select) == (keys, queries) {
                    matrix = matrix.and(&self.matrix(cube, j));
                    done[j] = true;
                }
            }
            let (keys, queries) = (self.with_none(keys), self.with_none(queries));
            let forms = |side: &[(Value, Form)]| side.iter().map(|c| c.1.clone()).collect::<Vec<_>>();
            let (keys, queries) = (forms(&keys), forms(&queries));
            score.add(&matrix, &keys.iter().collect::<Vec<_>>(), &queries.iter().collect::<Vec<_>>());
        }
        score.finish()
    }

    fn sides(&self, select: NodeId) -> (NodeId, NodeId) {
        match *self.graph.op(select) {
            Op::Select { keys, queries, .. } => (keys, queries),
            ref op => panic!("{op:?} is no select"),
        }
    }

    /// A node's values and forms, none among them where it can occur.
    fn with_none(&self, id: NodeId) -> Vec<(Value, Form)> {
        let OneHotForms { classes, none } = self.onehot_of(id).clone();
        none.map(|f| (Value::None, f)).into_iter().chain(classes).collect()
    }

    /// The matrix of one literal. A pair on which the predicate raises is reached by no input that has an output.
    fn matrix(&self, cube: &Cube, i: usize) -> Matrix {
        let literal = cube[i];
        let Op::Select { keys, queries, predicate } = self.graph.op(literal.select) else { unreachable!("a literal") };
        let (keys, queries) = (self.with_none(*keys), self.with_none(*queries));
        Matrix::new(keys.len(), queries.len(), |k, q| {
            predicate.apply(&keys[k].0, &queries[q].0).is_ok_and(|s| s != literal.negated)
        })
    }

    fn pattern(&mut self, selector: NodeId, cube: usize, width: bool) -> u32 {
        let next = self.patterns.len() as u32;
        let pattern = *self.pattern_of.entry((selector, cube, width)).or_insert(next);
        if pattern == next {
            self.patterns.push((selector, cube));
        }
        pattern
    }

    fn attend(&mut self, id: NodeId, cube: usize, plan: &Plan, width: bool, moves: Vec<Move>, gadget: &str) {
        let selector = self.selector_of(id);
        let pattern = self.pattern(selector, cube, width);
        let score = self.head(plan, cube);
        for m in &moves {
            self.circuit.directions[m.to.index()].bos = m.bos;
        }
        let bos_score = if width { score.width_bos() } else { score.default_bos() };
        let scores = score.products;
        let gadget = format!("{gadget} through {}", self.graph.describe(selector));
        let origins = vec![id];
        self.circuit.add_block(Block::Attention(Attention { pattern, scores, bos_score, moves, origins, gadget }));
    }

    /// 1/(1+w) of each conjunction of a width: as it is for the width as a number, and in a direction that holds
    /// 1 + 1/(1+w), on a grid of 2^-23 (numerics R3), for steps.
    pub(super) fn reciprocal(&mut self, id: NodeId, plan: &Plan) {
        let number = plan.ratio || plan.number == Some(Number::Width);
        for cube in 0..plan.heads() {
            let part = if plan.heads() > 1 { format!("[{cube}]") } else { String::new() };
            let label = format!("1/(1+{}{part})", self.label(id));
            let mut moves = Vec::new();
            if number {
                let to = self.direction(label.clone(), id, Range { lo: 0.0, hi: 1.0, grid: None, error: 4.0 * U });
                moves.push(Move { value: Form::zero(), bos: 1.0, to });
                self.ratios[id.index()].push(to);
            }
            if plan.reciprocal {
                let range = Range { lo: 1.0, hi: 2.0, grid: Some(2.0 * U), error: 5.0 * U };
                let to = self.direction(format!("[1+{label}]"), id, range);
                self.circuit.directions[to.index()].embedding.constant = 1.0;
                moves.push(Move { value: Form::zero(), bos: 1.0, to });
                self.reciprocals[id.index()] = Some(to);
            }
            self.attend(id, cube, plan, true, moves, "1/(1+w)");
        }
    }

    /// The direction that holds 1 + 1/(1+w).
    pub(super) fn reciprocal_of(&self, id: NodeId) -> DirId {
        self.reciprocals[id.index()].expect("encode has seen to it")
    }

    /// A categorical aggregate, and its number where that is wanted too: one pattern, all values moved.
    pub(super) fn copy(&mut self, id: NodeId, plan: &Plan) -> Result<()> {
        let Op::Aggregate { selector, values, default } = self.graph.op(id).clone() else {
            unreachable!("an aggregate")
        };
        let from = self.onehot_of(values).clone();
        let soft = self.softness(selector);
        let mut moves = Vec::new();
        let mut classes = Vec::new();
        for value in self.classes(id)? {
            let to = self.class_direction(id, &value, 0.0);
            self.circuit.directions[to.index()].range = soft;
            let place = from.classes.binary_search_by(|c| c.0.cmp(&value));
            let form = place.map_or_else(|_| Form::zero(), |at| from.classes[at].1.clone());
            moves.push(Move { value: form, bos: f64::from(u8::from(default == value)), to });
            classes.push((value, Form::of(to)));
        }
        let none = if plan.none_class && self.values.can_be_none(id) {
            let to = self.class_direction(id, &Value::None, 0.0);
            let form = from.none.unwrap_or_else(Form::zero);
            moves.push(Move { value: form, bos: f64::from(u8::from(default.is_none())), to });
            Some(Form::of(to))
        } else {
            self.values.can_be_none(id).then(|| super::complement(&classes))
        };
        self.attend(id, 0, plan, false, moves, "moves values");
        self.onehots[id.index()] = Some(OneHotForms { classes, none });
        if plan.number.is_some() {
            self.mean(id, plan)?;
        }
        Ok(())
    }

    /// The range of a moved bit: exact if one key is selected, else a sum of equal weights.
    fn softness(&self, selector: NodeId) -> Range {
        let widest = self.values.width_range(selector).1;
        if widest <= 1 {
            BIT
        } else {
            let error = gamma(widest + 2) + 4.0 * U;
            Range { lo: 0.0, hi: 1.0 + error, grid: None, error }
        }
    }

    /// A numerical aggregate: the mean of the selected values.
    ///
    /// Error: the weights are fl(1/w), each within 4u relative; the sum of w products adds gamma_{w+2} of Σ|terms|.
    /// With one selected key its weight is exactly 1 and the value arrives unchanged.
    pub(super) fn mean(&mut self, id: NodeId, plan: &Plan) -> Result<()> {
        if self.numbers[id.index()].is_some() {
            return Ok(());
        }
        let Op::Aggregate { selector, values, default } = self.graph.op(id).clone() else {
            unreachable!("an aggregate")
        };
        let from = self.number_of(values).clone();
        let measured = measure(&self.circuit, &from.value);
        // Where something is always selected the default never arrives, whatever it is.
        let reached = self.values.width_range(selector).0 == 0;
        let at_default = plan.stand_in.or_else(|| default.as_f64()).filter(|_| reached).unwrap_or(0.0);
        if !f64::from(at_default as f32).is_finite() {
            return Err(self.too_large(id, at_default));
        }
        let widest = self.values.width_range(selector).1;
        let (lo, hi) = (measured.lo.min(at_default).min(0.0), measured.hi.max(at_default).max(0.0));
        let largest = hi.max(-lo);
        let weights = if widest <= 1 { 0.0 } else { 4.0 * U + gamma(widest + 2) };
        let mut error =
            measured.error.max(from.error) + largest * weights + (f64::from(at_default as f32) - at_default).abs();
        let exact_copy = widest <= 1 && error == 0.0;
        let grid = measured.grid.map(|g| g.min(super::repr::grid_of(at_default))).filter(|_| exact_copy);
        let mut range = Range { lo: lo - error, hi: hi + error, grid, error };
        let mut offset = 0.0;
        let mut moves = Vec::new();
        if plan.lattice != 0 && grid.is_none() {
            // The constant keeps every value within one binade, so that all lie on its grid (numerics R3).
            // Where it can be none, sums of it also hold the constants that move none out of the way.
            let room = if self.values.can_be_none(id) { 32.0 } else { 8.0 };
            let binade = power_above(room * range.max().max(plan.reach).max(1.0 / 1024.0));
            let constant = 1.5 * binade * f64::from(plan.lattice);
            let grid = 2.0 * U * binade;
            let coarse = error + grid / 2.0;
            let lattice = Range { lo: constant + range.lo, hi: constant + range.hi, grid: Some(grid), error: coarse };
            if plan.plain && binade > SWAMPED * power_above(measured.lo.abs().max(measured.hi.abs())) {
                // Steps read a number of their own; who else reads it gets what f32 can hold.
                let to = self.direction(format!("[{} on a grid]", self.label(id)), id, lattice);
                self.circuit.directions[to.index()].embedding.constant = constant;
                moves.push(Move { value: from.value.clone(), bos: at_default, to });
                let form = Form::of(to).plus(&Form::constant(1.0), -constant);
                self.coarse[id.index()] = Some((form, coarse));
                error += range.max() * U;
                range.error = error;
            } else {
                (offset, error, range) = (constant, coarse, lattice);
            }
        } else if !exact_copy {
            error += range.max() * U;
            range.error = error;
        }
        let to = self.direction(self.label(id), id, range);
        self.circuit.directions[to.index()].embedding.constant = offset;
        moves.push(Move { value: from.value, bos: at_default, to });
        let shared = if from.defined.is_none() { self.defined_of.get(&selector).cloned() } else { None };
        let defined = self.values.can_be_none(id).then(|| {
            // Whether anything is selected is one fact for all that is moved through a selector.
            if let Some(form) = shared {
                return form;
            }
            // 1 at every token; what is moved takes it away: exactly −1 from BOS, or from the one selected none.
            let to = self.direction(format!("{}:defined", self.label(id)), id, BIT);
            self.circuit.directions[to.index()].embedding.constant = 1.0;
            let plain = from.defined.is_none();
            let value = from.defined.map_or_else(Form::zero, |d| d.complement().scaled(-1.0));
            moves.push(Move { value, bos: if default.is_none() { -1.0 } else { 0.0 }, to });
            if plain && default.is_none() {
                self.defined_of.insert(selector, Form::of(to));
            }
            Form::of(to)
        });
        self.attend(id, 0, plan, false, moves, "averages values");
        let value = Form::of(to).plus(&Form::constant(1.0), -offset);
        self.numbers[id.index()] = Some(NumberForm { value, defined, error });
        Ok(())
    }
}
