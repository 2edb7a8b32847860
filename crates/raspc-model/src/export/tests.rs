//! Exports of hand-built and random models: what is refused, that files are what they promise, that nothing big is made.

use std::collections::BTreeMap;
use std::io;

use ::safetensors::SafeTensors;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::*;
use crate::model::{Config, Decode, Layer};
use crate::samples;
use crate::token::Token;

/// Names and bytes of an export.
fn exported(model: &Model, format: Format) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    let mut sink = Files::default();
    match export(model, format, "n0 = tokens", &mut sink) {
        Ok(()) => Ok(sink.files.into_iter().collect()),
        Err(ExportError::Refused(refusal)) => {
            assert_eq!(sink.files, [], "a refusal comes before the first byte");
            Err(refusal)
        }
        Err(ExportError::Sink(error)) => panic!("{error}"),
    }
}

fn code(model: &Model, format: Format) -> Option<&'static str> {
    exported(model, format).err().map(|refusal| refusal.code)
}

fn json_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).expect("JSON")
}

/// The tensors of a safetensors file: shapes and numbers.
fn tensors(bytes: &[u8]) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let file = SafeTensors::deserialize(bytes).expect("a safetensors file");
    let numbers = |bytes: &[u8]| bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    file.iter().map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), numbers(view.data())))).collect()
}

/// Checks that files come in the announced lengths, and keeps nothing.
#[derive(Default)]
struct Counting {
    files: Vec<(String, u64)>,
    left: u64,
    largest: usize,
}

impl Sink for Counting {
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        assert_eq!(self.left, 0, "the file before is complete");
        self.files.push((name.to_owned(), bytes));
        self.left = bytes;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).expect("no more bytes than announced");
        self.largest = self.largest.max(bytes.len());
        Ok(())
    }
}

/// A sink that is full at once.
struct Full;

impl Sink for Full {
    fn begin(&mut self, _: &str, _: u64) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::StorageFull, "full"))
    }

    fn write(&mut self, _: &[u8]) -> io::Result<()> {
        unreachable!("no file was begun")
    }
}

fn strings(texts: &[&str]) -> Vec<Token> {
    texts.iter().map(|t| Token::Str((*t).into())).collect()
}

#[test]
fn names_of_formats_are_read_back() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("gguf"), None);
}

#[test]
fn masks_must_fit() {
    let (causal, full) = (samples::mean(true), samples::mean(false));
    assert_eq!(code(&causal, Format::HfBert), Some(MASK));
    assert_eq!(code(&full, Format::HfGpt2), Some(MASK));
    assert_eq!(code(&full, Format::HfBert), None);
    assert_eq!(code(&causal, Format::HfGpt2), None);
    for format in [Format::Onnx, Format::TransformerLens, Format::Torch, Format::Safetensors, Format::Circuit] {
        assert_eq!((code(&causal, format), code(&full, format)), (None, None), "{format}");
    }
}

#[test]
fn symbols_that_a_tokenizer_cannot_tell_apart_are_refused() {
    let refused = |vocab: Vec<Token>| {
        let mut model = samples::next();
        model.vocab = vocab;
        assert_eq!(code(&model, Format::Onnx), None, "ids need no texts");
        code(&model, Format::HfBert)
    };
    assert_eq!(refused(strings(&["a", "b", "c"])), None);
    assert_eq!(refused(vec![Token::Int("1".into()), Token::Str("1".into()), Token::Str("x".into())]), Some(SYMBOLS));
    assert_eq!(refused(vec![Token::Other("x".into()), Token::Str("x".into()), Token::Str("y".into())]), Some(SYMBOLS));
    assert_eq!(refused(strings(&["a b", "b", "c"])), Some(SYMBOLS));
    assert_eq!(refused(strings(&["a\u{3000}", "b", "c"])), Some(SYMBOLS), "white space of Unicode");
    assert_eq!(refused(strings(&["", "b", "c"])), Some(SYMBOLS));
    assert_eq!(refused(strings(&["xcompiler_pad", "b", "c"])), Some(SYMBOLS));
}

/// The module reads tokens as its `config.json` has them, where an object and its text are one.
#[test]
fn tokens_that_json_cannot_tell_apart_are_refused_where_tokens_are_read() {
    let refused = |vocab: Vec<Token>| {
        let mut model = samples::next();
        model.vocab = vocab;
        code(&model, Format::Torch)
    };
    let (one, text, other) = (Token::Int("1".into()), Token::Str("1".into()), Token::Other("(1, 2)".into()));
    assert_eq!(refused(vec![one.clone(), text.clone(), other.clone()]), None, "1 and \"1\" are two in JSON");
    assert_eq!(refused(vec![Token::Str("(1, 2)".into()), text.clone(), other]), Some(SYMBOLS));
    let big = "1180591620717411303424";
    assert_eq!(refused(vec![Token::Int(big.into()), Token::Str(big.into()), one]), Some(SYMBOLS));
}

#[test]
fn special_texts_are_symbols_too() {
    let mut model = samples::next();
    model.config.bos = "be gin".into();
    assert_eq!(code(&model, Format::HfBert), Some(SYMBOLS));
    (model.config.bos, model.config.pad) = ("pad".into(), "padding".into());
    assert_eq!(code(&model, Format::HfBert), Some(SYMBOLS), "one text begins the other");
}

#[test]
fn values_of_the_output_need_different_texts() {
    let mut model = samples::next();
    model.readouts[0].decode = Decode::Categorical {
        classes: vec![(Token::None, vec![(3, 1.0)]), (Token::Str("none".into()), vec![(4, 1.0)])],
    };
    assert_eq!(code(&model, Format::HfBert), Some(LABELS));
    model.readouts[0].decode = Decode::Categorical { classes: Vec::new() };
    assert_eq!(code(&model, Format::HfBert), Some(LABELS));
}

#[test]
fn a_language_model_has_one_vocabulary() {
    let mut model = samples::next();
    model.config.causal = true;
    let files = exported(&model, Format::HfGpt2).expect("exported");
    let vocab = &json_of(&files, "tokenizer.json")["model"]["vocab"];
    assert_eq!(*vocab, json!({ "a": 0, "b": 1, "c": 2, "compiler_bos": 3, "compiler_pad": 4, "z": 5 }));
    assert_eq!(json_of(&files, "token-classification/config.json")["id2label"]["3"], "z");
    // A value with the text of a token that is not that token.
    model.readouts[0].decode = Decode::Categorical { classes: vec![(Token::Other("a".into()), vec![(3, 1.0)])] };
    assert_eq!(code(&model, Format::HfGpt2), Some(SYMBOLS));
}

#[test]
fn a_number_that_can_be_none_needs_a_second_column() {
    let mut model = samples::mean(false);
    let Decode::Numerical { defined, .. } = &mut model.readouts[0].decode else { panic!("a number") };
    *defined = Some(vec![(0, 1.0)]);
    assert_eq!(code(&model, Format::HfBert), Some(NONE));
    model.config.causal = true;
    assert_eq!(code(&model, Format::HfGpt2), Some(NONE));
    let files = exported(&model, Format::Torch).expect("exported");
    assert_eq!(json_of(&files, "config.json")["output"]["columns"], json!(["value", "defined"]));
}

#[test]
fn numbers_that_layer_norms_would_change_are_refused() {
    let with = |value: f32| {
        let mut model = samples::mean(false);
        model.w_e = samples::sparse(5, 4, &[(0, 0, 1.0), (0, 1, 1.0), (1, 2, value)]);
        assert_eq!(code(&model, Format::TransformerLens), None, "no layer norms there");
        code(&model, Format::HfBert)
    };
    assert_eq!(with(1e14), None);
    assert_eq!(with(1e15), Some(RANGE));
    assert_eq!(with(f32::MAX), Some(RANGE));
}

#[test]
fn proved_ranges_count_before_the_weights() {
    let mut model = samples::mean(false);
    let range = |hi: f64| json!({ "lo": 0.0, "hi": hi, "bos": 1.0, "grid": 1.0 });
    model.circuit = json!({ "directions": [range(1.0), range(1.0), range(6.0), range(1e15)] });
    assert_eq!(code(&model, Format::HfBert), Some(RANGE));
    model.circuit = json!({ "directions": [range(1.0), range(1.0), range(6.0), range(3.0)] });
    let files = exported(&model, Format::HfBert).expect("exported");
    assert_eq!(json_of(&files, "raspc.json")["residual"]["unit"], json!([1.0, 1.0, 8.0, 4.0]));
    for nonsense in [json!([range(1.0)]), json!({ "directions": [1, 2, 3, 4] }), json!({ "directions": {} })] {
        model.circuit = nonsense;
        assert_eq!(code(&model, Format::HfBert), None, "the weights' own bounds count");
    }
}

#[test]
fn weights_that_scaling_would_change_are_refused() {
    let mut model = samples::next();
    assert_eq!(code(&model, Format::TransformerLens), None);
    let d_model = model.config.d_model;
    let d_head = model.config.d_head;
    // Times the root of 16.
    model.layers[0].heads[1].w_q = samples::sparse(d_model, d_head, &[(9, 0, 1e38)]);
    assert_eq!(code(&model, Format::TransformerLens), Some(RANGE));
    assert_eq!(code(&model, Format::Onnx), None);
    // Half of the least number.
    model.layers[0].heads[1].w_q = samples::sparse(d_model, d_head, &[]);
    model.layers[0].heads[1].w_v = samples::sparse(d_model, d_head, &[(9, 0, f32::from_bits(1))]);
    assert_eq!(code(&model, Format::HfBert), Some(RANGE));
    assert_eq!(code(&model, Format::TransformerLens), None);
}

#[test]
fn an_onnx_file_holds_at_most_2_gb_and_no_export_is_without_bound() {
    let mut model = samples::mean(false);
    model.config.max_len = 200_000_000;
    model.w_pos = samples::sparse(model.config.max_len + 1, 4, &[]);
    assert_eq!(code(&model, Format::Onnx), Some(SIZE));
    // Claims of a folder: nothing is made of them.
    model.config.max_len = (1 << 31) - 2;
    model.w_pos = samples::sparse(model.config.max_len + 1, 4, &[]);
    assert_eq!(code(&model, Format::HfBert), Some(SIZE));
}

#[test]
fn a_sink_that_fails_ends_the_export() {
    for format in Format::ALL {
        let model = samples::mean(format == Format::HfGpt2);
        assert!(matches!(export(&model, format, "", &mut Full), Err(ExportError::Sink(_))), "{format}");
    }
}

#[test]
fn every_code_is_explained() {
    let mut codes: Vec<&str> = EXPLANATIONS.iter().map(|e| e.code).collect();
    assert!(codes.is_sorted());
    codes.dedup();
    assert_eq!(codes.len(), EXPLANATIONS.len());
    for code in [MASK, SYMBOLS, NONE, RANGE, SIZE, LABELS] {
        assert!(codes.contains(&code));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_are_the_same_each_time_and_as_long_as_announced(seed: u64) {
        let model = samples::random(seed);
        for format in Format::ALL {
            let Ok(files) = exported(&model, format) else { continue };
            prop_assert_eq!(&exported(&model, format).expect("exported"), &files);
            let mut counting = Counting::default();
            prop_assert!(export(&model, format, "n0 = tokens", &mut counting).is_ok());
            prop_assert_eq!(counting.left, 0);
            for (name, bytes) in &counting.files {
                prop_assert_eq!(files[name].len() as u64, *bytes, "{}", name);
            }
            let mut tops: Vec<&str> = files.keys().map(|name| name.split('/').next().unwrap()).collect();
            tops.dedup();
            let mut names = file_names(&model, format).expect("exported");
            names.sort();
            prop_assert_eq!(names, tops);
        }
    }

    #[test]
    fn the_dense_file_is_the_dense_form(seed: u64) {
        let model = samples::random(seed);
        let files = exported(&model, Format::Safetensors).expect("nothing to refuse");
        let found = tensors(&files["model.safetensors"]);
        prop_assert_eq!(found.len(), model.dense().count());
        for tensor in model.dense() {
            prop_assert_eq!(&found[&tensor.name], &(tensor.shape.clone(), tensor.to_vec()), "{}", tensor.name);
        }
    }

    /// Without norms the stock shapes are the model's own, padded: what is not zero is where it was, W_Q doubled for each
    /// power of 4 in d_head.
    #[test]
    fn padding_adds_zeros_alone(seed: u64) {
        let model = samples::random(seed);
        let Ok(files) = exported(&model, Format::TransformerLens) else { return Ok(()) };
        let config = json_of(&files, "hooked_transformer.json");
        let d_head = config["d_head"].as_u64().unwrap() as usize;
        let root = (d_head as f32).sqrt();
        prop_assert!(d_head >= model.config.d_head && root.to_bits() & ((1 << 23) - 1) == 0);
        let found = tensors(&files["hooked_transformer.safetensors"]);
        for tensor in model.dense() {
            let (shape, values) = &found[&tensor.name];
            let factor = if tensor.name.ends_with("W_Q") { root } else { 1.0 };
            prop_assert_eq!(nonzeros(&tensor.shape, &tensor.to_vec(), factor), nonzeros(shape, values, 1.0), "{}", tensor.name);
        }
    }
}

/// Places and values that are not zero.
fn nonzeros(shape: &[usize], values: &[f32], factor: f32) -> BTreeMap<Vec<usize>, u32> {
    let place = |mut i: usize| {
        let mut place: Vec<usize> = shape
            .iter()
            .rev()
            .map(|&n| {
                let at = i % n.max(1);
                i /= n.max(1);
                at
            })
            .collect();
        place.reverse();
        place
    };
    let kept = values.iter().enumerate().filter(|&(_, &v)| v != 0.0);
    kept.map(|(i, &v)| (place(i), (v * factor).to_bits())).collect()
}

#[test]
fn runtimes_get_at_least_one_of_everything() {
    let mut model = samples::mean(false);
    (model.config.n_layers, model.config.n_heads, model.config.d_mlp) = (0, 0, 0);
    model.layers.clear();
    model.readouts[0].after = 0;
    let files = exported(&model, Format::TransformerLens).expect("exported");
    let config = json_of(&files, "bridge.json");
    for size in ["n_layers", "n_heads", "d_mlp", "d_head"] {
        assert_eq!(config[size], 1, "{size}");
    }
    let files = exported(&model, Format::HfBert).expect("exported");
    assert_eq!(json_of(&files, "config.json")["num_hidden_layers"], 1);
    assert!(exported(&model, Format::Onnx).is_ok() && exported(&model, Format::Circuit).is_ok());
}

#[test]
fn cards_say_what_holds() {
    let mut model = samples::next();
    let card = |model: &Model| {
        let mut files = Files::default();
        export(model, Format::HfBert, "n0 = tokens\nn1 = next", &mut files).expect("exported");
        let readme = files.files.into_iter().find(|f| f.0 == "README.md").expect("a card");
        String::from_utf8(readme.1).expect("UTF-8")
    };
    let text = card(&model);
    assert!(text.contains("float32, TF32 off") && text.contains("n1 = next") && !text.contains("ertificate"), "{text}");
    model.certificate = json!({
        "certified": true, "dtype": "float32", "max_error": 0.25, "min_margin": 0.5, "assumptions": ["sums\nare sums"], "nodes": [1],
    });
    let text = card(&model);
    assert!(text.contains("length, with numbers off by at most 2.5e-1 and no decision closer"), "{text}");
    assert!(text.contains("closer than 0.5"), "{text}");
    assert!(text.contains("- sums are sums"), "{text}");
    let files = exported(&model, Format::Torch).expect("exported");
    assert_eq!(json_of(&files, "config.json")["certificate"]["max_error"], 0.25);
    assert_eq!(json_of(&files, "config.json")["certificate"].get("nodes"), None);
    model.certificate["max_error"] = json!(0.0);
    assert!(card(&model).contains("length, with no decision closer than 0.5"));
    model.certificate = json!({ "certified": false, "reasons": [{ "code": "E0825", "message": "too large" }, 7] });
    let text = card(&model);
    assert!(text.contains("No certificate") && text.contains("- E0825 too large"), "{text}");
    model.vocab = strings(&["`a`", "b``", "c"]);
    assert!(card(&model).contains("Input: `` `a` `` ``` b`` ``` `c`."), "{}", card(&model));
}

/// A language model's tokenizer has words that are no input, and takes them.
#[test]
fn cards_of_language_models_tell_of_the_shared_vocabulary() {
    let mut model = samples::next();
    model.config.causal = true;
    let card = |model: &Model| {
        let files = exported(model, Format::HfGpt2).expect("exported");
        let text = |name: &str| String::from_utf8(files[name].clone()).expect("UTF-8");
        assert!(!text("token-classification/README.md").contains("share one vocabulary"));
        text("README.md")
    };
    let text = card(&model);
    assert!(text.contains("no output have the logit -64. These can only come out: `z`. The tokenizer"), "{text}");
    let Decode::Categorical { classes } = &mut model.readouts[0].decode else { panic!("a one-hot") };
    classes.pop();
    let text = card(&model);
    assert!(text.contains("no output have the logit -64.\n") && !text.contains("only come out"), "{text}");
}

/// What the layer norms leave: places and negations cancel, and the forward pass of a BERT in exact arithmetic is the model's.
#[test]
fn places_and_negations_cancel() {
    let mut model = samples::next();
    let exact = json!({ "lo": 0.0, "hi": 1.0, "bos": 1.0, "grid": 1.0 });
    model.circuit = json!({ "directions": vec![exact; model.config.d_model] });
    let files = exported(&model, Format::HfBert).expect("exported");
    let found = tensors(&files["model.safetensors"]);
    let residual = json_of(&files, "raspc.json")["residual"].clone();
    let list =
        |key: &str| residual[key].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect::<Vec<_>>();
    let (place, negation) = (list("place"), list("negation"));
    let (shape, words) = &found["bert.embeddings.word_embeddings.weight"];
    for row in words.chunks_exact(shape[1]) {
        assert_eq!(row.iter().sum::<f32>(), 0.0);
    }
    let dense = model.w_e.to_dense();
    for id in 0..shape[0] {
        for d in 0..model.config.d_model {
            assert_eq!(words[id * shape[1] + place[d]], dense.row(id)[d]);
            assert_eq!(words[id * shape[1] + negation[d]], -dense.row(id)[d]);
        }
    }
    // Every direction is read by scores alone, on a grid: all of them have offsets, which biases take away again.
    let (_, offsets) = &found["bert.embeddings.LayerNorm.bias"];
    assert!(place.iter().any(|&p| offsets[p] == 4.0));
    let (_, keys) = &found["bert.encoder.layer.0.attention.self.key.bias"];
    assert!(keys.iter().any(|&b| b != 0.0 && b != 512.0));
    let (_, last) = &found["bert.encoder.layer.0.output.LayerNorm.bias"];
    assert!(last.iter().all(|&b| b == 0.0), "the last one leaves the stream as it is");
}

#[test]
fn the_onnx_file_is_a_message_with_its_weights() {
    let model = samples::next();
    let files = exported(&model, Format::Onnx).expect("exported");
    let proto = onnx::decode(&files["model.onnx"]);
    let graph = proto.graph.as_ref().expect("a graph");
    let by_name: BTreeMap<&str, _> = graph.initializer.iter().map(|t| (t.name.as_deref().unwrap(), t)).collect();
    for (name, matrix) in [("embed.W_E", &model.w_e), ("unembed.W_U", &model.unembed())] {
        let raw: Vec<u8> = matrix.to_dense().data.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(by_name[name].raw_data.as_deref(), Some(&raw[..]), "{name}");
    }
    assert!(proto.encoded_len() == files["model.onnx"].len(), "nothing is there twice");
}

#[test]
fn circuits_name_what_the_weights_do() {
    let mut model = samples::next();
    model.circuit = json!({ "nodes": [
        { "name": "next", "names": ["next"], "heads": [[0, 1]], "neurons": [[0, [0]]], "directions": [3, 4, 5, 6] },
        { "name": 7 }, "nonsense",
    ] });
    let files = exported(&model, Format::Circuit).expect("exported");
    let components = json_of(&files, "components.json");
    let ids: Vec<&str> = components["nodes"].as_array().unwrap().iter().map(|n| n["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["embed", "pos_embed", "blocks.0.attn.head.1", "unembed"], "the empty head is no part of it");
    assert_eq!(components["nodes"][2]["computes"], json!(["next"]));
    let edges: Vec<String> = components["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| format!("{} {} {}", e["source"], e["key"], e["directions"]))
        .collect();
    assert!(edges.contains(&r#""embed" "v" [0,1,2,7]"#.to_owned()), "{edges:?}");
    assert!(edges.contains(&r#""blocks.0.attn.head.1" "unembed" [3,4,5,6]"#.to_owned()), "{edges:?}");
    // Dimension 8 carries PAD; queries read it through `one`.
    assert!(edges.contains(&r#""embed" "k" [7,8]"#.to_owned()), "{edges:?}");
    assert_eq!(json_of(&files, "circuit.json")["nodes"].as_array().unwrap().len(), 1);
    assert!(json_of(&files, "neurons.json")["edges"].as_array().unwrap().len() > 10);
}

/// 30 million dense parameters leave in small pieces; only the sparse weights are in memory.
#[test]
fn a_large_export_streams() {
    let c = Config {
        n_layers: 4,
        n_heads: 4,
        d_model: 800,
        d_head: 200,
        d_mlp: 3000,
        max_len: 300,
        ..samples::mean(false).config
    };
    let mut model = samples::mean(false);
    let layer = Layer {
        heads: vec![samples::empty_head(&c); c.n_heads],
        w_in: samples::sparse(c.d_model, c.d_mlp, &[(0, 0, 1.0)]),
        b_in: vec![0.0; c.d_mlp],
        w_out: samples::sparse(c.d_mlp, c.d_model, &[(0, 3, 1.0)]),
    };
    model.layers = vec![layer; c.n_layers];
    model.w_e = samples::sparse(5, c.d_model, &[(0, 0, 1.0)]);
    model.w_pos = samples::sparse(c.max_len + 1, c.d_model, &[]);
    model.labels = (0..c.d_model).map(|d| d.to_string()).collect();
    model.config = c;
    assert!(model.parameters() > 29_000_000, "{}", model.parameters());
    for format in [Format::Onnx, Format::HfBert, Format::TransformerLens, Format::Torch, Format::Safetensors] {
        let mut counting = Counting::default();
        export(&model, format, "", &mut counting).expect("exported");
        let total: u64 = counting.files.iter().map(|f| f.1).sum();
        assert!(total > 116_000_000, "{format}: {total}");
        assert!(counting.largest < 200_000, "{format}: a piece of {} bytes", counting.largest);
    }
}
