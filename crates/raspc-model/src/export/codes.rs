//! The reasons for which a model is not exported, and what `raspc help CODE` says of them.

/// The mask of the model and of the format differ: causal or not.
pub const MASK: &str = "E1101";
/// Symbols that the format's tokenizer cannot tell apart.
pub const SYMBOLS: &str = "E1102";
/// A number that can be none, in a format that has only the number.
pub const NONE: &str = "E1103";
/// A weight or an activation that the format's arithmetic would change.
pub const RANGE: &str = "E1104";
/// Files larger than the format, or this program, allows.
pub const SIZE: &str = "E1105";
/// Output values that would have one name.
pub const LABELS: &str = "E1106";

/// What a code means, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it is about and why it is so.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// A command line that shows it.
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
}

/// All codes of exports, ascending.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: MASK,
        title: "the format has another mask than the model",
        why: "In a BERT every position sees every other; in a GPT-2 a position sees itself and what stands before it. A bidirectional model in a causal runtime, or a causal one in a bidirectional runtime, would compute something else, and silently.",
        fix: "Export a bidirectional model as hf-bert, a causal one as hf-gpt2, or either as onnx, transformer-lens or torch.",
        wrong: "raspc export hist --format hf-gpt2 -o folder",
        right: "raspc export hist --causal --format hf-gpt2 -o folder",
    },
    Explanation {
        code: SYMBOLS,
        title: "symbols that a tokenizer cannot tell apart",
        why: "A Hugging Face tokenizer reads text and splits it at white space. Two symbols with the same text (1 and \"1\", none and \"none\"), an empty one, one with white space in it, or one that contains the text of BOS or PAD would be read as something else.",
        fix: "Choose other tokens, or a format whose inputs are ids: onnx, transformer-lens, torch.",
        wrong: "raspc export hist --vocab '[\"a b\", \"c\"]' --format hf-bert -o folder",
        right: "raspc export hist --vocab '[\"a_b\", \"c\"]' --format hf-bert -o folder",
    },
    Explanation {
        code: NONE,
        title: "a number that can be none",
        why: "A regression head gives one number for each position and has no way to say that there is none.",
        fix: "Give the aggregate a default that is a number, or use onnx, torch or transformer-lens, where a second column says whether the number is defined.",
        wrong: "raspc export -e 'x = aggregate(select(indices, indices, <), indicator(tokens == \"a\"));' --vocab ab --max-len 4 --format hf-bert -o folder",
        right: "raspc export -e 'x = aggregate(select(indices, indices, <), indicator(tokens == \"a\"), 0);' --vocab ab --max-len 4 --format hf-bert -o folder",
    },
    Explanation {
        code: RANGE,
        title: "numbers beyond what the format's arithmetic keeps exact",
        why: "Hugging Face's models have layer norms. They are made to do nothing by an epsilon that is far larger than the variance of any residual stream, which holds for numbers up to 2^48. And weights are multiplied by powers of two, which is exact unless they leave the range of 32-bit floats.",
        fix: "Scale the program's numbers down, or use a format without layer norms: onnx, transformer-lens, torch.",
        wrong: "a program whose numbers reach 10^15, as hf-bert",
        right: "the same as onnx",
    },
    Explanation {
        code: SIZE,
        title: "an export that is too large",
        why: "An ONNX file can hold 2 GB; no export is larger than 64 GB. Exports are dense: they hold every zero of the model.",
        fix: "Compile for fewer tokens or a shorter length, or use torch or safetensors instead of onnx.",
        wrong: "a model of a billion dense parameters, as onnx",
        right: "the same as safetensors",
    },
    Explanation {
        code: LABELS,
        title: "two values of the output with the same text",
        why: "A classifier's labels are texts, and two of the output's values (1 and \"1\", none and \"none\") have the same one; or the output has no values at all.",
        fix: "Change the values, or use onnx, transformer-lens or torch, whose outputs are numbered.",
        wrong: "raspc export -e 'x = 1 if tokens == \"a\" else \"1\";' --vocab ab --max-len 4 --format hf-bert -o folder",
        right: "raspc export -e 'x = 1 if tokens == \"a\" else \"one\";' --vocab ab --max-len 4 --format hf-bert -o folder",
    },
];
