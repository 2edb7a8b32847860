//! The language server: diagnostics as one types, hover, definitions, completion, outline, formatting. One thread, one message after
//! another; a second thread only reads, so that of many changes the last is analysed.
//!
//! **Invariants.** No message ends the server but `exit`: malformed ones are answered with an error or reported. A bug of
//! ours in an analysis is reported, and the server goes on.

mod document;
mod hover;
mod names;
mod report;
mod text;
mod wire;
mod words;

pub(crate) use self::words::{KEYWORDS, Word, words};

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types as lsp;
use lsp_types::Uri;
use raspc_lang::format::format;
use serde::de::DeserializeOwned;
use serde_json::json;

use document::Document;
use names::{What, meant, word};
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
    let (send, receive) = mpsc::channel();
    // Ends with the process: a read cannot be called off.
    std::thread::spawn(move || {
        let mut input = input;
        loop {
            let read = wire::read(&mut input).transpose();
            let last = !matches!(read, Some(Ok(_)));
            if read.is_none_or(|read| send.send(read).is_err()) || last {
                return;
            }
        }
    });
    let mut server = Server { documents: BTreeMap::new(), changed: BTreeMap::new(), phase: Phase::New, output };
    loop {
        // While messages wait, they are taken; then what has changed is analysed.
        let next = match receive.try_recv() {
            Ok(next) => next,
            Err(mpsc::TryRecvError::Disconnected) => return Ok(Ended::Cut),
            Err(mpsc::TryRecvError::Empty) => {
                server.analyse()?;
                match receive.recv() {
                    Ok(next) => next,
                    Err(_) => return Ok(Ended::Cut),
                }
            }
        };
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

    /// Analyses what has changed and says what is wrong with it.
    fn analyse(&mut self) -> io::Result<()> {
        for (key, (uri, text)) in std::mem::take(&mut self.changed) {
            let analysed = catch_unwind(AssertUnwindSafe(|| {
                let document = Document::new(&uri, text);
                let reported = report::reported(&uri, &document);
                (document, reported)
            }));
            if let Ok((document, diagnostics)) = analysed {
                self.documents.insert(key, document);
                self.publish(&uri, &diagnostics)?;
            } else {
                self.documents.remove(&key);
                self.publish(&uri, &[])?;
                self.log("raspc failed on this text: this is a bug of raspc; please report it with the program")?;
            }
        }
        Ok(())
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
            (Phase::Running, _) => {
                self.analyse()?;
                catch_unwind(AssertUnwindSafe(|| self.answer(&method, params))).unwrap_or_else(|_| {
                    Err((ErrorCode::InternalError, "raspc failed: this is a bug of raspc".to_owned()))
                })
            }
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
                Ok(self.place(&p.text_document_position_params).and_then(|(uri, d, at)| definition(uri, d, at)).into())
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

    /// The document of a place, and its byte.
    fn place<'s>(&'s self, at: &'s lsp::TextDocumentPositionParams) -> Option<(&'s Uri, &'s Document, usize)> {
        let uri = &at.text_document.uri;
        let document = self.documents.get(uri.as_str())?;
        Some((uri, document, text::byte(&document.text, at.position)))
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
        "range": text::range(&document.text, bytes),
    }))
}

fn definition(uri: &Uri, document: &Document, at: usize) -> Option<serde_json::Value> {
    let (name, range) = word(&document.text, at)?;
    let found = meant(&document.definitions, &name, range.start)?;
    Some(json!(lsp::Location::new(uri.clone(), text::range(&document.text, found.at.clone()))))
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
    for d in document.definitions.iter().filter(|d| d.scope.contains(&at)) {
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
    let range = text::range(&document.text, 0..document.text.len());
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
                "range": text::range(&document.text, d.whole.clone()),
                "selectionRange": text::range(&document.text, d.at.clone()),
            });
            if d.what == What::Function {
                symbol["detail"] = json!(format!("({})", d.params.join(", ")));
            }
            symbol
        })
        .collect();
    json!(all)
}
