//! Carrying out a plan: the families' rows, their product without the combinations that no input reaches, and the maps
//! computed from them.

use std::collections::HashMap;

use raspc_lang::graph::Op;

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED};
use super::plan::{Family, Key, Mode, Plan};
use super::selector::PairRule;

/// Rows are computed so many at a time (fewer where many maps are computed).
const CHUNK: usize = 4096;

/// Rows of the members of one family, with what is known of widths.
#[derive(Debug)]
struct Block {
    /// How many ids a row has.
    arity: usize,
    data: Vec<Id>,
    /// For each row, where widths matter: least and greatest count of visible keys (positions) or width (widths).
    bounds: Vec<(u32, u32)>,
    role: Role,
}

/// What a block's bounds bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
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
    /// The width is at most the visible keys less so many.
    AtMostVisible(u32),
    /// Between the widths of two selectors, earlier first.
    Pair(PairRule),
}

/// The product of blocks, row by row.
#[derive(Debug)]
struct Product {
    blocks: Vec<Block>,
    /// By block: the conditions with earlier blocks.
    conditions: Vec<Vec<Condition>>,
    at: Vec<usize>,
    max_len: u32,
    done: bool,
}

/// A piece of the enumeration, by class.
#[derive(Debug)]
pub(super) struct Chunk {
    slots: HashMap<Class, usize>,
    columns: Vec<Vec<Id>>,
    pub(super) len: usize,
}

impl Chunk {
    /// A class's values in the rows; `RAISED` where it has none.
    pub(super) fn column(&self, class: Class) -> &[Id] {
        &self.columns[self.slots[&class]]
    }
}

impl Engine {
    /// Enumerates the plan; everything it needs is known already.
    pub(super) fn visit(
        &mut self,
        plan: &Plan,
        see: &mut dyn FnMut(&mut Self, &Chunk) -> Result<(), u64>,
    ) -> Result<(), u64> {
        let mut slots = HashMap::new();
        let mut blocks = Vec::new();
        for family in &plan.families {
            for (block, members) in self.blocks(family, plan.widths)? {
                for member in members {
                    slots.insert(member, slots.len());
                }
                blocks.push(block);
            }
        }
        for &map in &plan.computed {
            slots.insert(map, slots.len());
        }
        let rows = (CHUNK * 64 / (slots.len() + 1)).clamp(64, CHUNK);
        let mut product = self.product(blocks);
        let mut chunk = Chunk { columns: vec![Vec::with_capacity(rows); slots.len()], slots, len: 0 };
        while product.fill(&mut chunk, rows) {
            for &map in &plan.computed {
                self.compute(map, &mut chunk);
            }
            see(self, &chunk)?;
        }
        Ok(())
    }

    /// A map's column of a chunk.
    fn compute(&mut self, map: Class, chunk: &mut Chunk) {
        let mut out = std::mem::take(&mut chunk.columns[chunk.slots[&map]]);
        out.clear();
        let results = self.map_rows(map, chunk);
        out.extend(results.into_iter().map(|r| r.unwrap_or(RAISED)));
        let slot = chunk.slots[&map];
        chunk.columns[slot] = out;
    }

    /// A map's results on the rows of a chunk; an operand without a value gives `Ok(RAISED)`.
    pub(super) fn map_rows(&mut self, map: Class, chunk: &Chunk) -> Vec<Result<Id, raspc_lang::error::EvalError>> {
        let Op::Map { args, .. } = self.op(map) else { unreachable!("{map} is a map") };
        let columns: Vec<&[Id]> = args.iter().map(|&a| chunk.column(a)).collect();
        let number = self.dag.function[map.index()].expect("a map has a function");
        let mut tuple = vec![0; columns.len()];
        let mut out = Vec::with_capacity(chunk.len);
        for row in 0..chunk.len {
            tuple.iter_mut().zip(&columns).for_each(|(t, c)| *t = c[row]);
            out.push(if tuple.contains(&RAISED) { Ok(RAISED) } else { self.call_strict(number, &tuple) });
        }
        out
    }

    /// A family's blocks with their members.
    fn blocks(&mut self, family: &Family, widths: bool) -> Result<Vec<(Block, Vec<Class>)>, u64> {
        let bounded = widths && (family.key == Key::Position || family.members.iter().any(|&m| self.reads_width(m)));
        if family.mode == Mode::Together || (bounded && family.members.len() == 1 && self.has_column(family.members[0]))
        {
            return Ok(vec![(self.together(family, bounded)?, family.members.clone())]);
        }
        let alone = |&member: &Class| {
            let data =
                self.known(member).unwrap_or_else(|| panic!("{member} is enumerated before it is used")).to_vec();
            (Block { arity: 1, data, bounds: Vec::new(), role: Role::Free }, vec![member])
        };
        Ok(family.members.iter().map(alone).collect())
    }

    /// Whether a class can be followed from its variable.
    fn has_column(&self, class: Class) -> bool {
        self.column[class.index()].is_some() || self.dep[class.index()] == Dep::One(Var::Root(class))
    }

    /// The rows of a family, from its variables.
    fn together(&mut self, family: &Family, bounded: bool) -> Result<Block, u64> {
        let mut vars: Vec<Var> = family.members.iter().flat_map(|&m| self.vars(m)).collect();
        vars.sort_unstable();
        vars.dedup();
        let arity = family.members.len();
        let (data, mut bounds, mut role) = match (family.key, &vars[..]) {
            (Key::Position, _) => self.position_rows(&family.members, &vars),
            (_, [var]) => {
                let rows = 0..self.domain(*var) as usize;
                let data = rows
                    .flat_map(|x| family.members.iter().map(move |&m| (m, x)))
                    .map(|(m, x)| self.at(m, x))
                    .collect();
                let (bounds, role) = self.width_bounds(*var);
                (data, bounds, role)
            }
            (Key::Source(selector), vars) => {
                let roots: Vec<Class> =
                    vars.iter().filter_map(|v| if let Var::Root(r) = v { Some(*r) } else { None }).collect();
                let (data, bounds) = self.group_rows(selector, &roots, &family.members)?;
                let role = if bounds.is_empty() { Role::Free } else { Role::Width(selector) };
                (data, bounds, role)
            }
            _ => unreachable!("a family of several variables is of positions or of one source"),
        };
        if !bounded {
            (bounds, role) = (Vec::new(), Role::Free);
        }
        let mut block = Block { arity, data, bounds, role };
        if bounded {
            block.merge();
        } else {
            block.data = sort_rows(without_raised(block.data, arity), arity);
        }
        Ok(block)
    }

    /// A class's value where its variable has the value with this number.
    fn at(&self, class: Class, x: usize) -> Id {
        match (&self.column[class.index()], &self.dep[class.index()]) {
            (Some(column), _) => column[x],
            (None, Dep::One(Var::Root(root))) if *root == class => self.known(class).expect("enumerated")[x],
            _ => unreachable!("{class} has a column before it is used"),
        }
    }

    /// The bounds of a width by its value's number.
    fn width_bounds(&self, var: Var) -> (Vec<(u32, u32)>, Role) {
        let Var::Root(root) = var else { return (Vec::new(), Role::Free) };
        let Op::SelectorWidth(selector) = self.op(root) else { return (Vec::new(), Role::Free) };
        let set = self.known(root).expect("widths are enumerated");
        let bounds = set.iter().map(|&id| self.count(id)).map(|w| (w, w)).collect();
        (bounds, Role::Width(*selector))
    }

    /// A count that was interned as an integer.
    pub(super) fn count(&self, id: Id) -> u32 {
        let i = self.table.value(id).as_int().and_then(|i| i.to_i64()).expect("a width is a small integer");
        u32::try_from(i).expect("a width is a count")
    }

    /// What classes that depend on the position hold at each position, with how many keys it sees.
    fn position_rows(&self, members: &[Class], vars: &[Var]) -> (Vec<Id>, Vec<(u32, u32)>, Role) {
        let n = self.max_len;
        let full = self.full();
        let columns: Vec<_> =
            members.iter().map(|&m| (self.column(m).expect("positions have columns"), self.vars(m))).collect();
        let cell = |length: usize, index: usize| {
            columns.iter().map(move |(column, vars)| match vars[..] {
                [Var::Index] => column[index],
                [Var::Length] => column[length - 1],
                _ => column[length * (length - 1) / 2 + index],
            })
        };
        let (mut data, mut bounds) = (Vec::new(), Vec::new());
        match vars {
            [Var::Index] => (0..n).for_each(|i| {
                data.extend(cell(i + 1, i));
                bounds.push((i as u32 + 1, if full { n } else { i + 1 } as u32));
            }),
            [Var::Length] => (1..=n).for_each(|length| {
                data.extend(cell(length, 0));
                bounds.push((length as u32, length as u32));
            }),
            _ => (1..=n).for_each(|length| {
                (0..length).for_each(|i| {
                    data.extend(cell(length, i));
                    bounds.push((length as u32, length as u32));
                });
            }),
        }
        (data, bounds, Role::Visible)
    }

    /// The product of the blocks, positions and widths first.
    fn product(&mut self, blocks: Vec<Block>) -> Product {
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
                Role::Visible => Rule::AtMostVisible(self.selectors.spare(selector)),
                Role::Width(first) => Rule::Pair(self.pair_rule(first, selector)),
            };
            conditions.push(Condition { earlier: Some(i), rule });
        }
        if !earlier.iter().any(|b| b.role == Role::Visible) {
            conditions.push(Condition { earlier: None, rule: Rule::AtMostVisible(self.selectors.spare(selector)) });
        }
        conditions
    }
}

impl Block {
    /// Drops rows without a value and repeated rows, whose bounds are joined.
    fn merge(&mut self) {
        let arity = self.arity;
        let bounded = !self.bounds.is_empty();
        let rows = self.data.len() / arity;
        let row = |i: usize| &self.data[i * arity..(i + 1) * arity];
        let mut order: Vec<u32> = (0..rows as u32).filter(|&i| !row(i as usize).contains(&RAISED)).collect();
        order.sort_by(|&a, &b| row(a as usize).cmp(row(b as usize)));
        let (mut data, mut bounds): (Vec<Id>, Vec<(u32, u32)>) = (Vec::new(), Vec::new());
        for i in order {
            let i = i as usize;
            if data.len() >= arity && &data[data.len() - arity..] == row(i) {
                if bounded {
                    let last = bounds.last_mut().expect("a bound for each row");
                    *last = (last.0.min(self.bounds[i].0), last.1.max(self.bounds[i].1));
                }
                continue;
            }
            data.extend_from_slice(row(i));
            if bounded {
                bounds.push(self.bounds[i]);
            }
        }
        (self.data, self.bounds) = (data, bounds);
    }

    fn rows(&self) -> usize {
        self.data.len() / self.arity
    }
}

impl Product {
    /// Fills a chunk with the next rows; false when there are none.
    fn fill(&mut self, chunk: &mut Chunk, rows: usize) -> bool {
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
                (None, Rule::AtMostVisible(spare)) => here.0 + spare <= self.max_len,
                (Some(i), Rule::AtMostVisible(spare)) => here.0 + spare <= self.blocks[i].bounds[self.at[i]].1,
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

/// Collects rows, each once.
#[derive(Debug)]
pub(super) struct RowSink {
    arity: usize,
    data: Vec<Id>,
    /// Sort and drop duplicates at this many ids.
    mark: usize,
}

impl RowSink {
    pub(super) fn new(arity: usize) -> Self {
        Self { arity, data: Vec::new(), mark: 1 << 20 }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: impl Iterator<Item = Id>) {
        self.data.extend(row);
        if self.data.len() >= self.mark {
            self.data = sort_rows(std::mem::take(&mut self.data), self.arity);
            self.mark = (self.data.len() * 2).max(1 << 20);
        }
    }

    /// An error with the count when there are more rows than the limit.
    pub(super) fn check(&mut self, limit: u64) -> Result<(), u64> {
        // Typed rows: of a row of values there may be several.
        let rows = |s: &Self| (s.data.len() / s.arity) as u64;
        if rows(self) > limit.saturating_mul(8).saturating_add(CHUNK as u64) {
            self.data = sort_rows(std::mem::take(&mut self.data), self.arity);
            if rows(self) > limit.saturating_mul(4) {
                return Err(rows(self));
            }
        }
        Ok(())
    }

    /// The rows one after another, sorted by ids, each once.
    pub(super) fn finish(self) -> Vec<Id> {
        sort_rows(self.data, self.arity)
    }
}

/// Drops the rows without a value.
fn without_raised(data: Vec<Id>, arity: usize) -> Vec<Id> {
    if data.contains(&RAISED) {
        data.chunks(arity).filter(|row| !row.contains(&RAISED)).flatten().copied().collect()
    } else {
        data
    }
}

/// Sorts rows by ids and drops duplicates.
fn sort_rows(mut data: Vec<Id>, arity: usize) -> Vec<Id> {
    let mut pairs = data.chunks_exact(arity).zip(data.chunks_exact(arity).skip(1));
    if pairs.all(|(a, b)| a < b) {
        return data;
    }
    match arity {
        1 => {
            data.sort_unstable();
            data.dedup();
            data
        }
        2 => {
            let mut packed: Vec<u64> = data.chunks_exact(2).map(|r| u64::from(r[0]) << 32 | u64::from(r[1])).collect();
            packed.sort_unstable();
            packed.dedup();
            packed.into_iter().flat_map(|p| [(p >> 32) as Id, p as Id]).collect()
        }
        _ => {
            let mut rows: Vec<&[Id]> = data.chunks_exact(arity).collect();
            rows.sort_unstable();
            rows.dedup();
            rows.concat()
        }
    }
}
