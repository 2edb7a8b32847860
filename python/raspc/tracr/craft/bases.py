"""Vector spaces whose basis directions have names."""

import dataclasses
import functools
from typing import Any, Callable, Iterable, List, Optional, Sequence, Union

import numpy as np

from raspc._words import counted

Name = Union[int, str]
Value = Union[int, float, bool, str, tuple, None]


@functools.total_ordering
@dataclasses.dataclass(frozen=True)
class BasisDirection:
    """A direction: the name of what it belongs to and, for one value of several, that value."""

    name: Name
    value: Optional[Value] = None

    def __str__(self) -> str:
        return str(self.name) if self.value is None else f"{self.name}:{self.value}"

    def __lt__(self, other: "BasisDirection") -> bool:
        try:
            return bool((self.name, self.value) < (other.name, other.value))
        except TypeError:
            return str(self) < str(other)


def sort_directions(directions: Iterable[BasisDirection]) -> List[BasisDirection]:
    """By name and value; the same order whatever order they come in."""
    return sorted(sorted(directions, key=str))


@dataclasses.dataclass
class VectorInBasis:
    """Vectors (along the last axis) by their magnitudes in each direction."""

    basis_directions: Sequence[BasisDirection]
    magnitudes: np.ndarray

    def __post_init__(self):
        self.magnitudes = np.asarray(self.magnitudes)
        if self.magnitudes.shape[-1] != len(self.basis_directions):
            raise ValueError(
                f"{counted(len(self.basis_directions), 'direction')}, and magnitudes of shape {self.magnitudes.shape}"
            )

    def _in_same_basis(self, other: "VectorInBasis") -> np.ndarray:
        if list(self.basis_directions) != list(other.basis_directions):
            raise TypeError("the vectors are of different bases")
        return other.magnitudes

    def __add__(self, other: "VectorInBasis") -> "VectorInBasis":
        return VectorInBasis(self.basis_directions, self.magnitudes + self._in_same_basis(other))

    def __radd__(self, other: Any) -> "VectorInBasis":
        return self if other == 0 else self + other

    def __sub__(self, other: "VectorInBasis") -> "VectorInBasis":
        return VectorInBasis(self.basis_directions, self.magnitudes - self._in_same_basis(other))

    def __mul__(self, scalar: float) -> "VectorInBasis":
        return VectorInBasis(self.basis_directions, self.magnitudes * scalar)

    __rmul__ = __mul__

    def __truediv__(self, scalar: float) -> "VectorInBasis":
        return VectorInBasis(self.basis_directions, self.magnitudes / scalar)

    def __neg__(self) -> "VectorInBasis":
        return self * -1

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, VectorInBasis):
            return NotImplemented
        return list(self.basis_directions) == list(other.basis_directions) and bool(
            np.array_equal(self.magnitudes, other.magnitudes)
        )

    @classmethod
    def sum(cls, vectors: Sequence["VectorInBasis"]) -> "VectorInBasis":
        """Their sum."""
        return functools.reduce(cls.__add__, vectors)

    @classmethod
    def stack(cls, vectors: Sequence["VectorInBasis"], axis: int = 0) -> "VectorInBasis":
        """Vectors of one basis, along a new axis."""
        if not vectors:
            raise ValueError("nothing to stack")
        rows = [vectors[0]._in_same_basis(v) for v in vectors]
        return cls(vectors[0].basis_directions, np.stack(rows, axis))

    def project(self, basis: Union["VectorSpaceWithBasis", Sequence[BasisDirection]]) -> "VectorInBasis":
        """The part in another basis; zero where this one has no such direction."""
        to = list(basis.basis if isinstance(basis, VectorSpaceWithBasis) else basis)
        at = {d: i for i, d in enumerate(self.basis_directions)}
        out = np.zeros((*self.magnitudes.shape[:-1], len(to)), self.magnitudes.dtype)
        for i, d in enumerate(to):
            if d in at:
                out[..., i] = self.magnitudes[..., at[d]]
        return VectorInBasis(to, out)


@dataclasses.dataclass
class VectorSpaceWithBasis:
    """A vector space, by its basis directions."""

    basis: Sequence[BasisDirection]

    def __post_init__(self):
        self.basis = list(self.basis)
        if len(set(self.basis)) != len(self.basis):
            raise ValueError("a direction occurs twice in a basis")

    @property
    def num_dims(self) -> int:
        """How many directions there are."""
        return len(self.basis)

    def __contains__(self, item: Union[VectorInBasis, BasisDirection]) -> bool:
        if isinstance(item, BasisDirection):
            return item in self.basis
        return set(self.basis) == set(item.basis_directions)

    def issubspace(self, other: "VectorSpaceWithBasis") -> bool:
        """Whether all directions are among those of `other`."""
        return set(self.basis).issubset(other.basis)

    def basis_vectors(self) -> List[VectorInBasis]:
        """The unit vectors."""
        return [VectorInBasis(self.basis, row) for row in np.eye(self.num_dims)]

    def vector_from_basis_direction(self, direction: BasisDirection) -> VectorInBasis:
        """The unit vector of a direction."""
        return VectorInBasis(self.basis, np.eye(self.num_dims)[self.basis.index(direction)])

    def null_vector(self) -> VectorInBasis:
        """Zero."""
        return VectorInBasis(self.basis, np.zeros(self.num_dims))

    @classmethod
    def from_names(cls, names: Sequence[Name]) -> "VectorSpaceWithBasis":
        """A space of directions without values."""
        return cls([BasisDirection(n) for n in names])

    @classmethod
    def from_values(cls, name: Name, values: Iterable[Value]) -> "VectorSpaceWithBasis":
        """A space of one direction for each value."""
        return cls([BasisDirection(name, v) for v in values])


def direct_sum(*spaces: VectorSpaceWithBasis) -> VectorSpaceWithBasis:
    """The sum of spaces that share no direction."""
    return VectorSpaceWithBasis([d for space in spaces for d in space.basis])


def join_vector_spaces(*spaces: VectorSpaceWithBasis) -> VectorSpaceWithBasis:
    """The sum of spaces that may share directions, in the order of `sort_directions`."""
    return VectorSpaceWithBasis(sort_directions({d for space in spaces for d in space.basis}))


def ensure_dims(space: VectorSpaceWithBasis, num_dims: int, name: str = "vector space") -> None:
    """Raises where the space has another number of dimensions."""
    if space.num_dims != num_dims:
        raise ValueError(f"{name} must have {counted(num_dims, 'dimension')}, but has {space.num_dims}: {space.basis}")


VectorSpace = VectorSpaceWithBasis
Action = Callable[[BasisDirection], VectorInBasis]
