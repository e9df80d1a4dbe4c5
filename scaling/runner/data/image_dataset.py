"""What a training asks of its images, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from scaling.runner.data.augment import Augmentation
from scaling.runner.data.images import Batch, MaskedBatch, Part


class ImageDataset(Protocol):
    """The three splits of a data set at one resolution."""

    @property
    def train_size(self) -> int:
        """Training images of the whole data set, all hosts together."""

    @property
    def validation_size(self) -> int:
        """Validation images of all hosts together."""

    @property
    def test_size(self) -> int:
        """Test images of all hosts together."""

    @property
    def skipped(self) -> Sequence[str]:
        """Names of the images that could not be decoded so far, each once."""

    def training(
        self, batch_size: int, seed: int, epoch: int, augmentation: Augmentation, start: int = 0
    ) -> Iterator[Batch]:
        """The whole batches of one epoch, from batch number `start` on.

        Order and distortions depend on `(seed, epoch, batch number)` alone: beginning at a batch gives the same bits as
        coming to it.

        Args:
            batch_size: of the global batch; a host of a shard gets its rows of it.
            seed, epoch: of everything random.
            augmentation: what happens to an image.
            start: the first batch wanted, from 0.
        """

    def evaluation(self, part: Part, batch_size: int) -> Iterator[MaskedBatch]:
        """All images of a split once, in order; rows whose mask is 0 fill the last batch, or replace damaged ones."""
