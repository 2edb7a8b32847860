//! Each invariant, broken on its own.

use serde_json::json;

use super::*;
use crate::samples::{self, int, sparse};

fn broken(model: &Model, change: impl FnOnce(&mut Model)) -> ModelError {
    let mut model = model.clone();
    change(&mut model);
    model.check().expect_err("an invariant was broken")
}

fn readout_error(change: impl FnOnce(&mut crate::model::Readout)) -> &'static str {
    match broken(&samples::step(), |m| change(&mut m.readouts[0])) {
        ModelError::Readout { readout: 0, why } => why,
        other => panic!("{other}"),
    }
}

fn number(bound: f64, values: Option<Vec<Token>>) -> Decode {
    Decode::Numerical { value: vec![(0, 1.0)], defined: None, bound, values }
}

#[test]
fn shapes_and_counts_follow_from_the_config() {
    let m = samples::step();
    m.check().unwrap();
    let shape = |change: fn(&mut Model)| assert!(matches!(broken(&m, change), ModelError::Shape { .. }));
    shape(|m| m.w_e = sparse(5, 4, &[]));
    shape(|m| m.w_pos = sparse(5, 4, &[]));
    shape(|m| m.layers[0].heads[0].w_q = sparse(4, 2, &[]));
    shape(|m| m.layers[0].heads[1].w_k = sparse(3, 1, &[]));
    shape(|m| m.layers[0].heads[1].w_v = sparse(4, 0, &[]));
    shape(|m| m.layers[0].heads[1].w_o = sparse(4, 1, &[]));
    shape(|m| m.layers[0].w_in = sparse(3, 4, &[]));
    shape(|m| m.layers[0].w_out = sparse(4, 3, &[]));
    let count = |change: fn(&mut Model)| assert!(matches!(broken(&m, change), ModelError::Count { .. }));
    count(|m| m.layers.clear());
    count(|m| drop(m.layers[0].heads.pop()));
    count(|m| m.layers[0].b_in.push(0.0));
    count(|m| drop(m.labels.pop()));
}

#[test]
fn sizes_are_bounded() {
    let m = samples::step();
    let size = |change: fn(&mut Config, usize)| {
        for claim in [1 << 31, usize::MAX] {
            assert!(matches!(broken(&m, |m| change(&mut m.config, claim)), ModelError::Size { .. }));
        }
    };
    size(|c, n| c.n_layers = n);
    size(|c, n| c.n_heads = n);
    size(|c, n| c.d_model = n);
    size(|c, n| c.d_head = n);
    size(|c, n| c.d_mlp = n);
    size(|c, n| c.max_len = n);
    assert!(matches!(broken(&m, |m| m.config.d_head = 0), ModelError::Size { what: "d_head", found: 0 }));
}

#[test]
fn biases_are_finite_and_in_order() {
    let m = samples::next();
    let entry = |change: fn(&mut Model)| match broken(&m, change) {
        ModelError::Entry { why, .. } => why,
        other => panic!("{other}"),
    };
    assert_eq!(entry(|m| m.layers[0].heads[0].b_k = vec![(0, f32::INFINITY)]), EntryError::Value);
    assert_eq!(entry(|m| m.layers[0].heads[0].b_k = vec![(0, 0.0)]), EntryError::Value);
    assert_eq!(entry(|m| m.layers[0].heads[0].b_k = vec![(99, 1.0)]), EntryError::Outside);
    assert_eq!(entry(|m| m.layers[0].heads[0].b_k = vec![(1, 1.0), (1, 1.0)]), EntryError::Order);
    let nan = broken(&samples::step(), |m| m.layers[0].b_in[1] = f32::NAN);
    assert!(matches!(nan, ModelError::Entry { entry: 1, .. }));
}

#[test]
fn tokens_differ_from_each_other_and_from_bos_and_pad() {
    let m = samples::step();
    let vocab = |token: Token| match broken(&m, |m| m.vocab[2] = token) {
        ModelError::Vocab { id, why } => (id, why),
        other => panic!("{other}"),
    };
    assert_eq!(vocab(Token::Bool(true)), (2, "equals an earlier one"));
    assert_eq!(vocab(Token::Str("compiler_bos".into())), (2, "has the text of BOS or PAD"));
    assert_eq!(vocab(Token::Other("compiler_pad".into())), (2, "has the text of BOS or PAD"));
    assert_eq!(vocab(Token::Int("02".into())), (2, "is no well-formed token"));
    assert_eq!(broken(&m, |m| m.config.bos = "compiler_pad".into()), ModelError::SpecialTokens);
}

#[test]
fn read_outs_are_in_range() {
    let m = samples::step();
    let output = broken(&m, |m| m.output = 1);
    assert_eq!(output, ModelError::Output { output: 1, readouts: 1 });
    assert!(readout_error(|r| r.after = 3).contains("half-layer"));
    for form in [vec![(4, 1.0)], vec![(1, 1.0), (0, 1.0)], vec![(1, 1.0), (1, 1.0)], vec![(0, f32::NAN)]] {
        assert!(readout_error(|r| r.decode = Decode::Categorical { classes: vec![(int(1), form)] }).contains("form"));
    }
    let classes = vec![(int(1), Vec::new()), (Token::Bool(true), Vec::new())];
    assert!(readout_error(|r| r.decode = Decode::Categorical { classes }).contains("one token"));
    for bound in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(readout_error(|r| r.decode = number(bound, None)).contains("bound"));
    }
    let huge = Token::Int("9".repeat(400));
    for values in [vec![], vec![int(2), int(1)], vec![Token::None], vec![Token::Str("1".into())], vec![huge]] {
        assert!(readout_error(|r| r.decode = number(0.0, Some(values))).contains("values"));
    }
    let order = broken(&m, |m| {
        m.readouts.insert(0, m.readouts[0].clone());
        m.readouts[0].node = 1;
    });
    assert!(matches!(order, ModelError::Readout { readout: 1, .. }));
}

#[test]
fn graph_and_circuit_are_not_nested_too_deeply() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    let mut m = samples::step();
    m.graph = nested(119);
    m.check().unwrap();
    assert_eq!(broken(&m, |m| m.circuit = nested(120)), ModelError::Depth { what: "circuit" });
}
