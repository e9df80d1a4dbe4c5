"""The volume that a set of rows dominates up to a reference point; less is better in every column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scaling.analysis.dominance import nondominated

Floats = npt.NDArray[np.float64]


def dominated_volume(costs: Floats, reference: Floats) -> float:
    """The exact volume between `costs`, `(rows, columns)` without NaN, and `reference`, `(columns,)`.

    Rows that are not better than the reference in every column add nothing. Two columns are swept; more are cut into
    slices along the last one (hypervolume by slicing objectives, While et al. 2006), which takes front ** (columns - 1)
    steps.
    """
    inside = costs[(costs < reference).all(axis=1)]
    return _volume(inside, reference)


def _volume(costs: Floats, reference: Floats) -> float:
    if len(costs) == 0:
        return 0.0
    if costs.shape[1] == 1:
        return float(reference[0] - costs.min())
    front = np.unique(costs[nondominated(costs)], axis=0)
    if costs.shape[1] == 2:
        return _area(front, reference)
    front = front[np.argsort(front[:, -1], kind="stable")]
    thickness = np.diff(np.append(front[:, -1], reference[-1]))
    slices = (
        depth * _volume(front[: number + 1, :-1], reference[:-1]) for number, depth in enumerate(thickness) if depth > 0
    )
    return float(sum(slices))


def _area(front: Floats, reference: Floats) -> float:
    """For a front in order of its first column: a staircase of rectangles."""
    heights = np.append(reference[1], front[:-1, 1]) - front[:, 1]
    return float(((reference[0] - front[:, 0]) * heights).sum())
