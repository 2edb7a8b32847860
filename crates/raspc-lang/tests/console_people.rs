//! The session for people: several statements at a time, errors with places, what is waited for, interrupts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use raspc_lang::console::{Console, Options, Reply, waiting};
use raspc_lang::render::render;

#[path = "support/clock.rs"]
mod clock;

use clock::Work;

const FILES: [(&str, &str); 4] = [
    ("good.rasp", "a = indices; # one\nb = a != 1;\n_c = 3;\ndef f(x) {\n    return x;\n}\n"),
    ("round.rasp", "load \"about\";\n"),
    ("about.rasp", "load \"round\";\n"),
    ("bad.rasp", "a = 3;\nb = nothing;\nc = 1 +;\n"),
];

fn console() -> Console {
    let loader = |path: &str| {
        let file = FILES.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    let mut console = Console::new(Options { loader: Box::new(loader), ..Options::default() });
    console.befriend();
    console
}

/// What a text leads to, faults drawn plainly.
fn said(console: &mut Console, text: &str) -> String {
    let replies = console.submit("typed", text);
    shown(console, replies)
}

fn shown(console: &Console, replies: Vec<Reply>) -> String {
    let one = |reply| match reply {
        Reply::Text(text) => text,
        Reply::Fault(d) => render(&d, console.sources()),
        Reply::Interrupted => "interrupted\n".to_owned(),
        Reply::Ended => "ended\n".to_owned(),
    };
    replies.into_iter().map(one).collect()
}

#[test]
fn statements_are_taken_as_program_files_write_them() {
    let mut c = console();
    assert_eq!(said(&mut c, "a=1; b=2;"), "    value: a =  1\n    value: b =  2\n");
    assert_eq!(said(&mut c, "a # the last `;` may be left away"), "    value: a =  1\n");
    assert_eq!(said(&mut c, "a != b;"), "    value: out =  True\n");
    assert_eq!(said(&mut c, "def f(x) { # a comment\n  return x;\n}"), "     console function: f(x)\n");
    assert_eq!(
        said(&mut c, "set example \"ab\";\nindices;"),
        "     s-op: indices\n \t Example: indices(\"ab\") = [0, 1] (ints)\n"
    );
    assert_eq!(said(&mut c, "indices != 1;"), "     s-op: out\n \t Example: out(\"ab\") = [T, F] (bools)\n");
    assert_eq!(said(&mut c, "exit"), "ended\n");
}

#[test]
fn errors_have_places_and_say_what_to_do() {
    let mut c = console();
    let expected = "error[E0201]: unknown name `lenght`\n  --> typed:1:9\n  1 | a = 1 + lenght;\n    |         ^^^^^^\n  \
                    hint: did you mean `length`?\n";
    assert_eq!(said(&mut c, "a = 1 + lenght;"), expected);
    let expected = "error[E0401]: division by zero\n  --> typed:2:6\n  2 | y = (1 / indices) + 2;\n    |      ^^^^^^^^^^^\n  \
                    hint: everything is tried on the example \"hello\"; `set example \"…\"` changes it\n";
    assert_eq!(said(&mut c, "x = 3;\ny = (1 / indices) + 2;").split_once('\n').expect("x first").1, expected);
    // Inside a function: where it is written.
    said(&mut c, "def f(x) { return x / 0; }");
    assert!(said(&mut c, "f(3);").contains("1 | def f(x) { return x / 0; }\n    |                   ^^^^^\n"));
    assert!(said(&mut c, "max = 3;").starts_with("error[E0202]: `max` cannot be given another meaning here\n"));
    assert!(
        said(&mut c, "x = (1 + ;").starts_with("error[E0104]: expected an expression, found `;`\n  --> typed:1:10\n")
    );
    // Inside the library: at the call.
    assert!(
        said(&mut c, "a = 1; count(3, 4);").contains("    |        ^^^^^^^^^^^\n"),
        "{}",
        said(&mut c, "count(3, 4);")
    );
    // The first error ends the text.
    assert!(said(&mut c, "nothing; never = 4;").starts_with("error[E0201]"));
    assert!(said(&mut c, "never;").starts_with("error[E0201]: unknown name `never`"));
    assert!(said(&mut c, "3(4);").starts_with("error[E0303]"));
    let deep = "def r(n) { return r(n + 1); }";
    said(&mut c, deep);
    assert!(said(&mut c, "r(0);").starts_with("error[E0501]: maximum recursion depth exceeded\n"));
    assert!(said(&mut c, "9^9^9^9^9;").starts_with("error[E0503]: this integer has more than 4300 digits"));
    said(&mut c, "set selector example \"\"");
    assert!(said(&mut c, "full_s;").starts_with("error[E0704]: RASP sequences/selectors expect non-empty iterables"));
    assert_eq!(said(&mut c, "7;"), "    value: out =  7\n");
}

/// Every failure has the code that `raspc help` explains, the place where it is written, and something to do about it.
#[test]
fn failures_are_told_apart() {
    let mut c = console();
    said(&mut c, "def f(x) { return x + 1; } def g(x) { y = f(x); return y; }");
    for (text, begin, marked) in [
        ("max(1);", "error[E0304]: `max` takes 2 arguments, not 1\n", "max(1)"),
        ("f(1, 2);", "error[E0304]: `f` takes 1 argument, not 2\n", "f(1, 2)"),
        ("tokens();", "error[E0304]: an s-op or selector is applied to one input, not 0\n", "tokens()"),
        ("1 + [4][2];", "error[E0402]: index 2 out of range", "[4][2]"),
        ("{}[\"a\"];", "error[E0402]: index [ \"a\" ] not in dict.", "{}[\"a\"]"),
        ("3[0];", "error[E0305]: can only index into", "3[0]"),
        ("tokens[indices];", "error[E0305]: index into sequence", "tokens[indices]"),
        ("a, b = [1, 2, 3];", "error[E0307]: expected 2 values", "a, b = [1, 2, 3];"),
        ("for a, b in [1] { c = a; }", "error[E0307]: iterating with", "for a, b in"),
        ("full_s + 1;", "error[E0301]: Cannot apply + to selector(s)", "full_s + 1"),
        ("full_s and tokens;", "error[E0302]: Cannot apply and/or", "full_s and tokens"),
        ("aggregate(3, tokens);", "error[E0301]: Expected selector", "aggregate(3, tokens)"),
        ("tokens in \"a\";", "error[E0306]: ", "tokens in \"a\""),
        ("x = 1; indices = 3;", "    value: x =  1\nerror[E0202]: `indices` cannot", "indices"),
        ("for max in [1] { x = 3; }", "error[E0202]: `max` cannot", "max"),
        ("c;", "error[E0201]: unknown name `c`", "c"),
        ("set example 5", "error[E0703]: example not iterable", "set example 5"),
        ("load \"about\";", "error[E0602]: `about` loads itself\n  --> round.rasp:1:1\n", "load \"about\";"),
    ] {
        let told = said(&mut c, text);
        assert!(told.starts_with(begin), "{text}: {told}");
        assert!(told.contains("  hint: ") && !told.contains("did you mean `"), "{text}: {told}");
        let line = told.lines().find(|l| l.trim_start().starts_with('|')).expect("a mark");
        assert!(line.matches('^').count() >= marked.len(), "{text}: {told}");
    }
    // The example is to blame only where it is.
    assert!(!said(&mut c, "1 / 0;").contains("example"));
    assert!(said(&mut c, "tokens_int;").contains("the example \"hello\""));
    // Where it was called from.
    let told = said(&mut c, "z = 1;\nz = g(tokens);");
    assert!(told.contains("x + 1") && told.contains("  note: from here\n  --> typed:2:1\n"), "{told}");
    // Brackets around what is indexed are no mistake.
    assert_eq!(said(&mut c, "([4, 5])[(1)];"), "    value: out =  5\n");
}

#[test]
fn files_are_loaded_with_places_too() {
    let mut c = console();
    assert_eq!(said(&mut c, "load \"good\";"), "     s-op: a\n     s-op: b\n     good function: f(x)\n");
    let bad = said(&mut c, "load \"bad\";");
    assert!(bad.contains("bad.rasp:3:8") && bad.contains("expected an expression"), "{bad}");
    let replies = c.load("good");
    assert_eq!(shown(&c, replies), "     s-op: a\n     s-op: b\n     good function: f(x)\n");
    let replies = c.load("none");
    assert!(shown(&c, replies).starts_with("error[E0601]: cannot load `none.rasp`: no such file\n"));
}

#[test]
fn what_is_waited_for_is_said() {
    for (text, what) in [
        ("x = (1 + ", "an expression"),
        ("x = (1", "`)` for the `(`"),
        ("def f(a) {\n", "`}` for the `{` in line 1"),
        ("a = 1;\nx = [1,\n 2", "`]` for the `[` in line 2"),
        ("def f(a) { return a; # done", "`}` for the `{`"),
        ("for x in", "an expression"),
        ("x =\n", "an expression"),
    ] {
        assert_eq!(waiting(text).as_deref(), Some(what), "{text:?}");
    }
    for text in
        ["", "a", "a;", "f(a b);", "3 4 5;", "x = );", "\"abc", "def f(a) { return a; }", "# only a comment", "a = 'x'"]
    {
        assert_eq!(waiting(text), None, "{text:?}");
    }
}

/// A long evaluation ends when the flag is set, and the session goes on.
#[test]
fn an_interrupt_ends_a_long_evaluation() {
    for long in [
        "for i in range(3000) { for j in range(3000) { k = i * j; } }",
        "set example range(6000); x = aggregate(select(indices, indices, <), indices);",
    ] {
        let mut c = console();
        let flag = Arc::new(AtomicBool::new(false));
        c.interrupt_by(&flag);
        let setter = std::thread::spawn({
            let flag = flag.clone();
            move || {
                std::thread::sleep(Duration::from_millis(20));
                flag.store(true, Ordering::Relaxed);
            }
        });
        let work = Work::begin();
        let text = said(&mut c, long);
        setter.join().expect("the flag is set");
        assert!(text.ends_with("interrupted\n"), "{text}");
        let took = work.took();
        assert!(took < Duration::from_secs(10), "{took:?}");
        flag.store(false, Ordering::Relaxed);
        assert_eq!(said(&mut c, "7;"), "    value: out =  7\n");
    }
}
