//! How big a model is, and what a run of it takes.

use crate::forward::Keep;
use crate::matrix::SparseMatrix;
use crate::model::Model;

impl Model {
    /// Every sparse weight matrix, in the order of the files.
    pub fn matrices(&self) -> impl Iterator<Item = &SparseMatrix> {
        let layers = self.layers.iter().flat_map(|layer| {
            let heads = layer.heads.iter().flat_map(|h| [&h.w_q, &h.w_k, &h.w_v, &h.w_o]);
            heads.chain([&layer.w_in, &layer.w_out])
        });
        [&self.w_e, &self.w_pos].into_iter().chain(layers)
    }

    /// Weights and biases that are not zero, without W_U.
    pub fn nonzeros(&self) -> usize {
        let biases = self.layers.iter().map(|layer| {
            let keys: usize = layer.heads.iter().map(|h| h.b_k.len()).sum();
            keys + layer.b_in.iter().filter(|&&b| b != 0.0).count()
        });
        self.matrices().map(SparseMatrix::nonzeros).sum::<usize>() + biases.sum::<usize>()
    }

    /// Heads that write something, over all layers.
    pub fn used_heads(&self) -> usize {
        let heads = self.layers.iter().flat_map(|layer| &layer.heads);
        heads.filter(|h| !h.w_v.is_zero() && !h.w_o.is_zero()).count()
    }

    /// Hidden units that write something, over all layers.
    pub fn used_units(&self) -> usize {
        self.layers.iter().map(|layer| layer.w_out.stored_rows().len()).sum()
    }

    /// Bytes of all tensors that [`Model::dense`] gives, in f32, W_U and b_U among them.
    pub fn dense_bytes(&self) -> usize {
        let columns = self.output_readout().decode.forms().len();
        let unembed = self.config.d_model.saturating_add(1).saturating_mul(columns);
        self.parameters().saturating_add(unembed).saturating_mul(4)
    }

    /// An estimate, from above, of the bytes that a run over `tokens` tokens (without BOS) needs, with what it keeps.
    pub fn estimate_bytes(&self, tokens: usize, keep: Keep) -> usize {
        let c = &self.config;
        let n = tokens.saturating_add(1);
        let times = |a: usize, b: usize| a.saturating_mul(b);
        let residuals = if keep.residuals { times(2, c.n_layers).saturating_add(3) } else { 2 };
        let patterns = if keep.patterns { times(c.n_layers, c.n_heads).saturating_add(1) } else { 1 };
        let hidden = if keep.mlp { c.n_layers.saturating_add(1) } else { 1 };
        // Queries, keys and values, the latter two also packed (at most 8 bytes an entry).
        let heads = times(c.d_head, 7);
        let row = [times(c.d_model, residuals), times(n, patterns), times(c.d_mlp, hidden), heads];
        let numbers = row.into_iter().fold(0, usize::saturating_add);
        times(times(numbers, n), 4)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    proptest! {
        #[test]
        fn sizes_are_those_of_the_dense_form(seed: u64) {
            let model = samples::random(seed);
            let unembed = model.unembed();
            let (mut numbers, mut nonzeros) = (0, 0);
            for tensor in model.dense() {
                let values = tensor.to_vec();
                prop_assert_eq!(values.len(), tensor.len(), "{}", tensor.name);
                prop_assert_eq!(tensor.is_empty(), values.is_empty());
                prop_assert_eq!(tensor.to_matrix().to_dense().data, values.clone(), "{}", tensor.name);
                numbers += values.len();
                nonzeros += values.iter().filter(|&&v| v != 0.0).count();
            }
            prop_assert_eq!(model.dense_bytes(), 4 * numbers);
            prop_assert_eq!(model.parameters(), numbers - (unembed.rows() + 1) * unembed.cols());
            prop_assert_eq!(model.nonzeros(), nonzeros - unembed.nonzeros());
        }

        #[test]
        fn what_a_run_keeps_is_within_the_estimate(seed: u64, input: u64, kept in 0u8..8) {
            let model = samples::random(seed);
            let ids = samples::random_ids(&model, input);
            let keep = Keep { residuals: kept & 1 > 0, patterns: kept & 2 > 0, mlp: kept & 4 > 0 };
            if let Ok(run) = model.run(&ids, keep) {
                let kept = run.residuals.iter().chain(run.patterns.iter().flatten()).chain(&run.mlp).chain([&run.last]);
                prop_assert!(kept.map(|m| 4 * m.data.len()).sum::<usize>() <= model.estimate_bytes(ids.len(), keep));
            }
        }
    }

    #[test]
    fn only_what_writes_is_used() {
        let (step, next) = (samples::step(), samples::next());
        assert_eq!((step.used_heads(), step.used_units()), (0, 3));
        assert_eq!((next.used_heads(), next.used_units()), (1, 0));
    }

    #[test]
    fn claims_do_not_overflow() {
        let mut model = samples::step();
        let c = &mut model.config;
        (c.n_layers, c.n_heads, c.d_head, c.max_len) = (usize::MAX / 4, usize::MAX, usize::MAX, usize::MAX);
        assert_eq!((model.parameters(), model.dense_bytes()), (usize::MAX, usize::MAX));
        let all = Keep { residuals: true, patterns: true, mlp: true };
        assert_eq!(model.estimate_bytes(usize::MAX, all), usize::MAX);
    }
}
