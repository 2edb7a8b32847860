//! Damage made on purpose where a proof could look away: what is off, what is nothing, what no number stands for.

use raspc::certify::precision::{Dtype, analyse_for};
use raspc::certify::{Parts, analyse};
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::Mask;
use raspc_lang::input::parse_vocab;
use raspc_lang::program::parse_program;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::{Layer, Model};

fn compiled(text: &str, vocab: &str, len: usize, opt: OptLevel) -> Compilation {
    let program = parse_program("crafted", text, Mask::Full, &mut |p| Err(format!("no file {p}"))).expect("parses");
    let mut options = Options::new(parse_vocab(vocab).expect("a vocabulary"), len);
    options.opt = opt;
    compile(&program.graph, program.output.expect("an output"), &options).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn refused(whole: &Compilation, damage: impl Fn(&mut Model)) -> bool {
    let mut model = whole.model.clone();
    damage(&mut model);
    assert_eq!(model.check().map_err(|e| e.to_string()), Ok(()), "the damage is in the weights alone");
    assert_ne!(model, whole.model);
    analyse(&Parts { model: &model, ..whole.parts() }).certificate.is_err()
}

fn set(matrix: &mut SparseMatrix, changes: &[(usize, usize, f32)]) {
    let changed = |r: u32, c: u32| changes.iter().any(|&(row, column, _)| (row, column) == (r as usize, c as usize));
    let mut entries: Vec<(u32, u32, f32)> = matrix.entries().filter(|&(r, c, _)| !changed(r, c)).collect();
    entries.extend(changes.iter().filter(|c| c.2 != 0.0).map(|&(r, c, x)| (r as u32, c as u32, x)));
    *matrix = SparseMatrix::from_entries(matrix.rows(), matrix.cols(), entries);
}

fn direction(model: &Model, label: &str) -> usize {
    model.labels.iter().position(|l| l == label).unwrap_or_else(|| panic!("no {label} in {:?}", model.labels))
}

/// A unit that reads and writes nothing.
fn spare(layer: &Layer) -> usize {
    let used: Vec<u32> = layer.w_in.entries().map(|e| e.1).chain(layer.w_out.entries().map(|e| e.0)).collect();
    (0..layer.w_in.cols()).find(|&u| !used.contains(&(u as u32))).expect("layers have the units of the widest")
}

/// A form that differs only where a token is a string follows no line through the tokens that are numbers.
#[test]
fn lines_say_nothing_of_strings() {
    let text = "m = aggregate(select(tokens, \"a\", ==), indices, 0); d = m + 0.5;";
    let whole = compiled(text, "[\"a\",1]", 12, OptLevel::O0);
    assert!(refused(&whole, |model| {
        let token = direction(model, "tokens:a");
        let layer = &mut model.layers[0];
        let (row, unit, _) = layer.w_in.entries().next().expect("a unit");
        set(&mut layer.w_in, &[(row as usize, unit as usize, 0.0), (token, unit as usize, 0.25)]);
    }));
}

/// A unit that is off in exact arithmetic is on in some order of its sum, where its products are large and cancel.
#[test]
fn what_is_off_is_off_in_every_order() {
    let text = "h = selector_width(select(tokens, \"a\", ==)); z = 5 if h > 2 else 7; y = selector_width(select(z, indices, >));";
    let whole = compiled(text, "[\"a\",\"b\"]", 4, OptLevel::O0);
    assert!(refused(&whole, |model| {
        let (token, one) = (direction(model, "tokens:a"), 0);
        let mut reads = vec![(token, 33_554_432.0), (one, 2.5)];
        reads.extend((0..4).map(|i| (direction(model, &format!("indices:{i}")), -33_554_432.0)));
        let target = direction(model, "h > 2");
        let layer = &mut model.layers[0];
        let unit = spare(layer);
        let reads: Vec<_> = reads.into_iter().map(|(row, w)| (row, unit, w)).collect();
        set(&mut layer.w_in, &reads);
        set(&mut layer.w_out, &[(unit, target, 1.0)]);
        layer.b_in[unit] = -3.0;
    }));
}

/// What is added to a large number and is lost there does not come back when the large number is taken out.
#[test]
fn what_large_defaults_swallow_is_not_forgotten() {
    let text = "h = selector_width(select(tokens, \"a\", ==)); z = 7 if tokens == \"c\" else 5; x = z + h;";
    let whole = compiled(text, "[\"a\",\"b\",\"c\"]", 6, OptLevel::O1);
    let target = whole.model.layers[0].w_out.entries().next().expect("a unit").1 as usize;
    assert!(refused(&whole, |model| {
        let tokens = ["a", "b", "c"].map(|t| direction(model, &format!("tokens:{t}")));
        for (factor, bias) in [(67_108_864.0, 0.0), (0.0, 0.25)] {
            let layer = &mut model.layers[0];
            let unit = spare(layer);
            if factor > 0.0 {
                let reads = tokens.map(|t| (t, unit, -factor));
                set(&mut layer.w_in, &reads);
                set(&mut layer.w_in, &[(0, unit, factor)]);
                set(&mut layer.w_out, &[(unit, target, factor)]);
            } else {
                set(&mut layer.w_in, &[(0, unit, bias)]);
                set(&mut layer.w_out, &[(unit, target, 1.0)]);
            }
        }
    }));
}

/// Infinity times zero is not a number: a dimension overflows though nothing is made of it.
#[test]
fn what_is_not_looked_at_is_finite() {
    let width = compiled("x = selector_width(select(tokens, tokens, ==));", "0..3", 4, OptLevel::O1);
    assert!(refused(&width, |model| {
        let token = direction(model, "tokens:0");
        let head = &mut model.layers[0].heads[0];
        let unused = (0..head.w_v.cols()).find(|&d| head.w_o.row(d).0.is_empty()).expect("one dimension is written");
        set(&mut head.w_v, &[(0, unused, 3e38), (token, unused, 3e38)]);
    }));
    let moved = compiled("x = aggregate(select(indices, 0, ==), tokens);", "[\"a\",\"b\",\"c\"]", 4, OptLevel::O1);
    assert!(refused(&moved, |model| {
        let token = direction(model, "tokens:a");
        let head = &mut model.layers[0].heads[0];
        let unused =
            (0..head.w_k.cols()).find(|&d| head.w_k.entries().all(|e| e.1 as usize != d)).expect("d_head is 3");
        set(&mut head.w_q, &[(0, unused, 3e38), (token, unused, 3e38)]);
    }));
}

/// A unit that is off reads factors that TF32 shortens, and would be on.
#[test]
fn units_that_are_off_need_their_factors_too() {
    let text = "z = 5 if tokens == \"a\" and indices == 1 else 7; w = z * indices % 4; u = w * w + z;";
    let mut whole = compiled(text, "[\"a\",\"b\",\"c\"]", 4, OptLevel::O0);
    let holds = |whole: &Compilation| analyse_for(&whole.parts(), Dtype::TensorFloat32).certificate.is_ok();
    assert!(holds(&whole));
    let model = &mut whole.model;
    let (token, target) = (direction(model, "tokens:a"), direction(model, "tokens == \"a\" and indices == 1"));
    let at =
        model.layers.iter().position(|l| l.w_out.entries().any(|e| e.1 as usize == target)).expect("it is written");
    let layer = &mut model.layers[at];
    let unit = spare(layer);
    set(&mut layer.w_in, &[(token, unit, 4098.9)]);
    set(&mut layer.w_out, &[(unit, target, 1.0)]);
    layer.b_in[unit] = -4099.0;
    assert!(analyse(&whole.parts()).certificate.is_ok(), "in 32 bits it is off");
    assert!(!holds(&whole));
}
