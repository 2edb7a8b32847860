"""The residual stream as tracr lays it out: a column for each direction, sorted by name and value.

The compiler's own directions are columns under their labels, those of a one-hot under `LABEL:VALUE`. Where an s-op has
no direction of its own for a value (a constant, or a bit that is held as one number) a further column holds it: a sum of
others, which every writer writes and nobody reads. Tokens (BOS and PAD among them), indices, `one` and `bos` are always there.
"""

import dataclasses
import functools
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from raspc.tracr.craft import bases

Form = List[Tuple[int, float]]


@dataclasses.dataclass
class Column:
    """One direction of the stream."""

    direction: bases.BasisDirection
    own: Optional[int] = None
    """The compiler's direction that this is."""
    form: Optional[Form] = None
    """Else the sum of the compiler's directions that it holds."""
    tokens: Dict[int, float] = dataclasses.field(default_factory=dict)
    """Else what the embedding puts there: by the compiler's id."""
    positions: Dict[int, float] = dataclasses.field(default_factory=dict)
    """And by position, counted with BOS."""


class Stream:
    """The columns of a model's residual stream."""

    def __init__(self, native: Any, nodes: Dict[str, int], sources: "Sources"):
        """`nodes` are the compiler's nodes of the program's expressions, by label."""
        self._native = native
        self._sources = sources
        by_node = {readout["node"]: readout for readout in native.readouts}
        self.readouts: Dict[str, Dict[str, Any]] = {
            label: by_node[node] for label, node in nodes.items() if node in by_node
        }

    @functools.cached_property
    def columns(self) -> List[Column]:
        """All columns, in order."""
        labels = self._native.labels
        own: Dict[int, bases.BasisDirection] = {}
        extra: List[Column] = []
        for label, readout in self.readouts.items():
            for value, form in readout.get("classes", ()):
                direction = basis_direction(label, value)
                if len(form) == 1 and form[0][1] == 1.0 and form[0][0] not in own and not _is_constant(labels[form[0][0]]):
                    own[form[0][0]] = direction
                else:
                    extra.append(Column(direction, form=list(form)))
        columns = [Column(own.get(i, bases.BasisDirection(label)), own=i) for i, label in enumerate(labels)]
        columns += extra
        present = {c.direction for c in columns}
        for label, readout in self.readouts.items():
            direction = bases.BasisDirection(label)
            if "value" in readout and direction not in present:
                columns.append(Column(direction, form=list(readout["value"])))
                present.add(direction)
        columns += [c for c in self._sources.columns() if c.direction not in present]
        by_direction: Dict[bases.BasisDirection, Column] = {}
        for column in columns:
            by_direction.setdefault(column.direction, column)
        if len(by_direction) != len(columns):
            # Two directions of one name would be indistinguishable; the later ones get a number.
            columns = _distinct(columns)
            by_direction = {c.direction: c for c in columns}
        return [by_direction[d] for d in bases.sort_directions(by_direction)]

    @functools.cached_property
    def directions(self) -> List[bases.BasisDirection]:
        """The direction of each column."""
        return [c.direction for c in self.columns]

    @functools.cached_property
    def labels(self) -> List[str]:
        """The label of each column."""
        return [str(d) for d in self.directions]

    @functools.cached_property
    def place(self) -> np.ndarray:
        """The column of each of the compiler's directions."""
        place = np.zeros(len(self._native.labels), int)
        for i, column in enumerate(self.columns):
            if column.own is not None:
                place[column.own] = i
        return place

    def written(self, rows: np.ndarray) -> np.ndarray:
        """What is written to the compiler's directions `[…, d_model]`, as what is written to the columns."""
        out = np.zeros((*rows.shape[:-1], len(self.columns)), np.float32)
        out[..., self.place] = rows
        for i, column in enumerate(self.columns):
            for direction, weight in column.form or ():
                out[..., i] += np.float32(weight) * rows[..., direction]
        return out

    def read(self, rows: np.ndarray) -> np.ndarray:
        """A matrix that reads the compiler's directions `[d_model, n]`, as one that reads the columns."""
        out = np.zeros((len(self.columns), rows.shape[1]), np.float32)
        out[self.place] = rows
        return out

    def embedded(self, ids: Sequence[int]) -> Tuple[np.ndarray, np.ndarray]:
        """What the further columns of sources hold for tokens of these ids, and at these many positions."""
        tokens = np.zeros((len(ids), len(self.columns)), np.float32)
        positions = np.zeros((self._sources.max_seq_len + 1, len(self.columns)), np.float32)
        for i, column in enumerate(self.columns):
            for row, token in enumerate(ids):
                tokens[row, i] = column.tokens.get(token, 0.0)
            for position, value in column.positions.items():
                positions[position, i] = value
        return tokens, positions

    def residual(self, rows: np.ndarray, ids: Sequence[int]) -> np.ndarray:
        """The compiler's residual stream `[positions, d_model]` as `[1, positions, columns]`."""
        tokens, positions = self.embedded(ids)
        return (self.written(rows) + tokens + positions[: len(ids)])[None]


@dataclasses.dataclass
class Sources:
    """What every stream holds of the input."""

    vocab: Sequence[Any]
    bos: Any
    pad: Any
    max_seq_len: int

    def columns(self) -> List[Column]:
        """A column for each token, BOS, PAD and position, and the two constants."""
        n = len(self.vocab)
        tokens = [*self.vocab, self.bos] + ([] if self.pad is None else [self.pad])
        every = {i: 1.0 for i in range(n)}
        columns = [Column(basis_direction("tokens", t), tokens={i: 1.0}) for i, t in enumerate(tokens)]
        columns += [
            Column(basis_direction("indices", p), positions={p + 1: 1.0}) for p in range(self.max_seq_len)
        ]
        columns.append(Column(bases.BasisDirection("one"), tokens=every))
        columns.append(Column(bases.BasisDirection("bos"), tokens={n: 1.0}))
        return columns


def basis_direction(label: str, value: Any) -> bases.BasisDirection:
    """The direction of one value of an s-op; that of None is called `LABEL:None` too."""
    return bases.BasisDirection(f"{label}:None") if value is None else bases.BasisDirection(label, value)


def _is_constant(label: str) -> bool:
    return label in ("one", "bos")


def _distinct(columns: List[Column]) -> List[Column]:
    seen: Dict[bases.BasisDirection, int] = {}
    out = []
    for column in columns:
        d = column.direction
        seen[d] = seen.get(d, 0) + 1
        if seen[d] > 1:
            column = dataclasses.replace(column, direction=bases.BasisDirection(f"{d}#{seen[d]}"))
        out.append(column)
    return out
