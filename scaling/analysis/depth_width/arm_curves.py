"""Accuracy along an arm as a function of the cost, and what it might as well have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.uncertainty import Floats
from scaling.results.columns import Column


@dataclass(frozen=True, eq=False)
class Drawn:
    """An arm's points: as measured in the first line, redrawn in the others.

    Attributes:
        log_cost: `(1 + draws, points)`, ascending in each line; points without a cost or an accuracy are left out.
        top1: `(1 + draws, points)`, as fractions.
    """

    log_cost: Floats
    top1: Floats

    def at(self, log_cost: Floats) -> Floats:
        """`(1 + draws, costs)` accuracies, on straight lines between points; beyond the ends, the end points' own.

        A smoother curve would put more into the gaps than was measured: with three points, where the second and the
        third lie close, it bends the whole gap before them by their noise.
        """
        return np.array([np.interp(log_cost, x, y) for x, y in zip(self.log_cost, self.top1, strict=True)])


def drawn(arm: Arm, settings: pd.DataFrame, cost: Column, top1: Floats, costs: Floats) -> Drawn:
    """An arm with its noise.

    Args:
        arm: its `rows` are positions in `settings`.
        settings: of all arms.
        cost: of the metrics table.
        top1, costs: `(draws, settings)`, redrawn together, so that a point in two arms is one point.
    """
    measured = settings[[cost.name, "top1"]].to_numpy(float)
    rows = [row for row in arm.rows if np.isfinite(measured[row]).all() and measured[row, 0] > 0]
    log_cost = np.log(np.vstack([measured[rows, 0], costs[:, rows]]))
    accuracies = np.vstack([measured[rows, 1], top1[:, rows]])
    order = np.argsort(log_cost, axis=1, kind="stable")
    return Drawn(np.take_along_axis(log_cost, order, 1), np.take_along_axis(accuracies, order, 1))


def shared_range(curve: Drawn, other: Drawn) -> tuple[float, float] | None:
    """The costs that both reach as measured; None where one has less than two points, or they have none in common."""
    if min(curve.log_cost.shape[1], other.log_cost.shape[1]) < 2:
        return None
    low = max(curve.log_cost[0, 0], other.log_cost[0, 0])
    high = min(curve.log_cost[0, -1], other.log_cost[0, -1])
    return (float(np.exp(low)), float(np.exp(high))) if low < high else None
