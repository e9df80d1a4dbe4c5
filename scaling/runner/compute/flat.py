"""Many arrays as one vector: what is done to each of them alike is then one operation.

Hundreds would take longer to trace and to schedule than to compute: it halved a small network's time to its first step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
from keras import ops

from scaling.runner.compute.backend import Tensor
from scaling.runner.compute.optimizer import is_real


@dataclass(frozen=True)
class Layout:
    """Where each array of a list is.

    Flat, a list is one vector of its real numbers and then the arrays that are none (random states).

    Attributes:
        shapes: of the arrays, in order.
        real: for each, whether it is part of the vector.
    """

    shapes: tuple[tuple[int, ...], ...]
    real: tuple[bool, ...]

    @classmethod
    def of(cls, variables: Sequence[keras.Variable]) -> Layout:
        return cls(tuple(tuple(one.shape) for one in variables), tuple(is_real(one) for one in variables))

    def flat(self, arrays: Sequence[Tensor]) -> list[Tensor]:
        """The vector, and the others."""
        reals = [ops.reshape(one, (-1,)) for one, real in zip(arrays, self.real, strict=True) if real]
        return [ops.concatenate(reals), *(one for one, real in zip(arrays, self.real, strict=True) if not real)]

    def arrays(self, flat: Sequence[Tensor]) -> list[Tensor]:
        """The arrays, from what `flat` gave."""
        ends, end = [], 0
        for shape, real in zip(self.shapes, self.real, strict=True):
            end += math.prod(shape) * real
            ends.append(end)
        inner = [one for one, real in zip(ends, self.real, strict=True) if real][:-1]
        pieces, others = iter(ops.split(flat[0], inner)), iter(flat[1:])
        return [
            ops.reshape(next(pieces), shape) if real else next(others)
            for shape, real in zip(self.shapes, self.real, strict=True)
        ]
