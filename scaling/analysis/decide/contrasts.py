"""Differences of accuracy that hold jointly: between groups on the same networks, and along the steps of a factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.settings import SETTING, crossed
from scaling.analysis.uncertainty import Estimate, Floats, affordable, jointly

DRAWS = 1000

Pairs: TypeAlias = dict[tuple[str, str], list[tuple[int, int]]]
"""Positions of settings, those of each pair first `of`, then `over`, by the names of what is set against what."""


@dataclass(frozen=True)
class Contrast:
    """A mean difference of accuracy.

    Attributes:
        of, over: what is set against what, in words.
        points: number of pairs of settings behind it.
        difference: `of` less `over` (fractions); the intervals of all that are made together hold at once in 90% of
            studies.
    """

    of: str
    over: str
    points: int
    difference: Estimate


def between_groups(settings: pd.DataFrame, by: Sequence[str]) -> list[Contrast]:
    """Each group against the first, on the networks that both have.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives them.
        by: columns whose values make the groups; the group of the most usual values, which is the plainest, is first.
    """
    settings = _trained(settings)
    return _contrasts(settings, pairs_between(settings, by))


def pairs_between(settings: pd.DataFrame, by: Sequence[str]) -> Pairs:
    """The positions of what `between_groups` sets against each other, by the names of both; `settings` from 0."""
    groups = _groups(settings, by)
    keys = _keys(settings, [name for name in SETTING if name not in {*by, "folder", "study"}])
    base, *others = groups or {"": []}
    return {(name, base): _pairs(keys, groups[name], groups[base]) for name in others}


def along(settings: pd.DataFrame, factor: str) -> list[Contrast]:
    """Each value of a factor against the one before it, in ascending order, on settings that are alike otherwise."""
    settings = _trained(settings)
    return _contrasts(settings, pairs_along(settings, factor))


def pairs_along(settings: pd.DataFrame, factor: str) -> Pairs:
    """The positions of what `along` sets against each other, by the values; `settings` from 0."""
    # A rule sets regularisation by the size, so recipes tell nothing apart but where one network has several.
    sizes = ("dataset", "family", "depth", "width", "resolution", "epochs")
    keys = _keys(settings, [name for name in (*sizes, *crossed(settings)) if name != factor])
    rows = {value: [*settings.index[settings[factor] == value]] for value in sorted(settings[factor].dropna().unique())}
    return {(f"{after:g}", f"{before:g}"): _pairs(keys, rows[after], rows[before]) for before, after in pairwise(rows)}


def _trained(settings: pd.DataFrame) -> pd.DataFrame:
    """Those with an accuracy, in an order of their own, so that no random draw depends on how they were stored."""
    return settings[settings["top1"].notna()].sort_values([*SETTING, "top1"], kind="stable").reset_index(drop=True)


def _keys(settings: pd.DataFrame, alike: Sequence[str]) -> pd.Series[int]:
    """Numbers of what the settings are, but for what is compared."""
    return settings.groupby([*dict.fromkeys(alike)], dropna=False, sort=False).ngroup()


def _pairs(keys: pd.Series[int], of: Sequence[int], over: Sequence[int]) -> list[tuple[int, int]]:
    """Every two rows that are alike."""
    return [(row, other) for row in of for other in over if keys[row] == keys[other]]


def _groups(settings: pd.DataFrame, by: Sequence[str]) -> dict[str, list[int]]:
    """Rows by what their group is called; the group that is usual in most columns first."""
    varied = [name for name in by if settings[name].nunique(dropna=False) > 1]
    if not varied:
        return {}
    usual = {name: _plainest(settings[name]) for name in varied}
    base = ", ".join(_said(name, value) for name, value in usual.items() if name != "init" or len(usual) == 1)
    base = "training from scratch" if usual.get("init", "") is None else base
    labels = settings[varied].apply(lambda row: _label(row, usual, base), axis=1)
    first = sorted(labels.unique(), key=lambda label: (label != base, label.count(","), label))
    return {label: [*settings.index[labels == label]] for label in first}


def _plainest(values: pd.Series) -> object:
    """None where some have none, else what most have."""
    return None if values.isna().any() else values.mode().iloc[0]


def _label(row: pd.Series, usual: dict[str, object], base: str) -> str:
    told = [_said(name, row[name]) for name, plain in usual.items() if not _same(row[name], plain)]
    return ", ".join(told) or base


def _same(value: object, plain: object) -> bool:
    return bool(pd.isna(value)) if plain is None else value == plain  # type: ignore[call-overload]


def _said(name: str, value: object) -> str:
    if name == "init":
        return "beginning with trained weights"
    words = name.replace("_", " ")
    return f"{words} {value:g}" if isinstance(value, int | float | np.number) else f"{words} {value}"


def _contrasts(settings: pd.DataFrame, pairs: Pairs) -> list[Contrast]:
    pairs = {names: both for names, both in pairs.items() if both}
    if not pairs:
        return []
    draws = uncertainty.draw_top1(settings, affordable(DRAWS, len(settings)), np.random.default_rng(0))
    measured = settings["top1"].to_numpy(float)

    def differences(top1: Floats) -> Floats:
        means = [
            (top1[..., [of for of, _ in both]] - top1[..., [over for _, over in both]]).mean(-1)
            for both in pairs.values()
        ]
        return np.stack(means, axis=-1)

    found = jointly(differences(measured), differences(draws))
    return [
        Contrast(of, over, len(both), difference)
        for ((of, over), both), difference in zip(pairs.items(), found, strict=True)
    ]
