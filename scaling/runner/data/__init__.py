"""Pictures as trials want them: split by a fixed rule, at one resolution, shuffled and augmented from a seed.

Nothing here imports TensorFlow or Keras before a data set that needs them is loaded.
"""

from __future__ import annotations

from scaling.datasets import DataError
from scaling.runner.data.augment import Augmentation
from scaling.runner.data.load import load
from scaling.runner.data.pictures import Batch, MaskedBatch, Part, Pictures, Shard

__all__ = ["Augmentation", "Batch", "DataError", "MaskedBatch", "Part", "Pictures", "Shard", "load"]
