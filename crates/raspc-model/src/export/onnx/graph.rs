//! The graph: the forward pass in plain operators of opset 17, one node for each step, with TransformerLens's names.

use super::super::tensor::Tensor;
use super::proto::{AttributeProto, Axis, Element, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use crate::dense::DenseTensor;
use crate::matrix::SparseMatrix;
use crate::model::{Decode, Head, Model};

/// What is added to the score of a key that is not seen: with it, `exp` is zero whatever the score was.
const UNSEEN: f32 = -1e30;

/// One of a head's matrices.
type Pick = fn(&Head) -> &SparseMatrix;

/// A graph and the weights that stream after it.
pub(super) struct Graph<'a> {
    pub(super) proto: GraphProto,
    pub(super) weights: Vec<Tensor<'a>>,
}

/// The graph of a model.
pub(super) fn graph(model: &Model) -> Graph<'_> {
    let name = Some(model.output_readout().name.clone());
    let mut g = Graph { proto: GraphProto { name, ..GraphProto::default() }, weights: Vec::new() };
    g.inputs();
    let mut x = g.embed(model);
    g.mask(model.config.causal);
    for l in 0..model.layers.len() {
        x = g.layer(model, l, x);
    }
    g.node("Identity", &[&x], "last_hidden_state", &[]);
    g.outputs(model);
    g
}

impl<'a> Graph<'a> {
    /// Adds a node named as its output, and gives that name.
    fn node(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[AttributeProto]) -> String {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|&i| i.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: Some(output.to_owned()),
            op_type: Some(op.to_owned()),
            attribute: attributes.to_vec(),
        });
        output.to_owned()
    }

    /// Adds a small constant.
    fn ints(&mut self, name: &str, dims: &[usize], values: &[i64]) {
        self.proto.initializer.push(TensorProto::ints(name, dims, values));
    }

    fn float(&mut self, name: &str, value: f32) {
        self.proto.initializer.push(TensorProto::float(name, value));
    }

    fn input(&mut self, name: &str, axes: &[Axis]) {
        self.proto.input.push(ValueInfoProto::new(name, Element::Int64, axes));
    }

    fn output(&mut self, name: &str, element: Element, last: Option<usize>) {
        let axes = [Axis::Named("batch"), Axis::Named("sequence")].into_iter().chain(last.map(Axis::Fixed));
        self.proto.output.push(ValueInfoProto::new(name, element, &axes.collect::<Vec<_>>()));
    }

    fn weight(&mut self, tensor: DenseTensor<'a>) -> String {
        let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
        self.weights.push(Tensor::new(name.clone(), &shape, move || tensor.to_matrix()));
        name
    }

    /// The ids, and a mask that may be left out: an input with an initializer has a default, here all ones.
    fn inputs(&mut self) {
        self.input("input_ids", &[Axis::Named("batch"), Axis::Named("sequence")]);
        self.input("attention_mask", &[Axis::Any, Axis::Any]);
        self.ints("attention_mask", &[1, 1], &[1]);
        self.ints("axis_0", &[1], &[0]);
        self.ints("axes_1_2", &[2], &[1, 2]);
        self.float("unseen", UNSEEN);
    }

    /// `W_E[ids] + W_pos[..n]`. An input longer than the table fails at the addition.
    fn embed(&mut self, model: &'a Model) -> String {
        let (mut w_e, mut w_pos) = (String::new(), String::new());
        for tensor in model.dense().take(2) {
            let name = self.weight(tensor);
            (w_e, w_pos) = (w_pos, name);
        }
        let tokens = self.node("Gather", &[&w_e, "input_ids"], "embed", &[AttributeProto::int("axis", 0)]);
        let range = [AttributeProto::int("start", 1), AttributeProto::int("end", 2)];
        self.node("Shape", &["input_ids"], "length", &range);
        let positions = self.node("Slice", &[&w_pos, "axis_0", "length", "axis_0"], "pos_embed", &[]);
        self.node("Add", &[&tokens, &positions], "blocks.0.resid_pre", &[])
    }

    /// `unseen`, what is added to scores: `[batch, 1, 1 or query, key]`.
    fn mask(&mut self, causal: bool) {
        let to_float = [AttributeProto::int("to", Element::Float as i64)];
        self.float("seen", 1.0);
        self.node("Cast", &["attention_mask"], "mask.float", &to_float);
        self.node("Sub", &["seen", "mask.float"], "mask.absent", &[]);
        self.node("Mul", &["mask.absent", "unseen"], "mask.keys", &[]);
        if !causal {
            self.node("Unsqueeze", &["mask.keys", "axes_1_2"], "mask", &[]);
            return;
        }
        self.node("Unsqueeze", &["mask.keys", "axes_1_2"], "mask.padding", &[]);
        self.ints("zero", &[], &[0]);
        self.ints("one", &[], &[1]);
        self.ints("axis_1", &[1], &[1]);
        self.node("Squeeze", &["length", "axis_0"], "mask.length", &[]);
        self.node("Range", &["zero", "mask.length", "one"], "mask.positions", &[]);
        self.node("Unsqueeze", &["mask.positions", "axis_1"], "mask.queries", &[]);
        self.node("Unsqueeze", &["mask.positions", "axis_0"], "mask.later_keys", &[]);
        self.node("Greater", &["mask.later_keys", "mask.queries"], "mask.later", &[]);
        self.node("Cast", &["mask.later"], "mask.later_float", &to_float);
        self.node("Mul", &["mask.later_float", "unseen"], "mask.future", &[]);
        self.node("Add", &["mask.padding", "mask.future"], "mask", &[]);
    }

    /// A layer; a half without heads or hidden units is left out.
    fn layer(&mut self, model: &'a Model, l: usize, x: String) -> String {
        let x = if model.config.n_heads == 0 { x } else { self.attention(model, l, &x) };
        if model.config.d_mlp == 0 { x } else { self.mlp(model, l, &x) }
    }

    fn attention(&mut self, model: &'a Model, l: usize, x: &str) -> String {
        let c = &model.config;
        let (h, d, k) = (c.n_heads, c.d_model, c.d_head);
        let name = |rest: &str| format!("blocks.{l}.attn.{rest}");
        let heads = &model.layers[l].heads;
        if l == 0 {
            self.ints("heads", &[4], &[0, 0, h as i64, k as i64]);
            self.ints("joined", &[3], &[0, 0, (h * k) as i64]);
        }
        let picks: [(&str, Pick); 3] = [("Q", |h| &h.w_q), ("K", |h| &h.w_k), ("V", |h| &h.w_v)];
        for (part, pick) in picks {
            let weight = name(&format!("W_{part}"));
            self.weights.push(Tensor::new(weight.clone(), &[d, h * k], move || beside(heads, pick, d, k)));
            let mut value = self.node("MatMul", &[x, &weight], &name(&format!("{part}.product")), &[]);
            if part == "K" {
                let bias = name("b_K");
                self.weights.push(Tensor::new(bias.clone(), &[h * k], move || key_bias(heads, k)));
                value = self.node("Add", &[&value, &bias], &name("K.biased"), &[]);
            }
            value = self.node("Reshape", &[&value, "heads"], &name(&format!("{part}.heads")), &[]);
            let order = if part == "K" { [0, 2, 3, 1] } else { [0, 2, 1, 3] };
            self.node("Transpose", &[&value], &name(part), &[AttributeProto::ints("perm", &order)]);
        }
        self.node("MatMul", &[&name("Q"), &name("K")], &name("scores"), &[]);
        self.node("Add", &[&name("scores"), "mask"], &name("masked_scores"), &[]);
        let last = [AttributeProto::int("axis", -1)];
        self.node("Softmax", &[&name("masked_scores")], &name("pattern"), &last);
        self.node("MatMul", &[&name("pattern"), &name("V")], &name("z.heads"), &[]);
        let order = [AttributeProto::ints("perm", &[0, 2, 1, 3])];
        self.node("Transpose", &[&name("z.heads")], &name("z.positions"), &order);
        self.node("Reshape", &[&name("z.positions"), "joined"], &name("z"), &[]);
        self.weights.push(Tensor::new(name("W_O"), &[h * k, d], move || below(heads, d, k)));
        self.node("MatMul", &[&name("z"), &name("W_O")], &name("out"), &[]);
        self.node("Add", &[x, &name("out")], &format!("blocks.{l}.resid_mid"), &[])
    }

    fn mlp(&mut self, model: &'a Model, l: usize, x: &str) -> String {
        let c = &model.config;
        let layer = &model.layers[l];
        let name = |rest: &str| format!("blocks.{l}.mlp.{rest}");
        self.weights.push(Tensor::new(name("W_in"), &[c.d_model, c.d_mlp], || layer.w_in.clone()));
        self.weights.push(Tensor::new(name("b_in"), &[c.d_mlp], || {
            let entries = (0..).zip(&layer.b_in).map(|(i, &b)| (0, i, b)).collect();
            SparseMatrix::from_entries(1, layer.b_in.len(), entries)
        }));
        self.weights.push(Tensor::new(name("W_out"), &[c.d_mlp, c.d_model], || layer.w_out.clone()));
        self.node("MatMul", &[x, &name("W_in")], &name("product"), &[]);
        self.node("Add", &[&name("product"), &name("b_in")], &name("pre"), &[]);
        self.node("Relu", &[&name("pre")], &name("post"), &[]);
        self.node("MatMul", &[&name("post"), &name("W_out")], &name("out"), &[]);
        self.node("Add", &[x, &name("out")], &format!("blocks.{l}.resid_post"), &[])
    }

    /// `logits`, and the decoded output: `output_ids`, or `values` (NaN where there is none).
    fn outputs(&mut self, model: &'a Model) {
        let columns = model.output_readout().decode.forms().len();
        let shape = [model.config.d_model, columns];
        self.weights.push(Tensor::new("unembed.W_U", &shape, move || model.unembed()));
        self.node("MatMul", &["last_hidden_state", "unembed.W_U"], "logits", &[]);
        self.output("logits", Element::Float, Some(columns));
        let last = AttributeProto::int("axis", -1);
        match &model.output_readout().decode {
            Decode::Categorical { .. } => {
                let flags = [AttributeProto::int("keepdims", 0), AttributeProto::int("select_last_index", 0)];
                self.node("ArgMax", &["logits"], "output_ids", &[&[last][..], &flags].concat());
                self.output("output_ids", Element::Int64, None);
            }
            Decode::Numerical { defined, .. } => {
                self.ints("value_column", &[], &[0]);
                let value = if defined.is_some() { "value_or_nothing" } else { "values" };
                self.node("Gather", &["logits", "value_column"], value, std::slice::from_ref(&last));
                if defined.is_some() {
                    self.ints("defined_column", &[], &[1]);
                    self.float("half", 0.5);
                    self.float("undefined", f32::NAN);
                    self.node("Gather", &["logits", "defined_column"], "defined", &[last]);
                    self.node("Greater", &["defined", "half"], "is_defined", &[]);
                    self.node("Where", &["is_defined", value, "undefined"], "values", &[]);
                }
                self.output("values", Element::Float, None);
            }
        }
        self.output("last_hidden_state", Element::Float, Some(model.config.d_model));
    }
}

/// The heads' matrices beside each other, `[d_model, n_heads * d_head]`.
fn beside(heads: &[Head], pick: Pick, d: usize, k: usize) -> SparseMatrix {
    let entries = (0..).zip(heads).flat_map(|(h, head)| {
        let start = h * k as u32;
        pick(head).entries().map(move |(r, c, v)| (r, start + c, v))
    });
    SparseMatrix::from_entries(d, heads.len() * k, entries.collect())
}

/// The heads' W_O below each other, `[n_heads * d_head, d_model]`.
fn below(heads: &[Head], d: usize, k: usize) -> SparseMatrix {
    let entries = (0..).zip(heads).flat_map(|(h, head)| {
        let start = h * k as u32;
        head.w_o.entries().map(move |(r, c, v)| (start + r, c, v))
    });
    SparseMatrix::from_entries(heads.len() * k, d, entries.collect())
}

/// `b_K` of all heads, `[1, n_heads * d_head]`.
fn key_bias(heads: &[Head], k: usize) -> SparseMatrix {
    let entries = (0..).zip(heads).flat_map(|(h, head)| {
        let start = h * k as u32;
        head.b_k.iter().map(move |&(c, v)| (0, start + c, v))
    });
    SparseMatrix::from_entries(1, heads.len() * k, entries.collect())
}
