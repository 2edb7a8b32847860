//! `verify` finds what is wrong at each level, and nothing where nothing is.

use raspc::certify::precision::Dtype;
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Outcome, Plan, check, verify};
use raspc_lang::graph::Mask;
use raspc_lang::program::parse_program;
use raspc_lang::value::Value;
use raspc_model::matrix::SparseMatrix;

fn vocab(texts: &str) -> Vec<Value> {
    texts.chars().map(|c| Value::str(c.to_string())).collect()
}

/// Compiles the last s-op of a program.
fn compiled(text: &str, mask: Mask, options: &Options) -> Compilation {
    let program = parse_program("p", text, mask, &mut |p| Err(format!("no file {p}"))).expect("a program");
    let (_, &output) = program.bindings.iter().last().expect("an s-op");
    compile(&program.graph, output, options).unwrap_or_else(|e| panic!("{text}\n{e:#?}"))
}

/// The width of a long selector comes out of a piecewise linear sum that only the residual stream's own rounding makes
/// whole: the circuit has to be run with that rounding, or it is blamed for what it does right.
#[test]
fn wide_counts_agree_at_the_level_of_the_circuit() {
    for text in ["y = length - indices;", "y = aggregate(select(indices, length - indices - 1, ==), tokens);"] {
        let c = compiled(text, Mask::Full, &Options::new(vocab("ab"), 700));
        let report = verify(&c, Plan { inputs: 2, seed: 1 }, &mut |_, _| {});
        assert_eq!(report.first, None, "{text}");
    }
}

/// What `run` marks with ≈ `verify` counts, and tells the first of.
#[test]
fn numbers_within_a_wide_bound_alone_are_told_of() {
    let tokens: Vec<Value> = [1, 1_000_000, 1_000_001].map(Value::int).to_vec();
    let text = "near = aggregate(select(indices, indices, <=), tokens); y = near - 1000000;";
    let c = compiled(text, Mask::Full, &Options::new(tokens, 3));
    let report = verify(&c, Plan { inputs: 100, seed: 1 }, &mut |_, _| {});
    assert!(report.exhaustive && report.first.is_none(), "{report:?}");
    assert!(0 < report.roughly && report.roughly < report.checked, "{report:?}");
    let rough = report.first_roughly.expect("it is counted");
    assert_eq!((c.graph.describe(rough.node).as_str(), rough.level), ("y", "model"));
    let (got, expected) = (rough.got.as_f64().expect("a number"), rough.expected.as_f64().expect("a number"));
    assert!((got - expected).abs() > 1e-3 * got.abs().max(expected.abs()), "{got} and {expected}");
    // Integers are the nearest of few, and exact.
    let c = compiled("y = selector_width(select(tokens, tokens, ==));", Mask::Full, &Options::new(vocab("ab"), 3));
    let report = verify(&c, Plan { inputs: 100, seed: 1 }, &mut |_, _| {});
    assert_eq!((report.roughly, report.first_roughly), (0, None));
}

/// An aggregate that is always none, or always its default, may have strings for its values: these are no numbers.
#[test]
fn strings_behind_an_aggregate_that_selects_nothing() {
    let texts = [
        "v0 = tokens + \"x\"; v1 = aggregate(select(indices, indices + 5, ==), v0);
         v2 = selector_width(select(v1, v1, ==) or select(tokens, tokens, ==));",
        "v0 = tokens + \"x\"; v1 = aggregate(select(indices, indices + 5, ==), v0);
         v2 = selector_width(select(v1, v1, ==) or select(tokens, tokens, ==)); v3 = v0 if v2 > 1 else v0;",
        "v0 = tokens + \"x\"; v1 = aggregate(select(tokens, \"zz\", ==) and select(indices, indices - 1, ==), v0);
         v2 = selector_width(select(v1, v1, ==) or select(tokens, tokens, ==));",
        "v0 = tokens + \"x\"; v1 = aggregate(select(indices, indices + 5, ==), v0, 3); v2 = v1 + 1;",
    ];
    for text in texts {
        for opt in [OptLevel::O0, OptLevel::O1] {
            let c = compiled(text, Mask::Full, &Options { opt, ..Options::new(vocab("abc"), 3) });
            let report = verify(&c, Plan { inputs: 100, seed: 1 }, &mut |_, _| {});
            assert!(report.exhaustive && report.first.is_none(), "{opt:?} {text}: {:?}", report.first);
        }
    }
}

/// Weights that somebody changed are a disagreement, not a panic.
#[test]
fn numbers_beyond_f32_are_a_disagreement() {
    let mut c = compiled("y = selector_width(select(tokens, tokens, ==));", Mask::Full, &Options::new(vocab("ab"), 3));
    let w_v = &mut c.model.layers[0].heads[0].w_v;
    let huge = w_v.entries().map(|(r, c, _)| (r, c, 3e38)).collect();
    *w_v = SparseMatrix::from_entries(w_v.rows(), w_v.cols(), huge);
    let w_o = &mut c.model.layers[0].heads[0].w_o;
    let huge = w_o.entries().map(|(r, c, _)| (r, c, 3e38)).collect();
    *w_o = SparseMatrix::from_entries(w_o.rows(), w_o.cols(), huge);
    let Outcome::Differs(mismatch) = check(&c, &[0, 1]) else { panic!("it cannot agree") };
    assert_eq!((mismatch.level, mismatch.position), ("model", 0));
    assert!(mismatch.got.to_string().contains("range of f32"), "{mismatch:?}");
}

/// TF32 keeps 11 significant bits of each factor: a model certified for it has no longer weight in any product. (At BOS
/// too: it once had, and a GPU with TF32 on took the wrong keys.)
#[test]
fn no_weight_of_a_model_for_tf32_is_longer() {
    let dtype = Dtype::TensorFloat32;
    let longest = |c: &Compilation| {
        let matrices = c
            .model
            .layers
            .iter()
            .flat_map(|l| l.heads.iter().flat_map(|h| [&h.w_q, &h.w_k, &h.w_v, &h.w_o]).chain([&l.w_in, &l.w_out]));
        let bits = |x: f32| 24 - (x.to_bits() | 1 << 23).trailing_zeros().min(23);
        matrices.flat_map(SparseMatrix::entries).map(|e| bits(e.2)).max().unwrap_or(0)
    };
    let mut certified = 0;
    for mask in [Mask::Full, Mask::Causal] {
        for len in [5, 40, 128] {
            for text in [
                "y = aggregate(select(indices, indices - 1, ==), tokens);",
                "y = aggregate(select(indices, indices - 2, ==), tokens, \"b\");",
                "y = tokens + \"x\";",
                "y = \"even\" if indices % 2 == 0 else tokens;",
            ] {
                let options = Options::new(vocab("abc"), len);
                let program = parse_program("p", text, mask, &mut |p| Err(format!("no file {p}"))).expect("a program");
                let exact = compiled(text, mask, &options);
                let short = compile(&program.graph, program.bindings["y"], &Options { dtype, ..options });
                match short {
                    Ok(c) => {
                        certified += 1;
                        assert!(longest(&c) <= 11, "{text} at {len}: {} bits", longest(&c));
                    }
                    Err(_) => assert!(longest(&exact) > 11, "{text} at {len} is refused without need"),
                }
            }
        }
    }
    assert!(certified > 0);
}
