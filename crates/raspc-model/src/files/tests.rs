//! Round trips, and files that are damaged or hostile: an error or a checked model, never a panic.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::forward::Keep;
use crate::matrix::EntryError;
use crate::model::Decode;
use crate::samples::{self, Random, random_ids};

type Files = BTreeMap<String, Vec<u8>>;

fn files(model: &Model) -> Files {
    model.to_files().into_iter().collect()
}

fn read(files: &Files) -> Result<Model, ModelError> {
    Model::from_files(&mut |name| files.get(name).cloned().ok_or_else(|| "no such file".to_owned()))
}

/// Reads without looking at the stamps.
fn read_unstamped(files: &Files) -> Result<Model, ModelError> {
    let take = |name: &str| files[name].clone();
    let folder = Folder {
        config: take(CONFIG),
        weights: take(WEIGHTS),
        graph: take(GRAPH),
        circuit: take(CIRCUIT),
        certificate: take(CERTIFICATE),
    };
    folder.model(false)
}

/// What the head tells other readers: a weight of a read-out is the shortest decimal of its 32 bits, and not of the double.
#[test]
fn weights_of_read_outs_are_decimals_of_32_bits() {
    let mut model = samples::next();
    let Decode::Categorical { classes } = &mut model.readouts[0].decode else { panic!("a one-hot") };
    classes[0].1[0].1 = 0.1;
    let written = files(&model);
    let config: Value = serde_json::from_slice(&written[CONFIG]).unwrap();
    let weight = config["readouts"][0]["decode"]["categorical"]["classes"][0][1][0][1].as_f64().unwrap();
    assert_eq!(weight.to_string(), "0.1");
    assert_ne!(weight, f64::from(0.1f32));
    assert_eq!(weight as f32, 0.1);
    assert_eq!(read(&written).unwrap(), model);
}

/// What came through has to be a model like any other.
fn try_out(read: Result<Model, ModelError>) {
    match read {
        Ok(model) => {
            model.check().unwrap();
            let _ = model.run(&random_ids(&model, 1), Keep::default()).map(|run| model.decode_output(&run));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #[test]
    fn files_give_the_model_back_bit_by_bit(seed: u64) {
        let model = samples::random(seed);
        let written = files(&model);
        let back = read(&written).unwrap();
        prop_assert_eq!(&back, &model);
        // Equality takes −0 for 0; the bytes do not.
        prop_assert_eq!(&files(&back), &written);
    }

    #[test]
    fn random_damage_behind_the_stamps_does_not_panic(seed: u64, damage: u64, file in 0usize..5) {
        let mut files = files(&samples::random(seed));
        let mut r = Random::new(damage);
        let bytes = files.values_mut().nth(file).unwrap();
        for _ in 0..=r.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = r.below(bytes.len());
            match r.below(4) {
                0 => bytes[at] ^= 1 << r.below(8),
                1 => bytes[at] = [0, 0x7f, 0x80, 0xff, b'9', b'"', b'['][r.below(7)],
                2 => bytes.truncate(at),
                _ => drop(bytes.splice(at..at, b"9".repeat(1 + r.below(20)))),
            }
        }
        try_out(read_unstamped(&files));
    }

    #[test]
    fn random_edits_of_json_do_not_panic(seed: u64, edit: u64, own_stamp: bool) {
        let mut files = files(&samples::random(seed));
        let mut config: Value = serde_json::from_slice(&files[CONFIG]).unwrap();
        let mut r = Random::new(edit);
        for _ in 0..=r.below(2) {
            edit_somewhere(&mut config, &mut r);
        }
        files.insert(CONFIG.into(), serde_json::to_vec(&config).unwrap());
        try_out(if own_stamp { read(&files) } else { read_unstamped(&files) });
    }
}

/// Walks to a random place and puts something there that should not be.
fn edit_somewhere(value: &mut Value, r: &mut Random) {
    if r.below(6) > 0 {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let i = r.below(items.len());
                return match r.below(8) {
                    0 => drop(items.remove(i)),
                    1 => items.insert(i, items[i].clone()),
                    _ => edit_somewhere(&mut items[i], r),
                };
            }
            Value::Object(map) if !map.is_empty() => {
                let key = map.keys().nth(r.below(map.len())).unwrap().clone();
                if r.below(8) == 0 {
                    map.remove(&key);
                    return;
                }
                return edit_somewhere(&mut map[&key], r);
            }
            _ => {}
        }
    }
    *value = match r.below(12) {
        0 => json!(null),
        1 => json!(-1),
        2 => json!(0),
        3 => json!(1),
        4 => json!(1_000_000_000_000_000_000u64),
        5 => json!(u64::MAX),
        6 => json!(2_147_483_646),
        7 => json!(1e300),
        8 => json!("compiler_bos"),
        9 => json!([]),
        10 => json!({}),
        _ => json!([[0, 1.0], [0, 1.0]]),
    };
}

#[test]
fn every_flipped_bit_is_found() {
    let model = samples::random(5);
    let good = files(&model);
    for (name, bytes) in &good {
        for at in 0..bytes.len() {
            let mut bad = good.clone();
            bad.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            assert!(read(&bad).is_err(), "{name}, byte {at}");
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let model = samples::random(5);
    let good = files(&model);
    for (name, bytes) in &good {
        // The newline at the end of config.json is all that may be missing.
        let until = if name == CONFIG { bytes.len() - 1 } else { bytes.len() };
        for length in 0..until {
            let mut bad = good.clone();
            bad.get_mut(name).unwrap().truncate(length);
            assert!(read(&bad).is_err(), "{name}, {length} bytes");
            if name == WEIGHTS {
                assert!(read_unstamped(&bad).is_err(), "{length} bytes");
            }
        }
        let mut bad = good.clone();
        bad.remove(name);
        let error = read(&bad).unwrap_err();
        assert!(error.to_string().starts_with(name.as_str()), "{error}");
    }
}

/// The error for a config with one number changed, behind the stamps.
fn claim(model: &Model, key: &str, claim: u64) -> ModelError {
    let mut files = files(model);
    let mut config: Value = serde_json::from_slice(&files[CONFIG]).unwrap();
    let old = std::mem::replace(&mut config["config"][key], json!(claim));
    assert_ne!(old, json!(claim));
    files.insert(CONFIG.into(), serde_json::to_vec(&config).unwrap());
    read_unstamped(&files).expect_err("a claim that nothing vouches for")
}

/// Each of these would need more memory than there is, were it believed.
#[test]
fn claims_of_the_config_are_not_believed() {
    let model = samples::next();
    for key in ["n_layers", "n_heads", "d_model", "d_head", "d_mlp", "max_len"] {
        for size in [u64::MAX, 1_000_000_000_000_000_000, 1_000_000_000_000, 1 << 31, (1 << 31) - 2, 1_000_000, 3] {
            claim(&model, key, size);
        }
    }
}

#[test]
fn formats_of_another_time_are_named() {
    for (key, value) in [("format_version", json!(2)), ("format", json!("other"))] {
        let mut files = files(&samples::step());
        let mut config: Value = serde_json::from_slice(&files[CONFIG]).unwrap();
        config[key] = value;
        files.insert(CONFIG.into(), serde_json::to_vec(&config).unwrap());
        let error = read(&files).unwrap_err().to_string();
        assert!(error.contains("format"), "{error}");
    }
}

/// The weights of a model with the header's text and the data changed.
fn with_weights(model: &Model, change: impl FnOnce(&mut String, &mut Vec<u8>)) -> Result<Model, ModelError> {
    let mut files = files(model);
    let bytes = &files[WEIGHTS];
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    let mut data = bytes[8 + length..].to_vec();
    change(&mut header, &mut data);
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
    files.insert(WEIGHTS.into(), bytes);
    read_unstamped(&files)
}

fn header_error(change: impl FnOnce(&mut String)) -> String {
    with_weights(&samples::next(), |header, _| change(header)).unwrap_err().to_string()
}

#[test]
fn hostile_headers_are_errors() {
    assert!(with_weights(&samples::next(), |_, _| {}).is_ok());
    let twice = header_error(|h| {
        let entry = r#""blocks.0.mlp.b_in":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"#;
        h.insert_str(1, entry);
    });
    assert!(twice.contains("twice"), "{twice}");
    let more = header_error(|h| h.insert_str(1, r#""more":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"#));
    assert!(more.contains("tensors in"), "{more}");
    let renamed = header_error(|h| *h = h.replace("embed.W_E.values", "embed.W_F.values"));
    assert!(renamed.contains("embed.W_E"), "{renamed}");
    assert!(header_error(|h| *h = h.replace("F32", "I32")).contains("type"));
    assert!(!header_error(|h| *h = h.replace("\"shape\":[2,", "\"shape\":[18446744073709551615,")).is_empty());
    assert!(!header_error(|h| *h = "{".repeat(5000)).is_empty());
    assert!(!header_error(|h| *h = r#"{"a":"#.repeat(5000)).is_empty());
    assert!(!header_error(String::clear).is_empty());
    assert!(!header_error(|h| *h = "[]".into()).is_empty());
}

#[test]
fn hostile_header_lengths_are_errors() {
    let good = files(&samples::next());
    for length in [0, 1, 7, 8, 1000, u64::from(u32::MAX), u64::MAX - 8, u64::MAX] {
        let mut bad = good.clone();
        bad.get_mut(WEIGHTS).unwrap()[..8].copy_from_slice(&length.to_le_bytes());
        assert!(read_unstamped(&bad).is_err());
    }
}

/// Where a tensor's data starts, relative to the data.
fn offset(header: &str, name: &str) -> usize {
    let header: Value = serde_json::from_str(header).unwrap();
    header[name]["data_offsets"][0].as_u64().unwrap() as usize
}

/// The error for four bytes of a tensor changed.
fn entry_error(name: &str, index: usize, bytes: [u8; 4]) -> EntryError {
    let read = with_weights(&samples::next(), |header, data| {
        let at = offset(header, name) + 4 * index;
        data[at..at + 4].copy_from_slice(&bytes);
    });
    match read {
        Err(ModelError::Entry { why, what, .. }) if what.split(".indices").next() == name.split(".indices").next() => {
            why
        }
        // The values of a sparse tensor are reported with its indices, where they are not even finite by their own name.
        Err(ModelError::Entry { why, what, .. }) if name.strip_suffix("values") == what.strip_suffix("indices") => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_are_checked_one_by_one() {
    let index = |i: i32| i.to_le_bytes();
    let number = |f: f32| f.to_le_bytes();
    // W_K has the entries of head 1 only: axis 0 of its indices is all 1.
    let w_k = "blocks.0.attn.W_K.indices";
    assert_eq!(entry_error(w_k, 0, index(2)), EntryError::Outside, "no such head");
    assert_eq!(entry_error(w_k, 0, index(-1)), EntryError::Outside);
    assert_eq!(entry_error(w_k, 1, index(0)), EntryError::Order, "heads ascend");
    assert_eq!(entry_error("embed.W_E.indices", 0, index(5)), EntryError::Outside);
    assert_eq!(entry_error("embed.W_E.indices", 0, index(i32::MIN)), EntryError::Outside);
    assert_eq!(entry_error("embed.W_E.indices", 0, index(1)), EntryError::Order);
    assert_eq!(entry_error("embed.W_E.values", 1, number(f32::NAN)), EntryError::Value);
    assert_eq!(entry_error("embed.W_E.values", 1, number(0.0)), EntryError::Value);
    assert_eq!(entry_error("blocks.0.attn.b_K", 1, number(f32::INFINITY)), EntryError::Value);
}

#[test]
fn coordinates_rebuild_the_dense_tensors() {
    let model = samples::random(12);
    let bytes = &files(&model)[WEIGHTS];
    let tensors = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let mut sparse = 0;
    for dense in model.dense() {
        let Ok(values) = tensors.tensor(&format!("{}.values", dense.name)) else { continue };
        let indices = tensors.tensor(&format!("{}.indices", dense.name)).unwrap();
        let axes = dense.shape.len();
        assert_eq!(indices.shape(), [axes, values.shape()[0]]);
        let indices: Vec<usize> =
            indices.data().chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap()) as usize).collect();
        let mut rebuilt = vec![0.0; dense.len()];
        for (i, value) in values.data().chunks_exact(4).enumerate() {
            let n = values.shape()[0];
            let at = (0..axes).fold(0, |at, axis| at * dense.shape[axis] + indices[axis * n + i]);
            rebuilt[at] = f32::from_le_bytes(value.try_into().unwrap());
        }
        assert_eq!(dense.to_vec(), rebuilt, "{}", dense.name);
        sparse += 1;
    }
    assert_eq!(sparse, 2 + 6 * model.layers.len());
}
