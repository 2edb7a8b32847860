//! Interventions: the interpreter and the transformer agree when a node is made to hold what it holds on another input.

use raspc::compile::{Compilation, compile};
use raspc::intervene::{Interchange, Unheld, check_interchange, holding};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::{Kind, Mask, NodeId};
use raspc_lang::input::parse_vocab;
use raspc_lang::program::parse_program;
use raspc_lang::programs::standard_programs;
use raspc_lang::value::Value;
use raspc_model::forward::Keep;
use raspc_model::hooks::Hooks;

fn vocab(name: &str) -> &'static str {
    match name {
        "frac_prevs" => "abx",
        "pair_balance" => "()x",
        "sort_unique" | "sort" => "0..5",
        "shuffle_dyck1" => "()",
        "shuffle_dyck2" => "(){}",
        "shuffle_dyck3" => "(){}[]",
        _ => "abc",
    }
}

fn compiled(name: &str, source: &str, max_len: usize, opt: OptLevel) -> Compilation {
    let program = parse_program(name, source, Mask::Full, &mut |_| Err("no files".into())).expect("a program");
    let mut options = Options::new(parse_vocab(vocab(name)).expect("a vocabulary"), max_len);
    options.opt = opt;
    compile(&program.graph, program.output.expect("an output"), &options).unwrap_or_else(|e| panic!("{name}: {e:#?}"))
}

/// Some inputs of one length, with few and with many different tokens.
fn inputs(vocab: usize, n: usize) -> Vec<Vec<u32>> {
    let of = |f: fn(usize) -> usize| (0..n).map(|i| (f(i) % vocab) as u32).collect();
    vec![of(|i| i), of(|i| 7 * i + 1), of(|i| i / 2), of(|_| 0), of(|i| 3 * i * i + 2)]
}

/// The named s-ops that the output depends on.
fn named(c: &Compilation) -> Vec<NodeId> {
    let named = c.graph.iter().filter(|(_, n)| n.op.kind() == Kind::SOp && n.name().is_some());
    named.map(|(id, _)| id).filter(|id| c.encoded.of[id.index()].is_some()).collect()
}

/// How many interchanges of a node agree; none may differ.
fn agreeing(c: &Compilation, name: &str, node: NodeId) -> usize {
    let (mut agree, inputs) = (0, inputs(c.options.vocab.len(), 4));
    for (a, b) in inputs.iter().flat_map(|a| inputs.iter().map(move |b| (a, b))) {
        match check_interchange(c, a, b, node).unwrap_or_else(|e| panic!("{name}: {e:?}")).outcome {
            Interchange::Agrees => agree += 1,
            Interchange::Raised(_) | Interchange::Unreachable { .. } => {}
            Interchange::Differs(m) => panic!("{name} {}: {m:?} with {b:?}", c.graph.describe(node)),
        }
    }
    agree
}

#[test]
fn every_named_node_of_the_standard_programs_agrees() {
    let mut views = Vec::new();
    for opt in [OptLevel::O0, OptLevel::O1] {
        for program in standard_programs() {
            let c = compiled(program.name, program.source, 5, opt);
            for node in named(&c) {
                let name = format!("{} {}", program.name, c.graph.describe(node));
                match holding(&c, node) {
                    Ok(_) => assert!(agreeing(&c, &name, node) >= 15, "{name} {opt:?}"),
                    Err(Unheld::View | Unheld::Bypassed { .. }) if opt == OptLevel::O1 => views.push(name),
                    Err(why) => panic!("{name} {opt:?}: {why:?}"),
                }
            }
        }
    }
    // Held as sums of other nodes' directions where the model is made small; each by itself at -O0.
    let known = [
        "shift_by source",
        "pair_balance balance",
        "shuffle_dyck1 step",
        "shuffle_dyck2 step",
        "shuffle_dyck3 step",
        "detect_pattern source",
    ];
    assert_eq!(views, known);
}

#[test]
fn a_patch_changes_what_is_computed_from_it() {
    let program = standard_programs().iter().find(|p| p.name == "sort_unique").expect("it is one");
    let c = compiled(program.name, program.source, 4, OptLevel::O1);
    let target = named(&c).into_iter().find(|&n| c.graph.describe(n) == "target_pos").expect("it is named");
    let holding = holding(&c, target).expect("it is held");
    let patches = [2, 1, 0].iter().zip(0..).flat_map(|(v, p)| holding.patch(p, &Value::int(*v)).expect("in range"));
    let hooks = Hooks { patches: patches.collect(), ablate: Vec::new() };
    let run = c.model.run_with(&[0, 1, 2], Keep::default(), &hooks).expect("it runs");
    let output: Vec<String> = c.model.decode_output(&run).iter().map(ToString::to_string).collect();
    assert_eq!(output, ["2", "1", "0"], "the sorted tokens backwards");
    assert!(matches!(holding.patch(0, &Value::int(9)), Err(Unheld::Value { .. })));
    assert!(matches!(holding.patch(0, &Value::None), Err(Unheld::Value { .. })));
}

#[test]
fn a_patch_beyond_what_inputs_reach_is_told_apart() {
    let program = standard_programs().iter().find(|p| p.name == "sort_unique").expect("it is one");
    let c = compiled(program.name, program.source, 4, OptLevel::O1);
    let target = named(&c).into_iter().find(|&n| c.graph.describe(n) == "target_pos").expect("it is named");
    // Two equal tokens have one place; of two different ones in one place the mean is no token.
    let outcome = check_interchange(&c, &[0, 1, 2, 3], &[0, 0, 1, 1], target).expect("it is held").outcome;
    assert!(matches!(outcome, Interchange::Unreachable { .. }), "{outcome:?}");
}
