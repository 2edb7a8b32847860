//! Expectations as text.

use proptest::prelude::*;

use raspc_lang::expect::{Expectation, Wanted, Word, expectations};
use raspc_lang::value::Value;

fn one(text: &str) -> Expectation {
    let mut all = expectations(0, text).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0)
}

fn bare(words: &[&str]) -> Wanted {
    Wanted::Values(words.iter().map(|w| Word::Bare((*w).to_owned())).collect())
}

#[test]
fn names_inputs_and_values() {
    let e = one("x = 1; #? rev(\"a)b = [\") = [b, a]");
    assert_eq!((e.name.as_str(), e.input.len(), e.wanted), ("rev", 7, bare(&["b", "a"])));
    assert_eq!(e.text, "rev(\"a)b = [\") = [b, a]");
    let e = one("#? f( [1, \"x\", true] )=[ 1 , \"a, b\",none]  # as it is");
    assert_eq!(e.input, [Value::int(1), Value::str("x"), Value::Bool(true)]);
    let quoted = Word::Quoted("a, b".to_owned());
    assert_eq!(e.wanted, Wanted::Values(vec![Word::Bare("1".into()), quoted, Word::Bare("none".into())]));
    assert_eq!(one("#? f(())) = [(, )]").input.len(), 3);
    assert_eq!(one("#? f(\"\") = []").wanted, Wanted::Values(Vec::new()));
    assert_eq!(one("#? f(ab) raises").wanted, Wanted::Raises);
    assert_eq!(one("#? s(ab) = [[1, 0], [0, 1]]").wanted, Wanted::Rows(vec![vec![true, false], vec![false, true]]));
    assert!(expectations(0, "# ? f(a) = [1]\n\"#? no\";").expect("none").is_empty());
}

#[test]
fn what_is_none_is_said() {
    for text in [
        "#? rev",
        "#? a b(c) = [1]",
        "#? f(\"a) = [1]",
        "#? f(a = [1]",
        "#? f(a) = 1",
        "#? f(a) = [1",
        "#? f(a) = [1,]",
        "#? f(a) = [1] 2",
        "#? f(a) is [1]",
        "#? f([none]) = [1]",
        "#? s(a) = [[2]]",
    ] {
        assert_eq!(expectations(0, text).expect_err(text).len(), 1, "{text}");
    }
}

#[test]
fn words_mean_values() {
    let means = |word: &str, value: &Value| one(&format!("#? f(a) = [{word}]")).wanted.are(std::slice::from_ref(value));
    let float = |x: f64| Value::float(x).expect("finite");
    for (word, value) in [
        ("1", Value::int(1)),
        ("1.0", Value::int(1)),
        ("1", Value::str("1")),
        ("\"1\"", Value::str("1")),
        ("1", float(1.0)),
        ("0.5", float(0.5)),
        ("2/3", float(2.0 / 3.0)),
        ("-1/3", float(-1.0 / 3.0)),
        ("4/2", Value::int(2)),
        ("1/2", Value::str("1/2")),
        ("true", Value::Bool(true)),
        ("False", Value::Bool(false)),
        ("none", Value::None),
        ("none", Value::str("none")),
        ("\"\"", Value::str("")),
    ] {
        assert!(means(word, &value), "{word} {value:?}");
    }
    for (word, value) in [
        ("\"1\"", Value::int(1)),
        ("2", Value::int(1)),
        ("1", Value::Bool(true)),
        ("0.33", float(1.0 / 3.0)),
        ("1/3", float(0.333)),
        ("3/2", Value::int(1)),
        ("1/0", Value::int(1)),
        ("1/-1", Value::int(-1)),
        ("\"none\"", Value::None),
        ("a", Value::str("A")),
    ] {
        assert!(!means(word, &value), "{word} {value:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "#\\?\\PC{0,40}") {
        let _ = expectations(0, &text);
    }
}
