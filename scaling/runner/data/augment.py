"""What happens to training images: a shifted crop, a mirror image, RandAugment or AutoAugment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from scaling.datasets import dataset_info
from scaling.runner.data import autoaugment, randaugment
from scaling.runner.data.images import Images
from scaling.schema import Dataset, Recipe


@dataclass(frozen=True)
class Augmentation:
    """Distortions of a training image, all from one random generator.

    Attributes:
        flip: mirror with probability 1/2.
        layers: RandAugment operations on each image, after crop and flip (released `resnet_preprocessing.py`).
        magnitude: of each of them.
        released: whether they are the authors' own; else those that scale with the image.
        policy: AutoAugment's pairs of operations in their place.
    """

    flip: bool
    layers: int = 0
    magnitude: float = 0.0
    released: bool = False
    policy: bool = False

    @classmethod
    def of(cls, dataset: Dataset, recipe: Recipe) -> Self:
        layers, magnitude = recipe.randaugment_layers, recipe.randaugment_magnitude
        released = recipe.randaugment == "released"
        return cls(dataset_info(dataset.name).flip, layers, magnitude, released, recipe.autoaugment)

    @property
    def distorts(self) -> bool:
        """Whether images are more than cropped and mirrored."""
        return self.policy or self.layers > 0

    def apply(self, images: Images, random: np.random.Generator) -> Images:
        """Distorts a batch `(n, size, size, channels)`; returns a new one."""
        images = _cropped(images, random, self.flip)
        if self.distorts:
            images = np.stack([self.distorted(image, random) for image in images])
        return images

    def distorted(self, image: Images, random: np.random.Generator) -> Images:
        """An image `(size, size, channels)` after as many operations as there are layers, or a pair of the policy."""
        grey = image.shape[-1] == 1
        distorted = Image.fromarray(image[..., 0] if grey else image)
        if self.policy:
            distorted = autoaugment.distort(distorted, random, self.released)
        for _ in range(self.layers):
            distorted = randaugment.distort(distorted, self.magnitude, random, self.released)
        pixels = np.asarray(distorted)
        return pixels[..., None] if grey else pixels


def _cropped(images: Images, random: np.random.Generator, flip: bool) -> Images:
    """Each image padded by an eighth of its size with zeros, cropped back at random, and perhaps mirrored."""
    count, size = images.shape[:2]
    pad = size // 8
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = random.integers(0, 2 * pad + 1, size=count)[:, None] + np.arange(size)
    columns = random.integers(0, 2 * pad + 1, size=count)[:, None] + np.arange(size)
    if flip:
        mirrored = random.random((count, 1)) < 0.5
        columns = np.where(mirrored, columns[:, ::-1], columns)
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
