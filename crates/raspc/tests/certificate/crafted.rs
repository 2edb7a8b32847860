//! Damage made on purpose where a proof could look away: what is off, what is nothing, what no number stands for.

use raspc::certify::precision::{Dtype, analyse_for};
use raspc::certify::{Parts, analyse};
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::Mask;
use raspc_lang::input::parse_vocab;
use raspc_lang::program::parse_program;
use raspc_model::forward::Keep;
use raspc_model::matrix::{Matrix, SparseMatrix};
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

/// The layer whose units write a direction.
fn writer(model: &Model, target: usize) -> usize {
    model.layers.iter().position(|l| l.w_out.entries().any(|e| e.1 as usize == target)).expect("some layer does")
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

/// A number that a category chooses, its values too many to list: another factor at one category, a gate that stays open, another
/// constant, a category that reads another number.
#[test]
fn chosen_numbers_are_followed_category_by_category() {
    let means = "m = aggregate(select(tokens, indices, <=), tokens, -1); n = aggregate(select(tokens, 1, !=), m, 1);";
    let whole = compiled(&format!("{means} x = n if indices == 2 else 1 - 2 * n;"), "[-1,0,1,2]", 11, OptLevel::O1);
    let target = direction(&whole.model, "x");
    let at = writer(&whole.model, target);
    let layer = &whole.model.layers[at];
    let number = direction(&whole.model, "n");
    let units: Vec<usize> = layer.w_out.entries().filter(|e| e.1 as usize == target).map(|e| e.0 as usize).collect();
    let mut damaged = 0;
    for &unit in &units {
        let (out, bias) = (layer.w_out.get(unit, target), layer.b_in[unit]);
        assert!(refused(&whole, |m| set(&mut m.layers[at].w_out, &[(unit, target, out * 1.03125)])), "unit {unit}");
        assert!(refused(&whole, |m| m.layers[at].b_in[unit] = bias + 0.0625), "unit {unit}");
        let reads: Vec<(usize, f32)> =
            layer.w_in.entries().filter(|e| e.1 as usize == unit).map(|e| (e.0 as usize, e.2)).collect();
        // (That it reads BOS keeps it off there, and says nothing of tokens.)
        let bos = direction(&whole.model, "bos");
        for (row, w) in reads.into_iter().filter(|r| r.0 != bos) {
            let changed = if row == number { w * 1.03125 } else { 0.0 };
            let damage = |m: &mut Model| set(&mut m.layers[at].w_in, &[(row, unit, changed)]);
            assert!(refused(&whole, damage), "unit {unit} reads {}: {w}", whole.model.labels[row]);
            damaged += 1;
        }
    }
    assert!(damaged > 4, "{damaged}");
    let mean = direction(&whole.model, "m");
    let unit = *units.iter().find(|&&u| layer.w_in.get(number, u) != 0.0).expect("one reads the number");
    let w = layer.w_in.get(number, unit);
    assert!(refused(&whole, |m| set(&mut m.layers[at].w_in, &[(number, unit, 0.0), (mean, unit, w)])));
}

/// What is in a direction where its s-op is a string is among all that it can hold, also where its numbers cannot be listed unasked.
#[test]
fn strings_beside_many_numbers_are_looked_at() {
    let text = "h = selector_width(select(tokens, tokens, ==)); x = aggregate(select(tokens, \"a\", !=), indices, \"q\") == \"q\" or h % 3 == 0;";
    let whole = compiled(text, "[\"a\",\"b\",\"c\"]", 60, OptLevel::O1);
    let label = whole.model.labels.iter().find(|l| l.starts_with("aggregate(")).expect("the mean").clone();
    let mean = direction(&whole.model, &label);
    let layer = whole.model.layers.len() - 1;
    // No number overflows there, but what stands for the string does, in a unit that writes nothing.
    let string = f64::from(whole.model.run(&[0], Keep::default()).expect("runs").last.row(1)[mean]);
    let (constant, most) = (f64::from(whole.model.w_e.get(0, mean)), 59.0);
    assert!(string - constant > most + 1.0, "{string} {constant}");
    let unit = spare(&whole.model.layers[layer]);
    let factor = (1.02e38 / string) as f32;
    assert!(f64::from(factor) * (constant + most) < 1e38);
    assert!(refused(&whole, |m| set(&mut m.layers[layer].w_in, &[(mean, unit, factor)])));
    let smaller = (0.9e38 / string) as f32;
    assert!(!refused(&whole, |m| set(&mut m.layers[layer].w_in, &[(mean, unit, smaller)])), "it is that alone");
}

/// Where several strings are selected there is no value; where one is, it is no default.
#[test]
fn strings_do_not_count_as_the_default() {
    let text = "x = aggregate(select(tokens, \"a\", !=), tokens, 0);";
    let whole = compiled(text, "[\"a\",\"b\",\"c\"]", 5, OptLevel::O1);
    let (default, to) = (direction(&whole.model, "x:0"), direction(&whole.model, "x:b"));
    let head = &whole.model.layers[0].heads[0];
    // What brings the string, to the default as well.
    let string = head.w_o.entries().find(|e| e.1 as usize == to).expect("the value is moved");
    assert!(refused(&whole, |m| set(&mut m.layers[0].heads[0].w_o, &[(string.0 as usize, default, string.2)])));
    // The default itself, moved no more or to another class.
    let brings = head.w_o.entries().find(|e| e.1 as usize == default).expect("BOS brings the default");
    assert!(refused(&whole, |m| set(&mut m.layers[0].heads[0].w_o, &[(brings.0 as usize, default, 0.0)])));
    assert!(refused(&whole, |m| {
        set(&mut m.layers[0].heads[0].w_o, &[(brings.0 as usize, default, 0.0), (brings.0 as usize, to, brings.2)]);
    }));
}

/// Chords with another slope, a knot elsewhere, or a unit that turns the other way.
#[test]
fn chords_are_followed_value_by_value() {
    let whole = compiled("m = average(tokens); x = m * m / 2;", "0..21", 30, OptLevel::O1);
    let target = direction(&whole.model, "m * m");
    let at = writer(&whole.model, target);
    let layer = &whole.model.layers[at];
    let units: Vec<(usize, f32)> =
        layer.w_out.entries().filter(|e| e.1 as usize == target).map(|e| (e.0 as usize, e.2)).collect();
    assert!(units.len() > 8, "{} chords", units.len());
    for &(unit, w) in units.iter().step_by(units.len() / 6) {
        assert!(refused(&whole, |m| set(&mut m.layers[at].w_out, &[(unit, target, 2.0 * w)])));
        assert!(refused(&whole, |m| m.layers[at].b_in[unit] += 1.0));
        // One chord less may be a larger error, which is what is certified then.
        let (row, _, read) = layer.w_in.entries().find(|e| e.1 as usize == unit).expect("it reads");
        let mut model = whole.model.clone();
        set(&mut model.layers[at].w_in, &[(row as usize, unit, -read)]);
        let analysis = analyse(&Parts { model: &model, ..whole.parts() });
        let run =
            |model: &Model, ids: &[u32]| f64::from(model.run(ids, Keep::default()).expect("runs").last.row(1)[target]);
        for ids in [&[20u32][..], &[0], &[20, 0, 3], &[7, 7, 8, 9, 12, 20, 1, 1, 5]] {
            let off = (run(&model, ids) - run(&whole.model, ids)).abs();
            let said = analysis.certificate.as_ref().map_or(f64::INFINITY, |c| c.max_error);
            assert!(off <= 2.0 * said, "{off}, and {said} is certified");
        }
    }
}

/// A value that no input reaches need not be readable; those that some input reaches must be.
#[test]
fn what_is_reached_is_read() {
    let means =
        "m = aggregate(select(tokens, indices, <=), indices, 0); n = aggregate(select(tokens, indices, <=), m, 0);";
    let text = format!("{means} r = round(n); x = none if r == 1 else r;");
    let whole = compiled(&text, "[-1,0,1]", 4, OptLevel::O0);
    let classes: Vec<usize> =
        (0..whole.model.labels.len()).filter(|&d| whole.model.labels[d].starts_with("x:")).collect();
    let written = |d: usize| whole.model.layers.iter().any(|l| l.w_out.entries().any(|e| e.1 as usize == d));
    let classes: Vec<usize> = classes.into_iter().filter(|&d| written(d)).collect();
    assert!(classes.len() > 2, "{:?}", whole.model.labels);
    for &class in &classes {
        let at = writer(&whole.model, class);
        let (unit, _, w) =
            whole.model.layers[at].w_out.entries().find(|e| e.1 as usize == class).expect("a unit writes it");
        let label = &whole.model.labels[class];
        let damaged =
            |factor: f32| refused(&whole, |m| set(&mut m.layers[at].w_out, &[(unit as usize, class, factor * w)]));
        assert!(damaged(0.0) && damaged(-1.0), "{label}");
        // Another class, too, where this one is.
        let other = *classes.iter().find(|&&c| c != class).expect("there are several");
        assert!(refused(&whole, |m| set(&mut m.layers[at].w_out, &[(unit as usize, other, w)])), "{label}");
    }
}

/// Each weight in turn made something else: where that is certified, the read-outs hold what is certified. How many there are.
fn harmless(whole: &Compilation, change: impl Fn(&mut Model, usize) -> Option<()>) -> usize {
    let inputs = [&[0u32][..], &[1], &[0, 0], &[0, 1, 1], &[1, 0, 1], &[1, 1, 0]];
    let run = |model: &Model, ids: &[u32]| model.run(ids, Keep::default()).expect("runs").last;
    for n in 0.. {
        let mut model = whole.model.clone();
        if change(&mut model, n).is_none() {
            return n;
        }
        let Ok(certificate) = analyse(&Parts { model: &model, ..whole.parts() }).certificate else { continue };
        for ids in inputs {
            let (own, other) = (run(&whole.model, ids), run(&model, ids));
            for readout in &whole.model.readouts {
                for form in readout.decode.forms() {
                    for p in 1..=ids.len() {
                        let read = |last: &Matrix| {
                            form.iter().map(|&(d, w)| f64::from(w) * f64::from(last.row(p)[d as usize])).sum::<f64>()
                        };
                        let off = (read(&own) - read(&other)).abs();
                        let most = 2.0 * certificate.max_error + 1e-6;
                        assert!(
                            off <= most,
                            "weight {n} on {ids:?}: off by {off}, and {} is certified",
                            certificate.max_error
                        );
                    }
                }
            }
        }
    }
    unreachable!("weights end")
}

/// The entry of a matrix with this number, if there is one, made another.
fn change(matrix: &mut SparseMatrix, n: usize, to: impl Fn(f32) -> f32) -> Option<()> {
    let (row, column, w) = matrix.entries().nth(n)?;
    set(matrix, &[(row as usize, column as usize, to(w))]);
    Some(())
}

/// The head that counts all keys, of which a complement takes some away, reads no select, and is looked at all the same.
#[test]
fn a_head_over_all_keys_is_looked_at() {
    let text = "h = aggregate(select(indices, indices - 1, ==), tokens, \"b\"); \
                x = selector_width(not (select(tokens, tokens, ==) and select(indices, indices, <) and select(h, \"a\", ==)));";
    for opt in [OptLevel::O0, OptLevel::O1] {
        let whole = compiled(text, "a,b", 4, opt);
        let heads: Vec<(usize, usize)> =
            (0..).zip(&whole.model.layers).flat_map(|(l, layer)| (0..layer.heads.len()).map(move |h| (l, h))).collect();
        let mut tried = 0;
        for (l, h) in heads {
            for add in [1.0, 128.0, -256.0] {
                tried += harmless(&whole, |m, n| change(&mut m.layers[l].heads[h].w_k, n, |w| w + add));
            }
        }
        assert!(tried > 30, "{tried} weights");
    }
}

/// A sum of numbers that are too many to list, which no category chooses.
#[test]
fn sums_of_numbers_are_followed() {
    let numbers = "m = aggregate(select(tokens, indices, <=), tokens, 0); n = aggregate(select(tokens, 1, !=), m, 1);";
    for last in ["x = n + m;", "x = 0.3 * n + m;"] {
        let whole = compiled(&format!("{numbers} {last}"), "0..3", 11, OptLevel::O0);
        let mut tried = 0;
        for l in 0..whole.model.layers.len() {
            for factor in [0.0, 0.5, -1.0, 1.03125] {
                tried += harmless(&whole, |m, n| change(&mut m.layers[l].w_out, n, |w| w * factor));
                tried += harmless(&whole, |m, n| change(&mut m.layers[l].w_in, n, |w| w * factor));
            }
        }
        assert!(tried > 8, "{tried} weights");
    }
}
