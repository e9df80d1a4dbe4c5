"""Which settings may stand in one law: one study, family and regime, timed under one condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from scaling.analysis.laws.power_law import Laws, fit
from scaling.analysis.settings import DATASET, SETTING, VARIANT, crossed
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import LAW_UNITS, METRICS


@dataclass(frozen=True, eq=False)
class Group:
    """Settings that may stand in one law.

    Attributes:
        name: the study, and what tells this group from the others.
        told_by: the columns whose values all its settings share, with those values; missing ones left out.
        settings: rows of the frame of settings.
    """

    name: str
    told_by: dict[str, object]
    settings: pd.DataFrame


def groups_on(settings: pd.DataFrame, on: str) -> list[Group]:
    """Parts the settings for laws of error against `on`; for a law of no time each stands once, however often timed.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        on: a name of `LAW_UNITS`. A law of epochs is one variant's; all others are of one number of epochs.

    Raises:
        UserError: if `on` is none of these.
    """
    if on not in LAW_UNITS:
        raise UserError(f"no law of {on!r}{did_you_mean(on, LAW_UNITS)}")
    told_by = [*VARIANT] if on == "epochs" else ["family", "epochs"]
    if not _conditions(on):
        return _parted(settings.drop_duplicates([*SETTING, "top1", "macs"]), told_by)
    return _parted(_timed_alike(settings, on), [*told_by, *_conditions(on)])


def groups_of_factors(settings: pd.DataFrame) -> list[Group]:
    """Parts the settings for joint laws of depth, width, resolution and epochs: one study, family and device."""
    return _parted(_timed_alike(settings, "training_ms"), ["family", *_conditions("training_ms")])


def fit_settings(settings: pd.DataFrame, on: str, *, draws: int = 500, seed: int = 0) -> Laws:
    """Fits the laws of error against `on` to settings that may stand together; see `scaling.analysis.uncertainty`."""
    error = 1 - settings["top1"].to_numpy(float)
    return fit(settings[on].to_numpy(float), error, settings["top1_sd"].to_numpy(float), draws=draws, seed=seed)


def _conditions(on: str) -> list[str]:
    return list(METRICS[on].depends_on) if on in METRICS else []


def _timed_alike(settings: pd.DataFrame, on: str) -> pd.DataFrame:
    """Where a study was timed under one condition only, those not timed stand among the others."""
    filled = settings.copy()
    for name in _conditions(on):
        known = settings.groupby(["study", "folder"], dropna=False)[name]
        fillable = settings[name].isna() & (known.transform("nunique") == 1)
        filled[name] = settings[name].mask(fillable, known.transform("first"))
    return filled


def _parted(settings: pd.DataFrame, told_by: Sequence[str]) -> list[Group]:
    """Groups of one study after the other, from short training to long."""
    keys = ["study", "folder", *DATASET, *told_by, *crossed(settings)]
    by_study = [part for _, part in settings.groupby(["study", "folder"], dropna=False, sort=False)]
    ordered = [part.sort_values("epochs", kind="stable") for part in by_study]
    each = list(dict.fromkeys(keys))
    parts = [part for study in ordered for _, part in study.groupby(each, dropna=False, sort=False)]
    firsts = pd.DataFrame([part.iloc[0] for part in parts])
    telling = [name for name in keys if len(parts) and name != "study" and firsts[name].nunique(dropna=False) > 1]
    return [_group(part, keys, telling) for part in parts]


def _group(part: pd.DataFrame, keys: Sequence[str], telling: Sequence[str]) -> Group:
    row = part.iloc[0]
    shared = {name: _plain(row[name]) for name in keys if pd.notna(row[name])}
    words = [f"{name} {shared[name]}" for name in telling if name in shared and name != "folder"]
    return Group(", ".join([str(row["study"]), *words]), shared, part)


def _plain(value: object) -> object:
    """A number or text that JSON knows; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.item() if hasattr(value, "item") else value
