"""Which examples of which TFRecord files a trial trains, validates and tests on."""

from __future__ import annotations

from collections.abc import Iterable

from scaling.datasets import DataError, facts, prepared
from scaling.runner.data import imagenet
from scaling.runner.data.records import Keys, Piece, Records
from scaling.schema import Dataset


def of_imagenet(dataset: Dataset) -> Records:
    """ImageNet's shards; validation is the first of them, the paper's minival where the fraction is its 2%.

    `train_examples` are the first of those that follow, an even part of each shard being counted on.

    Raises:
        DataError: if shards are missing, or too many examples are asked for.
    """
    folder, known = imagenet.locate(), facts(dataset.name)
    held_out = round(imagenet.TRAIN_SHARDS * dataset.validation_fraction)
    each, validation_size = known.train // imagenet.TRAIN_SHARDS, known.train * held_out // imagenet.TRAIN_SHARDS
    shards = [(f"{folder}/{imagenet.train_shard(index)}", each) for index in range(imagenet.TRAIN_SHARDS)]
    train, most = shards[held_out:], known.train - validation_size
    wanted = _wanted(dataset, most if not dataset.train_examples else each * len(train), validation_size)
    return Records(
        Keys("image/encoded", "image/class/label", first_label=1),
        train=_cut(train, 0, wanted) if dataset.train_examples else _whole(train),
        validation=_whole(shards[:held_out]),
        test=[Piece(f"{folder}/{imagenet.test_shard(index)}") for index in range(imagenet.TEST_SHARDS)],
        train_size=wanted,
        validation_size=validation_size,
        test_size=known.test,
    )


def of_prepared(name: str, dataset: Dataset) -> Records:
    """A data set of TensorFlow Datasets; without splits of their own, validation is its first examples, test its last.

    Raises:
        DataError: if too many examples are asked for.
    """
    found, known = prepared.read(name), facts(dataset.name)
    splits = {split: [(str(file), count) for file, count in shards] for split, shards in found.shards.items()}
    held_out = known.train - known.trainable(dataset.validation_fraction)
    wanted = _wanted(dataset, known.train - held_out, known.validation or held_out)
    train, validation, test = splits["train"], found.validation, found.test
    return Records(
        Keys("image", "label"),
        train=_cut(train, held_out, held_out + wanted),
        validation=_whole(splits[validation]) if validation else _cut(train, 0, held_out),
        test=_whole(splits[test]) if test else _cut(train, known.train, known.train + known.test),
        train_size=wanted,
        validation_size=known.validation or held_out,
        test_size=known.test,
    )


def _wanted(dataset: Dataset, most: int, validation: int) -> int:
    """Training examples: what is asked for, else all.

    Raises:
        DataError: if there are fewer, or none to validate on.
    """
    wanted = dataset.train_examples or most
    if not 0 < wanted <= most or not validation:
        raise DataError(f"{dataset.name}: {wanted} to train on, of {most}, and {validation} to validate on")
    return wanted


def _whole(shards: Iterable[tuple[str, int]]) -> list[Piece]:
    return [Piece(file) for file, _ in shards]


def _cut(shards: Iterable[tuple[str, int]], first: int, last: int) -> list[Piece]:
    """Examples `first` to `last` (exclusive) of all shards, one after another."""
    pieces, begin = [], 0
    for file, count in shards:
        low, high = max(first, begin), min(last, begin + count)
        if low < high:
            pieces.append(Piece(file, low - begin, high - low))
        begin += count
    return pieces
