"""What a run of a model computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Sequence, Union, overload

from raspc import _native
from raspc.errors import UsageError

if TYPE_CHECKING:
    import numpy

    from raspc.models import Model

__all__ = ["BatchRun", "Run"]


class Run:
    """One run. Position 0 is BOS in every array; decoded values come without it.

    Attributes:
        model: the model that ran.
        tokens: its input.
    """

    def __init__(self, native: _native.Run, model: "Model", tokens: List[Any]) -> None:
        self._native = native
        self.model = model
        self.tokens = tokens
        self._kept: Dict[str, Any] = {}

    def _keep(self, what: str) -> Any:
        if what not in self._kept:
            self._kept[what] = getattr(self._native, what)()
        return self._kept[what]

    @property
    def output(self) -> List[Any]:
        """The output at each position, decoded."""
        output: List[Any] = self._keep("output")
        return output[: len(self.tokens)]

    @property
    def residuals(self) -> "List[numpy.ndarray]":
        """The residual stream after the embedding, attention 0, MLP 0, attention 1, …: ``2 * n_layers + 1`` arrays
        ``[position, d_model]``."""
        residuals: "List[numpy.ndarray]" = self._keep("residuals")
        return residuals

    @property
    def patterns(self) -> "List[numpy.ndarray]":
        """The attention weights of each layer: arrays ``[head, query, key]``."""
        patterns: "List[numpy.ndarray]" = self._keep("patterns")
        return patterns

    @property
    def scores(self) -> "List[numpy.ndarray]":
        """The attention scores of each layer before softmax: arrays ``[head, query, key]``; masked keys hold -inf."""
        scores: "List[numpy.ndarray]" = self._keep("scores")
        return scores

    @property
    def mlp(self) -> "List[numpy.ndarray]":
        """The hidden activations of each layer, after ReLU: arrays ``[position, d_mlp]``."""
        mlp: "List[numpy.ndarray]" = self._keep("mlp")
        return mlp

    @property
    def logits(self) -> "numpy.ndarray":
        """``[position, d_vocab_out]``: the last residual times W_U; :attr:`Model.output_tokens` names the columns."""
        logits: "numpy.ndarray" = self._keep("logits")
        return logits

    def decode(self, node: str) -> List[Any]:
        """What a named node holds at each position, read from the residual stream where it is complete."""
        index = next((i for i, r in enumerate(self.model._readouts) if r["node"] == self.model._node(node)))
        values = self._native.node(index)
        assert values is not None, "residuals are kept"
        return values[: len(self.tokens)]

    @property
    def nodes(self) -> Dict[str, List[Any]]:
        """What every readable node holds at each position, by name."""
        return {name: self.decode(name) for name in self.model.nodes}

    def __repr__(self) -> str:
        return f"<Run {self.tokens!r} -> {self.output!r}>"

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.run(self)


class BatchRun(Sequence[Run]):
    """The runs of a batch, padded on the right to one length; each is what its input alone gives, bit by bit."""

    def __init__(self, runs: List[Run]) -> None:
        self._runs = runs

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> List[Run]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Run, List[Run]]:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @property
    def output(self) -> List[List[Any]]:
        """The outputs, decoded."""
        return [run.output for run in self._runs]

    @property
    def lengths(self) -> "numpy.ndarray":
        """``[batch]``: how many tokens each input has, without BOS."""
        import numpy

        return numpy.array([len(run.tokens) for run in self._runs])

    @property
    def residuals(self) -> "numpy.ndarray":
        """``[batch, 2 * n_layers + 1, position, d_model]``"""
        return self._stack([run.residuals for run in self._runs])

    @property
    def patterns(self) -> "numpy.ndarray":
        """``[batch, layer, head, query, key]``"""
        return self._stack([run.patterns for run in self._runs])

    @property
    def logits(self) -> "numpy.ndarray":
        """``[batch, position, d_vocab_out]``"""
        return self._stack([run.logits for run in self._runs])

    def _stack(self, arrays: List[Any]) -> "numpy.ndarray":
        import numpy

        if not arrays:
            raise UsageError("the batch is empty", hint="run at least one input")
        return numpy.array(arrays)

    def __repr__(self) -> str:
        return f"<BatchRun of {len(self)}>"
