//! The standard programs against what they say they compute, on every input of their vocabulary up to a small length.

use std::collections::BTreeMap;

use raspc_lang::graph::Mask;
use raspc_lang::interpret::interpret;
use raspc_lang::program::{Program, evaluate_text, parse_program};
use raspc_lang::programs::{standard_program, standard_programs};
use raspc_lang::value::Value;

fn no_files(_: &str) -> Result<String, String> {
    Err("no files here".to_owned())
}

fn parse(name: &str) -> Program {
    let standard = standard_program(name).unwrap();
    parse_program(name, standard.source, Mask::Full, &mut no_files).unwrap_or_else(|f| panic!("{f}"))
}

/// Every input of the program's vocabulary with at most `longest` tokens.
fn inputs(vocab: &[Value], longest: usize) -> Vec<Vec<Value>> {
    let mut all = vec![Vec::new()];
    let mut last = vec![Vec::new()];
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|w: &Vec<Value>| vocab.iter().map(move |v| [&w[..], std::slice::from_ref(v)].concat()))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn values(program: &Program, input: &[Value]) -> Vec<Value> {
    interpret(&program.graph, input).values(program.output.unwrap()).unwrap().to_vec()
}

/// Checks the program, and the text that calls its function on `tokens`, against `meaning`.
fn check(name: &str, call: &str, longest: usize, meaning: impl Fn(&[Value]) -> Vec<Value>) {
    let program = parse(name);
    let called = evaluate_text(call, Mask::Full, &mut no_files).unwrap_or_else(|f| panic!("{f}"));
    for input in inputs(program.vocab.as_ref().unwrap(), longest) {
        let expected = meaning(&input);
        assert_eq!(values(&program, &input), expected, "{name} on {input:?}");
        assert_eq!(values(&called, &input), expected, "{call} on {input:?}");
    }
}

fn count(input: &[Value], v: &Value) -> i64 {
    input.iter().filter(|w| *w == v).count() as i64
}

fn everywhere(input: &[Value], v: impl Into<Value>) -> Vec<Value> {
    vec![v.into(); input.len()]
}

/// The distinct values, each at its first position.
fn distinct(input: &[Value]) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for v in input {
        if !seen.contains(v) {
            seen.push(v.clone());
        }
    }
    seen
}

#[test]
fn every_program_comes_with_all_that_a_run_needs() {
    for standard in standard_programs() {
        let program = parse(standard.name);
        assert!(program.warnings.is_empty(), "{:?}", program.warnings);
        let (vocab, max_len) = (program.vocab.as_ref().unwrap(), program.max_len.unwrap());
        let example = program.example.as_ref().unwrap();
        assert!((1..=max_len).contains(&example.len()), "{}", standard.name);
        assert!(example.iter().all(|v| vocab.contains(v)), "{}", standard.name);
        assert!(interpret(&program.graph, example).values(program.output.unwrap()).is_ok(), "{}", standard.name);
        let output = program.graph.node(program.output.unwrap());
        assert!(output.name().is_some(), "{}: the output has a name", standard.name);
        assert!(standard.source.starts_with("# "), "{}", standard.name);
    }
}

#[test]
fn length() {
    check("length", "length", 4, |w| everywhere(w, w.len() as i64));
}

#[test]
fn reverse() {
    check("reverse", "reverse(tokens)", 5, |w| w.iter().rev().cloned().collect());
}

#[test]
fn hist() {
    check("hist", "hist(tokens)", 5, |w| w.iter().map(|v| Value::int(count(w, v))).collect());
}

#[test]
fn count_of_a() {
    check("count", "count(tokens, \"a\");", 5, |w| everywhere(w, count(w, &"a".into())));
}

#[test]
fn shift_by() {
    check("shift_by", "shift_by(tokens, 1)", 5, |w| {
        (0..w.len()).map(|i| if i == 0 { Value::None } else { w[i - 1].clone() }).collect()
    });
}

#[test]
fn frac_prevs() {
    check("frac_prevs", "frac_prevs(tokens == \"x\")", 5, |w| {
        (1..=w.len())
            .map(|n| {
                let x = count(&w[..n], &"x".into());
                if n == 1 { Value::int(x) } else { Value::float(x as f64 / n as f64).unwrap() }
            })
            .collect()
    });
}

#[test]
fn pair_balance() {
    check("pair_balance", "pair_balance(tokens, \"(\", \")\")", 5, |w| {
        (1..=w.len())
            .map(|n| {
                let share = |c: &str| count(&w[..n], &c.into()) as f64 / n as f64;
                Value::float(share("(") - share(")")).unwrap()
            })
            .collect()
    });
}

/// Whether each pair closes only what is open and nothing stays open.
fn balanced(w: &[Value], pairs: &[(&str, &str)]) -> Vec<Value> {
    let fine = pairs.iter().all(|(open, close)| {
        let mut depth = 0;
        let never_negative = w.iter().all(|v| {
            depth += i64::from(*v == Value::from(*open)) - i64::from(*v == Value::from(*close));
            depth >= 0
        });
        never_negative && depth == 0
    });
    everywhere(w, fine)
}

#[test]
fn shuffle_dyck() {
    let pairs = [("(", ")"), ("{", "}"), ("[", "]")];
    check("shuffle_dyck1", "shuffle_dyck(tokens, [\"()\"])", 9, |w| balanced(w, &pairs[..1]));
    check("shuffle_dyck2", "shuffle_dyck(tokens, [\"()\", \"{}\"])", 6, |w| balanced(w, &pairs[..2]));
    check("shuffle_dyck3", "shuffle_dyck(tokens, [\"()\", \"{}\", \"[]\"])", 4, |w| balanced(w, &pairs));
}

#[test]
fn detect_pattern() {
    check("detect_pattern", "detect_pattern(tokens, \"abc\")", 6, |w| {
        let pattern: Vec<Value> = vec!["a".into(), "b".into(), "c".into()];
        (1..=w.len()).map(|n| if n < 3 { Value::None } else { Value::Bool(w[n - 3..n] == pattern) }).collect()
    });
}

#[test]
fn sort_unique() {
    let program = parse("sort_unique");
    for input in inputs(program.vocab.as_ref().unwrap(), 5) {
        let mut sorted = input.clone();
        sorted.sort();
        sorted.dedup();
        if sorted.len() == input.len() {
            assert_eq!(values(&program, &input), sorted);
        }
    }
}

#[test]
fn sort() {
    check("sort", "sort(tokens, tokens)", 5, |w| {
        let mut sorted = w.to_vec();
        sorted.sort();
        sorted
    });
}

#[test]
fn sort_freq() {
    check("sort_freq", "sort_freq(tokens)", 6, |w| {
        let mut sorted = w.to_vec();
        sorted.sort_by_key(|v| -count(w, v)); // stable
        sorted
    });
}

#[test]
fn most_freq() {
    check("most_freq", "most_freq(tokens)", 6, |w| {
        let mut ranking = distinct(w);
        ranking.sort_by_key(|v| -count(w, v));
        ranking.resize(w.len(), Value::None);
        ranking
    });
}

#[test]
fn double_hist() {
    check("double_hist", "double_hist(tokens)", 6, |w| {
        let mut as_frequent: BTreeMap<i64, i64> = BTreeMap::new();
        for v in distinct(w) {
            *as_frequent.entry(count(w, &v)).or_default() += 1;
        }
        w.iter().map(|v| Value::int(as_frequent[&count(w, v)])).collect()
    });
}

#[test]
fn a_standard_program_can_be_loaded_by_its_name() {
    let text = "load \"sort_unique\";\nordered = sort_unique(tokens);";
    let program = parse_program("main.rasp", text, Mask::Full, &mut no_files).unwrap();
    let input: Vec<Value> = vec![3.into(), 1.into(), 2.into()];
    assert_eq!(values(&program, &input), [Value::int(1), Value::int(2), Value::int(3)]);
    assert_eq!(program.bindings.keys().collect::<Vec<_>>(), ["ordered"]);
    assert_eq!(program.vocab, None, "the vocabulary of a loaded program is its own");
}
