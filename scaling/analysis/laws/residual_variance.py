"""How far points lie from a curve beyond what their own noise explains."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from scaling.analysis.laws.huber import HUBER
from scaling.analysis.uncertainty import Floats

_TAIL = 2 * NormalDist().cdf(-HUBER)
_INSIDE = 1 - _TAIL - 2 * HUBER * NormalDist().pdf(HUBER)
MEAN = _INSIDE + HUBER**2 * _TAIL
"""Mean of the squared, clipped standard normal (Huber's proposal 2)."""
_FOURTH = 3 * _INSIDE - 2 * HUBER**3 * NormalDist().pdf(HUBER) + HUBER**4 * _TAIL
FREEDOM = 2 * MEAN**2 / (_FOURTH - MEAN**2)
"""Degrees of freedom that one residual adds to the sum of clipped squares, by matching its first two moments."""

_LARGEST = 20.0
_GRID = 33
"""Sums that are solved exactly; the scatter of others lies between its neighbours', as it falls with the sum."""


def scatter(residuals: Floats, noise: Floats, freedom: float) -> float:
    """The standard deviation between points that makes the residuals as large as they should be.

    Solves `sum(clip(r / sqrt(noise**2 + scatter**2))**2) = MEAN * freedom` (Paule and Mandel 1982 with Huber's proposal
    2 for the squares, so that one wild point does not set the scale).

    Args:
        residuals: `(n,)`, in log error.
        noise: `(n,)`, standard deviations of the points' own noise.
        freedom: n less the number of parameters.

    Returns:
        Zero where the noise explains the residuals.
    """
    return float(_solve(residuals, noise, np.array([MEAN * freedom]))[0])


def draw_scatter(residuals: Floats, noise: Floats, freedom: float, count: int, random: np.random.Generator) -> Floats:
    """`(count,)` scatters that agree with the residuals as well, by inverting the distribution of the sum of squares.

    That is the Q-profile of Viechtbauer (2007); without noise of the points it gives t intervals. Where the noise alone
    explains the residuals, all are zero: intervals would cover more than they say.
    """
    if scatter(residuals, noise, freedom) == 0:
        return np.zeros(count)
    sums = MEAN * freedom * random.chisquare(FREEDOM * freedom, count) / (FREEDOM * freedom)
    grid = np.linspace(sums.min(), sums.max(), _GRID)
    return np.interp(sums, grid, _solve(residuals, noise, grid))


def _solve(residuals: Floats, noise: Floats, sums: Floats) -> Floats:
    """The scatter of each sum by bisection; the sum of clipped squares falls as scatter grows."""
    squares, variances = residuals**2, noise**2 + 1e-300
    low, high = np.zeros(len(sums)), np.full(len(sums), _LARGEST)
    for _ in range(40):
        middle = (low + high) / 2
        ratios = squares / (variances + middle[:, None] ** 2)
        above = np.minimum(ratios, HUBER**2).sum(axis=1) > sums
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(low > 0, high, 0.0)
