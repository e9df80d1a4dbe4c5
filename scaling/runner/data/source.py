"""What a stream of images asks of the place they are stored in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from scaling.runner.data.images import Part, Shard

Tensor: TypeAlias = Any
Content: TypeAlias = Any
"""What is read of an image before it is opened: tensors, nested as the source likes."""


@dataclass(frozen=True)
class Order:
    """Which images of an epoch, in which order: whole batches of `batch_size` from batch number `start` on."""

    seed: int
    epoch: int
    batch_size: int
    start: int = 0

    @property
    def key(self) -> int:
        """Seed and epoch as one 64-bit integer."""
        return (self.seed << 31) + self.epoch


class Source(Protocol):
    """Images that are stored as files. A row is `(name, content)`; all of a data set's rows have one structure."""

    @property
    def train_size(self) -> int: ...

    @property
    def validation_size(self) -> int: ...

    @property
    def test_size(self) -> int: ...

    @property
    def unreadable(self) -> Sequence[str]:
        """Names of what should be images and is left out because it is no regular file."""

    def training(self, order: Order, shard: Shard) -> Any:
        """A `tf.data.Dataset` of a host's rows of the batches that are asked for, one by one."""

    def evaluation(self, part: Part) -> Any:
        """A `tf.data.Dataset` of all rows of a split."""

    def open(self, content: Content) -> tuple[Tensor, Tensor]:
        """Bytes of the image's file, and its label (int32)."""
