"""Data sets by name: where each is on this machine, how to bring it here, and its images."""

from __future__ import annotations

import functools

from scaling.datasets import DATASETS, DataError
from scaling.runner.data.image_dataset import ImageDataset
from scaling.runner.data.images import WHOLE, Shard
from scaling.runner.data.reader import reader_of
from scaling.schema import Dataset


@functools.lru_cache(maxsize=1)
def load(dataset: Dataset, resolution: int, shard: Shard = WHOLE, run: str = "") -> ImageDataset:
    """The images of a data set at a resolution; the last one loaded is kept.

    Args:
        dataset: which, and how many of them.
        resolution: pixels a side.
        shard: this host's part of each batch.
        run: whose workers on this machine share what they decode, see `Copies`; empty: nobody does.

    Raises:
        DataError: if it is not on this machine or damaged, or too small for what is asked.
    """
    return reader_of(dataset.name).load(dataset, resolution, shard, run)


def locate(name: str) -> str:
    """The folder, archive or address that holds a data set; empty for `synthetic`, which is made when it is needed.

    Raises:
        DataError: if it is not on this machine, with each way to get it.
    """
    return reader_of(name).locate(name)


def locations() -> dict[str, str | None]:
    """Where each data set is; None where it is not on this machine."""
    return {name: _location(name) for name in DATASETS}


def _location(name: str) -> str | None:
    try:
        return locate(name)
    except DataError:
        return None


def fetch(name: str) -> tuple[str, bool]:
    """What `locate` says, after downloading what is not here, and whether every file was read and found intact.

    Raises:
        DataError: if it cannot be downloaded, or is damaged.
    """
    reader = reader_of(name)
    try:
        reader.locate(name)
    except DataError as missing:
        if reader.fetch is None:
            raise
        try:
            reader.fetch(name)
        except Exception as error:  # Keras raises a bare Exception for whatever the network did
            raise DataError(f"{missing}\n(downloading was tried: {error})") from None
    if reader.verify:
        reader.verify(name)
    return reader.locate(name), reader.verify is not None
