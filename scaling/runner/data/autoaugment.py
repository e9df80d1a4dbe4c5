"""AutoAugment's policy for ImageNet as EfficientNet's authors trained with it.

One of 25 pairs of operations is drawn for each image, and each operation of it is applied in turn with its own
probability (arXiv 1805.09501; policy v0 of the released `efficientnet/autoaugment.py`). The operations are those of
RandAugment, in either form, but for a longer translation.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from PIL import Image

from scaling.runner.data import randaugment

Step: TypeAlias = tuple[str, float, int]
"""An operation, the probability that it is applied, and its magnitude of 10."""

TRANSLATED = 2.5
"""Times as far as RandAugment: 250 pixels at magnitude 10, not 100 (same file)."""

POLICY: tuple[tuple[Step, Step], ...] = (
    (("equalize", 0.8, 1), ("shear_y", 0.8, 4)),
    (("color", 0.4, 9), ("equalize", 0.6, 3)),
    (("color", 0.4, 1), ("rotate", 0.6, 8)),
    (("solarize", 0.8, 3), ("equalize", 0.4, 7)),
    (("solarize", 0.4, 2), ("solarize", 0.6, 2)),
    (("color", 0.2, 0), ("equalize", 0.8, 8)),
    (("equalize", 0.4, 8), ("solarize_add", 0.8, 3)),
    (("shear_x", 0.2, 9), ("rotate", 0.6, 8)),
    (("color", 0.6, 1), ("equalize", 1.0, 2)),
    (("invert", 0.4, 9), ("rotate", 0.6, 0)),
    (("equalize", 1.0, 9), ("shear_y", 0.6, 3)),
    (("color", 0.4, 7), ("equalize", 0.6, 0)),
    (("posterize", 0.4, 6), ("auto_contrast", 0.4, 7)),
    (("solarize", 0.6, 8), ("color", 0.6, 9)),
    (("solarize", 0.2, 4), ("rotate", 0.8, 9)),
    (("rotate", 1.0, 7), ("translate_y", 0.8, 9)),
    (("shear_x", 0.0, 0), ("solarize", 0.8, 4)),
    (("shear_y", 0.8, 0), ("color", 0.6, 4)),
    (("color", 1.0, 0), ("rotate", 0.6, 2)),
    (("equalize", 0.8, 4), ("equalize", 0.0, 8)),
    (("equalize", 1.0, 4), ("auto_contrast", 0.6, 2)),
    (("shear_y", 0.4, 7), ("solarize_add", 0.6, 7)),
    (("posterize", 0.8, 2), ("solarize", 0.6, 10)),
    (("solarize", 0.6, 8), ("equalize", 0.6, 1)),
    (("color", 0.8, 6), ("rotate", 0.4, 5)),
)


def distort(image: Image.Image, random: np.random.Generator, released: bool) -> Image.Image:
    """Applies one pair of operations, drawn at random, to a grey (`L`) or RGB image; its mode and size stay."""
    operations = randaugment.RELEASED if released else randaugment.OPERATIONS
    for name, probability, magnitude in POLICY[random.integers(len(POLICY))]:
        if random.random() < probability:
            further = TRANSLATED if name.startswith("translate") else 1.0
            image = operations[name](image, further * magnitude / 10, random)
    return image
