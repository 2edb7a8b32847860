//! Selectors, widths and aggregates that do not depend on the tokens: computed at every position of every length.
//!
//! The value at a position is then a function of length and index, found by selecting keys as the interpreter does. Under
//! a full mask the keys of a shorter input are the first of a longer one where key values depend on the index alone, so
//! one walk over the keys serves all lengths with equal query values.

use std::collections::BTreeMap;
use std::sync::Arc;

use raspc_lang::graph::{Comparison, Op, Predicate};

use super::canon::Class;
use super::engine::{Dep, Engine, Var};
use super::intern::{Id, RAISED, WordMap};
use super::multisets::Running;
use super::selector::Ceiling;

/// Most pairs of key and query looked at for one class.
const MAX_WORK: u64 = 1 << 23;

/// Query values that occur at some positions, and which prefixes of the keys those positions see.
struct Task {
    /// By select.
    queries: Vec<Id>,
    /// The length, where key values depend on it.
    length: usize,
    /// How many keys are seen, and the cell that is computed; in order.
    prefixes: Vec<(usize, usize)>,
}

/// What one walk over the keys is about.
struct Walk {
    selector: Class,
    atoms: Arc<[Class]>,
    under: Arc<[Class]>,
    tasks: Vec<Task>,
    /// The variable that the cells are numbered by.
    var: Var,
    cells: usize,
}

/// What is called with each task: the selected keys as bits, and the first key on which a predicate raises.
type See<'a> = &'a mut dyn FnMut(&mut Engine, &Task, &[u64], usize);

/// A key for the order of values: rank, and which values it can be ordered with (0: none).
type Rank = (u32, u8);

impl Engine {
    /// The column of a width or an aggregate that does not depend on the tokens; false where it does, or where there are
    /// too many positions.
    pub(super) fn scan_positions(&mut self, class: Class) -> bool {
        let (selector, values) = match self.op(class) {
            Op::SelectorWidth(s) => (*s, None),
            Op::Aggregate { selector, values, default } => (*selector, Some((*values, default.clone()))),
            _ => unreachable!("{class} reads a selector"),
        };
        let moved = values.as_ref().map(|(v, _)| *v);
        if moved.is_some_and(|v| self.position_column(v).is_none()) {
            return false;
        }
        let Some(walk) = self.walk(selector, moved) else { return false };
        let default = values.as_ref().map(|(_, d)| self.table.intern(d));
        let mut out = vec![RAISED; walk.cells];
        let mut no_mean = false;
        self.follow(&walk, &mut |engine, task, bits, raised| {
            let mut running = Running::default();
            let mut at = 0;
            for &(seen, cell) in &task.prefixes {
                if raised < seen {
                    break;
                }
                for k in at..seen {
                    if bits[k / 64] >> (k % 64) & 1 == 1 {
                        let value = moved.map_or(0, |v| engine.key_value(v, task.length, k));
                        running.add(&engine.table, value);
                    }
                }
                at = seen;
                out[cell] = match default {
                    None => engine.table.int(running.count() as i64),
                    Some(default) => running.result(&mut engine.table, default),
                };
                no_mean |= out[cell] == RAISED;
            }
        });
        if no_mean {
            self.mixed_means.push(class);
        }
        self.compress(class, walk.var, out);
        true
    }

    /// Least and greatest width of a selector that does not depend on the tokens.
    pub(super) fn scan_widths(&mut self, selector: Class) -> Option<(usize, usize)> {
        if !self.dag.consumed[selector.index()] {
            return None;
        }
        let walk = self.walk(selector, None)?;
        let (mut lo, mut hi) = (usize::MAX, 0);
        self.follow(&walk, &mut |_, task, bits, raised| {
            let (mut count, mut at) = (0, 0);
            for &(seen, _) in task.prefixes.iter().take_while(|(seen, _)| *seen <= raised) {
                count += (at..seen).filter(|k| bits[k / 64] >> (k % 64) & 1 == 1).count();
                at = seen;
                (lo, hi) = (lo.min(count), hi.max(count));
            }
        });
        (lo <= hi).then_some((lo, hi))
    }

    /// The widths of a selector that does not depend on the tokens, as bounds: no bound where its predicate raises.
    pub(super) fn scan_ceiling(&mut self, selector: Class) -> Option<Ceiling> {
        let walk = self.walk(selector, None)?;
        let mut cells = vec![u32::MAX; walk.cells];
        self.follow(&walk, &mut |_, task, bits, raised| {
            let (mut count, mut at) = (0, 0);
            for &(seen, cell) in task.prefixes.iter().take_while(|(seen, _)| *seen <= raised) {
                count += (at..seen).filter(|k| bits[k / 64] >> (k % 64) & 1 == 1).count() as u32;
                at = seen;
                cells[cell] = count;
            }
        });
        let (var, cells) = compressed(walk.var, cells, self.max_len);
        Some(Ceiling { var, cells })
    }

    /// The column of a class that the position decides, without gaps.
    fn position_column(&self, class: Class) -> Option<Arc<[Id]>> {
        self.column(class).filter(|c| self.by_position(class) && !c.contains(&RAISED))
    }

    /// What the key at an index holds in inputs of a length.
    fn key_value(&self, class: Class, length: usize, index: usize) -> Id {
        let column = self.column[class.index()].as_ref().expect("positions have columns");
        match self.dep[class.index()] {
            Dep::Const => column[0],
            Dep::One(Var::Index) => column[index],
            Dep::One(Var::Length) => column[length - 1],
            _ => column[length * (length - 1) / 2 + index],
        }
    }

    /// The tasks that cover all positions, if they are affordable.
    fn walk(&mut self, selector: Class, moved: Option<Class>) -> Option<Walk> {
        let atoms = self.selectors.atoms(selector)?;
        let (mut keys, mut queries) = (Vec::from_iter(moved), Vec::new());
        for atom in atoms.iter() {
            let Op::Select { keys: k, queries: q, .. } = self.op(*atom) else { unreachable!("a select") };
            keys.push(*k);
            queries.push(*q);
        }
        keys.iter().chain(&queries).try_for_each(|&c| self.position_column(c).map(|_| ()))?;
        let n = self.max_len;
        let on_length = |c: &Class| matches!(self.dep[c.index()], Dep::One(Var::Length | Var::Point));
        let on_index = |c: &Class| matches!(self.dep[c.index()], Dep::One(Var::Index | Var::Point));
        let by_length = keys.iter().any(on_length);
        let uniform = !queries.iter().any(on_index);
        if self.full() && !uniform && self.domain(Var::Point) > self.limit {
            return None;
        }
        let (var, cells) = match (self.full(), uniform) {
            (false, _) => (Var::Index, n),
            (true, true) => (Var::Length, n),
            (true, false) => (Var::Point, n * (n + 1) / 2),
        };
        let tasks = self.tasks(&queries, var, by_length);
        let keys_seen = |t: &Task| t.prefixes.last().map_or(0, |(seen, _)| *seen as u64);
        let functions = atoms.iter().any(|a| self.dag.function[a.index()].is_some());
        let work =
            tasks.iter().map(keys_seen).sum::<u64>().saturating_mul(atoms.len() as u64 * if functions { 4 } else { 1 });
        if work > MAX_WORK.min(self.budget) {
            return None;
        }
        self.budget -= work / 4;
        Some(Walk { selector, under: self.selectors.under(selector), atoms, tasks, var, cells })
    }

    /// Positions by their query values.
    fn tasks(&self, queries: &[Class], var: Var, by_length: bool) -> Vec<Task> {
        let n = self.max_len;
        let mut tasks: Vec<Task> = Vec::new();
        // A tuple of query values is numbered by its last value and the number of what comes before, the length first.
        let mut numbers: WordMap<u64, u32> = WordMap::default();
        let mut by_number: WordMap<u32, usize> = WordMap::default();
        let mut add = |length: usize, index: usize, seen: usize, cell: usize| {
            let keys_of = if by_length { length } else { n };
            let mut number = keys_of as u32;
            for &query in queries {
                let fresh = (n + 1 + numbers.len()) as u32;
                let key = u64::from(number) << 32 | u64::from(self.key_value(query, length, index));
                number = *numbers.entry(key).or_insert(fresh);
            }
            let task = *by_number.entry(number).or_insert_with(|| {
                let values = queries.iter().map(|&q| self.key_value(q, length, index)).collect();
                tasks.push(Task { queries: values, length: keys_of, prefixes: Vec::new() });
                tasks.len() - 1
            });
            tasks[task].prefixes.push((seen, cell));
        };
        match var {
            Var::Index => (0..n).for_each(|i| add(n, i, i + 1, i)),
            Var::Length => (1..=n).for_each(|length| add(length, 0, length, length - 1)),
            _ => (1..=n).for_each(|length| {
                (0..length).for_each(|i| add(length, i, length, length * (length - 1) / 2 + i));
            }),
        }
        tasks
    }

    /// Calls for each task with the selected keys, and the first key on which a predicate raises.
    fn follow(&mut self, walk: &Walk, see: See<'_>) {
        let ranks = self.ranks(&walk.atoms);
        let mut memo: Vec<WordMap<u64, Option<bool>>> = walk.atoms.iter().map(|_| WordMap::default()).collect();
        let mut patterns: BTreeMap<Class, Vec<u64>> = BTreeMap::new();
        for task in &walk.tasks {
            let seen = task.prefixes.last().map_or(0, |(seen, _)| *seen);
            let mut raised = usize::MAX;
            for (i, &atom) in walk.atoms.iter().enumerate() {
                let mut bits = vec![0u64; seen.div_ceil(64)];
                for k in 0..seen {
                    match self.selects_at(atom, task, i, k, &ranks, &mut memo[i]) {
                        Some(true) => bits[k / 64] |= 1 << (k % 64),
                        Some(false) => {}
                        None => {
                            raised = raised.min(k);
                            break;
                        }
                    }
                }
                patterns.insert(atom, bits);
            }
            for &class in walk.under.iter() {
                let combined: Vec<u64> = match self.op(class) {
                    Op::And(a, b) => patterns[a].iter().zip(&patterns[b]).map(|(a, b)| a & b).collect(),
                    Op::Or(a, b) => patterns[a].iter().zip(&patterns[b]).map(|(a, b)| a | b).collect(),
                    Op::Not(a) => patterns[a].iter().map(|a| !a).collect(),
                    _ => continue,
                };
                patterns.insert(class, combined);
            }
            // Bits beyond the keys that are seen may be set by a negation; nobody reads them.
            see(self, task, &patterns[&walk.selector], raised);
        }
    }

    fn selects_at(
        &mut self,
        atom: Class,
        task: &Task,
        number: usize,
        k: usize,
        ranks: &[Rank],
        memo: &mut WordMap<u64, Option<bool>>,
    ) -> Option<bool> {
        let Op::Select { keys, predicate, .. } = self.op(atom) else { unreachable!("a select") };
        let (key, query) = (self.key_value(*keys, task.length, k), task.queries[number]);
        if let Predicate::Compare(c) = predicate {
            let ((key, a), (query, b)) = (ranks[key as usize], ranks[query as usize]);
            let ordered = a == b && a != 0;
            return match c {
                Comparison::Eq => Some(key == query),
                Comparison::Ne => Some(key != query),
                Comparison::Lt => ordered.then_some(key < query),
                Comparison::Le => ordered.then_some(key <= query),
                Comparison::Gt => ordered.then_some(key > query),
                Comparison::Ge => ordered.then_some(key >= query),
            };
        }
        let pair = u64::from(key) << 32 | u64::from(query);
        if let Some(&known) = memo.get(&pair) {
            return known;
        }
        let result = self.selects(atom, key, query);
        memo.insert(pair, result);
        result
    }

    /// The rank of each id that keys or queries hold, by id.
    fn ranks(&self, atoms: &[Class]) -> Vec<Rank> {
        let mut ids: Vec<Id> = Vec::new();
        for atom in atoms {
            for operand in self.op(*atom).operands() {
                ids.extend(self.known(operand).iter().flat_map(|set| set.iter()));
            }
        }
        self.table.sort(&mut ids);
        let mut ranks = vec![(0, 0); self.table.len()];
        let mut rank = 0;
        for (i, &id) in ids.iter().enumerate() {
            if i > 0 && self.table.class(ids[i - 1]) != self.table.class(id) {
                rank += 1;
            }
            let value = self.table.value(id);
            let kind = if value.is_number() {
                1
            } else if matches!(value, raspc_lang::value::Value::Str(_)) {
                2
            } else {
                0
            };
            ranks[id as usize] = (rank, kind);
        }
        ranks
    }

    /// Records a column by the smallest variable that decides it.
    fn compress(&mut self, class: Class, var: Var, column: Vec<Id>) {
        let (var, mut column) = compressed(var, column, self.max_len);
        self.dep[class.index()] = Dep::One(var);
        if !column.is_empty() && column.windows(2).all(|w| w[0] == w[1]) {
            self.dep[class.index()] = Dep::Const;
            column.truncate(1);
        }
        self.learn_column(class, column);
    }
}

/// Cells by point as cells by index or length, where these decide them.
fn compressed<T: Copy + PartialEq>(var: Var, cells: Vec<T>, n: usize) -> (Var, Vec<T>) {
    let cell = |length: usize, index: usize| cells[length * (length - 1) / 2 + index];
    if var != Var::Point {
        (var, cells)
    } else if (1..=n).all(|l| (0..l).all(|i| cell(l, i) == cell(n, i))) {
        (Var::Index, (0..n).map(|i| cell(n, i)).collect())
    } else if (1..=n).all(|l| (0..l).all(|i| cell(l, i) == cell(l, 0))) {
        (Var::Length, (1..=n).map(|l| cell(l, 0)).collect())
    } else {
        (var, cells)
    }
}
