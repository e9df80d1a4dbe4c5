"""The sentences below a figure: what its bars mean, what was measured on, what is not shown and why."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from scaling.analysis.depth_width.arms import find_arms
from scaling.analysis.settings import VARIANT, crossed
from scaling.analysis.uncertainty import seed_noise_of
from scaling.plots.kit.bars import BARS
from scaling.plots.kit.point_names import telling
from scaling.plots.kit.style import MANY, TIMES
from scaling.results.columns import METRICS, Column
from scaling.wording import counted

LISTED = 4
"""Failed trials named below a figure before the rest are only counted."""


def small_print(settings: pd.DataFrame, cost: str, failures: list[tuple[str, str]], others: int = 0) -> list[str]:
    """Everything a reader needs to judge the points.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: name of the metric on the horizontal axis.
        failures: trial id and kind of each failed trial.
        others: number of records of other settings, not drawn.
    """
    metric = METRICS[cost]
    shown = settings[settings["top1"].notna()]
    explained = [*about_accuracy(shown), *about_cost(shown, metric), *about_settings(shown), *about_labels(shown)]
    return [" ".join(explained), *about_missing(shown, metric), *about_failures(failures), *about_others(others)]


def about_accuracy(shown: pd.DataFrame) -> list[str]:
    """What a point and its vertical bar are, and how far chance alone moves one accuracy."""
    if shown.empty:
        return []
    least, most = int(shown["seeds"].min()), int(shown["seeds"].max())
    seeds = f"{most}" if least == most else f"{least} to {most}"
    points = "Points: one seed." if most == 1 else f"Points: mean over {seeds} seeds."
    points = " ".join([points, *about_bars(shown)])
    if shown["top5"].notna().any():
        points += f" Top-5 accuracy: {_span(100 * shown['top5'], '.1f')}%."
    if shown["top1_n"].isna().all():
        return [points]
    error = 100 * np.sqrt(shown["top1"] * (1 - shown["top1"]) / shown["top1_n"])
    return [
        f"{points} One accuracy on {_span(shown['top1_n'])} validation images has a binomial standard error of "
        f"{_span(error, '.1f')} points."
    ]


def about_bars(shown: pd.DataFrame) -> list[str]:
    """What the vertical bars are, and whether part of them is assumed; nothing where points are too many for bars."""
    if len(shown) > MANY:
        return []
    noise = seed_noise_of(shown)
    return [BARS, *([f"{noise.words}."] if noise.doubtful else [])]


def about_cost(shown: pd.DataFrame, metric: Column) -> list[str]:
    """The conditions of a latency and whether all were timed under the same."""
    if metric.low is None:
        return []
    phase = metric.phase
    timed = shown[shown[metric.name].notna()]
    if timed.empty:
        return []
    conditions = {
        "device": _values(timed[f"{phase}_device"]),
        "batch size": [f"{value:g}" for value in sorted(timed[f"{phase}_batch_size"].dropna().unique())],
        "precision": _values(timed[f"{phase}_precision"]),
    }
    text = "; ".join(f"{name} {' or '.join(values)}" for name, values in conditions.items() if values)
    sentences = [f"Time of a step: median, horizontal bars its 95% interval; {text}."]
    sentences += about_disturbed(timed, metric)
    mixed = [name for name, values in conditions.items() if len(values) > 1]
    if mixed:
        sentences.append(f"CAUTION: times differ in {' and '.join(mixed)}, so they do not compare like with like.")
    return sentences


def about_disturbed(shown: pd.DataFrame, metric: Column) -> list[str]:
    """How many timings other work on the machine disturbed: a network is timed once for all its trainings."""
    if metric.phase is None:
        return []
    condition = [f"{metric.phase}_{name}" for name in ("device", "batch_size", "precision")]
    timings = shown[shown[metric.name].notna()].drop_duplicates([*VARIANT, *condition])
    disturbed = int((timings[f"{metric.phase}_disturbed"] > 0).sum())
    number = f"{disturbed} of {counted(len(timings), 'timing')}"
    was = "was" if disturbed == 1 else "were"
    return [f"{number}, marked ~, {was} disturbed by other work on the machine."] if disturbed else []


def about_settings(shown: pd.DataFrame) -> list[str]:
    """Which settings take several values for one and the same variant and number of epochs."""
    columns = crossed(shown)
    return [f"Variants stand once for each {' and '.join(columns)}."] if columns else []


def about_labels(shown: pd.DataFrame) -> list[str]:
    """How to read labels that do not say it themselves."""
    in_arms = {row for arm in find_arms(shown) for row in arm.rows}
    if shown["family"].nunique() < 2 and in_arms >= set(shown.index):
        return ["Labels: d depth, w width, px resolution."] if shown["resolution"].nunique() > 1 else []
    at = "@resolution" if shown["resolution"].nunique() > 1 else ""
    apart = telling(shown)
    return [f"Labels: depth {TIMES} width{at}{f', {apart}' if apart else ''}."]


def about_missing(shown: pd.DataFrame, metric: Column) -> list[str]:
    """How many points have an accuracy but no place on the horizontal axis."""
    missing = int(shown[metric.name].isna().sum())
    if not missing:
        return []
    name = metric.label.split(" (")[0].lower()
    return [f"Not shown: {counted(missing, 'point')} whose {name} was not measured."]


def about_failures(failures: list[tuple[str, str]], listed: int = LISTED) -> list[str]:
    """Failed trials by id and kind, the first few named and the rest counted."""
    if not failures:
        return []
    named = ", ".join(f"{trial_id} ({kind})" for trial_id, kind in failures[:listed])
    rest = f" and {len(failures) - listed} more" if len(failures) > listed else ""
    return [f"{counted(len(failures), 'trial')} failed: {named}{rest}."]


def about_others(others: int) -> list[str]:
    """How many records are of settings that were not asked for."""
    return [f"{counted(others, 'record')} of other settings not shown."] if others else []


def _values(column: pd.Series) -> list[str]:
    return sorted(str(value) for value in column.dropna().unique())


def _span(values: Iterable[float], form: str = ",.0f") -> str:
    known = [value for value in values if value == value]
    low, high = format(min(known), form), format(max(known), form)
    return low if low == high else f"{low} to {high}"
