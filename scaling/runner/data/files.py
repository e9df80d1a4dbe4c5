"""Images that are files of their own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from scaling.datasets import Splits
from scaling.datasets.folder import File, Folder, cut
from scaling.runner.data.images import Part, Shard
from scaling.runner.data.source import Content, Order, Tensor
from scaling.schema import Dataset


@dataclass(frozen=True)
class Files:
    """Files below a folder by split; see `Source`."""

    root: Path
    train: Sequence[File]
    validation: Sequence[File]
    test: Sequence[File]
    unreadable: Sequence[str] = ()

    @property
    def train_size(self) -> int:
        return len(self.train)

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    @property
    def test_size(self) -> int:
        return len(self.test)

    def training(self, order: Order, shard: Shard) -> Any:
        """A permutation of all files, from which each host takes its rows of each batch."""
        mixed = np.random.default_rng((order.seed, order.epoch)).permutation(len(self.train))
        batches = mixed[: len(mixed) // order.batch_size * order.batch_size].reshape(-1, order.batch_size)
        own = batches[order.start :, shard.rows(order.batch_size)]
        return self._rows([self.train[row] for row in own.ravel().tolist()])

    def evaluation(self, part: Part) -> Any:
        """All files of a split, in the order of their hashes."""
        return self._rows(self.validation if part == "validation" else self.test)

    def open(self, content: Content) -> tuple[Tensor, Tensor]:
        """Reads a file."""
        path, label = content
        return tf.io.read_file(path), label

    def _rows(self, files: Sequence[File]) -> Any:
        paths = tf.constant([os.fsencode(path) for path, _ in files], tf.string)
        labels = tf.constant([label for _, label in files], tf.int32)
        root = os.fsencode(self.root / "")
        rows = tf.data.Dataset.from_tensor_slices((paths, labels))
        return rows.map(lambda path, label: (path, (tf.strings.join([root, b"/", path]), label)))


def files(folder: Folder, dataset: Dataset) -> Files:
    """The files of an image folder that a trial asks for: the first of each split by their hashes.

    Raises:
        DataError: if there are too few.
    """
    train, held_out = cut(folder, dataset.validation_fraction)
    validation = held_out if dataset.validation_fraction or folder.validation else folder.test
    splits = Splits(len(train), len(validation), len(folder.test))
    wanted = splits.check(dataset.train_examples, dataset.name)
    return Files(folder.root, train[:wanted], validation, folder.test, folder.special)
