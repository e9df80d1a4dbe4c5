"""What a training asks of its pictures, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling.datasets import DataError

if TYPE_CHECKING:
    from scaling.runner.data.augment import Augmentation

Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.int32]
Batch: TypeAlias = tuple[Images, Labels]
MaskedBatch: TypeAlias = tuple[Images, Labels, NDArray[np.float32]]
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


class Pictures(Protocol):
    """The three splits of a data set at one resolution."""

    @property
    def train_size(self) -> int:
        """Training pictures of the whole data set, all hosts together."""

    @property
    def validation_size(self) -> int:
        """Validation pictures of all hosts together."""

    @property
    def test_size(self) -> int:
        """Test pictures of all hosts together."""

    @property
    def skipped(self) -> Sequence[str]:
        """Names of the pictures that could not be decoded so far, each once."""

    def training(
        self, batch_size: int, seed: int, epoch: int, augmentation: Augmentation, start: int = 0
    ) -> Iterator[Batch]:
        """The whole batches of one epoch, from batch number `start` on.

        Order and distortions depend on `(seed, epoch, batch number)` alone: beginning at a batch gives the same bits as
        coming to it.

        Args:
            batch_size: of the global batch; a host of a shard gets its rows of it.
            seed, epoch: of everything random.
            augmentation: what happens to a picture.
            start: the first batch wanted, from 0.
        """

    def evaluation(self, part: Part, batch_size: int) -> Iterator[MaskedBatch]:
        """All pictures of a split once, in order; rows whose mask is 0 fill the last batch, or replace damaged ones."""
