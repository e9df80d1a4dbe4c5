"""How good a study's variants are as a whole: the distribution of their errors, failures included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.settings import Grouping, labels
from scaling.analysis.uncertainty import LEVEL, Floats


@dataclass(frozen=True, eq=False)
class Distribution:
    """The empirical distribution function of error over one group's settings.

    Attributes:
        name: the group's, such as a study's.
        error: ascending (fractions); one entry a setting that was trained.
        share: of all settings, failed ones among them, whose error is at most that: it ends below 1 where some failed.
        low, high: 90% band for the whole function at once (Dvoretzky, Kiefer and Wolfowitz): how far a random sample
            of so many settings may be from the design space it was drawn from.
        failed: number of settings that only failed: their error is not known, but they were tried.
        sentence: numbers and median, in words.
    """

    name: str
    error: Floats
    share: Floats
    low: Floats
    high: Floats
    failed: int
    sentence: str

    def at(self, error: float) -> float:
        """The share of all settings whose error is at most this (a fraction); NaN where there are no settings."""
        total = len(self.error) + self.failed
        return float(np.searchsorted(self.error, error, side="right") / total) if total else np.nan

    def quantile(self, share: float) -> float:
        """The error that this share of all settings stays at or below; infinite where so many were not trained."""
        reached = np.flatnonzero(self.share >= share - 1e-12)
        return float(self.error[reached[0]]) if reached.size else np.inf


def distributions(settings: pd.DataFrame, by: Grouping = "study") -> tuple[Distribution, ...]:
    """The distribution of error (1 - top-1) in each group, as in pycls' studies of design spaces.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it; each setting counts once, whatever its seeds.
        by: a column of the settings, or a label for each of them.

    Raises:
        UserError: if there is no such column.
    """
    return tuple(_distribution(str(name), rows) for name, rows in settings.groupby(labels(settings, by), sort=True))


def _distribution(name: str, rows: pd.DataFrame) -> Distribution:
    error = np.sort(1 - rows["top1"].dropna().to_numpy(float))
    failed = int((rows["top1"].isna() & (rows["failed"] > 0)).sum())
    total = len(error) + failed
    share = np.arange(1, len(error) + 1) / max(total, 1)
    margin = _margin(total)
    low, high = np.clip(share - margin, 0, 1), np.clip(share + margin, 0, 1)
    distribution = Distribution(name, error, share, low, high, failed, "")
    return Distribution(name, error, share, low, high, failed, _sentence(distribution, total))


def apart(distribution: Distribution, other: Distribution) -> bool:
    """Whether the 90% bands of two functions part at any error."""
    margins = sum(_margin(len(of.error) + of.failed) for of in (distribution, other))
    return any(abs(distribution.at(error) - other.at(error)) > margins for error in (*distribution.error, *other.error))


def _margin(total: int) -> float:
    return float(np.sqrt(np.log(2 / (1 - LEVEL)) / (2 * max(total, 1))))


def _sentence(distribution: Distribution, total: int) -> str:
    if not total:
        return f"{distribution.name}: nothing trained yet."
    failed = f", {distribution.failed} of them failed and counted as worse than all" if distribution.failed else ""
    half = distribution.quantile(0.5)
    median = f"half stay at or below {half:.1%} error" if np.isfinite(half) else "not half of them were trained"
    best = f", the best has {distribution.error[0]:.1%}" if len(distribution.error) else ""
    return f"{distribution.name}: {total} settings{failed}; {median}{best}."
