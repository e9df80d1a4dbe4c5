"""What is known of each data set before its images are read: sizes, classes, normalisation.

Most are in a table. Of `image_folder:<path>` and `tfds:<name>` it is read from the disk: names of files, and
descriptions, never an image, and without TensorFlow.

To add a data set, describe it in `known` (a family of data sets: in a module of its own), and register it in `registry`
with the module of `scaling.runner.data` that reads it.
"""

from __future__ import annotations

from scaling.datasets.dataset import DataError, DatasetInfo, Splits, check_batch
from scaling.datasets.registry import DATASETS, PATTERNS, dataset_info, default_fraction

__all__ = [
    "DATASETS",
    "PATTERNS",
    "DataError",
    "DatasetInfo",
    "Splits",
    "check_batch",
    "dataset_info",
    "default_fraction",
]
