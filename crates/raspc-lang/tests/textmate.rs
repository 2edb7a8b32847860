//! The TextMate grammar that editors highlight with says of every token what the lexer says.
//!
//! A grammar of single-line matches is read as editors read it: at each place the rule whose match begins first wins, of
//! several the first one.

use std::fs;
use std::path::{Path, PathBuf};

use fancy_regex::Regex;
use raspc_lang::programs::standard_programs;
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::token::{KEYWORDS, TokenKind};
use serde_json::Value;

struct Rule {
    regex: Regex,
    name: Option<String>,
    /// By group.
    captures: Vec<(usize, String)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors/vscode")
}

fn json(file: &str) -> Value {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The rules in their order, includes replaced.
fn rules() -> Vec<Rule> {
    let grammar = json("syntaxes/rasp.tmLanguage.json");
    let mut all = Vec::new();
    for include in grammar["patterns"].as_array().expect("patterns") {
        let name = include["include"].as_str().and_then(|i| i.strip_prefix('#')).expect("an include");
        for rule in grammar["repository"][name]["patterns"].as_array().expect("patterns of the repository") {
            let captures = rule["captures"].as_object().into_iter().flatten();
            let captures = captures.map(|(group, c)| (group.parse().expect("a group"), text(&c["name"]))).collect();
            let regex = Regex::new(&text(&rule["match"])).expect("a regular expression");
            all.push(Rule { regex, name: rule["name"].as_str().map(str::to_owned), captures });
        }
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// By byte of a line: its scope.
fn scopes(rules: &[Rule], line: &str) -> Vec<Option<String>> {
    let mut scopes = vec![None; line.len()];
    let mut at = 0;
    while at < line.len() {
        let found = rules.iter().enumerate().filter_map(|(i, rule)| {
            let captures = rule.regex.captures_from_pos(line, at).expect("it matches or not")?;
            Some((captures.get(0).expect("the whole").start(), i, captures))
        });
        let Some((_, i, captures)) = found.min_by_key(|(start, i, _)| (*start, *i)) else { break };
        let whole = captures.get(0).expect("the whole");
        assert!(!whole.range().is_empty(), "a rule matches nothing in {line}");
        let groups =
            rules[i].captures.iter().filter_map(|(g, name)| Some((captures.get(*g)?.range(), Some(name.clone()))));
        let whole_scope = (whole.range(), rules[i].name.clone());
        for (range, scope) in std::iter::once(whole_scope).chain(groups) {
            range.for_each(|b| scopes[b].clone_from(&scope));
        }
        at = whole.end();
    }
    scopes
}

/// What the scope of a token has to begin with.
fn wanted(kind: TokenKind, text: &str) -> Vec<&'static str> {
    match kind {
        TokenKind::Comment => vec!["comment.", "storage."],
        TokenKind::Str => vec!["string."],
        // A string that is not closed is no string, whatever stands in it.
        TokenKind::Bad if text.starts_with('"') => vec!["invalid."],
        TokenKind::Int => vec!["constant.numeric.integer"],
        TokenKind::Float => vec!["constant.numeric.float"],
        TokenKind::Ident => match text {
            "True" | "False" | "none" => vec!["constant.language"],
            _ => vec!["variable.", "entity.name.function", "support.function"],
        },
        TokenKind::Round | TokenKind::Indicator => vec!["support.function"],
        kind if kind.is_keyword() => vec!["keyword."],
        TokenKind::Semicolon | TokenKind::Comma | TokenKind::Colon => vec!["punctuation."],
        TokenKind::Assign | TokenKind::EqEq | TokenKind::Ne => vec!["keyword.operator"],
        TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash => vec!["keyword.operator.arithmetic"],
        _ => Vec::new(),
    }
}

fn check(rules: &[Rule], name: &str, program: &str) {
    for (number, line) in program.lines().enumerate() {
        let scopes = scopes(rules, line);
        for token in lex(0, line).tokens {
            let range = token.span.range();
            let wanted = wanted(token.kind, &line[range.clone()]);
            let told = |b: usize| scopes[b].as_deref().unwrap_or("");
            for byte in range.filter(|_| !wanted.is_empty()) {
                let fits = wanted.iter().any(|w| told(byte).starts_with(w));
                assert!(fits, "{name}:{}: {line}: {:?} is {:?}", number + 1, token.kind, told(byte));
            }
        }
    }
}

#[test]
fn tokens_have_the_scopes_of_what_they_are() {
    let rules = rules();
    for program in standard_programs() {
        check(&rules, program.name, program.source);
    }
    check(&rules, "library", raspc_lang::library::SOURCE);
    let suite = fs::read_dir(folder().join("../../suite")).expect("the suite");
    let mut read = 0;
    for entry in suite.map(|e| e.expect("an entry").path()).filter(|p| p.extension().is_some_and(|e| e == "rasp")) {
        check(&rules, &entry.display().to_string(), &fs::read_to_string(&entry).expect("a program"));
        read += 1;
    }
    assert!(read > 0);
    check(
        &rules,
        "session",
        "set s-op example \"a#b\"\nfull seq display on\nselectors = forest + defx - in_;\nx=1.5;y=a-1;\nz = \"a\" + \"b # 3 if",
    );
}

#[test]
fn every_keyword_is_one_and_no_other_word_is() {
    let rules = rules();
    for (_, word) in KEYWORDS {
        let scopes = scopes(&rules, word);
        let scope = scopes[0].as_deref().unwrap_or("");
        assert!(scope.starts_with("keyword.") || scope == "support.function.rasp", "{word}: {scope}");
        // As a part of a longer name it is none.
        for name in [format!("{word}x"), format!("x{word}"), format!("_{word}_")] {
            let found = self::scopes(&rules, &name);
            assert!(found.iter().all(|s| s.as_deref() == Some("variable.other.rasp")), "{name}: {found:?}");
        }
    }
    // The words that the grammar calls keywords are keywords of the lexer.
    let grammar = json("syntaxes/rasp.tmLanguage.json");
    for rule in grammar["repository"]["keyword"]["patterns"].as_array().expect("patterns") {
        let words = text(&rule["match"]).replace("\\b", "").replace(['(', ')'], "");
        for word in words.split('|').filter(|w| !["s-op", "full seq display"].contains(w)) {
            assert!(TokenKind::keyword(word).is_some(), "{word} is no keyword");
        }
    }
}

#[test]
fn the_extension_names_files_that_are_there() {
    let manifest = json("package.json");
    let language = &manifest["contributes"]["languages"][0];
    let grammar = &manifest["contributes"]["grammars"][0];
    assert_eq!((&language["id"], &language["extensions"][0]), (&grammar["language"], &Value::from(".rasp")));
    assert_eq!(grammar["scopeName"], json(grammar["path"].as_str().expect("a path"))["scopeName"]);
    let configuration = json(language["configuration"].as_str().expect("a path"));
    assert_eq!(configuration["comments"]["lineComment"], "#");
    Regex::new(&text(&configuration["wordPattern"])).expect("a regular expression");
}
