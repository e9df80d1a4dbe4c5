"""Many small arrays as one vector: what is done to each of them alike is then one operation.

Hundreds would take longer to trace and to schedule than to compute: it halved a small network's time to its first step.
Large arrays stay as they are: to join and to part them would cost a copy of each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
from keras import ops

from scaling.runner.compute.backend import Tensor
from scaling.runner.compute.optimizer import is_real

LARGE = 2**18
"""Elements of an array, a megabyte in float32, beyond which it is its own."""


@dataclass(frozen=True)
class Layout:
    """Where each array of a list is.

    Flat, a list is one vector of its small arrays of real numbers, and then the others: large ones, and random states.

    Attributes:
        shapes: of the arrays, in order.
        joined: for each, whether it is part of the vector.
    """

    shapes: tuple[tuple[int, ...], ...]
    joined: tuple[bool, ...]

    @classmethod
    def of(cls, variables: Sequence[keras.Variable]) -> Layout:
        return cls(
            tuple(tuple(variable.shape) for variable in variables),
            tuple(is_real(variable) and math.prod(variable.shape) < LARGE for variable in variables),
        )

    def flat(self, arrays: Sequence[Tensor]) -> list[Tensor]:
        """The vector, and the others."""
        small = [ops.reshape(array, (-1,)) for array, joined in zip(arrays, self.joined, strict=True) if joined]
        vector = ops.concatenate(small) if small else ops.zeros((0,))
        return [vector, *(array for array, joined in zip(arrays, self.joined, strict=True) if not joined)]

    def arrays(self, flat: Sequence[Tensor]) -> list[Tensor]:
        """The arrays, from what `flat` gave."""
        pieces, others = iter(ops.split(flat[0], self._ends[:-1]) if any(self.joined) else ()), iter(flat[1:])
        return [
            ops.reshape(next(pieces), shape) if joined else next(others)
            for shape, joined in zip(self.shapes, self.joined, strict=True)
        ]

    def of_each(self, numbers: Sequence[float]) -> list[Tensor]:
        """A number for each array, as lists of this layout can be multiplied by.

        Filled within the graph: a constant of it would be copied many times while it is compiled.
        """
        each = list(zip(numbers, self.shapes, self.joined, strict=True))
        small = [ops.full((math.prod(shape),), number) for number, shape, joined in each if joined]
        return [ops.concatenate(small), *(ops.full((), number) for number, _, joined in each if not joined)]

    @cached_property
    def _ends(self) -> list[int]:
        """Of the pieces of the vector."""
        sizes = [math.prod(shape) for shape, joined in zip(self.shapes, self.joined, strict=True) if joined]
        return list(itertools.accumulate(sizes))
