//! The model card of a Hugging Face folder: what the model computes, on which symbols, how to use it, what it requires.

use std::fmt::Write as _;

use serde_json::Value;

use crate::forward::Keep;
use crate::model::{Decode, Model};
use crate::token::Token;

/// Which folder the card is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    /// `BertForTokenClassification`
    BertTokens,
    /// `GPT2ForTokenClassification`
    Gpt2Tokens,
    /// `GPT2LMHeadModel`
    Gpt2Language,
}

/// More symbols or values than this are counted and not listed.
const LISTED: usize = 60;

/// Longer programs are not shown.
const LISTED_LINES: usize = 100;

/// The text of `README.md`.
pub(super) fn card(model: &Model, kind: Card, program: &str) -> String {
    let name = &model.output_readout().name;
    let pipeline = if kind == Card::Gpt2Language { "text-generation" } else { "token-classification" };
    let mut text = format!(
        "---\nlibrary_name: transformers\npipeline_tag: {pipeline}\ntags: [raspc, rasp, interpretability]\n---\n\n\
         # {}\n\nThis model was not trained: raspc compiled it from a RASP program, and its weights are exact. ",
        one_line(name)
    );
    let mask = if model.config.causal {
        "causally: a position sees itself and what stands before it"
    } else {
        "bidirectionally"
    };
    let _ = writeln!(
        text,
        "At every\nposition it computes `{}`, {mask}, on inputs of up to {} token{} (BOS not counted).\n",
        one_line(name),
        model.config.max_len,
        if model.config.max_len == 1 { "" } else { "s" }
    );
    listing(&mut text, program);
    symbols(&mut text, model, kind);
    usage(&mut text, model, kind);
    requirements(&mut text, model);
    certificate(&mut text, model);
    inside(&mut text, model);
    text
}

fn listing(text: &mut String, program: &str) {
    let lines = program.lines().count();
    if lines == 0 || program.contains("```") {
        return;
    }
    if lines > LISTED_LINES {
        let _ =
            writeln!(text, "## Program\n\nThe graph that was compiled has {lines} lines: `listing` in `raspc.json`.\n");
        return;
    }
    let _ = writeln!(
        text,
        "## Program\n\nThe graph that was compiled, one operation a line:\n\n```\n{}\n```\n",
        program.trim_end()
    );
}

fn symbols(text: &mut String, model: &Model, kind: Card) {
    let (bos, pad) = (one_line(&model.config.bos), one_line(&model.config.pad));
    let _ = write!(
        text,
        "## Symbols\n\nInput: {}. The tokenizer splits at white space, puts `{bos}` in front (position 0; what the model says\n\
         there means nothing) and pads with `{pad}` on the right. A word that is no symbol is an error.\n\nOutput: ",
        listed(&model.vocab)
    );
    let _ = match &model.output_readout().decode {
        Decode::Categorical { classes } => {
            let values: Vec<Token> = classes.iter().map(|c| c.0.clone()).collect();
            let none =
                if values.contains(&Token::None) { " (`none` where the program's output is undefined)" } else { "" };
            let _ = writeln!(
                text,
                "{}{none}, the argmax of the logits.\nA value's logit is 1 and the others' are 0: softmax scores mean nothing here.\n",
                listed(&values)
            );
            if kind == Card::Gpt2Language { shared(text, model, &values) } else { Ok(()) }
        }
        Decode::Numerical { bound, values, .. } => {
            let nearest =
                values.as_ref().map_or(String::new(), |v| format!("; the value is the nearest of {}", listed(v)));
            writeln!(text, "a number, the one logit, within {bound:e} of the program's{nearest}.\n")
        }
    };
}

/// What follows from one vocabulary for what goes in and what comes out.
fn shared(text: &mut String, model: &Model, values: &[Token]) -> std::fmt::Result {
    let alone: Vec<Token> = values.iter().filter(|v| model.vocab.iter().all(|t| t.key() != v.key())).cloned().collect();
    let never = "symbols that are no output have the logit -64";
    if alone.is_empty() {
        return writeln!(text, "Input and output share one vocabulary; {never}.\n");
    }
    writeln!(
        text,
        "Input and output share one vocabulary; {never}. These can only come out: {}. The tokenizer\n\
         takes them all the same, and the model runs: from such a word on, in a prompt or generated, what it says means nothing.\n",
        listed(&alone)
    )
}

fn usage(text: &mut String, model: &Model, kind: Card) {
    let ids: Vec<u32> = (0..model.vocab.len().min(model.config.max_len).min(4) as u32).rev().collect();
    let words = |tokens: &[Token]| tokens.iter().map(ToString::to_string).collect::<Vec<_>>();
    let input: Vec<Token> = ids.iter().map(|&id| model.vocab[id as usize].clone()).collect();
    let example = serde_json::to_string(&words(&input).join(" ")).expect("a text");
    let class = match kind {
        Card::Gpt2Language => "AutoModelForCausalLM",
        Card::BertTokens | Card::Gpt2Tokens => "AutoModelForTokenClassification",
    };
    let _ = write!(
        text,
        "## Use\n\n```python\nimport torch\nfrom transformers import AutoTokenizer, {class}\n\n\
         tokenizer = AutoTokenizer.from_pretrained(FOLDER)\nmodel = {class}.from_pretrained(FOLDER)\n\
         with torch.no_grad():\n    logits = model(**tokenizer({example}, return_tensors=\"pt\")).logits[0, 1:]\n"
    );
    let numerical = matches!(model.output_readout().decode, Decode::Numerical { .. });
    text.push_str(match kind {
        Card::Gpt2Language => "print(tokenizer.convert_ids_to_tokens(logits.argmax(-1).tolist()))\n",
        Card::BertTokens | Card::Gpt2Tokens if numerical => "print(logits[:, 0].tolist())\n",
        Card::BertTokens | Card::Gpt2Tokens => {
            "print([model.config.id2label[i] for i in logits.argmax(-1).tolist()])\n"
        }
    });
    text.push_str("```\n\n");
    // Numbers are left out: their last digit is the platform's `exp`.
    if !numerical && let Ok(run) = model.run(&ids, Keep::default()) {
        let output = serde_json::to_string(&words(&model.decode_output(&run))).expect("texts");
        let _ = writeln!(text, "It prints {}.\n", code(&output));
    }
}

fn requirements(text: &mut String, model: &Model) {
    text.push_str(
        "## Requirements\n\nfloat32, TF32 off. The weights are exact in 32-bit floats; in half precision, quantised or with TF32\n\
         the model computes something else. The layer norms are made to do nothing (their epsilon is 2^120): do not change\n\
         `layer_norm_eps` or `layer_norm_epsilon`.\n\n",
    );
    if model.assumptions.is_empty() {
        text.push_str("The compiler rested on no assumption that it did not prove.\n\n");
    } else {
        text.push_str("The compiler rested on what it did not prove:\n\n");
        model.assumptions.iter().for_each(|a| {
            let _ = writeln!(text, "- {}", one_line(a));
        });
        text.push('\n');
    }
}

/// What the compiler proved; nothing where nobody tried. (The record is data of a folder that may come from anywhere.)
fn certificate(text: &mut String, model: &Model) {
    let field = |name: &str| model.certificate.get(name);
    let list = |name: &str| field(name).and_then(Value::as_array).into_iter().flatten();
    match field("certified").and_then(Value::as_bool) {
        None => {}
        Some(false) => {
            text.push_str(
                "## No certificate\n\nThe compiler could not prove that the weights are right on every input:\n\n",
            );
            for reason in list("reasons") {
                let said = |name: &str| one_line(reason.get(name).and_then(Value::as_str).unwrap_or_default());
                let _ = writeln!(text, "- {} {}", said("code"), said("message"));
            }
            text.push('\n');
        }
        Some(true) => {
            let number = |name: &str| field(name).and_then(Value::as_f64);
            let dtype = one_line(field("dtype").and_then(Value::as_str).unwrap_or("float32"));
            let error = number("max_error")
                .filter(|&e| e > 0.0)
                .map_or(String::new(), |e| format!(", with numbers off by at most {e:e}"));
            let with = if error.is_empty() { ", with" } else { " and" };
            let margin = number("min_margin").map_or(String::new(), |m| format!("{with} no decision closer than {m}"));
            let _ = writeln!(
                text,
                "## Certificate\n\nThe compiler proved for its weights in {dtype} that they decode to what the program says, on every\n\
                 input of these symbols up to this length{error}{margin}. This folder holds the same weights times powers of\n\
                 two; what layer norms leave behind was measured below 1e-6. The proof assumes:\n"
            );
            for assumption in list("assumptions").filter_map(Value::as_str) {
                let _ = writeln!(text, "- {}", one_line(assumption));
            }
            text.push('\n');
        }
    }
}

fn inside(text: &mut String, model: &Model) {
    let c = &model.config;
    let _ = write!(
        text,
        "## Inside\n\nThe compiled model has n_layers {}, n_heads {}, d_model {}, d_head {}, d_mlp {}; this folder pads it\n\
         and stores each direction of its residual stream twice, once negated, so that layer norms find the mean zero\n\
         (`raspc.json` says where). These named values can be read from it:\n\n| value | complete after |\n|---|---|\n",
        c.n_layers, c.n_heads, c.d_model, c.d_head, c.d_mlp
    );
    for readout in &model.readouts {
        let place = match readout.after {
            0 => "the embedding".to_owned(),
            after if after % 2 == 1 => format!("attention {}", after / 2),
            after => format!("MLP {}", after / 2 - 1),
        };
        let _ = writeln!(text, "| `{}` | {place} |", one_line(&readout.name).replace('|', "\\|"));
    }
}

/// Symbols as code, or how many there are.
fn listed(tokens: &[Token]) -> String {
    if tokens.len() > LISTED {
        return format!("{} symbols (see `raspc.json`)", tokens.len());
    }
    let quoted: Vec<String> = tokens.iter().map(|t| code(&t.to_string())).collect();
    quoted.join(" ")
}

/// A text as a piece of code, exactly: behind more backticks than it holds together, and blanks where it begins or ends in one.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let (fence, blank) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Names come from anywhere; they do not end a line or a piece of code.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                ' '
            } else if c == '`' {
                '\''
            } else {
                c
            }
        })
        .collect()
}
