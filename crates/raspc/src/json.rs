//! The shapes of what `--json` prints. They are an interface: fields are added, never renamed.

use crate::certify::Certificate;
use raspc_lang::value::Value;
use raspc_model::model::Model;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::compile::Compilation;
use crate::verify::{Mismatch, Report};

/// A value: none is `null`, numbers are numbers (integers of any size), anything else is text.
#[derive(Clone, Debug)]
pub struct JsonValue(pub Value);

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
pub fn values(values: &[Value]) -> Vec<JsonValue> {
    values.iter().cloned().map(JsonValue).collect()
}

/// How big a model is.
#[derive(Clone, Debug, Serialize)]
pub struct Sizes {
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
    pub fn of(model: &Model) -> Self {
        let c = &model.config;
        let (layers, heads, d_model, d_head, d_mlp) = (c.n_layers, c.n_heads, c.d_model, c.d_head, c.d_mlp);
        Self { layers, heads, d_model, d_head, d_mlp, parameters: model.parameters(), nonzeros: model.nonzeros() }
    }

    /// The sizes in one line.
    pub fn line(&self) -> String {
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
pub fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// A number with commas between thousands.
pub fn thousands(n: usize) -> String {
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
pub struct RunLine {
    /// The input.
    pub input: Vec<JsonValue>,
    /// The transformer's; nothing where the s-op is a selector.
    pub output: Option<Vec<JsonValue>>,
    /// The interpreter's; nothing where the program has no defined output.
    pub expected: Option<Vec<JsonValue>>,
    /// Whether both agree at every position; nothing where there is nothing to agree with.
    pub agree: Option<bool>,
    /// The evaluation error that left the program without a defined output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised: Option<String>,
    /// The model's sizes.
    pub model: Sizes,
    /// The selector asked for by `--sop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<SelectorTrace>,
    /// What a trace adds, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// What `--trace` adds.
#[derive(Debug, Serialize)]
pub struct Trace {
    /// Whether position q sees keys up to q only.
    pub causal: bool,
    /// Every named s-op that the output depends on.
    pub sops: Vec<SopTrace>,
    /// Every named selector that the output depends on.
    pub selectors: Vec<SelectorTrace>,
    /// Every head that writes something.
    pub heads: Vec<HeadTrace>,
}

/// A named s-op on both sides.
#[derive(Debug, Serialize)]
pub struct SopTrace {
    /// Its name.
    pub name: String,
    /// The interpreter's values.
    pub expected: Option<Vec<JsonValue>>,
    /// The transformer's values; nothing where the residual stream does not hold the s-op.
    pub output: Option<Vec<JsonValue>>,
    /// Whether both sides agree at every position; nothing where one has no values.
    pub agree: Option<bool>,
}

/// A selector's matrix.
#[derive(Debug, Serialize)]
pub struct SelectorTrace {
    /// Its name.
    pub name: String,
    /// Queries down, keys across; nothing where the program has no defined value.
    pub pattern: Option<Vec<Vec<bool>>>,
    /// The heads that realise it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadTrace>,
}

/// A head's attention pattern.
#[derive(Clone, Debug, Serialize)]
pub struct HeadTrace {
    /// Its layer, from 0.
    pub layer: usize,
    /// Its place in the layer, from 0.
    pub head: usize,
    /// What it computes.
    pub computes: Vec<String>,
    /// Queries down, keys across, BOS first in both.
    pub pattern: Vec<Vec<f32>>,
}

/// What `compile --json` prints.
#[derive(Debug, Serialize)]
pub struct Compiled {
    /// The model's sizes.
    #[serde(flatten)]
    pub model: Sizes,
    /// How long the compilation took, without reading and writing.
    pub seconds: f64,
    /// The folder.
    pub output: String,
    /// What the model rests on that was not proved.
    pub assumptions: Vec<String>,
    /// What is proved of the model; nothing where it is not certified.
    pub certificate: Option<Certified>,
}

/// What is proved of a model.
#[derive(Debug, Serialize)]
pub struct Certified {
    /// The largest bound of |transformer − ideal|.
    pub max_error: f64,
    /// How far the nearest wrong decision is in decoding; nothing where nothing is decoded.
    pub min_margin: Option<f64>,
    /// The float type it holds for.
    pub dtype: String,
    /// What it rests on and does not prove.
    pub assumptions: Vec<String>,
}

impl Certified {
    /// A certificate without its nodes.
    pub fn of(certificate: &Certificate) -> Self {
        let Certificate { max_error, min_margin, dtype, assumptions, .. } = certificate.clone();
        Self { max_error, min_margin, dtype, assumptions }
    }
}

/// What `export --json` prints.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// Of what was exported.
    #[serde(flatten)]
    pub model: Sizes,
    /// The format's name.
    pub format: &'static str,
    /// The file or folder.
    pub output: String,
    /// Of all files.
    pub bytes: u64,
    /// In the order in which they were written; a single file under the name that its format gives it.
    pub files: Vec<ExportedFile>,
    /// How long the writing took, without the compilation.
    pub seconds: f64,
}

/// A file of an export.
#[derive(Debug, Serialize)]
pub struct ExportedFile {
    /// Its name within the export.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// What `verify --json` prints.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// How many inputs were checked.
    pub checked: u64,
    /// Whether these were all there are.
    pub exhaustive: bool,
    /// On how many of them something disagreed.
    pub mismatches: u64,
    /// On how many the program has no defined output.
    pub raised: u64,
    /// What the model rests on that was not proved.
    pub assumptions: Vec<String>,
    /// The first disagreement.
    pub first: Option<FirstMismatch>,
    /// On how many inputs on which all agrees a number is within the bound of its certificate and no closer.
    pub roughly: u64,
    /// The first of these numbers.
    pub first_roughly: Option<FirstMismatch>,
}

/// The first disagreement.
#[derive(Debug, Serialize)]
pub struct FirstMismatch {
    /// The input.
    pub input: Vec<JsonValue>,
    /// The level, `circuit` or `model`.
    pub level: String,
    /// The node.
    pub node: String,
    /// The position, from 0.
    pub position: usize,
    /// What the interpreter says.
    pub expected: JsonValue,
    /// What the level says.
    pub got: JsonValue,
}

impl Verified {
    /// What a check of a compilation found.
    pub fn of(compilation: &Compilation, report: &Report) -> Self {
        let shown = |m: &Mismatch| FirstMismatch {
            input: values(&m.input),
            level: m.level.to_owned(),
            node: compilation.graph.describe(m.node),
            position: m.position,
            expected: JsonValue(m.expected.clone()),
            got: JsonValue(m.got.clone()),
        };
        let (first, first_roughly) = (report.first.as_ref().map(shown), report.first_roughly.as_ref().map(shown));
        let assumptions = compilation.assumptions.iter().map(|a| a.text.clone()).collect();
        let Report { checked, exhaustive, mismatches, raised, roughly, .. } = *report;
        Self { checked, exhaustive, mismatches, raised, assumptions, first, roughly, first_roughly }
    }
}

/// What `list --json` prints for a program.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What it computes, in a line.
    pub summary: String,
    /// An input to show it with.
    pub example: Option<Vec<JsonValue>>,
    /// The vocabulary it is meant for.
    pub vocab: Option<Vec<JsonValue>>,
    /// The length it is meant for.
    pub max_len: Option<usize>,
    /// Its text.
    pub source: String,
}

/// What `explain --json` prints.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The computational graph.
    pub graph: String,
    /// Value sets and encodings.
    pub encoded: String,
    /// The blocks.
    pub circuit: String,
    /// The layers.
    pub schedule: String,
    /// The residual stream and the weights.
    pub model: String,
    /// What `certificate.json` of the model's folder holds.
    pub certificate: serde_json::Value,
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
