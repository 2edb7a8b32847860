//! What is taken out of a session: graphs that mean what the session says, and the paper's count of layers and heads.

use raspc_lang::console::{Console, NameKind, Options};
use raspc_lang::graph::Op;
use raspc_lang::interpret::interpret;
use raspc_lang::value::Value;

fn session(lines: &[&str]) -> Console {
    let mut console = Console::new(Options::default());
    for line in lines {
        let text = console.line(line).text;
        assert!(!text.contains("!!") && !text.contains("wrong"), "{line}: {text}");
    }
    console
}

fn chars(text: &str) -> Vec<Value> {
    text.chars().map(|c| Value::str(c.to_string())).collect()
}

#[test]
fn a_graph_means_what_the_session_says() {
    let mut console = session(&["d = {\"h\": 1, \"e\": 2, \"l\": 5, \"o\": 2, \"x\": 7};", "l = [4, 3, 2, 1, 0, 9];"]);
    let expressions = [
        "tokens",
        "tokens_asis",
        "indices * 2 - 1",
        "length",
        "not (indices > 2) or tokens == \"h\"",
        "round(indices / 3) % 2",
        "indicator(tokens == \"l\") ^ 2",
        "tokens + \"a\"",
        "5 if indices > 2 else 1.5",
        "tokens in [\"h\", \"x\"]",
        "\"l\" in tokens",
        "\"z\" in tokens",
        "d[tokens]",
        "l[indices]",
        "\"abcdefgh\"[indices]",
        "tokens[1]",
        "tokens[-1]",
        "tokens[40] if False else indices[40]",
        "aggregate(select(indices, indices, <), indices, -1)",
        "aggregate(select(indices, indices + 1, ==), tokens, \"-\")",
        "aggregate(not select(indices, 3, ==) and select(indices, indices, <=), indices)",
        "selector_width(select(tokens, tokens, ==) or select(indices, 0, !=))",
        "has_focus(select(indices, indices, <))",
        "count(tokens, \"l\")",
        "contains(tokens, \"o\")",
        "sort(tokens, tokens)",
        "sort(tokens, -indices)",
        "shift(tokens, -2, \"_\")",
        "mark_last_instance(tokens, \"l\")",
        "average(indices)",
        "tokens_bool",
        "tokens_str",
    ];
    for text in expressions {
        for input in ["hello", "h", "lxleh", "oooo"] {
            let input = chars(input);
            let taken = console.extract(text, None, None).unwrap_or_else(|e| panic!("{text}: {e}"));
            taken.graph.check();
            let said = console.values_on(text, &input).unwrap_or_else(|e| panic!("{text}: {e}"));
            let meant = interpret(&taken.graph, &input);
            let meant = meant.values(taken.node).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            let shown = |v: &[Value]| v.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(said, meant, "{text}: {:?} and {:?}", shown(&said), shown(meant));
        }
    }
}

#[test]
fn conversions_stay_where_they_change_a_token() {
    let mut console = session(&["a = tokens;"]);
    let plain = console.extract("a", None, None).expect("an s-op");
    assert_eq!(plain.graph.op(plain.node), &Op::Tokens);
    let converted = console.extract("a", Some(&[Value::int(1), Value::str("1")]), None).expect("an s-op");
    assert!(matches!(converted.graph.op(converted.node), Op::Map { .. }));
    let meant = interpret(&converted.graph, &[Value::int(1)]);
    assert_eq!(meant.values(converted.node).expect("fine")[0].to_string(), "1");
    assert!(matches!(meant.values(converted.node).expect("fine")[0], Value::Str(_)));
}

#[test]
fn known_widths_are_one_operation_and_variables_name_nodes() {
    let mut console = session(&["same = select(tokens, tokens, ==);", "hist = selector_width(same);"]);
    let taken = console.extract("hist", None, None).expect("an s-op");
    assert_eq!(
        taken.graph.to_string(),
        "mask full\nn0 = tokens\nn1 = select(keys=n0, queries=n0, ==)  # same\n\
                                          n2 = selector_width(n1)  # hist\n"
    );
    let names: Vec<&str> = taken.names.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["same", "hist"]);
}

#[test]
fn out_and_the_example_stay_as_they_are() {
    let mut console = session(&["set example \"ab\"", "3;"]);
    assert_eq!(console.extract("indices + 1", None, None).expect("an s-op").example, chars("ab"));
    assert_eq!(console.line("out;").text, "    value: out =  3\n>> ");
    for (text, why) in [
        ("3", "`3` is no s-op and no selector: it is a number or string"),
        ("max", "`max` is no s-op and no selector: it is a function"),
        ("nothing", "unknown name `nothing`"),
        ("a = 3", "`a = 3` is no expression"),
    ] {
        assert_eq!(console.extract(text, None, None).expect_err(text).message, why);
    }
    // Faults have places, and an expression that fails on the example may be meant for another input.
    let fault = console.extract("1 + nothing", None, None).expect_err("an unknown name");
    assert_eq!(console.sources().get(fault.span.expect("a place").source).text, "1 + nothing");
    assert_eq!(fault.span.map(raspc_lang::diagnostic::Span::range), Some(4..11));
    let numbers = [Value::int(3), Value::int(4)];
    assert!(console.extract("tokens_int + 1", Some(&numbers), None).is_err());
    assert!(console.extract("tokens_int + 1", Some(&numbers), Some(&numbers)).is_ok());
}

#[test]
fn names_are_listed_with_what_they_are() {
    let console = session(&["a = indices;", "s = select(a, a, <);", "def f(x) { return x; }", "b = 3;"]);
    let names = console.names();
    for (name, kind) in
        [("a", NameKind::SOp), ("s", NameKind::Selector), ("f", NameKind::Function), ("b", NameKind::Value)]
    {
        assert!(names.contains(&(name.to_owned(), kind)), "{name}");
    }
    assert!(names.contains(&("sort".to_owned(), NameKind::Function)));
    assert!(names.contains(&("tokens_int".to_owned(), NameKind::SOp)));
}

/// Section 15 of the language's page.
#[test]
fn layers_and_heads_are_counted_as_the_paper_does() {
    let mut console = session(&[
        "reverse = aggregate(select(indices, length - indices - 1, ==), tokens);",
        "def width_bos(sel) { return round(1 / aggregate(sel or select(indices, 0, ==), indicator(indices == 0))) - 1; }",
        "hist_bos = width_bos(select(tokens, tokens, ==));",
    ]);
    for (text, heads) in [
        ("tokens + \"a\"", &[][..]),
        ("length", &[1]),
        ("selector_width(select(tokens, tokens, ==))", &[2]),
        ("hist_bos", &[1]),
        ("reverse", &[1, 1]),
        ("sort(tokens, tokens)", &[2, 1]),
        ("\"a\" in tokens", &[1]),
        ("select(tokens, tokens, ==)", &[1]),
    ] {
        assert_eq!(console.extract(text, None, None).expect(text).paper.heads, heads, "{text}");
    }
}
