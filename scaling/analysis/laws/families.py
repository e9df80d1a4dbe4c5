"""The laws that error may follow: a power law, one with a floor, one that breaks or bends. In log error over log x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scaling.analysis.laws.huber import Curve
from scaling.analysis.uncertainty import Floats

SHARPEST_BEND = 0.15
"""Of the range of log x that was measured: what bends over less than this on either side is not told from a break."""


@dataclass(frozen=True)
class Law:
    """A family of curves of error against x.

    Attributes:
        name: in words, such as `power law with a floor`.
        formula: with the names of its parameters.
        size: number of parameters.
        curve: of u = log(x / center), `(n,)`, given the range of shapes of the u that are fitted.
        parameters: of theta `(sets, size)`, shape first, and the center of x to the formula's parameters, `(sets,)`.
        least: number of points that it takes.
    """

    name: str
    formula: str
    size: int
    curve: Callable[[Floats, Floats], Curve]
    parameters: Callable[[Floats, float], dict[str, Floats]]
    least: int

    def fits(self, u: Floats) -> bool:
        """Whether the points are enough: `least` of them, and for a curve one place more than parameters."""
        return len(u) >= self.least and len(np.unique(u)) >= self.size + (self.size > POWER.size)


def _power(u: Floats, _: Floats) -> Curve:
    columns = np.column_stack([np.ones_like(u), u])
    return straight(columns)


def straight(columns: Floats, prior_sd: Floats | None = None) -> Curve:
    """A curve without shape: linear in `columns`, `(n, linear)`."""
    none = np.zeros(0)
    return Curve(
        basis=lambda shape: (
            np.zeros((len(shape), len(columns))),
            np.broadcast_to(columns, (len(shape), *columns.shape)),
        ),
        bend=lambda shape, _: np.zeros((len(shape), len(columns), 0)),
        starts=np.zeros((1, 0)),
        low=none,
        high=none,
        prior_sd=prior_sd,
    )


def _floored(u: Floats, fitted: Floats) -> Curve:
    """Shape: the exponent b, and k = log of the floor over what can be reduced at the center."""

    def basis(shape: Floats) -> tuple[Floats, Floats]:
        return np.logaddexp(-shape[:, :1] * u, shape[:, 1:]), np.ones((len(shape), len(u), 1))

    def bend(shape: Floats, _: Floats) -> Floats:
        reducible = 1 / (1 + np.exp(np.clip(shape[:, 1:] + shape[:, :1] * u, -500, 500)))
        return np.stack([-reducible * u, 1 - reducible], axis=2)

    span = max(float(np.ptp(fitted)), 1e-6)
    exponents = np.array([0.3, 1.0, 2.0, 4.0, 8.0]) / span
    floors = np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 2.5])
    starts = np.array([(b, k) for b in exponents for k in floors])
    return Curve(basis, bend, starts, low=np.array([0.01 / span, -7.0]), high=np.array([40 / span, 7.0]))


def _broken(u: Floats, fitted: Floats) -> Curve:
    """Shape: where it breaks; two places and a tenth of them or more lie on either side."""

    def basis(shape: Floats) -> tuple[Floats, Floats]:
        beyond = u - shape
        return np.zeros_like(beyond), np.stack([np.ones_like(beyond), beyond, np.fmax(beyond, 0)], axis=2)

    def bend(shape: Floats, linear: Floats) -> Floats:
        return -(linear[:, 1:2] + linear[:, 2:] * (u > shape))[:, :, None]

    places = np.unique(fitted)
    aside = min(max(1, len(places) // 10), (len(places) - 1) // 2)
    low, high = places[[aside]], places[[-1 - aside]]
    return Curve(basis, bend, np.linspace(low, high, 26)[1:-1], low, high)


def _bent(u: Floats, fitted: Floats) -> Curve:
    """Shape: the slopes below and above, where it bends, and its softness: how far on either side, in log x."""

    def parts(shape: Floats) -> tuple[Floats, ...]:
        below, above, place, softness = (shape[:, [number]] for number in range(4))
        far = (u - place) / softness
        return below, above, softness, far, np.logaddexp(0, far), 1 / (1 + np.exp(-np.clip(far, -500, 500)))

    def basis(shape: Floats) -> tuple[Floats, Floats]:
        below, above, softness, _, beyond, _ = parts(shape)
        return below * u + (above - below) * softness * beyond, np.ones((len(shape), len(u), 1))

    def bend(shape: Floats, _: Floats) -> Floats:
        below, above, softness, far, beyond, share = parts(shape)
        change = above - below
        return np.stack(
            [u - softness * beyond, softness * beyond, -change * share, change * (beyond - far * share)], axis=2
        )

    span = max(float(np.ptp(fitted)), 1e-6)
    slopes = np.array([-0.2, -1.0, -3.0]) / span
    places = np.quantile(fitted, [0.2, 0.4, 0.6, 0.8])
    starts = [
        (below, above, at, SHARPEST_BEND * span)
        for below in slopes
        for above in slopes
        for at in places
        if below != above
    ]
    low, high = (-20 / span, -20 / span, fitted[0], SHARPEST_BEND * span), (5 / span, 5 / span, fitted[-1], 0.5 * span)
    return Curve(basis, bend, np.array(starts), np.array(low), np.array(high))


def _saturating(u: Floats, fitted: Floats) -> Curve:
    """Shape: the exponent c, the log odds m of what can be reduced at the center, and the log of the floor."""

    def parts(shape: Floats) -> tuple[Floats, Floats]:
        left = 1 / (1 + np.exp(np.clip(shape[:, :1] * u - shape[:, 1:2], -500, 500)))
        return left, np.exp(shape[:, 2:])

    def basis(shape: Floats) -> tuple[Floats, Floats]:
        left, floor = parts(shape)
        return np.log(floor + (1 - floor) * left), np.zeros((len(shape), len(u), 0))

    def bend(shape: Floats, _: Floats) -> Floats:
        left, floor = parts(shape)
        error = floor + (1 - floor) * left
        by_odds = (1 - floor) * left * (1 - left) / error
        return np.stack([-by_odds * u, by_odds, floor * (1 - left) / error], axis=2)

    span = max(float(np.ptp(fitted)), 1e-6)
    exponents = np.array([0.3, 1.0, 2.0, 4.0, 8.0]) / span
    starts = np.array([(c, m, f) for c in exponents for m in (-4.0, -2.5, -1.0, 0.5, 2.0) for f in (-6.0, -3.0, -1.5)])
    low, high = np.array([0.01 / span, -12.0, -9.0]), np.array([40 / span, 40.0, -1e-3])
    return Curve(basis, bend, starts, low, high)


def _of_power(theta: Floats, center: float) -> dict[str, Floats]:
    return {"a": np.exp(theta[:, 0] - theta[:, 1] * np.log(center)), "slope": theta[:, 1]}


def _of_floored(theta: Floats, center: float) -> dict[str, Floats]:
    b, k, level = theta.T
    return {"floor": np.exp(level + k), "a": np.exp(level + b * np.log(center)), "slope": -b}


def _of_broken(theta: Floats, center: float) -> dict[str, Floats]:
    place, level, below, change = theta.T
    return {
        "error_at_break": np.exp(level),
        "break": center * np.exp(place),
        "slope_below": below,
        "slope_above": below + change,
    }


def _of_bent(theta: Floats, center: float) -> dict[str, Floats]:
    below, above, place, softness, level = theta.T
    return {
        "a": np.exp(level + below * place),
        "bend": center * np.exp(place),
        "softness": softness,
        "slope_below": below,
        "slope_above": above,
    }


POWER = Law("power law", "error = a x^slope", 2, _power, _of_power, 3)
FLOORED = Law("power law with a floor", "error = floor + a x^slope", 3, _floored, _of_floored, 5)
BROKEN = Law(
    "broken power law",
    "error = error_at_break (x / break)^slope_below up to the break, then ^slope_above",
    4,
    _broken,
    _of_broken,
    6,
)
SATURATING = Law(
    "law that falls from chance",
    "error = floor + (1 - floor) / (1 + (x / half)^exponent)",
    3,
    _saturating,
    lambda theta, center: {
        "floor": np.exp(theta[:, 2]),
        "half": center * np.exp(theta[:, 1] / theta[:, 0]),
        "exponent": theta[:, 0],
    },
    5,
)
"""M4 of arXiv 2209.06640 with alpha = 1 and chance taken as 1; with alpha = 0, M4 is the power law with a floor."""

BENT = Law(
    "power law that bends",
    "error = a (x / bend)^slope_below (1 + (x / bend)^(1 / softness))^(softness (slope_above - slope_below))",
    5,
    _bent,
    _of_bent,
    8,
)
"""A smoothly broken power law (arXiv 2210.14891, with one break) that takes a part of the measured range to turn."""

LAWS = (POWER, FLOORED, BROKEN)
"""Those that are chosen among, from the simplest on."""

SMOOTH = (FLOORED, SATURATING, BENT)
"""Laws whose slope changes little by little: where one of them predicts as well as the broken law, no break is told."""
