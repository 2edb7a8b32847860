//! The language's page, sentence by sentence: `data/reference.txt` says how.

use std::fmt::Write as _;

use raspc_lang::console::{Console, Options};

const CASES: &str = include_str!("data/reference.txt");

/// What the last of the lines prints, without the prompt.
fn said(lines: &[&str]) -> String {
    let mut console = Console::new(Options::default());
    let mut text = String::new();
    for line in lines {
        text = console.line(line).text;
    }
    if text.starts_with("..") {
        return "...".to_owned();
    }
    text.strip_suffix(">> ").expect("a prompt").to_owned()
}

fn matches(said: &str, expected: &[&str]) -> bool {
    let (kind, text) = expected[0].split_once(' ').unwrap_or((expected[0], ""));
    let escaped = text.replace("\\n", "\n").replace("\\t", "\t");
    match kind {
        "v" => said == format!("    value: out =  {text}\n"),
        "s" => said == format!("     s-op: out\n \t Example: out(\"hello\") = {text}\n"),
        "!" => said == format!("\t\t!!ignoring input:\n\t {escaped}\n"),
        "w" => said == format!("something went wrong: {escaped}\n"),
        "a" => said == format!("\t =  {text}\n"),
        "n" => said.lines().nth(1).is_some_and(|l| l == format!("\t\t     s-op: {text}")),
        "n/i" => said == "not implemented this command yet! ignoring\n",
        "x" => said.starts_with("\t!! antlr exception: ") && said.ends_with(" \t-- ignoring input\n"),
        "..." => said == "...",
        "|" => {
            let line = |l: &&str| {
                let text = l.strip_prefix('|').unwrap_or(l);
                let text = text.strip_prefix(' ').unwrap_or(text);
                text.strip_suffix('$').unwrap_or(text).replace("\\t", "\t") + "\n"
            };
            said == expected.iter().map(line).collect::<String>()
        }
        _ => panic!("no such form: {}", expected[0]),
    }
}

#[test]
fn the_console_does_what_the_page_says() {
    let mut wrong = String::new();
    let mut checked = 0;
    for case in CASES.split("\n\n") {
        let lines: Vec<&str> = case.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).collect();
        let typed: Vec<&str> = lines.iter().filter_map(|l| l.strip_prefix("> ")).collect();
        let expected = &lines[typed.len()..];
        if typed.is_empty() && expected.is_empty() {
            continue;
        }
        assert!(!typed.is_empty() && !expected.is_empty(), "half a case: {case:?}");
        let said = said(&typed);
        if !matches(&said, expected) {
            let _ = writeln!(wrong, "{typed:?}\n  page {expected:?}\n  here {said:?}");
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(checked > 300, "{checked} cases");
}
