//! `raspc explore --serve`: the page on the loopback address, for the inputs that it is asked for.
//!
//! **Invariants.** Only the loopback address is listened on, and only requests that name it are answered: a page of
//! somebody else's, whose name was made to point here, is not. There is one path, `/`, and one method, GET.

use std::io::Cursor;

use raspc::compile::Compilation;
use raspc_lang::diagnostic::Diagnostic;
use tiny_http::{Header, Method, Request, Response, Server};

use super::render;
use crate::args::ExploreArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::inputs::{self, Input};
use crate::settings::Settings;
use crate::subject::Subject;

/// An answer.
type Answer = Response<Cursor<Vec<u8>>>;

/// Serves until the process ends.
pub(super) fn serve(
    subject: &Subject,
    settings: &Settings,
    compilation: &Compilation,
    inputs: &[Input],
    args: &ExploreArgs,
    console: &mut Console,
) -> Result<Status, Fault> {
    let port = args.port.unwrap_or(0);
    let server = Server::http(("127.0.0.1", port))
        .map_err(|e| Fault::System(format!("port {port} of the loopback address cannot be served on: {e}")))?;
    let port = server.server_addr().to_ip().map_or(port, |a| a.port());
    console.line(format!("http://127.0.0.1:{port}/ (Ctrl-C ends it)"))?;
    console.flush()?;
    for request in server.incoming_requests() {
        let answer = answer(&request, port, |query| page(query, subject, settings, compilation, inputs, args));
        // On a thread of its own: who asks may read slowly, or never, and is not to keep others waiting; or may be gone.
        std::thread::spawn(move || request.respond(answer));
    }
    Ok(Status::Fine)
}

/// The answer to a request; `page` gives the page for the text after `?`, or what is wrong with it.
fn answer(request: &Request, port: u16, page: impl FnOnce(&str) -> Result<String, String>) -> Answer {
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    let host = request.headers().iter().find(|h| h.field.equiv("Host")).map_or("", |h| h.value.as_str());
    match respond(request.method(), host, path, query, port, page) {
        Ok(html) => with_type(Response::from_string(html), "text/html; charset=utf-8"),
        Err((status, text)) => {
            with_type(Response::from_string(text).with_status_code(status), "text/plain; charset=utf-8")
        }
    }
}

fn with_type(response: Answer, kind: &str) -> Answer {
    let header = |name: &str, value: &str| Header::from_bytes(name, value).expect("plain ASCII");
    response
        .with_header(header("Content-Type", kind))
        .with_header(header("Cache-Control", "no-store"))
        .with_header(header("X-Content-Type-Options", "nosniff"))
        .with_header(header("Referrer-Policy", "no-referrer"))
}

fn respond(
    method: &Method,
    host: &str,
    path: &str,
    query: &str,
    port: u16,
    page: impl FnOnce(&str) -> Result<String, String>,
) -> Result<String, (u16, String)> {
    if host != format!("127.0.0.1:{port}") && host != format!("localhost:{port}") {
        return Err((403, "this page is for the machine it is served on\n".to_owned()));
    }
    if *method != Method::Get {
        return Err((405, "only GET is answered\n".to_owned()));
    }
    if path != "/" {
        return Err((404, "there is one page: /\n".to_owned()));
    }
    page(query).map_err(|text| (400, text))
}

/// The page for the inputs of a query, `input=…&input=…`; without any, those of the command line.
fn page(
    query: &str,
    subject: &Subject,
    settings: &Settings,
    compilation: &Compilation,
    inputs: &[Input],
    args: &ExploreArgs,
) -> Result<String, String> {
    let asked: Vec<String> = query.split('&').filter_map(|p| p.strip_prefix("input=")).map(decoded).collect();
    if asked.is_empty() {
        return Ok(render(subject, compilation, inputs, true));
    }
    let mut here = subject.clone();
    let words: Vec<&str> = asked.iter().map(String::as_str).collect();
    // A word `-` would wait for standard input.
    if words.contains(&"-") {
        return Err("- is no input here: write \"-\" for the character\n".to_owned());
    }
    let read = inputs::read(&words, &args.input, &mut here);
    let checked = read.and_then(|read| inputs::check(&read, &here, settings).map(|()| read));
    checked.map(|read| render(subject, compilation, &read, true)).map_err(|fault| explained(&fault))
}

fn explained(fault: &Fault) -> String {
    let line = |d: &Diagnostic| {
        let hint = d.hint.as_ref().map_or_else(String::new, |h| format!("\n  {h}"));
        format!("error: {}{hint}\n", d.message)
    };
    match fault {
        Fault::Diagnosed { diagnostics, .. } => diagnostics.iter().map(line).collect(),
        Fault::Usage { message, .. } | Fault::System(message) => format!("error: {message}\n"),
        Fault::Closed => String::new(),
    }
}

/// A value of a query: `+` is a blank, `%41` a byte; what is no UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'+', ..) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        assert_eq!(decoded("%5B3%2C+1%5D"), "[3, 1]");
        assert_eq!(decoded("a%2"), "a%2");
        assert_eq!(decoded("%C3%A9%"), "é%");
        assert_eq!(decoded("%FF"), "\u{fffd}");
    }

    #[test]
    fn only_this_machine_and_only_the_page() {
        let ask = |method: Method, host: &str, path: &str| {
            respond(&method, host, path, "q", 80, |q| Ok(q.to_owned())).map_err(|e| e.0)
        };
        assert_eq!(ask(Method::Get, "127.0.0.1:80", "/"), Ok("q".to_owned()));
        assert_eq!(ask(Method::Get, "localhost:80", "/"), Ok("q".to_owned()));
        assert_eq!(ask(Method::Get, "evil.example:80", "/"), Err(403));
        assert_eq!(ask(Method::Get, "127.0.0.1:81", "/"), Err(403));
        assert_eq!(ask(Method::Post, "127.0.0.1:80", "/"), Err(405));
        assert_eq!(ask(Method::Get, "127.0.0.1:80", "/etc"), Err(404));
        let bad = respond(&Method::Get, "localhost:80", "/", "", 80, |_| Err("no".to_owned()));
        assert_eq!(bad, Err((400, "no".to_owned())));
    }
}
