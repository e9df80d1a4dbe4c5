"""How far a law is off for points that it has not seen: left out here and there, or the largest of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from scaling.analysis.laws.bootstrap import ends, fit_curve
from scaling.analysis.laws.families import Law
from scaling.analysis.laws.huber import Curve, solve
from scaling.analysis.laws.shared_scatter import by_neighbours
from scaling.analysis.uncertainty import Z90, Estimate, Floats

ONE_BY_ONE = 20
"""Up to so many points each is held out alone; of more, a tenth at a time."""

_FOLDS = 10
_SEED = 0
_MOST_BEGINNINGS = 5
_LARGEST_PART = 0.3
_LEAST_TESTED = 2
_DRAWS = 200


@dataclass(frozen=True, eq=False)
class Held:
    """Fits to all but some points, and how far those lay from them.

    Attributes:
        off: mean of |log(measured / predicted)|, about the relative error, with its 90% interval from the points.
        folds: how many fits; as many as points if each was held out alone.
        distances: `(n,)`, of each point.
    """

    off: Estimate
    folds: int
    distances: Floats


@dataclass(frozen=True)
class Extrapolation:
    """A fit to the smaller points, and what it says of the larger ones.

    Attributes:
        beyond: the largest x that was fitted.
        fitted, predicted: number of points.
        off: mean of |log(measured / predicted)| over the larger points, with its 90% interval from the points.
        inside: part of the larger points that lie in their 90% prediction interval.
    """

    beyond: float
    fitted: int
    predicted: int
    off: Estimate
    inside: float


def hold_out(curve: Curve, y: Floats, sd: Floats) -> Held:
    """Leaves out every point once: alone, or with a tenth of the points chosen by chance, the same for every call.

    The points are to come in an order that does not depend on how they were stored, so that the folds do not either.

    Args:
        curve: through all points.
        y: `(n,)`, log errors.
        sd: `(n,)`, of noise and scatter together.
    """
    folds = len(y) if len(y) <= ONE_BY_ONE else _FOLDS
    mixed = np.random.default_rng(_SEED).permutation(len(y))
    mine = mixed % folds == np.arange(folds)[:, None]
    theta = solve(curve, np.broadcast_to(y, mine.shape), np.where(mine, np.inf, sd)).theta
    distances = np.abs(y - curve.at(theta))[mine.argmax(axis=0), np.arange(len(y))]
    return Held(_mean(distances), folds, distances)


def look_ahead(laws: Sequence[Law], u: Floats, y: Floats, sds: Sequence[Floats]) -> list[Floats]:
    """How far each law, fitted to the smaller points, is off for the larger ones.

    Fitted are several beginnings, from half of the places up to all but the last two, each of which every law here
    fits.

    Args:
        laws: to be fitted; each fits all but the last two places.
        u: `(n,)`, log(x / center), ascending.
        y: `(n,)`, log errors.
        sds: of each law `(n,)`, of noise and scatter together.

    Returns:
        Of each law, for every point beyond the first beginning, the mean |log(measured / predicted)| of all beginnings
        that it lies beyond.
    """
    places = np.unique(u)
    last = len(places) - _LEAST_TESTED
    counts = np.unique(np.linspace(min(len(places) // 2, last), last, _MOST_BEGINNINGS).round().astype(int))
    small = [u < places[count] for count in counts]
    small = [fitted for fitted in small if all(law.fits(u[fitted]) for law in laws)]
    beyond = ~small[0]
    return [
        np.nanmean([_ahead(law, u, y, sd, fitted)[beyond] for fitted in small], axis=0)
        for law, sd in zip(laws, sds, strict=True)
    ]


def _ahead(law: Law, u: Floats, y: Floats, sd: Floats, fitted: npt.NDArray[np.bool_]) -> Floats:
    """`(n,)` distances of the points beyond those fitted; NaN for those."""
    solution = solve(law.curve(u[fitted], u[fitted]), y[None, fitted], sd[fitted])
    off = np.full(len(u), np.nan)
    off[~fitted] = np.abs(y[~fitted] - law.curve(u[~fitted], u[fitted]).at(solution.theta)[0])
    return off


def is_checked(law: Law, u: Floats) -> bool:
    """Whether all but the last two places are enough to fit the law, so that these show what it predicts."""
    places = np.unique(u)
    return len(places) > _LEAST_TESTED and law.fits(u[u < places[-_LEAST_TESTED]])


def simplest_of_best(distances: Sequence[Floats]) -> int:
    """The first, of those in order from the simplest, that is within a standard error of the least off."""
    best = min(range(len(distances)), key=lambda number: float(distances[number].mean()))
    for number, of in enumerate(distances):
        more = of - distances[best]
        if more.mean() <= more.std(ddof=1) / np.sqrt(len(more)):
            return number
    return best


def surely_better(held: Held, other: Held) -> bool:
    """Whether it is off by less, with 95% confidence, for the same points held out in the same folds."""
    less = other.distances - held.distances
    return bool(less.mean() > Z90 * less.std(ddof=1) / np.sqrt(len(less)))


def extrapolate(law: Law, u: Floats, y: Floats, noise: Floats, center: float) -> Extrapolation | None:
    """Fits the smaller points and predicts the largest, three in ten of the places; None where too few are left.

    Args:
        law: to be fitted.
        u: `(n,)`, log(x / center), ascending.
        y, noise: `(n,)`, log errors and their standard deviations.
        center: of x.
    """
    places = np.unique(u)
    fitted = u < places[-min(len(places), max(_LEAST_TESTED, round(_LARGEST_PART * len(places))))]
    if not law.fits(u[fitted]):
        return None
    random = np.random.default_rng(0)
    places = u[fitted]
    small = fit_curve(
        lambda rows: law.curve(places[rows], places),
        y[fitted],
        noise[fitted],
        _DRAWS,
        random,
        partial(by_neighbours, along=places),
    )
    beyond = law.curve(u[~fitted], u[fitted])
    line, lines = beyond.at(small.theta[None])[0], beyond.at(small.draws)
    spread = np.hypot(noise[~fitted], small.scatter_draws[:, None])
    low, high = ends(lines + spread * random.standard_normal(lines.shape))
    larger = y[~fitted]
    return Extrapolation(
        beyond=float(center * np.exp(u[fitted][-1])),
        fitted=int(fitted.sum()),
        predicted=len(larger),
        off=_mean(np.abs(larger - line)),
        inside=float(((low <= larger) & (larger <= high)).mean()),
    )


def _mean(distances: Floats) -> Estimate:
    mean, error = float(distances.mean()), float(distances.std(ddof=1) / np.sqrt(len(distances)))
    return Estimate(mean, max(0.0, mean - Z90 * error), mean + Z90 * error)
