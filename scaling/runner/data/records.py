"""Examples in TFRecord files: which of them a trial trains, validates and tests on, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from scaling.runner.data.images import Part, Shard
from scaling.runner.data.source import Content, Order, Tensor

CYCLE = 16
"""Files that are read at the same time."""

BLOCK = 2048
"""Examples that are shuffled together; they come from `CYCLE` files, and the files' order is shuffled, too."""


@dataclass(frozen=True)
class Piece:
    """`count` examples of a TFRecord file from number `first` on; -1: all that follow."""

    file: str
    first: int = 0
    count: int = -1


@dataclass(frozen=True)
class Keys:
    """Where an example has its image and its label, and the number of the first label."""

    image: str
    label: str
    first_label: int = 0


@dataclass(frozen=True)
class Records:
    """Examples of TFRecord files by split; see `Source`."""

    keys: Keys
    train: Sequence[Piece]
    validation: Sequence[Piece]
    test: Sequence[Piece]
    train_size: int
    validation_size: int
    test_size: int
    unreadable: Sequence[str] = ()

    def training(self, order: Order, shard: Shard) -> Any:
        """Files in a shuffled order, hosts apart; blocks of what is read from them, shuffled again.

        Where the files hold fewer than a whole epoch's examples, they are begun anew.
        """
        mixed = np.random.default_rng((order.seed, order.epoch)).permutation(len(self.train))
        own = mixed[shard.index :: shard.count] if len(mixed) >= shard.count else mixed
        rows = _read([self.train[index] for index in own])
        if len(mixed) < shard.count:
            rows = rows.shard(shard.count, shard.index)
        each = order.batch_size // shard.count
        rows = rows.repeat().take(each * (self.train_size // order.batch_size))
        return _shuffled(rows, order.key).skip(each * order.start)

    def evaluation(self, part: Part) -> Any:
        """All examples of a split, in order."""
        return _read(self.validation if part == "validation" else self.test)

    def open(self, content: Content) -> tuple[Tensor, Tensor]:
        """Image and label of a serialised example."""
        features = {
            self.keys.image: tf.io.FixedLenFeature((), tf.string),
            self.keys.label: tf.io.FixedLenFeature((), tf.int64),
        }
        example = tf.io.parse_single_example(content, features)
        return example[self.keys.image], tf.cast(example[self.keys.label], tf.int32) - self.keys.first_label


def whole(shards: Iterable[tuple[str, int]]) -> list[Piece]:
    """All examples of files, each with its number of examples."""
    return [Piece(file) for file, _ in shards]


def examples(shards: Iterable[tuple[str, int]], first: int, last: int) -> list[Piece]:
    """Examples `first` to `last` (exclusive) of all shards, one after another."""
    pieces, begin = [], 0
    for file, count in shards:
        low, high = max(first, begin), min(last, begin + count)
        if low < high:
            pieces.append(Piece(file, low - begin, high - low))
        begin += count
    return pieces


def _read(pieces: Sequence[Piece]) -> Any:
    """Name and content of each example, in an order that the pieces' order decides."""

    def named_examples(file: Tensor, first: Tensor, count: Tensor) -> Any:
        def named(number: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
            return tf.strings.join([file, "#", tf.strings.as_string(number)]), content

        return tf.data.TFRecordDataset(file, buffer_size=2**20).enumerate().skip(first).take(count).map(named)

    columns = [[piece.file for piece in pieces], [piece.first for piece in pieces], [piece.count for piece in pieces]]
    files = tf.data.Dataset.from_tensor_slices(
        tuple(tf.constant(column, kind) for column, kind in zip(columns, (tf.string, tf.int64, tf.int64), strict=True))
    )
    return files.interleave(
        named_examples, cycle_length=min(CYCLE, len(pieces)), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )


def _shuffled(rows: Any, key: int) -> Any:
    def mixed(block: Tensor, names: Tensor, contents: Tensor) -> tuple[Tensor, Tensor]:
        order = tf.random.experimental.stateless_shuffle(tf.range(tf.size(names)), tf.stack([-1 - key, block]))
        return tf.gather(names, order), tf.gather(contents, order)

    blocks = rows.batch(BLOCK).enumerate().map(lambda block, row: mixed(block, *row))
    return blocks.prefetch(1).unbatch()
