"""`subset:<data set>:<labels>`: read with the whole data set, of which it keeps some classes."""

from __future__ import annotations

import numpy as np

from scaling.datasets import subset
from scaling.datasets.known import FASHION_MNIST
from scaling.runner.data import cifar, fashion_mnist
from scaling.runner.data.memory import Split
from scaling.runner.data.reader import Reader, from_memory, reader_of


def read(name: str, resolution: int) -> tuple[Split, Split]:
    """Train and test images of the classes, whose labels are numbered anew.

    Raises:
        DataError: if the data set is not on this machine, or damaged.
    """
    base, labels = subset.parsed(name.partition(":")[2])
    module = fashion_mnist if base.name == FASHION_MNIST.name else cifar
    train, test = module.read(base.name, resolution)
    return _kept(train, labels), _kept(test, labels)


def _kept(split: Split, labels: tuple[int, ...]) -> Split:
    kept = split.take(np.flatnonzero(np.isin(split.labels, labels)))
    return Split(kept.images, np.searchsorted(labels, kept.labels).astype(np.int32))


def _whole(name: str) -> str:
    return subset.parsed(name.partition(":")[2])[0].name


def _fetch(name: str) -> None:
    whole = reader_of(_whole(name))
    if whole.fetch:
        whole.fetch(_whole(name))


def _verify(name: str) -> None:
    whole = reader_of(_whole(name))
    if whole.verify:
        whole.verify(_whole(name))


READER = Reader(
    lambda name: reader_of(_whole(name)).locate(_whole(name)),
    from_memory(read),
    _fetch,
    _verify,
)
