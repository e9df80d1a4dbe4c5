"""How far a measured accuracy or latency may lie from the truth: what every interval of this package rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.metrics import METRICS

Floats = npt.NDArray[np.float64]

Z95 = 1.959964
"""Half the width of a normal 95% interval, in standard deviations."""


@dataclass(frozen=True)
class Noise:
    """Standard deviations of a frame of settings.

    Attributes:
        top1: of each setting's mean accuracy, as a fraction; NaN where it has none.
        seed: between the seeds of one setting, pooled over all that have several; None where none has.
    """

    top1: Floats
    seed: float | None


def of(settings: pd.DataFrame) -> Noise:
    """The noise of accuracies: `p (1 - p) / n + seed**2 / seeds`.

    The first part is the finite validation set's. All seeds look at the same pictures, so more seeds do not lessen it.
    The second is training's own; it is pooled over settings, since two or three seeds tell little of their own spread.
    Variants that share a validation set tend to err on the same pictures; taking their noise as independent makes
    differences look less certain than they are, never more.

    Args:
        settings: as `scaling.analysis.seeds.collapse_seeds` gives it.
    """
    top1, n, seeds, spread = (settings[name].to_numpy(float) for name in ("top1", "top1_n", "seeds", "top1_std"))
    several = (seeds > 1) & np.isfinite(spread)
    freedom = seeds[several] - 1
    seed = float(np.sqrt(np.average(spread[several] ** 2, weights=freedom))) if several.any() else None
    chance = np.where(np.isfinite(n), np.clip(top1 * (1 - top1), 0.0, None) / np.fmax(n, 1), 0.0)
    return Noise(np.sqrt(chance + (seed or 0.0) ** 2 / np.fmax(seeds, 1)), seed)


def draw_top1(settings: pd.DataFrame, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` accuracies (fractions in (0, 1)) that the settings might as well have had."""
    top1 = settings["top1"].to_numpy(float)
    drawn = top1 + of(settings).top1 * random.standard_normal((count, len(settings)))
    return np.clip(drawn, 1e-6, 1 - 1e-6)


def draw_cost(settings: pd.DataFrame, cost: str, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` values of a cost, log-normal about the measured one where it has an interval, else the value."""
    metric = METRICS[cost]
    values = settings[metric.column].to_numpy(float)
    if metric.low is None or metric.high is None:
        return np.broadcast_to(values, (count, len(values)))
    low, high = (settings[name].to_numpy(float) for name in (metric.low, metric.high))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.log(high / low) / (2 * Z95)
    spread = np.where(np.isfinite(spread), spread, 0.0)
    return values * np.exp(spread * random.standard_normal((count, len(values))))
