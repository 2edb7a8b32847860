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

    /// Bytes of all tensors written densely in f32, W_U among them.
    pub fn dense_bytes(&self) -> usize {
        let unembed = self.config.d_model.saturating_mul(self.output_readout().decode.forms().len());
        self.parameters().saturating_add(unembed).saturating_mul(4)
    }

    /// An estimate, from above, of the bytes that a run over `tokens` tokens (without BOS) needs, with what it keeps.
    pub fn estimate_bytes(&self, tokens: usize, keep: Keep) -> usize {
        let c = &self.config;
        let n = tokens.saturating_add(1);
        let times = |a: usize, b: usize| a.saturating_mul(b);
        let residuals = if keep.residuals { 2 * c.n_layers + 3 } else { 2 };
        let patterns = if keep.patterns { times(c.n_layers, c.n_heads).saturating_add(1) } else { 1 };
        let hidden = if keep.mlp { c.n_layers + 1 } else { 1 };
        // Queries, keys and values, the latter two also packed (at most 8 bytes an entry).
        let heads = times(c.d_head, 7);
        let row = [times(c.d_model, residuals), times(n, patterns), times(c.d_mlp, hidden), heads];
        let numbers = row.into_iter().fold(0, usize::saturating_add);
        times(times(numbers, n), 4)
    }
}
