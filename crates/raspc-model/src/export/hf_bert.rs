//! Hugging Face, bidirectional: `BertForTokenClassification`, a label for each value of the output, or one number.
//!
//! BERT is post-norm: its layer norms stand in the residual stream itself, and are the identity there (see `layout`).
//! Its linear layers hold `[out, in]`.

use serde_json::{Map, Value, json};

use super::card::{Card, card};
use super::codes::MASK;
use super::file::File;
use super::layout::{EPSILON, Layout, NORM_WEIGHT, Projection, Shared};
use super::symbols::{Symbols, labels};
use super::tensor::Tensor;
use super::{Refusal, safetensors, tokenizer};
use crate::model::Model;

/// The folder.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    if model.config.causal {
        let message = "the model is causal, and in a BERT every position sees every other";
        return Err(Refusal::new(MASK, message, "export it as hf-gpt2"));
    }
    let layout = Layout::mirrored(model)?;
    let symbols = Symbols::of_input(model)?;
    let labels = labels(model)?;
    let config = config(model, &layout, &labels);
    let mut files = vec![
        File::of_json("config.json", &config),
        safetensors::file("model.safetensors", &[], tensors(model, &layout)),
        File::of_bytes("README.md", card(model, Card::BertTokens, program)),
        File::of_json("raspc.json", &layout.describe(program)),
    ];
    files.extend(tokenizer::files(model, &symbols));
    Ok(files)
}

fn config(model: &Model, layout: &Layout<'_>, labels: &[String]) -> Value {
    let mut config = json!({
        "model_type": "bert",
        "architectures": ["BertForTokenClassification"],
        "vocab_size": model.vocab.len() + 2,
        "hidden_size": layout.d_model,
        "num_hidden_layers": layout.n_layers,
        "num_attention_heads": layout.n_heads,
        "intermediate_size": layout.d_mlp,
        "hidden_act": "relu",
        "layer_norm_eps": EPSILON,
        "max_position_embeddings": model.config.max_len + 1,
        "type_vocab_size": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "classifier_dropout": 0.0,
        "is_decoder": false,
        "position_embedding_type": "absolute",
        "pad_token_id": model.pad_id(),
        "bos_token_id": model.bos_id(),
        "dtype": "float32",
        "torch_dtype": "float32",
    });
    label_maps(&mut config, labels);
    config
}

/// `id2label` and `label2id`.
pub(super) fn label_maps(config: &mut Value, labels: &[String]) {
    let numbered = || labels.iter().cloned().zip(0usize..);
    let by_id: Map<String, Value> = numbered().map(|(label, id)| (id.to_string(), label.into())).collect();
    let by_label: Map<String, Value> = numbered().map(|(label, id)| (label, id.into())).collect();
    config["id2label"] = by_id.into();
    config["label2id"] = by_label.into();
}

fn tensors<'a>(model: &'a Model, x: &Shared<'a>) -> Vec<Tensor<'a>> {
    let (n, ids, positions) = (x.d_model, model.vocab.len() + 2, model.config.max_len + 1);
    let mut all = vec![
        x.tensor("bert.embeddings.word_embeddings.weight", &[ids, n], move |x| x.embed(ids, false)),
        x.tensor("bert.embeddings.position_embeddings.weight", &[positions, n], Layout::positions),
        Tensor::zeros("bert.embeddings.token_type_embeddings.weight", &[1, n]),
    ];
    norm(&mut all, x, "bert.embeddings.LayerNorm", true);
    (0..x.n_layers).for_each(|l| layer(&mut all, x, l));
    let classes = model.output_readout().decode.forms().len();
    all.push(x.tensor("classifier.weight", &[classes, n], |x| x.unembed().transposed()));
    all.push(Tensor::zeros("classifier.bias", &[classes]));
    all
}

/// The offsets that a layer norm put into the stream are taken out where a half-layer adds to it, for the next one.
fn layer<'a>(all: &mut Vec<Tensor<'a>>, x: &Shared<'a>, l: usize) {
    let (n, m, width) = (x.d_model, x.d_mlp, x.n_heads * x.d_head);
    let name = |rest: &str| format!("bert.encoder.layer.{l}.{rest}");
    for (part, which) in [("query", Projection::Query), ("key", Projection::Key), ("value", Projection::Value)] {
        let weight = name(&format!("attention.self.{part}.weight"));
        all.push(x.tensor(weight, &[width, n], move |x| x.project(l, &[which]).transposed()));
        let bias = name(&format!("attention.self.{part}.bias"));
        all.push(x.tensor(bias, &[width], move |x| x.project_bias(l, &[which], width)));
    }
    let out = name("attention.output.dense.weight");
    all.push(x.tensor(out, &[n, width], move |x| x.attention_out(l).transposed()));
    all.push(x.tensor(name("attention.output.dense.bias"), &[n], |x| x.offsets(-1.0)));
    norm(all, x, &name("attention.output.LayerNorm"), true);
    all.push(x.tensor(name("intermediate.dense.weight"), &[m, n], move |x| x.mlp_in(l).transposed()));
    all.push(x.tensor(name("intermediate.dense.bias"), &[m], move |x| x.mlp_bias(l)));
    all.push(x.tensor(name("output.dense.weight"), &[n, m], move |x| x.mlp_out(l).transposed()));
    all.push(x.tensor(name("output.dense.bias"), &[n], |x| x.offsets(-1.0)));
    norm(all, x, &name("output.LayerNorm"), l + 1 < x.n_layers);
}

/// A layer norm that does nothing but add the offsets, or nothing at all.
pub(super) fn norm<'a>(all: &mut Vec<Tensor<'a>>, x: &Shared<'a>, name: &str, offsets: bool) {
    all.push(Tensor::filled(format!("{name}.weight"), x.d_model, NORM_WEIGHT));
    let sign = if offsets { 1.0 } else { 0.0 };
    all.push(x.tensor(format!("{name}.bias"), &[x.d_model], move |x| x.offsets(sign)));
}
