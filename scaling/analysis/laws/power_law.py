"""Error as a law of size, time or training: which law, where it breaks, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from scaling.analysis.laws.bootstrap import Fitted, ends, fit_curve
from scaling.analysis.laws.breakpoint import Break, judge_break
from scaling.analysis.laws.cross_validation import (
    Extrapolation,
    Held,
    extrapolate,
    hold_out,
    is_checked,
    look_ahead,
    simplest_of_best,
    surely_better,
)
from scaling.analysis.laws.families import BROKEN, LAWS, POWER, SMOOTH, Law
from scaling.analysis.laws.forecast import Forecast, forecast
from scaling.analysis.laws.shared_scatter import by_neighbours
from scaling.analysis.uncertainty import Estimate, Floats, estimate

Mask = npt.NDArray[np.bool_]

FLOPS_PER_MAC = 2
"""The ResNet-RS paper's "FLOPs" are two for each multiply-accumulate."""


@dataclass(frozen=True, eq=False)
class Band:
    """A fitted law at some places.

    Attributes:
        x: `(n,)`.
        error: fitted, `(n,)`, as a fraction.
        low, high: 90% interval of the law there.
        point_low, point_high: 90% prediction interval of a new point without noise of its own.
    """

    x: Floats
    error: Floats
    low: Floats
    high: Floats
    point_low: Floats
    point_high: Floats


@dataclass(frozen=True, eq=False)
class Fit:
    """One law fitted to the points.

    Attributes:
        law: its name; `formula`, with the names of `parameters`.
        parameters: by name, each with its 90% interval; slopes are d log(error) / d log(x).
        scatter: standard deviation between points beyond their noise, in log error (0.03: about 3% of the error).
        together: correlation of the scatter of neighbours along x; 0 where none is seen. Intervals hold it.
        held_out: how far it is off for points that it was not fitted to.
        extrapolation: how far it is off for the largest points, fitted to the smaller ones; None with too few.
        status: `converged`, `at a bound` or `did not converge`.
        residuals: `(n,)`, measured less fitted log error, in the order of the points.
    """

    law: str
    formula: str
    parameters: dict[str, Estimate]
    scatter: Estimate
    together: float
    held_out: Held
    extrapolation: Extrapolation | None
    status: str
    residuals: Floats
    _family: Law
    _fitted: Fitted
    _u: Floats
    _center: float

    def predict(self, x: Floats, sd: Floats | float = 0.0, seed: int = 0) -> Band:
        """The law at `x`, with a band, and the interval of a new point whose own noise is `sd` (in log error)."""
        x = np.atleast_1d(np.asarray(x, float))
        curve = self._family.curve(np.log(x) - np.log(self._center), self._u)
        line = curve.at(self._fitted.theta[None])[0]
        lines = curve.at(self._fitted.draws)
        spread = np.hypot(np.broadcast_to(sd, x.shape), self._fitted.scatter_draws[:, None])
        points = lines + spread * np.random.default_rng(seed).standard_normal(lines.shape)
        (low, high), (point_low, point_high) = (np.exp(ends(drawn)) for drawn in (lines, points))
        return Band(x, np.exp(line), low, high, point_low, point_high)


@dataclass(frozen=True, eq=False)
class Laws:
    """What the points say about error as a function of x.

    Attributes:
        x, error, sd: the points that were fitted, in order of x; `sd` is the noise of log error.
        rows: where they stood in the input.
        left_out: number of points left out, by reason.
        fits: one a law, from the simplest on; those that the points are too few for are missing.
        best: name of the law chosen: of those that converged the simplest that, fitted to the smaller points, is off
            for the larger ones by the least, or by no more than a standard error beyond it; the first of them where the
            points are too few to tell; None where none converged.
        broken: whether the power law breaks, and where; None with too few points.
        reason: why there is no fit; empty where there is one.
    """

    x: Floats
    error: Floats
    sd: Floats
    rows: npt.NDArray[np.intp]
    left_out: dict[str, int]
    fits: tuple[Fit, ...]
    best: str | None
    broken: Break | None
    reason: str

    def at(self, x: float) -> Forecast | None:
        """Error at `x`: among the points by the law chosen, beyond them by several laws; None without a fit."""
        if self.best is None:
            return None
        if self.beyond(x) > 1:
            center = np.log(self.x).mean()
            return forecast(np.log(self.x) - center, np.log(self.error), self.sd, np.log(x) - center)[0]
        band = self[self.best].predict(np.array([x]))
        return Forecast(float(band.error[0]), float(band.point_low[0]), float(band.point_high[0]), (self.best,))

    def beyond(self, x: float) -> float:
        """How many times `x` lies beyond the points, on whichever side; 1 or less where it lies among them."""
        return max(x / self.x[-1], self.x[0] / x) if len(self.x) else np.nan

    @property
    def is_chosen(self) -> bool:
        """Whether `best` was chosen among several; fewer points than that takes leave the simplest."""
        return len(_checked(self.fits)) > 1

    def __getitem__(self, law: str) -> Fit:
        """The fit of a law by its name."""
        return next(fit for fit in self.fits if fit.law == law)


def fit(
    x: npt.ArrayLike,
    error: npt.ArrayLike,
    sd: npt.ArrayLike = 0.0,
    *,
    laws: Sequence[Law] = LAWS,
    draws: int = 500,
    seed: int = 0,
) -> Laws:
    """Fits every law that the points are enough for.

    Log error is fitted with Huber's loss, each point weighted by its noise and by the scatter between points that the
    noise does not explain. Intervals come from studies drawn anew from the fitted law.

    Args:
        x: `(n,)`, size, time or training; any unit.
        error: `(n,)`, 1 - top1, as fractions.
        sd: `(n,)`, standard deviations of `error`, in the same unit.
        laws: to be fitted, from the simplest on; a break is judged where both the power law and the broken one are.
        draws: studies drawn anew, for the intervals.
        seed: of the random numbers.
    """
    x, error, sd = (np.asarray(part, float) for part in np.broadcast_arrays(x, error, sd))
    usable, left_out = _usable(x, error)
    known = np.flatnonzero(usable)
    rows = known[np.lexsort((error[known], x[known]))]  # the same order, whatever the order of the rows was
    x, error = x[rows], error[rows]
    noise = np.nan_to_num(sd[rows]) / error
    if reason := _too_little(x, error, left_out):
        return Laws(x, error, noise, rows, left_out, (), None, None, reason)
    center = float(np.exp(np.log(x).mean()))
    u, y = np.log(x) - np.log(center), np.log(error)
    random = np.random.default_rng(seed)
    fits = tuple(_fit(law, u, y, noise, center, draws, random) for law in laws if law.fits(u))
    best = _chosen(fits, u, y)
    named = {each.law: each for each in fits}
    broken = _break(named, u, y, noise, random) if BROKEN.name in named else None
    return Laws(x, error, noise, rows, left_out, fits, best, broken, "")


def _fit(law: Law, u: Floats, y: Floats, noise: Floats, center: float, draws: int, random: np.random.Generator) -> Fit:
    fitted = fit_curve(lambda rows: law.curve(u[rows], u), y, noise, draws, random, partial(by_neighbours, along=u))
    with np.errstate(over="ignore"):
        values, drawn = (law.parameters(theta, center) for theta in (fitted.theta[None], fitted.draws))
    return Fit(
        law=law.name,
        formula=law.formula,
        parameters={name: estimate(values[name][0], drawn[name]).reaching_value() for name in values},
        scatter=estimate(fitted.scatter, fitted.scatter_draws).reaching_value(),
        together=fitted.shared.correlation,
        held_out=hold_out(law.curve(u, u), y, fitted.sd),
        extrapolation=extrapolate(law, u, y, noise, center),
        status=fitted.status,
        residuals=y - fitted.line,
        _family=law,
        _fitted=fitted,
        _u=u,
        _center=center,
    )


def _chosen(fits: Sequence[Fit], u: Floats, y: Floats) -> str | None:
    """By how well each predicts the larger points from the smaller ones; a law that cannot show it is not chosen."""
    if len(checked := _checked(fits)) > 1:
        laws, sds = [each._family for each in checked], [each._fitted.sd for each in checked]
        return checked[simplest_of_best(look_ahead(laws, u, y, sds))].law
    return next((each.law for each in checked or fits if each.status == "converged"), None)


def _checked(fits: Sequence[Fit]) -> list[Fit]:
    return [each for each in fits if each.status == "converged" and is_checked(each._family, each._u)]


def _break(fits: Mapping[str, Fit], u: Floats, y: Floats, noise: Floats, random: np.random.Generator) -> Break:
    """Judged by studies drawn from the unbroken law."""
    straight = fits[POWER.name]._fitted
    rows, drawn = straight.redrawn(noise, random)
    power, broken = (law.curve(u[rows], u) for law in (POWER, BROKEN))
    at, sd = fits[BROKEN.name].parameters["break"], fits[BROKEN.name]._fitted.sd
    smooth = [hold_out(law.curve(u, u), y, sd) for law in SMOOTH if law.fits(u)]
    told_apart = bool(smooth) and all(surely_better(fits[BROKEN.name].held_out, held) for held in smooth)
    return judge_break(at, power, broken, straight.sd[rows], np.vstack([y[rows], drawn]), told_apart)


def _usable(x: Floats, error: Floats) -> tuple[Mask, dict[str, int]]:
    """Points that have a log, and how many have none, by reason."""
    unknown = ~(np.isfinite(x) & np.isfinite(error))
    nowhere = ~unknown & (x <= 0)
    perfect = ~unknown & ~nowhere & ((error <= 0) | (error > 1))
    counts = {
        "without x or error": unknown,
        "x not above 0": nowhere,
        "error not above 0 and up to 1": perfect,
    }
    return ~(unknown | nowhere | perfect), {reason: int(which.sum()) for reason, which in counts.items() if which.any()}


def _too_little(x: Floats, error: Floats, left_out: dict[str, int]) -> str:
    """Why nothing can be fitted; empty where something can."""
    others = f" ({', '.join(f'{count} {reason}' for reason, count in left_out.items())})" if left_out else ""
    if len(x) < 3:
        return f"{len(x)} usable point{'' if len(x) == 1 else 's'}{others}; a power law needs three"
    if len(np.unique(x)) < 2:
        return f"all {len(x)} points are at one x, {x[0]:g}{others}; a power law needs two places or more"
    return ""
