//! Recorded sessions of the reference, replayed: "statement" and "long" ones byte for byte; of "malformed" ones that
//! errors are reported where the reference reports them, and that the next statement's output is the same.

use raspc_lang::console::{Console, Options};

const RECORDED: &str = include_str!("data/rasp_sessions.jsonl");

/// Sessions that do not pass yet, each with its reason. None may be added.
const FAILING: [(usize, &str); 0] = [];

struct Session {
    kind: String,
    stdin: String,
    stdout: String,
}

fn sessions() -> Vec<Session> {
    let parse = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
        let text = |key: &str| json[key].as_str().expect("a string").to_owned();
        Session { kind: text("kind"), stdin: text("stdin"), stdout: text("stdout") }
    };
    RECORDED.lines().map(parse).collect()
}

/// What the console prints for a script.
fn replay(stdin: &str) -> String {
    let mut console = Console::new(Options::default());
    let mut out = console.banner();
    for line in stdin.lines() {
        let output = console.line(line);
        out += &output.text;
        if output.ended {
            return out;
        }
    }
    out + &console.finish()
}

/// What the rule for malformed input looks at: the wording after "antlr exception" is the parser's own.
fn without_wording(text: &str) -> String {
    let line = |line: &str| match line.split_once("!! antlr exception: ") {
        Some((before, _)) => format!("{before}!! antlr exception"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn agrees(session: &Session, ours: &str) -> bool {
    match session.kind.as_str() {
        "malformed" => without_wording(&session.stdout) == without_wording(ours),
        _ => session.stdout == ours,
    }
}

/// The first differing line with what is around it.
fn difference(session: &Session, ours: &str) -> String {
    let (theirs, ours): (Vec<&str>, Vec<&str>) = (session.stdout.split('\n').collect(), ours.split('\n').collect());
    let at = (0..=theirs.len()).find(|&i| theirs.get(i) != ours.get(i)).expect("they differ");
    let show = |lines: &[&str]| format!("{:?}", &lines[at.min(lines.len())..(at + 3).min(lines.len())]);
    let before = &theirs[at.saturating_sub(2)..at];
    format!(
        "input {:?}\n  from line {at} (after {before:?})\n  recorded {}\n  here     {}",
        session.stdin.chars().take(120).collect::<String>(),
        show(&theirs),
        show(&ours)
    )
}

#[test]
fn recorded_sessions_come_out_the_same() {
    let mut wrong = Vec::new();
    let mut repaired = Vec::new();
    for (i, session) in sessions().iter().enumerate() {
        let known = FAILING.iter().find(|(index, _)| *index == i);
        let ours = replay(&session.stdin);
        match (agrees(session, &ours), known) {
            (false, None) => wrong.push(format!("session {i} ({}): {}", session.kind, difference(session, &ours))),
            (true, Some((index, _))) => repaired.push(*index),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} sessions differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(repaired.is_empty(), "these pass now, and should leave the list: {repaired:?}");
}

#[test]
fn all_kinds_are_recorded() {
    let count = |kind: &str| sessions().iter().filter(|s| s.kind == kind).count();
    assert_eq!((count("statement"), count("long"), count("malformed")), (180, 4, 60));
}

#[test]
fn what_the_parser_says_is_the_references_too() {
    let wording = |text: &str| text.lines().filter(|l| l.contains("antlr")).map(str::to_owned).collect::<Vec<_>>();
    for (i, session) in sessions().iter().enumerate() {
        assert_eq!(wording(&session.stdout), wording(&replay(&session.stdin)), "session {i}: {:?}", session.stdin);
    }
}
