"""What is known of each data set before its images are read: sizes, classes, normalisation.

Most are in a table. Of `image_folder:<path>` and `tfds:<name>` it is read from the disk: names of files, and
descriptions, never an image, and without TensorFlow.
"""

from __future__ import annotations

from scaling.datasets import folder, prepared
from scaling.datasets.dataset import DataError, DatasetFacts
from scaling.datasets.known import CIFAR10, CIFAR100, DATASETS, FASHION_MNIST, IMAGENET, SYNTHETIC
from scaling.errors import did_you_mean

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "DATASETS",
    "FASHION_MNIST",
    "IMAGENET",
    "PATTERNS",
    "SYNTHETIC",
    "DataError",
    "DatasetFacts",
    "facts",
]

PATTERNS = {folder.PATTERN: folder.TITLE, prepared.PATTERN: prepared.TITLE}
"""Names that stand for many data sets, each with a title."""


def facts(name: str) -> DatasetFacts:
    """What is known of the data set that a study file calls `name`.

    Raises:
        DataError: for a name that means none, or one whose description is not on this machine.
    """
    kind, colon, which = name.partition(":")
    if name in DATASETS:
        return DATASETS[name]
    if colon and which and kind == "image_folder":
        return folder.facts(which)
    if colon and which and kind == "tfds":
        return prepared.facts(which)
    raise DataError(f"{name!r} is not a data set{did_you_mean(name, (*DATASETS, *PATTERNS))}")
