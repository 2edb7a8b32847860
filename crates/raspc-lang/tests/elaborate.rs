//! What programs mean: each text run on an input, and the graphs, names and bindings that come out.

use raspc_lang::graph::{Kind, Mask, Op};
use raspc_lang::interpret::interpret;
use raspc_lang::print::literal;
use raspc_lang::program::{Program, evaluate_text, parse_program};
use raspc_lang::value::Value;

fn no_files(_: &str) -> Result<String, String> {
    Err("no files here".to_owned())
}

fn program(text: &str) -> Program {
    let program = parse_program("main.rasp", text, Mask::Full, &mut no_files).unwrap_or_else(|f| panic!("{f}"));
    program.graph.check();
    program
}

/// The output on an input, its values as a program writes them; a selector's rows as 0 and 1.
fn shown(program: &Program, input: &[Value]) -> String {
    let trace = interpret(&program.graph, input);
    let output = program.output.expect("an output");
    if program.graph.op(output).kind() == Kind::Selector {
        let pattern = trace.pattern(output).unwrap();
        let n = input.len();
        let row = |q| (0..n).map(|k| if pattern.get(q, k) { '1' } else { '0' }).collect::<String>();
        return (0..n).map(row).collect::<Vec<_>>().join(" ");
    }
    match trace.values(output) {
        Ok(values) => values.iter().map(|v| literal(v).to_string()).collect::<Vec<_>>().join(" "),
        Err(e) => format!("error: {e}"),
    }
}

/// Checks what the text gives on the characters of "hello".
fn check(text: &str, expected: &str) {
    let input: Vec<Value> = "hello".chars().map(|c| Value::str(c.to_string())).collect();
    assert_eq!(shown(&program(text), &input), expected, "{text}");
}

#[test]
fn sources() {
    check("tokens;", r#""h" "e" "l" "l" "o""#);
    check("indices;", "0 1 2 3 4");
    check("length;", "5 5 5 5 5");
    check("full_s;", "11111 11111 11111 11111 11111");
    let numbers = [Value::int(3), Value::float(2.5).unwrap(), Value::Bool(true)];
    assert_eq!(shown(&program("tokens;"), &numbers), "3 2.5 True");
    assert_eq!(shown(&program("tokens_asis;"), &numbers), "3 2.5 True");
    assert_eq!(shown(&program("tokens_str;"), &numbers), r#""3" "2.5" "True""#);
    assert_eq!(shown(&program("tokens_int;"), &numbers), "3 2 1");
    assert_eq!(shown(&program("tokens_float;"), &numbers), "3.0 2.5 1.0");
    assert_eq!(shown(&program("tokens_bool;"), &numbers), "True True True");
    assert_eq!(shown(&program("tokens = tokens_str; tokens;"), &numbers), r#""3" "2.5" "True""#);
}

#[test]
fn atoms_fold_into_the_function() {
    check("indices + 1;", "1 2 3 4 5");
    check("3 < indices;", "False False False False True");
    check("2 ^ indices;", "1 2 4 8 16");
    check("\"a\" * indices;", r#""" "a" "aa" "aaa" "aaaa""#);
    check("tokens != \"l\";", "True True False False True");
    check("indices and 0;", "False False False False False");
    check("not indices;", "True False False False False");
    check("round(indices / 2);", "0 0 1 2 2");
    check("indicator(tokens == \"l\");", "0 0 1 1 0");
    let p = program("x = 1 + indices * 2;");
    let op = p.graph.op(p.output.unwrap());
    assert!(matches!(op, Op::Map { args, .. } if args.len() == 1), "{op:?}");
}

#[test]
fn choices() {
    check("1 if tokens == \"l\" else 2;", "2 2 1 1 2");
    check("tokens if indices > 2 else \"-\";", r#""-" "-" "-" "l" "o""#);
    check("indices if True else 1 / 0;", "0 1 2 3 4");
    check("def f(n) { return indices if n == 0 else f(n - 1) + 1; } f(3);", "3 4 5 6 7");
    check("none if indices == 1 else indices;", "0 none 2 3 4");
    check("(none if indices == 1 else indices) + 1;", "1 none 3 4 5");
    check("(none if indices == 1 else indices) if True else 0;", "0 none 2 3 4");
}

#[test]
fn selectors_and_aggregates() {
    check("select(indices, indices, <);", "00000 10000 11000 11100 11110");
    check("select(indices, 2, <);", "11000 11000 11000 11000 11000");
    check("select(2, indices, <);", "00000 00000 00000 11111 11111");
    check("select(tokens, \"l\", !=);", "11001 11001 11001 11001 11001");
    check("select(tokens, tokens, ==) and not select(indices, indices, ==);", "00000 00000 00010 00100 00000");
    check("aggregate(select(indices, indices, <=), indices);", "0 0.5 1.0 1.5 2.0");
    check("aggregate(select(indices, indices, <), indices);", "none 0 0.5 1.0 1.5");
    check("aggregate(select(indices, indices, <), indices, -1);", "-1 0 0.5 1.0 1.5");
    check("aggregate(full_s, 3);", "3.0 3.0 3.0 3.0 3.0");
    check("selector_width(select(tokens, tokens, ==));", "1 1 2 2 1");
}

#[test]
fn indexing() {
    check("tokens[1];", r#""e" "e" "e" "e" "e""#);
    check("tokens[-2];", r#""l" "l" "l" "l" "l""#);
    check("tokens[9];", "none none none none none");
    check("[5, 4, 3, 2, 1][indices];", "5 4 3 2 1");
    check("\"abcde\"[indices - 1];", r#""e" "a" "b" "c" "d""#);
    check("{\"h\": 1, \"e\": 2, \"l\": 3, \"o\": none}[tokens];", "1 2 3 3 none");
    check("indices + [1, 2, 3][-1] + \"abc\"[0] * 0 if False else indices;", "0 1 2 3 4");
    check("[1][indices];", "error: index 1 is out of range for 1 item");
}

#[test]
fn membership() {
    check("tokens in [\"h\", \"o\"];", "True False False False True");
    check("\"l\" in tokens;", "True True True True True");
    check("\"z\" in tokens;", "False False False False False");
    check("indices if 2 in [1, 2] else 0;", "0 1 2 3 4");
    let p = program("x = \"l\" in tokens;");
    assert!(p.graph.iter().any(|(_, n)| matches!(n.op, Op::SelectorWidth(_))), "a primitive counts");
}

#[test]
fn the_library() {
    check("has_focus(select(indices, indices, <));", "False True True True True");
    check("count(tokens, \"l\");", "2 2 2 2 2");
    check("contains(tokens, \"z\");", "False False False False False");
    check("max(indices, 2);", "2 2 2 3 4");
    check("min(indices, 2);", "0 1 2 2 2");
    check("indices + max(1, 2);", "2 3 4 5 6");
    check("average(indices);", "2.0 2.0 2.0 2.0 2.0");
    check("load_from_location(tokens, 4 - indices);", r#""o" "l" "l" "e" "h""#);
    check("load_from_location(indices, indices + 3);", "3 4 0 0 0");
    check("shift(tokens, 1, \"-\");", r#""-" "h" "e" "l" "l""#);
    check("shift(tokens, -2, \"_\");", r#""l" "l" "o" "_" "_""#);
    check("mark_last_instance(tokens, \"l\");", "False False False True False");
    check("mark_first_instance(tokens, \"l\");", "False False True False False");
    check("select_from_last(tokens, \"l\");", "00010 00010 00010 00010 00010");
    check("select_from_first(tokens, \"l\");", "00100 00100 00100 00100 00100");
    check("select_from_first(tokens, \"z\");", "00000 00000 00000 00000 00000");
    check("sort(tokens, tokens);", r#""e" "h" "l" "l" "o""#);
    check("sort(tokens, -indices);", r#""o" "l" "l" "e" "h""#);
    check("sort(indices, tokens);", "1 0 2 3 4");
    check("select_next_identical(tokens);", "00000 00000 00010 00000 00000");
}

#[test]
fn functions_look_names_up_when_called() {
    check("def f(x) { return x + k; } k = 5; f(indices);", "5 6 7 8 9");
    check("def f(x) { def g(y) { return x + y; } return g; } f(1)(indices);", "1 2 3 4 5");
    check("def f(g, x) { return g(g(x)); } def h(x) { return x * 2; } f(h, indices);", "0 4 8 12 16");
    check("def f(x) { return x, x + 1; } a, b = f(indices); b - a;", "1 1 1 1 1");
    check("sort = indices + 1; max(sort, 3);", "3 3 3 4 5");
    check("length = indices; tokens[-1];", r#""o" "o" "o" "o" "o""#);
    check("def f(x) { x = x + 1; return x; } x = 1; indices + f(5) + x;", "7 8 9 10 11");
}

#[test]
fn loops_and_comprehensions() {
    check("x = indices; for i in range(3) { x = x + i; } x;", "3 4 5 6 7");
    check("x = indices; for a, b in zip([1, 2], [3, 4]) { x = x + a * b; } x;", "11 12 13 14 15");
    check("x = tokens; for c in \"ab\" { x = x + c; } x;", r#""hab" "eab" "lab" "lab" "oab""#);
    check("indices + len([i for i in range(5, 0, -2)]) + len({i: i for i in [1, 1.0, 2]});", "5 6 7 8 9");
    check("indices + [k for k in {1: 2, 3: 4}][1];", "3 4 5 6 7");
    check("for i in [4] { y = i; } indices + i + y;", "8 9 10 11 12");
    check("x, y = \"ab\"; tokens + x + y;", r#""hab" "eab" "lab" "lab" "oab""#);
    check("x = 1, 2; indices + x[1];", "2 3 4 5 6");
}

#[test]
fn atoms_follow_python() {
    check("indices + (3 and 4) + (0 or 1) + len([] and [3]);", "5 6 7 8 9");
    check("indices + (1 if [1, 2] < [1, 3] else 0) + (1 if \"b\" > \"abc\" else 0);", "2 3 4 5 6");
    check("indices + len([1] * 3 + [2]) + len(\"äb\");", "6 7 8 9 10");
    check("indices + round(2.5) + -7 % 3 + 2 ^ 3 ^ 2;", "68 69 70 71 72");
    check("indices + indicator([1, 2] == [1, 2.0]) + indicator(1 == \"1\");", "1 2 3 4 5");
}

#[test]
fn a_causal_program_sees_what_precedes() {
    let program = parse_program("main.rasp", "x = tokens[-1];", Mask::Causal, &mut no_files).unwrap();
    let input: Vec<Value> = vec![7.into(), 8.into(), 9.into()];
    assert_eq!(shown(&program, &input), "7 8 9");
}

/// The graph as text.
fn graph(text: &str) -> String {
    program(text).graph.to_string()
}

#[test]
fn nodes_are_as_written_and_names_are_one_node() {
    assert_eq!(
        graph("a = tokens == tokens; b = a; c = tokens == tokens; d = a and a;"),
        "mask full\nn0 = tokens\nn1 = map(x0 == x1; n0, n0)  # a, b\nn2 = map(x0 == x1; n0, n0)  # c\n\
         n3 = map(x0 and x1; n1, n1)  # d\n"
    );
}

#[test]
fn only_what_is_used_of_the_library_is_in_the_graph() {
    assert_eq!(graph("x = length - 1;").matches("\nn").count(), 5);
    assert_eq!(graph("x = 3;"), "mask full\n");
}

fn names(text: &str) -> Vec<String> {
    let p = program(text);
    p.graph.iter().filter_map(|(_, n)| n.name()).map(ToOwned::to_owned).collect()
}

#[test]
fn names_of_nodes_are_unique_and_the_programs_own_come_first() {
    assert_eq!(names("x = indices; for i in range(3) { x = x + 1; }"), ["x"]);
    assert_eq!(names("def f(s) { local = s + 1; return local; } a = f(indices);"), ["a"]);
    assert_eq!(names("def f(s) { local = s + 1; return local * 2; } a = f(indices);"), ["local", "a"]);
    assert_eq!(names("def f(s) { local = s + 1; return local * 2; } a = f(indices); b = f(a);"), ["a", "local", "b"]);
    let accumulates = "def f(s) { seen = s; for i in range(3) { seen = seen + 1; } return seen * 2; } a = f(indices);";
    assert_eq!(names(accumulates), ["seen", "a"]);
    assert!(graph(accumulates).contains("n3 = map(x0 + 1; n2)  # seen"), "the last binding has the name");
    assert_eq!(names("def f(s) { return s * 2; } a = f(indices + 1);"), ["a"], "parameters name nothing");
    assert_eq!(names("a = sort(tokens, tokens);"), ["a"], "nor do the library's locals");
    assert_eq!(names("a = length;"), ["full_s", "a"]);
    assert_eq!(names("a = length + 0;"), ["full_s", "length", "a"]);
    assert_eq!(names("_hidden = indices + 1; a = _hidden + 1;"), ["_hidden", "a"]);
}

#[test]
fn bindings_and_output() {
    let p = program("a = indices; b = a + 1; s = select(a, b, ==); n = 3; def f(x) { return x; } a = b + 1;");
    assert_eq!(p.bindings.keys().collect::<Vec<_>>(), ["b", "s", "a"]);
    assert_eq!(p.output, Some(p.bindings["a"]));
    let p = program("a = indices; tokens; n = 3;");
    assert!(matches!(p.graph.op(p.output.unwrap()), Op::Tokens));
    assert_eq!(program("n = 3;").output, None);
    assert_eq!(program("").output, None);
}

#[test]
fn every_node_has_a_place_in_the_users_text() {
    let text = "x = sort(tokens, -indices);\ny = x[-1] in [1];\nz = \"a\" in tokens;";
    let p = program(text);
    for (id, node) in p.graph.iter() {
        let span = node.span.unwrap_or_else(|| panic!("{id} has no place"));
        assert_eq!(p.sources.get(span.source).name, "main.rasp", "{id}");
    }
    let sorted = p.graph.node(p.bindings["x"]).span.unwrap();
    assert_eq!(p.sources.text(sorted), "sort(tokens, -indices)");
}

#[test]
fn metadata() {
    let p = program("# vocab: 0..3\n#max_len: 8\n# note: vocab\nset example [1, 2];\nx = tokens;");
    assert_eq!(p.vocab, Some(vec![0.into(), 1.into(), 2.into()]));
    assert_eq!((p.max_len, p.example), (Some(8), Some(vec![1.into(), 2.into()])));
    let p = program("set example \"ab\"\nx = tokens;");
    assert_eq!(p.example, Some(vec!["a".into(), "b".into()]));
    assert_eq!(p.vocab, None);
}

#[test]
fn a_loaded_file_sees_the_library_only_and_gives_its_public_names() {
    let mut loader = |path: &str| match path {
        "part.rasp" => Ok("_k = 2; x = indices + _k; def f(y) { return y * _k; } set example \"zz\"\n".to_owned()),
        "blind.rasp" => Ok("y = outer;".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    let mut read = |text| parse_program("main.rasp", text, Mask::Full, &mut loader);
    let p = read("load \"part\"; z = f(x);").unwrap();
    assert_eq!(p.bindings.keys().collect::<Vec<_>>(), ["x", "z"]);
    assert_eq!(shown(&p, &[1.into(), 2.into()]), "4 6");
    assert_eq!(p.example, None, "the example of a loaded file is its own");
    assert!(read("load \"part\"; z = _k;").is_err());
    assert!(read("outer = 1; load \"blind\";").is_err());
    let p = read("def f() { load \"part\"; return x; } z = f();").unwrap();
    assert_eq!(p.bindings.keys().collect::<Vec<_>>(), ["z"]);
}

#[test]
fn texts_on_the_command_line_know_the_standard_programs() {
    let input: Vec<Value> = "abcab".chars().map(|c| Value::str(c.to_string())).collect();
    let on_input = |text| shown(&evaluate_text(text, Mask::Full, &mut no_files).unwrap(), &input);
    assert_eq!(on_input("detect_pattern(tokens, \"abc\")"), "none none True False False");
    assert_eq!(on_input("h = hist(tokens); h * 2"), "4 4 2 4 4");
    assert_eq!(on_input("reverse(tokens);"), r#""b" "a" "c" "b" "a""#);
    assert_eq!(on_input("sort(indices, -indices)"), "4 3 2 1 0");
    assert!(parse_program("main.rasp", "hist(tokens);", Mask::Full, &mut no_files).is_err());
}
