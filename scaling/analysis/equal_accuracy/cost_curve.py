"""A family's cost at an accuracy: of its frontier, a rising curve, and of its typical member, a smooth one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scaling.analysis.uncertainty import Floats

NEVER = 6.0
"""Standard deviations of a difference that no redrawing turns round."""

_FOR_A_BEND = 6
"""Different accuracies from which a family's typical member follows a parabola, not a straight line."""

_MOST_POINTS = 2000

Curve = Callable[[Floats], Floats]


def contenders(cost: Floats, top1: Floats, noise: Floats) -> npt.NDArray[np.intp]:
    """The points that may stand on the front once their accuracies are redrawn, in order of cost.

    Args:
        cost: `(points,)`, less is better.
        top1: `(points,)`, as fractions.
        noise: `(points,)`, standard deviations of `top1`.

    Returns:
        Their positions.
    """
    order = np.lexsort((-top1, cost))
    margin = NEVER * noise[order] / np.sqrt(2)
    kept: npt.NDArray[np.intp] = order[top1[order] + margin > _best_before(top1[order] - margin)]
    return kept


def knots(cost: Floats, top1: Floats) -> tuple[Floats, Floats]:
    """The front's points, which make a strictly rising curve.

    Args:
        cost: `(points,)`, positive, in any order.
        top1: `(points,)`.

    Returns:
        Accuracies and logarithms of costs, both ascending.
    """
    order = np.lexsort((-top1, cost))
    ascending = top1[order]
    kept = order[ascending > _best_before(ascending)]
    return top1[kept], np.log(cost[kept])


def _best_before(values: Floats) -> Floats:
    """At each place the largest of the values before it."""
    return np.maximum.accumulate(np.concatenate([[-np.inf], values[:-1]]))


def curve(accuracies: Floats, log_costs: Floats) -> Curve:
    """The logarithm of the cost at an accuracy: monotone cubic between knots, straight on beyond the ends.

    Beyond its ends a curve is needed where redrawn points cover less than the measured ones.

    Args:
        accuracies: `(knots,)` ascending, two or more.
        log_costs: `(knots,)` ascending.
    """
    # Here, as it takes as long to import as a figure that needs none of it to draw.
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(*_prolonged(accuracies, log_costs))


def polyline(accuracies: Floats, log_costs: Floats) -> Curve:
    """The same, straight between knots: ten times as quick, for what is read thousands of times."""
    x, y = _prolonged(accuracies, log_costs)
    return lambda at: np.interp(at, x, y)


def _prolonged(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """With a point far beyond either end, straight on."""
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    far = 1.0 + x[-1] - x[0]
    return np.r_[x[0] - far, x, x[-1] + far], np.r_[y[0] - first * far, y, y[-1] + last * far]


def typical(cost: Floats, top1: Floats, at: Floats) -> Floats:
    """The logarithm of the cost of a family's typical member at some accuracies, by least squares over all members.

    Args:
        cost, top1: `(sets, points)`, as measured and then redrawn; two points or more of different accuracies.
        at: `(places,)`.

    Returns:
        `(sets, places)`.
    """
    some = slice(None, None, 1 + top1.shape[1] // _MOST_POINTS)
    degree = 2 if len(np.unique(top1[0])) >= _FOR_A_BEND else 1
    fits = [
        np.polynomial.Polynomial.fit(x, y, degree)(at)
        for x, y in zip(top1[:, some], np.log(cost[:, some]), strict=True)
    ]
    return np.array(fits)
