//! The reasons for which a model is not exported, and what `raspc help CODE` says of them.

/// The mask of the model and of the format differ: causal or not.
pub const MASK: &str = "E0601";
/// Symbols that the format's tokenizer cannot tell apart.
pub const SYMBOLS: &str = "E0602";
/// A number that can be none, in a format that has only the number.
pub const NONE: &str = "E0603";
/// A weight or an activation that the format's arithmetic would change.
pub const RANGE: &str = "E0604";
/// Files larger than the format, or this program, allows.
pub const SIZE: &str = "E0605";
/// Output values that would have one name.
pub const LABELS: &str = "E0606";

/// Codes and their explanations: what it means, why, what to do.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    (
        MASK,
        "the format has another mask than the model

In a BERT every position sees every other; in a GPT-2 a position sees itself and what stands before it. A bidirectional
model in a causal runtime, or a causal one in a bidirectional runtime, would compute something else, and silently.

What to do: export a bidirectional model as hf-bert, a causal one as hf-gpt2, or either as onnx, transformer-lens or torch.
",
    ),
    (
        SYMBOLS,
        "symbols that a tokenizer cannot tell apart

A Hugging Face tokenizer reads text and splits it at white space. Two tokens with the same text (1 and \"1\", none and
\"none\"), an empty token, a token with white space in it, or one that contains the text of BOS or PAD would be read as
something else.

What to do: choose other tokens, or a format whose inputs are ids: onnx, transformer-lens, torch.
",
    ),
    (
        NONE,
        "a number that can be none

A regression head gives one number for each position and has no way to say that there is none.

What to do: give the aggregate a default that is a number, or use onnx, torch or transformer-lens, where a second column
says whether the number is defined.
",
    ),
    (
        RANGE,
        "numbers beyond what the format's arithmetic keeps exact

Hugging Face's models have layer norms. They are made to do nothing by an epsilon that is far larger than the variance of
any residual stream, which holds for numbers up to 2^48. And weights are multiplied by powers of two, which is exact
unless they leave the range of 32-bit floats.

What to do: scale the program's numbers down, or use a format without layer norms: onnx, transformer-lens, torch.
",
    ),
    (
        SIZE,
        "an export that is too large

An ONNX file can hold 2 GB; no export is larger than 64 GB. Exports are dense: they hold every zero of the model.

What to do: compile for fewer tokens or a shorter length, or use torch or safetensors instead of onnx.
",
    ),
    (
        LABELS,
        "two values of the output with the same text

A classifier's labels are texts, and two of the output's values (1 and \"1\", none and \"none\") have the same one; or the
output has no values at all.

What to do: change the values, or use onnx, transformer-lens or torch, whose outputs are numbered.
",
    ),
];
