"""What the comparisons with other people's networks share."""

from __future__ import annotations

from typing import Any

import numpy as np

from scaling.schema import Variant

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

TOLERANCE = 1e-4
"""Of a logit in float32, where logits deviate by less than 1; else times their deviation."""


def ours(variant: Variant) -> Any:
    """Our model with the classes and the normalisation of the released weights."""
    from scaling.models.build import build

    return build(variant, classes=1000, mean=MEAN, std=STD)


def pictures(variant: Variant, seed: int = 0) -> np.ndarray:
    """Two pictures `(2, resolution, resolution, 3)` in [0, 255]: a dark and a bright mosaic, with noise.

    Noise alone would average out, and both pictures have the same logits.
    """
    size, rng = variant.resolution, np.random.default_rng(seed)
    tile = -(-size // 4)
    mosaic = rng.uniform([[[[0]]], [[[80]]]], [[[[120]]], [[[230]]]], (2, 4, 4, 3))
    enlarged = mosaic.repeat(tile, axis=1).repeat(tile, axis=2)[:, :size, :size]
    return (enlarged + rng.integers(0, 25, enlarged.shape)).round().astype("float32")


def norm_values(rng: np.random.Generator, channels: int, last: bool) -> dict[str, np.ndarray]:
    """Random scale, offset and statistics; where a branch ends, a scale below 1 keeps the sum of branches tame."""
    low, high = (0.2, 1.0) if last else (0.5, 1.5)
    return {
        "scale": rng.uniform(low, high, channels).astype("float32"),
        "offset": rng.normal(0, 0.2, channels).astype("float32"),
        "mean": rng.normal(0, 0.2, channels).astype("float32"),
        "variance": rng.uniform(0.5, 1.5, channels).astype("float32"),
    }


def compare(whose: str, variant: Variant, got: np.ndarray, wanted: np.ndarray) -> None:
    """Prints and checks the largest difference of logits; pictures must have logits of their own."""
    difference = float(np.abs(got - wanted).max())
    print(  # noqa: T201 (what `make test-peers` is run for)
        f"\n{variant.name} against {whose}: largest difference of {wanted.size} logits {difference:.2e}, "
        f"logits from {wanted.min():.3f} to {wanted.max():.3f}, deviation {wanted.std():.3f}"
    )
    assert np.abs(wanted[0] - wanted[1]).max() > 100 * difference, "the pictures make no difference"
    assert difference < TOLERANCE * max(1.0, float(wanted.std()))
