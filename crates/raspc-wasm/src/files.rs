//! Files in an answer: their names in the object, their bytes behind it.

use serde_json::{Value as Json, json};

use crate::Answer;

/// An answer with files.
pub(crate) fn answer(mut object: Json, files: Vec<(String, Vec<u8>)>) -> Answer {
    let mut bytes = Vec::with_capacity(files.iter().map(|f| f.1.len()).sum());
    let mut listed = Vec::new();
    for (name, content) in files {
        listed.push(json!({ "name": name, "start": bytes.len(), "length": content.len() }));
        bytes.extend_from_slice(&content);
    }
    object["files"] = Json::from(listed);
    Answer { json: object, bytes }
}
