"""Error beyond what was measured: laws that part there, averaged, and how far they part.

A power law with a floor bends too early where error still falls, one that falls from chance too late. Fitted to all
points alike, either is led by the small networks; fitted to the largest above all, by their noise. A power law through
the largest, which has half a voice, says where error falls straight on. On most of the learning curves of
`docs/calibration.md` the mean of the five fits was nearer to what came next than a law fitted alone; without the fifth
it was as near on the whole, and nearer than one break with a floor in fewer of them. Fits of a smooth break with a
floor brought the mean further off (0.0295 for 0.0272).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from scaling.analysis.laws.bootstrap import ends, fit_curve
from scaling.analysis.laws.families import FLOORED, POWER, SATURATING, Law
from scaling.analysis.laws.huber import Curve, solve
from scaling.analysis.laws.shared_scatter import Rows, by_neighbours
from scaling.analysis.uncertainty import Floats

NEARNESS = (0.0, 1.0)
"""By how much the log of a point's standard deviation grows for each factor e that lies between it and the place."""


STRAIGHT = 0.5
"""How much the power law through the largest points counts, beside the 1 of each other fit."""

PARTED = 0.5
"""Of the standard deviation between the laws, how much counts as doubt: `docs/calibration.md` shows what it covers."""


@dataclass(frozen=True)
class Forecast:
    """What laws say of error at one place.

    Attributes:
        error: the mean of the fits (of their logs), as a fraction.
        low, high: 90% interval of a new point without noise of its own. It holds the noise, the scatter of the points
            about the law that they lie nearest to, how far the laws part, and what the largest points give where error
            falls straight on.
        laws: their names.
    """

    error: float
    low: float
    high: float
    laws: tuple[str, ...]


def forecast(u: Floats, y: Floats, noise: Floats, at: npt.ArrayLike, draws: int = 200, seed: int = 0) -> list[Forecast]:
    """Predicts log error at some places.

    Args:
        u: `(n,)`, log x less that of a center, ascending; enough for a power law.
        y, noise: `(n,)`, log errors and their standard deviations.
        at: `(places,)`, as `u`.
        draws: studies drawn anew.
        seed: of the random numbers.
    """
    random = np.random.default_rng(seed)
    laws = tuple(law for law in (FLOORED, SATURATING) if law.fits(u)) or (POWER,)
    alike = partial(by_neighbours, along=u)
    fits = (fit_curve(partial(_through, law, u), y, noise, draws, random, alike) for law in laws)
    whole = min(fits, key=lambda fit: fit.scatter)
    rows, drawn = whole.redrawn(noise, random)
    data = _Data(u[rows], np.vstack([y[rows], drawn]), whole.sd[rows])
    places = np.atleast_1d(np.asarray(at, float))
    fitted = [*((law, nearness) for law in laws for nearness in NEARNESS), (POWER, NEARNESS[-1])]
    lines = np.stack([_lines(data, law, nearness, places) for law, nearness in fitted])
    voices = np.array([*(1.0 for _ in lines[1:]), STRAIGHT])
    mean = np.average(lines, axis=0, weights=voices)
    parted = np.sqrt(np.average((lines[:, 0] - mean[0]) ** 2, axis=0, weights=voices))
    apart, scattered = random.standard_normal((2, draws, 1))
    drawn = mean[1:] - np.median(mean[1:], axis=0) + PARTED * parted * apart + whole.scatter_draws[:, None] * scattered
    straight = lines[-1, 0]
    low, high = mean[0] + ends(drawn)
    errors = np.exp([mean[0], np.fmin(low, straight), np.fmax(high, straight)])
    names = tuple(dict.fromkeys(law.name for law, _ in fitted))
    return [Forecast(float(error), float(least), float(most), names) for error, least, most in errors.T]


def _through(law: Law, u: Floats, rows: Rows) -> Curve:
    return law.curve(u[rows], u)


@dataclass(frozen=True, eq=False)
class _Data:
    """`(n,)` places and standard deviations; `(1 + draws, n)` log errors, first of all as measured."""

    u: Floats
    y: Floats
    sd: Floats


def _lines(data: _Data, law: Law, nearness: float, places: Floats) -> Floats:
    """`(1 + draws, places)` log errors, by fits that heed points the more the nearer they are to the place."""
    lines = np.empty((len(data.y), len(places)))
    nearest = np.clip(places, data.u[0], data.u[-1])
    for place in np.unique(nearest):
        sd = data.sd * np.exp(nearness * np.abs(data.u - place))
        solution = solve(law.curve(data.u, data.u), data.y, sd)
        lines[:, nearest == place] = law.curve(places[nearest == place], data.u).at(solution.theta)
    return lines
