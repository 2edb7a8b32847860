//! A stock Hugging Face tokenizer: words between white space, BOS in front.
//!
//! A word that is no symbol is an error of the tokenizer and never another symbol: the unknown token that the format
//! asks for has no id.

use serde_json::{Map, Value, json};

use super::file::File;
use super::symbols::Symbols;
use crate::model::Model;

/// `tokenizer.json` and `tokenizer_config.json`.
pub(super) fn files(model: &Model, symbols: &Symbols) -> Vec<File<'static>> {
    vec![
        File::of_json("tokenizer.json", &tokenizer(model, symbols)),
        File::of_json("tokenizer_config.json", &config(model)),
    ]
}

fn tokenizer(model: &Model, symbols: &Symbols) -> Value {
    let (bos, pad) = (&model.config.bos, &model.config.pad);
    let added = |id: u32, text: &str| {
        json!({
            "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true,
        })
    };
    let special = json!({ "SpecialToken": { "id": bos, "type_id": 0 } });
    let sequence = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
    let mut special_tokens = Map::new();
    special_tokens.insert(bos.clone(), json!({ "id": bos, "ids": [model.bos_id()], "tokens": [bos] }));
    let vocab: Map<String, Value> = symbols.texts.iter().cloned().zip((0u32..).map(Value::from)).collect();
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [added(model.bos_id(), bos), added(model.pad_id(), pad)],
        "normalizer": null,
        "pre_tokenizer": { "type": "WhitespaceSplit" },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special, sequence("A")],
            "pair": [special, sequence("A"), sequence("B")],
            "special_tokens": special_tokens,
        },
        "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocab, "unk_token": unknown(symbols) },
    })
}

/// A text that is no symbol.
fn unknown(symbols: &Symbols) -> String {
    let mut text = "compiler_unknown".to_owned();
    while symbols.texts.contains(&text) {
        text.push('_');
    }
    text
}

fn config(model: &Model) -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": model.config.bos,
        "pad_token": model.config.pad,
        "model_max_length": model.config.max_len + 1,
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "right",
        "clean_up_tokenization_spaces": false,
    })
}
