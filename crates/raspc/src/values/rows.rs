//! Carrying out a plan: the families' rows, their product, and the maps computed from them.

use std::collections::HashMap;

use raspc_lang::graph::Op;

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED};
use super::plan::{Family, Key, Mode, Plan};
use super::product::{Block, Role};
use super::sink::{sort_rows, without_raised};

/// Rows are computed so many at a time (fewer where many maps are computed).
const CHUNK: usize = 4096;

/// A piece of the enumeration, by class.
#[derive(Debug)]
pub(super) struct Chunk {
    slots: HashMap<Class, usize>,
    /// By slot.
    pub(super) columns: Vec<Vec<Id>>,
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
            for (block, members) in self.blocks(family, plan)? {
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
    fn blocks(&mut self, family: &Family, plan: &Plan) -> Result<Vec<(Block, Vec<Class>)>, u64> {
        let bounded = !plan.widths.is_empty()
            && (family.key == Key::Position || family.members.iter().any(|&m| self.reads_width(m)));
        if family.mode == Mode::Together || (bounded && family.members.len() == 1 && self.has_column(family.members[0]))
        {
            return Ok(vec![(self.together(family, bounded, plan)?, family.members.clone())]);
        }
        let alone = |&member: &Class| {
            let data =
                self.known(member).unwrap_or_else(|| panic!("{member} is enumerated before it is used")).to_vec();
            (Block { arity: 1, data, bounds: Vec::new(), caps: Vec::new(), role: Role::Free }, vec![member])
        };
        Ok(family.members.iter().map(alone).collect())
    }

    /// Whether a class can be followed from its variable.
    fn has_column(&self, class: Class) -> bool {
        self.column[class.index()].is_some() || self.dep[class.index()] == Dep::One(Var::Root(class))
    }

    /// The rows of a family, from its variables.
    fn together(&mut self, family: &Family, bounded: bool, plan: &Plan) -> Result<Block, u64> {
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
                let (data, bounds) = self.group_rows(selector, &roots, &family.members, plan.budget)?;
                let role = if bounds.is_empty() { Role::Free } else { Role::Width(selector) };
                (data, bounds, role)
            }
            _ => unreachable!("a family of several variables is of positions or of one source"),
        };
        if !bounded {
            (bounds, role) = (Vec::new(), Role::Free);
        }
        let caps = if role == Role::Visible { self.caps(&vars, &plan.widths) } else { Vec::new() };
        let mut block = Block { arity, data, bounds, caps, role };
        if role == Role::Free {
            block.data = sort_rows(without_raised(block.data, arity), arity);
        } else {
            block.merge();
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

    /// For each selector with ceilings, its greatest width in each row of the positions.
    fn caps(&self, vars: &[Var], selectors: &[Class]) -> Vec<(Class, Vec<u32>)> {
        let n = self.max_len;
        let points: Vec<(usize, usize)> = match vars {
            [Var::Index] => (0..n).map(|i| (i + 1, i)).collect(),
            [Var::Length] => (1..=n).map(|length| (length, 0)).collect(),
            _ => (1..=n).flat_map(|length| (0..length).map(move |i| (length, i))).collect(),
        };
        let decided = |var: Var| vars == [var] || !matches!(vars, [Var::Index | Var::Length]);
        let mut caps = Vec::new();
        for &selector in selectors {
            let mut least = vec![u32::MAX; points.len()];
            for ceiling in self.selectors.ceilings(selector).iter().filter(|c| decided(c.var)) {
                for (least, &(length, index)) in least.iter_mut().zip(&points) {
                    *least = (*least).min(match ceiling.var {
                        Var::Index => ceiling.cells[index],
                        Var::Length => ceiling.cells[length - 1],
                        _ => ceiling.cells[length * (length - 1) / 2 + index],
                    });
                }
            }
            caps.push((selector, least));
        }
        caps
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
}
