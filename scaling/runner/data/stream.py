"""Images too many for memory: read, decoded and distorted as they are wanted, on all of a worker's cores.

An image that cannot be decoded is named in `skipped` and changes nothing else: in training its row is a copy of the
nearest row above it in the batch that could be (of the lowest such row, for rows at the top); in evaluation its mask
is 0. So the number of batches stays, and so do the bits of every other batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from scaling.datasets import DataError, DatasetInfo
from scaling.runner.data.augment import Augmentation
from scaling.runner.data.chunks import Chunk, Distort, batches
from scaling.runner.data.decode import evaluation_image, training_image
from scaling.runner.data.images import Batch, Images, Labels, MaskedBatch, Part, Shard
from scaling.runner.data.shared import Copies, Pieces
from scaling.runner.data.source import Order, Source, Tensor
from scaling.schema.trial import Resize

LEAST_LIMIT, LIMIT = 10, 0.001
"""Images that may be damaged before it is an error: ten, or this part of the data set."""

KEPT_BYTES = 2**30
"""An evaluation split that takes no more than this, decoded, stays in memory."""

NamedBatch: TypeAlias = tuple[*MaskedBatch, list[str]]
"""A batch, and the names of those of its images that cannot be decoded."""


@dataclass(frozen=True)
class Streamed:
    """A source's images at one resolution; see `ImageDataset`."""

    source: Source
    info: DatasetInfo
    resolution: int
    shard: Shard
    resize: Resize = "bicubic"
    copies: Copies = field(default_factory=Copies)
    _skipped: dict[str, None] = field(default_factory=dict)
    _kept: dict[tuple[Part, int], list[MaskedBatch]] = field(default_factory=dict)

    @property
    def train_size(self) -> int:
        return self.source.train_size

    @property
    def validation_size(self) -> int:
        return self.source.validation_size

    @property
    def test_size(self) -> int:
        return self.source.test_size

    @property
    def skipped(self) -> Sequence[str]:
        return tuple(self._skipped)

    def training(
        self, batch_size: int, seed: int, epoch: int, augmentation: Augmentation, start: int = 0
    ) -> Iterator[Batch]:
        """As in `ImageDataset`.

        Raises:
            DataError: if too many images cannot be decoded, or there are fewer than there should be.
        """
        order, own = Order(seed, epoch, batch_size, start), self.shard.rows(batch_size)
        each = own.stop - own.start

        def number(row: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
            """Puts a row's number in the whole epoch's order before it."""
            return ((row // each + start) * batch_size + own.start + row % each, *rest)

        def image(encoded: Tensor, index: Tensor) -> Tensor:
            key = tf.stack([tf.constant(order.key, tf.int64), index])
            return training_image(encoded, self.resolution, self.info.channels, key, augmentation.flip, self.resize)

        with tf.device("CPU"):
            rows = _numbered(self.source.training(order, self.shard)).map(number)
            decoded = batches(rows, each, self._chunk(image), _distortion(augmentation, order))
        expected = self.train_size // batch_size - start
        for images, labels, good, _ in self._checked(decoded, expected):
            yield _replaced(images, labels, good)

    def evaluation(self, part: Part, batch_size: int) -> Iterator[MaskedBatch]:
        """As in `ImageDataset`; a split that is small enough is decoded once.

        Raises:
            DataError: if too many images cannot be decoded.
        """
        size = self.validation_size if part == "validation" else self.test_size
        if size * self.resolution**2 * self.info.channels > KEPT_BYTES:
            return ((images, labels, mask) for images, labels, mask, _ in self._evaluation(part, batch_size))
        if (part, batch_size) not in self._kept:
            kept = self.copies.get(f"{part} by {batch_size}", lambda: self._pieces(part, batch_size))
            self._skip(name for names in kept["skipped"] for name in names.tolist())
            self._kept[part, batch_size] = list(zip(kept["images"], kept["labels"], kept["masks"], strict=True))
        return iter(self._kept[part, batch_size])

    def _pieces(self, part: Part, batch_size: int) -> Pieces:
        """All batches of a split, and the names of the images that cannot be decoded."""
        decoded = list(self._evaluation(part, batch_size))
        skipped = np.array([name for *_, names in decoded for name in names], dtype=np.str_)
        return {
            "images": [images for images, *_ in decoded],
            "labels": [labels for _, labels, *_ in decoded],
            "masks": [mask for *_, mask, _ in decoded],
            "skipped": [skipped],
        }

    def _evaluation(self, part: Part, batch_size: int) -> Iterator[NamedBatch]:
        own = self.shard.rows(batch_size)

        def is_own(row: Tensor, *_: Tensor) -> Tensor:
            return (row % batch_size >= own.start) & (row % batch_size < own.stop)

        def image(encoded: Tensor, _: Tensor) -> Tensor:
            return evaluation_image(encoded, self.resolution, self.info.channels, self.resize)

        with tf.device("CPU"):
            rows = _numbered(_filled(self.source.evaluation(part), batch_size)).filter(is_own)
            dtype = "float32" if self.resize == "legacy_bicubic" else "uint8"
            decoded = batches(rows, own.stop - own.start, self._chunk(image, dtype))
        for images, labels, good, names in self._checked(decoded):
            yield images, labels, good.astype(np.float32), names

    def _chunk(self, image: Any, dtype: str = "uint8") -> Chunk:
        return Chunk(self.source.open, image, (self.resolution, self.resolution, self.info.channels), dtype)

    def _checked(self, decoded: Any, expected: int | None = None) -> Iterator[tuple[Images, Labels, Any, list[str]]]:
        """Batches with which of their rows are good; the names of the others are noted and counted, and returned."""
        count = 0
        try:
            for images, labels, good, names in decoded.as_numpy_iterator():
                count += 1
                bad = [name.decode(errors="replace") for name in names.ravel()[~good.ravel()] if name]
                self._skip(bad)
                yield images.reshape(-1, *images.shape[2:]), labels.ravel(), good.ravel(), bad
        except tf.errors.OpError as error:
            raise DataError(f"{self.info.name}: cannot be read: {error.message}") from None
        if expected is not None and count < expected:
            raise DataError(f"{self.info.name}: {count} of {expected} batches, then there were no more images")

    def _skip(self, names: Iterable[str]) -> None:
        """Notes the names of images that cannot be decoded.

        Raises:
            DataError: if they are too many by now.
        """
        self._skipped.update(dict.fromkeys(names))
        limit = max(LEAST_LIMIT, LIMIT * (self.train_size + self.validation_size + self.test_size))
        if len(self._skipped) > limit:
            first = ", ".join(self.skipped[:5])
            raise DataError(f"{self.info.name}: more than {limit:.0f} images cannot be decoded: {first}, ...")


def _distortion(augmentation: Augmentation, order: Order) -> Distort | None:
    """RandAugment or AutoAugment on a chunk, from a generator for each image."""
    if not augmentation.distorts:
        return None

    def distorted(images: Images, numbers: NDArray[np.int64]) -> Images:
        generators = (np.random.default_rng((order.seed, order.epoch, number)) for number in numbers)
        return np.stack([augmentation.distorted(*pair) for pair in zip(images, generators, strict=True)])

    def distort(images: Tensor, numbers: Tensor) -> Tensor:
        return tf.ensure_shape(tf.numpy_function(distorted, [images, numbers], tf.uint8), images.shape)

    return distort


def _numbered(rows: Any) -> Any:
    """Rows `(number, name, content)` of rows `(name, content)`."""
    return rows.enumerate().map(lambda number, row: (number, *row))


def _filled(rows: Any, batch_size: int) -> Any:
    """Rows in whole batches: the last one filled up with rows without a name, which cannot be decoded."""
    blank = tf.nest.map_structure(lambda spec: tf.zeros((), spec.dtype), rows.element_spec)
    filled = rows.concatenate(tf.data.Dataset.from_tensors(blank).repeat(batch_size - 1))
    return filled.batch(batch_size, drop_remainder=True).unbatch()


def _replaced(images: Images, labels: Labels, good: Any) -> Batch:
    """A batch whose bad rows are copies of good ones; see above."""
    if good.all():
        return images, labels
    if not good.any():
        raise DataError(f"none of the {len(good)} images of a batch can be decoded")
    rows = np.arange(len(good))
    above = np.maximum.accumulate(np.where(good, rows, -1))
    source = np.where(above < 0, rows[good][-1], above)
    return images[source], labels[source]
