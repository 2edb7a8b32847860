//! The product of families' rows, without the combinations that no input reaches.
//!
//! A width is at most the number of keys that the position sees, and widths of selectors that exclude or imply one another
//! are related; rows that break such a rule are left out.

use super::canon::Class;
use super::engine::Engine;
use super::intern::{Id, RAISED};
use super::rows::Chunk;
use super::selector::PairRule;

/// Rows of the members of one family, with what is known of widths.
#[derive(Debug)]
pub(super) struct Block {
    /// How many ids a row has.
    pub(super) arity: usize,
    pub(super) data: Vec<Id>,
    /// For each row, where widths matter: least and greatest count of visible keys (positions) or width (widths).
    pub(super) bounds: Vec<(u32, u32)>,
    /// For positions: for each selector whose width matters, the greatest width by row.
    pub(super) caps: Vec<(Class, Vec<u32>)>,
    pub(super) role: Role,
}

/// What a block's bounds bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Free,
    /// How many keys the position sees.
    Visible,
    /// How many keys this selector selects.
    Width(Class),
}

/// A condition between two blocks of a product.
#[derive(Debug)]
struct Condition {
    /// The earlier block; none for the bounds that hold at every position.
    earlier: Option<usize>,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    /// The width is at most the visible keys less so many, and at most the cap with this number.
    AtMostVisible(u32, Option<usize>),
    /// Between the widths of two selectors, earlier first.
    Pair(PairRule),
}

/// The product of blocks, row by row.
#[derive(Debug)]
pub(super) struct Product {
    blocks: Vec<Block>,
    /// By block: the conditions with earlier blocks.
    conditions: Vec<Vec<Condition>>,
    at: Vec<usize>,
    max_len: u32,
    done: bool,
}

impl Engine {
    /// The product of the blocks, positions and widths first.
    pub(super) fn product(&mut self, blocks: Vec<Block>) -> Product {
        let mut conditions = Vec::new();
        for (i, block) in blocks.iter().enumerate() {
            conditions.push(self.conditions(block, &blocks[..i]));
        }
        let done = blocks.iter().any(|b| b.data.is_empty());
        Product { at: vec![0; blocks.len()], blocks, conditions, max_len: self.max_len as u32, done }
    }

    fn conditions(&mut self, block: &Block, earlier: &[Block]) -> Vec<Condition> {
        let Role::Width(selector) = block.role else { return Vec::new() };
        let mut conditions = Vec::new();
        for (i, other) in earlier.iter().enumerate() {
            let rule = match other.role {
                Role::Free => continue,
                Role::Visible => {
                    let cap = other.caps.iter().position(|(s, _)| *s == selector);
                    Rule::AtMostVisible(self.selectors.spare(selector), cap)
                }
                Role::Width(first) => Rule::Pair(self.pair_rule(first, selector)),
            };
            conditions.push(Condition { earlier: Some(i), rule });
        }
        if !earlier.iter().any(|b| b.role == Role::Visible) {
            conditions
                .push(Condition { earlier: None, rule: Rule::AtMostVisible(self.selectors.spare(selector), None) });
        }
        conditions
    }
}

impl Block {
    /// Drops rows without a value and repeated rows, whose bounds are joined. (Every row has bounds.)
    pub(super) fn merge(&mut self) {
        let arity = self.arity;
        let rows = self.data.len() / arity;
        let row = |i: usize| &self.data[i * arity..(i + 1) * arity];
        let mut order: Vec<u32> = (0..rows as u32).filter(|&i| !row(i as usize).contains(&RAISED)).collect();
        order.sort_by(|&a, &b| row(a as usize).cmp(row(b as usize)));
        let (mut data, mut bounds): (Vec<Id>, Vec<(u32, u32)>) = (Vec::new(), Vec::new());
        let mut caps: Vec<(Class, Vec<u32>)> = self.caps.iter().map(|(s, _)| (*s, Vec::new())).collect();
        for i in order {
            let i = i as usize;
            let same = data.len() >= arity && &data[data.len() - arity..] == row(i);
            for ((_, cap), (_, old)) in caps.iter_mut().zip(&self.caps) {
                match cap.last_mut().filter(|_| same) {
                    Some(last) => *last = (*last).max(old[i]),
                    None => cap.push(old[i]),
                }
            }
            match bounds.last_mut().filter(|_| same) {
                Some(last) => *last = (last.0.min(self.bounds[i].0), last.1.max(self.bounds[i].1)),
                None => bounds.push(self.bounds[i]),
            }
            if !same {
                data.extend_from_slice(row(i));
            }
        }
        (self.data, self.bounds, self.caps) = (data, bounds, caps);
    }

    fn rows(&self) -> usize {
        self.data.len() / self.arity
    }
}

impl Product {
    /// Fills a chunk with the next rows; false when there are none.
    pub(super) fn fill(&mut self, chunk: &mut Chunk, rows: usize) -> bool {
        chunk.columns.iter_mut().for_each(Vec::clear);
        chunk.len = 0;
        let mut depth = 0;
        // Depth first: `at` holds the next row of each block; a block that is used up starts again.
        if !self.done && self.started() {
            depth = self.blocks.len() - 1;
        }
        while !self.done && chunk.len < rows {
            if self.at[depth] == self.blocks[depth].rows() {
                self.at[depth] = 0;
                if depth == 0 {
                    self.done = true;
                    break;
                }
                depth -= 1;
                self.at[depth] += 1;
            } else if !self.holds(depth) {
                self.at[depth] += 1;
            } else if depth + 1 < self.blocks.len() {
                depth += 1;
            } else {
                self.emit(chunk);
                self.at[depth] += 1;
            }
        }
        chunk.len > 0
    }

    /// Whether earlier blocks are in the middle of their rows already: the last block's next row is due.
    fn started(&self) -> bool {
        self.at.iter().any(|&i| i > 0)
    }

    fn emit(&self, chunk: &mut Chunk) {
        let mut slot = 0;
        for (block, &at) in self.blocks.iter().zip(&self.at) {
            for &id in &block.data[at * block.arity..(at + 1) * block.arity] {
                chunk.columns[slot].push(id);
                slot += 1;
            }
        }
        chunk.len += 1;
    }

    /// Whether the row of a block goes with those of the earlier ones.
    fn holds(&self, depth: usize) -> bool {
        self.conditions[depth].iter().all(|condition| {
            let here = self.blocks[depth].bounds[self.at[depth]];
            match (condition.earlier, condition.rule) {
                (None, Rule::AtMostVisible(spare, _)) => here.0 + spare <= self.max_len,
                (Some(i), Rule::AtMostVisible(spare, cap)) => {
                    let (block, row) = (&self.blocks[i], self.at[i]);
                    here.0 + spare <= block.bounds[row].1 && cap.is_none_or(|c| here.0 <= block.caps[c].1[row])
                }
                (Some(i), Rule::Pair(rule)) => rule.allows(self.blocks[i].bounds[self.at[i]], here, self.visible()),
                (None, Rule::Pair(_)) => unreachable!("a pair has an earlier block"),
            }
        })
    }

    /// Least and greatest count of visible keys at the current row.
    fn visible(&self) -> (u32, u32) {
        let found = self.blocks.iter().position(|b| b.role == Role::Visible);
        found.map_or((1, self.max_len), |i| self.blocks[i].bounds[self.at[i]])
    }
}
