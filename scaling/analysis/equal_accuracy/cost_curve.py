"""A family's cost as a rising function of the accuracy that its frontier reaches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scaling.analysis.uncertainty import Floats

NEVER = 6.0
"""Standard deviations of a difference that no redrawing turns round."""

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
    best_before = np.maximum.accumulate(np.r_[-np.inf, (top1[order] - margin)[:-1]])
    kept: npt.NDArray[np.intp] = order[top1[order] + margin > best_before]
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
    best_before = np.maximum.accumulate(np.r_[-np.inf, ascending[:-1]])
    kept = order[ascending > best_before]
    return top1[kept], np.log(cost[kept])


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
