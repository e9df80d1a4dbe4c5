"""How far a measured accuracy or latency may lie from the truth: what every interval of this package rests on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.results.columns import METRICS

Floats = npt.NDArray[np.float64]

Z95 = 1.959964
"""Half the width of a normal 95% interval, in standard deviations."""


def with_noise(settings: pd.DataFrame) -> pd.DataFrame:
    """The settings with how noisy each accuracy is, estimated once, before any subset of them is taken.

    The variance of a mean accuracy `p` over `seeds` is `p (1 - p) / n + seed_sd**2 / seeds`. The first part is the
    finite validation set's. All seeds look at the same images, so more seeds do not lessen it. The second is training's
    own; it is pooled over a study's settings, since two or three seeds tell little of their own spread. Variants that
    share a validation set tend to err on the same images; taking their noise as independent makes differences look less
    certain than they are, never more.

    Args:
        settings: all of one study or of several, with `study`, `folder`, `dataset`, `top1`, `top1_n`, `seeds` and
            `top1_std`.

    Returns:
        The same rows with two more columns: `seed_sd`, the standard deviation between the seeds of one setting
        (fraction), pooled over the settings of its study that have several, NaN where none has; and `top1_sd`, the
        standard deviation of each setting's mean accuracy (fraction), NaN where it has none.
    """
    top1, n, seeds = (settings[name].to_numpy(float) for name in ("top1", "top1_n", "seeds"))
    several = (settings["seeds"] > 1) & settings["top1_std"].notna()
    freedom = (settings["seeds"] - 1).where(several, 0.0)
    squares = freedom * settings["top1_std"].fillna(0.0) ** 2
    studies = settings.groupby(["study", "folder", "dataset"], dropna=False, sort=False).ngroup()
    pooled = squares.groupby(studies).transform("sum") / freedom.groupby(studies).transform("sum").replace(0.0, np.nan)
    seed_sd = np.sqrt(pooled.to_numpy(float))
    chance = np.where(np.isfinite(n), np.clip(top1 * (1 - top1), 0.0, None) / np.fmax(n, 1), 0.0)
    top1_sd = np.sqrt(chance + np.nan_to_num(seed_sd) ** 2 / np.fmax(seeds, 1))
    return settings.assign(seed_sd=seed_sd, top1_sd=top1_sd)


def draw_top1(settings: pd.DataFrame, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` accuracies (fractions in (0, 1)) that the settings might as well have had."""
    top1 = settings["top1"].to_numpy(float)
    drawn = top1 + settings["top1_sd"].to_numpy(float) * random.standard_normal((count, len(settings)))
    return np.clip(drawn, 1e-6, 1 - 1e-6)


def draw_cost(settings: pd.DataFrame, cost: str, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` values of a cost, log-normal about the measured one where it has an interval, else the value."""
    metric = METRICS[cost]
    values = settings[metric.name].to_numpy(float)
    if metric.low is None or metric.high is None:
        return np.broadcast_to(values, (count, len(values)))
    low, high = (settings[name].to_numpy(float) for name in (metric.low, metric.high))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.log(high / low) / (2 * Z95)
    spread = np.where(np.isfinite(spread), spread, 0.0)
    return values * np.exp(spread * random.standard_normal((count, len(values))))
