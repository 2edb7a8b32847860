//! The values of maps: column by column where one variable decides, else over the joint values of the arguments.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use raspc_lang::error::EvalError;
use raspc_lang::graph::Op;

use super::canon::Class;
use super::engine::{Dep, Engine, Suspect, Var};
use super::intern::{Id, RAISED};
use super::plan::Budget;
use super::rows::Chunk;
use super::sets::EAGER;

/// No id: an argument that the function has not been called with yet.
const UNSEEN: Id = RAISED - 1;

impl Engine {
    /// The set (and column) of a map, from its arguments.
    pub(super) fn enumerate_map(&mut self, class: Class, budget: Budget) {
        match self.dep[class.index()] {
            Dep::Const => self.map_column(class, Var::Index, 1),
            Dep::One(var) if var != Var::Root(class) => {
                let positions = self.domain(var);
                // What takes no column is listed without one, until somebody asks for the column.
                if positions > EAGER.min(budget.cap) && self.known(class).is_none() {
                    self.enumerate_linear(class, budget);
                    if self.known(class).is_some() {
                        return;
                    }
                }
                if positions <= budget.cap {
                    self.position_columns(class, positions as usize);
                    self.map_column(class, var, positions as usize);
                }
                if self.known(class).is_none() && var == Var::Point {
                    self.map_plan(class, budget);
                }
            }
            _ => self.map_plan(class, budget),
        }
    }

    /// The columns that a map of the positions is made from, where they were not needed before.
    fn position_columns(&mut self, class: Class, positions: usize) {
        let mut missing = BTreeSet::new();
        let mut stack = vec![class];
        while let Some(at) = stack.pop() {
            let Op::Map { args, .. } = self.op(at) else { continue };
            let without =
                |&&a: &&Class| self.dep[a.index()] == Dep::One(Var::Point) && self.column[a.index()].is_none();
            stack.extend(args.iter().filter(without).filter(|&&a| missing.insert(a)));
        }
        for map in missing.into_iter().filter(|&m| matches!(self.op(m), Op::Map { .. })).collect::<Vec<_>>() {
            self.map_column(map, Var::Point, positions);
        }
    }

    /// The column of a map of one variable (none: a column of one cell).
    fn map_column(&mut self, class: Class, var: Var, cells: usize) {
        let Op::Map { args, .. } = self.op(class).clone() else { unreachable!("a map") };
        let mut columns = Vec::new();
        for &arg in &args {
            let column =
                if self.dep[arg.index()] == Dep::One(Var::Root(arg)) { self.known(arg) } else { self.column(arg) };
            let Some(column) = column else { return };
            columns.push(Lifted { column, from: self.dep[arg.index()].clone() });
        }
        self.budget = self.budget.saturating_sub(cells as u64);
        let mut watch = Watch::new(self, class, &args);
        let number = self.dag.function[class.index()].expect("a map has a function");
        let mut seen = vec![UNSEEN; if args.len() == 1 { self.table.len() } else { 0 }];
        let mut out = Vec::with_capacity(cells);
        let mut tuple = vec![0; args.len()];
        let mut points = Points::default();
        for x in 0..cells {
            let point = points.next(var, x);
            tuple.iter_mut().zip(&columns).for_each(|(t, c)| *t = c.at(var, x, point));
            if tuple.contains(&RAISED) {
                out.push(RAISED);
                continue;
            }
            // A map of one argument is evaluated once for each value, not once for each cell.
            let known = seen.get(tuple[0] as usize).copied().unwrap_or(UNSEEN);
            if known != UNSEEN {
                out.push(known);
                continue;
            }
            let result = self.call_strict(number, &tuple);
            let length = matches!(var, Var::Index | Var::Length | Var::Point).then_some(point.0);
            watch.see(self, &tuple, &result, length);
            let result = result.unwrap_or(RAISED);
            if let Some(slot) = seen.get_mut(tuple[0] as usize) {
                *slot = result;
            }
            out.push(result);
        }
        watch.finish(self);
        self.learn_column(class, out);
    }

    /// The set of a map of several variables.
    fn map_plan(&mut self, class: Class, budget: Budget) {
        let Op::Map { args, .. } = self.op(class).clone() else { unreachable!("a map") };
        let exploded = self.exploded_groups.len();
        let Ok(plan) = self.plan(&args, budget) else { return };
        if !self.plan_needs(&plan, budget).is_empty() {
            return;
        }
        self.budget = self.budget.saturating_sub(plan.cost);
        let mut watch = Watch::new(self, class, &args);
        let mut seen: Vec<bool> = Vec::new();
        let mut ids: Vec<Id> = Vec::new();
        let mut tuple = vec![0; args.len()];
        let visited = self.visit(&plan, &mut |engine: &mut Self, chunk: &Chunk| {
            let results = engine.map_rows(class, chunk);
            let columns: Vec<&[Id]> = args.iter().map(|&a| chunk.column(a)).collect();
            seen.resize(engine.table.len(), false);
            for (row, result) in results.iter().enumerate() {
                if let Ok(id) = result {
                    if *id == RAISED {
                        continue;
                    }
                    if !std::mem::replace(&mut seen[*id as usize], true) {
                        ids.push(*id);
                    }
                }
                if result.is_err() || watch.wants() {
                    tuple.iter_mut().zip(&columns).for_each(|(t, c)| *t = c[row]);
                    watch.see(engine, &tuple, result, None);
                }
            }
            Ok(())
        });
        if visited.is_ok() {
            watch.finish(self);
            self.learn(class, ids);
        } else if self.exploded_groups.len() > exploded {
            // The group is taken apart now.
            self.map_plan(class, budget);
        }
    }
}
/// A column of one variable read by the number of another's value.
struct Lifted {
    column: Arc<[Id]>,
    from: Dep,
}

impl Lifted {
    fn at(&self, var: Var, x: usize, (length, index): (usize, usize)) -> Id {
        match self.from {
            Dep::Const => self.column[0],
            Dep::One(from) if from == var => self.column[x],
            Dep::One(Var::Index) => self.column[index],
            Dep::One(Var::Length) => self.column[length - 1],
            _ => unreachable!("a variable is made of index and length only"),
        }
    }
}

/// Counts through the points in order: lengths, and the indices of each.
#[derive(Default)]
struct Points {
    length: usize,
    index: usize,
}

impl Points {
    /// The (length, index) of the next value of a variable; the least length where the index alone decides.
    fn next(&mut self, var: Var, x: usize) -> (usize, usize) {
        match var {
            Var::Length => (x + 1, 0),
            Var::Point => {
                self.index += 1;
                if self.index >= self.length {
                    (self.length, self.index) = (self.length + 1, 0);
                }
                (self.length, self.index)
            }
            _ => (x + 1, x),
        }
    }
}

/// Watches a function's results: the first error, and results that differ on equal arguments.
struct Watch {
    class: Class,
    /// Whether an argument can hold equal values of different types.
    mixed: bool,
    /// Whether all arguments' sets are known, so that the table of values has all their types.
    complete: bool,
    results: HashMap<Box<[Id]>, Id>,
    found: Option<Suspect>,
    teller: Option<Vec<Id>>,
}

impl Watch {
    fn new(engine: &Engine, class: Class, args: &[Class]) -> Self {
        let mixed = args.iter().any(|&a| engine.is_mixed(a));
        let complete = args.iter().all(|&a| engine.known(a).is_some());
        Self { class, mixed, complete, results: HashMap::new(), found: None, teller: None }
    }

    /// Whether results without an error are of interest.
    fn wants(&self) -> bool {
        self.mixed && self.teller.is_none()
    }

    fn see(&mut self, engine: &Engine, tuple: &[Id], result: &Result<Id, EvalError>, length: Option<usize>) {
        match result {
            Err(error) if self.found.is_none() => {
                self.found = Some(Suspect { class: self.class, found: Some((tuple.to_vec(), error.clone())), length });
            }
            Ok(id) if self.wants() && tuple.iter().any(|&t| engine.table.has_twin(t)) => {
                let key: Box<[Id]> = tuple.iter().map(|&t| engine.table.class(t)).collect();
                let class = engine.table.class(*id);
                if *self.results.entry(key).or_insert(class) != class {
                    self.teller = Some(tuple.to_vec());
                }
            }
            _ => {}
        }
    }

    /// Records what was seen; all arguments were.
    fn finish(self, engine: &mut Engine) {
        engine.suspects.extend(self.found);
        if self.complete || self.teller.is_some() {
            engine.facts.congruent[self.class.index()] = Some(self.teller.is_none());
        }
        engine.tellers.extend(self.teller.map(|tuple| (self.class, tuple)));
    }
}
