"""Pareto fronts over any metrics of `scaling.metrics.METRICS`."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.metrics import METRICS

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]


def front(frame: pd.DataFrame, *metrics: str) -> pd.Series[bool]:
    """Marks the rows that no other row dominates.

    A row dominates another if it is at least as good in every metric and better in one; equal rows stand together.

    Args:
        frame: one row a candidate, with the columns named.
        *metrics: two names or more of `METRICS`, which says for each whether more is better.

    Returns:
        True on the front, on the frame's index. A row that lacks one of the metrics is never on it.

    Raises:
        ValueError: if fewer than two metrics are given, or one is not in the table.
    """
    if len(metrics) < 2:
        raise ValueError(f"a front needs two metrics or more, got {list(metrics)}")
    if unknown := [name for name in metrics if name not in METRICS]:
        raise ValueError(f"no metric named {', '.join(map(repr, unknown))}; there are: {', '.join(METRICS)}")
    costs = np.column_stack([_cost(frame, name) for name in metrics])
    known = ~np.isnan(costs).any(axis=1)
    mask = np.zeros(len(frame), dtype=np.bool_)
    find = _front_of_two if len(metrics) == 2 else _front_of_many
    mask[known] = find(costs[known])
    return pd.Series(mask, index=frame.index, dtype=bool)


def _cost(frame: pd.DataFrame, name: str) -> Floats:
    values = np.asarray(pd.to_numeric(frame[name]), dtype=np.float64)
    return -values if METRICS[name].maximize else values


def _front_of_two(costs: Floats) -> Mask:
    """For `costs` of shape (rows, 2), less is better: one sort, then one sweep from the least first cost."""
    order = np.lexsort((costs[:, 1], costs[:, 0]))
    first, second = costs[order].T
    best_so_far = np.minimum.accumulate(second)
    group = np.searchsorted(first, first, side="left")
    least_of_group = second[group]
    least_before = np.where(group > 0, best_so_far[np.maximum(group - 1, 0)], np.inf)
    mask = np.empty(len(costs), dtype=np.bool_)
    mask[order] = (second == least_of_group) & ((group == 0) | (second < least_before))
    return mask


def _front_of_many(costs: Floats) -> Mask:
    """For `costs` of shape (rows, metrics), less is better: every row against all others."""
    dominated = [bool(((costs <= row).all(axis=1) & (costs < row).any(axis=1)).any()) for row in costs]
    return ~np.array(dominated, dtype=np.bool_)
