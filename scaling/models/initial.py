"""Random initial weights, drawn by NumPy: the same from a seed on every backend, and nothing to compile for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRUNCATED_DEVIATION = 0.87962566103423978
"""Of a standard normal cut off at two deviations; dividing by it keeps the variance that was asked for."""


def fan_in_and_out(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs that reach, and outputs that leave, one unit: of kernels `(height, width, in, out)` and `(in, out)`."""
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def variance_scaled(
    shape: tuple[int, ...], random: np.random.Generator, scale: float, mode: str, distribution: str
) -> NDArray[np.float32]:
    """Weights of variance `scale / fan`, as TensorFlow's and Keras' `VarianceScaling` have it.

    Args:
        shape: of a kernel.
        random: where they are drawn from.
        scale: of the variance.
        mode: `fan_in`, `fan_out` or `fan_avg`.
        distribution: `truncated_normal`, `untruncated_normal` or `uniform`.
    """
    inputs, outputs = fan_in_and_out(shape)
    fan = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[mode]
    deviation = math.sqrt(scale / max(1.0, fan))
    if distribution == "uniform":
        limit = math.sqrt(3) * deviation
        return random.uniform(-limit, limit, shape).astype(np.float32)
    if distribution == "untruncated_normal":
        return normal(shape, random, deviation)
    return truncated_normal(shape, random) * np.float32(deviation / TRUNCATED_DEVIATION)


def normal(shape: tuple[int, ...], random: np.random.Generator, deviation: float) -> NDArray[np.float32]:
    """Normal weights about 0."""
    return random.standard_normal(shape, np.float32) * np.float32(deviation)


def truncated_normal(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float32]:
    """Standard normal values, those beyond two deviations drawn again."""
    values = random.standard_normal(shape, np.float32)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = random.standard_normal(int(beyond.sum()), np.float32)
    return values


def drawn(kind: str, config: dict[str, Any], shape: tuple[int, ...], seed: int) -> NDArray[np.float32] | None:
    """What a Keras initializer of this class and configuration means; None where it is not random.

    Raises:
        ValueError: for a random initializer that no network here has.
    """
    if "seed" not in config:
        return None
    random = np.random.Generator(np.random.Philox(seed))
    match kind:
        case "VarianceScaling":
            return variance_scaled(shape, random, config["scale"], config["mode"], config["distribution"])
        case "RandomNormal":
            return normal(shape, random, config["stddev"])
        case "TruncatedNormal":
            return truncated_normal(shape, random) * np.float32(config["stddev"])
        case _:
            raise ValueError(f"no initial weights of kind {kind!r}")
