"""How one data set is found, fetched and read: what each module that the registry names has as `READER`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from scaling.datasets import dataset_info
from scaling.datasets.registry import find
from scaling.runner.data.image_dataset import ImageDataset
from scaling.runner.data.images import Shard
from scaling.runner.data.memory import InMemory, Split, in_memory
from scaling.runner.data.shared import Copies, Pieces
from scaling.schema import Dataset

if TYPE_CHECKING:
    from scaling.runner.data.source import Source

Load: TypeAlias = Callable[[Dataset, int, Shard, str], ImageDataset]
"""From which images, pixels a side, a host's part of each batch and the run whose workers share them to the images."""


@dataclass(frozen=True)
class Reader:
    """A data set, or a family of them, on this machine. Each function is given the name that study files have.

    Attributes:
        locate: the folder, archive or address that holds it; empty where nothing is stored. Raises a `DataError` that
            says each way to get it where it is not on this machine.
        load: reads it; see `from_memory` and `streamed`.
        fetch: downloads it to where `locate` looks; None: it cannot be downloaded.
        verify: raises a `DataError` if a stored file is damaged; None: its files are only listed, not read.
    """

    locate: Callable[[str], str]
    load: Load
    fetch: Callable[[str], None] | None = None
    verify: Callable[[str], object] | None = None


def reader_of(name: str) -> Reader:
    """The reader of the data set that a study file calls `name`.

    Raises:
        DataError: if no data set has this name.
    """
    reader: Reader = importlib.import_module(find(name).reader).READER
    return reader


def from_memory(read: Callable[[str, int], tuple[Split, Split]]) -> Load:
    """Loads a small data set into memory.

    Args:
        read: from name and resolution to train and test images, as stored or at this resolution.
    """

    def load(dataset: Dataset, resolution: int, shard: Shard, run: str) -> ImageDataset:
        def pieces() -> Pieces:
            return in_memory(*read(dataset.name, resolution), dataset, resolution, shard).pieces()

        return InMemory.of(Copies(run, f"{dataset!r} at {resolution}").get("all", pieces), shard)

    return load


def streamed(source: Callable[[Dataset], Source]) -> Load:
    """Reads a data set from where it is stored, as its images are wanted; `source` may import TensorFlow."""

    def load(dataset: Dataset, resolution: int, shard: Shard, run: str) -> ImageDataset:
        _leave_the_gpu_to_keras()
        from scaling.runner.data.stream import Streamed

        stored = source(dataset)
        unreadable = dict.fromkeys(stored.unreadable)
        copies = Copies(run, f"{dataset!r} at {resolution} for {shard!r}")
        return Streamed(stored, dataset_info(dataset.name), resolution, shard, dataset.resize, copies, unreadable)

    return load


def _leave_the_gpu_to_keras() -> None:
    """TensorFlow, which reads images whatever Keras computes with, would take a GPU's whole memory."""
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        tf.config.set_visible_devices([], "GPU")
