"""ImageNet as the TPU repository lays it out: 1024 TFRecord files to train on, 128 of the validation set, our test."""

from __future__ import annotations

import os
from pathlib import Path

from scaling.datasets import DataError, Splits, dataset_info
from scaling.datasets.known import IMAGENET
from scaling.runner.data.places import DATA_DIR
from scaling.runner.data.reader import Reader, streamed
from scaling.runner.data.source import Source
from scaling.schema import Dataset

TRAIN_SHARDS, TEST_SHARDS = 1024, 128


def locate(name: str = IMAGENET.name) -> str:
    """The folder or `gs://` address that holds all shards: `SCALING_DATA_DIR`, or `imagenet` below it.

    Raises:
        DataError: if some are missing, with their names.
    """
    root = os.environ.get(DATA_DIR)
    if not root:
        raise DataError(
            f"{IMAGENET.title} is not on this machine. Set {DATA_DIR} to the folder, or gs:// address, with "
            f"{train_shard(0)} ... and {test_shard(0)} ...; it has to be asked for at image-net.org, and the script "
            "imagenet_to_gcs.py of github.com/tensorflow/tpu writes these files"
        )
    root = root.rstrip("/")
    names = {folder: _names(folder) for folder in (root, f"{root}/imagenet")}
    folder = max(names, key=lambda folder: len(names[folder].intersection(expected())))
    if missing := [name for name in expected() if name not in names[folder]]:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise DataError(f"{folder}: {len(missing)} of ImageNet's {len(expected())} shards are missing: {shown}")
    return folder


def expected() -> list[str]:
    """Names of all shards."""
    return [train_shard(index) for index in range(TRAIN_SHARDS)] + [test_shard(index) for index in range(TEST_SHARDS)]


def train_shard(index: int) -> str:
    """Name of a file of training images."""
    return f"train-{index:05d}-of-{TRAIN_SHARDS:05d}"


def test_shard(index: int) -> str:
    """Name of a file of test images."""
    return f"validation-{index:05d}-of-{TEST_SHARDS:05d}"


def _names(folder: str) -> set[str]:
    """Names of the files in a folder; none where there is no such folder."""
    if "://" not in folder:
        return {path.name for path in Path(folder).iterdir()} if Path(folder).is_dir() else set()
    import tensorflow as tf

    try:
        return set(tf.io.gfile.listdir(folder))
    except tf.errors.OpError as error:
        raise DataError(f"{folder}: cannot be listed: {error.message}") from None


def _source(dataset: Dataset) -> Source:
    """Its shards; validation is the first of them, the paper's minival where the fraction is its 2%; of 0 the test set.

    `train_examples` are the first of those that follow, an even part of each shard being counted on.

    Raises:
        DataError: if shards are missing, or too many examples are asked for.
    """
    from scaling.runner.data.records import Keys, Piece, Records, examples, whole

    folder, info = locate(), dataset_info(dataset.name)
    held_out = round(TRAIN_SHARDS * dataset.validation_fraction)
    each, left_out = info.train // TRAIN_SHARDS, info.train * held_out // TRAIN_SHARDS
    validation_size = left_out if dataset.validation_fraction else info.test
    shards = [(f"{folder}/{train_shard(index)}", each) for index in range(TRAIN_SHARDS)]
    train, most = shards[held_out:], info.train - left_out
    splits = Splits(most if not dataset.train_examples else each * len(train), validation_size, info.test)
    train_size = splits.check(dataset.train_examples, dataset.name)
    test = [Piece(f"{folder}/{test_shard(index)}") for index in range(TEST_SHARDS)]
    return Records(
        Keys("image/encoded", "image/class/label", first_label=1),
        train=examples(train, 0, train_size) if dataset.train_examples else whole(train),
        validation=whole(shards[:held_out]) if dataset.validation_fraction else test,
        test=test,
        train_size=train_size,
        validation_size=validation_size,
        test_size=info.test,
    )


READER = Reader(locate, streamed(_source))
