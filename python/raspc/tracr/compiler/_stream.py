"""The residual stream as tracr lays it out: a column for each direction, sorted by name and value.

The compiler's own directions are columns under their labels, those of a one-hot under `LABEL:VALUE`. Where an s-op has
no direction of its own for a value (a constant, or a bit that is held as one number) a further column holds it: a sum of
others, which every writer writes and nobody reads. Tokens (BOS and PAD among them), indices, `one` and `bos` are always there.
"""

import dataclasses
import functools
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from raspc.tracr.compiler._lowering import Lowered
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

    def __init__(self, native: Any, lowered: Lowered, sources: "Sources"):
        self._native = native
        self._numerical = lowered.numerical
        self._sources = sources
        by_node = {readout["node"]: readout for readout in native.readouts}
        self.readouts: Dict[str, List[Dict[str, Any]]] = {}
        for label, own in lowered.nodes.items():
            found = [by_node[node] for node in own if node in by_node]
            if found:
                self.readouts[label] = found

    @functools.cached_property
    def columns(self) -> List[Column]:
        """All columns, in order."""
        own: Dict[int, bases.BasisDirection] = {}
        columns: List[Column] = []
        for direction, form in self._held():
            index = form[0][0] if len(form) == 1 and form[0][1] == 1.0 else None
            if index is None or index in own or index in self._constants:
                columns.append(Column(direction, form=form))
            else:
                own[index] = direction
        taken = {str(d) for d in own.values()} | {str(c.direction) for c in columns}
        for index, label in enumerate(self._native.labels):
            if index not in own:
                # What an s-op's block needs besides is under no label that could be taken for the s-op's value.
                inner = label in self.readouts or label.rpartition(":")[0] in self.readouts
                own[index] = bases.BasisDirection(_free(f"[{label}]" if inner else label, taken))
        columns += [Column(direction, own=index) for index, direction in own.items()]
        taken = {str(c.direction) for c in columns}
        columns += [c for c in self._sources.columns() if str(c.direction) not in taken]
        at = {c.direction: c for c in columns}
        return [at[d] for d in bases.sort_directions(at)]

    def _held(self) -> Iterator[Tuple[bases.BasisDirection, Form]]:
        """What each s-op is held in: the sum that is 1 for each of its values, or that is its number."""
        seen: Set[str] = set()
        for label, readouts in self.readouts.items():
            for readout in readouts:
                held = [(basis_direction(label, value), form) for value, form in readout.get("classes", ())]
                if "value" in readout:
                    held.append((bases.BasisDirection(label), readout["value"]))
                elif readout["node"] in self._numerical:
                    held.append((bases.BasisDirection(label), _number(readout["classes"])))
                for direction, form in held:
                    if str(direction) not in seen:
                        seen.add(str(direction))
                        yield direction, list(form)

    @functools.cached_property
    def _constants(self) -> List[int]:
        """The directions that are 1 at every token, and at BOS."""
        return [i for i, label in enumerate(self._native.labels[:2]) if label in ("one", "bos")]

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


def _number(classes: Sequence[Tuple[Any, Form]]) -> Form:
    """The number that a one-hot stands for: each value times what is 1 where it is held."""
    total: Dict[int, float] = {}
    for value, form in classes:
        for direction, weight in form:
            total[direction] = total.get(direction, 0.0) + float(value or 0) * weight
    return sorted(total.items())


def _free(label: str, taken: Set[str]) -> str:
    """The label, in as many brackets as make it one that is not taken."""
    while label in taken:
        label = f"[{label}]"
    taken.add(label)
    return label
