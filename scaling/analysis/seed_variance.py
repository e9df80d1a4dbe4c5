"""How far seeds of one setting lie apart, and how much of that chance in the validation images would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.uncertainty import LEVEL, Estimate

_ENDS = ((1 + LEVEL) / 2, (1 - LEVEL) / 2)


@dataclass(frozen=True, eq=False)
class SeedSpread:
    """The spread over seeds.

    Attributes:
        points: settings with two seeds or more, by accuracy; `binomial` is the standard error of one accuracy.
        single: number of settings with one seed only.
        failed: number of trials that failed.
        sd: standard deviation between the seeds of a setting, pooled, with its 90% interval (fractions).
        sentence: what one may conclude, or why nothing.
    """

    points: pd.DataFrame
    single: int
    failed: int
    sd: Estimate
    sentence: str


def seed_spread(settings: pd.DataFrame) -> SeedSpread:
    """Pools the spread between seeds.

    The interval is that of a variance estimated from so many differences (chi-square), which takes the spread as
    normal and alike in all settings.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
    """
    points = settings[settings["seeds"] > 1].sort_values("top1")
    chance = points["top1"] * (1 - points["top1"]) / points["top1_n"]
    points = points.assign(binomial=np.sqrt(chance.clip(lower=0.0)))
    single, failed = int((settings["seeds"] == 1).sum()), int(settings["failed"].sum())
    freedom = points["seeds"].sub(1)
    if points.empty:
        sd = Estimate(np.nan, np.nan, np.nan)
    else:
        pooled = float(np.sqrt((freedom * points["top1_std"] ** 2).sum() / freedom.sum()))
        sd = _interval(pooled, float(freedom.sum()))
    return SeedSpread(points, single, failed, sd, _sentence(points, sd))


def _interval(sd: float, freedom: float) -> Estimate:
    # Here, as it takes as long to import as a figure that needs none of it to draw.
    from scipy import stats

    low, high = (sd * np.sqrt(freedom / float(stats.chi2.ppf(end, freedom))) for end in _ENDS)
    return Estimate(sd, float(low), float(high))


def _sentence(points: pd.DataFrame, sd: Estimate) -> str:
    if points.empty:
        return "no setting was trained with two seeds or more"
    of = sd.scaled(100)
    said = f"Seeds of one setting differ by a standard deviation of {of.value:.2f} points (90%: {of.low:.2f} to "
    said += f"{of.high:.2f}; {len(points)} settings)"
    chance = 100 * float(np.sqrt((points["binomial"] ** 2).mean()))
    return (
        f"{said}; chance in the validation images alone moves one accuracy by {chance:.2f}." if chance else f"{said}."
    )
