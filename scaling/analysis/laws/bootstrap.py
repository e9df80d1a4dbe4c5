"""A curve fitted with its doubt: studies drawn anew from it, and fitted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from scaling.analysis.laws.huber import Curve, solve
from scaling.analysis.laws.residual_variance import draw_scatter, scatter
from scaling.analysis.laws.shared_scatter import Rows, Shared
from scaling.analysis.uncertainty import LEVEL, Floats

LEAST_SD = 1e-6
"""No point is trusted beyond this, in log error."""

MOST_REDRAWN = 200
"""Of a larger study so many points, evenly spread, are drawn anew; deviations are scaled to the whole."""

_ROUNDS = 4


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
        shared: which points share scatter.
    """

    theta: Floats
    draws: Floats
    scatter: float
    scatter_draws: Floats
    status: str
    line: Floats
    sd: Floats
    shared: Shared

    def redrawn(self, noise: Floats, random: np.random.Generator) -> tuple[Rows, Floats]:
        """Rows, all or evenly spread ones, and `(draws, rows)` log errors that the line might as well have given."""
        rows = _spread(len(self.line))
        noisy, own = random.standard_normal((2, len(self.scatter_draws), len(rows)))
        scattered = self.scatter_draws[:, None] * self.shared.scattered(rows, own, random)
        return rows, self.line[rows] + noise[rows] * noisy + scattered


def fit_curve(
    curve: Callable[[Rows], Curve],
    y: Floats,
    noise: Floats,
    draws: int,
    random: np.random.Generator,
    shared: Callable[[Floats], Shared] | None = None,
) -> Fitted:
    """Fits a curve, by turns with the scatter between points, and again to studies that it might as well have given.

    Drawn noise is normal: of each point's own size, and a scatter that is itself uncertain, and that points share where
    their residuals say so.

    Args:
        curve: through the points of these rows.
        y: `(n,)`, log errors.
        noise: `(n,)`, standard deviations of their own.
        draws: studies to draw.
        random: where the noise comes from.
        shared: from `(n,)` residuals over their standard deviations, which points share scatter; default: none.
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
    alike = shared((y - line) / sd) if shared else Shared()
    fitted = Fitted(solution.theta[0], solution.theta, between, scatters, status, line, sd, alike)
    rows, drawn = fitted.redrawn(noise, random)
    part = curve(rows)
    expected = fitted.theta + _as_expected(part, len(drawn), random)
    deviations = solve(part, drawn, sd[rows], expected).theta - fitted.theta
    return replace(fitted, draws=fitted.theta + deviations * np.sqrt(len(rows) / len(y)))


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
