"""Linear and bilinear maps between spaces with named bases."""

import abc
import dataclasses
from typing import Callable, Sequence

import numpy as np

from raspc.tracr.craft import bases


class VectorFunction(abc.ABC):
    """A function from one space to another."""

    input_space: bases.VectorSpaceWithBasis
    output_space: bases.VectorSpaceWithBasis

    @abc.abstractmethod
    def __call__(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        """Its value at `x`."""


class Linear(VectorFunction):
    """A linear map; `matrix` is [input dimensions, output dimensions], so that it is `x @ matrix`."""

    def __init__(
        self, input_space: bases.VectorSpaceWithBasis, output_space: bases.VectorSpaceWithBasis, matrix: np.ndarray
    ):
        matrix = np.asarray(matrix)
        if matrix.shape != (input_space.num_dims, output_space.num_dims):
            raise ValueError(
                f"the matrix is {matrix.shape}, between spaces of {input_space.num_dims} and {output_space.num_dims}"
            )
        self.input_space = input_space
        self.output_space = output_space
        self.matrix = matrix

    def __call__(self, x: bases.VectorInBasis) -> bases.VectorInBasis:
        if x not in self.input_space:
            raise TypeError(f"{x} is not in the input space")
        x = x.project(self.input_space)
        return bases.VectorInBasis(self.output_space.basis, x.magnitudes @ self.matrix)

    @classmethod
    def from_action(
        cls,
        input_space: bases.VectorSpaceWithBasis,
        output_space: bases.VectorSpaceWithBasis,
        action: Callable[[bases.BasisDirection], bases.VectorInBasis],
    ) -> "Linear":
        """The linear map that does `action` to each basis direction."""
        matrix = np.zeros((input_space.num_dims, output_space.num_dims))
        for i, direction in enumerate(input_space.basis):
            matrix[i, :] = action(direction).project(output_space).magnitudes
        return cls(input_space, output_space, matrix)

    @classmethod
    def combine_in_parallel(cls, fns: Sequence["Linear"]) -> "Linear":
        """Maps of spaces that share no direction, side by side."""
        inputs = bases.direct_sum(*(f.input_space for f in fns))
        outputs = bases.direct_sum(*(f.output_space for f in fns))
        matrix = np.zeros((inputs.num_dims, outputs.num_dims))
        row = column = 0
        for f in fns:
            rows, columns = f.matrix.shape
            matrix[row : row + rows, column : column + columns] = f.matrix
            row, column = row + rows, column + columns
        return cls(inputs, outputs, matrix)


def project(from_space: bases.VectorSpaceWithBasis, to_space: bases.VectorSpaceWithBasis) -> Linear:
    """The map that keeps what the two spaces share and forgets the rest."""
    at = {d: i for i, d in enumerate(to_space.basis)}
    matrix = np.zeros((from_space.num_dims, to_space.num_dims))
    for i, direction in enumerate(from_space.basis):
        if direction in at:
            matrix[i, at[direction]] = 1.0
    return Linear(from_space, to_space, matrix)


def identity(space: bases.VectorSpaceWithBasis) -> Linear:
    """The map that changes nothing."""
    return project(space, space)


@dataclasses.dataclass
class ScalarBilinear:
    """A bilinear form: `left @ matrix @ right`; `matrix` is [left dimensions, right dimensions]."""

    left_space: bases.VectorSpaceWithBasis
    right_space: bases.VectorSpaceWithBasis
    matrix: np.ndarray

    def __post_init__(self):
        shape = (self.left_space.num_dims, self.right_space.num_dims)
        if self.matrix.shape != shape:
            raise ValueError(f"the matrix is {self.matrix.shape}, between spaces of {shape[0]} and {shape[1]}")

    def __call__(self, x: bases.VectorInBasis, y: bases.VectorInBasis) -> float:
        if x not in self.left_space or y not in self.right_space:
            raise TypeError("a vector is not in its space")
        left, right = x.project(self.left_space).magnitudes, y.project(self.right_space).magnitudes
        return float(left @ self.matrix @ right)

    @classmethod
    def from_action(
        cls,
        left_space: bases.VectorSpaceWithBasis,
        right_space: bases.VectorSpaceWithBasis,
        action: Callable[[bases.BasisDirection, bases.BasisDirection], float],
    ) -> "ScalarBilinear":
        """The form that gives `action` for each pair of basis directions."""
        matrix = np.array([[action(x, y) for y in right_space.basis] for x in left_space.basis], float)
        return cls(left_space, right_space, matrix.reshape(left_space.num_dims, right_space.num_dims))
