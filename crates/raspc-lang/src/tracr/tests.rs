//! Translations are programs, and mean what tracr's do.

use super::*;
use crate::graph::Mask;
use crate::interpret::interpret;
use crate::program::parse_program;
use crate::value::Value;

fn rasp(text: &str) -> String {
    let found = translate(text).expect("a program for tracr");
    assert_eq!(found.left, 0, "{}", found.text);
    found.text
}

/// The values of the translated program's output.
fn values(text: &str, input: &[Value]) -> String {
    let text = rasp(text);
    let program = parse_program("t", &text, Mask::Full, &mut |_| Err(String::new()));
    let program = program.unwrap_or_else(|e| panic!("{text}\n{e}"));
    let trace = interpret(&program.graph, input);
    let values = trace.values(program.output.expect("an output")).expect("values");
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn chars(text: &str) -> Vec<Value> {
    text.chars().map(|c| Value::str(c.to_string())).collect()
}

#[test]
fn the_calls_are_rasp() {
    let text = "from tracr.rasp import rasp\n\n# how often\nsame = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)\nhist = rasp.SelectorWidth(same).named(\"hist\")\n";
    assert_eq!(rasp(text), "same = select(tokens, tokens, ==);\nhist = selector_width(same);\n");
    assert_eq!(values(text, &chars("abca")), "2 1 1 2");
}

#[test]
fn functions_lambdas_and_the_compiler_s_arguments() {
    let text = r#"
import tracr
def make_length() -> rasp.SOp:
    """How many."""
    all_true = rasp.Select(
        rasp.tokens, rasp.tokens, rasp.Comparison.TRUE)
    return rasp.SelectorWidth(all_true)

length = make_length()
def make_reverse(sop: rasp.SOp) -> rasp.SOp:
    opp = rasp.SequenceMap(lambda x, y: x - y - 1, length, rasp.indices).named("opp")
    flip = rasp.Select(rasp.indices, opp, lambda k, q: q == k)
    return rasp.Aggregate(flip, sop, default=None)

rev = make_reverse(rasp.tokens)
is_a = rasp.numerical(rasp.Map(lambda x: 1 if x == "a" else 0, rev))
model = compiling.compile_rasp_to_model(rev, vocab={"a", "b"}, max_seq_len=5, compiler_bos="BOS")
print(model.apply(["BOS", "a", "b"]).decoded)
"#;
    let found = translate(text).expect("tracr");
    assert!(found.text.starts_with("# vocab: [\"a\", \"b\"]\n# max_len: 5\ndef make_length() {\n"), "{}", found.text);
    assert!(found.text.contains("1 if (rev == \"a\") else 0;"), "{}", found.text);
    assert!(
        found.text.ends_with("}\nrev = make_reverse(tokens);\nis_a = 1 if (rev == \"a\") else 0;\nrev;\n"),
        "{}",
        found.text
    );
    assert_eq!(values(text, &chars("aab")), "b a a");
}

#[test]
fn names_that_mean_something_else_in_rasp_are_others_there() {
    let text = "idx = rasp.indices - 1\nsel = rasp.Select(idx, rasp.indices, lambda k, q: k == q)\nout = rasp.Aggregate(sel, rasp.tokens, default=\"_\")\n";
    assert!(rasp(text).ends_with("out_ = aggregate(sel, tokens, \"_\");\n"), "{}", rasp(text));
    assert_eq!(values(text, &chars("abc")), "b c _");
    let text = "indices = rasp.indices\ntokens = rasp.Map(lambda t: t == \"a\", rasp.tokens)\ntokens_ = 1\ndef draw(range, len: rasp.SOp) -> rasp.SOp:\n  return range + len\nboth = draw(tokens, indices)\nsame = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)\nn = rasp.SelectorWidth(same) * 10 + both\n";
    assert_eq!(values(text, &chars("aba")), "21 11 23");
    // What is the same in both stays.
    let text = "length = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE))\nx = length - rasp.indices\n";
    assert!(rasp(text).contains("x = length - indices;"), "{}", rasp(text));
}

#[test]
fn comparisons_keep_keys_and_queries_apart() {
    for (predicate, expected) in [
        ("rasp.Comparison.LT", "0 1 2"),
        ("lambda k, q: k <= q", "1 2 3"),
        ("lambda k, q: q < k", "2 1 0"),
        ("lambda a, b: b >= a", "1 2 3"),
        ("rasp.Comparison.FALSE", "0 0 0"),
    ] {
        let text = format!("x = rasp.SelectorWidth(rasp.Select(rasp.indices, rasp.indices, {predicate}))");
        assert_eq!(values(&text, &chars("abc")), expected, "{predicate}");
    }
    let logic = "a = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)\nx = rasp.SelectorWidth(rasp.SelectorAnd(~a, a | rasp.SelectorNot(a)))";
    assert_eq!(values(logic, &chars("abc")), "3 2 1");
}

#[test]
fn what_has_no_form_is_marked_and_rasp_is_left_alone() {
    let found = translate("x = rasp.Map(lambda t: t.upper(), rasp.tokens)\ny = rasp.tokens[0]\nfor i in range(3):\n")
        .expect("tracr");
    assert_eq!((found.left, found.text.lines().filter(|l| l.starts_with("# no RASP form")).count()), (3, 3));
    for text in
        ["x = select(tokens, tokens, ==);", "# rasp.Select\nx = \"rasp.tokens\" +;", "rasp = 3; x = rasp + tokens", ""]
    {
        assert_eq!(translate(text), None, "{text}");
    }
}

#[test]
fn any_text_ends_soon() {
    let begin = "x = rasp.tokens\n";
    for text in [
        "(".repeat(100_000),
        "[(".repeat(50_000),
        "- ".repeat(50_000),
        "not ".repeat(50_000),
        "a ** ".repeat(50_000),
        "rasp.Map(lambda x: x + x + x, ".repeat(45) + "1" + &")".repeat(45),
        "a < ".repeat(50_000),
        "a + ".repeat(50_000) + "a",
        "f".to_owned() + &"()".repeat(50_000),
        "f".to_owned() + &"().x".repeat(50_000),
        "def f(x: [".repeat(1000),
        "'''".to_owned(),
        "\"".to_owned(),
        "é = 'ü\n".repeat(10),
    ] {
        let found = translate(&format!("{begin}{text}")).expect("tracr");
        assert!(found.text.len() < 2_000_000, "{}", found.text.len());
    }
}

#[test]
fn a_program_gets_one_diagnostic() {
    let text = "from tracr.rasp import rasp\nx = rasp.Map(lambda t: t == 'a', rasp.tokens)\n";
    let failure = parse_program("t", text, Mask::Full, &mut |_| Err(String::new())).expect_err("Python");
    assert_eq!(failure.diagnostics.len(), 1);
    let d = &failure.diagnostics[0];
    assert_eq!(failure.sources.text(d.span.expect("a place")), "from tracr");
    assert_eq!(d.hint.as_deref(), Some("the same in RASP:\nx = tokens == \"a\";"));
}
