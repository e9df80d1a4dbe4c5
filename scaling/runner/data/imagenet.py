"""ImageNet as the TPU repository lays it out: 1024 TFRecord files to train on, 128 of the validation set, our test."""

from __future__ import annotations

import os
from pathlib import Path

from scaling.datasets import IMAGENET, DataError
from scaling.runner.data.places import DATA_DIR

TRAIN_SHARDS, TEST_SHARDS = 1024, 128


def locate() -> str:
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
    found = {folder: _names(folder) for folder in (root, f"{root}/imagenet")}
    folder = max(found, key=lambda folder: len(found[folder].intersection(expected())))
    if missing := [name for name in expected() if name not in found[folder]]:
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
