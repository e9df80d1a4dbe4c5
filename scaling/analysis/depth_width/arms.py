"""Depth against width: which points of a study belong to which arm (the paper's Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from scaling.analysis.settings import RECIPE, SETTING, crossed

Axis: TypeAlias = Literal["depth", "width"]


@dataclass(frozen=True)
class Arm:
    """The points that differ from a base in one dimension only, at one resolution and in one epoch regime.

    Attributes:
        axis: the dimension that grows.
        resolution: pixels a side.
        epochs: the regime.
        base_depth, base_width: of the base, the variant with the fewest multiply-accumulates; it is in both arms.
        rows: labels in the index of the frame of settings, in order of `axis`.
    """

    axis: Axis
    resolution: int
    epochs: int
    base_depth: float
    base_width: float
    rows: tuple[int, ...]


def find_arms(settings: pd.DataFrame) -> list[Arm]:
    """Finds the depth arms and the width arms of one family: ResNet-RS, or else the one with the most settings.

    The base is looked for in each study, data set, resolution, stem and `se_ratio` over all regimes, so that a failed
    trial moves no base. Recipes belong to one arm even where a rule sets them by variant; where the same variant
    was trained for as long under several recipes, each recipe has its own arms.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.

    Returns:
        Arms of two points or more, by resolution, regime and axis. Failed settings are among the points, with their
        NaN; settings in no arm, such as those whose epochs are not known, are in none of `rows`.
    """
    trained = settings[settings["epochs"].notna()]
    if trained.empty:
        return []
    families = trained["family"].value_counts(sort=True)
    ours = trained[trained["family"] == ("resnet_rs" if "resnet_rs" in families else families.index[0])]
    place = [name for name in SETTING if name not in {*RECIPE, "depth", "width"}]
    arms = [
        arm for _, candidates in ours.groupby(place, dropna=False) for arm in _arms_from_base(candidates, crossed(ours))
    ]
    return sorted(arms, key=lambda arm: (arm.resolution, arm.epochs, arm.axis, arm.rows))


def _arms_from_base(candidates: pd.DataFrame, crossed_columns: list[str]) -> Iterator[Arm]:
    base = candidates.sort_values(["macs", "params", "depth", "width"]).iloc[0]
    along: dict[Axis, pd.DataFrame] = {
        "depth": candidates[candidates["width"] == base["width"]],
        "width": candidates[candidates["depth"] == base["depth"]],
    }
    for axis, points in along.items():
        for _, arm in points.groupby(["epochs", *crossed_columns], dropna=False):
            if arm[axis].nunique() < 2:
                continue
            ordered = arm.sort_values(axis)
            yield Arm(
                axis=axis,
                resolution=int(base["resolution"]),
                epochs=int(ordered["epochs"].iloc[0]),
                base_depth=float(base["depth"]),
                base_width=float(base["width"]),
                rows=tuple(ordered.index),
            )
