"""The transformer that raspc compiles programs into. Load one:

    model = Transformer.load("folder")
    ids = model.to_tokens(["a", "b", "b"])  # [1, 4]; position 0 is BOS
    model.decode(model(ids))                # the output at each position after BOS

Weights have TransformerLens's names and shapes. There is no norm, and scores are not divided by anything.
Exact in float32: leave torch.backends.cuda.matmul.allow_tf32 off.
"""

import json
from pathlib import Path

import torch
from torch import nn


def weight(*shape):
    return nn.Parameter(torch.zeros(shape))


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        h, d, k = c["n_heads"], c["d_model"], c["d_head"]
        self.W_Q, self.W_K, self.W_V, self.W_O = weight(h, d, k), weight(h, d, k), weight(h, d, k), weight(h, k, d)
        self.b_Q, self.b_K, self.b_V, self.b_O = weight(h, k), weight(h, k), weight(h, k), weight(d)

    def forward(self, x, visible):  # x [batch, position, d_model], visible [batch, 1, query, key]
        x = x[:, None]
        q, k, v = x @ self.W_Q + self.b_Q[:, None], x @ self.W_K + self.b_K[:, None], x @ self.W_V + self.b_V[:, None]
        scores = (q @ k.mT).masked_fill(~visible, -torch.inf)
        return (scores.softmax(-1) @ v @ self.W_O).sum(1) + self.b_O


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, m = c["d_model"], c["d_mlp"]
        self.W_in, self.b_in, self.W_out, self.b_out = weight(d, m), weight(m), weight(m, d), weight(d)

    def forward(self, x):
        return (x @ self.W_in + self.b_in).relu() @ self.W_out + self.b_out


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.embed, self.pos_embed, self.unembed = nn.Module(), nn.Module(), nn.Module()
        self.embed.W_E = weight(c["d_vocab"], c["d_model"])
        self.pos_embed.W_pos = weight(c["max_seq_len"], c["d_model"])
        self.blocks = nn.ModuleList(nn.ModuleDict({"attn": Attention(c), "mlp": MLP(c)}) for _ in range(c["n_layers"]))
        self.unembed.W_U, self.unembed.b_U = weight(c["d_model"], c["d_vocab_out"]), weight(c["d_vocab_out"])

    @classmethod
    def load(cls, folder):
        from safetensors.torch import load_file

        model = cls(json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")))
        model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
        return model.eval().requires_grad_(False)

    def residual(self, ids, attention_mask=None):  # [batch, position] to [batch, position, d_model]
        n = ids.shape[1]
        visible = torch.ones(n, n, dtype=torch.bool, device=ids.device)
        visible = visible.tril() if self.config["causal"] else visible
        if attention_mask is not None:
            visible = visible & attention_mask.bool()[:, None, None, :]
        x = self.embed.W_E[ids] + self.pos_embed.W_pos[:n]
        for block in self.blocks:
            x = x + block["attn"](x, visible)
            x = x + block["mlp"](x)
        return x

    def forward(self, ids, attention_mask=None):
        return self.residual(ids, attention_mask) @ self.unembed.W_U + self.unembed.b_U

    def to_tokens(self, tokens):
        ids = [self.config["bos_id"]] + [self.config["vocab"].index(token) for token in tokens]
        return torch.tensor([ids], device=self.embed.W_E.device)

    def decode(self, logits):  # [1, position, d_vocab_out] to the values after BOS; a number that is not defined is None
        output, logits = self.config["output"], logits[0, 1:]
        values = output["values"]
        if output["kind"] == "categorical":
            return [values[i] for i in logits.argmax(-1).tolist()]
        nearest = (lambda x: min(values, key=lambda v: abs(v - x))) if values else (lambda x: x)
        return [nearest(row[0]) if len(row) == 1 or row[1] > 0.5 else None for row in logits.tolist()]
