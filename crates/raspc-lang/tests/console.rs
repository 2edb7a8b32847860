//! The console beyond the recorded sessions: files, options, replaced libraries, and limits.

use raspc_lang::console::{Console, Limits, Options};
use raspc_lang::interpret::interpret;
use raspc_lang::value::Value;

#[path = "support/clock.rs"]
mod clock;

use clock::Work;

/// What the lines print, prompts apart, with these files to load.
fn session(files: &'static [(&str, &str)], lines: &[&str]) -> String {
    let loader = move |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    let mut console = Console::new(Options { loader: Box::new(loader), ..Options::default() });
    lines.iter().map(|line| console.line(line).text.replace(">> ", "")).collect()
}

fn says(lines: &[&str], expected: &str) {
    assert_eq!(session(&[], lines), expected, "{lines:?}");
}

#[test]
fn of_each_name_a_file_shows_the_last_value() {
    let files = &[("f.rasp", "a=4;\n\nb=3;\n\na=a+b;\nb=b+a;\nc,d=5,6;\n\nd=d+c;\nb=8;")];
    let expected = "    value: a =  7\n    value: c =  5\n    value: d =  11\n    value: b =  8\n";
    assert_eq!(session(files, &["load \"f\";"]), expected);
    assert_eq!(session(files, &["load \"f\";", "d;"]), format!("{expected}    value: d =  11\n"));
}

#[test]
fn after_an_error_a_file_shows_everything() {
    let files =
        &[("A.rasp", "a=f;\na=3;\nload \"B\";\nc=b;\nd=_b;\n_a=4;\ne=_a;\n"), ("B.rasp", "g=f;\nb=7;\n_b=8;\n_c=a;\n")];
    let undefined = |name: &str| format!("\t\t!!ignoring input:\n\t Error: Undefined variable: {name}\n");
    let expected = [
        undefined("f"),
        "    value: a =  3\n".to_owned(),
        undefined("f"),
        "    value: b =  7\n".to_owned(),
        undefined("a"),
        "    value: c =  7\n".to_owned(),
        undefined("_b"),
        "    value: e =  4\n".to_owned(),
    ];
    assert_eq!(session(files, &["load \"A\";"]), expected.concat());
}

#[test]
fn files_see_nothing_of_who_loads_them_and_cannot_set_library_names_there() {
    let files =
        &[("f.rasp", "b = a;"), ("g.rasp", "max = 3;\nc = max;\n# a comment\ndef f(x) { # why\n return x; }\n")];
    let missing = "\t\t!!ignoring input:\n\t could not find file: none.rasp\n";
    assert_eq!(session(files, &["load \"none\";"]), missing);
    let unseen = "    value: a =  3\n\t\t!!ignoring input:\n\t Error: Undefined variable: a\n";
    assert_eq!(session(files, &["a=3;", "load \"f\";"]), unseen);
    let refused =
        "\t\t!!ignoring input:\n\t Error: Cannot set reserved name: max\n    value: c =  3\n     g function: f(x)\n";
    assert_eq!(session(files, &["load \"g\";"]), refused);
}

#[test]
fn options_change_what_is_shown() {
    says(&["s-op examples off", "indices;"], "     s-op: indices\n");
    says(&["set example [1,22,3]", "show example"], "\ts-op example: [1, 22, 3]\n\tselector example: [1, 22, 3]\n");
    says(&["set example 5", "7;"], "\t\t!!ignoring input:\n\t example not iterable: 5\n    value: out =  7\n");
    let full = "     s-op: indices\n \t Example:\n \t\tinput:   h e y \t (strings)\n \t\toutput:  0 1 2 \t (ints)\n";
    says(&["set example \"hey\"", "full seq display on", "indices;"], full);
    let uniform =
        "     s-op: length\n \t Example: length(\"hello\") = [5]*5 (ints) [skipped full display: identical values]\n";
    says(&["full seq display on", "length;"], uniform);
    let empty = "\t\t!!statement executed, but result fails on evaluation:\n\t\t RASP sequences/selectors expect non-empty \
                 iterables, got: \n";
    says(&["set selector example \"\"", "full_s;"], empty);
}

#[test]
fn a_result_is_called_after_the_call() {
    let text = session(&[], &["[max(indices, 2), shift(tokens, 1, \"-\")];"]);
    assert!(text.contains("s-op: max(indices , 2)\n"), "{text}");
    assert!(text.contains("s-op: shift(tokens , 1 , \"-\")\n"), "{text}");
}

#[test]
fn a_library_can_be_replaced_and_its_errors_are_shown() {
    let library = "def twice(a) { return a + a; }\nb = nothing;\ntokens = 3;\n";
    let options = Options { library: Some(library.to_owned()), ..Options::default() };
    let mut console = Console::new(options);
    let errors = "\t\t!!ignoring input:\n\t Error: Undefined variable: nothing\n\t\t!!ignoring input:\n\t Error: Cannot set \
                  reserved name: tokens\n";
    assert_eq!(console.banner(), format!("RASP 0.1\nrunning example is: hello\n{errors}>> "));
    assert_eq!(console.line("twice;").text, "     RASP_support/rasplib function: twice(a)\n>> ");
}

#[test]
fn draw_asks_for_pictures_of_what_it_shows() {
    let mut console = Console::new(Options::default());
    console.line("hist = selector_width(select(tokens, tokens, ==));");
    assert!(console.take_drawings().is_empty());
    let shown = console.line("draw(hist, \"aba\");").text;
    assert_eq!(shown, console.line("hist(\"aba\");").text);
    console.line("draw(indices, [1, 2]);");
    console.line("draw(1);");
    let drawings = console.take_drawings();
    let titles: Vec<&str> = drawings.iter().map(|d| d.title.as_str()).collect();
    assert_eq!(titles, ["hist(\"aba\")", "indices([1, 2])"]);
    let hist = &drawings[0];
    assert_eq!(hist.graph.describe(hist.node), "hist");
    let values = interpret(&hist.graph, &hist.input).values(hist.node).expect("it has values").to_vec();
    assert_eq!(values, [2, 1, 2].map(Value::int));
    assert!(console.take_drawings().is_empty(), "each is asked for once");
}

#[test]
fn the_session_ends_where_it_is_told_to() {
    for line in ["exit", "exit()", "quit", "quit()"] {
        let output = Console::new(Options::default()).line(line);
        assert!(output.ended && output.text.is_empty(), "{line}");
    }
}

fn shown(lines: &[&str]) -> String {
    lines.join(" ").chars().take(80).collect()
}

#[test]
fn nothing_hangs_or_overflows_and_the_session_goes_on() {
    let nested = format!("{}1{};", "[".repeat(5000), "]".repeat(5000));
    let calls = format!("{};", "f(".repeat(3000));
    let brackets = format!("a{};", "(1".repeat(2000));
    let signs = format!("{}1;", "-".repeat(3000));
    let long = format!("{}1;", "1+".repeat(20000));
    let long_string = "s = \"x\" * 1000000;".to_owned();
    let cases: &[&[&str]] = &[
        &["def f(n) { return f(n); }", "f(1);"],
        &["def f(n) { return 1 + f(n + 1); }", "f(1);"],
        &["for i in range(1000000) { for j in range(1000000) { k = j; } }"],
        &["a = [1];", "for i in range(100000) { a = [a, a]; }"],
        &["a = \"x\";", "for i in range(1000) { a = a + a; }"],
        &["9^9^9^9;"],
        &["range(1000000000000);"],
        &["[0]*1000000000000;"],
        &["a = indices;", "for i in range(300000) { a = a + a; }"],
        &["set example range(100000)", "select(indices, indices, <);"],
        &["full_s(range(20000));"],
        &["a = {\"a\": 1};", "for i in range(100000) { a = {1: a}; }"],
        // Large values: compared, multiplied, kept, shown, hashed, named.
        &["set example range(3000)", &long_string, "b = s + \"x\";", "select(s, b, ==);"],
        &["set example range(3000)", "i = 9 ^ 300000;", "j = i + indices;", "j * j * j;"],
        &["set example range(100000)", &long_string, "(\"\" + tokens) * 1000000;"],
        &["set example range(3000)", &long_string, "s + tokens;"],
        &["set example range(100000)", "[indices] * 1000000;"],
        &["set example range(1000)", "for i in range(1000000) { draw(indices); }"],
        &[&long_string, "b = s + \"x\";", "c = s + \"x\";", "[b] * 1000000 == [c] * 1000000;"],
        &[&long_string, "{s + \"x\": x for x in range(1000000)};"],
        &[&long_string, "for i in range(1000000) { a = indices == s; }"],
        &["def f(l) { return 1; }", "l = range(100000);", "for i in range(1000000) { a = f(l); }"],
        &["set example range(3000)", "i = 9 ^ 300000;", "aggregate(full_s, indices + i);"],
        &["set example range(3000)", "a = \"x\" * 1000000 if indices < 5 else 3;"],
        &[&nested],
        &[&calls],
        &[&brackets],
        &[&signs],
        &[&long],
    ];
    for lines in cases {
        let work = Work::begin();
        let limits = Limits { steps: 1_000_000, cells: 20_000_000, bytes: 256 << 20 };
        let mut console = Console::new(Options { limits, ..Options::default() });
        for line in *lines {
            console.line(line);
        }
        console.interrupt();
        assert_eq!(console.line("7;").text, "    value: out =  7\n>> ", "{}", shown(lines));
        let took = work.took();
        assert!(took.as_secs() < 20, "{} took {took:?}", shown(lines));
    }
}

/// What takes the reference a minute is no reason to give up.
#[test]
fn heavy_programs_run() {
    says(
        &["k = 0;", "for i in range(400) { for j in range(400) { k = k + j; } }", "k;"],
        "    value: k =  0\n    value: k =  31920000\n",
    );
    let long = session(&[], &["s = sort(tokens, tokens);", "x = sort(tokens_asis, -indices);", "s(\"dcba\" * 300);"]);
    assert!(long.ends_with("d, d, d] (strings)\n") && !long.contains("wrong"), "{}", shown(&[&long]));
    let calls = session(&[], &["def f(n) { m = n - 1; return 1 if n < 1 else f(m) + f(m); }", "f(17);", "f(17);"]);
    assert!(calls.ends_with("    value: out =  131072\n"), "{calls}");
    let million = session(&[], &["l = range(1000000);", "len(l);"]);
    assert!(million.ends_with("999998, 999999]\n    value: out =  1000000\n"), "it is shown to its end");
}

/// A session does not fill up by what it has done, and says when it holds too much.
#[test]
fn a_session_forgets_what_nothing_refers_to() {
    let mut console = Console::new(Options::default());
    console.line("l = [indices, select(tokens, tokens, ==), sort(tokens, tokens)];");
    console.line("d = {1: count(tokens, \"l\")};");
    console.line("def outer(x) { y = x + 1; def inner(z) { return z + y; } return inner; }");
    console.line("keep = outer(indices);");
    let before =
        ["l;", "d;", "keep(5);", "selector_width(l[1]);", "draw(indices);"].map(|line| console.line(line).text);
    for _ in 0..4 {
        console.line("for i in range(210000) { a = indices + i; }");
        console.line("for i in range(3000) { f = outer(indices); g = f(i); }");
    }
    let after = ["l;", "d;", "keep(5);", "selector_width(l[1]);", "draw(indices);"].map(|line| console.line(line).text);
    assert_eq!(before, after);
    assert_eq!(
        console.line("a;").text,
        "     s-op: a\n \t Example: a(\"hello\") = [209999, 210000, 210001, 210002, 210003] (ints)\n>> "
    );
}

#[test]
fn a_session_says_when_it_holds_too_much() {
    let limits = Limits { bytes: 8 << 20, ..Limits::default() };
    let mut console = Console::new(Options { limits, ..Options::default() });
    for name in 'a'..='j' {
        // Each is allowed, all of them are too much.
        console.line(&format!("{name}{name} = [range(10000) for i in range(4)];"));
    }
    assert!(console.line("x = range(2000);").text.contains("this session holds too much"));
    assert_eq!(console.line("7;").text, "    value: out =  7\n>> ");
    for name in 'a'..='j' {
        console.line(&format!("{name}{name} = 0;"));
    }
    assert!(console.line("x = range(2000);").text.starts_with("     list: x = [0, 1, "));
}

#[test]
fn one_statement_asks_for_a_bounded_number_of_pictures() {
    let mut console = Console::new(Options::default());
    let same = console.line("for i in range(1000) { draw(indices); }").text;
    assert!(!same.contains("pictures"));
    assert_eq!(console.take_drawings().len(), 1);
    let many = console.line("for i in range(1000) { draw(indices + i); }").text;
    assert!(many.contains("more than 64 pictures at once"), "{}", shown(&[&many]));
    assert_eq!(console.take_drawings().len(), 64);
}

#[test]
fn files_of_any_system_are_read_line_by_line() {
    let files = &[("f.rasp", "a=1;\rb=2; # c\r\n# d\r\nc=3;\n")];
    assert_eq!(session(files, &["load \"f\";"]), "    value: a =  1\n    value: b =  2\n    value: c =  3\n");
    says(&["10.0^400;"], "something went wrong: (34, 'Numerical result out of range')\n");
}
