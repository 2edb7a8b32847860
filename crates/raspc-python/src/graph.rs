//! Graphs under construction, and what they mean.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use raspc::draw;
use raspc::json::counted;
use raspc::simplify::reachable;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::function::{Body, Function};
use raspc_lang::graph::{Annotation, Comparison, Graph as Flat, Kind, Mask, NodeId, Op, Predicate};
use raspc_lang::interpret::{Trace as Evaluated, interpret_patched};
use raspc_lang::source::Sources;
use raspc_lang::value::Value;

use crate::call::function;
use crate::errors::{self, INTERVENTION};
use crate::expression::expression;
use crate::model::Model;
use crate::options;
use crate::registry::Registry;
use crate::trace::Trace;
use crate::work;

/// A computational graph. Nodes are numbers, operands before users.
#[pyclass(frozen, module = "raspc._native")]
pub(crate) struct Graph {
    pub(crate) registry: Arc<Registry>,
    sources: Mutex<Arc<Sources>>,
    flat: Mutex<Arc<Flat>>,
}

/// Whether the graph calls Python functions.
pub(crate) fn calls_python(graph: &Flat) -> bool {
    graph.iter().any(|(_, node)| {
        matches!(
            &node.op,
            Op::Map { function: Function { body: Body::Host(_), .. }, .. }
                | Op::Select { predicate: Predicate::Function(Function { body: Body::Host(_), .. }), .. }
        )
    })
}

impl Graph {
    pub(crate) fn of(graph: Flat, registry: Arc<Registry>, sources: Arc<Sources>) -> Self {
        Self { registry, sources: Mutex::new(sources), flat: Mutex::new(Arc::new(graph)) }
    }

    pub(crate) fn flat(&self) -> Arc<Flat> {
        self.flat.lock().expect("no panic while it is held").clone()
    }

    pub(crate) fn sources(&self) -> Arc<Sources> {
        self.sources.lock().expect("no panic while it is held").clone()
    }

    fn edit<T>(&self, change: impl FnOnce(&mut Flat) -> T) -> T {
        change(Arc::make_mut(&mut *self.flat.lock().expect("no panic while it is held")))
    }

    fn push(&self, op: Op) -> u32 {
        self.edit(|g| g.push(op, None)).0
    }

    /// A source: there is one of each.
    fn source(&self, op: &Op) -> u32 {
        let known = self.flat().iter().find(|(_, node)| node.op == *op).map(|(id, _)| id.0);
        known.unwrap_or_else(|| self.push(op.clone()))
    }

    /// The node, which has to be of this kind.
    fn node(&self, py: Python<'_>, id: u32, kind: Kind) -> PyResult<NodeId> {
        let graph = self.flat();
        let node = NodeId(id);
        if node.index() >= graph.len() {
            return Err(errors::usage(py, format!("the graph has no node {id}"), "use what its methods gave"));
        }
        if graph.op(node).kind() != kind {
            let (is, wanted) = match kind {
                Kind::SOp => ("a selector", "an s-op"),
                Kind::Selector => ("an s-op", "a selector"),
            };
            let message = format!("{} is {is} where {wanted} is wanted", graph.describe(node));
            return Err(errors::usage(py, message, "selectors come from `select`, s-ops from everything else"));
        }
        Ok(node)
    }

    fn any(&self, py: Python<'_>, id: u32) -> PyResult<NodeId> {
        let kind = if (id as usize) < self.flat().len() { self.flat().op(NodeId(id)).kind() } else { Kind::SOp };
        self.node(py, id, kind)
    }

    /// The operands of an element-wise s-op.
    fn arguments(&self, py: Python<'_>, args: &[u32]) -> PyResult<Vec<NodeId>> {
        if args.is_empty() {
            return Err(errors::usage(py, "a function of s-ops has at least one argument", "use a constant"));
        }
        args.iter().map(|&a| self.node(py, a, Kind::SOp)).collect()
    }

    /// Evaluates an input; `patches` say what some s-ops hold instead.
    pub(crate) fn evaluate(
        &self,
        py: Python<'_>,
        input: Vec<Value>,
        patches: Vec<(NodeId, Vec<Value>)>,
    ) -> PyResult<(Arc<Flat>, Evaluated)> {
        let graph = self.flat();
        let evaluated = if calls_python(&graph) {
            let shared = graph.clone();
            work::heavy(py, move || interpret_patched(&shared, &input, &patches))?
        } else {
            work::light(py, || interpret_patched(&graph, &input, &patches))?
        };
        Ok((graph, evaluated))
    }

    /// Patches as Python gives them: values by node.
    pub(crate) fn patches(
        &self,
        py: Python<'_>,
        patches: Option<&Bound<'_, PyDict>>,
        n: usize,
    ) -> PyResult<Vec<(NodeId, Vec<Value>)>> {
        let mut all = Vec::new();
        for (id, values) in patches.into_iter().flatten() {
            let id = self.node(py, id.extract()?, Kind::SOp)?;
            let values = self.registry.values(&values)?;
            if values.len() != n {
                let name = self.flat().describe(id);
                let message = format!(
                    "the patch of {name} has {}, the input {}",
                    counted(values.len(), "value"),
                    counted(n, "token")
                );
                let d = Diagnostic::error(INTERVENTION, message).node(name).hint("give a value for each position");
                return Err(errors::one(py, d));
            }
            all.push((id, values));
        }
        Ok(all)
    }
}

fn comparison(py: Python<'_>, symbol: &str) -> PyResult<Comparison> {
    Comparison::ALL
        .into_iter()
        .find(|c| c.symbol() == symbol)
        .ok_or_else(|| errors::usage(py, format!("`{symbol}` is no comparison"), "one of ==, !=, <, <=, >, >="))
}

#[pymethods]
impl Graph {
    /// An empty graph; with `causal`, position q sees keys up to q only.
    #[new]
    #[pyo3(signature = (causal = false))]
    fn new(py: Python<'_>, causal: bool) -> Self {
        let mask = if causal { Mask::Causal } else { Mask::Full };
        Self::of(Flat::new(mask), Arc::new(Registry::new(py)), Arc::new(Sources::new()))
    }

    /// Whether position q sees keys up to q only.
    #[getter]
    fn causal(&self) -> bool {
        self.flat().mask == Mask::Causal
    }

    fn __len__(&self) -> usize {
        self.flat().len()
    }

    /// The graph as text, a line a node.
    fn __str__(&self) -> String {
        self.flat().to_string()
    }

    /// RASP text of a program whose output is the node; what has no text is the exception's message.
    fn unparse(&self, node: u32) -> PyResult<String> {
        raspc_lang::unparse::unparse(&self.flat(), NodeId(node)).map_err(PyValueError::new_err)
    }

    /// The input.
    fn tokens(&self) -> u32 {
        self.source(&Op::Tokens)
    }

    /// 0, 1, 2, …
    fn indices(&self) -> u32 {
        self.source(&Op::Indices)
    }

    /// The same value at each position.
    fn constant(&self, value: &Bound<'_, PyAny>) -> PyResult<u32> {
        Ok(self.push(Op::Const(self.registry.value(value)?)))
    }

    /// A Python function of s-ops, element by element; none in, none out. It is called once for each tuple of arguments.
    #[pyo3(signature = (function, args, name = None))]
    fn map(&self, py: Python<'_>, function: &Bound<'_, PyAny>, args: Vec<u32>, name: Option<String>) -> PyResult<u32> {
        let args = self.arguments(py, &args)?;
        let function = self::function(&self.registry, function, args.len(), name);
        Ok(self.push(Op::Map { function, args }))
    }

    /// A built-in expression of s-ops: nested tuples `("arg", i)`, `("const", v)`, `("neg", e)`, `("+", e, e)`,
    /// `("if", cond, then, otherwise)`, `("in", e, values)`.
    fn apply(&self, py: Python<'_>, expression: &Bound<'_, PyAny>, args: Vec<u32>) -> PyResult<u32> {
        let args = self.arguments(py, &args)?;
        let function = Function::expr(args.len(), self::expression(&self.registry, expression)?);
        if !function.is_well_formed() {
            return Err(errors::usage(py, "the expression reads an argument it does not have", "pass all s-ops"));
        }
        Ok(self.push(Op::Map { function, args }))
    }

    /// The selector `keys[k] comparison queries[q]`; `predicate` is a comparison (`"=="`, `"<"`, …) or a Python function of
    /// key and query, called once for each pair of values.
    #[pyo3(signature = (keys, queries, predicate, name = None))]
    fn select(
        &self,
        py: Python<'_>,
        keys: u32,
        queries: u32,
        predicate: &Bound<'_, PyAny>,
        name: Option<String>,
    ) -> PyResult<u32> {
        let (keys, queries) = (self.node(py, keys, Kind::SOp)?, self.node(py, queries, Kind::SOp)?);
        let predicate = match predicate.extract::<String>() {
            Ok(symbol) => Predicate::Compare(comparison(py, &symbol)?),
            Err(_) => Predicate::Function(function(&self.registry, predicate, 2, name)),
        };
        Ok(self.push(Op::Select { keys, queries, predicate }))
    }

    /// Both select.
    fn both(&self, py: Python<'_>, a: u32, b: u32) -> PyResult<u32> {
        Ok(self.push(Op::And(self.node(py, a, Kind::Selector)?, self.node(py, b, Kind::Selector)?)))
    }

    /// One or both select.
    fn either(&self, py: Python<'_>, a: u32, b: u32) -> PyResult<u32> {
        Ok(self.push(Op::Or(self.node(py, a, Kind::Selector)?, self.node(py, b, Kind::Selector)?)))
    }

    /// Does not select.
    fn inverse(&self, py: Python<'_>, a: u32) -> PyResult<u32> {
        Ok(self.push(Op::Not(self.node(py, a, Kind::Selector)?)))
    }

    /// The value at the selected key; the mean of several numbers; the default where nothing is selected.
    fn aggregate(&self, py: Python<'_>, selector: u32, values: u32, default: &Bound<'_, PyAny>) -> PyResult<u32> {
        let (selector, values) = (self.node(py, selector, Kind::Selector)?, self.node(py, values, Kind::SOp)?);
        Ok(self.push(Op::Aggregate { selector, values, default: self.registry.value(default)? }))
    }

    /// How many keys are selected.
    fn selector_width(&self, py: Python<'_>, selector: u32) -> PyResult<u32> {
        Ok(self.push(Op::SelectorWidth(self.node(py, selector, Kind::Selector)?)))
    }

    /// Copies a node of another graph, and what it depends on, with names and places. `known` says which of the other's nodes are
    /// here already, and is added to.
    #[pyo3(signature = (other, id, known: "dict[int, int]"))]
    fn include(&self, py: Python<'_>, other: &Self, id: u32, known: &Bound<'_, PyDict>) -> PyResult<u32> {
        let id = other.any(py, id)?;
        let (theirs, sources) = (other.flat(), other.sources());
        let places = {
            let mut ours = self.sources.lock().expect("no panic while it is held");
            if ours.iter().len() == 0 {
                *ours = sources.clone();
            }
            Arc::ptr_eq(&ours, &sources)
        };
        let needed = reachable(&theirs, id);
        let mut here: Vec<Option<NodeId>> = vec![None; theirs.len()];
        for (old, node) in theirs.iter().filter(|(old, _)| needed[old.index()]) {
            let new = if let Some(new) = known.get_item(old.0)? {
                NodeId(new.extract()?)
            } else {
                let op = node.op.with_operands(|o| here[o.index()].expect("operands come first"));
                let shared = matches!(op, Op::Tokens | Op::Indices).then(|| NodeId(self.source(&op)));
                let span = node.span.filter(|_| places);
                let new = shared.unwrap_or_else(|| self.edit(|g| g.push(op, span)));
                self.edit(|g| {
                    node.names.iter().for_each(|n| g.name(new, n));
                    let there = g.node_mut(new);
                    there.annotation = there.annotation.or(node.annotation);
                });
                known.set_item(old.0, new.0)?;
                new
            };
            here[old.index()] = Some(new);
        }
        Ok(here[id.index()].expect("it is needed").0)
    }

    /// Gives a node a (further) name.
    fn name(&self, py: Python<'_>, id: u32, name: &str) -> PyResult<()> {
        let id = self.any(py, id)?;
        self.edit(|g| g.name(id, name));
        Ok(())
    }

    /// Asks for an encoding: `"categorical"`, `"numerical"`, `"onehot"` (which assumes nothing), or None for whichever fits.
    fn annotate(&self, py: Python<'_>, id: u32, encoding: Option<&str>) -> PyResult<()> {
        let id = self.node(py, id, Kind::SOp)?;
        let annotation = match encoding {
            None => None,
            Some("categorical") => Some(Annotation::Categorical),
            Some("numerical") => Some(Annotation::Numerical),
            Some("onehot") => Some(Annotation::OneHot),
            Some(other) => {
                return Err(errors::usage(
                    py,
                    format!("`{other}` is no encoding"),
                    "`categorical`, `numerical` or `onehot`",
                ));
            }
        };
        self.edit(|g| g.node_mut(id).annotation = annotation);
        Ok(())
    }

    /// What a node is called: its first name, else the expression it stands for.
    fn describe(&self, py: Python<'_>, id: u32) -> PyResult<String> {
        let id = self.any(py, id)?;
        Ok(self.flat().describe(id))
    }

    /// The names of a node.
    fn names(&self, py: Python<'_>, id: u32) -> PyResult<Vec<String>> {
        let id = self.any(py, id)?;
        Ok(self.flat().node(id).names.iter().map(ToString::to_string).collect())
    }

    /// Whether a node is a selector.
    fn is_selector(&self, py: Python<'_>, id: u32) -> PyResult<bool> {
        let id = self.any(py, id)?;
        Ok(self.flat().op(id).kind() == Kind::Selector)
    }

    /// The nodes a node reads, in order.
    fn operands(&self, py: Python<'_>, id: u32) -> PyResult<Vec<u32>> {
        let id = self.any(py, id)?;
        Ok(self.flat().op(id).operands().iter().map(|o| o.0).collect())
    }

    /// What a node does: `tokens`, `indices`, `const`, `map`, `select`, `and`, `or`, `not`, `aggregate`, `selector_width`.
    fn operation(&self, py: Python<'_>, id: u32) -> PyResult<&'static str> {
        let id = self.any(py, id)?;
        Ok(match self.flat().op(id) {
            Op::Tokens => "tokens",
            Op::Indices => "indices",
            Op::Const(_) => "const",
            Op::Map { .. } => "map",
            Op::Select { .. } => "select",
            Op::And(..) => "and",
            Op::Or(..) => "or",
            Op::Not(_) => "not",
            Op::Aggregate { .. } => "aggregate",
            Op::SelectorWidth(_) => "selector_width",
        })
    }

    /// What every node holds on an input; `patches` (values by node) overwrite some s-ops.
    #[pyo3(signature = (tokens, patches: "dict[int, Any] | None" = None))]
    fn interpret(
        &self,
        py: Python<'_>,
        tokens: &Bound<'_, PyAny>,
        patches: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Trace> {
        let input = self.registry.values(tokens)?;
        let patches = self.patches(py, patches, input.len())?;
        let (graph, evaluated) = self.evaluate(py, input, patches)?;
        Ok(Trace::new(graph, evaluated, self.registry.clone(), self.sources()))
    }

    /// A picture of an s-op as (SVG, text for Graphviz): the computational graph, or its flow on an input.
    #[pyo3(signature = (output, tokens = None))]
    fn draw(&self, py: Python<'_>, output: u32, tokens: Option<&Bound<'_, PyAny>>) -> PyResult<(String, String)> {
        let output = self.node(py, output, Kind::SOp)?;
        let input = tokens.map(|t| self.registry.values(t)).transpose()?;
        let graph = self.flat();
        work::heavy(py, move || {
            let picture = match &input {
                Some(input) => draw::flow(&graph, output, input),
                None => draw::graph(&graph, output),
            };
            (picture.svg(), picture.dot())
        })
    }

    /// Compiles an s-op into a transformer.
    #[pyo3(signature = (output, vocab, max_len, *, opt = 1, bos = "compiler_bos", pad = "compiler_pad", limits: "dict[str, int] | None" = None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn compile(
        &self,
        py: Python<'_>,
        output: u32,
        vocab: &Bound<'_, PyAny>,
        max_len: &Bound<'_, PyAny>,
        opt: u8,
        bos: &str,
        pad: &str,
        limits: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Model> {
        let output = self.node(py, output, Kind::SOp)?;
        let vocab = self.registry.values(vocab)?;
        let options = options::read(py, vocab, max_len, opt, bos, pad, limits)?;
        Model::compile(py, self.flat(), output, options, self.registry.clone(), self.sources())
    }
}
