"""From tokens to ids and back."""

import abc
import collections.abc
from typing import Any, Dict, Hashable, List, Optional, Sequence

from raspc.tracr.craft import bases


class Encoder(abc.ABC):
    """Turns values into what goes into a model, and what comes out of it into values."""

    @abc.abstractmethod
    def encode(self, inputs: Sequence[Any]) -> List[Any]:
        """Values to encodings."""

    @abc.abstractmethod
    def decode(self, encodings: Sequence[Any]) -> List[Any]:
        """Encodings to values."""

    @property
    def pad_token(self) -> Optional[Hashable]:
        """What fills a batch, if anything."""
        return None

    @property
    def bos_token(self) -> Optional[Hashable]:
        """What begins an input, if anything."""
        return None

    @property
    def pad_encoding(self) -> Optional[int]:
        """The encoding of `pad_token`."""
        return None

    @property
    def bos_encoding(self) -> Optional[int]:
        """The encoding of `bos_token`."""
        return None


class NumericalEncoder(Encoder):
    """Numbers as they are."""

    def encode(self, inputs: Sequence[float]) -> List[float]:
        return list(inputs)

    def decode(self, encodings: Sequence[float]) -> List[float]:
        return list(encodings)


class CategoricalEncoder(Encoder):
    """Values as the indices of their directions."""

    def __init__(
        self,
        basis: Sequence[bases.BasisDirection],
        enforce_bos: bool = False,
        bos_token: Optional[Hashable] = None,
        pad_token: Optional[Hashable] = None,
        max_seq_len: Optional[int] = None,
    ):
        """`max_seq_len` counts BOS too."""
        if enforce_bos and bos_token is None:
            raise ValueError("an encoder that enforces BOS must be told which token it is")
        self.basis = list(basis)
        self._encoding_map: Dict[Any, int] = {d.value: i for i, d in enumerate(self.basis)}
        for token in (bos_token, pad_token):
            if token is not None and token not in self._encoding_map:
                raise ValueError(f"{token!r} is missing in the encoding")
        self.enforce_bos = enforce_bos
        self._bos_token = bos_token
        self._pad_token = pad_token
        self._max_seq_len = max_seq_len

    def encode(self, inputs: Sequence[Any]) -> List[int]:
        """The ids of tokens.

        Raises ValueError where BOS is not first (or elsewhere), a token is unknown, or there are too many.
        """
        inputs = list(inputs)
        if self.enforce_bos and (not inputs or inputs[0] != self.bos_token):
            got = repr(inputs[0]) if inputs else "nothing"
            raise ValueError(f"the input must begin with the BOS token {self.bos_token!r}, but begins with {got}")
        if self.enforce_bos and self.bos_token in inputs[1:]:
            at = inputs.index(self.bos_token, 1)
            raise ValueError(f"the BOS token {self.bos_token!r} stands at position {at}; it may only begin the input")
        if self._max_seq_len is not None and len(inputs) > self._max_seq_len:
            raise ValueError(
                f"the input has {len(inputs)} tokens, BOS included, and the model takes at most {self._max_seq_len}"
            )
        unknown = [x for x in inputs if not isinstance(x, collections.abc.Hashable) or x not in self._encoding_map]
        if unknown:
            known = [v for v in self._encoding_map if v not in (self._bos_token, self._pad_token)]
            shown = ", ".join(map(repr, known[:20])) + (", …" if len(known) > 20 else "")
            raise ValueError(f"{unknown[0]!r} is not in the vocabulary ({shown})")
        return [self._encoding_map[x] for x in inputs]

    def decode(self, encodings: Sequence[int]) -> List[Any]:
        """The values of ids. Raises ValueError on an id there is not."""
        values = {i: v for v, i in self._encoding_map.items()}
        unknown = [e for e in encodings if e not in values]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no encoding; they go from 0 to {len(values) - 1}")
        return [values[e] for e in encodings]

    @property
    def encoding_map(self) -> Dict[Any, int]:
        """Value to index."""
        return self._encoding_map

    @property
    def vocab_size(self) -> int:
        """How many values there are, BOS and PAD included."""
        return len(self._encoding_map)

    @property
    def pad_token(self) -> Optional[Hashable]:
        return self._pad_token

    @property
    def bos_token(self) -> Optional[Hashable]:
        return self._bos_token

    @property
    def pad_encoding(self) -> Optional[int]:
        return None if self._pad_token is None else self._encoding_map[self._pad_token]

    @property
    def bos_encoding(self) -> Optional[int]:
        return None if self._bos_token is None else self._encoding_map[self._bos_token]
