"""What networks nobody trained would reach: a Gaussian process over the logs of depth, width, resolution and epochs.

The logarithm of error (or of a cost) is a plane in those logs, bent by squares and products that are expected to be
small, and a smooth rest that is expected to be smaller; each family has a surface of its own. How far it bends and how
rough the rest is are not chosen but averaged over, each choice weighted by how well it explains what was measured.
Beyond what was measured its own record counts: the surface that is fitted to the cheaper settings is asked for the
dearer ones, and doubt grows by the root of how much it was surer than right there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg

from scaling.analysis.settings import FACTORS, VARIANT, crossed
from scaling.analysis.uncertainty import Z90, Floats, Rows, root

CURVATURES = (0.05, 0.15, 0.4)
"""Standard deviations of a square's or product's coefficient that are averaged over; that of Figure 2 of arXiv
2103.07579 is 0.1 (`scaling.analysis.laws.response_surface.CURVATURE`)."""

RESTS = (0.01, 0.03, 0.1)
"""Standard deviations of the smooth rest, in log error."""

LENGTHS = (0.7, 1.5, 3.0)
"""How far the rest is alike, in the logs of the factors: a factor of 2, 4.5 and 20."""

SLOPE, LEVEL, KIND, OWN = 1.0, 1.0, 0.3, 0.01
"""Standard deviations of a slope and of a family's level; of what another recipe, stem or option adds to it; and of
what each setting has for itself. The first three are wide on purpose."""

UNTESTED = 1.5
"""By how much doubt grows beyond what was measured where there are too few settings to test it: what the cheaper two
thirds of Figure 2 of arXiv 2103.07579 ask for (1.55). Those of Figure 3 and of our own grid ask for less than 1."""

LEAST_DOUBT = 0.8
"""By how much less doubt there may be at most, where the surface was less sure than it had to be."""

MOST_KNOWN = 800
"""Settings that a surface is fitted to; of more, those of the most compute."""

_TESTABLE = 12
_SHOWN = 2 / 3
_NEGLIGIBLE = 1e-3


class Prediction(NamedTuple):
    """Means `(points,)` and their covariance `(points, points)`, of logarithms."""

    mean: Floats
    covariance: Floats

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """`(count, points)`."""
        spread = root((self.covariance + self.covariance.T) / 2)
        return np.asarray(self.mean + random.standard_normal((count, len(self.mean))) @ spread)


@dataclass(frozen=True, eq=False)
class Points:
    """Settings as a surface sees them.

    Attributes:
        logs: `(points, factors)`, of the factors.
        family, kind: `(points,)`, numbers of the family, and of what else tells networks and recipes apart.
        compute: `(points,)`, logarithms of multiply-accumulates of the whole training.
    """

    logs: Floats
    family: Rows
    kind: Rows
    compute: Floats

    @classmethod
    def of(cls, settings: pd.DataFrame) -> Points:
        """All settings that are to be compared, measured or not: their kinds are numbered together."""
        logs = np.log(settings[[*FACTORS]].astype(float).fillna(1.0).clip(lower=1e-9).to_numpy())
        columns = [name for name in VARIANT if name not in (*FACTORS, "family")] + crossed(settings)
        family, kind = (
            settings.groupby(by, dropna=False, sort=False).ngroup().to_numpy(np.intp)
            for by in (["family"], ["family", *columns])
        )
        compute = np.log(settings["macs"].astype(float).fillna(1.0).clip(lower=1.0).to_numpy()) + logs[:, -1]
        return cls(logs, family.astype(np.intp), kind.astype(np.intp), compute)

    def take(self, rows: Rows) -> Points:
        """Some of them."""
        return Points(self.logs[rows], self.family[rows], self.kind[rows], self.compute[rows])


def predict(points: Points, known: Rows, values: Floats, sd: Floats) -> Prediction:
    """What all points have, from what some were measured to have.

    Args:
        points: all.
        known: positions of those measured.
        values: `(known,)`, logarithms.
        sd: `(known,)`, their standard deviations.
    """
    if len(known) > MOST_KNOWN:
        dearest = _by_compute(points.take(known), values)[-MOST_KNOWN:]
        known, values, sd = known[dearest], values[dearest], sd[dearest]
    found = _averaged(points, known, values, sd)
    spread = np.sqrt(np.fmax(np.diag(found.covariance), 1e-18))
    beyond = _beyond(points, known)
    # Nowhere beyond is it surer than within.
    least = np.fmin(1.0, spread[~beyond].max() / spread)
    grown = np.where(beyond, np.fmax(_doubt(points.take(known), values, sd), least), 1.0)
    return Prediction(found.mean, found.covariance * np.outer(grown, grown))


def _averaged(points: Points, known: Rows, values: Floats, sd: Floats) -> Prediction:
    """Over all choices of bend, rest and length; their means differ, which is doubt as well."""
    level = float(values.mean())
    kernels = _Kernels(points, points.logs[known].mean(axis=0))
    parts = []
    for kernel in kernels.each():
        block = kernel[np.ix_(known, known)] + np.diag(sd**2 + 1e-10)
        factor = linalg.cho_factor(block, lower=True)
        weights = linalg.cho_solve(factor, values - level)
        evidence = -0.5 * (values - level) @ weights - np.log(np.diag(factor[0])).sum()
        parts.append((float(evidence), kernel, factor, weights))
    evidences = np.array([part[0] for part in parts])
    shares = np.exp(evidences - evidences.max())
    shares /= shares.sum()
    mean, second = np.zeros(len(points.logs)), np.zeros((len(points.logs), len(points.logs)))
    for share, (_, kernel, factor, weights) in zip(shares, parts, strict=True):
        if share > _NEGLIGIBLE:
            across = kernel[:, known]
            own = level + across @ weights
            mean += share * own
            second += share * (kernel - across @ linalg.cho_solve(factor, across.T) + np.outer(own, own))
    total = shares[shares > _NEGLIGIBLE].sum()
    mean, second = mean / total, second / total
    return Prediction(mean, second - np.outer(mean, mean))


class _Kernels:
    """Covariances of all points with one another, one a choice."""

    def __init__(self, points: Points, center: Floats) -> None:
        logs = points.logs - center
        same = points.family[:, None] == points.family
        inner = logs @ logs.T
        self._plane = same * (LEVEL**2 + SLOPE**2 * inner) + LEVEL**2
        self._plane += KIND**2 * (points.kind[:, None] == points.kind) + OWN**2 * np.eye(len(logs))
        # Half the square of the inner product has each square with weight 1/2 and each product with weight 1.
        self._bend = same * 0.5 * (inner**2 + (logs**2) @ (logs**2).T)
        self._far = np.fmax(np.add.outer((logs**2).sum(1), (logs**2).sum(1)) - 2 * inner, 0.0)
        self._same = same

    def each(self) -> Iterator[Floats]:
        for length in LENGTHS:
            alike = self._same * np.exp(-0.5 * self._far / length**2)
            for curvature, rest in product(CURVATURES, RESTS):
                yield self._plane + curvature**2 * self._bend + rest**2 * alike


def _beyond(points: Points, known: Rows) -> Rows:
    """Which points lie outside what was measured of their family: in a factor, or in compute; or have none of it."""
    beyond = np.ones(len(points.logs), dtype=bool)
    for family in np.unique(points.family[known]):
        own = known[points.family[known] == family]
        low, high = points.logs[own].min(axis=0) - 1e-9, points.logs[own].max(axis=0) + 1e-9
        inside = ((points.logs >= low) & (points.logs <= high)).all(axis=1)
        inside &= points.compute <= points.compute[own].max() + 1e-9
        beyond[(points.family == family) & inside] = False
    beyond[known] = False
    return beyond


def _by_compute(points: Points, values: Floats) -> Rows:
    """Positions from the cheapest to the dearest, whatever the order in which they are given."""
    return np.lexsort((values, *points.logs.T, np.round(points.compute, 6)))


def _doubt(known: Points, values: Floats, sd: Floats) -> float:
    """By how much the surface was too sure of the dearest third of what was measured, seen from the others."""
    count = len(values)
    if count < _TESTABLE:
        return UNTESTED
    order = _by_compute(known, values)
    shown, hidden = order[: int(_SHOWN * count)], order[int(_SHOWN * count) :]
    found = _averaged(known, shown, values[shown], sd[shown])
    spread = np.sqrt(np.fmax(np.diag(found.covariance)[hidden], 0.0) + sd[hidden] ** 2)
    off = np.abs(values[hidden] - found.mean[hidden]) / spread
    # Halfway, in the logarithm: the dearest third of a few settings tells it badly.
    return max(LEAST_DOUBT, float(np.sqrt(np.quantile(off, 0.9) / Z90)))
