"""Batches of images as arrays, and the part of each batch that one host has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling.datasets import DataError

Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.int32]
Batch: TypeAlias = tuple[Images, Labels]
MaskedBatch: TypeAlias = tuple[Images | NDArray[np.float32], Labels, NDArray[np.float32]]
Part: TypeAlias = Literal["validation", "test"]


@dataclass(frozen=True)
class Shard:
    """A host's part of each global batch: part `index` of `count` equal ones."""

    index: int = 0
    count: int = 1

    def rows(self, batch_size: int) -> slice:
        """The rows of a global batch that are this host's.

        Raises:
            DataError: if the batch has no equal parts.
        """
        each, left = divmod(batch_size, self.count)
        if left:
            raise DataError(f"a batch of {batch_size} has no {self.count} equal parts, one for each host")
        return slice(self.index * each, (self.index + 1) * each)


WHOLE = Shard()
"""Of a host that is alone."""
