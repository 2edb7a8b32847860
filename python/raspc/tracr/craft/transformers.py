"""The blocks of a transformer over named directions. Every block adds what it computes to the residual stream."""

import abc
import dataclasses
from typing import Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np

from raspc.tracr.craft import bases, vectorspace_fns


def _joined(spaces: Iterable[Optional[bases.VectorSpaceWithBasis]]) -> bases.VectorSpaceWithBasis:
    return bases.join_vector_spaces(*(space for space in spaces if space is not None))


class Block(abc.ABC):
    """What reads from and writes to the residual stream."""

    residual_space: bases.VectorSpaceWithBasis

    @abc.abstractmethod
    def apply(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        """What it adds to the residual stream `x`, whose magnitudes are [positions, dimensions]."""


@dataclasses.dataclass
class AttentionHead(Block):
    """A head: `w_qk` takes a query (left) and a key (right) to a logit, `w_ov` a key's residual to what is written."""

    w_qk: vectorspace_fns.ScalarBilinear
    w_ov: vectorspace_fns.Linear
    residual_space: Optional[bases.VectorSpaceWithBasis] = None  # type: ignore[assignment]
    causal: bool = False

    def __post_init__(self):
        if self.residual_space is None:
            spaces = (self.w_qk.left_space, self.w_qk.right_space, self.w_ov.input_space, self.w_ov.output_space)
            self.residual_space = _joined(spaces)

    def attention_logits(self, x: bases.VectorInBasis) -> np.ndarray:
        """The logits, [queries, keys]; minus infinity where the mask hides the key."""
        queries = x.project(self.w_qk.left_space).magnitudes
        keys = x.project(self.w_qk.right_space).magnitudes
        logits = queries @ self.w_qk.matrix @ keys.T
        return np.where(np.tri(len(logits), dtype=bool), logits, -np.inf) if self.causal else logits

    def apply(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        logits = self.attention_logits(x)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        values = x.project(self.w_ov.input_space).magnitudes @ self.w_ov.matrix
        written = bases.VectorInBasis(self.w_ov.output_space.basis, weights @ values)
        return written.project(x.basis_directions)

    def as_multi(self) -> "MultiAttentionHead":
        """This head alone."""
        return MultiAttentionHead([self])


@dataclasses.dataclass
class MultiAttentionHead(Block):
    """The heads of one attention layer."""

    sub_blocks: Sequence[Union[AttentionHead, "MultiAttentionHead"]]

    @property
    def residual_space(self) -> bases.VectorSpaceWithBasis:  # type: ignore[override]
        return _joined(b.residual_space for b in self.sub_blocks)

    @property
    def num_heads(self) -> int:
        """How many heads there are."""
        return sum(1 for _ in self.heads())

    def heads(self) -> Iterable[AttentionHead]:
        """The heads, nested ones too."""
        for block in self.sub_blocks:
            if isinstance(block, AttentionHead):
                yield block
            else:
                yield from block.heads()

    def apply(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        zero = bases.VectorInBasis(x.basis_directions, np.zeros_like(x.magnitudes))
        return sum((head.apply(x) for head in self.heads()), zero)

    def as_multi(self) -> "MultiAttentionHead":
        """Itself."""
        return self


@dataclasses.dataclass
class MLP(Block):
    """Hidden units: `fst` reads the residual stream (its biases stand in the rows of constant directions), `snd` writes."""

    fst: vectorspace_fns.Linear
    snd: vectorspace_fns.Linear
    residual_space: Optional[bases.VectorSpaceWithBasis] = None  # type: ignore[assignment]

    def __post_init__(self):
        if self.fst.output_space != self.snd.input_space:
            raise ValueError("fst and snd are not of the same hidden units")
        if self.residual_space is None:
            self.residual_space = _joined((self.fst.input_space, self.snd.output_space))

    def apply(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        hidden = np.maximum(x.project(self.fst.input_space).magnitudes @ self.fst.matrix, 0)
        return bases.VectorInBasis(self.snd.output_space.basis, hidden @ self.snd.matrix).project(x.basis_directions)

    @classmethod
    def combine_in_parallel(cls, mlps: Sequence["MLP"]) -> "MLP":
        """The hidden units of several MLPs as one; they may read and write common directions."""
        reads = _joined(m.fst.input_space for m in mlps)
        writes = _joined(m.snd.output_space for m in mlps)
        units = bases.VectorSpaceWithBasis.from_names(range(sum(m.fst.output_space.num_dims for m in mlps)))
        fst = [vectorspace_fns.project(reads, m.fst.input_space).matrix @ m.fst.matrix for m in mlps]
        snd = [m.snd.matrix @ vectorspace_fns.project(m.snd.output_space, writes).matrix for m in mlps]
        return cls(
            vectorspace_fns.Linear(reads, units, np.concatenate(fst, axis=1)),
            vectorspace_fns.Linear(units, writes, np.concatenate(snd, axis=0)),
        )


HalfLayerBlock = Union[MLP, AttentionHead, MultiAttentionHead]


@dataclasses.dataclass
class SeriesWithResiduals(Block):
    """Blocks one after another, each added to the residual stream."""

    blocks: List[HalfLayerBlock]

    @property
    def residual_space(self) -> bases.VectorSpaceWithBasis:  # type: ignore[override]
        return _joined(b.residual_space for b in self.blocks)

    def apply(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        """The residual stream after all blocks (not only what they add)."""
        for block in self.blocks:
            x = x + block.apply(x)
        return x

    def layers(self) -> List[Tuple[MultiAttentionHead, MLP]]:
        """Attention and MLP of each layer, where the blocks alternate."""
        pairs = list(zip(self.blocks[::2], self.blocks[1::2]))
        if 2 * len(pairs) != len(self.blocks) or not all(isinstance(m, MLP) for _, m in pairs):
            raise ValueError("the blocks do not alternate between attention and MLP")
        return [(a.as_multi(), m) for a, m in pairs]  # type: ignore[union-attr,misc]
