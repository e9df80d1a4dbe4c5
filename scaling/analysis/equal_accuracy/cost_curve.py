"""A family's cost as a rising function of the accuracy it reaches.

The upper envelope of noisy points lies too high: the luckiest of several like points stands on it. So points are left
out only where another is clearly better, and of the rest neighbours in the wrong order are averaged (isotonic
regression) instead of the unlucky one being dropped.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scaling.analysis.uncertainty import Floats

CLEARLY = 2.0
"""Standard deviations of a difference beyond which a cheaper and better point is no accident."""

Curve = Callable[[Floats], Floats]


def contenders(cost: Floats, top1: Floats, noise: Floats, clearly: float = CLEARLY) -> npt.NDArray[np.intp]:
    """The points that no other one clearly dominates, in order of cost.

    Args:
        cost: `(points,)`, less is better.
        top1: `(points,)`, as fractions.
        noise: `(points,)`, standard deviations of `top1`; without noise, these are the front's points.
        clearly: standard deviations of a difference that make it clear.

    Returns:
        Their positions.
    """
    order = np.lexsort((-top1, cost))
    margin = clearly * noise[order] / np.sqrt(2)
    best_before = np.maximum.accumulate(np.r_[-np.inf, (top1[order] - margin)[:-1]])
    kept: npt.NDArray[np.intp] = order[top1[order] + margin > best_before]
    return kept


def knots(log_cost: Floats, top1: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Points of a strictly rising curve: neighbours in the wrong order become one, at their mean.

    Args:
        log_cost: `(points,)`, in any order.
        top1: `(points,)`.
        noise: `(points,)`, standard deviations; the weights of the mean are their inverse squares.

    Returns:
        Accuracies and logarithms of costs, both ascending.
    """
    # Here, as it takes as long to import as a figure that needs none of it to draw.
    from scipy.optimize import isotonic_regression

    order = np.argsort(log_cost, kind="stable")
    weights = 1 / np.fmax(noise[order], 1e-9) ** 2
    starts = np.asarray(isotonic_regression(top1[order], weights=weights).blocks)[:-1]
    total = np.add.reduceat(weights, starts)
    means = [np.add.reduceat(weights * values[order], starts) / total for values in (top1, log_cost)]
    return means[0], means[1]


def curve(accuracies: Floats, log_costs: Floats) -> Curve:
    """The logarithm of the cost at an accuracy: monotone cubic between knots, straight on beyond the ends.

    Beyond its ends a curve is needed where redrawn points cover less than the measured ones.

    Args:
        accuracies: `(knots,)` ascending, two or more.
        log_costs: `(knots,)` ascending.
    """
    # Here, as it takes as long to import as a figure that needs none of it to draw.
    from scipy.interpolate import PchipInterpolator

    x, y = accuracies, log_costs
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    far = 1.0 + x[-1] - x[0]
    return PchipInterpolator(np.r_[x[0] - far, x, x[-1] + far], np.r_[y[0] - first * far, y, y[-1] + last * far])
