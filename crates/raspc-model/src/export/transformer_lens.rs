//! TransformerLens: state dicts and configs for `HookedTransformer` (versions up to 3) and for
//! `TransformerBridge.boot_native` (from 3 on).
//!
//! No norms there, so the coordinates are the model's own. Both divide scores by √d_head: heads are padded to a power of 4
//! (see `layout`), and W_Q is multiplied by its root.

use serde_json::{Value, json};

use super::describe::describe;
use super::file::File;
use super::layout::{Layout, Projection, Shared};
use super::tensor::Tensor;
use super::{Refusal, safetensors};
use crate::model::Model;

/// The folder: `hooked_transformer.{json,safetensors}`, `bridge.{json,safetensors}`, `raspc.json`.
pub(super) fn files<'a>(model: &'a Model, program: &str) -> Result<Vec<File<'a>>, Refusal> {
    let x = Layout::plain(model)?;
    let config = config(model, &x);
    Ok(vec![
        File::of_json("hooked_transformer.json", &config),
        safetensors::file("hooked_transformer.safetensors", &[], hooked(model, &x)),
        File::of_json("bridge.json", &config),
        safetensors::file("bridge.safetensors", &[], bridge(model, &x)),
        File::of_json("raspc.json", &Value::Object(describe(model, program))),
    ])
}

/// The keyword arguments of `HookedTransformerConfig`, which are those of `TransformerBridgeConfig` too.
fn config(model: &Model, x: &Layout<'_>) -> Value {
    json!({
        "model_name": "raspc",
        "n_layers": x.n_layers,
        "d_model": x.d_model,
        "d_head": x.d_head,
        "n_heads": x.n_heads,
        "d_mlp": x.d_mlp,
        "n_ctx": model.config.max_len + 1,
        "d_vocab": model.vocab.len() + 2,
        "d_vocab_out": model.output_readout().decode.forms().len(),
        "act_fn": "relu",
        "normalization_type": null,
        "attention_dir": if model.config.causal { "causal" } else { "bidirectional" },
        "default_prepend_bos": true,
        "init_weights": false,
    })
}

const PROJECTIONS: [(&str, Projection); 3] =
    [("Q", Projection::Query), ("K", Projection::Key), ("V", Projection::Value)];

fn hooked<'a>(model: &'a Model, x: &Shared<'a>) -> Vec<Tensor<'a>> {
    let (h, d, k, m) = (x.n_heads, x.d_model, x.d_head, x.d_mlp);
    let (ids, positions) = (model.vocab.len() + 2, model.config.max_len + 1);
    let mut all = vec![
        x.tensor("embed.W_E", &[ids, d], move |x| x.embed(ids, false)),
        x.tensor("pos_embed.W_pos", &[positions, d], Layout::positions),
    ];
    for l in 0..x.n_layers {
        let name = |rest: &str| format!("blocks.{l}.{rest}");
        for (part, which) in PROJECTIONS {
            all.push(x.tensor(name(&format!("attn.W_{part}")), &[h, d, k], move |x| x.project_by_head(l, which)));
            let bias = name(&format!("attn.b_{part}"));
            all.push(x.tensor(bias, &[h, k], move |x| x.project_bias(l, &[which], k)));
        }
        all.push(x.tensor(name("attn.W_O"), &[h, k, d], move |x| x.attention_out(l)));
        all.push(Tensor::zeros(name("attn.b_O"), &[d]));
        all.push(x.tensor(name("mlp.W_in"), &[d, m], move |x| x.mlp_in(l)));
        all.push(x.tensor(name("mlp.b_in"), &[m], move |x| x.mlp_bias(l)));
        all.push(x.tensor(name("mlp.W_out"), &[m, d], move |x| x.mlp_out(l)));
        all.push(Tensor::zeros(name("mlp.b_out"), &[d]));
    }
    let columns = model.output_readout().decode.forms().len();
    all.push(x.tensor("unembed.W_U", &[d, columns], Layout::unembed));
    all.push(Tensor::zeros("unembed.b_U", &[columns]));
    all
}

/// The bridge's native modules are PyTorch's, which hold `[out, in]`.
fn bridge<'a>(model: &'a Model, x: &Shared<'a>) -> Vec<Tensor<'a>> {
    let (d, m, width) = (x.d_model, x.d_mlp, x.n_heads * x.d_head);
    let (ids, positions) = (model.vocab.len() + 2, model.config.max_len + 1);
    let mut all = vec![
        x.tensor("tok_embed.weight", &[ids, d], move |x| x.embed(ids, false)),
        x.tensor("pos.weight", &[positions, d], Layout::positions),
    ];
    for l in 0..x.n_layers {
        let name = |rest: &str| format!("layers.{l}.{rest}");
        for (part, which) in PROJECTIONS {
            let part = part.to_lowercase();
            let weight = name(&format!("attn.{part}.weight"));
            all.push(x.tensor(weight, &[width, d], move |x| x.project(l, &[which]).transposed()));
            let bias = name(&format!("attn.{part}.bias"));
            all.push(x.tensor(bias, &[width], move |x| x.project_bias(l, &[which], width)));
        }
        all.push(x.tensor(name("attn.o.weight"), &[d, width], move |x| x.attention_out(l).transposed()));
        all.push(Tensor::zeros(name("attn.o.bias"), &[d]));
        all.push(x.tensor(name("mlp.fc_in.weight"), &[m, d], move |x| x.mlp_in(l).transposed()));
        all.push(x.tensor(name("mlp.fc_in.bias"), &[m], move |x| x.mlp_bias(l)));
        all.push(x.tensor(name("mlp.fc_out.weight"), &[d, m], move |x| x.mlp_out(l).transposed()));
        all.push(Tensor::zeros(name("mlp.fc_out.bias"), &[d]));
    }
    let columns = model.output_readout().decode.forms().len();
    all.push(x.tensor("head.weight", &[columns, d], move |x| x.unembed().transposed()));
    all
}
