//! The shapes of what `--json` prints. They are an interface: fields are added, never renamed.

use raspc::certify::Certificate;
use raspc_lang::value::Value;
use raspc_model::model::Model;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A value: none is `null`, numbers are numbers (integers of any size), anything else is text.
#[derive(Clone, Debug)]
pub(crate) struct JsonValue(pub(crate) Value);

impl Serialize for JsonValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::None => serializer.serialize_none(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Float(x) => serializer.serialize_f64(x.get()),
            Value::Str(_) | Value::Host(_) => serializer.serialize_str(&self.0.to_string()),
            Value::Int(i) => match i.to_i64() {
                Some(i) => serializer.serialize_i64(i),
                None => RawValue::from_string(i.to_string()).expect("digits are JSON").serialize(serializer),
            },
        }
    }
}

/// Values, one a position.
pub(crate) fn values(values: &[Value]) -> Vec<JsonValue> {
    values.iter().cloned().map(JsonValue).collect()
}

/// How big a model is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sizes {
    layers: usize,
    heads: usize,
    d_model: usize,
    d_head: usize,
    d_mlp: usize,
    parameters: usize,
    nonzeros: usize,
}

impl Sizes {
    /// The sizes of a model.
    pub(crate) fn of(model: &Model) -> Self {
        let c = &model.config;
        let (layers, heads, d_model, d_head, d_mlp) = (c.n_layers, c.n_heads, c.d_model, c.d_head, c.d_mlp);
        Self { layers, heads, d_model, d_head, d_mlp, parameters: model.parameters(), nonzeros: model.nonzeros() }
    }

    /// The sizes in one line.
    pub(crate) fn line(&self) -> String {
        let Self { layers, heads, d_model, d_head, d_mlp, parameters, nonzeros } = *self;
        let shape = match layers {
            0 => "no layers".to_owned(),
            1 => format!("1 layer, {}", counted(heads, "head")),
            _ => format!("{layers} layers, {} each", counted(heads, "head")),
        };
        format!(
            "{shape}, d_model {d_model}, d_head {d_head}, d_mlp {d_mlp}: {} parameters, {} of them not zero",
            thousands(parameters),
            thousands(nonzeros)
        )
    }
}

/// `1 layer`, `2 layers`.
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// A number with commas between thousands.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What `run --json` prints for an input.
#[derive(Debug, Serialize)]
pub(crate) struct RunLine {
    pub(crate) input: Vec<JsonValue>,
    /// The transformer's; nothing where the s-op is a selector.
    pub(crate) output: Option<Vec<JsonValue>>,
    /// The interpreter's; nothing where the program has no defined output.
    pub(crate) expected: Option<Vec<JsonValue>>,
    /// Whether both agree at every position; nothing where there is nothing to agree with.
    pub(crate) agree: Option<bool>,
    /// The evaluation error that left the program without a defined output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raised: Option<String>,
    pub(crate) model: Sizes,
    /// The selector asked for by `--sop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selector: Option<SelectorTrace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<Trace>,
}

/// What `--trace` adds.
#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    /// Whether position q sees keys up to q only.
    pub(crate) causal: bool,
    /// Every named s-op that the output depends on.
    pub(crate) sops: Vec<SopTrace>,
    /// Every named selector that the output depends on.
    pub(crate) selectors: Vec<SelectorTrace>,
    /// Every head that writes something.
    pub(crate) heads: Vec<HeadTrace>,
}

/// A named s-op on both sides.
#[derive(Debug, Serialize)]
pub(crate) struct SopTrace {
    pub(crate) name: String,
    /// The interpreter's values.
    pub(crate) expected: Option<Vec<JsonValue>>,
    /// The transformer's values; nothing where the residual stream does not hold the s-op.
    pub(crate) output: Option<Vec<JsonValue>>,
    pub(crate) agree: Option<bool>,
}

/// A selector's matrix.
#[derive(Debug, Serialize)]
pub(crate) struct SelectorTrace {
    pub(crate) name: String,
    /// Queries down, keys across; nothing where the program has no defined value.
    pub(crate) pattern: Option<Vec<Vec<bool>>>,
    /// The heads that realise it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) heads: Vec<HeadTrace>,
}

/// A head's attention pattern.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HeadTrace {
    pub(crate) layer: usize,
    pub(crate) head: usize,
    /// What it computes.
    pub(crate) computes: Vec<String>,
    /// Queries down, keys across, BOS first in both.
    pub(crate) pattern: Vec<Vec<f32>>,
}

/// What `compile --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Compiled {
    #[serde(flatten)]
    pub(crate) model: Sizes,
    /// How long the compilation took, without reading and writing.
    pub(crate) seconds: f64,
    /// The folder.
    pub(crate) output: String,
    pub(crate) assumptions: Vec<String>,
    /// What is proved of the model; nothing where it is not certified.
    pub(crate) certificate: Option<Certified>,
}

/// What is proved of a model.
#[derive(Debug, Serialize)]
pub(crate) struct Certified {
    /// The largest bound of |transformer − ideal|.
    max_error: f64,
    /// How far the nearest wrong decision is in decoding; nothing where nothing is decoded.
    min_margin: Option<f64>,
    /// The float type it holds for.
    dtype: String,
    /// What it rests on and does not prove.
    assumptions: Vec<String>,
}

impl Certified {
    /// A certificate without its nodes.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let Certificate { max_error, min_margin, dtype, assumptions, .. } = certificate.clone();
        Self { max_error, min_margin, dtype, assumptions }
    }
}

/// What `verify --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    pub(crate) checked: u64,
    pub(crate) exhaustive: bool,
    pub(crate) mismatches: u64,
    pub(crate) raised: u64,
    pub(crate) assumptions: Vec<String>,
    pub(crate) first: Option<FirstMismatch>,
}

/// The first disagreement.
#[derive(Debug, Serialize)]
pub(crate) struct FirstMismatch {
    pub(crate) input: Vec<JsonValue>,
    pub(crate) level: String,
    pub(crate) node: String,
    pub(crate) position: usize,
    pub(crate) expected: JsonValue,
    pub(crate) got: JsonValue,
}

/// What `list --json` prints for a program.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) example: Option<Vec<JsonValue>>,
    pub(crate) vocab: Option<Vec<JsonValue>>,
    pub(crate) max_len: Option<usize>,
    pub(crate) source: String,
}

/// What `explain --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    pub(crate) graph: String,
    pub(crate) encoded: String,
    pub(crate) circuit: String,
    pub(crate) schedule: String,
    pub(crate) model: String,
    /// What `certificate.json` of the model's folder holds.
    pub(crate) certificate: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        let big: num_bigint::BigInt = "123456789012345678901234567890".parse().expect("digits");
        let all = [
            Value::None,
            Value::from(true),
            Value::int(-1),
            Value::from(big),
            Value::float(0.5).expect("finite"),
            Value::str("a\"b"),
        ];
        let text = serde_json::to_string(&values(&all)).expect("JSON");
        assert_eq!(text, r#"[null,true,-1,123456789012345678901234567890,0.5,"a\"b"]"#);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 12, 999, 1000, 1_234_567].map(thousands), ["0", "12", "999", "1,000", "1,234,567"]);
    }
}
