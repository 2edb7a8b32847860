"""The assembled model: raspc's, in the shape of tracr's."""

import copy
import dataclasses
import functools
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np

from raspc._words import counted
from raspc.tracr.compiler import _weights
from raspc.tracr.compiler._lowering import Lowered
from raspc.tracr.compiler._stream import Stream
from raspc.tracr.transformer import encoder


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0))


@dataclasses.dataclass
class TransformerConfig:
    """Sizes and switches of a model."""

    num_heads: int
    num_layers: int
    key_size: int
    mlp_hidden_size: int
    dropout_rate: float = 0.0
    activation_function: Callable[[np.ndarray], np.ndarray] = relu
    layer_norm: bool = False
    causal: bool = False


@dataclasses.dataclass
class CompiledTransformerModelOutput:
    """What a forward pass on encoded tokens computed."""

    transformer_output: "_weights.Forward"
    """With `output`, `residuals`, `layer_outputs`, `attn_logits` and `input_embeddings`, each [B, …]."""
    unembedded_output: np.ndarray
    """[B, T]: indices into the output's encoding, or numbers."""


class AssembledTransformerModelOutput:
    """What a model computed of one input; arrays are made when they are asked for.

    `decoded`: a value for each position, BOS first. `unembedded` [1, T]: indices into the output's encoding, or numbers.
    `input_embeddings`, `transformer_output` [1, T, D]. `residuals`, `layer_outputs`: [1, T, D] after, and of, each
    half-layer (attention, MLP, attention, …). `attn_logits`: [1, heads, T, T] for each layer.
    """

    def __init__(self, decoded: List[Any], unembedded: np.ndarray, make: Callable[[], "_weights.Forward"]):
        self.decoded = decoded
        self.unembedded = unembedded
        self._make = make

    @functools.cached_property
    def _arrays(self) -> Any:
        return self._make()

    @property
    def residuals(self) -> List[np.ndarray]:
        return self._arrays.residuals

    @property
    def layer_outputs(self) -> List[np.ndarray]:
        return self._arrays.layer_outputs

    @property
    def attn_logits(self) -> List[np.ndarray]:
        return self._arrays.attn_logits

    @property
    def transformer_output(self) -> np.ndarray:
        return self._arrays.output

    @property
    def input_embeddings(self) -> np.ndarray:
        return self._arrays.input_embeddings

    def __repr__(self) -> str:
        return f"<{type(self).__name__} decoded={self.decoded!r}>"


class _Ran:
    """A run of the compiler's model in tracr's arrays."""

    def __init__(self, model: "AssembledTransformerModel", ids: Sequence[int], run: Any):
        stream = model._stream
        all_residuals = [stream.residual(r, ids) for r in run.residuals()]
        halves = 2 * model.model_config.num_layers
        all_residuals += [all_residuals[-1]] * (halves + 1 - len(all_residuals))
        self.input_embeddings, *self.residuals = all_residuals
        self.layer_outputs = [after - before for before, after in zip(all_residuals, self.residuals)]
        self.output = self.residuals[-1]
        config, shape = model.model_config, (len(ids), len(ids))
        hidden = ~np.tri(*shape, dtype=bool) if config.causal else np.zeros(shape, bool)
        # A model without heads has one that does nothing, one without layers a layer that does nothing.
        idle = np.zeros((config.num_heads, *shape), np.float32)
        scores = [s if s.size else idle for s in run.scores()]
        scores += [idle] * (config.num_layers - len(scores))
        self.attn_logits = [np.where(hidden, np.float32(-1e30), s)[None] for s in scores]


class TracrOutput:
    """What a widespread fork of tracr's compiler returns: `model`, `graph` and `craft_model`."""

    model: "AssembledTransformerModel"
    graph: Any
    craft_model: Any


class AssembledTransformerModel(TracrOutput):
    """A compiled program. `apply` runs it; `params` and `model_config` are its weights as any framework can load them."""

    def __init__(
        self,
        native: Any,
        lowered: Lowered,
        stream: Stream,
        program: Any,
        input_encoder: encoder.CategoricalEncoder,
        output_encoder: encoder.Encoder,
        undefined: str,
        max_seq_len: int,
    ):
        self.native = native
        """The compiled model as raspc's compiler made it."""
        self.program = program
        self.max_seq_len = max_seq_len
        self.input_encoder = input_encoder
        self.output_encoder = output_encoder
        self._lowered = lowered
        self._stream = stream
        self._undefined = undefined
        config = native.config
        self.model_config = TransformerConfig(
            num_heads=max(config["n_heads"], 1),
            num_layers=max(config["n_layers"], 1),
            key_size=_weights.key_size(config["d_head"]),
            mlp_hidden_size=max(config["d_mlp"], 1),
            causal=config["causal"],
        )

    @property
    def model(self) -> "AssembledTransformerModel":  # type: ignore[override]
        """Itself."""
        return self

    @functools.cached_property
    def residual_labels(self) -> List[str]:
        """A label for each direction of the residual stream: `LABEL:VALUE`, or `LABEL` of a number."""
        return list(self._stream.labels)

    @functools.cached_property
    def params(self) -> "_weights.Params":
        """The weights. The arrays are read-only; an entry that is replaced counts in `apply`."""
        params = _weights.make_params(self.native, self._stream, self._rows)
        self._made = {(m, n): array for m, module in params.items() for n, array in module.items()}
        return params

    @functools.cached_property
    def graph(self) -> Any:
        """The program's graph, a networkx DiGraph by label; see `compiler.nodes` for the attributes."""
        from raspc.tracr.compiler import _views

        return _views.program_graph(self)

    @functools.cached_property
    def craft_model(self) -> Any:
        """The blocks over named directions, a `craft.transformers.SeriesWithResiduals`."""
        from raspc.tracr.compiler import _views

        return _views.craft_model(self)

    @functools.cached_property
    def _truth(self) -> Dict[str, Dict[str, Any]]:
        from raspc.tracr.compiler import _views

        return _views.truth(self.native)

    @functools.cached_property
    def _rows(self) -> List[int]:
        """The compiler's id of each of the input encoder's."""
        n = len(self.native.vocab)
        ids = {value: i for i, value in enumerate(self.native.vocab)}
        special = {self.input_encoder.bos_encoding: n, self.input_encoder.pad_encoding: n + 1}
        rows = self.input_encoder.encoding_map.items()
        return [special[i] if i in special else ids[value] for value, i in sorted(rows, key=lambda r: r[1])]

    def apply(self, tokens: Sequence[Any]) -> AssembledTransformerModelOutput:
        """Runs the model on tokens, the first of them BOS."""
        encoded = self.input_encoder.encode(tokens)
        ids = [self._rows[e] for e in encoded]
        # PAD is no token to the compiler's own forward pass, which takes the lengths of inputs in place of it.
        if self.input_encoder.pad_encoding in encoded or ("params" in self.__dict__ and self._is_changed()):
            out = _weights.Forward(self.params, self.model_config, np.array([encoded]))
            return self._output(encoded, self._logits(out.output[0]), None, lambda: out)
        run = self.native.run(ids[1:], residuals=True, patterns=False, mlp=False)
        return self._output(encoded, run.logits(), run.output(), lambda: _Ran(self, ids, run))

    def forward(self, params: "_weights.Params", tokens: Any) -> CompiledTransformerModelOutput:
        """A forward pass with these parameters on encoded tokens [B, T], BOS included."""
        out = _weights.Forward(params, self.model_config, np.asarray(tokens))
        unembedded = np.stack([self._unembedded(self._logits(rows)) for rows in out.output])
        return CompiledTransformerModelOutput(out, unembedded)

    def __deepcopy__(self, memo: Dict[int, Any]) -> "AssembledTransformerModel":
        """A model whose `params` can be changed without this one's; the arrays are shared, since they are read-only."""
        new = copy.copy(self)
        for made in ("params", "graph", "craft_model"):
            new.__dict__.pop(made, None)
        if "params" in self.__dict__:
            new.__dict__["params"] = {name: dict(module) for name, module in self.params.items()}
        return new

    def get_compiled_model(self) -> Any:
        """Not here: it is a haiku module."""
        raise ImportError(
            "get_compiled_model gives a haiku module, and raspc needs neither jax nor haiku; "
            "use model.params and model.model_config, or model.forward(params, tokens)"
        )

    def _is_changed(self) -> bool:
        now = {(m, n): array for m, module in self.params.items() for n, array in module.items()}
        return len(now) != len(self._made) or any(self._made.get(k) is not array for k, array in now.items())

    @functools.cached_property
    def _readout(self) -> Dict[str, Any]:
        return self.native.readouts[self.native.output_readout]

    def _logits(self, rows: np.ndarray) -> np.ndarray:
        """The logits of the compiler's read-out from the columns' residual stream."""
        readout, place = self._readout, self._stream.place
        forms = [form for _, form in readout["classes"]] if "classes" in readout else [readout["value"]]
        if readout.get("defined") is not None:
            forms.append(readout["defined"])
        out = np.zeros((len(rows), len(forms)), np.float32)
        for i, form in enumerate(forms):
            for direction, weight in form:
                out[:, i] += np.float32(weight) * rows[:, place[direction]]
        return out

    def _output(
        self, encoded: List[int], logits: np.ndarray, values: Optional[List[Any]], make: Callable[[], Any]
    ) -> AssembledTransformerModelOutput:
        unembedded = self._unembedded(logits)[None]
        if isinstance(self.output_encoder, encoder.CategoricalEncoder):
            empty = not self.output_encoder.encoding_map
            decoded = [None] * len(logits) if empty else self.output_encoder.decode(unembedded[0].tolist())
        else:
            decoded = self.output_encoder.decode(unembedded[0].tolist())
            if values is None:
                values = [x if self._is_defined(row) else None for x, row in zip(decoded[1:], logits[1:])]
            decoded[1:] = [0.0 if v is None and self._undefined == "upstream" else v for v in values]
        decoded[0] = self.input_encoder.bos_token
        for i, e in enumerate(encoded):
            if e == self.input_encoder.pad_encoding:
                decoded[i] = self.input_encoder.pad_token
        return AssembledTransformerModelOutput(decoded, unembedded, make)

    def _unembedded(self, logits: np.ndarray) -> np.ndarray:
        """The indices of the largest logits in the output's encoding; or the numbers, 0 where undefined."""
        readout = self._readout
        if isinstance(self.output_encoder, encoder.CategoricalEncoder):
            columns = {value: i for i, (value, _) in enumerate(readout["classes"])}
            order = [columns[value] for value in self.output_encoder.encoding_map]
            return np.argmax(logits[:, order], axis=1) if order else np.zeros(len(logits), int)
        if "classes" in readout:
            values = np.array([0.0 if v is None else float(v) for v, _ in readout["classes"]], np.float32)
            return logits @ values
        return np.where([self._is_defined(row) for row in logits], logits[:, 0], np.float32(0))

    def _is_defined(self, row: np.ndarray) -> bool:
        return self._readout.get("defined") is None or bool(row[1] > 0.5)

    def __repr__(self) -> str:
        c, d = self.model_config, len(self.native.labels)
        return (
            f"<{type(self).__name__} {self.program.label}: {counted(c.num_layers, 'layer')}, "
            f"{counted(c.num_heads, 'head')} of {c.key_size}, {counted(d, 'direction')}, "
            f"{counted(c.mlp_hidden_size, 'hidden unit')}>"
        )
