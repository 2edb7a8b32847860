//! The reference interpreter: what a program means (DESIGN section 3).
//!
//! **Invariants.** Every node is evaluated once, operands first, so the work is linear in the graph. A function is called
//! at most once per distinct argument tuple of a node, a predicate at most once per distinct pair of key and query, and
//! only for pairs that the mask lets meet. Patterns hold what is really selected: the mask is in each of them, those of
//! `not` included. Two values are distinct here when a function could tell them apart: `1`, `1.0` and `true` are equal, but
//! which of them came first must not decide what a function of them gives.

mod intern;
mod pattern;
mod select;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::EvalError;
use crate::function::Function;
use crate::graph::{Graph, Kind, Mask, NodeId, Op};
use crate::mean::ExactSum;
use crate::ops::python_repr;
use crate::value::Value;

use self::intern::{Distinct, Interned};
pub use self::pattern::Pattern;

/// What every node holds on one input.
#[derive(Clone, Debug)]
pub struct Trace {
    columns: Vec<Column>,
}

/// What one node holds: the values of an s-op or the pattern of a selector, or the error that stopped it (its own or an
/// operand's).
#[derive(Clone, Debug)]
pub enum Column {
    /// One value a position.
    Values(Arc<[Value]>),
    /// The pattern.
    Pattern(Arc<Pattern>),
    /// No defined value on this input.
    Raised(EvalError),
}

impl Trace {
    /// The node's column.
    pub fn column(&self, id: NodeId) -> &Column {
        &self.columns[id.index()]
    }

    /// The node's values.
    ///
    /// # Errors
    /// The evaluation error that left it without values.
    pub fn values(&self, id: NodeId) -> Result<&[Value], EvalError> {
        match self.column(id) {
            Column::Values(v) => Ok(v),
            Column::Raised(e) => Err(e.clone()),
            Column::Pattern(_) => panic!("{id} is a selector"),
        }
    }

    /// The selector's pattern.
    ///
    /// # Errors
    /// The evaluation error that left it without one.
    pub fn pattern(&self, id: NodeId) -> Result<&Pattern, EvalError> {
        match self.column(id) {
            Column::Pattern(p) => Ok(p),
            Column::Raised(e) => Err(e.clone()),
            Column::Values(_) => panic!("{id} is an s-op"),
        }
    }

    /// The node where the error of a raised node arose: itself, or one that it depends on. Nothing if it has values.
    pub fn origin(&self, graph: &Graph, id: NodeId) -> Option<NodeId> {
        let raised = |id: &NodeId| matches!(self.column(*id), Column::Raised(_));
        let mut at = Some(id).filter(raised)?;
        while let Some(operand) = graph.op(at).operands().into_iter().find(raised) {
            at = operand;
        }
        Some(at)
    }
}

/// Evaluates every node of the graph on an input.
pub fn interpret(graph: &Graph, input: &[Value]) -> Trace {
    interpret_patched(graph, input, &[])
}

/// Evaluates every node on an input with some s-ops overridden: their users see the given values.
///
/// # Panics
/// When a patch is on a selector or has not one value for each position of the input.
pub fn interpret_patched(graph: &Graph, input: &[Value], patches: &[(NodeId, Vec<Value>)]) -> Trace {
    for (id, values) in patches {
        assert_eq!(graph.op(*id).kind(), Kind::SOp, "{id} is patched, so it is an s-op");
        assert_eq!(values.len(), input.len(), "the patch of {id} has a value for each position");
    }
    let patches: BTreeMap<NodeId, &[Value]> = patches.iter().map(|(id, v)| (*id, &v[..])).collect();
    let mut run = Run { mask: graph.mask, input, columns: Vec::new(), interned: Vec::new(), rows: Vec::new() };
    run.interned.resize(graph.len(), None);
    run.rows.resize(graph.len(), None);
    for (id, node) in graph.iter() {
        let column = match patches.get(&id) {
            Some(values) => Column::Values(Arc::from(*values)),
            None => run.evaluate(&node.op).unwrap_or_else(Column::Raised),
        };
        run.columns.push(column);
    }
    Trace { columns: run.columns }
}

/// An interpretation under way: the columns so far, and what several users of a node need of it.
struct Run<'a> {
    mask: Mask,
    input: &'a [Value],
    columns: Vec<Column>,
    /// Per s-op: its distinct values.
    interned: Vec<Option<Rc<Interned>>>,
    /// Per selector: its distinct rows.
    rows: Vec<Option<Rc<Distinct>>>,
}

impl Run<'_> {
    fn evaluate(&mut self, op: &Op) -> Result<Column, EvalError> {
        let n = self.input.len();
        Ok(match op {
            Op::Tokens => Column::Values(Arc::from(self.input)),
            Op::Indices => Column::Values((0..n).map(|i| Value::int(i as i64)).collect()),
            Op::Const(v) => Column::Values(vec![v.clone(); n].into()),
            Op::Map { function, args } => Column::Values(self.map(function, args)?),
            Op::Select { keys, queries, predicate } => {
                let (keys, queries) = (self.interned(*keys)?, self.interned(*queries)?);
                Column::Pattern(Arc::new(select::select(&keys, &queries, predicate, self.mask)?))
            }
            Op::And(a, b) => Column::Pattern(Arc::new(self.selected(*a)?.zip(&*self.selected(*b)?, |a, b| a & b))),
            Op::Or(a, b) => Column::Pattern(Arc::new(self.selected(*a)?.zip(&*self.selected(*b)?, |a, b| a | b))),
            Op::Not(a) => {
                let all = Pattern::visible(n, self.mask);
                Column::Pattern(Arc::new(all.zip(&*self.selected(*a)?, |all, a| all & !a)))
            }
            Op::Aggregate { selector, values, default } => Column::Values(self.aggregate(*selector, *values, default)?),
            Op::SelectorWidth(a) => {
                let pattern = self.selected(*a)?;
                Column::Values((0..n).map(|q| Value::int(pattern.width(q) as i64)).collect())
            }
        })
    }

    fn values(&self, id: NodeId) -> Result<Arc<[Value]>, EvalError> {
        match &self.columns[id.index()] {
            Column::Values(v) => Ok(v.clone()),
            Column::Raised(e) => Err(e.clone()),
            Column::Pattern(_) => panic!("{id} is read as an s-op"),
        }
    }

    fn selected(&self, id: NodeId) -> Result<Arc<Pattern>, EvalError> {
        match &self.columns[id.index()] {
            Column::Pattern(p) => Ok(p.clone()),
            Column::Raised(e) => Err(e.clone()),
            Column::Values(_) => panic!("{id} is read as a selector"),
        }
    }

    fn interned(&mut self, id: NodeId) -> Result<Rc<Interned>, EvalError> {
        let values = self.values(id)?;
        Ok(self.interned[id.index()].get_or_insert_with(|| Rc::new(Interned::new(&values))).clone())
    }

    fn rows(&mut self, id: NodeId) -> Result<Rc<Distinct>, EvalError> {
        let pattern = self.selected(id)?;
        Ok(self.rows[id.index()].get_or_insert_with(|| Rc::new(pattern.rows())).clone())
    }

    /// An element-wise s-op: one call for each distinct tuple of arguments, none in, none out.
    fn map(&mut self, function: &Function, args: &[NodeId]) -> Result<Arc<[Value]>, EvalError> {
        let columns = args.iter().map(|&a| self.interned(a)).collect::<Result<Vec<_>, _>>()?;
        intern::tuples(&columns).column(|position| {
            let args: Vec<Value> = columns.iter().map(|c| c.at(position).clone()).collect();
            function.apply_strict(&args)
        })
    }

    /// An aggregate: one result for each distinct row of the pattern.
    fn aggregate(&mut self, selector: NodeId, values: NodeId, default: &Value) -> Result<Arc<[Value]>, EvalError> {
        let (rows, values, pattern) = (self.rows(selector)?, self.values(values)?, self.selected(selector)?);
        rows.column(|q| match pattern.width(q) {
            0 => Ok(default.clone()),
            1 => Ok(values[pattern.selected(q).next().expect("one is selected")].clone()),
            _ => average(&values, pattern.selected(q)),
        })
    }
}

/// The mean of the selected values, which must be numbers.
fn average(values: &[Value], selected: impl Iterator<Item = usize>) -> Result<Value, EvalError> {
    let mut sum = ExactSum::default();
    for k in selected {
        sum.add(&values[k], 1).map_err(|_| not_numbers(values))?;
    }
    sum.mean()
}

/// The reference's message: it shows the whole sequence (here, its beginning).
fn not_numbers(values: &[Value]) -> EvalError {
    const SHOWN: usize = 64;
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(python_repr).collect();
    if values.len() > SHOWN {
        shown.push("...".to_owned());
    }
    let shown = shown.join(", ");
    EvalError::new(format!("asked to average multiple values, but they are non-numbers: [{shown}]"))
}
