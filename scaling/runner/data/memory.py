"""Data sets small enough to stay in memory: split by a fixed shuffle, resized once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling.datasets import Splits
from scaling.runner.data.augment import Augmentation
from scaling.runner.data.images import WHOLE, Batch, Images, Labels, MaskedBatch, Part, Shard
from scaling.runner.data.shared import Pieces
from scaling.schema import Dataset

SPLIT_SEED = 2103_07579
"""Of the one shuffle that says which training images are validation: the same for every trial, anywhere."""


@dataclass(frozen=True)
class Split:
    """Images `(n, size, size, channels)` in [0, 255] and labels `(n,)`."""

    images: Images
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> Split:
        """The images of these rows, in this order."""
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class InMemory:
    """Images that are all in memory, at the resolution that is trained on; see `ImageDataset`."""

    train: Split
    validation: Split
    test: Split
    shard: Shard = WHOLE

    @classmethod
    def of(cls, pieces: Pieces, shard: Shard) -> InMemory:
        """From its arrays."""
        train, validation, test = (
            Split(pieces[f"{name}_images"][0], pieces[f"{name}_labels"][0])
            for name in ("train", "validation" if "validation_labels" in pieces else "test", "test")
        )
        return cls(train, validation, test, shard)

    def pieces(self) -> Pieces:
        """Its arrays, each in one piece; without those of validation where that is the test images."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        if self.validation is self.test:
            del splits["validation"]
        arrays = {f"{name}_{field}": array for name, split in splits.items() for field, array in vars(split).items()}
        return {name: [array] for name, array in arrays.items()}

    @property
    def train_size(self) -> int:
        return len(self.train)

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    @property
    def test_size(self) -> int:
        return len(self.test)

    @property
    def skipped(self) -> Sequence[str]:
        return ()

    def training(
        self, batch_size: int, seed: int, epoch: int, augmentation: Augmentation, start: int = 0
    ) -> Iterator[Batch]:
        """As in `ImageDataset`; a batch is distorted as a whole, so that hosts' parts do not depend on their number."""
        own = self.shard.rows(batch_size)
        order = np.random.default_rng((seed, epoch)).permutation(len(self.train))
        for index in range(start, len(self.train) // batch_size):
            batch = self.train.take(order[index * batch_size : (index + 1) * batch_size])
            images = augmentation.apply(batch.images, np.random.default_rng((seed, epoch, index)))
            yield images[own], batch.labels[own]

    def evaluation(self, part: Part, batch_size: int) -> Iterator[MaskedBatch]:
        """As in `ImageDataset`; the last batch is filled up with copies of image 0."""
        split = self.validation if part == "validation" else self.test
        own = self.shard.rows(batch_size)
        for start in range(0, len(split), batch_size):
            rows = np.arange(start, start + batch_size)[own]
            mask = rows < len(split)
            batch = split.take(np.where(mask, rows, 0))
            yield batch.images, batch.labels, mask.astype(np.float32)


def in_memory(train: Split, test: Split, dataset: Dataset, resolution: int, shard: Shard) -> InMemory:
    """Cuts validation from the training images and resizes all.

    Validation is the first `validation_fraction` of a fixed shuffle of the training images, training the next
    `train_examples` (all where None). Of no fraction, the test images are validated on.

    Raises:
        DataError: if there are too few for what is asked.
    """
    # RandomState's streams are frozen by NumPy's compatibility policy, default_rng's are not.
    order = np.random.RandomState(SPLIT_SEED).permutation(len(train))
    held_out = round(len(train) * dataset.validation_fraction)
    validated = held_out if dataset.validation_fraction else len(test)
    splits = Splits(len(train) - held_out, validated, len(test))
    wanted = splits.check(dataset.train_examples, dataset.name)
    tested = resize(test, resolution)
    return InMemory(
        train=resize(train.take(order[held_out : held_out + wanted]), resolution),
        validation=resize(train.take(order[:held_out]), resolution) if dataset.validation_fraction else tested,
        test=tested,
        shard=shard,
    )


def resize(split: Split, resolution: int, chunk: int = 4096) -> Split:
    """Images `(n, resolution, resolution, channels)`, bilinear, anti-aliased where they shrink."""
    if split.images.shape[1] == resolution:
        return split
    from keras import ops

    def resized(images: Images) -> Images:
        floats = ops.image.resize(images.astype("float32"), (resolution, resolution), antialias=True)
        return np.clip(np.rint(ops.convert_to_numpy(floats)), 0, 255).astype(np.uint8)

    chunks = [resized(split.images[start : start + chunk]) for start in range(0, len(split), chunk)]
    return Split(np.concatenate(chunks), split.labels)
