//! The certificate as data: what `certificate.json` of a model folder holds.

use raspc_lang::diagnostic::Diagnostic;
use serde_json::{Value as Json, json};

use super::Certificate;
use super::precision::Dtype;

/// The certificate's fields beside `"certified": true`, or the reasons why there is none.
pub fn record(certificate: &Result<Certificate, Vec<Diagnostic>>, dtype: Dtype) -> Json {
    match certificate {
        Ok(certificate) => {
            let Json::Object(fields) = json!(certificate) else { unreachable!("a struct is an object") };
            let first = [("certified".to_owned(), json!(true))];
            Json::Object(first.into_iter().chain(fields).collect())
        }
        Err(reasons) => {
            let reason = |d: &Diagnostic| json!({ "code": d.code.0, "message": d.message, "node": d.node });
            let reasons: Vec<Json> = reasons.iter().map(reason).collect();
            json!({ "certified": false, "dtype": dtype.name(), "reasons": reasons })
        }
    }
}

/// Whether a model folder's record says that the model is certified; the reasons where it says that it is not.
///
/// A model that says neither was not made by this compiler.
pub fn reasons(record: &Json) -> Option<Vec<String>> {
    if record.get("certified") == Some(&json!(true)) {
        return None;
    }
    let reasons = record.get("reasons").and_then(Json::as_array).into_iter().flatten();
    let told = |r: &Json| Some(format!("{} {}", r.get("code")?.as_str()?, r.get("message")?.as_str()?));
    Some(reasons.filter_map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certify::codes;

    #[test]
    fn records_say_whether() {
        let certificate = Certificate {
            max_error: 0.0,
            min_margin: None,
            dtype: "float32".into(),
            assumptions: vec![],
            nodes: vec![],
        };
        assert_eq!(reasons(&record(&Ok(certificate), Dtype::Float32)), None);
        let refused = Err(vec![Diagnostic::error(codes::LATTICE, "too large")]);
        assert_eq!(reasons(&record(&refused, Dtype::Float32)), Some(vec!["E0825 too large".to_owned()]));
        assert_eq!(reasons(&Json::Null), Some(vec![]));
    }
}
