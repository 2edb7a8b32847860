//! A run of the compiled model on an input, with the texts of its positions.

use raspc_lang::value::Value;
use raspc_model::error::InputError;
use raspc_model::forward::{Keep, Run};
use raspc_model::token::Token;

use super::label::value;
use super::window::Window;
use crate::compile::Compilation;
use crate::convert;

/// Longest text of a token.
const TOKEN: usize = 9;

/// A run and what it was run on.
pub(super) struct Shown {
    pub(super) run: Run,
    /// Which tokens are shown; BOS always is.
    pub(super) window: Window,
    /// The texts of the tokens.
    pub(super) tokens: Vec<String>,
}

impl Shown {
    /// Rows of the run to show, BOS first; `None` for a gap.
    pub(super) fn positions(&self) -> Vec<Option<usize>> {
        std::iter::once(Some(0)).chain(self.window.shown.iter().map(|p| p.map(|p| p + 1))).collect()
    }

    /// The text at a row of the run.
    pub(super) fn text(&self, position: Option<usize>) -> String {
        match position {
            None => "…".to_owned(),
            Some(0) => "BOS".to_owned(),
            Some(p) => self.tokens[p - 1].clone(),
        }
    }
}

/// Runs the model.
pub(super) fn run(c: &Compilation, input: &[Value], keep: Keep) -> Result<Shown, InputError> {
    let tokens: Vec<Token> = input.iter().map(convert::token).collect();
    let run = c.model.run(&c.model.ids(&tokens)?, keep)?;
    let tokens = input.iter().map(|t| value(t, TOKEN)).collect();
    Ok(Shown { run, window: Window::new(input.len()), tokens })
}
