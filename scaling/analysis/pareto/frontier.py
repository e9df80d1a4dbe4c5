"""One Pareto front over everything that was trained, with each point's chance of being on it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.comparability import comparable, cost_metric
from scaling.analysis.pareto.front import front, front_chance
from scaling.analysis.uncertainty import affordable
from scaling.models.names import title
from scaling.results.columns import Column

DRAWS = 1000
SURE = 0.9
"""Chance from which a point is surely on the front; below 1 less this it surely is not."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The front of accuracy and a cost.

    Attributes:
        cost: of the metrics table.
        points: settings with both, by cost; `on` the front as measured, and the `chance` of it (see `front_chance`).
        unmeasured: settings with an accuracy but without the cost.
        failed: settings with a failed trial or more.
        sentence: what one may conclude.
        notes: what a reader has to know beside: which noise between seeds is assumed.
    """

    cost: Column
    points: pd.DataFrame
    unmeasured: pd.DataFrame
    failed: pd.DataFrame
    sentence: str
    notes: tuple[str, ...]


def frontier(settings: pd.DataFrame, cost: str = "training_ms", draws: int = DRAWS) -> Frontier:
    """Finds the front of all settings, whatever their family.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better.
        draws: number of repetitions that the chances rest on; fewer for a large study.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost.
    """
    metric = cost_metric(cost)
    settings = comparable(settings, cost)
    known, right = settings[metric.name].notna(), settings["top1"].notna()
    points = settings[known & right].sort_values([metric.name, "top1"], kind="stable")
    on = front(points, metric.name, "top1")
    chance = front_chance(points, metric.name, "top1", draws=affordable(draws, len(points)))
    points = points.assign(on=on, chance=chance)
    failed = settings[settings["failed"] > 0]
    return Frontier(
        metric, points, settings[right & ~known], failed, _sentence(points, metric), tuple(about_accuracies(points))
    )


def _sentence(points: pd.DataFrame, cost: Column) -> str:
    if points.empty:
        return f"No setting has both an accuracy and its {cost.words}."
    parts = [_counted(str(family), rows) for family, rows in points.groupby("family", sort=True)]
    return f"Front of accuracy and {cost.words}: " + "; ".join(parts) + "."


def _counted(family: str, rows: pd.DataFrame) -> str:
    sure, never = int((rows["chance"] >= SURE).sum()), int((rows["chance"] <= 1 - SURE).sum())
    return (
        f"{int(rows['on'].sum())} of {len(rows)} {title(family)} settings are on it as measured "
        f"({sure} surely, {never} surely not, {len(rows) - sure - never} undecided)"
    )
