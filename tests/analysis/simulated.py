"""Studies made up with a known truth: two families on curves of accuracy, and their noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Law = Callable[[Floats], Floats]
"""Accuracy (fraction) at the logarithm of a cost."""


def saturating(low: float, high: float, rate: float) -> Law:
    """From `low` at log cost 0 to `high` at log cost 4, ever more slowly."""
    return lambda log_cost: low + (high - low) * (1 - np.exp(-rate * log_cost)) / (1 - np.exp(-4 * rate))


def study(
    laws: Mapping[str, Law],
    points: int,
    random: np.random.Generator,
    *,
    pictures: int = 10_000,
    seeds: int = 2,
    seed_noise: float = 0.002,
    timing_noise: float = 0.02,
    behind: float = 0.0,
) -> pd.DataFrame:
    """A results frame.

    Args:
        laws: by family.
        points: variants a family, evenly apart in log cost from 0 to 4.
        random: numbers.
        pictures: of the validation set; its noise is shared by a variant's seeds.
        seeds: a variant.
        seed_noise: standard deviation between seeds.
        timing_noise: of the logarithm of a time, which its interval reflects.
        behind: mean of what every second variant but the last lies below its family's law.
    """
    rows = []
    for family, law in laws.items():
        log_cost = np.linspace(0, 4, points)
        top1 = law(log_cost)
        top1[1:-1:2] -= behind * random.exponential(size=len(top1[1:-1:2]))
        on_these_pictures = top1 + np.sqrt(top1 * (1 - top1) / pictures) * random.standard_normal(points)
        times = np.exp(log_cost + timing_noise * random.standard_normal(points))
        for seed in range(seeds):
            measured = on_these_pictures + seed_noise * random.standard_normal(points)
            rows += [
                row(family, depth, time, accuracy, seed, pictures, timing_noise)
                for depth, (time, accuracy) in enumerate(zip(times, measured, strict=True))
            ]
    return pd.DataFrame(rows)


def row(
    family: str, depth: float, time: float, top1: float, seed: int = 0, pictures: int = 10_000, noise: float = 0.0
) -> dict[str, object]:
    """A line of a results frame, timed on one device."""
    return {
        "study": "simulated",
        "status": "ok",
        "dataset": "synthetic",
        "family": family,
        "depth": depth,
        "width": 1.0,
        "resolution": 32,
        "epochs": 10,
        "seed": seed,
        "top1": top1,
        "top1_n": pictures,
        "macs": time * 1e6,
        "params": time * 1e3,
        "training_ms": time,
        "training_low_ms": time * np.exp(-1.96 * noise),
        "training_high_ms": time * np.exp(1.96 * noise),
        "training_device": "a",
        "training_precision": "float32",
        "training_batch_size": 128,
    }
