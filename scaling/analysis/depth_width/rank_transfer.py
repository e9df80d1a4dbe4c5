"""Does the order of variants after short training predict the order after long training?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.analysis.settings import VARIANT
from scaling.analysis.uncertainty import Estimate, Floats, estimate

_LEAST = 3
"""Variants of which an order can be said to be kept or not."""


@dataclass(frozen=True)
class Ranking:
    """Two regimes, at one resolution.

    Attributes:
        resolution: pixels a side; variants are ranked among those of one resolution.
        short, long: numbers of epochs.
        variants: number that were trained in both.
        correlation: Spearman's, of their accuracies; noise lowers it, so its interval lies low rather than high.
        regret: accuracy (fraction) lost in the long regime by taking the variant that was best in the short one.
    """

    resolution: int
    short: int
    long: int
    variants: int
    correlation: Estimate
    regret: Estimate


def rankings(settings: pd.DataFrame, top1: Floats) -> Iterator[Ranking]:
    """Compares every two regimes at every resolution.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it, indexed from 0.
        top1: `(draws, settings)`, redrawn accuracies. Of a variant trained by several recipes for as many epochs,
            the first counts.

    Yields:
        Those with three variants or more, by resolution and regimes.
    """
    known = settings.dropna(subset=["top1", "epochs"]).drop_duplicates(["dataset", *VARIANT, "epochs"])
    for _, rows in known.groupby(["dataset", "resolution"]):
        resolution = int(rows["resolution"].iloc[0])
        keys = rows[[*VARIANT]].astype(object).apply(tuple, axis=1)
        trained = rows["epochs"].astype(int)
        by_epochs = {e: {keys[row]: row for row in rows.index[trained == e]} for e in trained.unique().tolist()}
        for short, long in combinations(sorted(by_epochs), 2):
            both = [key for key in by_epochs[short] if key in by_epochs[long]]
            if len(both) >= _LEAST:
                places = [np.array([by_epochs[e][key] for key in both]) for e in (short, long)]
                yield _ranking((resolution, short, long), settings, top1, *places)


def _ranking(
    which: tuple[int, int, int],
    settings: pd.DataFrame,
    top1: Floats,
    short: npt.NDArray[np.intp],
    long: npt.NDArray[np.intp],
) -> Ranking:
    measured = settings["top1"].to_numpy(float)[None]
    chosen = int(np.argmax(measured[0, short]))

    def regret(values: Floats) -> Floats:
        return np.asarray(values[:, long].max(axis=1) - values[:, long[chosen]])

    correlation = estimate(_spearman(measured, short, long)[0], _spearman(top1, short, long))
    return Ranking(*which, len(short), correlation, estimate(regret(measured)[0], regret(top1)))


def _spearman(top1: Floats, short: npt.NDArray[np.intp], long: npt.NDArray[np.intp]) -> Floats:
    """`(draws,)`; NaN where all are equal."""
    ranks = [pd.DataFrame(top1[:, rows]).rank(axis=1).to_numpy() for rows in (short, long)]
    centred = [of - of.mean(axis=1, keepdims=True) for of in ranks]
    scale = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return np.asarray((centred[0] * centred[1]).sum(axis=1) / scale)
