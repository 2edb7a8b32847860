//! What bad programs are told: each group's diagnostics, rendered, as a reader sees them.

use std::fmt::Write;

use raspc_lang::graph::Mask;
use raspc_lang::program::parse_program;
use raspc_lang::render::render_all;

/// Files that the programs may load.
fn load(path: &str) -> Result<String, String> {
    match path {
        "good.rasp" => Ok("_private = 1;\npublic = indices + _private;".to_owned()),
        "bad.rasp" => Ok("fine = 1;\nbroken = fine + ;\nunknown = nothing;".to_owned()),
        "a.rasp" => Ok("load \"b\";".to_owned()),
        "b.rasp" => Ok("load \"a\";".to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

/// Each program followed by what it is told.
fn transcript(programs: &[&str]) -> String {
    let mut text = String::new();
    for program in programs {
        let (diagnostics, sources) = match parse_program("main.rasp", program, Mask::Full, &mut load) {
            Ok(p) => (p.warnings, p.sources),
            Err(f) => (f.diagnostics, f.sources),
        };
        let told = if diagnostics.is_empty() { "(nothing)\n".to_owned() } else { render_all(&diagnostics, &sources) };
        let _ = writeln!(text, "{}\n{program}\n{}\n{told}", "=".repeat(80), "-".repeat(80));
    }
    text
}

macro_rules! check {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

#[test]
fn text() {
    check!(transcript(&[
        "x = 'a' + 1e5;\ny = tokens && indices;\nz = !x;",
        "x = \"abc;\ny = \"abc\";",
        "x = tokens == \"a\" ? 1 : 2;",
        "héllo = 3;\nx = .5 + 5.;",
        "x = 3 // 2;\ny = 2 ** 3;\nz += 1;",
        "a = b = 3;\nc == 4 5;\nd = [1, 2,];",
        "x = tokens\ny = x;\nz = (1 + 2;\nw = 3;",
        "set = 4;\nselector = 5;\nround = 3;\nif = 2;\ndef draw(x) { return x; }",
        "s = select(tokens, tokens);\nt = select(tokens, ==);\nu = select(tokens, tokens, =);\nv = aggregate(s);",
        "def f(x) { y = x; }\ndef g(x) { return x; y = 1; }\ndef h(3) { return 1 + ; }\ndef k(a, a) { return a; }\nreturn 3;",
        "x = [i for i in [1] if i];\ny = [i for i in [1] for j in [2]];\nz = s-op;",
        "}\nx = 1;;\nfor i in [1] { x = i;",
        "lambda x: x;\na.b;\nx = {1, 2};\nx = f(a=1);",
        "x = draw(tokens);\nfull seq display;",
        "x = indices ≤ 2；\ny = `a`;\nz = $y @ 2;\nw = 3 \\ 4;\nv =\u{a0}indices;\nu =\u{200b} 1;",
        "// a note\nx = 1;",
        "/* a note */\nx = 1;",
    ]));
}

#[test]
fn names() {
    check!(transcript(&[
        "last = lenght - 1;\nx = tokns + indicies;",
        "x = out;\ny = true;\nz = null;\nw = len;",
        "indices = 3;\nnone = 4;\nrange = 5;\ndef f(True) { return 1; }\nfor zip in [1] { x = zip; }",
        "x = detect_pattern(tokens, \"abc\");",
        "x = missing;\ny = x + 1;\nz = y + other;\n",
        "def f(x) { return x + missing; }\na = f(1);\nb = f(2);\nc = a + b;",
        "def f(x) { return x + later; }\nlater = 3;\na = f(1);",
    ]));
}

#[test]
fn kinds() {
    check!(transcript(&[
        "same = select(tokens, tokens, ==);\nx = tokens + same;\ny = -same;\nz = round(same);\nw = same == same;",
        "same = select(tokens, tokens, ==);\ndef f(x) { return x; }\na = indices or same;\nb = same and True;\nc = False or same;\nd = same and \"a\";\ne = same and [1, 2];\ng = same and f;\nh = same and {1: 2};\ni = same or indices == 0 or indices == 1 or indices == 2 or indices == 3;",
        "same = select(tokens, tokens, ==);\nx = same and tokens == \"a\";\ny = 1 if same else 2;\nz = same if tokens == \"a\" else 1;",
        "x = tokens + [1];\ny = tokens == [1];\nz = max + 1;\nw = tokens + none;",
        "s = select([1], tokens, ==);\nt = select(tokens, s, ==);\nx = aggregate(tokens, s);\ny = aggregate(select(1, 1, ==), tokens, indices);",
        "x = selector_width(tokens);\ny = selector_width();\nz = max(1);\ndef f(a, b) { return a; }\nw = f(1);",
        "x = tokens(\"abc\");\ny = 3(4);\nz = \"a\"(1);",
        "x = tokens[indices];\ny = tokens[\"a\"];\nz = [1, 2][\"a\"];\nw = {1: 2}[[1]];\nv = 3[0];\nu = [[1]][indices];",
        "x = tokens in \"ab\";\ny = 1 in {1: 2};\nz = [1] in [[1]];\nw = tokens in indices;\nv = tokens in [indices];",
        "a, b = [1, 2, 3];\nc, d = 5;\ne, f = 1, 2, 3;\nfor x, y in [1] { z = x; }\nfor i in 5 { z = i; }\nfor i in tokens { z = i; }",
        "x = range(1.5);\ny = range(1, 2, 3, 4);\nz = range(1, 2, 0);\nw = zip([1], [1, 2]);\nv = zip([1], 3);\nu = len(tokens);\nt = len(3);",
        "x = {[1]: 2};\ny = indicator(select(1, 1, ==));",
        "x = average(select(1, 1, ==));\ny = sort(tokens);\nz = count([1], 2);",
    ]));
}

#[test]
fn values_and_files() {
    check!(transcript(&[
        "x = 1 / 0;\ny = 1 + \"a\";\nz = 1 < \"a\";\nw = -\"a\";",
        "def inverse(n) { return 1 / n; }\ndef outer(n) { return inverse(n - 1); }\nx = outer(1);",
        "x = [1, 2][2];\ny = \"abc\"[-4];\nz = {1: 2}[\"a\"];\nw = [][0];",
        "def f(n) { return f(n + 1); }\nx = f(0);",
        "load \"missing\";\nx = anything;",
        "load \"missing.rasp\";",
        "load \"a\";",
        "load \"bad\";\nx = fine + broken + unknown;",
        "load \"good\";\nx = public + _private;",
        "# vocab: [1, 2\n# max_len: -3\nset example 5\nx = tokens;",
        "# vocab: abc\n# vocab: abd\n# max_len: 3\n# max_len: 4\nx = tokens;",
        "draw(tokens);\nshow example\nexamples off\nfull seq display on\nset selector example \"abc\"\nx = tokens == none;\nexit\ny = missing;",
    ]));
}

/// And what they lead to is RASP.
#[test]
fn functions_of_other_languages_lead_to_what_is_written_here() {
    for (wrong, advice) in [
        ("sum", "length * average(x)"),
        ("mean", "average(x)"),
        ("avg", "average(x)"),
        ("abs", "x if x > 0 else -x"),
        ("any", "contains(x, True)"),
        ("all", "not contains(x, False)"),
        ("floor", "x - x % 1"),
        ("int", "round(x)"),
    ] {
        let read = |text: &str| parse_program("main.rasp", text, Mask::Full, &mut load);
        let failure = read(&format!("x = indices;\ny = {wrong}(x);")).expect_err("no such function");
        let hint = failure.diagnostics[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains(&format!("`{advice}`")), "{wrong}: {hint}");
        assert!(read(&format!("x = indices;\ny = {advice};")).is_ok(), "{advice}");
    }
}
