//! The forward pass, in f32: `x = W_E[id] + W_pos[position]`, then attention and MLP of each layer, added to x.
//!
//! **Invariants.** It executes the weights and knows nothing of what they mean. Sums are taken in one fixed order
//! ([`Order`]), products and sums rounded one by one (no fused multiply-add), so that everything but `exp` is the same on every machine.
//! Only terms that are zero are skipped, which changes no bit (numerics: R5). A result is finite or an error.

use crate::attention::{self, Setting, multiply};
use crate::error::InputError;
use crate::hooks::Hooks;
use crate::matrix::Matrix;
use crate::model::{Layer, Model};
use crate::order::{Order, mix};
use crate::rows::{for_rows, map_all};
use crate::token::{Token, TokenKey};

/// What a run keeps beside the last residual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The residual stream after the embedding and after each half-layer.
    pub residuals: bool,
    /// The attention pattern of every head, unused ones too.
    pub patterns: bool,
    /// The hidden activations of every MLP.
    pub mlp: bool,
}

/// What a run computed. Position 0 is BOS.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// How many positions, BOS and padding included.
    pub n: usize,
    /// The id at each position, BOS first.
    pub ids: Vec<u32>,
    /// `[2 * n_layers + 1]` of `[n, d_model]`: after the embedding, attention 0, MLP 0, attention 1, …; empty unless kept.
    pub residuals: Vec<Matrix>,
    /// `[layer][head]` of `[n, n]`: row q holds the weights of the keys for query q; empty unless kept.
    pub patterns: Vec<Vec<Matrix>>,
    /// `[layer]` of `[n, d_mlp]`, after ReLU; empty unless kept.
    pub mlp: Vec<Matrix>,
    /// `[n, d_model]`: the residual stream at the end.
    pub last: Matrix,
}

impl Model {
    /// Runs the model on ids, without BOS (which is put in front here) and without PAD.
    ///
    /// # Errors
    /// An input that is too long, an id that is not in the vocabulary, a number beyond f32.
    pub fn run(&self, ids: &[u32], keep: Keep) -> Result<Run, InputError> {
        self.run_with(ids, keep, &Hooks::default())
    }

    /// Runs the model with interventions.
    ///
    /// # Errors
    /// As [`Model::run`]; a hook whose place does not exist.
    pub fn run_with(&self, ids: &[u32], keep: Keep, hooks: &Hooks) -> Result<Run, InputError> {
        self.check_ids(ids)?;
        self.execute(ids, ids.len(), keep, hooks, Order::Forward)
    }

    /// Runs the model with its sums taken in another order.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn run_in_order(&self, ids: &[u32], keep: Keep, order: Order) -> Result<Run, InputError> {
        self.check_ids(ids)?;
        self.execute(ids, ids.len(), keep, &Hooks::default(), order)
    }

    /// Runs the model on several inputs of any lengths.
    ///
    /// # Errors
    /// The first input's that has one, as [`Model::run`].
    pub fn run_batch(&self, batch: &[Vec<u32>], keep: Keep) -> Result<Vec<Run>, InputError> {
        map_all(batch, |input, ids| self.run(ids, keep).map_err(|e| in_batch(input, e)))
    }

    /// Runs the model on inputs that are padded with PAD on the right to one length.
    ///
    /// `lengths` are the real ones, without BOS: padded keys get weight exactly 0, and the real positions are bit by bit what
    /// [`Model::run`] gives. Without them nothing is masked: PAD keys have to lose by their scores, as in a runtime that
    /// knows no mask.
    ///
    /// # Errors
    /// As [`Model::run`]; rows of different lengths, padding that is not on the right, lengths that do not fit.
    pub fn run_padded(
        &self,
        batch: &[Vec<u32>],
        lengths: Option<&[usize]>,
        keep: Keep,
    ) -> Result<Vec<Run>, InputError> {
        if let Some(lengths) = lengths
            && lengths.len() != batch.len()
        {
            return Err(InputError::Lengths { found: lengths.len(), expected: batch.len() });
        }
        let width = batch.first().map_or(0, Vec::len);
        map_all(batch, |input, ids| {
            let length = self.check_padded(ids, width, lengths.map(|l| l[input])).map_err(|e| in_batch(input, e))?;
            let length = if lengths.is_some() { length } else { width };
            self.execute(ids, length, keep, &Hooks::default(), Order::Forward).map_err(|e| in_batch(input, e))
        })
    }

    /// Pads inputs with PAD on the right to the longest, and gives their real lengths: what [`Model::run_padded`] takes.
    pub fn pad(&self, batch: &[Vec<u32>]) -> (Vec<Vec<u32>>, Vec<usize>) {
        let width = batch.iter().map(Vec::len).max().unwrap_or(0);
        let padded = batch.iter().map(|ids| {
            let mut ids = ids.clone();
            ids.resize(width, self.pad_id());
            ids
        });
        (padded.collect(), batch.iter().map(Vec::len).collect())
    }

    /// The ids of tokens. Tokens are found by [`Token::key`]: `1`, `1.0` and `true` have one id.
    ///
    /// # Errors
    /// The first token that is not in the vocabulary.
    pub fn ids(&self, tokens: &[Token]) -> Result<Vec<u32>, InputError> {
        let mut known: Vec<(TokenKey<'_>, u32)> = self.vocab.iter().map(Token::key).zip(0..).collect();
        known.sort_unstable();
        let id = |(position, token): (usize, &Token)| {
            let key = token.key();
            let found = known.binary_search_by(|(k, _)| k.cmp(&key));
            found.map(|i| known[i].1).map_err(|_| InputError::Token { position, token: token.clone() })
        };
        tokens.iter().enumerate().map(id).collect()
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), InputError> {
        let (tokens, max_len, vocab) = (ids.len(), self.config.max_len, self.vocab.len());
        if tokens > max_len {
            return Err(InputError::TooLong { tokens, max_len });
        }
        match ids.iter().position(|&id| id as usize >= vocab) {
            Some(position) => Err(InputError::Id { position, id: ids[position], vocab }),
            None => Ok(()),
        }
    }

    /// The real length of a padded row, without BOS.
    fn check_padded(&self, ids: &[u32], width: usize, length: Option<usize>) -> Result<usize, InputError> {
        if ids.len() != width {
            return Err(InputError::Ragged { found: ids.len(), expected: width });
        }
        if width > self.config.max_len {
            return Err(InputError::TooLong { tokens: width, max_len: self.config.max_len });
        }
        let pad = self.pad_id();
        let real = length.unwrap_or_else(|| ids.iter().position(|&id| id == pad).unwrap_or(width));
        if real > width {
            return Err(InputError::Lengths { found: real, expected: width });
        }
        match (0..width).find(|&position| (ids[position] == pad) != (position >= real)) {
            Some(position) => Err(InputError::Padding { position }),
            None => self.check_ids(&ids[..real]).map(|()| real),
        }
    }

    /// The pass itself, on checked ids; `length` tokens are real, the rest is masked.
    fn execute(&self, ids: &[u32], length: usize, keep: Keep, hooks: &Hooks, order: Order) -> Result<Run, InputError> {
        let n = ids.len() + 1;
        hooks.check(self, n)?;
        let ids: Vec<u32> = std::iter::once(self.bos_id()).chain(ids.iter().copied()).collect();
        let setting = Setting { length: length + 1, causal: self.config.causal, order };
        let last = self.embed(&ids);
        let mut run = Run { n, ids, residuals: Vec::new(), patterns: Vec::new(), mlp: Vec::new(), last };
        run.finish_half(0, keep, hooks)?;
        for (l, layer) in self.layers.iter().enumerate() {
            run.attend(l, layer, setting, keep, hooks)?;
            run.finish_half(2 * l + 1, keep, hooks)?;
            run.feed_forward(l, layer, order, keep)?;
            run.finish_half(2 * l + 2, keep, hooks)?;
        }
        Ok(run)
    }

    /// `W_E[id] + W_pos[position]`.
    fn embed(&self, ids: &[u32]) -> Matrix {
        let mut x = Matrix::zeros(ids.len(), self.config.d_model);
        for (position, &id) in ids.iter().enumerate() {
            for (columns, values) in [self.w_e.row(id as usize), self.w_pos.row(position)] {
                let row = x.row_mut(position);
                for (&column, v) in columns.iter().zip(values) {
                    row[column as usize] += v;
                }
            }
        }
        x
    }
}

impl Run {
    /// The attention half of a layer.
    fn attend(
        &mut self,
        l: usize,
        layer: &Layer,
        setting: Setting,
        keep: Keep,
        hooks: &Hooks,
    ) -> Result<(), InputError> {
        let overflow = InputError::Overflow { after: 2 * l + 1 };
        let salt = mix(1, l as u64);
        let mut out = Matrix::zeros(self.n, self.last.cols);
        let mut kept: Vec<Matrix> = Vec::new();
        kept.resize_with(if keep.patterns { layer.heads.len() } else { 0 }, Matrix::default);
        for h in setting.order.heads(layer.heads.len(), salt) {
            let (head, salt) = (&layer.heads[h], mix(salt, h as u64));
            // A head that reads or writes nothing adds zero at every position.
            let writes = !head.w_v.is_zero() && !head.w_o.is_zero() && !hooks.ablates(l, h);
            if !writes && !keep.patterns {
                continue;
            }
            let pattern = attention::pattern(&self.last, head, setting, salt);
            if !pattern.is_finite() {
                return Err(overflow);
            }
            if writes {
                attention::write(&self.last, head, &pattern, setting.order, salt, &mut out);
            }
            if keep.patterns {
                kept[h] = pattern;
            }
        }
        if keep.patterns {
            self.patterns.push(kept);
        }
        self.last.add(&out);
        Ok(())
    }

    /// The MLP half of a layer: `x += relu(x W_in + b_in) W_out`.
    fn feed_forward(&mut self, l: usize, layer: &Layer, order: Order, keep: Keep) -> Result<(), InputError> {
        if layer.w_out.is_zero() && !keep.mlp {
            return Ok(());
        }
        let salt = mix(2, l as u64);
        let bias: Vec<(u32, f32)> = (0..).zip(layer.b_in.iter().copied()).filter(|b| b.1 != 0.0).collect();
        let mut hidden = attention::project(&self.last, &layer.w_in, &bias, order, salt);
        // Before ReLU, which would turn −∞ (and NaN) into a zero.
        if !hidden.is_finite() {
            return Err(InputError::Overflow { after: 2 * l + 2 });
        }
        for h in &mut hidden.data {
            *h = if *h > 0.0 { *h } else { 0.0 };
        }
        let mut out = Matrix::zeros(self.n, self.last.cols);
        for_rows(&mut out, Vec::new, |terms, r, row| {
            multiply(hidden.row(r), &layer.w_out, order, mix(mix(salt, 1), r as u64), terms, row);
        });
        self.last.add(&out);
        if keep.mlp {
            self.mlp.push(hidden);
        }
        Ok(())
    }

    /// After a half-layer: applies patches, refuses infinities, keeps the residual.
    fn finish_half(&mut self, after: usize, keep: Keep, hooks: &Hooks) -> Result<(), InputError> {
        hooks.patch(after, &mut self.last);
        if !self.last.is_finite() {
            return Err(InputError::Overflow { after });
        }
        if keep.residuals {
            self.residuals.push(self.last.clone());
        }
        Ok(())
    }
}

fn in_batch(input: usize, error: InputError) -> InputError {
    InputError::InBatch { input, error: Box::new(error) }
}

#[cfg(test)]
mod tests;
