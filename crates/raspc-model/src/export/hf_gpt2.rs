//! Hugging Face, causal: `GPT2LMHeadModel`, and `GPT2ForTokenClassification` in a folder of its own.
//!
//! A language model has one vocabulary for what goes in and what comes out: the model's ids, then the values that only the
//! output has. Symbols that are no value of the output get the logit −64, far below the 0 and 1 of the others. A number is no
//! symbol: such a program is exported as a classifier with one label alone. GPT-2's linear layers hold `[in, out]`.

use serde_json::{Value, json};

use super::card::{Card, card};
use super::codes::MASK;
use super::file::File;
use super::hf_bert::{label_maps, norm};
use super::layout::{EPSILON, Layout, Projection, Shared};
use super::symbols::{Symbols, labels};
use super::tensor::Tensor;
use super::{Refusal, safetensors, tokenizer};
use crate::model::Model;

/// The folder of the classifier beside the language model.
const CLASSIFIER: &str = "token-classification";

/// The logit of a symbol that is no value of the output.
const NEVER: f32 = -64.0;

/// The folder.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    if !model.config.causal {
        let message = "the model is bidirectional, and in a GPT-2 a position sees nothing after it";
        return Err(Refusal::new(MASK, message, "export it as hf-bert"));
    }
    let layout = Layout::mirrored(model)?;
    let labels = labels(model)?;
    let classes = model.output_tokens();
    if classes.is_empty() {
        return classifier(model, &layout, &labels, program);
    }
    let mut files = language_model(model, &layout, Symbols::of_both(model, &classes)?, program);
    files.extend(classifier(model, &layout, &labels, program)?.into_iter().map(|f| f.in_folder(CLASSIFIER)));
    Ok(files)
}

fn language_model<'a>(model: &'a Model, x: &Shared<'a>, symbols: Symbols, program: &str) -> Vec<File<'a>> {
    let mut config = config(model, x, "GPT2LMHeadModel", symbols.texts.len());
    config["tie_word_embeddings"] = false.into();
    let mut files = common(model, x, (Card::Gpt2Language, program), &symbols, &config);
    let (n, ids) = (x.d_model, symbols.texts.len());
    let mut tensors = tensors(model, x, ids);
    let head = move |x: &Layout<'a>| x.unembed_into(&symbols.output, ids, NEVER).transposed();
    tensors.push(x.tensor("lm_head.weight", &[ids, n], head));
    files.push(safetensors::file("model.safetensors", &[], tensors));
    files
}

fn classifier<'a>(
    model: &'a Model,
    x: &Shared<'a>,
    labels: &[String],
    program: &str,
) -> Result<Vec<File<'a>>, Refusal> {
    let symbols = Symbols::of_input(model)?;
    let (n, ids, classes) = (x.d_model, symbols.texts.len(), labels.len());
    let mut config = config(model, x, "GPT2ForTokenClassification", ids);
    config["classifier_dropout"] = json!(0.0);
    label_maps(&mut config, labels);
    let mut files = common(model, x, (Card::Gpt2Tokens, program), &symbols, &config);
    let mut tensors = tensors(model, x, ids);
    tensors.push(x.tensor("classifier.weight", &[classes, n], move |x| x.unembed().transposed()));
    tensors.push(Tensor::zeros("classifier.bias", &[classes]));
    files.push(safetensors::file("model.safetensors", &[], tensors));
    Ok(files)
}

fn common<'a>(
    model: &Model,
    x: &Layout<'_>,
    (kind, program): (Card, &str),
    symbols: &Symbols,
    config: &Value,
) -> Vec<File<'a>> {
    let mut files = vec![
        File::of_json("config.json", config),
        File::of_bytes("README.md", card(model, kind, program)),
        File::of_json("raspc.json", &x.describe(program)),
    ];
    files.extend(tokenizer::files(model, symbols));
    files
}

fn config(model: &Model, x: &Layout<'_>, architecture: &str, ids: usize) -> Value {
    let positions = model.config.max_len + 1;
    json!({
        "model_type": "gpt2",
        "architectures": [architecture],
        "vocab_size": ids,
        "n_positions": positions,
        "n_ctx": positions,
        "n_embd": x.d_model,
        "n_layer": x.n_layers,
        "n_head": x.n_heads,
        "n_inner": x.d_mlp,
        "activation_function": "relu",
        "layer_norm_epsilon": EPSILON,
        "scale_attn_weights": true,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": model.bos_id(),
        "eos_token_id": null,
        "pad_token_id": model.pad_id(),
        "use_cache": true,
        "dtype": "float32",
        "torch_dtype": "float32",
    })
}

/// The transformer without a head. Every id's free coordinate is 1, for the language model's head.
fn tensors<'a>(model: &'a Model, x: &Shared<'a>, ids: usize) -> Vec<Tensor<'a>> {
    let (n, m, width) = (x.d_model, x.d_mlp, x.n_heads * x.d_head);
    let positions = model.config.max_len + 1;
    let mut all = vec![
        x.tensor("transformer.wte.weight", &[ids, n], move |x| x.embed(ids, true)),
        x.tensor("transformer.wpe.weight", &[positions, n], Layout::positions),
    ];
    for l in 0..x.n_layers {
        let name = |rest: &str| format!("transformer.h.{l}.{rest}");
        norm(&mut all, x, &name("ln_1"), true);
        let (weight, bias) = (name("attn.c_attn.weight"), name("attn.c_attn.bias"));
        all.push(x.tensor(weight, &[n, 3 * width], move |x| x.project(l, &Projection::ALL)));
        all.push(x.tensor(bias, &[3 * width], move |x| x.project_bias(l, &Projection::ALL, 3 * width)));
        all.push(x.tensor(name("attn.c_proj.weight"), &[width, n], move |x| x.attention_out(l)));
        all.push(Tensor::zeros(name("attn.c_proj.bias"), &[n]));
        norm(&mut all, x, &name("ln_2"), true);
        all.push(x.tensor(name("mlp.c_fc.weight"), &[n, m], move |x| x.mlp_in(l)));
        all.push(x.tensor(name("mlp.c_fc.bias"), &[m], move |x| x.mlp_bias(l)));
        all.push(x.tensor(name("mlp.c_proj.weight"), &[m, n], move |x| x.mlp_out(l)));
        all.push(Tensor::zeros(name("mlp.c_proj.bias"), &[n]));
    }
    norm(&mut all, x, "transformer.ln_f", false);
    all
}
