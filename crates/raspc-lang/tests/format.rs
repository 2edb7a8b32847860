//! Formatting: one layout, comments kept, a second time no change, and the same program before and after.

use proptest::prelude::*;

use raspc_lang::format::format;
use raspc_lang::programs::standard_programs;
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::parser::{Grammar, parse};
use raspc_lang::syntax::token::TokenKind;

#[path = "support/texts.rs"]
mod texts;

fn formatted(text: &str) -> String {
    format(0, text).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

/// The tree as text, places apart.
fn tree(text: &str) -> String {
    let parsed = parse(0, text, Grammar::PROGRAM);
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    let shown = format!("{:?}", parsed.module);
    let mut out = String::new();
    let mut rest = shown.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        out += before;
        rest = after.split_once('}').expect("a span ends").1;
    }
    out + rest
}

fn comments(text: &str) -> Vec<String> {
    let tokens = lex(0, text).tokens;
    let comments = tokens.iter().filter(|t| t.kind == TokenKind::Comment);
    comments.map(|t| text[t.span.range()].trim_end().to_owned()).collect()
}

fn check(text: &str) {
    let once = formatted(text);
    assert_eq!(tree(text), tree(&once), "\n{text}\n---\n{once}");
    let (mut before, mut after) = (comments(text), comments(&once));
    assert_eq!(before.len(), after.len(), "\n{text}\n---\n{once}");
    before.sort();
    after.sort();
    assert_eq!(before, after, "\n{text}\n---\n{once}");
    assert_eq!(once, formatted(&once), "a second time, of\n{text}");
    assert!(once.lines().all(|l| l == l.trim_end()), "{once}");
}

#[test]
fn the_layout() {
    let text = "
# vocab: abc


x=select( tokens ,tokens,== )  ;# same
long=a+b; # and
def f ( a,b ) { return a+- b ; }
def g(x){ # head

  y = x ;

# own
  return y,[1,2]

  ; # last
  # end
}
for i,j in [[1,2]] { z = (i)[0]; }
for i in range(3) {
 a=i; b=i; }
set example \"abc\"
s-op examples off;
a,b=b,a; load \"file\"; draw(x,\"ab\");
exit()
d={\"a\":1,
  # second
  \"b\":2 # two
};
l = [selector_width(select(tokens, tokens, ==)), selector_width(select(indices, indices, <)), \"and a third\"];
t = aggregate(select(indices, indices - 1, ==), tokens, \"nothing\") if indices > 0 and not (tokens == \"long\") else \"-\";
";
    insta::assert_snapshot!("layout", formatted(text));
    check(text);
}

#[test]
fn what_is_no_program_is_not_formatted() {
    assert!(!format(0, "a = ;").expect_err("an error").is_empty());
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("# only\r\n\r\n\r\n# comments"), "# only\n\n# comments\n");
}

#[test]
fn every_program_of_the_repository_keeps_its_meaning() {
    for program in standard_programs() {
        check(program.source);
    }
    check(raspc_lang::library::SOURCE);
    check(include_str!("../src/console/rasplib.rasp"));
    let suite = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite");
    let mut checked = 0;
    for entry in std::fs::read_dir(suite).expect("the suite") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "rasp") {
            check(&std::fs::read_to_string(path).expect("readable"));
            checked += 1;
        }
    }
    assert!(checked >= 6);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: texts::cases(400), ..ProptestConfig::default() })]

    /// Programs of any shape, laid out anyhow, with comments anywhere.
    #[test]
    fn generated_programs(text in texts::program()) {
        check(&text);
    }
}
