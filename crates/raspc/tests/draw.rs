//! Pictures: well-formed whatever a program's names and tokens are, small whatever its size, the same bytes each time,
//! and true: what they show is what the interpreter and the weights say.

use raspc::compile::{Compilation, compile};
use raspc::draw::{self, View, draw};
use raspc::options::{OptLevel, Options};
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::program::{Program, parse_program};
use raspc_lang::programs::{standard_program, standard_programs};
use raspc_lang::value::Value;

/// Every view of every standard program stays below this, for an input of the example's length.
const MOST_BYTES: usize = 400_000;

fn standard(name: &str, mask: Mask) -> Program {
    let program = standard_program(name).expect("a standard program");
    let none = &mut |path: &str| Err(format!("no file {path}"));
    parse_program(name, program.source, mask, none).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn compiled(program: &Program, max_len: usize, opt: OptLevel) -> Compilation {
    let mut options = Options::new(program.vocab.clone().expect("a vocabulary"), max_len);
    options.opt = opt;
    compile(&program.graph, program.output.expect("an output"), &options).unwrap_or_else(|e| panic!("{e:#?}"))
}

/// The document, parsed; whatever is in it is an element or an attribute that a picture has.
fn parsed(svg: &str) -> roxmltree::Document<'_> {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{e}: {svg:.300}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(["svg", "g", "rect", "path", "text", "title"].contains(&name), "an element {name}");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(
                !name.starts_with("on") && name != "href" && name != "style" && name != "id",
                "an attribute {name}"
            );
            assert!(name == "data-key" || !attribute.value().contains("NaN"), "{attribute:?}");
        }
    }
    document
}

fn texts(svg: &str) -> Vec<String> {
    let document = parsed(svg);
    let texts = document.descendants().filter(|n| n.has_tag_name("text") || n.tag_name().name() == "text");
    texts.map(|t| t.text().unwrap_or("").to_owned()).collect()
}

/// Whether the braces and quotes of a DOT document end where they should, and its brackets of labels too.
fn check_dot(dot: &str) {
    let (mut depth, mut angles, mut quoted) = (0_i32, 0_i32, false);
    for c in dot.chars() {
        match c {
            '"' if angles == 0 => quoted = !quoted,
            _ if quoted => {}
            '<' => angles += 1,
            '>' if angles > 0 => angles -= 1,
            '{' if angles == 0 => depth += 1,
            '}' if angles == 0 => depth -= 1,
            _ => {}
        }
        assert!(depth >= 0);
    }
    assert_eq!((depth, angles, quoted), (0, 0, false), "{dot}");
}

#[test]
fn every_view_of_every_program_is_well_formed_and_small() {
    for p in standard_programs() {
        for mask in [Mask::Full, Mask::Causal] {
            let program = standard(p.name, mask);
            let input = program.example.clone().expect("an example");
            let c = compiled(&program, input.len().max(4), OptLevel::O1);
            for view in View::ALL {
                let picture = draw(&c, view, Some(&input)).unwrap_or_else(|e| panic!("{} {view:?}: {e}", p.name));
                let (svg, dot) = (picture.svg(), picture.dot());
                parsed(&svg);
                check_dot(&dot);
                let most = svg.len().max(dot.len());
                assert!(most < MOST_BYTES, "{} {view:?}: {most} bytes", p.name);
            }
        }
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    let program = standard("sort_unique", Mask::Full);
    let input = program.example.clone().expect("an example");
    let drawn = || {
        let c = compiled(&program, 5, OptLevel::O1);
        View::ALL.map(|v| draw(&c, v, Some(&input)).map(|p| (p.svg(), p.dot())).expect("drawn"))
    };
    assert_eq!(drawn(), drawn());
}

#[test]
fn a_flow_shows_what_the_interpreter_says() {
    let program = standard("sort_unique", Mask::Full);
    let input: Vec<Value> = [30, 10, 40, 20].map(Value::int).to_vec();
    let svg = draw::flow(&program.graph, program.output.expect("an output"), &input).svg();
    let texts = texts(&svg);
    for expected in ["head 0: smaller", "key: target_pos", "moves: tokens", "layer 2 attention", "output: sorted"] {
        assert!(texts.iter().any(|t| t == expected), "no {expected}: {texts:?}");
    }
    // The last row of the picture is the output.
    assert_eq!(texts[texts.len() - 4..], ["10", "20", "30", "40"]);
    // `smaller` selects 2 + 0 + 3 + 1 keys, `sel_new` one for each of the four queries.
    let selected: usize = parsed(&svg)
        .descendants()
        .filter(|n| n.tag_name().name() == "path" && n.attribute("fill") == Some("#0072b2"))
        .map(|n| n.attribute("d").unwrap_or("").matches('M').count())
        .sum();
    assert_eq!(selected, 6 + 4);
}

#[test]
fn an_attention_view_shows_the_weights() {
    let program = standard("sort_unique", Mask::Full);
    let c = compiled(&program, 4, OptLevel::O1);
    let input: Vec<Value> = [2, 0, 1].map(Value::int).to_vec();
    let texts = texts(&draw(&c, View::Attention, Some(&input)).expect("drawn").svg());
    let count = |text: &str| texts.iter().filter(|t| *t == text).count();
    // The head of widths: 2 sees BOS, 0 and 1 with a third each, 1 sees BOS and 0 with a half each.
    assert_eq!((count(".33"), count(".50")), (3, 2));
}

/// What formulas do last, and what tells them apart, stands at their ends.
#[test]
fn long_formulas_keep_their_ends() {
    let c = compiled(&standard("shuffle_dyck2", Mask::Full), 6, OptLevel::O1);
    let shown = texts(&draw(&c, View::Layers, None).expect("no input needed").svg());
    for end in [") < 0", ") != 0"] {
        let long = |t: &&String| t.contains("neurons: aggregate") && t.contains('…') && t.ends_with(end);
        assert_eq!(shown.iter().filter(long).count(), 1, "{end}: {shown:?}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = [
        "</text><script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "]]>&amp;&#0;<!--",
        "a\u{0}b\u{1b}[31m\n\u{202e}\u{feff}\u{ffff}",
        "\\\"]; evil [label=\"",
        "<TABLE>%s${x}",
        "'",
        "",
    ];
    let mut graph = Graph::new(Mask::Full);
    let tokens = graph.push(Op::Tokens, None);
    let predicate = Predicate::Compare(Comparison::Eq);
    let mut last = tokens;
    for name in hostile {
        let select = graph.push(Op::Select { keys: tokens, queries: tokens, predicate: predicate.clone() }, None);
        graph.name(select, name);
        let default = Value::str(hostile[0]);
        last = graph.push(Op::Aggregate { selector: select, values: last, default }, None);
        graph.name(last, &format!("{name}!"));
    }
    let vocab: Vec<Value> = hostile.iter().map(Value::str).collect();
    let c = compile(&graph, last, &Options::new(vocab.clone(), 8)).unwrap_or_else(|e| panic!("{e:#?}"));
    // Each token occurs once, so that every aggregate copies.
    for view in View::ALL {
        let picture = draw(&c, view, Some(&vocab)).expect("drawn");
        parsed(&picture.svg());
        check_dot(&picture.dot());
        assert!(!picture.svg().contains("<script") && !picture.dot().contains("<script"), "{view:?}");
    }
}

#[test]
fn large_programs_inputs_and_models_give_small_pictures() {
    // A chain of three thousand operations.
    let mut graph = Graph::new(Mask::Full);
    let tokens = graph.push(Op::Tokens, None);
    let mut last = tokens;
    for i in 0..1500 {
        let predicate = Predicate::Compare(Comparison::Le);
        let select = graph.push(Op::Select { keys: last, queries: tokens, predicate }, None);
        last = graph.push(Op::SelectorWidth(select), None);
        if i % 10 == 0 {
            graph.name(last, &format!("step{i}"));
        }
    }
    let picture = draw::graph(&graph, last);
    parsed(&picture.svg());
    assert!(picture.svg().len() < MOST_BYTES, "{}", picture.svg().len());

    let program = standard("sort_unique", Mask::Full);
    let output = program.output.expect("an output");
    let input: Vec<Value> = (0..300).map(Value::int).collect();
    let svg = draw::flow(&program.graph, output, &input).svg();
    parsed(&svg);
    assert!(svg.len() < 2 * MOST_BYTES && svg.contains("which are not shown"), "{}", svg.len());

    let mut options = Options::new((0..120).map(Value::int).collect(), 120);
    options.opt = OptLevel::O0;
    let c = compile(&program.graph, output, &options).expect("it compiles");
    for view in View::ALL {
        let svg = draw(&c, view, Some(&input[..100])).expect("drawn").svg();
        parsed(&svg);
        assert!(svg.len() < 3 * MOST_BYTES, "{view:?}: {}", svg.len());
    }
}

#[test]
fn values_that_are_not_defined_are_marked() {
    let text = "bad = 1 / indices;";
    let program =
        parse_program("bad.rasp", text, Mask::Full, &mut |_| Err("no files".into())).unwrap_or_else(|e| panic!("{e}"));
    let output: NodeId = program.bindings["bad"];
    let svg = draw::flow(&program.graph, output, &[Value::str("a"), Value::str("b")]).svg();
    let texts = texts(&svg);
    assert!(texts.iter().any(|t| t == "!") && texts.iter().any(|t| t.contains("division by zero")), "{texts:?}");
}

#[test]
fn an_input_is_asked_for_and_checked() {
    let program = standard("hist", Mask::Full);
    let c = compiled(&program, 3, OptLevel::O1);
    for view in View::ALL {
        assert_eq!(draw(&c, view, None).is_err(), view.needs_input(), "{view:?}");
        assert_eq!(View::named(view.name()), Some(view));
    }
    let stranger = [Value::str("?")];
    assert!(draw(&c, View::Attention, Some(&stranger)).is_err());
    assert!(draw(&c, View::Residual, Some(&stranger)).is_err());
    // The empty input has no positions but BOS.
    for view in View::ALL {
        parsed(&draw(&c, view, Some(&[])).expect("drawn").svg());
    }
}
