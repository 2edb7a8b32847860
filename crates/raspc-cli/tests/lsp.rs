//! The language server as an editor meets it: a client over standard input and output of the real program.

use std::io::{BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

mod support;

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// An editor with a session.
struct Client {
    server: Child,
    input: ChildStdin,
    /// What the server says, until it says no more.
    output: Receiver<Message>,
    next: i32,
}

const SORT: &str = "# vocab: 0..5
# max_len: 5
smaller = select(tokens, tokens, <);
target_pos = selector_width(smaller);
sel_new = select(target_pos, indices, ==);
# The tokens in order.
def take(sel, values) {
    moved = aggregate(sel, values);
    return moved;
}
sorted = take(sel_new, tokens);
";

impl Client {
    fn start() -> Self {
        Self::of(&mut Command::new(env!("CARGO_BIN_EXE_raspc")))
    }

    /// An initialized session with a variable of the environment set.
    fn start_with(variable: &str, value: &std::path::Path) -> Self {
        let mut client = Self::of(Command::new(env!("CARGO_BIN_EXE_raspc")).env(variable, value));
        client.ask("initialize", json!({ "capabilities": {} })).expect("initialized");
        client
    }

    fn of(command: &mut Command) -> Self {
        let mut server = command
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let input = server.stdin.take().expect("piped");
        let mut stdout = BufReader::new(server.stdout.take().expect("piped"));
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || {
            while let Some(message) = Message::read(&mut stdout).expect("well formed") {
                let _ = send.send(message);
            }
        });
        Self { server, input, output, next: 0 }
    }

    /// A session that is initialized.
    fn ready() -> Self {
        let mut client = Self::start();
        let answer = client.ask("initialize", json!({ "capabilities": {} })).expect("initialized");
        assert_eq!(answer["capabilities"]["hoverProvider"], true);
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, message: impl Into<Message>) {
        message.into().write(&mut self.input).expect("the server reads");
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(Notification::new(method.to_owned(), params));
    }

    fn receive(&mut self) -> Message {
        self.output.recv_timeout(support::PATIENCE).expect("the server answers")
    }

    /// The answer to a request; what the server tells meanwhile is passed over.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        self.request(method, params);
        let id = RequestId::from(self.next);
        loop {
            if let Message::Response(response) = self.receive() {
                assert_eq!(response.id, id);
                return response.response_result.map_err(|e| (e.code, e.message));
            }
        }
    }

    /// Sends a request and does not wait.
    fn request(&mut self, method: &str, params: Value) {
        self.next += 1;
        self.send(Request::new(RequestId::from(self.next), method.to_owned(), params));
    }

    /// The next notification of this kind.
    fn told(&mut self, method: &str) -> Value {
        loop {
            match self.receive() {
                Message::Notification(n) if n.method == method => return n.params,
                _ => {}
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "rasp", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.diagnostics(uri)
    }

    fn change(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params);
        self.diagnostics(uri)
    }

    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        let params = self.told("textDocument/publishDiagnostics");
        assert_eq!(params["uri"], uri);
        params["diagnostics"].as_array().expect("an array").clone()
    }

    fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        let place = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": uri }, "position": place })).expect("an answer")
    }

    fn hover(&mut self, uri: &str, line: u32, character: u32) -> String {
        let answer = self.at("textDocument/hover", uri, line, character);
        answer["contents"]["value"].as_str().unwrap_or("").to_owned()
    }

    /// Ends the session; the exit status.
    fn end(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null).expect("shut down");
        self.tell("exit", Value::Null);
        self.ended()
    }

    /// Waits for the server to end; the exit status.
    fn ended(&mut self) -> Option<i32> {
        support::ended(&mut self.server, "the server").code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It has ended, unless a test has failed.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn diagnostics_follow_what_is_typed() {
    let mut client = Client::ready();
    let uri = "file:///nowhere/sort.rasp";
    assert_eq!(client.open(uri, SORT), Vec::<Value>::new());
    let wrong = client.change(uri, "x = 1;\ny = \"é\" + lenght;\n");
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert_eq!(wrong[0]["range"]["start"], json!({ "line": 1, "character": 10 }));
    assert_eq!(wrong[0]["range"]["end"], json!({ "line": 1, "character": 16 }));
    assert_eq!((&wrong[0]["severity"], &wrong[0]["source"]), (&json!(1), &json!("raspc")));
    let message = wrong[0]["message"].as_str().expect("a message");
    assert!(message.contains("lenght") && message.contains("length"), "{message}");
    // What only the compiler knows: every length divides by zero at position 0.
    let refused = client.change(uri, "# vocab: ab\n# max_len: 3\nx = 1 / indices;\n");
    assert!(refused.iter().any(|d| d["range"]["start"]["line"] == 2), "{refused:#?}");
    assert_eq!(client.change(uri, SORT), Vec::<Value>::new());
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(client.diagnostics(uri), Vec::<Value>::new());
    assert_eq!(client.end(), Some(0));
}

#[test]
fn hover_tells_values_encoding_and_layer() {
    let mut client = Client::ready();
    let uri = "untitled:Untitled-1";
    client.open(uri, SORT);
    // `target_pos`, where it is defined and where it is used.
    for (line, character) in [(3, 2), (4, 20)] {
        let told = client.hover(uri, line, character);
        for part in ["target_pos = selector_width(smaller)", "{0, 1, 2, 3, 4}", "one-hot", "layer: 0 (after its MLP)"] {
            assert!(told.contains(part), "no {part} in {told}");
        }
    }
    let selector = client.hover(uri, 2, 1);
    assert!(selector.contains("selector") && selector.contains("layer 0 head 0"), "{selector}");
    let function = client.hover(uri, 10, 10);
    assert!(function.contains("def take(sel, values)") && function.contains("The tokens in order."), "{function}");
    let form = client.hover(uri, 2, 12);
    assert!(form.contains("select(keys, queries, ==)"), "{form}");
    // A comment, and a place beyond the text.
    assert_eq!(client.hover(uri, 0, 3), "");
    client.hover(uri, 4_000_000_000, 7);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn names_lead_to_their_definitions_and_are_completed() {
    let mut client = Client::ready();
    let uri = "file:///nowhere/sort.rasp";
    client.open(uri, SORT);
    let found = client.at("textDocument/definition", uri, 10, 15);
    assert_eq!(found["range"]["start"], json!({ "line": 4, "character": 0 }));
    let inner = client.at("textDocument/definition", uri, 7, 23);
    assert_eq!(inner["range"]["start"], json!({ "line": 6, "character": 9 }));
    assert_eq!(client.at("textDocument/definition", uri, 2, 18), Value::Null);

    let names = |answer: &Value| -> Vec<String> {
        let all = answer.as_array().expect("an array").iter();
        all.map(|i| i["label"].as_str().expect("a label").to_owned()).collect()
    };
    let inside = client.at("textDocument/completion", uri, 7, 4);
    let inside = names(&inside);
    for name in ["smaller", "sel", "values", "aggregate", "def", "length"] {
        assert!(inside.iter().any(|n| n == name), "no {name}");
    }
    let before = client.at("textDocument/completion", uri, 2, 0);
    assert!(!names(&before).iter().any(|n| n == "sorted" || n == "values"));

    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let formatted =
        client.ask("textDocument/formatting", json!({ "textDocument": { "uri": uri }, "options": options }));
    let formatted = formatted.expect("an answer");
    assert_eq!(formatted[0]["range"]["end"], json!({ "line": 11, "character": 0 }));
    let text = formatted[0]["newText"].as_str().expect("a text");
    assert_eq!(raspc_lang::format::format(0, SORT).as_deref(), Ok(text));

    let outline = client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })).expect("it");
    let outline: Vec<&str> = outline.as_array().expect("an array").iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(outline, ["smaller", "target_pos", "sel_new", "take", "sorted"]);
    assert_eq!(client.end(), Some(0));
}

/// What is written in other files, in the standard programs and in the library is seen and found, too.
#[test]
fn names_of_other_texts_lead_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("deep.rasp"), "# Far away.\nfar = indices + 1;\n").expect("written");
    std::fs::write(
        file("other one.rasp"),
        "load \"deep\";\n# Twice.\ndef twice(x) { return x + x; }\n_own = 1;\nnear = indices * 2;\n",
    )
    .expect("written");
    let uri_of = |name: &str| format!("file://{}", file(name).display().to_string().replace(' ', "%20"));
    let mut client = Client::start_with("XDG_CACHE_HOME", folder.path());
    let (uri, other) = (uri_of("works.rasp"), uri_of("other one.rasp"));
    let text = "# vocab: ab\n# max_len: 3\nload \"other one\";\nload \"reverse\";\nx = twice(near) + far;\ny = count(tokens, \"a\") + x;\n";
    assert_eq!(client.open(&uri, text), Vec::<Value>::new());

    let mut goes = |line: u32, character: u32| {
        let found = client.at("textDocument/definition", &uri, line, character);
        let path = found["uri"].as_str().unwrap_or("").to_owned();
        (
            path,
            found["range"]["start"]["line"].as_u64().unwrap_or(99),
            found["range"]["start"]["character"].as_u64().unwrap_or(99),
        )
    };
    assert_eq!(goes(4, 6), (other.clone(), 2, 4));
    assert_eq!(goes(4, 12), (other.clone(), 4, 0));
    assert_eq!(goes(4, 19), (uri_of("deep.rasp"), 1, 0));
    assert_eq!(goes(2, 8), (other.clone(), 0, 0));
    // What is part of raspc is written to where it can be opened.
    for (line, character, holds) in [(5, 6, "def count("), (3, 8, "length")] {
        let (path, ..) = goes(line, character);
        let path = path.strip_prefix("file://").expect("a file");
        assert!(std::fs::read_to_string(path).expect("it is there").contains(holds), "{path}");
    }
    for (character, parts) in [
        (6, ["def twice(x)", "Twice.", "from other one.rasp"]),
        (19, ["far = indices + 1", "values: {1, 2, 3}", "Far away."]),
    ] {
        let told = client.hover(&uri, 4, character);
        for part in parts {
            assert!(told.contains(part), "no {part} in {told}");
        }
    }
    let names = client.at("textDocument/completion", &uri, 5, 0);
    let has = |name: &str| names.as_array().expect("an array").iter().any(|i| i["label"] == name);
    assert!(has("near") && has("far") && has("twice") && !has("_own"));

    // A file that is open is loaded as it is in the editor; its faults are told where it is loaded, with the way there.
    let own = client.open(&other, "load \"deep\";\ndef twice(x) { return x + x; }\nnear = indices * ;\n");
    assert_eq!(own.len(), 1);
    let told = client.diagnostics(&uri);
    assert_eq!(told[0]["range"]["start"], json!({ "line": 2, "character": 0 }), "{told:#?}");
    assert_eq!(told[0]["relatedInformation"][0]["location"]["uri"], json!(other));
    assert_eq!(told[0]["relatedInformation"][0]["location"]["range"]["start"]["line"], 2);
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": other } }));
    assert_eq!(client.diagnostics(&other), Vec::<Value>::new());
    assert_eq!(client.diagnostics(&uri), Vec::<Value>::new());
    assert_eq!(client.end(), Some(0));
}

/// What is typed next ends an analysis that takes long; many definitions are no matter.
#[test]
fn a_long_analysis_is_given_up_for_the_next_text() {
    let mut client = Client::ready();
    let uri = "file:///nowhere/long.rasp";
    let long = "# vocab: 0..50\n# max_len: 30\nm = aggregate(select(indices, indices, <=), tokens_int);\nx = m * m;\n";
    let document = json!({ "uri": uri, "languageId": "rasp", "version": 1, "text": long });
    client.tell("textDocument/didOpen", json!({ "textDocument": document }));
    std::thread::sleep(Duration::from_millis(1500));
    let wrong = client.change(uri, "x = lenght;\n");
    assert!(wrong[0]["message"].as_str().expect("a message").contains("lenght"), "{wrong:#?}");
    // Who waits for it is told so.
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 3 }, "contentChanges": [{ "text": long }] }),
    );
    let place = json!({ "line": 2, "character": 0 });
    client.request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": place }));
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 4 }, "contentChanges": [{ "text": "x = 1;" }] }),
    );
    let told = loop {
        if let Message::Response(response) = client.receive() {
            break response.response_result.expect_err("not this text any more");
        }
    };
    assert_eq!(told.code, -32801, "{told:?}");
    assert_eq!(client.diagnostics(uri), Vec::<Value>::new());
    let many: Vec<String> = (0..20_000).map(|i| format!("b{i} = {i};")).collect();
    client.change(uri, &many.join("\n"));
    let outline = client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })).expect("it");
    assert_eq!(outline.as_array().map(Vec::len), Some(20_000));
    assert_eq!(client.end(), Some(0));
}

#[test]
fn malformed_messages_do_not_end_the_session() {
    let mut client = Client::start();
    let early = client.ask("textDocument/hover", json!({})).expect_err("too early");
    assert_eq!(early.0, -32002);
    client.ask("initialize", json!({})).expect("initialized");
    client.raw(b"Content-Length: 1\r\n\r\n{");
    assert!(client.told("window/logMessage")["message"].as_str().expect("a text").contains("malformed"));
    client.raw(b"Content-Type: x\r\ncontent-length:4\r\n\r\n\xff\xfe{}");
    client.told("window/logMessage");
    client.tell("textDocument/didOpen", json!({ "textDocument": 7 }));
    client.told("window/logMessage");
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": "a:b", "version": 1 }, "contentChanges": [] }),
    );
    client.tell("$/unknown", json!([1, 2]));
    assert_eq!(client.ask("no/such/method", Value::Null).expect_err("unknown").0, -32601);
    assert_eq!(client.ask("textDocument/hover", json!([])).expect_err("malformed").0, -32602);
    assert_eq!(client.ask("initialize", json!({})).expect_err("a second time").0, -32600);
    assert_eq!(client.at("textDocument/hover", "file:///unknown", 0, 0), Value::Null);
    // It still works.
    assert_eq!(client.open("file:///a.rasp", "x = ;").len(), 1);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn hostile_texts_are_answered() {
    let mut client = Client::ready();
    let deep = "(".repeat(5000);
    let texts = [
        "",
        "\u{feff}",
        "\u{0}\u{202e}",
        "\"",
        &deep,
        "def f(",
        "a=a=a;",
        "for x in",
        "load \"../../etc/passwd\";",
        "# vocab: [",
    ];
    for text in texts {
        client.open("file:///a.rasp", text);
        for character in [0, 1, 7] {
            client.hover("file:///a.rasp", 0, character);
            client.at("textDocument/completion", "file:///a.rasp", 0, character);
            client.at("textDocument/definition", "file:///a.rasp", 0, character);
        }
    }
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_session_that_breaks_off_ends_with_a_failure() {
    let mut client = Client::ready();
    client.raw(b"nonsense\r\n\r\n");
    assert_eq!(client.ended(), Some(2));
    let mut cut = Client::ready();
    cut.tell("exit", Value::Null);
    assert_eq!(cut.ended(), Some(2));
}
