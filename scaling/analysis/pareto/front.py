"""Pareto fronts over any metrics of the table of columns: who is on them, how surely, and what they enclose."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.pareto.dominance import nondominated
from scaling.analysis.pareto.posterior import shrunk
from scaling.results.columns import METRICS

Floats: TypeAlias = npt.NDArray[np.float64]

_VALUES_AT_ONCE = 4_000_000
"""Random numbers held at a time."""


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
    _check(metrics)
    costs = np.stack([_cost(frame, name) for name in metrics]).T
    return pd.Series(_front(costs), index=frame.index, dtype=bool)


def front_chance(settings: pd.DataFrame, *metrics: str, draws: int = 1000, seed: int = 0) -> pd.Series[float]:
    """Each setting's chance of being on the front, its seeds and its finite validation set considered.

    What all settings may truly be is drawn many times; the chance is the part of the draws in which a setting is on the
    front of them. Accuracies are drawn towards what networks of their cost reach: see `scaling.analysis.pareto.
    posterior`. What has no noise of its own (sizes, test accuracy) is taken as it is.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        *metrics: as for `front`.
        draws: how many.
        seed: of the random numbers.

    Returns:
        Fractions in [0, 1], on the index of `settings`; 0 for a setting that lacks one of the metrics.

    Raises:
        ValueError: as `front` does.
    """
    _check(metrics)
    random = np.random.default_rng(seed)
    counts = np.zeros(len(settings))
    at_once = max(1, _VALUES_AT_ONCE // max(1, len(settings) * len(metrics)))
    measured = np.stack([_cost(settings, name) for name in metrics]).T
    for start in range(0, draws, at_once):
        drawn = np.stack([_drawn(settings, m, min(at_once, draws - start), random) for m in metrics], axis=2)
        if "top1" in metrics:
            at = metrics.index("top1")
            drawn[:, :, at] = _posterior(settings, np.delete(measured, at, axis=1), drawn[:, :, at], random)
        for costs in drawn:
            counts += _front(costs)
    return pd.Series(counts / draws, index=settings.index, dtype=float)


def _check(metrics: tuple[str, ...]) -> None:
    if len(metrics) < 2:
        raise ValueError(f"a front needs two metrics or more, got {list(metrics)}")
    if unknown := [name for name in metrics if name not in METRICS]:
        raise ValueError(f"no metric named {', '.join(map(repr, unknown))}; there are: {', '.join(METRICS)}")


def _cost(frame: pd.DataFrame, name: str) -> Floats:
    values = np.asarray(pd.to_numeric(frame[name]), dtype=np.float64)
    return -values if METRICS[name].maximize else values


def _drawn(settings: pd.DataFrame, name: str, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` costs; less is better."""
    if name == "top1":
        return -uncertainty.draw_top1(settings, count, random)
    drawn = uncertainty.draw_cost(settings, name, count, random)
    return -drawn if METRICS[name].maximize else drawn


def _posterior(settings: pd.DataFrame, costs: Floats, drawn: Floats, random: np.random.Generator) -> Floats:
    """Draws of the accuracies, as costs, `(draws, rows)`; of rows that lack a metric as they were."""
    top1, sd = settings["top1"].to_numpy(float), settings["top1_sd"].to_numpy(float)
    known = np.isfinite(top1) & np.isfinite(costs).all(axis=1)
    if known.any():
        drawn[:, known] = -shrunk(top1[known], sd[known], costs[known], -drawn[:, known], random)
    return drawn


def _front(costs: Floats) -> npt.NDArray[np.bool_]:
    unknown = np.isnan(costs)
    if not unknown.any():
        return nondominated(costs)
    known = ~unknown.any(axis=1)
    mask = np.zeros(len(costs), dtype=np.bool_)
    mask[known] = nondominated(costs[known])
    return mask
