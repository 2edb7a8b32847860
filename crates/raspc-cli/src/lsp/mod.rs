//! The language server: diagnostics as one types, hover, definitions, completion, outline, formatting. One thread, one message after
//! another; a second thread only reads, so that of many changes the last is analysed.
//!
//! **Invariants.** No message ends the server but `exit`: malformed ones are answered with an error or reported. A bug of
//! ours in an analysis is reported, and the server goes on.

mod document;
mod hover;
mod loaded;
mod names;
mod queue;
mod report;
mod text;
mod wire;
mod words;

pub(crate) use self::words::{KEYWORDS, Word, words};

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types as lsp;
use lsp_types::Uri;
use raspc::interrupt::{Interrupt, Interrupted};
use raspc_lang::format::format;
use serde::de::DeserializeOwned;
use serde_json::json;

use document::{Document, path, plain};
use loaded::{Loaded, standard_library};
use names::{What, meant, word};
use queue::{Next, Queue};
use text::Text;
use wire::Incoming;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As the protocol asks: `shutdown`, then `exit`.
    Orderly,
    /// `exit` without `shutdown`, or the input ended.
    Cut,
}

/// Serves until the client ends the session.
///
/// # Errors
/// The output's own errors, and an input that lost its framing.
pub(crate) fn serve(input: impl BufRead + Send + 'static, output: &mut impl Write) -> io::Result<Ended> {
    let queue = Queue::of(input);
    let mut server = Server {
        documents: BTreeMap::new(),
        changed: BTreeMap::new(),
        phase: Phase::New,
        on_change: queue.on_change(),
        on_change_or_leave: queue.on_change_or_leave(),
        library: standard_library(),
        output,
    };
    loop {
        // While messages wait, they are taken; then what has changed is analysed. Where that is given up, a message
        // waits or is about to: the queue's invariant.
        let next = match queue.take() {
            Next::Nothing => {
                server.analyse(&server.on_change_or_leave.clone())?;
                queue.wait()
            }
            next => next,
        };
        let Next::Message(next) = next else { return Ok(Ended::Cut) };
        match next? {
            Incoming::Malformed(why) => server.log(&format!("a message is malformed: {why}"))?,
            Incoming::Message(Message::Response(_)) => {}
            Incoming::Message(Message::Request(request)) => server.request(request)?,
            Incoming::Message(Message::Notification(n)) if n.method == "exit" => {
                return Ok(if server.phase == Phase::Down { Ended::Orderly } else { Ended::Cut });
            }
            Incoming::Message(Message::Notification(notification)) => server.notification(notification)?,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    Down,
}

struct Server<'o, W> {
    documents: BTreeMap<String, Document>,
    /// Texts that wait for their analysis.
    changed: BTreeMap<String, (Uri, String)>,
    phase: Phase,
    /// Gives up the analysis that a request waits for.
    on_change: Interrupt,
    /// Gives up an analysis that nobody waits for.
    on_change_or_leave: Interrupt,
    library: Loaded,
    output: &'o mut W,
}

/// What a request is answered with, or why not.
type Answer = Result<serde_json::Value, (ErrorCode, String)>;

impl<W: Write> Server<'_, W> {
    fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        wire::write(self.output, &message.into())
    }

    fn log(&mut self, text: &str) -> io::Result<()> {
        let params = json!({ "type": lsp::MessageType::WARNING, "message": text });
        self.send(Notification::new("window/logMessage".to_owned(), params))
    }

    /// Analyses what has changed and says what is wrong with it; whether all of it was analysed.
    fn analyse(&mut self, interrupt: &Interrupt) -> io::Result<bool> {
        self.change_dependents();
        let open = self.open();
        while let Some((key, (uri, text))) = self.changed.pop_first() {
            let analysed = catch_unwind(AssertUnwindSafe(|| {
                let document = Document::new(&uri, text.clone(), &open, interrupt);
                let reported = report::reported(&uri, &document);
                (document, reported)
            }));
            match analysed {
                Ok((document, diagnostics)) => {
                    self.documents.insert(key, document);
                    self.publish(&uri, &diagnostics)?;
                }
                // Once more when the messages that wait have been taken.
                Err(why) if why.is::<Interrupted>() => {
                    self.changed.insert(key, (uri, text));
                    return Ok(false);
                }
                Err(_) => {
                    self.documents.remove(&key);
                    self.publish(&uri, &[])?;
                    self.log("raspc failed on this text: this is a bug of raspc; please report it with the program")?;
                }
            }
        }
        Ok(true)
    }

    /// What loads a file that has changed has changed, too.
    fn change_dependents(&mut self) {
        let files: Vec<PathBuf> = self.changed.values().filter_map(|(uri, _)| path(uri)).map(|p| plain(&p)).collect();
        self.change_what_loads(&files);
    }

    fn change_what_loads(&mut self, files: &[PathBuf]) {
        for (key, document) in &self.documents {
            let loads = document.loaded.iter().any(|l| l.path.as_ref().is_some_and(|p| files.contains(p)));
            if loads && let Ok(uri) = key.parse() {
                self.changed.entry(key.clone()).or_insert_with(|| (uri, document.text.to_string()));
            }
        }
    }

    /// The files that are open, with their texts.
    fn open(&self) -> BTreeMap<PathBuf, String> {
        let known = self.documents.values().filter_map(|d| Some((d.path.clone()?, d.text.to_string())));
        let changed = self.changed.values().filter_map(|(uri, text)| Some((plain(&path(uri)?), text.clone())));
        known.chain(changed).collect()
    }

    fn publish(&mut self, uri: &Uri, diagnostics: &[lsp::Diagnostic]) -> io::Result<()> {
        let params = json!({ "uri": uri, "diagnostics": diagnostics });
        self.send(Notification::new("textDocument/publishDiagnostics".to_owned(), params))
    }

    fn notification(&mut self, n: Notification) -> io::Result<()> {
        if self.phase != Phase::Running {
            return Ok(());
        }
        let changed = match n.method.as_str() {
            "textDocument/didOpen" => parsed::<lsp::DidOpenTextDocumentParams>(n.params)
                .map(|p| Some((p.text_document.uri, p.text_document.text))),
            "textDocument/didChange" => parsed::<lsp::DidChangeTextDocumentParams>(n.params)
                .map(|mut p| Some((p.text_document.uri, p.content_changes.pop()?.text))),
            "textDocument/didClose" => match parsed::<lsp::DidCloseTextDocumentParams>(n.params) {
                Ok(p) => {
                    let uri = p.text_document.uri;
                    self.changed.remove(uri.as_str());
                    self.documents.remove(uri.as_str());
                    // For those that load it, it is again what is on the disk.
                    self.change_what_loads(&path(&uri).map(|p| plain(&p)).into_iter().collect::<Vec<_>>());
                    return self.publish(&uri, &[]);
                }
                Err(why) => Err(why),
            },
            _ => Ok(None),
        };
        match changed {
            Ok(Some((uri, text))) => {
                self.changed.insert(uri.as_str().to_owned(), (uri, text));
                Ok(())
            }
            Ok(None) => Ok(()),
            Err((_, why)) => self.log(&format!("{} is malformed: {why}", n.method)),
        }
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let Request { id, method, params } = request;
        let answer = match (self.phase, method.as_str()) {
            (Phase::New, "initialize") => {
                self.phase = Phase::Running;
                Ok(capabilities())
            }
            (Phase::New, _) => Err((ErrorCode::ServerNotInitialized, "`initialize` comes first".to_owned())),
            (Phase::Down, _) => Err((ErrorCode::InvalidRequest, "the server is shut down".to_owned())),
            (Phase::Running, "initialize") => Err((ErrorCode::InvalidRequest, "it is initialized".to_owned())),
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Down;
                Ok(serde_json::Value::Null)
            }
            (Phase::Running, _) if !self.analyse(&self.on_change.clone())? => {
                Err((ErrorCode::ContentModified, "a document has changed meanwhile".to_owned()))
            }
            (Phase::Running, _) => catch_unwind(AssertUnwindSafe(|| self.answer(&method, params)))
                .unwrap_or_else(|_| Err((ErrorCode::InternalError, "raspc failed: this is a bug of raspc".to_owned()))),
        };
        self.send(match answer {
            Ok(result) => Response::new_ok(id, result),
            Err((code, message)) => Response::new_err(id, code as i32, message),
        })
    }

    fn answer(&self, method: &str, params: serde_json::Value) -> Answer {
        match method {
            "textDocument/hover" => {
                let p: lsp::HoverParams = parsed(params)?;
                Ok(self.place(&p.text_document_position_params).and_then(|(_, d, at)| hovered(d, at)).into())
            }
            "textDocument/definition" => {
                let p: lsp::GotoDefinitionParams = parsed(params)?;
                Ok(self
                    .place(&p.text_document_position_params)
                    .and_then(|(uri, d, at)| self.definition(uri, d, at))
                    .into())
            }
            "textDocument/completion" => {
                let p: lsp::CompletionParams = parsed(params)?;
                Ok(self.place(&p.text_document_position).map(|(_, d, at)| completions(d, at)).into())
            }
            "textDocument/formatting" => {
                let p: lsp::DocumentFormattingParams = parsed(params)?;
                Ok(self.documents.get(p.text_document.uri.as_str()).and_then(formatting).into())
            }
            "textDocument/documentSymbol" => {
                let p: lsp::DocumentSymbolParams = parsed(params)?;
                Ok(self.documents.get(p.text_document.uri.as_str()).map(symbols).into())
            }
            _ => Err((ErrorCode::MethodNotFound, format!("`{method}` is not known"))),
        }
    }

    /// Where the name at a place is defined: in this text, in one that it loads, in the library; of a `load`, the file.
    fn definition(&self, uri: &Uri, document: &Document, at: usize) -> Option<serde_json::Value> {
        let place = |uri: Uri, text: &Text, at: &Range<usize>| json!(lsp::Location::new(uri, text.range(at.clone())));
        if let Some((path, _)) = document.loads.iter().find(|(_, range)| range.contains(&at)) {
            let loaded = document.loaded.iter().find(|l| l.name == format!("{path}.rasp"))?;
            return Some(place(loaded.uri()?, &loaded.text, &(0..0)));
        }
        let (name, range) = word(&document.text, at)?;
        if let Some(found) = meant(&document.definitions, &name, range.start) {
            return Some(place(uri.clone(), &document.text, &found.at));
        }
        let mut others = document.loaded.iter().rev().chain([&self.library]);
        let (loaded, found) = others.find_map(|l| Some((l, l.definition(&name)?)))?;
        Some(place(loaded.uri()?, &loaded.text, &found.at))
    }

    /// The document of a place, and its byte.
    fn place<'s>(&'s self, at: &'s lsp::TextDocumentPositionParams) -> Option<(&'s Uri, &'s Document, usize)> {
        let uri = &at.text_document.uri;
        let document = self.documents.get(uri.as_str())?;
        Some((uri, document, document.text.byte(at.position)))
    }
}

fn parsed<T: DeserializeOwned>(params: serde_json::Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|e| (ErrorCode::InvalidParams, e.to_string()))
}

fn capabilities() -> serde_json::Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": { "openClose": true, "change": lsp::TextDocumentSyncKind::FULL },
            "hoverProvider": true,
            "definitionProvider": true,
            "completionProvider": {},
            "documentSymbolProvider": true,
            "documentFormattingProvider": true,
        },
        "serverInfo": { "name": "raspc", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn hovered(document: &Document, at: usize) -> Option<serde_json::Value> {
    let (value, bytes) = hover::hover(document, at)?;
    Some(json!({
        "contents": { "kind": lsp::MarkupKind::Markdown, "value": value },
        "range": document.text.range(bytes),
    }))
}

fn completions(document: &Document, at: usize) -> serde_json::Value {
    let mut items: BTreeMap<String, lsp::CompletionItem> = BTreeMap::new();
    let item = |kind, detail: Option<String>| lsp::CompletionItem { kind: Some(kind), detail, ..Default::default() };
    for keyword in words::KEYWORDS {
        items.insert((*keyword).to_owned(), item(lsp::CompletionItemKind::KEYWORD, None));
    }
    for word in words::words() {
        let kind = if word.called { lsp::CompletionItemKind::FUNCTION } else { lsp::CompletionItemKind::CONSTANT };
        let documentation = Some(lsp::Documentation::String(word.meaning));
        items.insert(word.name, lsp::CompletionItem { documentation, ..item(kind, Some(word.form)) });
    }
    let loaded = document.loaded.iter().flat_map(|l| &l.definitions).filter(|d| d.top && !d.name.starts_with('_'));
    for d in loaded.chain(document.definitions.iter().filter(|d| d.scope.contains(&at))) {
        let (kind, detail) = match d.what {
            What::Function => (lsp::CompletionItemKind::FUNCTION, Some(format!("{}({})", d.name, d.params.join(", ")))),
            _ => (lsp::CompletionItemKind::VARIABLE, None),
        };
        items.insert(d.name.clone(), item(kind, detail));
    }
    let items: Vec<lsp::CompletionItem> =
        items.into_iter().map(|(label, item)| lsp::CompletionItem { label, ..item }).collect();
    json!(items)
}

/// The text in its one layout; nothing where it is malformed.
fn formatting(document: &Document) -> Option<serde_json::Value> {
    let new_text = format(0, &document.text).ok()?;
    let range = document.text.range(0..document.text.len());
    Some(json!([lsp::TextEdit { range, new_text }]))
}

/// The outline.
fn symbols(document: &Document) -> serde_json::Value {
    let own = document.definitions.iter().filter(|d| d.top);
    let all: Vec<serde_json::Value> = own
        .map(|d| {
            let kind = if d.what == What::Function { lsp::SymbolKind::FUNCTION } else { lsp::SymbolKind::VARIABLE };
            let mut symbol = json!({
                "name": d.name,
                "kind": kind,
                "range": document.text.range(d.whole.clone()),
                "selectionRange": document.text.range(d.at.clone()),
            });
            if d.what == What::Function {
                symbol["detail"] = json!(format!("({})", d.params.join(", ")));
            }
            symbol
        })
        .collect();
    json!(all)
}
