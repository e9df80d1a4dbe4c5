"""Pictures as trials want them: split by a fixed rule, resized, shuffled and augmented from (seed, epoch)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling.runner.augment import Augmentation
from scaling.runner.sources import DataError, Images, Labels, Split, read
from scaling.schema import Dataset

SPLIT_SEED = 2103_07579
"""Of the one shuffle that says which training pictures are validation: the same for every trial, anywhere."""

Batch: TypeAlias = tuple[Images, Labels]
MaskedBatch: TypeAlias = tuple[Images, Labels, NDArray[np.float32]]


@dataclass(frozen=True)
class Pictures:
    """The three splits of a data set at one resolution."""

    train: Split
    validation: Split
    test: Split


@functools.lru_cache(maxsize=1)
def load(dataset: Dataset, resolution: int) -> Pictures:
    """Loads, splits and resizes a data set; the last one loaded stays in memory.

    Validation is the first `validation_fraction` of a fixed shuffle of the training pictures, training the next
    `train_examples` (all where None).

    Raises:
        DataError: if it is not on this machine or damaged, or too small for what is asked.
    """
    train, test = read(dataset.name, resolution)
    # RandomState's streams are frozen by NumPy's compatibility policy, default_rng's are not.
    order = np.random.RandomState(SPLIT_SEED).permutation(len(train))
    held_out = round(len(train) * dataset.validation_fraction)
    wanted = dataset.train_examples or len(train) - held_out
    if not 0 < held_out <= held_out + wanted <= len(train):
        raise DataError(f"{dataset.name}: {wanted} to train on and {held_out} to validate on, of {len(train)} pictures")
    return Pictures(
        train=resize(train.take(order[held_out : held_out + wanted]), resolution),
        validation=resize(train.take(order[:held_out]), resolution),
        test=resize(test, resolution),
    )


def resize(split: Split, resolution: int, chunk: int = 4096) -> Split:
    """Pictures `(n, resolution, resolution, channels)`, bilinear, anti-aliased where they shrink."""
    if split.images.shape[1] == resolution:
        return split
    from keras import ops

    def resized(images: Images) -> Images:
        floats = ops.image.resize(images.astype("float32"), (resolution, resolution), antialias=True)
        return np.clip(np.rint(ops.convert_to_numpy(floats)), 0, 255).astype(np.uint8)

    chunks = [resized(split.images[start : start + chunk]) for start in range(0, len(split), chunk)]
    return Split(np.concatenate(chunks), split.labels)


def training_batches(
    split: Split, batch_size: int, seed: int, epoch: int, augmentation: Augmentation
) -> Iterator[Batch]:
    """One epoch of whole batches, in an order and with distortions that depend on `(seed, epoch)` alone."""
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(split))
    for start in range(0, len(split) - batch_size + 1, batch_size):
        batch = split.take(order[start : start + batch_size])
        yield augmentation.apply(batch.images, random), batch.labels


def evaluation_batches(split: Split, batch_size: int) -> Iterator[MaskedBatch]:
    """All pictures once, in order; the last batch is filled up with copies of picture 0 whose mask is 0."""
    for start in range(0, len(split), batch_size):
        rows = np.arange(start, start + batch_size)
        mask = rows < len(split)
        batch = split.take(np.where(mask, rows, 0))
        yield batch.images, batch.labels, mask.astype(np.float32)
