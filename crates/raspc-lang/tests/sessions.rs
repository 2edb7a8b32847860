//! Recorded sessions of the reference, replayed: "statement" and "long" ones byte for byte; of "malformed" ones that
//! errors are reported where the reference reports them, and that the next statement's output is the same.
//!
//! `raspc test --sessions FILE` does the same for any recordings.

use raspc_lang::console::Options;
use raspc_lang::console::replay::{Recording, recordings, replay};

const RECORDED: &str = include_str!("data/rasp_sessions.jsonl");

fn sessions() -> Vec<Recording> {
    recordings(RECORDED).expect("well-formed")
}

#[test]
fn recorded_sessions_come_out_the_same() {
    let mut wrong = Vec::new();
    for (i, session) in sessions().iter().enumerate() {
        if let Some(difference) = session.difference(&replay(&session.stdin, Options::default())) {
            let input: String = session.stdin.chars().take(120).collect();
            wrong.push(format!("session {i} ({}): {input:?}\n{difference}", session.kind));
        }
    }
    assert!(wrong.is_empty(), "{} sessions differ:\n{}", wrong.len(), wrong.join("\n"));
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
        let ours = replay(&session.stdin, Options::default());
        assert_eq!(wording(&session.stdout), wording(&ours), "session {i}: {:?}", session.stdin);
    }
}

#[test]
fn a_difference_is_seen_and_shown() {
    let recording = |kind: &str, stdout: &str| Recording {
        kind: kind.to_owned(),
        stdin: "7;".to_owned(),
        stdout: stdout.to_owned(),
    };
    let now = "a\nb\n\t!! antlr exception: this\nc\n";
    assert_eq!(recording("long", now).difference(now), None);
    assert_eq!(recording("malformed", &now.replace("this", "that")).difference(now), None);
    let shown = recording("long", &now.replace("this", "that")).difference(now).expect("they differ");
    assert_eq!(
        shown,
        "    a\n    b\n  - \\t!! antlr exception: that\n  - c\n  - \n  + \\t!! antlr exception: this\n  + c\n  + \n"
    );
    assert!(recording("malformed", &now.replace('c', "d")).difference(now).is_some());
    assert!(recording("long", &format!("{now}more")).difference(now).is_some());
    assert!(recording("long", "a\n").difference(now).is_some());
    assert_eq!(recordings("\n{\"kind\": 3}\n").expect_err("malformed").0, 2);
}
