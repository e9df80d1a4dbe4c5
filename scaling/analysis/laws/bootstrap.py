"""A curve fitted with its doubt: studies drawn anew from it, and fitted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scaling.analysis.laws.huber import Curve, solve
from scaling.analysis.laws.residual_variance import draw_scatter, scatter
from scaling.analysis.uncertainty import LEVEL, Floats

Rows = npt.NDArray[np.intp]

LEAST_SD = 1e-6
"""No point is trusted beyond this, in log error."""

MOST_REDRAWN = 200
"""Of a larger study so many points, evenly spread, are drawn anew; deviations are scaled to the whole."""

_ROUNDS = 4
_Z = 1.644854
_MOST_TOGETHER = 0.95


@dataclass(frozen=True, eq=False)
class Fitted:
    """A curve's parameters, and what they might as well have been.

    Attributes:
        theta: `(parameters,)`.
        draws: `(draws, parameters)`, from studies drawn anew.
        scatter: standard deviation between points beyond their noise, in log error.
        scatter_draws: `(draws,)`.
        status: `converged`, `at a bound` or `did not converge`.
        line: `(n,)`, fitted log errors.
        sd: `(n,)`, of noise and scatter together.
        together: correlation of the scatter of neighbours; 0 where none is seen, or the points have no order.
    """

    theta: Floats
    draws: Floats
    scatter: float
    scatter_draws: Floats
    status: str
    line: Floats
    sd: Floats
    together: float

    def redrawn(self, noise: Floats, random: np.random.Generator) -> tuple[Rows, Floats]:
        """Rows, all or evenly spread ones, and `(draws, rows)` log errors that the line might as well have given."""
        rows = _spread(len(self.line))
        own, shared = random.standard_normal((2, len(self.scatter_draws), len(rows)))
        scattered = self.scatter_draws[:, None] * _neighbourly(shared, self.together ** np.diff(rows))
        return rows, self.line[rows] + noise[rows] * own + scattered


def fit_curve(
    curve: Callable[[Rows], Curve],
    y: Floats,
    noise: Floats,
    draws: int,
    random: np.random.Generator,
    along: Floats | None = None,
) -> Fitted:
    """Fits a curve, by turns with the scatter between points, and again to studies that it might as well have given.

    Drawn noise is normal: of each point's own size, and a scatter that is itself uncertain, and that neighbours share
    where their residuals say so.

    Args:
        curve: through the points of these rows.
        y: `(n,)`, log errors.
        noise: `(n,)`, standard deviations of their own.
        draws: studies to draw.
        random: where the noise comes from.
        along: `(n,)`, ascending, where the points have an order.
    """
    whole = curve(np.arange(len(y)))
    between, sd = 0.0, np.full(len(y), max(float(np.std(y)), LEAST_SD))
    for _ in range(_ROUNDS):
        solution = solve(whole, y[None], sd)
        line = whole.at(solution.theta)[0]
        freedom = max(len(y) - _parameters(whole, solution.theta, sd), 0.5)
        between = scatter(y - line, noise, freedom)
        sd = np.fmax(np.hypot(noise, between), LEAST_SD)
    status = "did not converge" if not solution.converged[0] else "at a bound" if solution.bound[0] else "converged"
    scatters = draw_scatter(y - line, noise, freedom, draws, random)
    together = 0.0 if along is None else _together((y - line) / sd, along)
    fitted = Fitted(solution.theta[0], solution.theta, between, scatters, status, line, sd, together)
    rows, drawn = fitted.redrawn(noise, random)
    part = curve(rows)
    expected = fitted.theta + _as_expected(part, len(drawn), random)
    deviations = solve(part, drawn, sd[rows], expected).theta - fitted.theta
    return replace(fitted, draws=fitted.theta + deviations * np.sqrt(len(rows) / len(y)))


def _together(residuals: Floats, along: Floats) -> float:
    """Correlation of the residuals of neighbours at different places; 0 unless it is surely above 0."""
    apart = np.flatnonzero(np.diff(along) > 0)
    if not len(apart):
        return 0.0
    least = _Z / np.sqrt(len(apart))
    correlation = float(np.mean(residuals[apart] * residuals[apart + 1]) / np.mean(residuals**2))
    return min(correlation, _MOST_TOGETHER) if correlation > least else 0.0


def _neighbourly(normal: Floats, correlations: Floats) -> Floats:
    """`(draws, n)` independent normal numbers made into ones of which neighbours have these correlations."""
    if not correlations.any():
        return normal
    drawn = normal.copy()
    for at, shared in enumerate(correlations, start=1):
        drawn[:, at] = shared * drawn[:, at - 1] + np.sqrt(1 - shared**2) * normal[:, at]
    return drawn


def _parameters(curve: Curve, theta: Floats, sd: Floats) -> float:
    """Their number; one that a prior holds counts for the part that the points decide."""
    if curve.prior_sd is None:
        return float(theta.shape[1])
    slopes = curve.slopes(theta)[0] / sd[:, None]
    told = slopes.T @ slopes
    return float(np.trace(np.linalg.solve(told + np.diag(np.broadcast_to(curve.pull, len(told))), told)))


def _as_expected(curve: Curve, count: int, random: np.random.Generator) -> Floats | float:
    """`(count, parameters)` by which a prior's mean might as well lie elsewhere; 0 where nothing is expected."""
    if curve.prior_sd is None:
        return 0.0
    sds = np.where(np.isfinite(curve.prior_sd), curve.prior_sd, 0.0)
    return np.asarray(sds * random.standard_normal((count, len(sds))))


def ends(draws: Floats) -> Floats:
    """Both ends of the middle 90% along the first axis."""
    return np.asarray(np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0))


def _spread(count: int) -> Rows:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_REDRAWN)).round().astype(np.intp))
