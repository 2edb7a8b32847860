//! What the console says about text that is no program: the reference's wordings, and where it waits for more.

use raspc_lang::console::{Console, Options};

/// The message after "antlr exception", or `None` where more input is awaited.
fn message(line: &str) -> Option<String> {
    let text = Console::new(Options::default()).line(line).text;
    if text.starts_with("..") {
        return None;
    }
    let rest = text.strip_prefix("\t!! antlr exception: ").unwrap_or_else(|| panic!("{line:?} gives {text:?}"));
    Some(rest.strip_suffix(" \t-- ignoring input\n>> ").expect("the end of the message").to_owned())
}

#[test]
fn messages_are_the_references() {
    let expr = "{'(', '{', 'aggregate(', '[', 'not', '-', '+', 'round', 'indicator', 'select(', 'range(', 'zip(', 'len(', \
                Float, PosInt, String, ID}";
    let statement = "'set', 's-op', 'selector', 'show', 'full seq display', 'examples', 'exit()', 'exit', 'quit', \
                     'quit()', 'load', 'draw', '(', 'def', '{', 'for', 'aggregate(', '[', 'not', '-', '+', 'round', \
                     'indicator', 'select(', 'range(', 'zip(', 'len(', Float, PosInt, String, Comment, ID}";
    let body = "'aggregate(', '[', 'not', '-', '+', 'round', 'indicator', 'select(', 'range(', 'zip(', 'len(', Float, \
                PosInt, String, Comment, ID}";
    let cases = [
        ("if=1;", format!("mismatched input 'if' expecting {{{statement}")),
        (";", format!("mismatched input ';' expecting {{{statement}")),
        ("on;", format!("mismatched input 'on' expecting {{{statement}")),
        ("if tokens else;", format!("extraneous input 'if' expecting {{{statement}")),
        ("in 4;", format!("extraneous input 'in' expecting {{{statement}")),
        ("return 3;", format!("extraneous input 'return' expecting {{{statement}")),
        ("tokens;;", format!("extraneous input ';' expecting {{<EOF>, {statement}")),
        ("exit;", format!("extraneous input ';' expecting {{<EOF>, {statement}")),
        ("set example \"a\";", format!("extraneous input ';' expecting {{<EOF>, {statement}")),
        ("not=3;", format!("extraneous input '=' expecting {expr}")),
        ("not;", format!("mismatched input ';' expecting {expr}")),
        ("[1,2,];", format!("mismatched input ']' expecting {expr}")),
        ("f(1,);", format!("mismatched input ')' expecting {expr}")),
        ("a // 2;", format!("extraneous input '/' expecting {expr}")),
        ("a and and b;", format!("extraneous input 'and' expecting {expr}")),
        ("x = draw(a);", format!("extraneous input 'draw' expecting {expr}")),
        ("f(a, == );", format!("mismatched input '==' expecting {expr}")),
        ("selector_width(tokens,tokens,==);", format!("mismatched input '==' expecting {expr}")),
        ("def=4;", "mismatched input '=' expecting ID".to_owned()),
        ("for in;", "missing ID at 'in'".to_owned()),
        ("for i of a { b; }", "missing 'in' at 'of'".to_owned()),
        ("a b;", "no viable alternative at input 'ab'".to_owned()),
        ("a != 1;", "no viable alternative at input 'a!='".to_owned()),
        ("a:3;", "no viable alternative at input 'a:'".to_owned()),
        ("a);", "no viable alternative at input 'a)'".to_owned()),
        ("a # c", "no viable alternative at input 'a# c'".to_owned()),
        ("[1 2];", "no viable alternative at input '[12'".to_owned()),
        ("[,];", "no viable alternative at input '[,'".to_owned()),
        ("{1};", "no viable alternative at input '{1}'".to_owned()),
        ("{a:};", "no viable alternative at input '{a:}'".to_owned()),
        ("x=[f(a b)];", "no viable alternative at input '[f(ab'".to_owned()),
        ("3 4;", "extraneous input '4' expecting ';'".to_owned()),
        ("a=b c;", "extraneous input 'c' expecting ';'".to_owned()),
        ("-a b;", "extraneous input 'b' expecting ';'".to_owned()),
        ("3:4;", "mismatched input ':' expecting ';'".to_owned()),
        ("a=b=3;", "mismatched input '=' expecting ';'".to_owned()),
        ("a + ;", "extraneous input '+' expecting ';'".to_owned()),
        ("a[;", "extraneous input '[' expecting ';'".to_owned()),
        ("f(a, b c);", "extraneous input 'c' expecting ')'".to_owned()),
        ("x=(a + );", "extraneous input '+' expecting ')'".to_owned()),
        ("x=(f(a b));", "missing ')' at '('".to_owned()),
        ("(a;", "missing ')' at ';'".to_owned()),
        ("select(a,b,==;", "missing ')' at ';'".to_owned()),
        ("[1,2;", "missing ']' at ';'".to_owned()),
        ("select(a,b);", "mismatched input ')' expecting ','".to_owned()),
        ("select(a,b,+);", "mismatched input '+' expecting {'==', '<=', '>=', '>', '<', '!='}".to_owned()),
        ("aggregate(a,b;", "mismatched input ';' expecting {',', ')'}".to_owned()),
        ("a if b;", "mismatched input ';' expecting 'else'".to_owned()),
        ("set=3;", "mismatched input '=' expecting {'s-op', 'selector', 'example'}".to_owned()),
        ("set foo example \"a\"", "extraneous input 'foo' expecting {'s-op', 'selector', 'example'}".to_owned()),
        ("set s-op \"a\"", "missing 'example' at '\"a\"'".to_owned()),
        ("s-op;", "mismatched input ';' expecting 'examples'".to_owned()),
        ("examples foo", "missing {'on', 'off'} at 'foo'".to_owned()),
        ("load=3;", "mismatched input '=' expecting String".to_owned()),
        ("load;", "missing String at ';'".to_owned()),
        ("round=3;", "mismatched input '=' expecting '('".to_owned()),
        (
            "def f() { }",
            format!("mismatched input '}}' expecting {{'load', 'draw', '(', 'def', '{{', 'for', 'return', {body}"),
        ),
        ("def f(3) { return 3; }", "extraneous input '3' expecting {')', ID}".to_owned()),
        (
            "for a in [1] { }",
            format!("mismatched input '}}' expecting {{'load', 'draw', '(', 'def', '{{', 'for', {body}"),
        ),
        ("1e5;", "extraneous input 'e5' expecting ';'".to_owned()),
        (".5;", "token recognition error at: '.'".to_owned()),
        ("!a;", "token recognition error at: '!a'".to_owned()),
        ("a && b", "token recognition error at: '&'".to_owned()),
    ];
    for (line, expected) in cases {
        assert_eq!(message(line).as_deref(), Some(expected.as_str()), "{line:?}");
    }
}

#[test]
fn the_console_waits_where_the_reference_does() {
    let unfinished = [
        "",
        "# a comment",
        "a",
        "a =",
        "def f(x) {",
        "3 4 5;",
        "a=3 b=4;",
        "load \"a\" + \"b\";",
        "3{b};",
        "f(a b);",
        "f(a=1);",
        "f(a;",
        "a[];",
        "a[1 2];",
        "f(a == );",
        "f(a,",
        "[1,",
        "{",
        "for",
    ];
    for line in unfinished {
        assert_eq!(message(line), None, "{line:?}");
    }
}
