"""Two ways to grow one network: which points of a study belong to which arm (the paper's Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from scaling.analysis.settings import FACTORS, RECIPE, SETTING, crossed
from scaling.schema import Variant

Axes: TypeAlias = tuple[str, str]
WIDTH_AND_DEPTH: Axes = ("width", "depth")
"""The paper's."""

_PLACES = {"resolution": "{:g} px", "depth": "depth {:g}", "width": "width {:g}"}


@dataclass(frozen=True)
class Arm:
    """The points that differ from a base in one factor only, or that one scaling strategy made of it.

    Attributes:
        axis: the factor that grows, or the strategy.
        place: what of the other factors all points share, in words: `14 px`.
        epochs: the regime; None where epochs are what grows.
        held: all else that the points share, such as their study and stem; the same in every regime.
        base_depth, base_width, base_resolution: of the base, the variant with the fewest multiply-accumulates; it is in
            both arms.
        rows: labels in the index of the frame of settings, in order of `axis`.
    """

    axis: str
    place: str
    epochs: int | None
    held: str
    base_depth: float
    base_width: float
    base_resolution: int
    rows: tuple[int, ...]


def find_arms(settings: pd.DataFrame, axes: Axes = WIDTH_AND_DEPTH) -> list[Arm]:
    """Finds the arms of two factors in one family: ResNet-RS, or else the one with the most settings.

    The base is looked for in each study, data set, stem, `se_ratio` and value of the other factors over all regimes, so
    that a failed trial moves no base. Recipes belong to one arm even where a rule sets them by variant; where the same
    variant was trained for as long under several recipes, each recipe has its own arms.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        axes: two of `FACTORS`.

    Returns:
        Arms of two points or more, by place, regime and axis. Failed settings are among the points, with their NaN;
        settings in no arm, such as those whose epochs are not known, are in none of `rows`.
    """
    ours = _one_family(settings)
    if ours.empty:
        return []
    shared = [name for name in SETTING if name not in {*RECIPE, *axes}]
    several = crossed(ours)
    arms = [
        (tuple(base[name] for name in FACTORS), arm)
        for held, candidates in ours.groupby(shared, dropna=False)
        for base, arm in _arms_from_base(candidates, axes, several, held)
    ]
    return [arm for _, arm in sorted(arms, key=lambda pair: _order(pair[0], pair[1], axes))]


def strategy_arms(settings: pd.DataFrame, strategies: Mapping[str, Sequence[Variant]]) -> list[Arm]:
    """An arm for each scaling strategy and number of epochs; they share the base, the cheapest of all.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        strategies: by name, the variants that each made.
    """
    trained = settings[settings["epochs"].notna()]
    regimes = [(int(rows["epochs"].iloc[0]), rows) for _, rows in trained.groupby("epochs")]
    made = (
        (name, epochs, regime[_is_one_of(regime, variants)].sort_values(["macs", "params"]))
        for epochs, regime in regimes
        for name, variants in strategies.items()
    )
    return [_arm(name, "", epochs, "", rows.iloc[0], rows) for name, epochs, rows in made if len(rows) > 1]


def _one_family(settings: pd.DataFrame) -> pd.DataFrame:
    trained = settings[settings["epochs"].notna()]
    families = trained["family"].value_counts(sort=True)
    if not len(families):
        return trained
    return trained[trained["family"] == ("resnet_rs" if "resnet_rs" in families else families.index[0])]


def _is_one_of(settings: pd.DataFrame, variants: Sequence[Variant]) -> pd.Series[bool]:
    sizes = {(variant.family, variant.depth, variant.width, variant.resolution) for variant in variants}
    keys = zip(*(settings[name] for name in ("family", "depth", "width", "resolution")), strict=True)
    return pd.Series([key in sizes for key in keys], settings.index, dtype=bool)


def _order(base: tuple[float, ...], arm: Arm, axes: Axes) -> tuple[object, ...]:
    """By the factors that neither grows, then by regime and axis."""
    held = tuple(float(value) for name, value in zip(FACTORS, base, strict=True) if name not in {*axes, "epochs"})
    return held[::-1], arm.epochs or 0, arm.axis, arm.rows


def _arms_from_base(
    candidates: pd.DataFrame, axes: Axes, crossed_columns: list[str], held: tuple[object, ...]
) -> Iterator[tuple[pd.Series, Arm]]:
    base = candidates.sort_values(["macs", "params", "epochs", "depth", "width"]).iloc[0]
    place = ", ".join(words.format(base[name]) for name, words in _PLACES.items() if name not in axes)
    alike = [*crossed_columns, *(["precision"] if "epochs" in axes else ["epochs"])]
    for axis, other in (axes, axes[::-1]):
        for recipe, rows in candidates[candidates[other] == base[other]].groupby(alike, dropna=False):
            if rows[axis].nunique() > 1:
                epochs = None if "epochs" in axes else int(rows["epochs"].iloc[0])
                yield base, _arm(axis, place, epochs, repr((held, recipe[:-1])), base, rows.sort_values(axis))


def _arm(axis: str, place: str, epochs: int | None, held: str, base: pd.Series, rows: pd.DataFrame) -> Arm:
    sizes = float(base["depth"]), float(base["width"]), int(base["resolution"])
    return Arm(axis, place, epochs, held, *sizes, tuple(rows.index))
