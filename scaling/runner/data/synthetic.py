"""Images made up on the spot, the same on every machine."""

from __future__ import annotations

import numpy as np

from scaling.datasets.known import SYNTHETIC
from scaling.runner.data.memory import Split
from scaling.runner.data.reader import Reader, from_memory


def read(name: str, resolution: int) -> tuple[Split, Split]:
    """Train and test images at a resolution."""
    return gratings(SYNTHETIC.train, resolution, seed=0), gratings(SYNTHETIC.test, resolution, seed=1)


def gratings(examples: int, resolution: int, seed: int) -> Split:
    """Gratings whose direction is their class; phase, frequency, contrast, tint and noise are chance.

    Args:
        examples: number of images.
        resolution: pixels a side.
        seed: of everything random, the same on every machine.

    Returns:
        Images `(examples, resolution, resolution, 3)`.
    """
    random = np.random.RandomState(seed)
    labels = random.randint(SYNTHETIC.classes, size=examples).astype(np.int32)
    across, down = np.meshgrid(np.linspace(0, 1, resolution), np.linspace(0, 1, resolution))
    images = np.empty((examples, resolution, resolution, SYNTHETIC.channels), np.uint8)
    for row, label in enumerate(labels):
        angle = np.pi * label / SYNTHETIC.classes
        frequency, phase, contrast = random.uniform(2, 4), random.uniform(0, 2 * np.pi), random.uniform(0.5, 1.0)
        wave = np.sin(2 * np.pi * frequency * (across * np.cos(angle) + down * np.sin(angle)) + phase)
        tint = random.uniform(0.5, 1.0, size=SYNTHETIC.channels)
        noise = random.normal(0, 0.1, size=(resolution, resolution, SYNTHETIC.channels))
        images[row] = np.clip(127.5 + 100 * (contrast * wave[..., None] * tint + noise), 0, 255)
    return Split(images, labels)


READER = Reader(lambda name: "", from_memory(read))
