"""Images as trials want them: split by a fixed rule, at one resolution, shuffled and augmented from a seed.

Nothing here imports TensorFlow or Keras before a data set that needs them is loaded.
"""

from __future__ import annotations

from scaling.datasets import DataError
from scaling.runner.data.augment import Augmentation
from scaling.runner.data.image_dataset import ImageDataset
from scaling.runner.data.images import Batch, MaskedBatch, Part, Shard
from scaling.runner.data.sources import load, locate

__all__ = ["Augmentation", "Batch", "DataError", "ImageDataset", "MaskedBatch", "Part", "Shard", "load", "locate"]
