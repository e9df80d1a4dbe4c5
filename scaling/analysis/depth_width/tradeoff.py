"""Accuracy against one cost, regime by regime: what a figure or a table of it needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from scaling.analysis.comparability import cost_metric
from scaling.analysis.depth_width.arms import Arm, find_arms
from scaling.analysis.pareto.front import front
from scaling.results.columns import Column


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """One epoch regime's settings as points of cost and accuracy.

    Attributes:
        epochs: the regime; None where it is not known.
        cost: of the metrics table.
        points: settings with both a mean `top1` and the cost.
        unmeasured: settings with a mean `top1` whose cost is not known.
        failed: settings with one failed trial or more; some of them are points as well, by their other seeds.
        fronts: for each family its points that none of its others dominates, in order of cost.
        arms: depth and width arms, their `rows` kept to those in `points`.
    """

    epochs: int | None
    cost: Column
    points: pd.DataFrame
    unmeasured: pd.DataFrame
    failed: pd.DataFrame
    fronts: dict[str, pd.DataFrame]
    arms: tuple[Arm, ...]


def tradeoffs(settings: pd.DataFrame, cost: str) -> list[Tradeoff]:
    """Splits the settings of a study by regime, with fronts over their mean accuracies.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better.

    Returns:
        One a number of epochs, ascending; last, one for all settings of which it is not known.

    Raises:
        UserError: if there is no such metric, or more of it is better.
    """
    metric, arms = cost_metric(cost), find_arms(settings)
    return [
        _regime(rows, metric, [arm for arm in arms if arm.epochs == rows["epochs"].iloc[0]])
        for _, rows in settings.groupby("epochs", dropna=False)
    ]


def _regime(rows: pd.DataFrame, cost: Column, arms: list[Arm]) -> Tradeoff:
    known = rows[cost.name].notna()
    right = rows["top1"].notna()
    points = rows[known & right]
    epochs = rows["epochs"].iloc[0]
    return Tradeoff(
        epochs=None if pd.isna(epochs) else int(epochs),
        cost=cost,
        points=points,
        unmeasured=rows[right & ~known],
        failed=rows[rows["failed"] > 0],
        fronts={
            str(family): members[front(members, cost.name, "top1")].sort_values(cost.name)
            for family, members in points.groupby("family")
        },
        arms=tuple(_kept(arm, points.index) for arm in arms),
    )


def _kept(arm: Arm, index: pd.Index) -> Arm:
    rows = tuple(row for row in arm.rows if row in index)
    return replace(arm, rows=rows)
