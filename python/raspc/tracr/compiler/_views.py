"""A compiled model as tracr's graph and blocks, built from raspc's own circuit."""

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from raspc.tracr.compiler import nodes, rasp_to_graph
from raspc.tracr.craft import bases, transformers, vectorspace_fns
from raspc.tracr.rasp import rasp

MODEL = "raspc_model"
"""The attribute of a graph that holds its compiled model."""


def model_of(graph: Any) -> Any:
    """The compiled model of a graph."""
    model = graph.graph.get(MODEL)
    if model is None:
        raise ValueError("the graph has not been compiled: call basis_inference.infer_bases on it first")
    return model


def program_graph(model: Any) -> Any:
    """The program's graph with everything the compiler knows of its nodes."""
    graph = rasp_to_graph.extract_rasp_graph(model.program).graph
    graph.graph[MODEL] = model
    for label, attributes in graph.nodes(data=True):
        attributes.update(values_and_basis(model, label))
        block = node_block(model, label)
        if block is not None:
            attributes[nodes.MODEL_BLOCK] = block
    return graph


def values_and_basis(model: Any, label: str) -> Dict[str, Any]:
    """`VALUE_SET` and `OUTPUT_BASIS` of an s-op; nothing of a selector."""
    if not isinstance(model._lowered.exprs.get(label), rasp.SOp):
        return {}
    # BOS and PAD have directions among the tokens', and are no values of theirs.
    special = [t for t in (model.input_encoder.bos_token, model.input_encoder.pad_token) if t is not None]
    own = [d for d in model._stream.directions if _belongs(d, label)]
    found: Dict[str, Any] = {nodes.OUTPUT_BASIS: [d for d in own if label != "tokens" or d.value not in special]}
    for readout in model._stream.readouts.get(label, []):
        if "classes" in readout:
            found[nodes.VALUE_SET] = {value for value, _ in readout["classes"]}
        elif readout.get("values") is not None:
            found.setdefault(nodes.VALUE_SET, set(readout["values"]))
    return found


def _belongs(direction: bases.BasisDirection, label: str) -> bool:
    return direction.name == label or str(direction) == f"{label}:None"


def truth(native: Any) -> Dict[str, Dict[str, Any]]:
    """Of a compiled model by label: heads, neurons and directions."""
    circuit = json.loads(native.circuit)
    return {name: node for node in circuit["nodes"] for name in (node["names"] or [node["name"]])}


def node_half(model: Any, label: str) -> Optional[int]:
    """The last half-layer that works on a node."""
    node = model._truth.get(label)
    halves = [2 * layer for layer, _ in node["heads"]] + [2 * layer + 1 for layer, _ in node["neurons"]] if node else []
    return max(halves, default=None)


def node_block(model: Any, label: str) -> Optional[transformers.Block]:
    """The heads and hidden units that compute a node: one block, or several in a series."""
    node = model._truth.get(label)
    if node is None:
        return None
    halves: Dict[int, Any] = {}
    for layer, head in node["heads"]:
        halves.setdefault(2 * layer, []).append(head)
    for layer, neurons in node["neurons"]:
        halves.setdefault(2 * layer + 1, []).extend(_indices(neurons))
    weights = _Dense(model)
    blocks: List[Any] = []
    for half, parts in sorted(halves.items()):
        layer = half // 2
        if half % 2:
            blocks.append(weights.mlp(layer, parts))
        else:
            heads = [weights.head(layer, h) for h in parts]
            blocks.append(heads[0] if len(heads) == 1 else transformers.MultiAttentionHead(heads))
    if not blocks:
        return None
    return blocks[0] if len(blocks) == 1 else transformers.SeriesWithResiduals(blocks)


def _indices(neurons: Any) -> Sequence[int]:
    """Neurons as the circuit has them: first and how many, or a list."""
    return list(neurons)


def craft_model(model: Any) -> transformers.SeriesWithResiduals:
    """All blocks, attention and MLP of each layer in turn."""
    weights = _Dense(model)
    blocks: List[Any] = []
    for layer in range(model.model_config.num_layers):
        heads = [weights.head(layer, h) for h in range(model.model_config.num_heads)]
        used = [h for h in heads if h.w_ov.output_space.num_dims] or heads[:1]
        blocks.append(transformers.MultiAttentionHead(used))
        blocks.append(weights.mlp(layer, range(model.model_config.mlp_hidden_size)))
    return transformers.SeriesWithResiduals(blocks)


class _Dense:
    """The parameters as maps between named spaces, each restricted to what it reads and writes."""

    def __init__(self, model: Any):
        self._model = model
        self._directions = model._stream.directions
        at = {str(d): i for i, d in enumerate(self._directions)}
        # What is 1 at BOS and every token stands for a bias.
        self._constant = [at["one"], at["bos"]]

    def _space(self, used: np.ndarray, along: int) -> Tuple[np.ndarray, bases.VectorSpaceWithBasis]:
        """The directions with anything along an axis."""
        rows = np.flatnonzero(np.any(used, axis=along))
        return rows, bases.VectorSpaceWithBasis([self._directions[i] for i in rows])

    def _weight(self, layer: int, part: str) -> Tuple[np.ndarray, np.ndarray]:
        module = self._model.params[f"transformer/layer_{layer}/{part}"]
        return np.asarray(module["w"], np.float64), np.asarray(module["b"], np.float64)

    def _with_bias(self, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        w = w.copy()
        w[self._constant] += b
        return w

    def head(self, layer: int, head: int) -> transformers.AttentionHead:
        """W_QK and W_OV of a head."""
        size = self._model.model_config.key_size
        part = slice(head * size, (head + 1) * size)
        query, key, value = (
            self._with_bias(w[:, part], b[part])
            for w, b in (self._weight(layer, f"attn/{p}") for p in ("query", "key", "value"))
        )
        w_qk = query @ key.T / np.sqrt(size)
        w_ov = value @ self._weight(layer, "attn/linear")[0][part]
        left, left_space = self._space(w_qk != 0, 1)
        right, right_space = self._space(w_qk != 0, 0)
        reads, input_space = self._space(w_ov != 0, 1)
        writes, output_space = self._space(w_ov != 0, 0)
        return transformers.AttentionHead(
            vectorspace_fns.ScalarBilinear(left_space, right_space, w_qk[np.ix_(left, right)]),
            vectorspace_fns.Linear(input_space, output_space, w_ov[np.ix_(reads, writes)]),
            causal=self._model.model_config.causal,
        )

    def mlp(self, layer: int, neurons: Sequence[int]) -> transformers.MLP:
        """Some hidden units of an MLP."""
        neurons = list(neurons)
        first = self._with_bias(*self._weight(layer, "mlp/linear_1"))[:, neurons]
        second = self._weight(layer, "mlp/linear_2")[0][neurons]
        reads, input_space = self._space(first != 0, 1)
        writes, output_space = self._space(second != 0, 0)
        hidden = bases.VectorSpaceWithBasis([bases.BasisDirection("neuron", int(n)) for n in neurons])
        return transformers.MLP(
            vectorspace_fns.Linear(input_space, hidden, first[reads]),
            vectorspace_fns.Linear(hidden, output_space, second[:, writes]),
        )
