//! Requests, good and damaged, as a page could send them: whatever comes, the answer says whether it is one, and nothing panics.

use std::sync::{Arc, Mutex};

use raspc::progress::{Progress, Step};
use raspc_wasm::{State, call};
use serde_json::{Value as Json, json};

const VERBS: [&str; 15] = [
    "programs", "check", "compile", "run", "verify", "explain", "draw", "explore", "data", "eval", "folder", "formats",
    "export", "codes", "help",
];

/// Those that are about a program.
const ABOUT: [&str; 11] =
    ["check", "compile", "run", "verify", "explain", "draw", "explore", "data", "eval", "folder", "export"];

fn hist() -> Json {
    json!({
        "source": "hist = selector_width(select(tokens, tokens, ==));", "vocab": "ab", "max_len": 3, "input": "aba",
        "view": "flow", "format": "torch", "code": "E0101", "samples": 50,
    })
}

/// The request with some of its fields changed.
fn with(request: &Json, fields: &Json) -> Json {
    let mut all = request.clone();
    for (name, value) in fields.as_object().expect("fields") {
        all[name] = value.clone();
    }
    all
}

/// Sends bytes; the answer is an object that says whether it is one, and if not, why.
fn sent(state: &mut State, request: &[u8]) -> Json {
    let told = || String::from_utf8_lossy(request).chars().take(200).collect::<String>();
    let answer = call(state, request).json;
    match answer["ok"].as_bool() {
        Some(true) => {}
        Some(false) => {
            let errors = answer["diagnostics"].as_array().map_or(0, |all| {
                let whole = |d: &&Json| d["message"].as_str().is_some_and(|m| !m.is_empty()) && d["code"].is_string();
                assert_eq!(all.iter().filter(whole).count(), all.len(), "{}: {answer}", told());
                all.iter().filter(|d| d["severity"] == "error").count()
            });
            let said = answer["error"].as_str().is_some_and(|e| !e.is_empty());
            assert!(said || errors > 0, "no reason for {}: {answer}", told());
        }
        None => panic!("{}: {answer}", told()),
    }
    answer
}

fn ask(state: &mut State, request: &Json) -> Json {
    sent(state, request.to_string().as_bytes())
}

fn refused(state: &mut State, request: &Json) -> Json {
    let answer = ask(state, request);
    assert_eq!(answer["ok"], false, "{request}: {answer}");
    answer
}

#[test]
fn every_verb_answers_a_good_request() {
    let mut state = State::default();
    for verb in VERBS {
        let answer = ask(&mut state, &with(&hist(), &json!({ "verb": verb })));
        assert_eq!(answer["ok"], true, "{verb}: {answer}");
    }
    let run = ask(&mut state, &with(&hist(), &json!({ "verb": "run" })));
    assert_eq!(run["run"]["output"], json!([2, 1, 2]), "{run}");
    assert_eq!((&run["marks"], &run["fresh"]), (&json!([true, true, true]), &json!(false)), "{run}");
    let verified = ask(&mut state, &with(&hist(), &json!({ "verb": "verify" })));
    assert_eq!(verified["verified"]["checked"], 14, "{verified}");
}

#[test]
fn files_lie_behind_the_answer() {
    let request = with(&hist(), &json!({ "verb": "folder" }));
    let answer = call(&mut State::default(), request.to_string().as_bytes());
    let files = answer.json["files"].as_array().expect("files");
    let sizes: u64 = files.iter().map(|f| f["length"].as_u64().expect("a length")).sum();
    assert!(!files.is_empty() && sizes == answer.bytes.len() as u64, "{}", answer.json);
}

#[test]
fn what_is_no_request_is_told_so() {
    let mut state = State::default();
    let nested = "[".repeat(100_000);
    let deep = format!("{{\"verb\": {nested}");
    let texts: [&[u8]; 10] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"3",
        b"\"run\"",
        b"{\"verb\": \xff}",
        b"{\"verb\": \"run\"} {}",
        nested.as_bytes(),
        deep.as_bytes(),
    ];
    for text in texts {
        assert_eq!(sent(&mut state, text)["ok"], false, "{:?}", String::from_utf8_lossy(&text[..text.len().min(40)]));
    }
    // A request that was cut off, wherever.
    let whole = with(&hist(), &json!({ "verb": "check" })).to_string();
    for end in 0..whole.len() {
        assert_eq!(sent(&mut state, &whole.as_bytes()[..end])["ok"], false, "{}", &whole[..end]);
    }
    assert_eq!(sent(&mut state, whole.as_bytes())["ok"], true);
}

#[test]
fn unknown_words_are_told_so() {
    let mut state = State::default();
    for verb in ["", "Run", "run ", "compile\u{0}", "🦀"] {
        assert!(refused(&mut state, &json!({ "verb": verb }))["error"].as_str().expect("text").contains(verb));
    }
    let wrong = [
        json!({ "verb": "draw", "view": "flows" }),
        json!({ "verb": "export", "format": "onxx" }),
        json!({ "verb": "help", "code": "E9999" }),
        json!({ "verb": "run", "sop": "hits" }),
        json!({ "verb": "run", "mode": "letters" }),
        json!({ "verb": "run", "source": null, "name": "no such program" }),
    ];
    for fields in wrong {
        refused(&mut state, &with(&hist(), &fields));
    }
}

#[test]
fn missing_fields_are_told_of() {
    let mut state = State::default();
    for verb in ABOUT {
        refused(&mut state, &json!({ "verb": verb }));
        refused(&mut state, &json!({ "verb": verb, "source": "" }));
    }
    refused(&mut state, &json!({}));
    let bare = json!({ "verb": "run", "source": "tokens;\nx = tokens;" });
    refused(&mut state, &bare);
    // With tokens and a length, but nothing to run on.
    let answer = refused(&mut state, &json!({ "verb": "run", "source": "x = tokens;", "vocab": "ab", "max_len": 2 }));
    assert!(answer["diagnostics"][0]["message"].as_str().expect("text").contains("no input"), "{answer}");
}

#[test]
fn fields_of_another_kind_are_told_of() {
    let mut state = State::default();
    let kinds = [json!(-1), json!(1.5), json!("text"), json!([1]), json!({ "a": 1 }), json!(true)];
    for field in
        ["verb", "source", "vocab", "max_len", "input", "inputs", "samples", "seed", "opt", "causal", "trace", "view"]
    {
        for kind in &kinds {
            // What a field can hold is taken, or told of as what it is; the rest is no request.
            ask(&mut state, &with(&with(&hist(), &json!({ "verb": "check" })), &json!({ field: kind })));
        }
        let answer =
            refused(&mut state, &with(&with(&hist(), &json!({ "verb": "check" })), &json!({ field: { "a": 1 } })));
        assert!(answer["error"].as_str().expect("text").contains("cannot be read"), "{field}: {answer}");
    }
}

#[test]
fn huge_numbers_are_refused_or_harmless() {
    let mut state = State::default();
    for verb in ["check", "compile", "run", "verify", "explore"] {
        for max_len in [json!(u64::MAX), json!(u64::from(u32::MAX)), json!(1_000_000_000), json!(0)] {
            let answer = ask(&mut state, &with(&hist(), &json!({ "verb": verb, "max_len": max_len })));
            assert!(verb == "check" || answer["ok"] == false, "{verb} {max_len}: {answer}");
        }
    }
    let numbers = json!({ "verb": "verify", "samples": u64::MAX, "seed": u64::MAX });
    assert_eq!(ask(&mut state, &with(&hist(), &numbers))["ok"], true);
    let beyond = with(&hist(), &json!({ "verb": "run" })).to_string();
    for number in ["1e999", "18446744073709551616", "-1", "1e2"] {
        let text = beyond.replace("\"max_len\":3", &format!("\"max_len\":{number}"));
        assert_ne!(text, beyond);
        assert_eq!(sent(&mut state, text.as_bytes())["ok"], false, "{number}");
    }
    for vocab in
        ["0..9223372036854775807", "-9223372036854775808..9223372036854775807", "0..99999999999999999999", "5..0", ""]
    {
        refused(&mut state, &with(&hist(), &json!({ "verb": "compile", "vocab": vocab, "input": null })));
    }
    for input in ["[1e999]", "[18446744073709551616]", "[[[[1]]]]", "[\"a\",", "aaaa", "ac", "[null]"] {
        refused(&mut state, &with(&hist(), &json!({ "verb": "run", "input": input })));
    }
    let longest = json!({ "verb": "run", "input": "ab".repeat(50_000) });
    refused(&mut state, &with(&hist(), &longest));
}

#[test]
fn a_fault_leaves_the_next_request_as_it_would_be() {
    let (mut used, mut fresh) = (State::default(), State::default());
    let good = with(&hist(), &json!({ "verb": "run", "trace": true }));
    ask(&mut used, &good);
    refused(&mut used, &with(&good, &json!({ "source": "hist = selector_width(tokens);" })));
    sent(&mut used, b"no request");
    refused(&mut used, &with(&good, &json!({ "max_len": u64::MAX })));
    assert_eq!(ask(&mut used, &good), ask(&mut fresh, &good));
}

#[test]
fn steps_are_told_of_what_is_compiled_and_not_of_what_is_kept() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = told.clone();
    let mut state = State::telling(Progress::to(move |step| teller.lock().expect("nobody panics").push(step)));
    let mut steps = |verb: &str| {
        assert_eq!(sent(&mut state, with(&hist(), &json!({ "verb": verb })).to_string().as_bytes())["ok"], true);
        std::mem::take(&mut *told.lock().expect("nobody panics"))
    };
    assert_eq!(steps("check"), []);
    let first = steps("compile");
    assert_eq!((first.first(), first.last()), (Some(&Step::Graph), Some(&Step::Certificate)));
    assert_eq!(steps("run"), []);
    assert_eq!(steps("explore"), []);
}

#[test]
fn numbers_within_a_wide_bound_alone_are_marked() {
    let request = json!({
        "verb": "run", "source": "near = aggregate(select(indices, indices, <=), tokens);\ny = near - 1000000;",
        "vocab": "1,1000000,1000001", "input": "[1000000, 1000000, 1000001]",
    });
    let answer = sent(&mut State::default(), request.to_string().as_bytes());
    assert_eq!(answer["marks"], json!([true, true, true]));
    let (got, expected) = (&answer["shown"]["output"], &answer["shown"]["expected"]);
    assert_ne!(got[2], expected[2], "{answer}");
    assert_eq!(answer["roughly"], json!([false, false, true]), "{answer}");
}
