"""Scatter about a law that points share: neighbours on a curve, or the settings of one width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scaling.analysis.uncertainty import Z90, Floats

Rows = npt.NDArray[np.intp]

_MOST = 0.95


@dataclass(frozen=True, eq=False)
class Shared:
    """Which points share scatter, and how much of it.

    Attributes:
        correlation: of the scatter of two points that share it; 0 where none is seen.
        size: standard deviation of a point's scatter over the one that residuals show: a law that bends through levels
            takes up some of what they share.
        level: `(n,)`, for each point the number of its level of `by`; None where neighbours share it.
        by: the factor whose levels share it.
    """

    correlation: float = 0.0
    size: float = 1.0
    level: Rows | None = None
    by: str = ""

    def scattered(self, rows: Rows, own: Floats, random: np.random.Generator) -> Floats:
        """`(draws, rows)` independent normal numbers made into ones that are shared so."""
        if not self.correlation:
            return own
        if self.level is not None:
            common = random.standard_normal((len(own), self.level.max() + 1))[:, self.level[rows]]
            together, alone = np.sqrt([self.correlation, 1 - self.correlation])
            return np.asarray(self.size * (together * common + alone * own))
        drawn = own.copy()
        for at, part in enumerate(self.correlation ** np.diff(rows), start=1):
            drawn[:, at] = part * drawn[:, at - 1] + np.sqrt(1 - part**2) * own[:, at]
        return drawn


def by_neighbours(residuals: Floats, along: Floats) -> Shared:
    """What neighbours at different places share; nothing unless it is surely more than that.

    Args:
        residuals: `(n,)`, over their standard deviations.
        along: `(n,)` places, ascending.
    """
    apart = np.flatnonzero(np.diff(along) > 0)
    if not len(apart):
        return Shared()
    least = Z90 / np.sqrt(len(apart))
    correlation = float(np.mean(residuals[apart] * residuals[apart + 1]) / np.mean(residuals**2))
    return Shared(min(correlation, _MOST)) if correlation > least else Shared()


def by_levels(residuals: Floats, factors: Mapping[str, Floats], fitted: Mapping[str, int]) -> Shared:
    """What the settings of one level of a factor share, of the factor with most; nothing unless it is surely some.

    A law bends through the levels: of `k` of them, `p` parameters of that factor alone leave `k - p` to be seen.

    Args:
        residuals: `(n,)`, over their standard deviations.
        factors: by name, `(n,)` values of each point.
        fitted: by name, how many parameters of the law belong to the factor alone or to none.
    """
    seen = list(_of_levels(residuals, factors, fitted))
    return max(seen, key=lambda shared: shared.correlation, default=Shared())


def _of_levels(residuals: Floats, factors: Mapping[str, Floats], fitted: Mapping[str, int]) -> Iterator[Shared]:
    for name, values in factors.items():
        levels, level = np.unique(values, return_inverse=True)
        sums, sizes = np.bincount(level, residuals), np.bincount(level)
        pairs, left = float((sizes * (sizes - 1)).sum()) / 2, (len(levels) - fitted[name]) / len(levels)
        if not pairs or left <= 0:
            continue
        correlation = float((sums**2).sum() - (residuals**2).sum()) / 2 / pairs / float(np.mean(residuals**2))
        if correlation > Z90 / np.sqrt(pairs):
            shared, own = correlation / left, 1 - correlation
            yield Shared(min(shared / (shared + own), _MOST), np.sqrt(shared + own), level.astype(np.intp), name)
