"""From a data set's name to its pictures."""

from __future__ import annotations

import functools

from scaling.runner.data.memory import in_memory
from scaling.runner.data.pictures import WHOLE, Pictures, Shard
from scaling.runner.data.sources import read
from scaling.schema import Dataset


@functools.lru_cache(maxsize=1)
def load(dataset: Dataset, resolution: int, shard: Shard = WHOLE) -> Pictures:
    """The pictures of a data set at a resolution; the last one loaded is kept.

    Args:
        dataset: which, and how many of them.
        resolution: pixels a side.
        shard: this host's part of each batch.

    Raises:
        DataError: if it is not on this machine or damaged, or too small for what is asked.
    """
    train, test = read(dataset.name, resolution)
    return in_memory(train, test, dataset, resolution, shard)
