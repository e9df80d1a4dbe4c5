"""From a data set's name to its images."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from scaling.datasets import facts, folder
from scaling.runner.data import sources
from scaling.runner.data.image_dataset import ImageDataset
from scaling.runner.data.images import WHOLE, Shard
from scaling.runner.data.memory import in_memory
from scaling.schema import Dataset

if TYPE_CHECKING:
    from scaling.runner.data.source import Source


@functools.lru_cache(maxsize=1)
def load(dataset: Dataset, resolution: int, shard: Shard = WHOLE) -> ImageDataset:
    """The images of a data set at a resolution; the last one loaded is kept.

    Args:
        dataset: which, and how many of them.
        resolution: pixels a side.
        shard: this host's part of each batch.

    Raises:
        DataError: if it is not on this machine or damaged, or too small for what is asked.
    """
    if dataset.name in sources.IN_MEMORY:
        return in_memory(*sources.read(dataset.name, resolution), dataset, resolution, shard)
    _leave_the_gpu_to_keras()
    from scaling.runner.data.stream import Streamed

    source = _source(dataset)
    return Streamed(source, facts(dataset.name), resolution, shard, dict.fromkeys(source.unreadable))


def _source(dataset: Dataset) -> Source:
    """Where a data set's images are streamed from."""
    kind, _, which = dataset.name.partition(":")
    if kind == "image_folder":
        from scaling.runner.data.files import files

        return files(folder.scan(which), dataset)
    from scaling.runner.data import shards

    return shards.of_prepared(which, dataset) if kind == "tfds" else shards.of_imagenet(dataset)


def _leave_the_gpu_to_keras() -> None:
    """TensorFlow, which reads images whatever Keras computes with, would take a GPU's whole memory."""
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        tf.config.set_visible_devices([], "GPU")
