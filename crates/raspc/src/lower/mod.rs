//! Lower: turns each encoded node into blocks of the circuit. Step (3).
//!
//! Nodes are visited operands first; each leaves the forms by which its readers see it ([`repr`]). What can go wrong
//! here is a margin: two values too close for f32. That is an error of the program at hand and named as such; all else
//! was settled by `encode`.

mod attention;
pub(crate) mod chords;
mod counts;
mod embed;
mod gated;
pub mod repr;
mod steps;
mod sums;
mod tables;
mod written;

use std::collections::HashMap;

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::value::Value;

use crate::circuit::{Block, Circuit, DirId, Direction, Embedding, Form, Mlp, Range, Unit};
use crate::encode::codes;
use crate::encode::plan::{Encoded, Number, OneHot, Plan};
use crate::options::Options;
use crate::values::Values;
use repr::{NumberForm, OneHotForms};

/// A circuit and how each node is read from it.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The circuit.
    pub circuit: Circuit,
    /// By node: its one-hot, if it has one.
    pub onehots: Vec<Option<OneHotForms>>,
    /// By node: its number, if it has one.
    pub numbers: Vec<Option<NumberForm>>,
    /// For each pattern of an attention block: the selector and which of its conjunctions.
    pub patterns: Vec<(NodeId, usize)>,
}

struct Lowering<'a> {
    encoded: &'a Encoded,
    graph: &'a Graph,
    values: &'a Values,
    options: &'a Options,
    ids: HashMap<Value, u32>,
    circuit: Circuit,
    onehots: Vec<Option<OneHotForms>>,
    numbers: Vec<Option<NumberForm>>,
    /// By node: its number on a grid, for steps, and the error of that, where the number itself lies closer.
    coarse: Vec<Option<(Form, f64)>>,
    /// By width node: the direction that holds 1 + 1/(1+w).
    reciprocals: Vec<Option<DirId>>,
    /// By width node: for each conjunction the direction that holds 1/(1+w).
    ratios: Vec<Vec<DirId>>,
    patterns: Vec<(NodeId, usize)>,
    pattern_of: HashMap<(NodeId, usize, bool), u32>,
    /// By selector: the form that is 1 where it selects anything.
    defined_of: HashMap<NodeId, Form>,
    /// By node: its number in a direction that holds nothing else, where some sum needed that.
    unswollen: HashMap<NodeId, Form>,
}

/// The node that has no construction, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    /// A node of the encoded graph.
    pub node: NodeId,
    /// Why.
    pub diagnostic: Box<Diagnostic>,
}

/// What a lowering step gives, or the error that stops the compilation.
type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Lowers an encoded graph.
///
/// # Errors
/// A margin that does not suffice.
pub fn lower(encoded: &Encoded, values: &Values, options: &Options) -> std::result::Result<Lowered, Refused> {
    let graph = &encoded.graph;
    let mut lowering = Lowering {
        encoded,
        graph,
        values,
        options,
        ids: options.vocab.iter().cloned().zip(0..).collect(),
        circuit: Circuit::new(),
        onehots: vec![None; graph.len()],
        numbers: vec![None; graph.len()],
        coarse: vec![None; graph.len()],
        reciprocals: vec![None; graph.len()],
        ratios: vec![Vec::new(); graph.len()],
        patterns: Vec::new(),
        pattern_of: HashMap::new(),
        defined_of: HashMap::new(),
        unswollen: HashMap::new(),
    };
    for (id, node) in graph.iter().filter(|(_, n)| n.op.kind() == Kind::SOp) {
        options.interrupt.check();
        if let Err(e) = lowering.node(id) {
            // Later nodes may read what this one failed to make.
            return Err(Refused { node: id, diagnostic: Box::new(e.at(node.span).node(graph.describe(id))) });
        }
    }
    let Lowering { circuit, onehots, numbers, patterns, .. } = lowering;
    Ok(Lowered { circuit, onehots, numbers, patterns })
}

impl Lowering<'_> {
    fn node(&mut self, id: NodeId) -> Result<()> {
        let plan = self.encoded.plan(id).clone();
        if plan.reciprocal || plan.ratio || plan.number == Some(Number::Width) {
            self.reciprocal(id, &plan);
        }
        match (&plan.onehot, &plan.number) {
            // The one-hot first where the number is read off it, or both come from one head or one table.
            (Some(OneHot::Copy), _) => self.copy(id, &plan)?,
            (_, Some(Number::Mean)) => self.mean(id, &plan)?,
            _ => {}
        }
        let own_view = matches!(plan.number, Some(Number::View { base }) if base == id);
        if !own_view && let Some(OneHot::Bit | OneHot::Steps(_)) = plan.onehot {
            self.number(id, &plan)?;
            self.onehot(id, &plan)
        } else {
            self.onehot(id, &plan)?;
            self.number(id, &plan)
        }
    }

    fn onehot(&mut self, id: NodeId, plan: &Plan) -> Result<()> {
        let Some(onehot) = &plan.onehot else { return Ok(()) };
        let forms = match onehot {
            OneHot::Copy => return Ok(()),
            OneHot::Constant => self.constant_onehot(id),
            OneHot::Embedded { source } => self.embedded_onehot(id, *source),
            OneHot::View { base } => self.view(id, *base, plan.none_class)?,
            OneHot::Bit => self.bit(id),
            OneHot::Steps(scalar) => return self.steps(id, scalar, true, plan),
            OneHot::Table { dims } => return self.table(id, dims, true, plan),
        };
        self.onehots[id.index()] = Some(forms);
        Ok(())
    }

    fn number(&mut self, id: NodeId, plan: &Plan) -> Result<()> {
        let Some(number) = &plan.number else { return Ok(()) };
        if self.numbers[id.index()].is_some() {
            return Ok(());
        }
        let form = match number {
            Number::Mean => return Ok(()),
            Number::Constant => self.constant_number(id),
            Number::Embedded { source } => self.embedded_number(id, *source)?,
            Number::View { base } => self.view_number(id, *base)?,
            Number::Affine { sum, materialise } => self.affine(id, sum, *materialise, plan.lattice != 0)?,
            Number::Steps(scalar) => return self.steps(id, scalar, false, plan),
            Number::Chords(sum) => self.chords(id, sum)?,
            Number::Table { dims } => return self.table(id, dims, false, plan),
            Number::Gated(gated) => self.gated(id, gated, plan)?,
            Number::Counts(terms) => self.counts(id, terms)?,
            Number::Added(terms) => self.added(id, terms)?,
            Number::Width => self.width(id)?,
        };
        self.numbers[id.index()] = Some(form);
        Ok(())
    }

    fn mlp(&mut self, id: NodeId, units: Vec<Unit>, gadget: String) {
        if !units.is_empty() {
            self.circuit.add_block(Block::Mlp(Mlp { units, origins: vec![id], gadget }));
        }
    }

    /// The node's one-hot, which `encode` has seen to.
    fn onehot_of(&self, id: NodeId) -> &OneHotForms {
        self.onehots[id.index()].as_ref().unwrap_or_else(|| panic!("{id} has no one-hot"))
    }

    /// The node's number, which `encode` has seen to.
    fn number_of(&self, id: NodeId) -> &NumberForm {
        self.numbers[id.index()].as_ref().unwrap_or_else(|| panic!("{id} has no number"))
    }

    /// The node's number as steps read it, and its error.
    fn gridded(&self, id: NodeId) -> (&Form, f64) {
        match &self.coarse[id.index()] {
            Some((form, error)) => (form, *error),
            None => (&self.number_of(id).value, self.number_of(id).error),
        }
    }

    /// A direction without embedding, for a block to write.
    fn direction(&mut self, label: String, origin: NodeId, range: Range) -> DirId {
        let embedding = Embedding::default();
        self.circuit.add_direction(Direction { label, origin: Some(origin), embedding, writer: None, bos: 0.0, range })
    }

    /// A direction of a one-hot.
    fn class_direction(&mut self, id: NodeId, value: &Value, constant: f64) -> DirId {
        let label = format!("{}:{}", self.label(id), class_label(value));
        let dir = self.direction(label, id, BIT);
        self.circuit.directions[dir.index()].embedding.constant = constant;
        dir
    }

    fn label(&self, id: NodeId) -> String {
        self.graph.describe(id)
    }

    /// The node's values but none.
    fn classes(&self, id: NodeId) -> Result<Vec<Value>> {
        Ok(self.listed(id)?.into_iter().filter(|v| !v.is_none()).collect())
    }

    /// The node's values.
    fn listed(&self, id: NodeId) -> Result<Vec<Value>> {
        let values = self.values.enumerate(id).map_err(|e| {
            let message = format!("`{}` can hold {} values, and they must be listed", self.label(id), e.in_words());
            let hint = "shorten the maximum length, or map to fewer values first";
            Box::new(Diagnostic::error(codes::EXPLOSION, message).hint(hint))
        })?;
        Ok(values.to_vec())
    }

    fn joint(&self, nodes: &[NodeId]) -> Result<Vec<Box<[Value]>>> {
        self.values.joint(nodes, self.options.limits.enumerate.min(TUPLES)).map_err(|e| {
            let names: Vec<String> = nodes.iter().map(|&n| format!("`{}`", self.label(n))).collect();
            let message = format!("{} can hold {} combinations of values", names.join(" and "), e.in_words());
            let hint = "shorten the maximum length or the vocabulary, or map to fewer values first";
            Box::new(Diagnostic::error(codes::EXPLOSION, message).hint(hint))
        })
    }
}

/// Most tuples of values that are held at once.
const TUPLES: usize = 1 << 22;

/// The range of a direction that is exactly 0 or 1.
const BIT: Range = Range { lo: 0.0, hi: 1.0, grid: Some(1.0), error: 0.0 };

fn class_label(value: &Value) -> String {
    if value.is_none() { "None".to_owned() } else { value.to_string() }
}

/// Indicator of a value being none, given its classes: 1 − Σ.
fn complement(classes: &[(Value, Form)]) -> Form {
    Form::sum(classes.iter().map(|c| (&c.1, 1.0))).complement()
}
