//! raspc for browsers: a request in JSON goes in, an answer in JSON and the bytes of files come out.
//!
//! No rules of its own: a request names a verb ([`request::Request::verb`]) and a program; the verb calls the libraries, as
//! `raspc` does, and answers with the objects that its `--json` prints. What is kept between requests is the last
//! compilation, so that a run after a compile does not compile again.
//!
//! **Invariants.** A program's or an input's fault is an answer with `"ok": false` and diagnostics; a panic is a bug of
//! ours, ends the instance, and leaves its message in `boundary`.

#[cfg(target_arch = "wasm32")]
mod boundary;
mod compiled;
mod faults;
mod files;
mod program;
pub mod request;
mod verbs;

use serde_json::{Value as Json, json};

pub use compiled::State;

use request::Request;

/// An answer: an object, and the files that it names by their places among the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The object.
    pub json: Json,
    /// The bytes of all files, one behind the other.
    pub bytes: Vec<u8>,
}

/// Answers a request.
pub fn call(state: &mut State, request: &[u8]) -> Answer {
    let request: Request = match serde_json::from_slice(request) {
        Ok(request) => request,
        Err(error) => {
            return Answer::of(json!({ "ok": false, "error": format!("the request cannot be read: {error}") }));
        }
    };
    verbs::perform(state, &request)
}

impl Answer {
    fn of(json: Json) -> Self {
        Self { json, bytes: Vec::new() }
    }
}
