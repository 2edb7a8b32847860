//! Symbols of a text tokenizer: tokens by their texts, and whether these can be told apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use super::codes::{LABELS, SYMBOLS};
use crate::model::{Decode, Model};
use crate::token::{Token, TokenKey};

/// The symbols of a tokenizer; a symbol's id is its index.
pub(super) struct Symbols {
    /// The model's vocabulary, BOS, PAD, then those of the output alone.
    pub(super) texts: Vec<String>,
    /// The symbol of each class of the output; empty where input symbols were asked for alone.
    pub(super) output: Vec<u32>,
}

impl Symbols {
    /// The symbols of the inputs: ids are the model's.
    pub(super) fn of_input(model: &Model) -> Result<Self, Refusal> {
        let special = [&model.config.bos, &model.config.pad].map(Clone::clone);
        let texts: Vec<String> = model.vocab.iter().map(ToString::to_string).chain(special).collect();
        check_texts(&texts, model)?;
        Ok(Self { texts, output: Vec::new() })
    }

    /// The symbols of inputs and outputs together, for a language model: values that are tokens too keep their ids.
    pub(super) fn of_both(model: &Model, classes: &[Token]) -> Result<Self, Refusal> {
        let mut symbols = Self::of_input(model)?;
        let known: BTreeMap<TokenKey<'_>, u32> = model.vocab.iter().map(Token::key).zip(0..).collect();
        for class in classes {
            let id = known.get(&class.key()).copied().unwrap_or(symbols.texts.len() as u32);
            if id as usize == symbols.texts.len() {
                symbols.texts.push(class.to_string());
            }
            symbols.output.push(id);
        }
        check_texts(&symbols.texts, model)?;
        Ok(symbols)
    }
}

/// The classifier labels of the output: a text for each value, or `value` for a number.
///
/// # Errors
/// Values with one text, no values at all, a number that can be none.
pub(super) fn labels(model: &Model) -> Result<Vec<String>, Refusal> {
    match &model.output_readout().decode {
        Decode::Categorical { classes } => {
            let labels: Vec<String> = classes.iter().map(|(token, _)| token.to_string()).collect();
            check_labels(&labels)?;
            Ok(labels)
        }
        Decode::Numerical { defined: None, .. } => Ok(vec!["value".to_owned()]),
        Decode::Numerical { defined: Some(_), .. } => Err(Refusal::new(
            super::codes::NONE,
            format!(
                "`{}` is a number that can be none, and a regression head has no none",
                model.output_readout().name
            ),
            "give the aggregate a default that is a number, or export as onnx",
        )),
    }
}

fn check_labels(labels: &[String]) -> Result<(), Refusal> {
    let hint = "choose a format whose outputs are numbered: onnx, transformer-lens, torch";
    if labels.is_empty() {
        return Err(Refusal::new(LABELS, "the output has no values", hint));
    }
    match twice(labels) {
        Some(text) => Err(Refusal::new(LABELS, format!("two values of the output have the text `{text}`"), hint)),
        None => Ok(()),
    }
}

/// Whether a tokenizer that splits at white space reads every symbol as itself.
fn check_texts(texts: &[String], model: &Model) -> Result<(), Refusal> {
    let refuse = |message: String| {
        Err(Refusal::new(
            SYMBOLS,
            message,
            "choose other tokens, or a format whose inputs are ids: onnx, transformer-lens, torch",
        ))
    };
    if let Some(text) = twice(texts) {
        return refuse(format!("two symbols have the text `{text}`"));
    }
    for text in texts {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return refuse(format!("the symbol {text:?} is empty or holds white space, where a tokenizer splits"));
        }
        let special = [&model.config.bos, &model.config.pad].into_iter().find(|s| text.contains(*s) && text != *s);
        if let Some(special) = special {
            return refuse(format!("the symbol `{text}` contains `{special}`, which a tokenizer would find in it"));
        }
    }
    Ok(())
}

fn twice(texts: &[String]) -> Option<&String> {
    let mut seen = BTreeSet::new();
    texts.iter().find(|t| !seen.insert(t.as_str()))
}
