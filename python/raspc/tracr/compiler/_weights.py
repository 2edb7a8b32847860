"""A model's weights in tracr's shapes: nested dictionaries of dense f32 arrays, all biases there.

tracr divides attention scores by the root of the key size. So that this stays exact the key size is a square, and the queries
are multiplied by its root: a power of 2, or a multiple of 8 where the next power of 4 would be much too large.
"""

import math
from typing import Any, Dict, List, Sequence

import numpy as np

from raspc.tracr.compiler._stream import Stream

Params = Dict[str, Dict[str, np.ndarray]]


def key_size(d_head: int) -> int:
    """The least power of 4 up to 256, or square of a multiple of 8, that is not below `d_head`."""
    roots = [1, 2, 4, 8, 16]
    root = next((r for r in roots if r * r >= d_head), None)
    if root is None:
        root = 8 * math.ceil(math.sqrt(d_head) / 8)
    return root * root


def make_params(native: Any, stream: Stream, ids: Sequence[int]) -> Params:
    """The parameters; `ids` are the compiler's ids of the rows of the token embedding."""
    tensors = native.tensors()
    config = native.config
    tokens, positions = stream.embedded(ids)
    params: Params = {
        "token_embed": {"embeddings": stream.written(tensors["embed.W_E"][list(ids)]) + tokens},
        "pos_embed": {"embeddings": stream.written(tensors["pos_embed.W_pos"]) + positions},
    }
    size = key_size(config["d_head"])
    for layer in range(max(config["n_layers"], 1)):
        name = f"transformer/layer_{layer}"
        block = _block(tensors, layer, config) if layer < config["n_layers"] else _empty(config)
        params.update({f"{name}/{part}": value for part, value in _layer(block, stream, size).items()})
    for module in params.values():
        for array in module.values():
            # Like JAX's: who wants other weights puts other arrays into the dictionary, and `apply` uses them.
            array.flags.writeable = False
    return params


def _block(tensors: Dict[str, np.ndarray], layer: int, config: Dict[str, Any]) -> Dict[str, np.ndarray]:
    prefix = f"blocks.{layer}."
    block = {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}
    empty = _empty(config)
    return {name: (block[name] if block[name].size else empty[name]) for name in empty}


def _empty(config: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """A layer that does nothing; no dimension of it is 0, which not every runtime takes."""
    heads, d, k, m = max(config["n_heads"], 1), config["d_model"], max(config["d_head"], 1), max(config["d_mlp"], 1)
    shapes = {
        **{f"attn.{w}": (heads, d, k) for w in ("W_Q", "W_K", "W_V")},
        "attn.W_O": (heads, k, d),
        "attn.b_K": (heads, k),
        "mlp.W_in": (d, m),
        "mlp.b_in": (m,),
        "mlp.W_out": (m, d),
    }
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def _layer(block: Dict[str, np.ndarray], stream: Stream, size: int) -> Dict[str, Dict[str, np.ndarray]]:
    width = len(stream.columns)
    heads, _, d_head = block["attn.W_Q"].shape
    scale = np.float32(math.isqrt(size))

    def side_by_side(tensor: np.ndarray, factor: Any = np.float32(1)) -> np.ndarray:
        out = np.zeros((width, heads, size), np.float32)
        for h in range(heads):
            out[:, h, :d_head] = stream.read(tensor[h]) * factor
        return out.reshape(width, heads * size)

    b_k = np.zeros((heads, size), np.float32)
    b_k[:, :d_head] = block["attn.b_K"]
    w_o = np.zeros((heads, size, width), np.float32)
    w_o[:, :d_head] = stream.written(block["attn.W_O"])
    flat = heads * size
    return {
        "attn/query": {"w": side_by_side(block["attn.W_Q"], scale), "b": np.zeros(flat, np.float32)},
        "attn/key": {"w": side_by_side(block["attn.W_K"]), "b": b_k.reshape(flat)},
        "attn/value": {"w": side_by_side(block["attn.W_V"]), "b": np.zeros(flat, np.float32)},
        "attn/linear": {"w": w_o.reshape(flat, width), "b": np.zeros(width, np.float32)},
        "mlp/linear_1": {"w": stream.read(block["mlp.W_in"]), "b": block["mlp.b_in"].copy()},
        "mlp/linear_2": {"w": stream.written(block["mlp.W_out"]), "b": np.zeros(width, np.float32)},
    }


class Forward:
    """What a forward pass computes, in f32; every array is [batch, …]."""

    def __init__(self, params: Params, config: Any, ids: np.ndarray):
        ids = np.atleast_2d(np.asarray(ids))
        self.residuals: List[np.ndarray] = []
        self.layer_outputs: List[np.ndarray] = []
        self.attn_logits: List[np.ndarray] = []
        embeddings = params["token_embed"]["embeddings"], params["pos_embed"]["embeddings"]
        x = np.asarray(embeddings[0])[ids] + np.asarray(embeddings[1])[: ids.shape[1]]
        self.input_embeddings = x
        for layer in range(config.num_layers):
            module = {p: params[f"transformer/layer_{layer}/{p}"] for p in _PARTS}
            for half in (self._attention, self._mlp):
                out = half(module, config, x)
                x = x + out
                self.layer_outputs.append(out)
                self.residuals.append(x)
        self.output = x

    def _attention(self, module: Params, config: Any, x: np.ndarray) -> np.ndarray:
        batch, length, _ = x.shape
        shape = (batch, length, config.num_heads, config.key_size)
        q, k, v = (_linear(module[f"attn/{p}"], x).reshape(shape) for p in ("query", "key", "value"))
        logits = np.einsum("bqhd,bkhd->bhqk", q, k) / np.float32(math.sqrt(config.key_size))
        if config.causal:
            logits = np.where(np.tri(length, dtype=bool), logits, np.float32(-1e30))
        self.attn_logits.append(logits)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        moved = np.einsum("bhqk,bkhd->bqhd", weights, v).reshape(batch, length, -1)
        return _linear(module["attn/linear"], moved)

    @staticmethod
    def _mlp(module: Params, config: Any, x: np.ndarray) -> np.ndarray:
        return _linear(module["mlp/linear_2"], config.activation_function(_linear(module["mlp/linear_1"], x)))


_PARTS = ("attn/query", "attn/key", "attn/value", "attn/linear", "mlp/linear_1", "mlp/linear_2")


def _linear(module: Dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    return x @ np.asarray(module["w"]) + np.asarray(module["b"])
