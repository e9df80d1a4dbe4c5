"""How far a measured number may lie from the truth: noise, intervals, and what an interval decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.results.columns import METRICS

Floats: TypeAlias = npt.NDArray[np.float64]

Z95 = 1.959964
"""Half the width of a normal 95% interval, in standard deviations."""

LEVEL = 0.9
"""Share of repetitions of a study whose interval holds the truth."""


_MOST_DRAWN = 20_000_000
"""Numbers drawn for one answer."""


def affordable(draws: int, rows: int) -> int:
    """Fewer draws for a large study, whose memory and time they are, but 100 at least."""
    return min(draws, max(100, _MOST_DRAWN // max(rows, 1)))


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 90% interval; NaN where it is not known."""

    value: float
    low: float
    high: float

    def side_of(self, line: float, above: str, below: str) -> str:
        """`above` or `below` where the whole interval lies there, else `undecided`."""
        if self.low > line:
            return above
        return below if self.high < line else "undecided"

    def within(self, low: float = -np.inf, high: float = np.inf) -> str:
        """`holds` where the whole interval lies in [low, high], `fails` where none of it does, else `undecided`."""
        if low <= self.low and self.high <= high:
            return "holds"
        return "fails" if self.high < low or self.low > high else "undecided"

    def scaled(self, factor: float) -> Estimate:
        """In another unit; `factor` is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def estimate(value: float, draws: npt.ArrayLike) -> Estimate:
    """The value found, with the central 90% of what it might as well have been.

    Args:
        value: from the numbers as measured.
        draws: the same from numbers redrawn within their noise; NaN among them are left out.
    """
    drawn = np.asarray(draws, dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or not np.isfinite(value):
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(value), float(low), float(high))


def log_ratio(logs: Estimate) -> Estimate:
    """From an estimate of a log ratio to the ratio."""
    return Estimate(*(float(np.exp(part)) for part in (logs.value, logs.low, logs.high)))


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
