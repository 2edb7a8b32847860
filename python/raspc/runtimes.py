"""Models in other runtimes: files, and objects of PyTorch and TransformerLens.

PyTorch and TransformerLens are imported when a method needs them, and not before.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Union

from raspc import _native
from raspc.errors import UsageError, ValueUsageError

if TYPE_CHECKING:
    import numpy
    import torch

    from raspc.transformer import Transformer

__all__ = ["Runtimes"]

Value = Any
Place = Union[str, "os.PathLike[str]"]


class Runtimes:
    """What a model does for other runtimes. All of it is exact, or refused with an error that says why.

    The numbers are for float32 with TF32 off (``torch.backends.cuda.matmul.allow_tf32 = False``).
    """

    _native: _native.Model

    def export(self, path: Place, *, format: str) -> Path:
        """Writes the model in a format, whole or not at all; an older export in its place is replaced.

        Args:
            path: the file (``onnx``, ``safetensors``) or folder to write.
            format: ``"onnx"``, ``"hf-bert"``, ``"hf-gpt2"``, ``"transformer-lens"``, ``"torch"``, ``"safetensors"`` or
                ``"circuit"``.

        Raises:
            RaspError: the format cannot represent the model exactly, with what to do.
            FileExistsError: something in its place that raspc did not write.
        """
        known = [name for name, _ in _native.export_formats()]
        if format not in known:
            hint = f"one of {', '.join(known)}"
            raise ValueUsageError(f"there is no format {format!r}", code=UsageError.code, hint=hint)
        _native.write_model(self._native, format, os.fspath(path))
        return Path(path)

    def to_onnx(self, path: Place) -> Path:
        """Writes an ONNX file: ``input_ids`` and ``attention_mask`` ``[batch, sequence]`` in; ``logits``, ``output_ids`` or
        ``values``, ``last_hidden_state`` out."""
        return self.export(path, format="onnx")

    def to_hf(self, path: Place) -> Path:
        """Writes a Hugging Face folder with its tokenizer: a GPT-2 where the model is causal, else a BERT."""
        return self.export(path, format="hf-gpt2" if self._native.config["causal"] else "hf-bert")

    def to_torch(self) -> "Transformer":
        """The model as a ``torch.nn.Module``, see :mod:`raspc.transformer`.

        >>> module = model.to_torch()
        >>> module.decode(module(module.to_tokens([3, 1, 2])))
        [1, 2, 3]
        """
        from raspc.transformer import Transformer

        files = _native.model_bytes(self._native, "torch")
        config = json.loads(files["config.json"])
        # In the file tokens are JSON; here they are what they are.
        config["vocab"], config["output"]["values"] = self._native.vocab, self._values()
        module = Transformer(config)
        module.load_state_dict(_state(files["model.safetensors"]))
        return module.eval().requires_grad_(False)

    def to_transformer_lens(self, **options: Any) -> Any:
        """The model as TransformerLens's own: a ``HookedTransformer`` (versions up to 3), or a ``TransformerBridge`` booted
        natively.

        ``to_tokens(list)`` gives ids ``[1, 1 + n]`` with BOS in front (for a list of lists a batch, padded with PAD on the right),
        and ``decode(logits)`` the values after BOS.

        Args:
            options: more of the config, as in ``use_attn_result=True``.
        """
        # Imported here: it would be half of what `import raspc` takes.
        from importlib.metadata import version

        import transformer_lens

        files = _native.model_bytes(self._native, "transformer-lens")
        if int(version("transformer-lens").split(".")[0]) < 4:
            config = {**json.loads(files["hooked_transformer.json"]), "device": "cpu", **options}
            model = transformer_lens.HookedTransformer(transformer_lens.HookedTransformerConfig(**config))
            missing, unexpected = model.load_state_dict(_state(files["hooked_transformer.safetensors"]), strict=False)
            lost = [name for name in missing if not name.endswith(("attn.mask", "attn.IGNORE"))] + list(unexpected)
        else:
            from transformer_lens.model_bridge import TransformerBridge

            config = {**json.loads(files["bridge.json"]), **options}
            model = TransformerBridge.boot_native(config)
            state = _state(files["bridge.safetensors"])
            model.load_state_dict(state, strict=False)
            lost = _unlike(model, state)
        if lost:
            raise RuntimeError(f"this version of TransformerLens does not take the weights {', '.join(lost)}")
        model.__class__ = type(type(model).__name__, (_Decoding, type(model)), {"raspc_model": self})
        return model.eval()

    def _values(self) -> Any:
        """The value of each column of the logits, or those that a number can be; None where it can be any."""
        readout = self._native.readouts[self._native.output_readout]
        if "classes" in readout:
            return [value for value, _ in readout["classes"]]
        return readout.get("values")

    def _ids(self, tokens: Iterable[Value]) -> List[int]:
        return [len(self._native.vocab), *self._native.ids(list(tokens))]

    def _decoded(self, logits: "numpy.ndarray") -> List[Value]:
        """Logits ``[position, column]`` decoded by the model's own rules."""
        values = self._values()
        if "classes" in self._native.readouts[self._native.output_readout]:
            return [values[i] for i in logits.argmax(-1).tolist()]

        def number(row: List[float]) -> Value:
            if len(row) == 2 and row[1] <= 0.5:
                return None
            return min(values, key=lambda v: abs(v - row[0])) if values else row[0]

        return [number(row) for row in logits.tolist()]


class _Decoding:
    """What is added to a model of TransformerLens."""

    raspc_model: Runtimes

    def to_tokens(self, tokens: Any, **_: Any) -> "torch.Tensor":
        """Ids of an input, ``[1, 1 + n]``, or of a list of lists, padded on the right."""
        import torch

        batch = isinstance(tokens, (list, tuple)) and bool(tokens) and all(isinstance(t, list) for t in tokens)
        rows = [self.raspc_model._ids(t) for t in (tokens if batch else [tokens])]
        pad, width = rows[0][0] + 1, max(map(len, rows))
        return torch.tensor([row + [pad] * (width - len(row)) for row in rows], device=self.cfg.device)  # type: ignore[attr-defined]

    def decode(self, logits: "torch.Tensor") -> List[Value]:
        """The values after BOS of logits ``[1, position, column]``; of a batch a list for each input, padding included."""
        rows = [self.raspc_model._decoded(row[1:]) for row in logits.detach().cpu().numpy()]
        return rows[0] if len(rows) == 1 else rows


def _state(data: bytes) -> "Dict[str, torch.Tensor]":
    """The tensors of a safetensors file of f32."""
    import numpy
    import torch

    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, about in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            flat = numpy.frombuffer(data, "<f4", (end - begin) // 4, 8 + size + begin)
            tensors[name] = torch.from_numpy(flat.reshape(about["shape"]).astype(numpy.float32))
    return tensors


def _unlike(bridge: Any, state: "Dict[str, torch.Tensor]") -> List[str]:
    """The parameters of a bridge that did not become those of the state (it names them anew, and reports none as missing)."""
    import torch

    own = ((name.replace("._original_component", ""), p) for name, p in bridge.original_model.named_parameters())
    return [name for name, p in own if name not in state or not torch.equal(p.detach().cpu(), state[name])]
