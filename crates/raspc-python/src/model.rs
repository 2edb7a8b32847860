//! Compiled models: compiled here, or read from a folder's bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};
use raspc::compile::{Compilation, compile};
use raspc::draw::{View, draw};
use raspc::explain::{Stage, emit, explain};
use raspc::explore::{Subject, page};
use raspc::intervene::{Holding, Interchange, Unheld, check_interchange, holding};
use raspc::options::Options;
use raspc::verify::{Plan, verify};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph as Flat, Kind, NodeId};
use raspc_lang::serial::graph_from_json;
use raspc_lang::source::Sources;
use raspc_lang::value::Value;
use raspc_model::files::ALL;
use raspc_model::forward::Keep;
use raspc_model::hooks::{Hooks, Patch};
use raspc_model::model::{Decode, LinearForm, Model as Weights};

use crate::errors::{self, INTERVENTION, MODEL};
use crate::graph::Graph;
use crate::inner::{Inner, ids, recompiled};
use crate::numbers::shaped;
use crate::options;
use crate::registry::{self, Registry};
use crate::run::Run;
use crate::work;

/// A dictionary that the stubs know the types of.
type Fields<'py> = BTreeMap<String, Bound<'py, PyAny>>;

/// A compiled model.
#[pyclass(frozen, module = "raspc._native")]
pub(crate) struct Model {
    inner: Arc<Inner>,
    warnings: Py<PyList>,
}

impl Model {
    /// Compiles an s-op.
    pub(crate) fn compile(
        py: Python<'_>,
        graph: Arc<Flat>,
        output: NodeId,
        options: Options,
        registry: Arc<Registry>,
        sources: Arc<Sources>,
    ) -> PyResult<Self> {
        let result = work::heavy(py, move || compile(&graph, output, &options))?;
        let compilation = result.map_err(|d| errors::failure(py, &d, &sources, Some(&registry)))?;
        let warnings = PyList::empty(py);
        for d in &compilation.warnings {
            warnings.append(errors::diagnostic(py, d, &sources)?)?;
        }
        let inner = Inner {
            model: Arc::new(compilation.model.clone()),
            graph: Arc::new(compilation.graph.clone()),
            output,
            ids: ids(&compilation.options.vocab),
            options: compilation.options.clone(),
            stages: Mutex::new(Some(Arc::new(compilation))),
            registry,
            sources,
        };
        Ok(Self { inner: Arc::new(inner), warnings: warnings.unbind() })
    }

    /// The node, which has to be an s-op of the graph.
    fn sop(&self, py: Python<'_>, node: u32) -> PyResult<NodeId> {
        let (graph, id) = (&self.inner.graph, NodeId(node));
        if id.index() < graph.len() && graph.op(id).kind() == Kind::SOp {
            return Ok(id);
        }
        Err(errors::usage(py, format!("node {node} is no s-op of the graph"), "see `Model.readouts`"))
    }

    /// How a node is overwritten, or why it cannot be.
    fn holding(&self, py: Python<'_>, node: u32) -> PyResult<Result<Holding, Unheld>> {
        let id = self.sop(py, node)?;
        let stages = self.stages(py)?;
        work::light(py, || holding(&stages, id))
    }

    fn refused(&self, py: Python<'_>, node: u32, why: &Unheld) -> PyErr {
        let name = self.inner.graph.describe(NodeId(node));
        let (message, hint) = match why {
            Unheld::Value { value, known } => {
                let shown: Vec<String> = known.iter().take(20).map(raspc_lang::ops::python_repr).collect();
                let more = if known.len() > shown.len() { ", …" } else { "" };
                let hint = if known.is_empty() {
                    "it holds numbers".to_owned()
                } else {
                    format!("it can hold {}{more}", shown.join(", "))
                };
                (format!("`{name}` cannot hold {}", raspc_lang::ops::python_repr(value)), hint)
            }
            why => (format!("`{name}` cannot be patched alone: {}", told(why)), "compile with `opt=0`".to_owned()),
        };
        errors::one(py, Diagnostic::error(INTERVENTION, message).node(name).hint(hint))
    }

    /// What an export holds: the model, and its program as text.
    pub(crate) fn exported(&self) -> (Arc<Weights>, String) {
        (self.inner.model.clone(), self.inner.graph.to_string())
    }

    fn stages(&self, py: Python<'_>) -> PyResult<Arc<Compilation>> {
        let lock = || self.inner.stages.lock().expect("no panic while it is held");
        if let Some(known) = &*lock() {
            return Ok(known.clone());
        }
        let inner = self.inner.clone();
        let made = work::heavy(py, move || recompiled(&inner))?;
        let made = Arc::new(made.ok_or_else(|| {
            let message = "the model was not compiled from its graph by this version of raspc";
            errors::one(py, Diagnostic::error(MODEL, message).hint("compile it again; running it works as it is"))
        })?);
        *lock() = Some(made.clone());
        Ok(made)
    }
}

/// Why a node cannot be overwritten alone.
fn told(why: &Unheld) -> String {
    match why {
        Unheld::Unused => "the output does not depend on it, or others took its place".to_owned(),
        Unheld::View => "it has no subspace of its own, and is read off that of another node".to_owned(),
        Unheld::Bypassed { reader } => format!("`{reader}` is computed from what it is made of"),
        Unheld::NotAnSOp => "it is a selector".to_owned(),
        Unheld::Value { value, .. } => format!("it cannot hold {value}"),
    }
}

fn keep(residuals: bool, patterns: bool, mlp: bool) -> Keep {
    Keep { residuals, patterns, mlp }
}

#[pymethods]
impl Model {
    /// Reads a model from its files: a dictionary from file names to bytes.
    #[staticmethod]
    fn from_files(py: Python<'_>, files: BTreeMap<String, PyBackedBytes>) -> PyResult<Self> {
        let damaged = |why: String| {
            let message = format!("the model cannot be read: {why}");
            errors::one(py, Diagnostic::error(MODEL, message).hint("write it again with `model.save`"))
        };
        let read = work::light(py, move || {
            let mut file = |name: &str| files.get(name).map(|b| b.to_vec()).ok_or_else(|| "it is missing".to_owned());
            let model = Weights::from_files(&mut file).map_err(|e| e.to_string())?;
            let graph = graph_from_json(&model.graph).map_err(|e| format!("its graph: {e}"))?;
            let s_op = |n: u32| (n as usize) < graph.len() && graph.op(NodeId(n)).kind() == Kind::SOp;
            if !model.readouts.iter().all(|r| s_op(r.node)) {
                return Err("it reads nodes that its graph does not have".to_owned());
            }
            Ok((model, graph))
        })?;
        let (model, graph) = read.map_err(damaged)?;
        let registry = Arc::new(Registry::of_texts(py));
        let vocab: Vec<Value> = model.vocab.iter().map(|t| registry.token_value(t)).collect();
        let mut options = Options::new(vocab.clone(), model.config.max_len);
        options.bos.clone_from(&model.config.bos);
        options.pad.clone_from(&model.config.pad);
        let inner = Inner {
            output: NodeId(model.output_readout().node),
            model: Arc::new(model),
            registry,
            graph: Arc::new(graph),
            sources: Arc::new(Sources::new()),
            ids: ids(&vocab),
            options,
            stages: Mutex::new(None),
        };
        Ok(Self { inner: Arc::new(inner), warnings: PyList::empty(py).unbind() })
    }

    /// The files of a model folder, as bytes.
    #[pyo3(signature = () -> "dict[str, bytes]")]
    fn files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let files = PyDict::new(py);
        for (name, bytes) in work::light(py, || self.inner.model.to_files())? {
            files.set_item(name, PyBytes::new(py, &bytes))?;
        }
        Ok(files)
    }

    /// The names of a model folder's files.
    #[staticmethod]
    fn file_names() -> Vec<&'static str> {
        ALL.to_vec()
    }

    /// `n_layers`, `n_heads`, `d_model`, `d_head`, `d_mlp`, `max_len`, `causal`, `bos`, `pad`, `parameters`, `nonzeros`.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Fields<'py>> {
        let c = &self.inner.model.config;
        let d = PyDict::new(py);
        let sizes = [
            ("n_layers", c.n_layers),
            ("n_heads", c.n_heads),
            ("d_model", c.d_model),
            ("d_head", c.d_head),
            ("d_mlp", c.d_mlp),
            ("max_len", c.max_len),
            ("parameters", self.inner.model.parameters()),
            ("nonzeros", self.inner.model.nonzeros()),
        ];
        for (name, size) in sizes {
            d.set_item(name, size)?;
        }
        d.set_item("causal", c.causal)?;
        d.set_item("bos", &c.bos)?;
        d.set_item("pad", &c.pad)?;
        d.extract()
    }

    /// The tokens, in the order of their ids, without BOS (the next id) and PAD (the one after).
    #[getter]
    fn vocab<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.inner.options.vocab.iter().map(|v| registry::object(py, v)).collect()
    }

    /// A label for each direction of the residual stream.
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.inner.model.labels.clone()
    }

    /// What the model rests on that was not proved.
    #[getter]
    fn assumptions(&self) -> Vec<String> {
        self.inner.model.assumptions.clone()
    }

    /// The compiler's warnings.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyAny>> {
        self.warnings.bind(py).iter().collect()
    }

    /// The program's graph.
    #[getter]
    fn graph(&self) -> Graph {
        let Inner { graph, registry, sources, .. } = &*self.inner;
        Graph::of((**graph).clone(), registry.clone(), sources.clone())
    }

    /// The node of the graph that the model's output is.
    #[getter]
    fn output(&self) -> u32 {
        self.inner.output.0
    }

    /// Ground truth as JSON text: nodes with their heads, neurons and directions, and edges between components.
    #[getter]
    fn circuit(&self) -> String {
        self.inner.model.circuit.to_string()
    }

    /// How each named node is read from the residual stream: dictionaries with `node`, `name`, `after` (the half-layer: 0 the
    /// embedding, 2l+1 attention l, 2l+2 MLP l), `kind`, and either `classes` (value, form) or `value`, `defined`, `bound` and
    /// `values`. A form is a list of (direction, weight).
    #[getter]
    fn readouts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Fields<'py>>> {
        let mut all = Vec::new();
        for readout in &self.inner.model.readouts {
            let d = PyDict::new(py);
            d.set_item("node", readout.node)?;
            d.set_item("name", &readout.name)?;
            d.set_item("after", readout.after)?;
            self.decode(&readout.decode, &d)?;
            all.push(d.extract()?);
        }
        Ok(all)
    }

    /// The index of the output among the read-outs.
    #[getter]
    fn output_readout(&self) -> usize {
        self.inner.model.output
    }

    /// The ids of tokens, without BOS.
    fn ids(&self, py: Python<'_>, tokens: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        self.inner.ids(py, &self.inner.registry.values(tokens)?)
    }

    /// Runs the model on ids without BOS. `patches` are (after, position with BOS as 0, direction, value), `ablate` heads as
    /// (layer, head) that write nothing.
    #[pyo3(signature = (ids, *, residuals = true, patterns = true, mlp = true, patches = Vec::new(), ablate = Vec::new()))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn run(
        &self,
        py: Python<'_>,
        ids: Vec<u32>,
        residuals: bool,
        patterns: bool,
        mlp: bool,
        patches: Vec<(usize, usize, u32, f32)>,
        ablate: Vec<(usize, usize)>,
    ) -> PyResult<Run> {
        let patches = patches.into_iter();
        let patches = patches.map(|(after, position, direction, value)| Patch { after, position, direction, value });
        let hooks = Hooks { patches: patches.collect(), ablate };
        let keep = keep(residuals, patterns, mlp);
        let inner = self.inner.clone();
        let estimate = inner.model.estimate_bytes(ids.len(), keep);
        let ran = if estimate > SHORT {
            let inner = inner.clone();
            work::heavy(py, move || inner.model.run_with(&ids, keep, &hooks))?
        } else {
            work::light(py, || inner.model.run_with(&ids, keep, &hooks))?
        };
        Ok(Run::new(ran.map_err(|e| errors::input(py, &e))?, inner))
    }

    /// Runs the model on inputs padded with PAD to one length; padded keys get weight exactly 0.
    #[pyo3(signature = (batch, *, residuals = true, patterns = true, mlp = true))]
    fn run_batch(
        &self,
        py: Python<'_>,
        batch: Vec<Vec<u32>>,
        residuals: bool,
        patterns: bool,
        mlp: bool,
    ) -> PyResult<Vec<Run>> {
        let inner = self.inner.clone();
        let keep = keep(residuals, patterns, mlp);
        let shared = inner.clone();
        let work = move || {
            let (padded, lengths) = shared.model.pad(&batch);
            shared.model.run_padded(&padded, Some(&lengths), keep)
        };
        let ran = work::heavy(py, work)?.map_err(|e| errors::input(py, &e))?;
        Ok(ran.into_iter().map(|r| Run::new(r, inner.clone())).collect())
    }

    /// Why a node cannot be patched in this model alone, or None.
    fn unheld(&self, py: Python<'_>, node: u32) -> PyResult<Option<String>> {
        Ok(self.holding(py, node)?.err().map(|why| told(&why)))
    }

    /// What overwrites a node at a position (counted without BOS): (after, position with BOS as 0, direction, value).
    fn patch(
        &self,
        py: Python<'_>,
        node: u32,
        position: usize,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<(usize, usize, u32, f32)>> {
        let value = self.inner.registry.value(value)?;
        let holding = self.holding(py, node)?;
        let patches = holding.and_then(|h| h.patch(position, &value)).map_err(|why| self.refused(py, node, &why))?;
        Ok(patches.into_iter().map(|p| (p.after, p.position, p.direction, p.value)).collect())
    }

    /// The nodes of the graph that became one with this, itself among them.
    fn same(&self, py: Python<'_>, node: u32) -> PyResult<Vec<u32>> {
        let id = self.sop(py, node)?;
        let stages = self.stages(py)?;
        let c = &*stages;
        let of = &c.encoded.of;
        let same = |n: NodeId| n == id || (of[id.index()].is_some() && of[n.index()] == of[id.index()]);
        Ok(c.graph.iter().map(|(n, _)| n).filter(|&n| same(n)).map(|n| n.0).collect())
    }

    /// Runs interpreter and transformer on `a` while a node holds what it holds on `b`: a dictionary with `status`, `detail`,
    /// `expected` and `got`.
    #[pyo3(signature = (a, b, node) -> "dict[str, Any]")]
    fn check_interchange<'py>(
        &self,
        py: Python<'py>,
        a: Vec<u32>,
        b: Vec<u32>,
        node: u32,
    ) -> PyResult<Bound<'py, PyDict>> {
        let id = self.sop(py, node)?;
        if a.len() != b.len() {
            return Err(errors::usage(py, "an interchange is between inputs of one length", "cut the longer one"));
        }
        let stages = self.stages(py)?;
        let work = move || {
            let c = &*stages;
            let found = check_interchange(c, &a, &b, id)?;
            let (status, detail) = match &found.outcome {
                Interchange::Agrees => ("agrees", String::new()),
                Interchange::Raised(e) => ("raised", e.to_string()),
                Interchange::Unreachable { node, value } => {
                    ("unreachable", format!("no input makes `{}` hold {value} so", c.graph.describe(*node)))
                }
                Interchange::Differs(m) => {
                    let at = format!("`{}` at position {}", c.graph.describe(m.node), m.position);
                    ("differs", format!("{at} is {}, should be {}", m.got, m.expected))
                }
            };
            Ok((status, detail, found))
        };
        let (status, detail, found) = work::heavy(py, work)?.map_err(|why| self.refused(py, node, &why))?;
        let d = PyDict::new(py);
        d.set_item("status", status)?;
        d.set_item("detail", detail)?;
        d.set_item("expected", found.expected.map(|v| registry::list(py, &v)).transpose()?)?;
        let got = found.run.as_ref().map(|run| self.inner.model.decode_output(run)).unwrap_or_default();
        let got = got.iter().map(|t| self.inner.registry.of_token(py, t)).collect::<PyResult<Vec<_>>>()?;
        d.set_item("got", got)?;
        Ok(d)
    }

    /// The same program compiled again at another optimisation level.
    fn recompile(&self, py: Python<'_>, opt: u8) -> PyResult<Self> {
        let mut options = self.inner.options.clone();
        options.opt = options::level(py, opt)?;
        let Inner { graph, output, registry, sources, .. } = &*self.inner;
        Self::compile(py, graph.clone(), *output, options, registry.clone(), sources.clone())
    }

    /// Every tensor by its TransformerLens name, dense, as f32 arrays.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for tensor in self.inner.model.dense() {
            let data = work::light(py, || tensor.to_vec())?;
            all.set_item(&tensor.name, shaped(py, data, &tensor.shape)?)?;
        }
        Ok(all)
    }

    /// Whether interpreter, circuit and transformer agree: all inputs where there are at most `inputs`, else a sample.
    /// A dictionary with `checked`, `exhaustive`, `mismatches`, `raised`, `nodes`, `first`, `roughly` and `first_roughly`.
    #[pyo3(signature = (inputs, seed) -> "dict[str, Any]")]
    fn verify<'py>(&self, py: Python<'py>, inputs: u64, seed: u64) -> PyResult<Bound<'py, PyDict>> {
        let stages = self.stages(py)?;
        let work = move || {
            let c = &*stages;
            let report = verify(c, Plan { inputs, seed }, &mut |_, _| work::end_if_interrupted());
            let found = [&report.first, &report.first_roughly];
            let named = found.map(|m| m.as_ref().map(|m| c.graph.describe(m.node)));
            (report, named, c.readings.len())
        };
        let (report, named, nodes) = work::heavy(py, work)?;
        let d = PyDict::new(py);
        d.set_item("checked", report.checked)?;
        d.set_item("exhaustive", report.exhaustive)?;
        d.set_item("mismatches", report.mismatches)?;
        d.set_item("raised", report.raised)?;
        d.set_item("nodes", nodes)?;
        d.set_item("roughly", report.roughly)?;
        let found = [("first", &report.first), ("first_roughly", &report.first_roughly)];
        for ((key, m), node) in found.into_iter().zip(named) {
            let mut first = None;
            if let Some(m) = m {
                let first = first.insert(PyDict::new(py));
                first.set_item("input", registry::list(py, &m.input)?)?;
                first.set_item("level", m.level)?;
                first.set_item("node", node)?;
                first.set_item("position", m.position)?;
                first.set_item("expected", registry::object(py, &m.expected)?)?;
                first.set_item("got", registry::object(py, &m.got)?)?;
            }
            d.set_item(key, first)?;
        }
        Ok(d)
    }

    /// A picture as (SVG, text for Graphviz): `flow`, `graph`, `layers`, `residual`, `attention` or `weights`; the views of a run
    /// need an input.
    #[pyo3(signature = (view, tokens = None))]
    fn draw(&self, py: Python<'_>, view: &str, tokens: Option<&Bound<'_, PyAny>>) -> PyResult<(String, String)> {
        let Some(view) = View::named(view) else {
            let known: Vec<&str> = View::ALL.iter().map(|v| v.name()).collect();
            return Err(errors::usage(
                py,
                format!("there is no view `{view}`"),
                &format!("one of {}", known.join(", ")),
            ));
        };
        let input = tokens.map(|t| self.inner.registry.values(t)).transpose()?;
        if let Some(input) = &input {
            self.inner.ids(py, input)?;
        }
        let stages = self.stages(py)?;
        let drawn = work::heavy(py, move || {
            draw(&stages, view, input.as_deref()).map(|p| (p.svg(), p.dot())).map_err(|e| e.to_string())
        })?;
        drawn.map_err(|why| errors::usage(py, why, "give it an input: `model.draw(view, tokens)`"))
    }

    /// The six steps of the compilation in words and tables, or one stage as text: `graph`, `encoded`, `circuit`,
    /// `schedule` or `model`.
    #[pyo3(signature = (stage = None))]
    fn explain(&self, py: Python<'_>, stage: Option<&str>) -> PyResult<String> {
        let stage = match stage {
            None => None,
            Some("graph") => Some(Stage::Graph),
            Some("encoded") => Some(Stage::Encoded),
            Some("circuit") => Some(Stage::Circuit),
            Some("schedule") => Some(Stage::Schedule),
            Some("model") => Some(Stage::Model),
            Some(other) => {
                let hint = "`graph`, `encoded`, `circuit`, `schedule` or `model`";
                return Err(errors::usage(py, format!("there is no stage `{other}`"), hint));
            }
        };
        let stages = self.stages(py)?;
        let work = move || {
            let c = &*stages;
            stage.map_or_else(|| explain(c), |s| emit(c, s))
        };
        work::heavy(py, work)
    }

    /// The explorer's page as HTML: the compilation in six linked views, and the model running on these inputs (token
    /// lists) and on whatever is typed into it.
    fn explore(&self, py: Python<'_>, name: String, inputs: Vec<Bound<'_, PyAny>>) -> PyResult<String> {
        let inner = self.inner.clone();
        let mut read = Vec::with_capacity(inputs.len());
        for tokens in &inputs {
            let tokens = inner.registry.values(tokens)?;
            inner.ids(py, &tokens)?;
            read.push(tokens);
        }
        let stages = self.stages(py)?;
        let work = move || {
            let compilation = &*stages;
            let sources = Some(&*inner.sources);
            page(&Subject { name: &name, compilation, sources, inputs: &read, served: false })
        };
        work::heavy(py, work)
    }
}

/// A run whose memory is below this takes no time that anybody would want to interrupt.
const SHORT: usize = 8 << 20;

impl Model {
    fn decode(&self, decode: &Decode, d: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = d.py();
        let registry = &self.inner.registry;
        match decode {
            Decode::Categorical { classes } => {
                d.set_item("kind", "categorical")?;
                let listed = PyList::empty(py);
                for (token, form) in classes {
                    listed.append((registry.of_token(py, token)?, terms(form)))?;
                }
                d.set_item("classes", listed)
            }
            Decode::Numerical { value, defined, bound, values } => {
                d.set_item("kind", "numerical")?;
                d.set_item("value", terms(value))?;
                d.set_item("defined", defined.as_ref().map(terms))?;
                d.set_item("bound", bound)?;
                let values = values.as_ref().map(|all| {
                    let objects = all.iter().map(|t| registry.of_token(py, t)).collect::<PyResult<Vec<_>>>();
                    objects.and_then(|o| PyList::new(py, o))
                });
                d.set_item("values", values.transpose()?)
            }
        }
    }
}

fn terms(form: &LinearForm) -> Vec<(u32, f32)> {
    form.clone()
}
